"""An inbox, a clock that tests turn, and scans over them."""

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

from pipeline import ledger
from pipeline.disk import hash_of
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.intake.scan import Scan, scan
from pipeline.intake.settled import Clock
from pipeline.intake.take import take
from pipeline.ledger import Source
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.world import SECOND, SETTINGS, TITULAIRE, World

QUIET = 5
PATIENT = replace(SETTINGS, delai_stabilite=QUIET)
"""A deposit must have rested for ``QUIET`` seconds."""


@dataclass
class Time:
    """Seconds since the start of the machine, the calendar's distance from it, and what happens while somebody sleeps."""

    now: float = 1_000.0
    calendar: float = 1_700_000_000.0
    start: str = "start-1"
    during: list[Callable[[], object]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        """As a scan asks for it."""
        return Clock(
            monotonic=lambda: int(self.now * SECOND),
            calendar=lambda: int((self.calendar + self.now) * SECOND),
            sleep=self.sleep,
            start=self.start,
        )

    def sleep(self, seconds: float) -> None:
        """Time passes at once."""
        self.slept.append(seconds)
        self.now += seconds
        while self.during:
            self.during.pop()()

    def reboot(self, elapsed: float) -> None:
        """The machine starts again: its own clock begins at 0."""
        self.calendar += self.now + elapsed
        self.now, self.start = 0.0, self.start + "'"


class Inbox(World):
    """A World with one organisation's folder, looked at by ``time``."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.folder = self.workspace.deposits / TITULAIRE
        self.folder.mkdir()
        self.time = Time()

    def scan(self, settings: Settings = PATIENT, *, sleep: bool = True) -> Scan:
        """Look at the inbox, as a run does (``sleep``) or as `dsf status` does."""
        with ledger.open(self.workspace, settings) as book:
            return scan(self.workspace, settings, book, clock=self.time.clock(), sleep=sleep)

    def ready(self, settings: Settings = PATIENT) -> list[str]:
        """The files that a run would take now."""
        return [arrival.fichier for arrival in self.scan(settings).ready]

    def take(self, arrival: Arrival) -> Snapshot | None:
        """Archive one arrival."""
        return take_one(self.workspace, arrival)

    def archived(self) -> list[str]:
        """Names of the archived originals."""
        return sorted(path.name for path in self.workspace.originals.iterdir())


def take_one(workspace: Workspace, arrival: Arrival) -> Snapshot | None:
    """The arrival archived; None when it is no longer what was seen."""
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
