"""Walk the inbox and open what stands there, without ever following a link. Source: reliability G1 to G5.

Every folder on the way is opened by descriptor and told not to follow: whoever swaps a folder for a link between two looks leads
us nowhere. A name is data: it is kept, shown and compared, never made into a path of ours.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath

from pipeline.bilingual import Text
from pipeline.errors import DiskHalt
from pipeline.intake import names
from pipeline.intake.arrival import Arrival, Said, time_of
from pipeline.ledger import Source
from pipeline.settings import Settings
from pipeline.workspace import Workspace

DEPTH = 20
"""Folders below an organisation's that are walked; deeper ones are said."""

SECOND = 1_000_000_000
"""Nanoseconds."""

GIANT = 1_000_000_000
"""A file of more bytes (or of more than twice the limit of a deposit, where that is more) is never copied: it is said."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC  # may be a link to a mounted share: it is the operator's
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

MISSING = Text(
    "Le dossier inbox/depots est absent. Est-ce le bon espace de travail (-w) ? S'il est sur un partage, remontez-le ; sinon "
    "lancez `dsf init`.",
    "The folder inbox/depots is missing. Is this the right workspace (-w)? If it is on a share, mount it; else run `dsf init`.",
)
CLOSED = Text("inbox/depots est illisible ({why}).", "inbox/depots cannot be read ({why}).")
FOLDER_UNREADABLE = Text("dossier illisible pour le moment", "folder that cannot be read for now")
UNREADABLE = Text("illisible pour le moment", "cannot be read for now")
TOO_DEEP = Text("dossier trop profond", "folder too deep")
LINK = Text("lien symbolique : seuls les fichiers ordinaires sont lus", "symbolic link: only ordinary files are read")
STRANGE = Text(
    "ni fichier ni dossier : seuls les fichiers ordinaires sont lus",
    "neither file nor folder: only ordinary files are read",
)
UPLOADING = Text("envoi en cours (nom provisoire)", "on its way (provisional name)")
NOBODYS = Text(
    "hors d'un dossier d'organisme (14 chiffres du SIRET, puis rien ou -libellé)",
    "outside an organisation's folder (the 14 digits of its SIRET, then nothing or -label)",
)
SEVERAL_NAMES = Text(
    "fichier à plusieurs noms (lien physique) : déposez une copie", "file with several names (hard link): drop a copy"
)
TOO_LARGE = Text(
    "trop gros pour être archivé ({size} Mo) : retirez-le", "too large to be archived ({size} MB): take it away"
)
OPEN_ELSEWHERE = Text(
    "ouvert dans un tableur (fichier de verrou à côté)", "open in a spreadsheet program (lock file beside it)"
)


@dataclass
class Walk:
    """What one walk of the inbox gathers. ``largest``: bytes of a file that may be archived."""

    largest: int = GIANT
    found: list[Arrival] = field(default_factory=list)
    waiting: list[Said] = field(default_factory=list)
    left: list[Said] = field(default_factory=list)

    def folder(self, handle: int, path: PurePosixPath, siret: str, inner: PurePosixPath, depth: int) -> None:
        """Everything under an open folder. ``siret`` "" means outside the folders of organisations."""
        try:
            entries = sorted(os.listdir(handle))
        except OSError:
            self.waiting.append((str(path), FOLDER_UNREADABLE))
            return
        beside = frozenset(entries)
        for name in entries:
            self.entry(handle, path / name, siret, inner / name, depth, beside)

    def entry(
        self, parent: int, path: PurePosixPath, siret: str, inner: PurePosixPath, depth: int, beside: frozenset[str]
    ) -> None:
        """One name in a folder: go into it, keep it, or say why not."""
        try:
            found = os.stat(path.name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return  # withdrawn since it was listed
        except OSError:
            self.waiting.append((str(path), UNREADABLE))
            return
        if stat.S_ISDIR(found.st_mode):
            self.subfolder(parent, path, siret, inner, depth)
        elif path.name not in names.PLACEHOLDERS:
            self.file(parent, path, siret, inner, found, beside)

    def subfolder(self, parent: int, path: PurePosixPath, siret: str, inner: PurePosixPath, depth: int) -> None:
        """Go into a folder, or say why not."""
        why = names.left_alone(path.name) or (TOO_DEEP if depth >= DEPTH else "")
        if why:
            self.left.append((str(path), why))
            return
        owner = names.depositor(path.name) if depth == 0 else ""
        if depth == 0 and names.is_slip(path.name):
            siret = ""  # whose it was meant to be nobody can tell: not the setting's either
        with suppress(FileNotFoundError):
            try:
                handle = os.open(path.name, _FOLDER, dir_fd=parent)
            except FileNotFoundError:
                raise
            except OSError:
                self.waiting.append((str(path), FOLDER_UNREADABLE))
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
        """Keep a file as found, or say why it waits or is left alone."""
        plain = "" if stat.S_ISREG(found.st_mode) else LINK if stat.S_ISLNK(found.st_mode) else STRANGE
        held = partial(_is_open_elsewhere, parent, path.name, beside)
        if self.takes(path, siret, found.st_size, held, strange=plain, links=found.st_nlink):
            self.found.append(Arrival.of(str(path), siret, str(inner), found))

    def takes(
        self,
        path: PurePosixPath,
        siret: str,
        size: int,
        held: Callable[[], bool],
        *,
        strange: str = "",
        links: int = 1,
    ) -> bool:
        """Whether a file may be a deposit; if not, it is said. ``strange``: why it is none whatever its name.

        ``held``: somebody's spreadsheet program has it open. ``links``: how many names it has.
        """
        shown = str(path)
        if strange:
            self.left.append((shown, strange))
        elif names.is_uploading(path.name):
            self.waiting.append((shown, UPLOADING))
        elif why := names.left_alone(path.name):
            self.left.append((shown, why))
        elif not siret:
            self.left.append((shown, NOBODYS))
        elif links > 1:
            self.left.append((shown, SEVERAL_NAMES))
        elif size > self.largest:
            self.left.append((shown, TOO_LARGE.fill(size=size // 1_000_000)))
        elif held():
            self.waiting.append((shown, OPEN_ELSEWHERE))
        else:
            return True
        return False


def _is_open_elsewhere(parent: int, name: str, beside: frozenset[str]) -> bool:
    """Somebody's spreadsheet program holds the file, as its lock file says, unless that is older than a day."""
    for lock in names.locks_of(name):
        if lock not in beside or len(lock) < 4:
            continue
        with suppress(OSError):
            return holds(os.stat(lock, dir_fd=parent, follow_symlinks=False).st_mtime)
    return False


def holds(written: float) -> bool:
    """A lock file of that time (seconds) is not a day old: its program may still be there."""
    return time.time() - written < names.LOCK_HOLDS.total_seconds()


def largest(settings: Settings) -> int:
    """Bytes of a file that may be archived: more than a deposit may have, for its sender is to get a report; not any number."""
    return max(GIANT, 2 * settings.limites.octets)


def walk(workspace: Workspace, settings: Settings) -> Walk:
    """Look at everything under ``inbox/depots/`` once. Raises ``DiskHalt`` when that folder cannot be read."""
    seen = Walk(largest=largest(settings))
    path = PurePosixPath(workspace.deposits.relative_to(workspace.root))
    try:
        handle = os.open(workspace.deposits, _ROOT)
    except FileNotFoundError:
        raise DiskHalt(MISSING) from None
    except OSError as error:
        raise DiskHalt(MISSING if error.errno == errno.ENOTDIR else CLOSED.fill(why=error.strerror)) from None
    try:
        seen.folder(handle, path, settings.organisme, PurePosixPath(), 0)
    finally:
        os.close(handle)
    return seen


# --- opening without following links ----------------------------------------------------------------------------------


@contextmanager
def parent(workspace: Workspace, chemin: str) -> Iterator[tuple[int, str]]:
    """Descriptor of the folder that holds ``chemin``, reached without following a link, and the last name."""
    inside = PurePosixPath(chemin).relative_to(workspace.deposits.relative_to(workspace.root)).parts
    handle = os.open(workspace.deposits, _ROOT)
    try:
        for part in inside[:-1]:
            below = os.open(part, _FOLDER, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle, inside[-1]
    finally:
        os.close(handle)


@contextmanager
def opened(workspace: Workspace, arrival: Arrival) -> Iterator[int]:
    """Descriptor of the arrival's file; raises ``OSError`` when it is gone, changed, or no longer a plain file."""
    with parent(workspace, arrival.chemin) as (folder, name):
        handle = os.open(name, FILE, dir_fd=folder)
    try:
        if not is_still(os.fstat(handle), arrival):
            raise FileNotFoundError(errno.ENOENT, "changed")
        yield handle
    finally:
        os.close(handle)


def is_still(found: os.stat_result, seen: Arrival | Source) -> bool:
    """Whether ``found`` is the file that was seen: same inode, size and time, a plain file of one name."""
    identity = f"{found.st_dev}:{found.st_ino}"
    same = (identity, found.st_size, time_of(found)) == (seen.identite, seen.octets, seen.mtime_ns)
    return same and stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def same(workspace: Workspace, seen: Arrival | Source) -> bool:
    """The file is still at its place, and still what was seen."""
    try:
        with parent(workspace, seen.chemin) as (folder, name):
            return is_still(os.stat(name, dir_fd=folder, follow_symlinks=False), seen)
    except OSError:
        return False
