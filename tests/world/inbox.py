"""An inbox, a clock that tests turn, and scans over them."""

import os
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from pipeline import ledger
from pipeline.disk import hash_of
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.intake.scan import Scan, scan
from pipeline.intake.settled import SECOND, Clock
from pipeline.intake.take import take
from pipeline.ledger import Source
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.world import decisions as made

QUIET = 5
SETTINGS = Settings(delai_stabilite=QUIET, processus=1)


@dataclass
class Time:
    """Seconds since the start of the machine, the calendar's distance from it, and what happens while somebody sleeps."""

    now: float = 1_000.0
    calendar: float = 1_700_000_000.0
    start: str = "start-1"
    during: list[object] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: int(self.now * SECOND),
            calendar=lambda: int((self.calendar + self.now) * SECOND),
            sleep=self.sleep,
            start=self.start,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        while self.during:
            self.during.pop()()  # type: ignore[operator]

    def reboot(self, elapsed: float) -> None:
        """The machine starts again: its own clock begins at 0."""
        self.calendar += self.now + elapsed
        self.now, self.start = 0.0, self.start + "'"


class Box:
    """A workspace with one organisation's folder."""

    def __init__(self, root: Path) -> None:
        self.workspace: Workspace = made.workspace(root)
        self.folder = self.workspace.deposits / made.SIRET
        self.folder.mkdir()
        self.time = Time()

    def drop(self, name: str = "a.csv", data: bytes = b"x;y\n", folder: str = made.SIRET) -> Path:
        path = self.workspace.deposits / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def scan(self, settings: Settings = SETTINGS, *, sleep: bool = True) -> Scan:
        with ledger.open(self.workspace, settings) as book:
            return scan(self.workspace, settings, book, clock=self.time.clock(), sleep=sleep)

    def ready(self, settings: Settings = SETTINGS) -> list[str]:
        return [arrival.fichier for arrival in self.scan(settings).ready]

    def archived(self) -> list[str]:
        return sorted(path.name for path in self.workspace.originals.iterdir())


def take_one(workspace: Workspace, arrival: Arrival) -> Snapshot | None:
    return take(workspace, [arrival])[0]


def source(snapshot: Snapshot) -> Source:
    """The source of a deposit, as the ledger knows it once it is decided."""
    a = snapshot.arrival
    return Source("", a.chemin, a.identite, a.octets, a.mtime_ns, snapshot.sha256)


def is_intact(snapshot: Snapshot) -> bool:
    """The archived original still has the bytes it is named after (reliability B17)."""
    return hash_of(snapshot.original) == snapshot.sha256


def workbook() -> bytes:
    """A zip, as far as the inbox looks into it."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("xl/workbook.xml", os.urandom(5_000))
    return out.getvalue()
