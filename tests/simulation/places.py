"""Where the inbox and the outbox of a world lie, seen by those who put things there and take them away.

Names are relative to all of it: `depots/<SIRET>/00001.csv`, `extraits/dsf_v1.csv`, `outbox/<SIRET>/dsf/<numero>`.
"""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Protocol

import pytest

from pipeline.publishing.remote import key_of
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.servers.s3 import S3Server, bucket, moto
from tests.servers.sftp import SftpServer
from tests.storage.shelf import OnS3, OnSftp, Shelf
from tests.world import SECOND, SETTINGS

PARTS = ("depots", "extraits", "outbox", "reference")
KINDS = ("dsf", "retours")


class Place(Protocol):
    """``taken``: folders of the outbox that receivers have."""

    taken: set[str]

    def settings(self) -> Settings: ...
    def put(self, name: str, data: bytes, moment: int | None = None) -> None: ...
    def stands(self, name: str) -> bool: ...
    def outbox(self) -> Path: ...
    def folders(self) -> list[str]: ...
    def take(self, folder: str) -> None: ...


class Here:
    """In the workspace's own folders."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.taken: set[str] = set()

    def settings(self) -> Settings:
        return SETTINGS

    def put(self, name: str, data: bytes, moment: int | None = None) -> None:
        """``moment``: the time (seconds) that it gets, where that matters."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if moment is not None:
            os.utime(path, ns=(moment * SECOND,) * 2)

    def stands(self, name: str) -> bool:
        return self._path(name).exists()

    def outbox(self) -> Path:
        """As it stands now; only to be looked at."""
        return self._workspace.outbox

    def folders(self) -> list[str]:
        """Complements and returns that have appeared."""
        return _folders(self._workspace.outbox)

    def take(self, folder: str) -> None:
        """A receiver takes one of them away."""
        self.taken.add(folder)
        shutil.rmtree(self._workspace.outbox / folder)

    def _path(self, name: str) -> Path:
        part, _, rest = name.partition("/")
        folders = {"depots": self._workspace.deposits, "extraits": self._workspace.extracts}
        return folders[part] / rest


class There:
    """On SFTP or S3. ``trouble`` meets a run there. ``root``: an empty folder, where what stands there is looked at."""

    def __init__(self, shelf: Shelf, root: Path, rng: Random) -> None:
        self.shelf, self.kind = shelf, shelf.kind
        self._rng, self._seen = rng, root / "vu"
        self._seen.mkdir()
        self.taken: set[str] = set()

    def settings(self) -> Settings:
        return self.shelf.settings(*PARTS)

    def put(self, name: str, data: bytes, moment: int | None = None) -> None:
        self.shelf.put(name, data, moment)

    def stands(self, name: str) -> bool:
        folder, _, last = name.rpartition("/")
        return last in self.shelf.names(folder)

    def outbox(self) -> Path:
        """Folders never change, and of pages the first state is enough: what was fetched once is not fetched again."""
        if isinstance(self.shelf, OnSftp):
            return self.shelf.server.root / "outbox"
        names = set(self.shelf.names("outbox"))
        for path in [path for path in self._seen.rglob("*") if path.is_file()]:
            if str(path.relative_to(self._seen)) not in names:
                path.unlink()
        for name in names:
            path = self._seen / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self.shelf.read(f"outbox/{name}"))
        return self._seen

    def folders(self) -> list[str]:
        """On S3 a folder has appeared once the file is there that receivers act on."""
        return [folder for folder in _folders(self.outbox()) if _whole(self.outbox() / folder)]

    def take(self, folder: str) -> None:
        self.taken.add(folder)
        self.shelf.take(f"outbox/{folder}")

    # --- troubles -----------------------------------------------------------------------------------------------------

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Nobody answers."""
        if isinstance(self.shelf, OnSftp):
            self.shelf.server.silent = True
            with self._healed():
                yield
        else:
            with self._meets(lambda n: "cut"):
                yield

    @contextmanager
    def dying(self) -> Iterator[None]:
        """The server dies at a random act: before it is done or after, once or for good."""
        at, after, once = self._at(), self._rng.random() < 0.5, self._rng.random() < 0.5
        if isinstance(self.shelf, OnSftp):
            self.shelf.server.cut(at, after=after, once=once)
            with self._healed():
                yield
        else:
            how = self._rng.choice(("lost" if after else "cut", "503 SlowDown"))
            with self._meets(lambda n: how if n == at or (n > at and not once) else ""):
                yield

    @contextmanager
    def answers_lost(self) -> Iterator[None]:
        """Some acts in a row are done, and nobody hears of it; asked again, the server answers."""
        at, more = self._at(), self._rng.randrange(6)
        if isinstance(self.shelf, OnSftp):
            self.shelf.server.cut(at, after=True)
            with self._healed():
                yield
        else:
            with self._meets(lambda n: "lost" if at <= n <= at + more else ""):
                yield

    @contextmanager
    def meanwhile(self, act: Callable[[], None]) -> Iterator[None]:
        """``act`` happens once, at a random act of the server."""
        at = self._at()
        if isinstance(self.shelf, OnSftp):
            server, before = self.shelf.server, len(self.shelf.server.acts)
            server.seen = lambda _: act() if len(server.acts) - before == at else None
            try:
                yield
            finally:
                server.seen = lambda _: None
        else:

            def answer(n: int) -> str:
                if n == at:
                    act()
                return ""

            with self._meets(answer):
                yield

    def _at(self) -> int:
        """An act of a run, or one that it does not come to."""
        return self._rng.randrange(1, 200)

    @contextmanager
    def _healed(self) -> Iterator[None]:
        assert isinstance(self.shelf, OnSftp)
        try:
            yield
        finally:
            self.shelf.server.heal()

    @contextmanager
    def _meets(self, answer: Callable[[int], str]) -> Iterator[None]:
        """``answer`` is what becomes of the n-th request."""
        assert isinstance(self.shelf, OnS3)
        server, lock, count = self.shelf.server, threading.Lock(), 0

        def rule(*_: object) -> str:
            nonlocal count
            with lock:
                count += 1
                return answer(count)

        server.rule = rule
        try:
            yield
        finally:
            server.rule = lambda *_: ""


def _folders(outbox: Path) -> list[str]:
    found = [path for kind in KINDS for path in outbox.glob(f"*/{kind}/*") if any(path.iterdir())]
    return sorted(str(path.relative_to(outbox)) for path in found)


def _whole(folder: Path) -> bool:
    names = [path.name for path in folder.iterdir()]
    return key_of(folder.name, names) in (f"{folder.name}.json", "rapport.json")


@contextmanager
def storage(kind: str) -> Iterator["S3Server | None"]:
    """One server for all worlds of a process, where ``shelf`` needs one."""
    if kind != "s3":
        yield None
        return
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with pytest.MonkeyPatch.context() as patch, moto(patch) as server:
        yield server


@contextmanager
def shelf(kind: str, server: "S3Server | None", root: Path) -> Iterator["Shelf | None"]:
    """An empty shelf for one world; None where all lies in its own folders. ``root``: an empty folder."""
    if kind == "s3":
        assert server
        with bucket(server):
            yield OnS3(server)
    elif kind == "sftp":
        for name in ("distant", "cles"):
            (root / name).mkdir()
        with SftpServer(root / "distant", root / "cles").running() as running:
            yield OnSftp(running)
    else:
        yield None
