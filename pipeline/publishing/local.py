"""The outbox as a folder of this machine: a token is renamed into it (the state table that heads this room).

Receivers may do as they like in their folders. A token whose place they have taken, or made unreachable, waits in the spool and
is said; the others leave.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.disk import hash_of
from pipeline.errors import DiskHalt, StateHalt
from pipeline.ledger import Publication
from pipeline.publishing import spool
from pipeline.publishing.place import CLOSED, LINK, MISSING, NO_FOLDER, NOT_YET, OCCUPIED, TAKEN, Emission
from pipeline.publishing.spool import folder_sha256, replace_file
from pipeline.workspace import Workspace

TWO_DEVICES = Text(
    "var/spool et outbox/ (ou l'un de ses dossiers) ne sont pas sur le même système de fichiers : rien n'y passerait d'un "
    "seul coup. Mettez var/ et toute l'outbox sur le même disque.",
    "var/spool and outbox/ (or one of its folders) are not on one file system: nothing would pass there in one step. Put var/ "
    "and all of the outbox on one disk.",
)

TRIES = 5

_THEIRS = frozenset(
    {
        *(errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.EXDEV),
        *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG),
    }
)
"""Refusals that a receiver can bring about in its own folder; all others are the machine's."""


class _Blocked(Exception):
    """A token cannot leave as its place is now."""


@dataclass(frozen=True)
class FolderOutbox:
    """The folder ``outbox/`` of a workspace, as a ``Outbox``."""

    workspace: Workspace

    def check(self) -> None:
        """It is there, on the file system of the spool, and takes a file durably. Raises ``DiskHalt``."""
        workspace = self.workspace
        if not workspace.outbox.is_dir():
            raise DiskHalt(MISSING.fill(where=workspace.relative(workspace.outbox)))
        device = workspace.spool.stat().st_dev
        inside = [folder for folder in workspace.outbox.iterdir() if folder.is_dir()]
        if any(folder.stat().st_dev != device for folder in (workspace.outbox, *inside)):
            raise DiskHalt(TWO_DEVICES)
        spool.probe(workspace.spool, workspace.outbox, "outbox")

    def emit(self, staged: Sequence[Publication]) -> Emission:
        """Rename each token into its place, in order."""
        emitted, absent = [], []
        parents: dict[Path, None] = {}
        for publication in staged:
            try:
                if not _emit(self.workspace, publication, parents):
                    absent.append(publication)
                emitted.append(publication)
            except _Blocked:
                continue
        parents_first = sorted(parents, key=lambda path: (len(path.parts), path.parts))
        return Emission(emitted, absent, durable=_flushed(self.workspace, parents_first))

    def obstacle(self, publication: Publication) -> str:
        """What keeps a token in the spool, as its place is now."""
        workspace = self.workspace
        for number, folder in enumerate(_parents(workspace, publication)):
            if os.path.lexists(folder) and (why := _unusable(folder, number)):
                return Text("{folder} {why}", "{folder} {why}").fill(folder=workspace.relative(folder), why=why)
        if os.path.lexists(_target(workspace, publication)):
            return OCCUPIED
        return NOT_YET

    def is_elsewhere(self, publication: Publication) -> bool:
        """No: the spool is on the file system of the outbox, so whoever reaches one has the other."""
        return False

    def holds(self, cible: str) -> bool:
        """Something stands there."""
        return (self.workspace.outbox / cible).exists()

    def sha256(self, cible: str) -> str:
        """``spool.folder_sha256`` of what stands there."""
        return folder_sha256(self.workspace.outbox / cible)

    def places(self, kinds: Sequence[str]) -> Iterator[str]:
        """Every ``<folder>/<kind>/<name>`` that stands there."""
        outbox = self.workspace.outbox
        for owner in sorted(outbox.iterdir()):
            for kind in kinds:
                yield from (str(path.relative_to(outbox)) for path in sorted(owner.glob(f"{kind}/*")))

    def read(self, name: str, most: int | None = None) -> bytes | None:
        """The bytes of a file; None when there is none."""
        try:
            with (self.workspace.outbox / name).open("rb") as file:
                return file.read(-1 if most is None else most)
        except FileNotFoundError:
            return None

    def replace(self, name: str, data: bytes, fence: int) -> None:
        """Put ``data`` there in one step, over what stands there."""
        replace_file(self.workspace, self.workspace.outbox / name, data, fence)

    def put(self, name: str, data: bytes, fence: int) -> str:
        """``replace`` in an organisation's own folder, unless it is there as it is; why it could not be, or ""."""
        target = self.workspace.outbox / name
        folder = target.parent
        try:
            with _theirs_blocked():
                disk.make_folder(folder, "outbox")
            if why := _unusable(folder, 0):
                return Text("{folder} {why}", "{folder} {why}").fill(folder=self.workspace.relative(folder), why=why)
            if target.is_dir():
                return OCCUPIED
            if hash_of(target) != hashlib.sha256(data).hexdigest():
                with _theirs_blocked():
                    replace_file(self.workspace, target, data, fence)
        except _Blocked:
            return OCCUPIED
        return ""

    def erase(self, publication: Publication) -> bool:
        """Remove a folder that was emitted, one level deep as it was."""
        target, above = _target(self.workspace, publication), _parents(self.workspace, publication)
        try:
            if any(_unusable(folder, number) for number, folder in enumerate(above)) or target.is_symlink():
                return not os.path.lexists(target)
            if folder_sha256(target) != publication.sha256:
                return False
            with _theirs_blocked():
                disk.remove_folder(target, "outbox")
        except FileNotFoundError:
            return True
        except (OSError, _Blocked):
            return False
        return True

    def sweep(self, kept: frozenset[str], fence: int) -> None:
        """Nothing: what was prepared lies in the spool."""


def _flushed(workspace: Workspace, parents: Iterable[Path]) -> bool:
    """Whether what has left is durably there; where a receiver has just taken a folder away, the next release asks again."""
    # Where things went before where they came from: a folder may not be forgotten by both.
    standing = [parent for parent in reversed(list(parents)) if parent.is_dir()]
    try:
        with _theirs_blocked():
            disk.flush([*standing, workspace.outbox, workspace.spool], "outbox")
    except _Blocked:
        return False
    return True


def _emit(workspace: Workspace, publication: Publication, parents: dict[Path, None]) -> bool:
    """Rename one token into the outbox: the emission itself. False when it had happened already.

    ``parents``: folders that were made sure of; those above its place are added. Raises ``_Blocked``.
    """
    token, target = workspace.spool / publication.nom, _target(workspace, publication)
    begun = workspace.spool / f"{publication.nom}{spool.BEGUN}"
    if os.path.lexists(begun):
        # Begun towards another outbox, on shared storage, or restored from a backup: whether it left is to be said first.
        if not _is_same(target, begun, publication):
            raise _Blocked
        disk.remove_folder(begun, "spool")
        return False
    above = _parents(workspace, publication)
    for _ in range(TRIES):
        if not os.path.lexists(token):
            parents.update(dict.fromkeys(path for number, path in enumerate(above) if not _unusable(path, number)))
            return False
        _make(above, parents)
        try:
            with _theirs_blocked():
                disk.rename_new(token, target, "outbox")
            return True
        except FileNotFoundError:
            # Already emitted, or somebody tidied the outbox just now: then the folders above the place are made anew.
            for path in above:
                parents.pop(path, None)
        except FileExistsError:
            if not _is_same(target, token, publication):
                _refuse_other_complement(target, publication)
                raise _Blocked from None
            disk.remove_folder(token, "spool")
            return False
    raise _Blocked


def _target(workspace: Workspace, publication: Publication) -> Path:
    return workspace.outbox / publication.cible


def _parents(workspace: Workspace, publication: Publication) -> list[Path]:
    """The folders between the outbox and the place of a token, parents first."""
    above = [parent for parent in PurePosixPath(publication.cible).parents if parent.parts]
    return [workspace.outbox / parent for parent in reversed(above)]


def _make(folders: Iterable[Path], made: dict[Path, None]) -> None:
    """Make sure of the folders that are not in ``made``, parents first."""
    for number, folder in enumerate(folders):
        if folder not in made:
            with _theirs_blocked():
                disk.make_folder(folder, "outbox")
            if _unusable(folder, number):
                raise _Blocked
            made[folder] = None


def _unusable(folder: Path, depth: int) -> str:
    """Why nothing can go into a folder of the outbox that is there, "" when it can. ``depth`` 0: an organisation's own.

    That one the operator may have laid elsewhere by a link; one further down is the receiver's, and leads anywhere.
    """
    if folder.is_symlink() and depth:
        return LINK
    if not folder.is_dir():
        return NO_FOLDER
    return "" if os.access(folder, os.R_OK | os.W_OK | os.X_OK) else CLOSED


@contextmanager
def _theirs_blocked() -> Iterator[None]:
    """Turn what a receiver can bring about into ``_Blocked``; what the machine refuses stays a halt."""
    try:
        yield
    except DiskHalt as halt:
        if halt.errno not in _THEIRS:
            raise
        raise _Blocked from None


def _is_same(target: Path, token: Path, publication: Publication) -> bool:
    """The target already holds this content (a rename half undone by a power loss)."""
    try:
        # Names and sizes first: whatever else a receiver may have put there is not opened.
        same = not target.is_symlink() and _outline(target) == _outline(token)
        return same and folder_sha256(target) == publication.sha256
    except OSError:
        return False


def _outline(folder: Path) -> list[tuple[str, int, int]]:
    seen = ((entry.name, entry.lstat()) for entry in folder.iterdir())
    return sorted((name, stat.S_IFMT(found.st_mode), found.st_size) for name, found in seen)


def _refuse_other_complement(target: Path, publication: Publication) -> None:
    """Raise ``StateHalt`` where a complement was issued under this number: by a ledger that ours knows nothing of."""
    if publication.genre == "dsf" and not target.is_symlink() and os.path.lexists(target / f"{target.name}.json"):
        raise StateHalt(TAKEN.fill(cible=publication.cible))
