"""`dsf watch`: looks at what a run takes from, and has one done each time something there has settled.

It polls: notices of the file system are blind on shares. It decides nothing itself: each run is a `dsf run` of its own, a child
process with its own memory, its own settings and the date of its own day, which takes what it finds ready. So this process
stays as small as it was, and a run that dies takes nothing along. All that it knows is in the ledger, where first looks at
files are noted; begun again, it goes on.
"""

import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import click

from pipeline import __version__, disk, journal, ledger, signals, storage
from pipeline.bilingual import Text
from pipeline.commands.console import Exit, shown
from pipeline.commands.language import given, here
from pipeline.errors import Halt, Interrupted
from pipeline.intake.extracts import files_by_now
from pipeline.intake.fetched import files_there_by_now
from pipeline.intake.scan import settled_by_now
from pipeline.settings import Settings
from pipeline.workspace import Workspace

SHORTEST = 10.0
"""Seconds between two looks, at least."""
SHARE = 20
"""Of the time, looking takes one part in so many."""
LONGEST = 600.0
"""Seconds after which what failed again and again is tried once more."""
LONGEST_OWED = 3600.0
"""The same where the run itself went through, and could not do all: each one leaves a report."""
LONGEST_BUSY = 60.0
"""The same where another run is on."""

WATCHING = Text(
    "Surveillance de {inbox} : un regard toutes les {seconds} s au moins, un passage dès qu'un fichier est au repos.",
    "Watching {inbox}: a look every {seconds} s at least, a run as soon as a file has settled.",
)
BUSY = Text(
    "Un autre passage est en cours. Nouvel essai dans {seconds} s.", "Another run is on. Tried again in {seconds} s."
)
FAILED = Text(
    "Le passage a fini par le code {code}. Nouvel essai dans {seconds} s, ou dès qu'un fichier arrive.",
    "The run ended with code {code}. Tried again in {seconds} s, or as soon as a file arrives.",
)
UNSEEN = Text("{why} Nouveau regard dans {seconds} s.", "{why} Looking again in {seconds} s.")

Sight = tuple[str, str, int, int]
"""A file as it was seen: path, identity, size, time."""


@dataclass(frozen=True)
class Seen:
    """What a look found: the files that have settled; whether a run that was stopped left something to finish."""

    settled: frozenset[Sight]
    unfinished: bool = False


@dataclass
class Pace:
    """When to look, and when to have a run done. Seconds of a clock that nobody sets.

    ``tried``: what had settled when the last run began; the same files are no reason for another one, unless it failed.
    """

    tried: frozenset[Sight] = frozenset()
    pause: float = 0.0
    again_at: float | None = None
    not_before: float = 0.0

    def wants_run(self, seen: Seen, now: float) -> bool:
        """Something has settled since the last run, or that one failed and it is time to try again."""
        if now < self.not_before:
            return False
        if self.again_at is not None and now >= self.again_at:
            return True
        return bool(seen.settled - self.tried) or (seen.unfinished and self.again_at is None)

    def done(self, seen: Seen) -> None:
        """A run went through, and did all."""
        self.tried, self.pause, self.again_at = seen.settled, 0.0, None

    def busy(self, now: float) -> None:
        """Another run is on: nothing is tried for a while."""
        self.pause = longer(self.pause, LONGEST_BUSY)
        self.not_before = now + self.pause

    def failed(self, seen: Seen, now: float, longest: float) -> float:
        """A run failed: how long until it is tried again, unless something else has settled before; longer each time."""
        self.tried, self.pause = seen.settled, longer(self.pause, longest)
        self.again_at = now + self.pause
        return self.pause


def interval(cost: float) -> float:
    """How long to wait after a look that took ``cost``."""
    return max(SHORTEST, SHARE * cost)


def longer(pause: float, longest: float) -> float:
    """Twice as long as before, within ``SHORTEST`` and ``longest``."""
    return min(longest, max(SHORTEST, 2 * pause))


@storage.reaching
def look(workspace: Workspace, settings: Settings) -> Seen:
    """One look at everything that a run takes from. First looks at files are noted, nothing else is changed."""
    with ledger.open(workspace, settings) as book:
        found = settled_by_now(workspace, settings, book)
        for part, folder in (("extraits", workspace.extracts), ("saisies", workspace.entered)):
            found += files_by_now(workspace, folder, settings, book)
            found += files_there_by_now(workspace, part, settings, book)
        begun = book.unfinished() is not None or bool(book.staged())
        return Seen(frozenset(arrival.sight for arrival in found), begun)


@dataclass
class Watch:
    """A watch over the workspace at ``root``, for ever."""

    root: Path
    pace: Pace = field(default_factory=Pace)
    unseen: float = 0.0

    def go_on(self) -> None:
        """Look, run, wait, until SIGTERM or SIGINT (``Interrupted``). Raises ``SettingError``, and a halt of exit code 2."""
        workspace = Workspace(self.root.resolve())
        inbox = shown(workspace.root, workspace.relative(workspace.deposits.parent))
        _say(WATCHING.fill(inbox=inbox, seconds=f"{SHORTEST:g}"))
        with journal.opened(workspace, Settings.of(workspace.root)), journal.ending("surveillance_finie"):
            journal.note("surveillance_commence", programme=__version__)
            with signals.obeyed():
                while True:
                    time.sleep(self._round(workspace))

    def _round(self, workspace: Workspace) -> float:
        """One look, and a run where there is something to do: seconds to wait."""
        start = time.monotonic()
        settings = Settings.of(workspace.root, langue=given())
        try:
            with disk.refusals_as_halts("espace de travail"):
                seen = look(workspace, settings)
        except Halt as halt:
            if isinstance(halt, Interrupted) or halt.exit_code == Exit.USAGE:
                raise
            self.unseen = longer(self.unseen, LONGEST)
            journal.note("surveillance_echec", **journal.stopped_by(halt), pause=self.unseen)
            _say(UNSEEN.fill(why=halt.args[0], seconds=f"{self.unseen:g}"))
            return self.unseen
        self.unseen, wait = 0.0, interval(time.monotonic() - start)
        if self.pace.wants_run(seen, time.monotonic()):
            self._run(workspace, settings, seen)
        return wait

    def _run(self, workspace: Workspace, settings: Settings, seen: Seen) -> None:
        before = _finished(workspace, settings)
        code = _child(workspace)
        if code == Exit.USAGE:
            sys.exit(code)  # it has said which setting
        if code == Exit.DONE:
            self.pace.done(seen)
        elif code == Exit.BUSY:
            self.pace.busy(time.monotonic())
            journal.note("surveillance_attend", pause=self.pace.pause)
            _say(BUSY.fill(seconds=f"{self.pace.pause:g}"))
        else:
            through = _finished(workspace, settings) != before
            pause = self.pace.failed(seen, time.monotonic(), LONGEST_OWED if through else LONGEST)
            journal.note("surveillance_echec", code=code, pause=pause)
            _say(FAILED.fill(code=code, seconds=f"{pause:g}"))


def _say(text: str) -> None:
    click.echo(here(text), err=True)


def _child(workspace: Workspace) -> int:
    """What a `dsf run` ends with. A stop that is asked for meanwhile is passed on, and the run waited for."""
    language = ["--lang", str(given())] if given() else []
    command = [sys.executable, "-P", "-m", "pipeline.cli", "run", "-w", str(workspace.root), *language]
    process: subprocess.Popen[bytes] | None = None
    try:
        with signals.shield():  # a child that nobody knows of could not be told
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        return process.wait()
    except Interrupted:
        if process is not None:
            process.terminate()
            with signals.shield():
                process.wait()
        raise


def _finished(workspace: Workspace, settings: Settings) -> int:
    """Order of the last run that went through; 0 where the ledger cannot be asked."""
    try:
        with ledger.open(workspace, settings) as book:
            return book.last_finished()
    except Interrupted:
        raise
    except Halt:
        return 0
