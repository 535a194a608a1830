"""The witness ``outbox/.temoin.json``: which ledger the outbox belongs to, and how far that ledger had come when the outbox last
received something. A second one, ``var/temoin.json``, says the same beside the ledger. Source: reliability §0.8, C12, C13, H8.

A ledger restored from a backup, made anew, or of another installation contradicts it: every absence it has forgotten could be
completed again, so the run stops.
"""

import json
from dataclasses import asdict, dataclass

from pipeline.bilingual import Text
from pipeline.errors import StateHalt
from pipeline.ledger import Ledger
from pipeline.publishing.places import place_of
from pipeline.publishing.spool import replace_file
from pipeline.workspace import Workspace

_REPAIR = Text(
    "Continuer pourrait faire compléter deux fois une même absence. Restaurez le registre le plus récent (var/), "
    "ou l'outbox qui va avec, puis lancez `dsf verify`.",
    "To go on might complete one absence twice. Restore the most recent ledger (var/), or the outbox that belongs to it, then "
    "run `dsf verify`.",
)


UNREADABLE = Text("Le témoin {where} est illisible.", "The witness {where} cannot be read.").then(_REPAIR)


FOREIGN = Text(
    "L'outbox appartient à un autre registre (ou le registre a été recréé).",
    "The outbox belongs to another ledger (or the ledger was made anew).",
).then(_REPAIR)


BEHIND = Text(
    "Le registre est en retard sur l'outbox : il vient sans doute d'une sauvegarde ancienne.",
    "The ledger is behind the outbox: it comes from an old backup, no doubt.",
).then(_REPAIR)


DIVERGED = Text(
    "Le registre et l'outbox ne racontent pas la même histoire.", "Ledger and outbox do not tell the same story."
).then(_REPAIR)


SHARED = Text(
    "Ce registre a émis par une autre outbox que celle-ci. Si un autre espace de travail s'en sert, donnez à celui-ci un "
    "registre à lui (réglage ledger). Si cette outbox vient d'une sauvegarde, supprimez-y .temoin.json, puis lancez "
    "`dsf verify --renew-witness`.",
    "This ledger has issued through another outbox than this one. If another workspace uses it, give this one a ledger of its "
    "own (setting ledger). If this outbox comes from a backup, delete .temoin.json in it, then run `dsf verify --renew-witness`.",
)


ABSENT = Text(
    "Le témoin outbox/.temoin.json manque alors que {what}. Si l'outbox est sur un partage, remontez-le. "
    "S'il a été supprimé par mégarde et que registre et outbox vont bien ensemble : `dsf verify --renew-witness`.",
    "The witness outbox/.temoin.json is missing although {what}. If the outbox is on a share, mount it. If it was deleted by "
    "mistake, and ledger and outbox do belong together: `dsf verify --renew-witness`.",
).then(_REPAIR)
_HAS_ISSUED = Text("le registre a déjà émis", "the ledger has issued already")
_HAS_COMPLEMENTS = Text("l'outbox contient des DSF complémentaires", "the outbox holds complementary DSF")


NAME = ".temoin.json"
WHERE = f"outbox/{NAME}"


@dataclass(frozen=True)
class Witness:
    """What it says. ``seq``, ``sha256``: last link of the chain; ``publications``: how many things were ever to be emitted."""

    registre: str
    seq: int
    sha256: str
    publications: int


def check(workspace: Workspace, ledger: Ledger, *, create: bool = True) -> None:
    """Raise ``StateHalt`` unless the ledger is the outbox's own and knows all that the outbox ever received.

    ``create``: give a new workspace its first witnesses.
    """
    place = place_of(workspace)
    data = place.read(NAME)
    if data is not None:
        _check_one(data, WHERE, ledger)
        # It is brought up to date before anything leaves: nothing has ever left from here. (It may be behind for another reason
        # too: a run that was overtaken wrote what it had read before.)
        if not _read(data, WHERE).publications and ledger.last_published():
            raise StateHalt(SHARED)
    elif ledger.head().publications:
        raise StateHalt(ABSENT.fill(what=_HAS_ISSUED))
    elif any(True for _ in place.places(("dsf",))):
        raise StateHalt(ABSENT.fill(what=_HAS_COMPLEMENTS))
    check_second(workspace, ledger)
    if create and data is None:
        renew(workspace, ledger)  # before the first commit: from here on its absence is a fault


def check_second(workspace: Workspace, ledger: Ledger) -> None:
    """Raise ``StateHalt`` where the witness beside the ledger contradicts it; a workspace of an earlier version has none."""
    if workspace.second_witness.exists():
        _check_one(workspace.second_witness.read_bytes(), "var/temoin.json", ledger)


def _check_one(data: bytes, where: str, ledger: Ledger) -> None:
    compare(_read(data, where), ledger)


def compare(witness: Witness, ledger: Ledger) -> None:
    """Raise ``StateHalt`` unless the ledger is the one that the witness saw, and has come at least as far."""
    head = ledger.head()
    if witness.registre != ledger.uuid:
        raise StateHalt(FOREIGN)
    if witness.seq > head.seq or witness.publications > head.publications:
        raise StateHalt(BEHIND)
    if witness.seq and ledger.link_of(witness.seq) != witness.sha256:
        raise StateHalt(DIVERGED)


def stands(workspace: Workspace) -> bool:
    """The outbox has its witness."""
    return place_of(workspace).read(NAME) is not None


def read(workspace: Workspace) -> Witness:
    """What the outbox's says. Raises ``StateHalt`` when it is not what we wrote, or not there."""
    return _read(place_of(workspace).read(NAME) or b"", WHERE)


def _read(data: bytes, where: str) -> Witness:
    try:
        return Witness(**json.loads(data))
    except (ValueError, TypeError):
        raise StateHalt(UNREADABLE.fill(where=where)) from None


def of(ledger: Ledger) -> Witness:
    """The witness of the ledger as it is now."""
    head = ledger.head()
    return Witness(registre=ledger.uuid, seq=head.seq, sha256=head.sha, publications=head.publications)


def written(witness: Witness) -> bytes:
    """A witness as its file has it."""
    return json.dumps(asdict(witness), sort_keys=True, indent=1).encode() + b"\n"


def renew(workspace: Workspace, ledger: Ledger) -> None:
    """Bring both witnesses up to the ledger's head, each durably and in one step."""
    data = written(of(ledger))
    second, place = workspace.second_witness, place_of(workspace)
    if not second.exists() or second.read_bytes() != data:
        replace_file(workspace, second, data, ledger.fence)
    if place.read(NAME) != data:
        place.replace(NAME, data, ledger.fence)
