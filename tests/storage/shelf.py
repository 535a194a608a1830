"""What stands on shared storage, seen by those who put things there and take them away: the same for SFTP and S3."""

import json
import os
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from pipeline import ledger, storage
from pipeline.ledger import Ledger
from pipeline.run import Outcome, run
from pipeline.settings import Settings, Storage
from pipeline.workspace import Workspace
from tests.servers.s3 import BUCKET, REGION, S3Server
from tests.servers.sftp import SftpServer
from tests.world import DAY, SECOND, SETTINGS, World, decisions, workspace


class Shelf(Protocol):
    """Paths are relative to the root that addresses name."""

    kind: str

    def settings(self, *parts: str, **changes: Any) -> Settings: ...
    def names(self, under: str = "") -> list[str]: ...
    def read(self, path: str) -> bytes: ...
    def put(self, path: str, data: bytes, moment: int | None = None) -> None: ...
    def take(self, path: str) -> None: ...


@dataclass
class OnSftp:
    """A folder behind an SFTP server."""

    server: SftpServer
    kind: str = "sftp"

    def settings(self, *parts: str, **changes: Any) -> Settings:
        """Settings whose ``parts`` lie there, each in the folder of its name."""
        for part in parts:
            (self.server.root / part).mkdir(exist_ok=True)
        places = {part: self.server.address(part) for part in parts}
        given = Storage(**places, hotes=str(self.server.hosts), cle=str(self.server.key))
        return replace(SETTINGS, stockage=given, **changes)

    def names(self, under: str = "") -> list[str]:
        """Every file but ours."""
        root = self.server.root / under
        found = (str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        return sorted(name for name in found if not name.startswith(".") and "/." not in f"/{name}")

    def read(self, path: str) -> bytes:
        return (self.server.root / path).read_bytes()

    def put(self, path: str, data: bytes, moment: int | None = None) -> None:
        """``moment``: the time (seconds) that it gets, where that matters."""
        place = self.server.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        if moment is not None:
            os.utime(place, (moment, moment))

    def take(self, path: str) -> None:
        """A file, or a folder with all in it; gone already is well."""
        place = self.server.root / path
        shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)


@dataclass
class OnS3:
    """A bucket of moto, past the door."""

    server: S3Server
    kind: str = "s3"

    @cached_property
    def bucket(self) -> Any:
        return boto3.resource(
            "s3", endpoint_url="http://{}:{}".format(*self.server.backend), region_name=REGION
        ).Bucket(BUCKET)

    def settings(self, *parts: str, **changes: Any) -> Settings:
        """Settings whose ``parts`` lie there, each under the prefix of its name."""
        given = Storage(**{part: self.server.address(part) for part in parts})
        return replace(SETTINGS, stockage=given, **changes)

    def names(self, under: str = "") -> list[str]:
        """Every object but ours."""
        prefix = f"{under}/" if under else ""
        found = (one.key.removeprefix(prefix) for one in self.bucket.objects.filter(Prefix=prefix))
        return sorted(name for name in found if not name.startswith(".") and "/." not in f"/{name}")

    def read(self, path: str) -> bytes:
        data: bytes = self.bucket.Object(path).get()["Body"].read()
        return data

    def put(self, path: str, data: bytes, moment: int | None = None) -> None:
        """``moment``: the time (seconds) that it gets, where that matters."""
        self.bucket.put_object(Key=path, Body=data)
        if moment is not None:
            (backend,) = s3_backends[DEFAULT_ACCOUNT_ID].values()
            backend.buckets[BUCKET].keys[path].last_modified = datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)

    def take(self, path: str) -> None:
        """An object, or all under a prefix."""
        self.bucket.objects.filter(Prefix=path).delete()


@contextmanager
def begun(root: Path, settings: Settings) -> Iterator[tuple[Workspace, Ledger]]:
    """A workspace and its ledger after the checks and the recovery of a run's start."""
    with storage.opened(workspace(root), settings) as space, decisions.opened(space, settings) as book:
        yield space, book


@contextmanager
def looked_at(root: Path, settings: Settings) -> Iterator[tuple[Workspace, Ledger]]:
    """A workspace and its ledger, nothing recovered."""
    with storage.opened(workspace(root), settings) as space, ledger.open(space, settings) as book:
        yield space, book


def send(shelf: Shelf, part: str, folder: Path, known: Container[str] = ()) -> None:
    """Every file of a local folder but those ``known`` to lie there already, with its time; it is gone here."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and name not in known:
            shelf.put(f"{part}/{name}", path.read_bytes(), path.stat().st_mtime_ns // SECOND)
            path.unlink()


def fetch(shelf: Shelf, part: str, folder: Path) -> None:
    """What stands there, in the place of what the local folder held."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in shelf.names(part):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(shelf.read(f"{part}/{name}"))


class SharedWorld(World):
    """A World whose inbox and outbox are on a shelf: what is dropped is sent there, what came out is fetched to be looked at."""

    def __init__(self, root: Path, shelf: Shelf, *parts: str) -> None:
        super().__init__(root)
        self.shelf, self.parts = shelf, parts or ("depots", "outbox")
        self.settings()

    def settings(self, **changes: Any) -> Settings:
        """Settings that lead there."""
        return self.shelf.settings(*self.parts, **changes)

    def send(self) -> None:
        """What was dropped so far, with its times."""
        for part, folder in (
            ("depots", self.workspace.deposits),
            ("extraits", self.workspace.extracts),
            ("saisies", self.workspace.entered),
        ):
            notes = self.workspace.var / f"stockage-{part}.json"
            ours = json.loads(notes.read_bytes()) if notes.exists() else {}  # brought from there by a run
            if part in self.parts:
                send(self.shelf, part, folder, ours)

    def fetch(self) -> None:
        """What stands in the outbox there, into the folder of the workspace."""
        if "outbox" in self.parts:
            fetch(self.shelf, "outbox", self.workspace.outbox)

    def run(self, day: date = DAY, **settings: Any) -> Outcome:
        """`dsf run` in this process."""
        self.send()
        try:
            return run(self.workspace, self.settings(**settings), day, lambda *_: None)
        finally:
            self.fetch()
