"""What must hold before anything is decided. Source: reliability §3.1 (start of every run), B6, B10, B16, B18, C11 to C13.

The witness ``outbox/.temoin.json`` says which ledger the outbox belongs to and how far that ledger had come when the outbox
last received something. A ledger restored from a backup, made anew, or of another installation contradicts it: every absence it
has forgotten could be completed again, so the run stops.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline import disk, signals
from pipeline.errors import Busy, DiskHalt, StateHalt
from pipeline.ledger import Ledger
from pipeline.workspace import Workspace

BUSY = "Une autre exécution est en cours dans cet espace de travail : attendez qu'elle se termine, puis relancez."
TWO_DEVICES = (
    "var/spool et outbox/ (ou l'un de ses dossiers) ne sont pas sur le même système de fichiers : rien n'y passerait d'un "
    "seul coup. Mettez var/ et toute l'outbox sur le même disque."
)
MISSING = (
    "Le dossier {where} est absent. S'il est sur un partage ou un disque, remontez-le ; "
    "pour un espace de travail neuf, lancez `dsf init`."
)
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


# --- the run lock -----------------------------------------------------------------------------------------------------


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace for one run; raises ``Busy`` (exit 5) when another holds it. The system frees it at death.

    Inside, SIGTERM and SIGINT are obeyed as ``stops`` says, and whatever the system refuses is a ``DiskHalt``.
    """
    with disk.said("verrou"):
        workspace.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(workspace.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, disk.FILE_MODE)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(BUSY) from None
        with disk.said("espace de travail"), signals.obeyed():
            yield
    finally:
        os.close(handle)


# --- folders ----------------------------------------------------------------------------------------------------------


def check_folders(workspace: Workspace) -> None:
    """Folders there, private ones closed to others, one file system, and each one really takes a file durably.

    The probe writes, flushes and renames before any decision is made: a full or read-only disk stops the run while nothing
    has happened. Raises ``DiskHalt``.
    """
    for folder in (workspace.deposits, workspace.outbox):
        if not folder.is_dir():
            raise DiskHalt(MISSING.format(where=folder.relative_to(workspace.root)))
    with disk.said("var"):
        workspace.create()
    for private in (workspace.var, workspace.spool, workspace.originals):
        if private.stat().st_mode & 0o077:
            with disk.said("var"):
                private.chmod(0o700)
    device = workspace.spool.stat().st_dev
    inside = [folder for folder in workspace.outbox.iterdir() if folder.is_dir()]
    if any(folder.stat().st_dev != device for folder in (workspace.outbox, *inside)):
        raise DiskHalt(TWO_DEVICES)
    _probe(workspace.spool, workspace.outbox, "outbox")
    _probe(workspace.originals, workspace.originals, "originaux")


def _probe(first: Path, then: Path, label: str) -> None:
    """Write here, flush, rename to there, remove. The name says it is ours, and starts with a dot."""
    source, target = first / f".essai.{os.getpid()}.0", then / f".essai.{os.getpid()}.1"
    try:
        for old in (source, target):
            disk.unlink(old, label)
        disk.write_new(source, b"essai\n" * 700, label)
        disk.flush([source], label)
        disk.rename(source, target, label)
        disk.flush([then], label)
        disk.unlink(target, label)
    except BaseException:
        for left in (source, target):
            if left.exists():
                left.unlink()
        raise


# --- the witness ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Witness:
    """``seq``, ``sha256``: last link of the chain; ``publications``: how many things were ever to be emitted."""

    registre: str
    seq: int
    sha256: str
    publications: int


def check_witness(workspace: Workspace, ledger: Ledger, *, create: bool = True) -> None:
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
            renew_witness(workspace, ledger)  # before the first commit: from here on its absence is a fault
        return
    witness = read_witness(workspace)
    if witness.registre != ledger.uuid:
        raise StateHalt(FOREIGN)
    if witness.seq > head.seq or witness.publications > head.publications:
        raise StateHalt(BEHIND)
    if witness.seq and ledger.link_of(witness.seq) != witness.sha256:
        raise StateHalt(DIVERGED)


def read_witness(workspace: Workspace) -> Witness:
    """Raises ``StateHalt`` when it is not what we wrote."""
    try:
        return Witness(**json.loads(workspace.witness.read_bytes()))
    except (ValueError, TypeError):
        raise StateHalt(UNREADABLE) from None


def renew_witness(workspace: Workspace, ledger: Ledger) -> None:
    """Bring the witness up to the ledger's head, durably and in one step."""
    head = ledger.head()
    witness = Witness(registre=ledger.uuid, seq=head.seq, sha256=head.sha, publications=head.publications)
    data = json.dumps(asdict(witness), sort_keys=True, indent=1).encode() + b"\n"
    if not workspace.witness.exists() or workspace.witness.read_bytes() != data:
        replace_file(workspace, workspace.witness, data, ledger.fence)


def replace_file(workspace: Workspace, path: Path, data: bytes, fence: int | str) -> None:
    """Write in the spool, flush, rename over ``path``: the outbox never shows half of it."""
    draft = workspace.spool / f"{path.name.lstrip('.')}.{os.getpid()}.{fence}"
    disk.unlink(draft, "remplacement")
    disk.write_new(draft, data, "remplacement")
    disk.flush([draft], "remplacement")
    disk.rename(draft, path, "remplacement")
    disk.flush([path.parent], "remplacement")


# --- all together -----------------------------------------------------------------------------------------------------


def check(workspace: Workspace, ledger: Ledger) -> None:
    """Everything that must hold at the start of a run, under its lock, before recovery."""
    check_folders(workspace)
    ledger.check()
    check_witness(workspace, ledger)
