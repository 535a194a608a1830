"""From STAGED to PUBLISHED: emit what the ledger has recorded, and finish what an earlier run left. Wherever the outbox lies."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline import disk, signals
from pipeline.bilingual import Text
from pipeline.errors import StateHalt
from pipeline.ledger import Ledger, Publication
from pipeline.publishing import spool, witness
from pipeline.publishing.place import Outbox
from pipeline.publishing.places import place_of
from pipeline.publishing.spool import folder_sha256
from pipeline.workspace import Workspace

DAMAGED = Text(
    "Un dossier prêt à être émis ({cible}) est abîmé : son contenu n'est plus celui que le registre a retenu. Rien n'a été émis. "
    "Restaurez var/spool depuis une sauvegarde, puis relancez la même commande.",
    "A folder that was ready to be emitted ({cible}) is damaged: its content is no longer what the ledger has noted. Nothing was "
    "emitted. Restore var/spool from a backup, then run the same command again.",
)

WAITS = Text(
    "prêt à partir, mais {why} ; le prochain dsf run réessaie",
    "ready to leave, but {why}; the next dsf run tries again",
)
DOUBT = Text(
    "on ne sait pas s'il est parti : sa place est vide, et la réponse du stockage s'est perdue, ou var/ a été restauré. Demandez "
    "à qui le reçoit. Jamais reçu : dsf run --retry outbox/{cible}. Reçu : notez sa saisie (dsf entered), il sera tenu pour émis",
    "nobody knows whether it has left: its place is empty, and the answer of the storage was lost, or var/ was restored. Ask who "
    "receives it. If it was never received: dsf run --retry outbox/{cible}. If it was: note that it is typed (dsf entered), "
    "which counts as emitted",
)
DOUBT_RETURN = Text(
    "on ne sait pas s'il est parti : sa place est vide, et la réponse du stockage s'est perdue. L'émettre une seconde fois ne "
    "fait pas de mal : dsf run --retry outbox/{cible}",
    "nobody knows whether it has left: its place is empty, and the answer of the storage was lost. To emit it again does no "
    "harm: dsf run --retry outbox/{cible}",
)


ELSEWHERE = Text(
    "préparé sur une autre machine, ou avant une restauration de var/, et pas dans l'outbox : relancez dsf run là où il a été "
    "préparé. Sinon dsf reissue l'écrit sans l'émettre",
    "prepared on another machine, or before var/ was restored, and not in the outbox: run dsf run where it was prepared. "
    "Failing that, dsf reissue writes it without emitting it",
)


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
        _settle_typed(workspace, ledger, staged)
        witness.renew(workspace, ledger)
        place = place_of(workspace)
        done = place.emit(staged)
        if done.durable:
            ledger.published(p.id for p in done.emitted)
            spool.forget(workspace, (p.nom for p in ledger.staged()), ledger.fence)
    gone = tuple(p.cible for p in done.absent if not place.holds(p.cible))
    return Released(tuple(p.cible for p in done.emitted), gone)


def _settle_typed(workspace: Workspace, ledger: Ledger, staged: Iterable[Publication]) -> None:
    """A complement in doubt that was typed into Kairos since has been received: its token goes, as that of any that has left."""
    for publication in staged:
        if publication.genre == "dsf" and spool.is_begun(workspace, publication.nom):
            name = PurePosixPath(publication.cible).name
            payload = json.loads((spool.standing(workspace, publication.nom) / f"{name}.json").read_bytes())
            known = ledger.follow(payload["numero"])
            if known and known.saisie_le:
                spool.left(workspace, [publication.nom])


def blocked(workspace: Workspace, ledger: Ledger) -> tuple[tuple[str, str], ...]:
    """What is STAGED and still waits after a release, in this spool or another's, with the reason; looks only."""
    place = place_of(workspace)
    found = []
    for publication in ledger.staged():
        if os.path.lexists(spool.standing(workspace, publication.nom)):
            found.append((f"outbox/{publication.cible}", _waits(workspace, place, publication)))
        elif place.is_elsewhere(publication):
            found.append((f"outbox/{publication.cible}", ELSEWHERE))
    return tuple(found)


def _waits(workspace: Workspace, place: Outbox, publication: Publication) -> str:
    if spool.is_begun(workspace, publication.nom):
        said = DOUBT if publication.genre == "dsf" else DOUBT_RETURN
        return said.fill(cible=publication.cible)
    return WAITS.fill(why=place.obstacle(publication))


def in_doubt(workspace: Workspace, ledger: Ledger) -> dict[str, Publication]:
    """Those of which nobody knows whether they have left, by their place."""
    return {f"outbox/{p.cible}": p for p in ledger.staged() if spool.is_begun(workspace, p.nom)}


def try_again(workspace: Workspace, ledger: Ledger, places: Iterable[str]) -> None:
    """Somebody says that these never arrived: the next release emits them. Under the run lock."""
    doubtful = in_doubt(workspace, ledger)
    for nom in [doubtful[place].nom for place in places if place in doubtful]:
        spool.not_begun(workspace, nom)


def put(workspace: Workspace, siret: str, name: str, data: bytes, fence: int) -> str:
    """Put one file into an organisation's own folder in one step, unless it is there as it is. Under the run lock.

    For what may be made again at any time (its template). Why it could not be, "" when it is there.
    """
    return place_of(workspace).put(f"{siret}/{name}", data, fence)


def _check_whole(workspace: Workspace, publication: Publication) -> None:
    """The token is as the ledger knows it, or gone, which means emitted. Raises ``StateHalt`` when it is damaged."""
    try:
        with disk.refusals_as_halts("spool", FileNotFoundError):
            found = folder_sha256(spool.standing(workspace, publication.nom))
    except FileNotFoundError:
        return
    if found != publication.sha256:
        raise StateHalt(DAMAGED.fill(cible=publication.cible))


def recover(workspace: Workspace, ledger: Ledger) -> Released:
    """Finish what an earlier run left: emit what is STAGED, then sweep what nothing refers to. Under the run lock."""
    done = release(workspace, ledger)
    fence, kept = ledger.fence, frozenset(publication.nom for publication in ledger.staged())
    for entry in sorted(workspace.spool.iterdir()):
        # A slow run that lost its lock must not sweep the tokens of the one after it: those have a greater fence.
        if (
            not entry.name.startswith(spool.HERE)
            and entry.name.removesuffix(spool.BEGUN) not in kept
            and spool.fence_of(entry.name) < fence
        ):
            disk.remove_folder(entry, "spool") if entry.is_dir() else disk.unlink(entry, "spool")
    place_of(workspace).sweep(kept, fence)
    return done
