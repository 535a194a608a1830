"""The sources of decided deposits leave the inbox, each only if it is what was archived.

A source is first given a private name beside its own, looked at again, then removed: what its sender saves meanwhile under its
own name is another file, and stays. What turns out to be something else is put back. A private name that a run left behind when
it was stopped is that of a source the ledger still has: the next run goes on with it. Source: contract §9; reliability B17,
G4, H13.
"""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.disk import hash_of
from pipeline.errors import DiskHalt
from pipeline.intake.arrival import Said
from pipeline.intake.inbox import inbox_of
from pipeline.ledger import Ledger, Source
from pipeline.workspace import Workspace

KEPT = Text("décidé, mais ne peut être retiré ({why})", "decided, but cannot be taken away ({why})")
PRIVATE = ".retrait-{depot}"
"""The name of a source that is being removed: senders' programs do not show it, and a scan leaves it alone."""

PUT_BACK = "remis-{depot}{suffix}"
"""Where another file has taken the name of one that is put back."""


def retire(workspace: Workspace, ledger: Ledger) -> tuple[Said, ...]:
    """Remove from the inbox the sources of decided deposits; those that could not be removed, and why.

    Also what a run that was stopped had left: a source that is still what was archived is removed without being taken
    again, one that is gone or has changed (a new arrival) is only marked.
    """
    kept: list[Said] = []
    over: list[str] = []
    touched: set[Path] = set()
    for source in ledger.sources():
        try:
            if remove(workspace, source) and inbox_of(workspace).here:
                touched.add((workspace.root / source.chemin).parent)
            over.append(source.depot)
        except OSError as error:
            kept.append((source.chemin, KEPT.fill(why=os.strerror(error.errno or 0))))
    _flush(sorted(touched))
    ledger.removed(over)
    return tuple(kept)


def _flush(folders: list[Path]) -> None:
    """As far as it goes: a folder may have vanished, or lie too deep for a path. A source that comes back is recognised."""
    try:
        disk.flush(folders, "inbox")
    except DiskHalt:
        for folder in folders:
            with suppress(DiskHalt):
                disk.flush([folder], "inbox")


def remove(workspace: Workspace, source: Source) -> bool:
    """Remove one source; False when it is gone or no longer what was archived. Raises ``OSError`` when refused."""
    # What the archive no longer holds as it was is nowhere else: no file has these bytes.
    intact = hash_of(workspace.originals / source.sha256) == source.sha256
    spare = PUT_BACK.format(depot=source.depot, suffix=PurePosixPath(source.chemin).suffix[:20])
    known = source if intact else replace(source, sha256="")
    return inbox_of(workspace).remove(known, PRIVATE.format(depot=source.depot), spare)
