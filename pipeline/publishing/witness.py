"""The witness ``outbox/.temoin.json``: which ledger the outbox belongs to, and how far that ledger had come when the outbox last
received something. Source: reliability §0.8, C12, C13.

A ledger restored from a backup, made anew, or of another installation contradicts it: every absence it has forgotten could be
completed again, so the run stops.
"""

import json
from dataclasses import asdict, dataclass

from pipeline.errors import StateHalt
from pipeline.ledger import Ledger
from pipeline.publishing.spool import replace_file
from pipeline.workspace import Workspace

_REPAIR = (
    "Continuer pourrait faire compléter deux fois une même absence. Restaurez le registre le plus récent (var/), "
    "ou l'outbox qui va avec, puis lancez `dsf verify`."
)


UNREADABLE = "Le témoin outbox/.temoin.json est illisible. " + _REPAIR


FOREIGN = "L'outbox appartient à un autre registre (ou le registre a été recréé). " + _REPAIR


BEHIND = "Le registre est en retard sur l'outbox : il vient sans doute d'une sauvegarde ancienne. " + _REPAIR


DIVERGED = "Le registre et l'outbox ne racontent pas la même histoire. " + _REPAIR


ABSENT = (
    "Le témoin outbox/.temoin.json manque alors que {what}. Si l'outbox est sur un partage, remontez-le. "
    "S'il a été supprimé par mégarde et que registre et outbox vont bien ensemble : `dsf verify --renew-witness`. "
    + _REPAIR
)


@dataclass(frozen=True)
class Witness:
    """What it says. ``seq``, ``sha256``: last link of the chain; ``publications``: how many things were ever to be emitted."""

    registre: str
    seq: int
    sha256: str
    publications: int


def check(workspace: Workspace, ledger: Ledger, *, create: bool = True) -> None:
    """Raise ``StateHalt`` unless the ledger is the outbox's own and knows all that the outbox ever received.

    ``create``: give a new workspace its first witness.
    """
    head = ledger.head()
    if not workspace.witness.exists():
        if head.publications:
            raise StateHalt(ABSENT.format(what="le registre a déjà émis"))
        if any(workspace.outbox.glob("*/dsf/*")):
            raise StateHalt(ABSENT.format(what="l'outbox contient des DSF complémentaires"))
        if create:
            renew(workspace, ledger)  # before the first commit: from here on its absence is a fault
        return
    witness = read(workspace)
    if witness.registre != ledger.uuid:
        raise StateHalt(FOREIGN)
    if witness.seq > head.seq or witness.publications > head.publications:
        raise StateHalt(BEHIND)
    if witness.seq and ledger.link_of(witness.seq) != witness.sha256:
        raise StateHalt(DIVERGED)


def read(workspace: Workspace) -> Witness:
    """Raises ``StateHalt`` when it is not what we wrote."""
    try:
        return Witness(**json.loads(workspace.witness.read_bytes()))
    except (ValueError, TypeError):
        raise StateHalt(UNREADABLE) from None


def renew(workspace: Workspace, ledger: Ledger) -> None:
    """Bring the witness up to the ledger's head, durably and in one step."""
    head = ledger.head()
    witness = Witness(registre=ledger.uuid, seq=head.seq, sha256=head.sha, publications=head.publications)
    data = json.dumps(asdict(witness), sort_keys=True, indent=1).encode() + b"\n"
    if not workspace.witness.exists() or workspace.witness.read_bytes() != data:
        replace_file(workspace, workspace.witness, data, ledger.fence)
