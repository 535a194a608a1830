"""From STAGED to PUBLISHED: emit what the ledger has recorded, and finish what an earlier run left.

Receivers may do as they like in their folders. A token whose place they have taken, or made unreachable, waits in the spool and
is said; the others leave.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline import disk, signals
from pipeline.bilingual import Text
from pipeline.disk import hash_of
from pipeline.errors import DiskHalt, StateHalt
from pipeline.ledger import Ledger, Publication
from pipeline.publishing import witness
from pipeline.publishing.spool import folder_sha256, replace_file
from pipeline.workspace import Workspace

DAMAGED = Text(
    "Un dossier prêt à être émis ({cible}) est abîmé : son contenu n'est plus celui que le registre a retenu. Rien n'a été émis. "
    "Restaurez var/spool depuis une sauvegarde, puis relancez la même commande.",
    "A folder that was ready to be emitted ({cible}) is damaged: its content is no longer what the ledger has noted. Nothing was "
    "emitted. Restore var/spool from a backup, then run the same command again.",
)

TAKEN = Text(
    "La place d'une DSF complémentaire à émettre (outbox/{cible}) est déjà prise par une autre du même numéro ; rien n'est "
    "jamais écrasé. Lancez `dsf verify`, déplacez ce qui s'y trouve, puis relancez la même commande.",
    "The place of a complementary DSF to be emitted (outbox/{cible}) is taken by another of the same number; nothing is ever "
    "written over. Run `dsf verify`, move away what is there, then run the same command again.",
)
WAITS = Text(
    "prêt à partir, mais {why} ; le prochain dsf run réessaie",
    "ready to leave, but {why}; the next dsf run tries again",
)
LINK = Text("est un lien symbolique", "is a symbolic link")
NO_FOLDER = Text("n'est pas un dossier", "is not a folder")
CLOSED = Text("est fermé au programme", "is closed to the program")
OCCUPIED = Text(
    "sa place est prise par autre chose : déplacez ce qui s'y trouve",
    "its place is taken by something else: move that away",
)
NOT_YET = Text("il n'a pas encore pu être émis", "it could not be emitted yet")

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
class Released:
    """What a release did. ``absents``: emitted earlier by a run that was stopped, and no longer (or never) in the outbox."""

    emis: tuple[str, ...] = ()
    absents: tuple[str, ...] = ()


def release(workspace: Workspace, ledger: Ledger) -> Released:
    """Emit every STAGED token whose place is free, in order; the others stay STAGED (``blocked`` says why).

    Raises ``StateHalt`` before anything is emitted for a damaged token; over a place that holds another complement.
    """
    with signals.shield():
        staged = ledger.staged()
        if not staged:
            return Released()
        for publication in staged:
            _check_whole(workspace, publication)
        witness.renew(workspace, ledger)
        emitted, absent, parents = _emit_all(workspace, staged)
        if _flushed(workspace, parents):
            ledger.published(p.id for p in emitted)
    gone = tuple(p.cible for p in absent if not _target(workspace, p).exists())
    return Released(tuple(p.cible for p in emitted), gone)


def blocked(workspace: Workspace, ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """What is STAGED and still in the spool after a release, with the reason; looks only."""
    return tuple(
        (f"outbox/{p.cible}", WAITS.fill(why=_obstacle(workspace, p)))
        for p in ledger.staged()
        if os.path.lexists(workspace.spool / p.nom)
    )


def put(workspace: Workspace, siret: str, name: str, data: bytes, fence: int) -> str:
    """Put one file into an organisation's own folder in one step, unless it is there as it is. Under the run lock.

    For what may be made again at any time (its template). Why it could not be, "" when it is there.
    """
    folder = workspace.outbox / siret
    target = folder / name
    try:
        with _theirs_blocked():
            disk.make_folder(folder, "outbox")
        if why := _unusable(folder, 0):
            return Text("{folder} {why}", "{folder} {why}").fill(folder=workspace.relative(folder), why=why)
        if target.is_dir():
            return OCCUPIED
        if hash_of(target) != hashlib.sha256(data).hexdigest():
            with _theirs_blocked():
                replace_file(workspace, target, data, fence)
    except _Blocked:
        return OCCUPIED
    return ""


def _emit_all(
    workspace: Workspace, staged: Iterable[Publication]
) -> tuple[list[Publication], list[Publication], list[Path]]:
    """Those that have left, those of them that had left before, and the folders above the places of all, parents first."""
    emitted, absent = [], []
    parents: dict[Path, None] = {}
    for publication in staged:
        try:
            if not _emit(workspace, publication, parents):
                absent.append(publication)
            emitted.append(publication)
        except _Blocked:
            continue
    return emitted, absent, sorted(parents, key=lambda path: (len(path.parts), path.parts))


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


def _check_whole(workspace: Workspace, publication: Publication) -> None:
    """The token is as the ledger knows it, or gone, which means emitted. Raises ``StateHalt`` when it is damaged."""
    try:
        with disk.refusals_as_halts("spool", FileNotFoundError):
            found = folder_sha256(workspace.spool / publication.nom)
    except FileNotFoundError:
        return
    if found != publication.sha256:
        raise StateHalt(DAMAGED.fill(cible=publication.cible))


def _emit(workspace: Workspace, publication: Publication, parents: dict[Path, None]) -> bool:
    """Rename one token into the outbox: the emission itself. False when it had happened already.

    ``parents``: folders that were made sure of; those above its place are added. Raises ``_Blocked``.
    """
    token, target = workspace.spool / publication.nom, _target(workspace, publication)
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


def _obstacle(workspace: Workspace, publication: Publication) -> str:
    """What keeps a token in the spool, as its place is now."""
    for number, folder in enumerate(_parents(workspace, publication)):
        if os.path.lexists(folder) and (why := _unusable(folder, number)):
            return Text("{folder} {why}", "{folder} {why}").fill(folder=workspace.relative(folder), why=why)
    if os.path.lexists(_target(workspace, publication)):
        return OCCUPIED
    return NOT_YET


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


def recover(workspace: Workspace, ledger: Ledger) -> Released:
    """Finish what an earlier run left: emit what is STAGED, then sweep what nothing refers to. Under the run lock."""
    done = release(workspace, ledger)
    fence, kept = ledger.fence, {publication.nom for publication in ledger.staged()}
    for entry in sorted(workspace.spool.iterdir()):
        # A slow run that lost its lock must not sweep the tokens of the one after it: those have a greater fence.
        if entry.name not in kept and _fence_of(entry.name) < fence:
            disk.remove_folder(entry, "spool") if entry.is_dir() else disk.unlink(entry, "spool")
    return done


def _fence_of(name: str) -> int:
    last = name.rpartition(".")[2]
    return int(last) if last.isascii() and last.isdigit() else 0
