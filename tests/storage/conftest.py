"""One server of each kind for a module of tests; each test has a place of its own on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.s3 import S3Server, bucket, moto
from tests.servers.sftp import SftpServer
from tests.storage.shelf import OnS3, OnSftp, Shelf


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[SftpServer]:
    """An SFTP server over a folder of the test."""
    (tmp_path / "distant").mkdir()
    (tmp_path / "cles").mkdir()
    with SftpServer(tmp_path / "distant", tmp_path / "cles").running() as server:
        yield server


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    """moto with a door before it."""
    with pytest.MonkeyPatch.context() as patch, moto(patch) as server:
        yield server


@pytest.fixture
def s3(s3_server: S3Server) -> Iterator[S3Server]:
    """The same, with an empty bucket and a door that passes everything."""
    with bucket(s3_server):
        yield s3_server


@pytest.fixture(params=["sftp", "s3"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    """Shared storage of each kind."""
    server = request.getfixturevalue(request.param)
    return OnSftp(server) if request.param == "sftp" else OnS3(server)
