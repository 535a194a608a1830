"""The same against OpenSSH's own sftp-server, where there is one (Debian: openssh-sftp-server; or OPENSSH_SFTP_SERVER)."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pipeline.publishing import outbox
from tests.servers.sftp import SftpServer
from tests.storage.shelf import OnSftp, SharedWorld, begun
from tests.world import TITULAIRE, decisions

PROGRAM = next(
    (
        place
        for place in (
            os.environ.get("OPENSSH_SFTP_SERVER", ""),
            "/usr/lib/openssh/sftp-server",
            "/usr/libexec/openssh/sftp-server",
        )
        if place and Path(place).exists()
    ),
    "",
)
pytestmark = pytest.mark.skipif(not PROGRAM, reason="OpenSSH's sftp-server is not installed")
DSF = f"{TITULAIRE}/dsf/DSF-1-C01"


class _Session(asyncssh.SSHServerSession[bytes]):
    """One sftp-server for one session: bytes go through."""

    def connection_made(self, chan: Any) -> None:
        self._channel = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "sftp"

    def session_started(self) -> None:
        self._inner = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        assert self._inner.stdout
        asyncio.get_running_loop().add_reader(self._inner.stdout.fileno(), self._answer)

    def _answer(self) -> None:
        assert self._inner.stdout
        if data := self._inner.stdout.read(1 << 16):
            self._channel.write(data)

    def data_received(self, data: bytes, datatype: object) -> None:
        assert self._inner.stdin
        view = memoryview(data)
        while view:
            view = view[self._inner.stdin.write(view) or 0 :]

    def connection_lost(self, exc: Exception | None) -> None:
        assert self._inner.stdin and self._inner.stdout
        asyncio.get_running_loop().remove_reader(self._inner.stdout.fileno())
        self._inner.stdin.close()
        self._inner.wait()
        self._inner.stdout.close()


class OpenSsh(SftpServer):
    """asyncssh holds the door, sftp-server is behind it. It shows the whole disk: addresses name the folder."""

    def options(self) -> dict[str, Any]:
        """Bytes, and a session of our own."""
        return {"encoding": None}

    def session(self) -> Any:
        """A process of OpenSSH for each."""
        return _Session()

    def address(self, path: str) -> str:
        return super().address(f"{str(self.root)[1:]}/{path}")


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[OnSftp]:
    for name in ("distant", "cles"):
        (tmp_path / name).mkdir()
    with OpenSsh(tmp_path / "distant", tmp_path / "cles").running() as server:
        yield OnSftp(server)


def test_a_whole_workspace(shelf: OnSftp, tmp_path: Path) -> None:
    world = SharedWorld(tmp_path / "ws", shelf, "depots", "extraits", "saisies", "outbox", "reference")
    world.add_dsf().write_extracts().hours("été.csv", {})
    world.run()
    assert list(world.complements()) == ["DSF-1-C01"] and world.report()["code_retour"] == 0
    assert shelf.names("depots") == shelf.names("extraits") == []
    assert not list((shelf.server.root / "outbox" / ".dsf-spool").glob("[!.]*"))


def test_D09_plain_rename_refuses_a_place_that_is_taken(shelf: OnSftp, tmp_path: Path) -> None:
    for number, taken in enumerate(("folder", "file", "link")):
        with begun(tmp_path / f"ws{number}", shelf.settings("outbox")) as (space, book):
            decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
            place = shelf.server.root / "outbox" / DSF
            place.parent.mkdir(parents=True, exist_ok=True)
            if taken == "folder":
                place.mkdir()
            elif taken == "file":
                place.write_bytes(b"x")
            else:
                place.symlink_to("/nowhere")
            outbox.release(space, book)
            ((path, why),) = outbox.blocked(space, book)
            assert path == f"outbox/{DSF}" and "prise" in why, taken
            place.rmdir() if taken == "folder" else place.unlink()
            outbox.release(space, book)
            assert book.staged() == []
        shelf.take("outbox")


def test_what_may_not_be_written_waits_and_the_others_leave(shelf: OnSftp, tmp_path: Path) -> None:
    with begun(tmp_path / "ws", shelf.settings("outbox")) as (space, book):
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        (shelf.server.root / "outbox" / TITULAIRE).mkdir()
        (shelf.server.root / "outbox" / TITULAIRE / "dsf").write_bytes(b"not a folder")
        outbox.release(space, book)
        assert [path for path, _ in outbox.blocked(space, book)] == [f"outbox/{DSF}"]
