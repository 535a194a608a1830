"""From the spool to the outbox, exactly once. Source: reliability §3.3, fitted to waves (docs/architecture.md).

The spool is private and on the file system of the outbox. A *token* is a folder in the spool whose name ends with the fence of
the run that wrote it. **Moving it into the outbox is its emission**: one rename of one folder, which can happen once. So, for
a token the ledger knows, its absence proves that it was emitted, whether or not the receiver has taken it away since.

    state of a folder        how it is known                         what leads on               killed right after → next run
    ─────────────────        ───────────────                         ─────────────               ─────────────────────────────
    PLANNED                  nowhere                                 stage: write, flush         garbage: swept
    WRITTEN                  token in the spool, not in the ledger   ledger.commit               garbage: swept (older fence)
    STAGED                   ledger says STAGED, token in the spool  witness, then rename        renamed now
    EMITTED                  ledger says STAGED, token gone          flush both folders, mark    marked now; nothing is written
    PUBLISHED                ledger says PUBLISHED                   the end                     nothing to do

    and what stops everything (StateHalt, nothing is overwritten):
    DAMAGED                  token there, other content than the ledger's hash
    TAKEN                    token there, its place in the outbox taken by other content

The witness beside the outbox is brought up to date *before* the renames, so that no receiver ever holds a folder the witness does
not know (see ``guards``). Many tokens share each step: verify all, one witness, rename all, one flush, one transaction.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline import disk, signals
from pipeline.errors import AGAIN, StateHalt
from pipeline.ledger import Ledger, Publication
from pipeline.ledger.records import Folder, Token
from pipeline.publishing import preflight
from pipeline.workspace import Workspace

DAMAGED = (
    "Un dossier prêt à être émis ({cible}) est abîmé : son contenu n'est plus celui que le registre a retenu. Rien n'a été émis. "
    "Restaurez var/spool depuis une sauvegarde, puis relancez la même commande."
)
TAKEN = (
    "La place d'un dossier à émettre (outbox/{cible}) est déjà prise par autre chose ; rien n'est jamais écrasé. "
    "Déplacez ce qui s'y trouve, puis relancez la même commande."
)


TIDIED = "Les dossiers de l'outbox sont effacés à mesure qu'ils sont créés. Arrêtez ce qui le fait. " + AGAIN

TRIES = 5


@dataclass(frozen=True)
class Released:
    """What a release did. ``absents``: emitted earlier by a run that was stopped, and no longer (or never) in the outbox."""

    emis: tuple[str, ...] = ()
    absents: tuple[str, ...] = ()


# --- PLANNED → WRITTEN ------------------------------------------------------------------------------------------------


def stage(workspace: Workspace, folder: Folder, fence: int | str) -> Token:
    """Write one folder into the spool, durably. ``fence``: ``ledger.fence``."""
    token = write(workspace, folder, fence)
    harden(workspace, [token])
    return token


def write(workspace: Workspace, folder: Folder, fence: int | str) -> Token:
    """Write one folder into the spool, not yet durably: ``harden`` before the commit. Any process may do it."""
    _check_target(folder.cible)
    token = Token(folder.genre, folder.cible, _name(folder.cible, fence), content_sha256(folder.fichiers.items()))
    place = workspace.spool / token.nom
    if not disk.make_folder(place, "spool"):
        # Only the run that holds this fence writes such a name: what stands here is its own first try.
        disk.remove_folder(place, "spool")
        disk.make_folder(place, "spool")
    for name, data in sorted(folder.fichiers.items()):
        disk.write_new(place / _plain(name), data, "spool")
    return token


def harden(workspace: Workspace, tokens: Sequence[Token]) -> None:
    """Make tokens durable, files first, then their folders, then the spool: from here on a commit may refer to them."""
    places = [workspace.spool / token.nom for token in tokens]
    with disk.said("spool"):
        files = [entry for place in places for entry in sorted(place.iterdir())]
    if tokens:
        disk.flush([*files, *places, workspace.spool], "spool")


def content_sha256(files: Iterable[tuple[str, bytes]]) -> str:
    """Over the sorted (sha256, name) of the files: the same for the same names and bytes, and for no others."""
    lines = sorted(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def folder_sha256(place: Path) -> str:
    """``content_sha256`` of a folder on disk; raises ``FileNotFoundError`` when it is gone."""
    return content_sha256((entry.name, entry.read_bytes()) for entry in place.iterdir())


def _name(cible: str, fence: int | str) -> str:
    """A name that says what it is to ``ls``, is unique to the target and the fence, and is short whatever the target."""
    return f"{PurePosixPath(cible).name[:80]}.{hashlib.sha256(cible.encode()).hexdigest()[:12]}.{fence}"


def _check_target(cible: str) -> None:
    path = PurePosixPath(cible)
    if path.is_absolute() or not path.parts or any(part.startswith(".") or "\\" in part for part in path.parts):
        raise ValueError("a target must be a plain path inside the outbox")


def _plain(name: str) -> str:
    if not name or name.startswith(".") or "/" in name or "\\" in name:
        raise ValueError("a file of a folder must have a plain name")
    return name


# --- STAGED → EMITTED → PUBLISHED -------------------------------------------------------------------------------------


def release(workspace: Workspace, ledger: Ledger) -> Released:
    """Emit every STAGED token, in order. Raises ``StateHalt`` before anything is emitted, or over a place that is taken."""
    with signals.shield():
        staged = ledger.staged()
        if not staged:
            return Released()
        waiting = [p for p in staged if _is_whole(workspace, p)]
        preflight.renew_witness(workspace, ledger)
        parents = _parents(workspace, waiting)
        for parent in parents:
            disk.make_folder(parent, "outbox")
        absent = [p for p in staged if not _emit(workspace, p)]
        # Where things went before where they came from: a folder may not be forgotten by both.
        standing = [parent for parent in reversed(parents) if parent.is_dir()]
        disk.flush([*standing, workspace.outbox, workspace.spool], "outbox")
        ledger.published(p.id for p in staged)
    gone = tuple(p.cible for p in absent if not _target(workspace, p).exists())
    return Released(tuple(p.cible for p in staged), gone)


def _is_whole(workspace: Workspace, publication: Publication) -> bool:
    """True: the token is there, as the ledger knows it. False: it is gone, so it was emitted."""
    try:
        with disk.said("spool", FileNotFoundError):
            found = folder_sha256(workspace.spool / publication.nom)
    except FileNotFoundError:
        return False
    if found != publication.sha256:
        raise StateHalt(DAMAGED.format(cible=publication.cible))
    return True


def _emit(workspace: Workspace, publication: Publication) -> bool:
    """The emission itself. False: it had happened already."""
    token, target = workspace.spool / publication.nom, workspace.outbox / publication.cible
    for _ in range(TRIES):
        try:
            disk.rename_new(token, target, "outbox")
        except FileNotFoundError:
            if not os.path.lexists(token):
                return False
            # The token is there, so what is missing is the folder above its target: somebody tidied the outbox just now.
            for parent in _parents(workspace, [publication]):
                disk.make_folder(parent, "outbox")
        except FileExistsError:
            if not _is_ours(target, publication):
                raise StateHalt(TAKEN.format(cible=publication.cible)) from None
            disk.remove_folder(token, "spool")
            return False
        else:
            return True
    raise StateHalt(TIDIED)


def _is_ours(target: Path, publication: Publication) -> bool:
    """The very folder stands there already: a loss of power kept its new place and brought back the old one."""
    try:
        return folder_sha256(target) == publication.sha256
    except OSError:
        return False


def _parents(workspace: Workspace, publications: Iterable[Publication]) -> list[Path]:
    """The folders between the outbox and the targets, parents first."""
    wanted = {parent for p in publications for parent in PurePosixPath(p.cible).parents if parent.parts}
    return [workspace.outbox / parent for parent in sorted(wanted, key=lambda path: (len(path.parts), path.parts))]


def _target(workspace: Workspace, publication: Publication) -> Path:
    return workspace.outbox / publication.cible


# --- after a crash ----------------------------------------------------------------------------------------------------


def recover(workspace: Workspace, ledger: Ledger) -> Released:
    """Finish what an earlier run left: emit what is STAGED, then sweep what nothing refers to. Under the run lock."""
    done = release(workspace, ledger)
    fence = ledger.fence
    for entry in sorted(workspace.spool.iterdir()):
        # A slow run that lost its lock must not sweep the tokens of the one after it: those have a greater fence.
        if _fence_of(entry.name) < fence:
            disk.remove_folder(entry, "spool") if entry.is_dir() else disk.unlink(entry, "spool")
    return done


def _fence_of(name: str) -> int:
    last = name.rpartition(".")[2]
    return int(last) if last.isascii() and last.isdigit() else 0


def replace(workspace: Workspace, path: Path, data: bytes, fence: int | str) -> None:
    """Put ``data`` at ``path`` in the outbox in one step: for what is no emission (``rapports/index.html``)."""
    preflight.replace_file(workspace, path, data, fence)
