"""The command that is run after each run, with its JSON. Source: contract §10.

What it is to be told waits in ``var/avis/<run>.<tries>.json`` until the command has ended with 0: a run that was killed, or a
command that failed, loses nothing. It is run without a shell, in the workspace, for so many seconds and so many times at most.
"""

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from pipeline import disk, journal, lock
from pipeline.errors import Halt
from pipeline.ledger.announcing import rested
from pipeline.settings import Settings
from pipeline.settings.telling import PASSWORD
from pipeline.workspace import Workspace

LABEL = "avis"
AT_ONCE = 20
"""Times that the command is run after one run, at most: what waited, then the newest."""
KEPT = 200
"""Runs that wait to be told, at most; the oldest are given up."""


def after_run(workspace: Workspace, settings: Settings, run: str, told: bytes) -> bool:
    """Run the command of the settings with what ``run`` is to tell, and what earlier runs still have to. False: it failed.

    ``told``: a JSON object, on the command's standard input. Nothing that goes wrong raises, but a stop.
    """
    if not settings.avis.commande:
        return True
    try:
        with disk.refusals_as_halts(LABEL):
            workspace.notices.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = workspace.notices / f"{run}.tmp"
            disk.unlink(draft, LABEL)
            disk.write_new(draft, told, LABEL)
            disk.rename(draft, workspace.notices / f"{run}.0.json", LABEL)
            return _all(workspace, settings)
    except Halt as halt:
        journal.note("commande_echouee", run=run, **journal.stopped_by(halt))
        return False


def waiting(workspace: Workspace) -> int:
    """Runs that the command has not been told of, for it failed."""
    return len(_queue(workspace))


def _queue(workspace: Workspace) -> list[Path]:
    """What waits, the oldest first."""
    found = [path for path in workspace.notices.glob("*.json") if path.name.count(".") == 2]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def _all(workspace: Workspace, settings: Settings) -> bool:
    done = True
    with _alone(workspace) as mine:
        if not mine:
            return True  # another run is at it, and takes ours along, or the next one does
        queue = _queue(workspace)
        for path in queue[:-KEPT]:
            _give_up(path)
        started = 0
        for path in queue[-KEPT:]:
            run, tries, _ = path.name.split(".")
            since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if started < AT_ONCE and rested(int(tries), since):
                started += 1
                done = _one(workspace, settings, run, path, int(tries) + 1) and done
    return done


def _one(workspace: Workspace, settings: Settings, run: str, path: Path, tries: int) -> bool:
    """Tell one run; the try is counted before it is made."""
    counted = path.with_name(f"{run}.{tries}.json")
    disk.rename(path, counted, LABEL)
    os.utime(counted)
    start = monotonic()
    code, fault = _ended(workspace, settings, run, counted)
    spent = monotonic() - start
    if code == 0:
        disk.unlink(counted, LABEL)
        journal.note("commande_finie", run=run, secondes=spent)
        return True
    journal.note("commande_echouee", run=run, code=code, faute=fault, tentatives=tries, secondes=spent)
    if tries >= settings.avis.essais:
        _give_up(counted)
    return False


def _ended(workspace: Workspace, settings: Settings, run: str, told: Path) -> tuple[int, str | None]:
    """What the command ends with, and why it could not be run or was ended."""
    environ = {name: value for name, value in os.environ.items() if name != PASSWORD}
    # Not DSF_…: those are settings, and the command may be a dsf itself.
    environ |= {"PASSAGE_DSF": run, "ESPACE_DSF": str(workspace.root)}
    try:
        with told.open("rb") as given:
            process = subprocess.Popen(
                shlex.split(settings.avis.commande),
                cwd=workspace.root,
                env=environ,
                stdin=given,
                stdout=2,  # standard output is the answer of the run
                start_new_session=True,
            )
    except (OSError, ValueError) as error:
        return 127, type(error).__name__
    try:
        return process.wait(settings.avis.secondes), None
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return 124, "TimeoutExpired"


def _give_up(path: Path) -> None:
    disk.unlink(path, LABEL)
    journal.note("commande_abandonnee", run=path.name.partition(".")[0])


@contextmanager
def _alone(workspace: Workspace) -> Iterator[bool]:
    """One process at a time; whether it is this one."""
    handle = os.open(workspace.notices, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield lock.taken(handle)
    finally:
        os.close(handle)
