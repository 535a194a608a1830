"""What stands in the inbox, what of it has settled, and its way out. Source: spec §2, §9; reliability A, B17, G1 to G5.

    scan    looks only: ready, waiting, left alone, and sources of deposits already decided
    take    copies from one descriptor into ``var/originaux/<sha256>``, durable; the source stays
    retire  after the decision is committed and emitted: removes sources, each only if it is what was archived

How it is walked and opened: ``walking``. When a file has settled: ``looking``.
"""

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline import disk
from pipeline.errors import DiskHalt
from pipeline.intake import walk as walking
from pipeline.intake.settled import Clock, Looking
from pipeline.intake.walk import Arrival, Said, Walk
from pipeline.ledger import Ledger, Source
from pipeline.settings import Settings
from pipeline.workspace import Workspace

__all__ = ["Arrival", "Said", "Scan", "Snapshot", "is_intact", "remove", "retire", "scan", "sweep", "take", "take_all"]

EMPTY = (
    "inbox/depots ne contient rien alors que {n} organismes y ont déjà déposé : un montage vide n'est pas une boîte "
    "vide. Remontez le partage, ou recréez le dossier d'un organisme."
)


@dataclass(frozen=True)
class Snapshot:
    """An arrival whose bytes are archived: ``original`` is ``var/originaux/<sha256>``."""

    arrival: Arrival
    sha256: str
    original: Path


@dataclass(frozen=True)
class Scan:
    """What the inbox holds. ``ready`` in deposit order; ``decided``: sources of decided deposits, that ``retire`` removes."""

    ready: tuple[Arrival, ...] = ()
    waiting: tuple[Said, ...] = ()
    left: tuple[Said, ...] = ()
    decided: tuple[Arrival, ...] = ()


# --- scan -------------------------------------------------------------------------------------------------------------


def scan(
    workspace: Workspace, settings: Settings, ledger: Ledger, *, clock: Clock | None = None, sleep: bool = True
) -> Scan:
    """Look at the inbox twice, and say what is ready; ``sleep=False`` (`dsf status`) neither waits nor notes anything.

    A file is ready when two looks, at least ``delai_stabilite`` apart by our own clock, saw it the same; the first may be
    an earlier run's, else the remaining time is slept once for all. Raises ``DiskHalt`` for a missing or empty mount.
    """
    walk = walking.walk(workspace, settings)
    _refuse_empty_mount(workspace, walk, ledger)
    decided = {(s.chemin, s.identite, s.octets, s.mtime_ns) for s in ledger.sources()}
    fresh: list[Arrival] = []
    over: list[Arrival] = []
    for arrival in walk.found:
        known = (arrival.chemin, arrival.identite, arrival.octets, arrival.mtime_ns) in decided
        (over if known else fresh).append(arrival)
    looking = Looking(ledger, settings.delai_stabilite, clock or Clock())
    ready, waiting = looking.settle(
        fresh, lambda a: walking.same(workspace, a), lambda a: walking.opened(workspace, a), sleep=sleep
    )
    return Scan(
        ready=tuple(sorted(ready, key=lambda a: (a.mtime_ns, a.chemin))),
        waiting=tuple(sorted(walk.waiting + waiting)),
        left=tuple(sorted(walk.left)),
        decided=tuple(over),
    )


def _refuse_empty_mount(workspace: Workspace, walk: Walk, ledger: Ledger) -> None:
    if walk.found or walk.waiting or walk.left:
        return
    if not any(workspace.deposits.iterdir()) and (known := ledger.depositors()):
        raise DiskHalt(EMPTY.format(n=known))


# --- take -------------------------------------------------------------------------------------------------------------


def take(workspace: Workspace, arrival: Arrival) -> Snapshot | None:
    """Archive one arrival; None when it was withdrawn or changed (it is looked at again by the next run)."""
    return take_all(workspace, [arrival])[0]


def take_all(workspace: Workspace, arrivals: Sequence[Arrival]) -> list[Snapshot | None]:
    """Archive many arrivals at the price of one flush; same order, None for one that was withdrawn or changed."""
    copies = [_copy(workspace, arrival, n) for n, arrival in enumerate(arrivals)]
    fresh = [draft for draft, _ in filter(None, copies) if draft]
    if fresh:
        disk.flush(fresh, "originaux")
    for draft, sha in filter(None, copies):
        if draft:
            disk.rename(draft, workspace.originals / sha, "originaux")
    if fresh:
        disk.flush([workspace.originals], "originaux")
    return [
        Snapshot(arrival, copy[1], workspace.originals / copy[1]) if copy else None
        for arrival, copy in zip(arrivals, copies, strict=True)
    ]


def _copy(workspace: Workspace, arrival: Arrival, n: int) -> tuple[Path | None, str] | None:
    """(draft, sha256) of what one descriptor gave; draft None when the archive has these very bytes already."""
    draft = workspace.originals / f"copie-{n}.{os.getpid()}.tmp"
    disk.unlink(draft, "originaux")
    try:
        with walking.opened(workspace, arrival) as handle:
            sha = disk.copy(handle, draft, "originaux")
            still = walking.is_still(os.fstat(handle), arrival)
        still = still and walking.same(workspace, arrival)
    except OSError:
        still = False  # withdrawn, held by its sender, or a share that does not answer: the next run looks again
    if not still:
        disk.unlink(draft, "originaux")
        return None
    if hash_of(workspace.originals / sha) == sha:
        disk.unlink(draft, "originaux")
        return None, sha
    return draft, sha


def hash_of(path: Path) -> str:
    """SHA-256 of a file of ours, "" when it is not there."""
    try:
        with path.open("rb") as file:
            return disk.digest(file)
    except FileNotFoundError:
        return ""


def is_intact(snapshot: Snapshot) -> bool:
    """The archived original still has the bytes it is named after (reliability B17)."""
    return hash_of(snapshot.original) == snapshot.sha256


def sweep(workspace: Workspace) -> None:
    """Remove copies that an earlier run began and did not finish."""
    for draft in sorted(workspace.originals.glob("*.tmp")):
        disk.unlink(draft, "originaux")


# --- retire -----------------------------------------------------------------------------------------------------------


def retire(workspace: Workspace, ledger: Ledger) -> tuple[Said, ...]:
    """Remove from the inbox the sources of decided deposits; those that could not be removed, and why.

    Also what a run that was stopped had left: a source that is still what was archived is removed without being taken
    again, one that is gone or has changed (a new arrival) is only marked.
    """
    kept: list[Said] = []
    over: list[str] = []
    touched: set[Path] = set()
    for source in ledger.sources():
        try:
            if _remove(workspace, source):
                touched.add((workspace.root / source.chemin).parent)
            over.append(source.depot)
        except OSError as error:
            kept.append((source.chemin, f"décidé, mais ne peut être retiré ({os.strerror(error.errno or 0)})"))
    with suppress(OSError):  # a folder that vanished meanwhile; a source that comes back is recognised anyway
        disk.flush(sorted(touched), "inbox")
    ledger.removed(over)
    return tuple(kept)


def remove(workspace: Workspace, snapshot: Snapshot) -> bool:
    """Remove one source, only if it is still the file that was archived and its archive is whole."""
    arrival = snapshot.arrival
    return _remove(
        workspace,
        Source("", arrival.chemin, arrival.identite, arrival.octets, arrival.mtime_ns, snapshot.sha256),
    )


def _remove(workspace: Workspace, source: Source) -> bool:
    """Unlink the source; False when it is gone or no longer what was archived. Raises ``OSError`` when refused."""
    original = workspace.originals / source.sha256
    try:
        with walking.parent(workspace, source.chemin) as (folder, name):
            handle = os.open(name, walking.FILE, dir_fd=folder)
            with os.fdopen(handle, "rb") as file:
                # Same size and time may still be other bytes (a copy that keeps times): nothing unarchived is removed.
                if not walking.is_still(os.fstat(handle), source) or disk.digest(file) != source.sha256:
                    return False
            if hash_of(original) != source.sha256:
                return False
            disk.reached("inbox: unlink", workspace.root / source.chemin)
            os.unlink(name, dir_fd=folder)
            return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise
