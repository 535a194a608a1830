"""What stands in the inbox, what of it has settled, and its way out. Source: spec §2, §9; reliability A, B17, G1 to G5.

    scan    looks only: ready, waiting, left alone, and sources of deposits already decided
    take    copies from one descriptor into ``var/originaux/<sha256>``, durable; the source stays
    finish  after the decision is committed and emitted: removes sources, each only if it is what was archived

A sender's name is data: it is shown, kept, compared, and never becomes a path of ours. Every folder on the way is opened by
descriptor without following links, so nobody can lead the run elsewhere (``_Folder``).
"""

import errno
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline import disk, names
from pipeline.halts import DiskHalt
from pipeline.ledger import Ledger, Source
from pipeline.looking import Clock, Looking
from pipeline.settings import Settings
from pipeline.workspace import Workspace

DEPTH = 20
"""Folders below an organisation's that are walked; deeper ones are said."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

MISSING = "Le dossier inbox/depots est absent. S'il est sur un partage, remontez-le ; sinon lancez `dsf init`."
EMPTY = (
    "inbox/depots ne contient rien alors que {n} organismes y ont déjà déposé : un montage vide n'est pas une boîte "
    "vide. Remontez le partage, ou recréez le dossier d'un organisme."
)


@dataclass(frozen=True)
class Arrival:
    """One file as it was seen. Paths hold undecodable bytes as surrogates. ``fichier`` is relative to the SIRET folder."""

    chemin: str  # relative to the workspace
    siret: str  # 14 digits
    fichier: str
    dev: int
    ino: int
    octets: int
    mtime_ns: int

    @property
    def identite(self) -> str:
        """The file itself, whatever its name."""
        return f"{self.dev}:{self.ino}"


@dataclass(frozen=True)
class Snapshot:
    """An arrival whose bytes are archived: ``original`` is ``var/originaux/<sha256>``."""

    arrival: Arrival
    sha256: str
    original: Path


Said = tuple[str, str]
"""(path relative to the workspace, why)."""


@dataclass(frozen=True)
class Scan:
    """What the inbox holds. ``ready`` in deposit order; ``decided``: sources of decided deposits, that ``finish`` removes."""

    ready: tuple[Arrival, ...] = ()
    waiting: tuple[Said, ...] = ()
    left: tuple[Said, ...] = ()
    decided: tuple[Arrival, ...] = ()


# --- walking ----------------------------------------------------------------------------------------------------------


@dataclass
class _Walk:
    """What one walk of the inbox gathers."""

    root: Path
    found: list[Arrival] = field(default_factory=list)
    waiting: list[Said] = field(default_factory=list)
    left: list[Said] = field(default_factory=list)

    def folder(self, handle: int, path: PurePosixPath, siret: str, inner: PurePosixPath, depth: int) -> None:
        """Everything under an open folder. ``siret`` "" means outside the folders of organisations."""
        try:
            entries = sorted(os.listdir(handle))
        except OSError:
            self.waiting.append((str(path), "dossier illisible pour le moment"))
            return
        for name in entries:
            self.entry(handle, path / name, siret, inner / name, depth, frozenset(entries))

    def entry(
        self, parent: int, path: PurePosixPath, siret: str, inner: PurePosixPath, depth: int, beside: frozenset[str]
    ) -> None:
        """One name in a folder: go into it, keep it, or say why not."""
        try:
            found = os.stat(path.name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return  # withdrawn since it was listed
        except OSError:
            self.waiting.append((str(path), "illisible pour le moment"))
            return
        if stat.S_ISDIR(found.st_mode):
            self.subfolder(parent, path, siret, inner, depth)
        elif path.name not in names.PLACEHOLDERS:
            self.file(parent, path, siret, inner, found, beside)

    def subfolder(self, parent: int, path: PurePosixPath, siret: str, inner: PurePosixPath, depth: int) -> None:
        why = names.left_alone(path.name) or ("dossier trop profond" if depth >= DEPTH else "")
        if why:
            self.left.append((str(path), why))
            return
        owner = names.depositor(path.name) if depth == 0 else ""
        with suppress(FileNotFoundError):
            try:
                handle = os.open(path.name, _FOLDER, dir_fd=parent)
            except FileNotFoundError:
                raise
            except OSError:
                self.waiting.append((str(path), "dossier illisible pour le moment"))
                return
            try:
                self.folder(handle, path, owner or siret, PurePosixPath() if owner else inner, depth + 1)
            finally:
                os.close(handle)

    def file(
        self,
        parent: int,
        path: PurePosixPath,
        siret: str,
        inner: PurePosixPath,
        found: os.stat_result,
        beside: frozenset[str],
    ) -> None:
        shown = str(path)
        if not stat.S_ISREG(found.st_mode):
            kind = "lien symbolique" if stat.S_ISLNK(found.st_mode) else "ni fichier ni dossier"
            self.left.append((shown, f"{kind} : seuls les fichiers ordinaires sont lus"))
        elif names.is_uploading(path.name):
            self.waiting.append((shown, "envoi en cours (nom provisoire)"))
        elif why := names.left_alone(path.name):
            self.left.append((shown, why))
        elif not siret:
            self.left.append((shown, "hors d'un dossier d'organisme (14 chiffres du SIRET, puis rien ou -libellé)"))
        elif _is_open_elsewhere(parent, path.name, beside):
            self.waiting.append((shown, "ouvert dans un tableur (fichier de verrou à côté)"))
        else:
            size, when = found.st_size, found.st_mtime_ns
            self.found.append(Arrival(shown, siret, str(inner), found.st_dev, found.st_ino, size, when))


def _is_open_elsewhere(parent: int, name: str, beside: frozenset[str]) -> bool:
    """Somebody's spreadsheet program holds the file, as its lock file says, unless that is older than a day."""
    for lock in names.locks_of(name):
        if lock not in beside or len(lock) < 4:
            continue
        with suppress(OSError):
            age = time.time() - os.stat(lock, dir_fd=parent, follow_symlinks=False).st_mtime
            return age < names.LOCK_HOLDS.total_seconds()
    return False


def _walk(workspace: Workspace, settings: Settings) -> _Walk:
    walk = _Walk(workspace.root)
    path = PurePosixPath(workspace.deposits.relative_to(workspace.root))
    try:
        # The folder of deposits itself may be a link to a mounted share: it is the operator's.
        handle = os.open(workspace.deposits, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise DiskHalt(MISSING) from None
    except OSError as error:
        raise DiskHalt(
            MISSING if error.errno == errno.ENOTDIR else f"inbox/depots est illisible ({error.strerror})."
        ) from None
    try:
        walk.folder(handle, path, settings.organisme, PurePosixPath(), 0)
    finally:
        os.close(handle)
    return walk


# --- scan -------------------------------------------------------------------------------------------------------------


def scan(workspace: Workspace, settings: Settings, ledger: Ledger, *, clock: Clock | None = None) -> Scan:
    """Look at the inbox twice, and say what is ready.

    A file is ready when two looks, at least ``delai_stabilite`` apart by our own clock, saw it the same; the first may be
    an earlier run's, else the remaining time is slept once for all. Raises ``DiskHalt`` for a missing or empty mount.
    """
    return _scan(workspace, settings, ledger, clock or Clock(), sleep=True)


def look(workspace: Workspace, settings: Settings, ledger: Ledger, *, clock: Clock | None = None) -> Scan:
    """What ``scan`` would say at once (`dsf status`): neither waits nor notes anything."""
    return _scan(workspace, settings, ledger, clock or Clock(), sleep=False)


def _scan(workspace: Workspace, settings: Settings, ledger: Ledger, clock: Clock, *, sleep: bool) -> Scan:
    walk = _walk(workspace, settings)
    _refuse_empty_mount(workspace, walk, ledger)
    decided = {(s.chemin, s.identite, s.octets, s.mtime_ns) for s in ledger.sources()}
    fresh: list[Arrival] = []
    over: list[Arrival] = []
    for arrival in walk.found:
        known = (arrival.chemin, arrival.identite, arrival.octets, arrival.mtime_ns) in decided
        (over if known else fresh).append(arrival)
    looking = Looking(ledger, settings.delai_stabilite, clock)
    ready, waiting = looking.settle(fresh, lambda a: _same(workspace, a), lambda a: _opened(workspace, a), sleep=sleep)
    return Scan(
        ready=tuple(sorted(ready, key=lambda a: (a.mtime_ns, a.chemin))),
        waiting=tuple(sorted(walk.waiting + waiting)),
        left=tuple(sorted(walk.left)),
        decided=tuple(over),
    )


def _refuse_empty_mount(workspace: Workspace, walk: _Walk, ledger: Ledger) -> None:
    if walk.found or walk.waiting or walk.left:
        return
    if not any(workspace.deposits.iterdir()) and (known := ledger.depositors()):
        raise DiskHalt(EMPTY.format(n=known))


# --- opening without following links ----------------------------------------------------------------------------------


@contextmanager
def _parent(workspace: Workspace, chemin: str) -> Iterator[tuple[int, str]]:
    """Descriptor of the folder that holds ``chemin``, reached without following a link, and the last name."""
    inside = PurePosixPath(chemin).relative_to(workspace.deposits.relative_to(workspace.root)).parts
    handle = os.open(workspace.deposits, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in inside[:-1]:
            below = os.open(part, _FOLDER, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle, inside[-1]
    finally:
        os.close(handle)


@contextmanager
def _opened(workspace: Workspace, arrival: Arrival) -> Iterator[int]:
    """Descriptor of the arrival's file; raises ``OSError`` when it is gone, changed, or no longer a plain file."""
    with _parent(workspace, arrival.chemin) as (folder, name):
        handle = os.open(name, _FILE, dir_fd=folder)
    try:
        if not _is(os.fstat(handle), arrival):
            raise FileNotFoundError(errno.ENOENT, "changed")
        yield handle
    finally:
        os.close(handle)


def _is(found: os.stat_result, seen: Arrival | Source) -> bool:
    identity = f"{found.st_dev}:{found.st_ino}"
    same = (identity, found.st_size, found.st_mtime_ns) == (seen.identite, seen.octets, seen.mtime_ns)
    return same and stat.S_ISREG(found.st_mode) and found.st_nlink > 0


def _same(workspace: Workspace, seen: Arrival | Source) -> bool:
    """The file is still at its place, and still what was seen."""
    try:
        with _parent(workspace, seen.chemin) as (folder, name):
            return _is(os.stat(name, dir_fd=folder, follow_symlinks=False), seen)
    except OSError:
        return False


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
        with _opened(workspace, arrival) as handle:
            sha = disk.copy(handle, draft, "originaux")
            still = _is(os.fstat(handle), arrival)
        still = still and _same(workspace, arrival)
    except OSError:
        still = False  # withdrawn, held by its sender, or a share that does not answer: the next run looks again
    if not still:
        disk.unlink(draft, "originaux")
        return None
    if _hash_of(workspace.originals / sha) == sha:
        disk.unlink(draft, "originaux")
        return None, sha
    return draft, sha


def _hash_of(path: Path) -> str:
    """SHA-256 of a file of ours, "" when it is not there."""
    try:
        with path.open("rb") as file:
            return disk.digest(file)
    except FileNotFoundError:
        return ""


def is_intact(snapshot: Snapshot) -> bool:
    """The archived original still has the bytes it is named after (reliability B17)."""
    return _hash_of(snapshot.original) == snapshot.sha256


# --- finish -----------------------------------------------------------------------------------------------------------


def finish(workspace: Workspace, ledger: Ledger) -> tuple[Said, ...]:
    """Remove from the inbox the sources of decided deposits; those that could not be removed, and why.

    Also what a run that was stopped had left: half copies, and sources of deposits decided then. A source that is still what
    was archived is removed without being taken again; one that is gone or has changed (a new arrival) is only marked.
    """
    for draft in sorted(workspace.originals.glob("*.tmp")):
        disk.unlink(draft, "originaux")
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
        with _parent(workspace, source.chemin) as (folder, name):
            handle = os.open(name, _FILE, dir_fd=folder)
            with os.fdopen(handle, "rb") as file:
                # Same size and time may still be other bytes (a copy that keeps times): nothing unarchived is removed.
                if not _is(os.fstat(handle), source) or disk.digest(file) != source.sha256:
                    return False
            if not original.exists():
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
