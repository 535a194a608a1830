"""What must hold at the start of a run, before anything is decided. Source: reliability §3.1, B6, B10, B18, C11 to C13."""

import os
from pathlib import Path

from pipeline import disk, reference
from pipeline.bilingual import Text
from pipeline.errors import DiskHalt
from pipeline.ledger import Ledger
from pipeline.publishing import witness
from pipeline.workspace import Workspace

TWO_DEVICES = Text(
    "var/spool et outbox/ (ou l'un de ses dossiers) ne sont pas sur le même système de fichiers : rien n'y passerait d'un "
    "seul coup. Mettez var/ et toute l'outbox sur le même disque.",
    "var/spool and outbox/ (or one of its folders) are not on one file system: nothing would pass there in one step. Put var/ "
    "and all of the outbox on one disk.",
)
MISSING = Text(
    "Le dossier {where} est absent. Est-ce le bon espace de travail (-w) ? S'il est sur un partage ou un disque, remontez-le ; "
    "pour un espace de travail neuf, lancez `dsf init`.",
    "The folder {where} is missing. Is this the right workspace (-w)? If it is on a share or a disk, mount it; for a new "
    "workspace, run `dsf init`.",
)


def check_folders(workspace: Workspace) -> None:
    """Folders there, private ones closed to others, one file system, and each one really takes a file durably.

    The probe writes, flushes and renames before any decision is made: a full or read-only disk stops the run while nothing
    has happened. Raises ``DiskHalt``.
    """
    for folder in (workspace.deposits, workspace.outbox):
        if not folder.is_dir():
            raise DiskHalt(MISSING.fill(where=folder.relative_to(workspace.root)))
    with disk.refusals_as_halts("var"):
        workspace.create()
    for private in (workspace.var, workspace.spool, workspace.originals):
        if private.stat().st_mode & 0o077:
            with disk.refusals_as_halts("var"):
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


def check(workspace: Workspace, ledger: Ledger) -> None:
    """Everything that must hold at the start of a run, under its lock, before recovery."""
    check_folders(workspace)
    ledger.check()
    witness.check(workspace, ledger)
    reference.check(workspace, ledger.newest_extract())
