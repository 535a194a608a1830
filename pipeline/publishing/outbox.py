"""From STAGED to PUBLISHED: emit what the ledger has recorded, and finish what an earlier run left."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline import disk, signals
from pipeline.errors import AGAIN, StateHalt
from pipeline.ledger import Ledger, Publication
from pipeline.publishing import witness
from pipeline.publishing.spool import folder_sha256
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


def release(workspace: Workspace, ledger: Ledger) -> Released:
    """Emit every STAGED token, in order. Raises ``StateHalt`` before anything is emitted, or over a place that is taken."""
    with signals.shield():
        staged = ledger.staged()
        if not staged:
            return Released()
        waiting = [p for p in staged if _is_whole(workspace, p)]
        witness.renew(workspace, ledger)
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
    """Whether the token is there, as the ledger knows it; gone means emitted. Raises ``StateHalt`` when it is damaged."""
    try:
        with disk.refusals_as_halts("spool", FileNotFoundError):
            found = folder_sha256(workspace.spool / publication.nom)
    except FileNotFoundError:
        return False
    if found != publication.sha256:
        raise StateHalt(DAMAGED.format(cible=publication.cible))
    return True


def _emit(workspace: Workspace, publication: Publication) -> bool:
    """Rename one token into the outbox: the emission itself. False when it had happened already."""
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
    """The target already holds this content (a rename half undone by a power loss)."""
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
