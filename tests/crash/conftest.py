"""One bench for all tests of this room, and one whose ledgers are on a server."""

from collections.abc import Iterator

import pytest

from tests.crash import scenario
from tests.crash.client import Bench, bench
from tests.servers.ledgers import base


@pytest.fixture(scope="session")
def made() -> Iterator[Bench]:
    with bench() as running:
        yield running


@pytest.fixture(scope="session")
def afar() -> Iterator[Bench]:
    """After all that happens to it, the server's log names nobody."""
    with base() as its, bench(its) as running:
        yield running
        assert scenario.CANARY not in its.server.log.read_text()
