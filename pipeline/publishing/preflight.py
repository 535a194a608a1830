"""What must hold at the start of a run, before anything is decided. Source: reliability §3.1, B6, B10, B18, C11 to C13, D7."""

from pipeline import disk, reference
from pipeline.errors import DiskHalt
from pipeline.ledger import Ledger
from pipeline.publishing import spool, witness
from pipeline.publishing.place import MISSING
from pipeline.publishing.places import place_of
from pipeline.storage import store_of
from pipeline.workspace import Workspace


def check_folders(workspace: Workspace) -> None:
    """Folders there, private ones closed to others, one file system, and each one really takes a file durably.

    The probe writes, flushes and renames before any decision is made: a full or read-only disk, or shared storage that does not
    answer, stops the run while nothing has happened. Raises ``DiskHalt`` and ``StoreHalt``.
    """
    for part, folder in (("depots", workspace.deposits), ("outbox", workspace.outbox)):
        if store_of(workspace, part) is None and not folder.is_dir():
            raise DiskHalt(MISSING.fill(where=workspace.relative(folder)))
    with disk.refusals_as_halts("var"):
        workspace.create()
    for private in (workspace.var, workspace.spool, workspace.originals):
        if private.stat().st_mode & 0o077:
            with disk.refusals_as_halts("var"):
                private.chmod(0o700)
    place_of(workspace).check()
    spool.probe(workspace.originals, workspace.originals, "originaux")


def check(workspace: Workspace, ledger: Ledger) -> None:
    """Everything that must hold at the start of a run, under its lock, before recovery."""
    check_folders(workspace)
    ledger.check()
    witness.check(workspace, ledger)
    reference.check(workspace, ledger.newest_extract())
