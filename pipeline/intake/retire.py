"""The sources of decided deposits leave the inbox, each only if it is what was archived. Source: spec §9; reliability B17, G4."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from pipeline import disk
from pipeline.disk import hash_of
from pipeline.intake import walk
from pipeline.intake.arrival import Said
from pipeline.ledger import Ledger, Source
from pipeline.workspace import Workspace


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
            if remove(workspace, source):
                touched.add((workspace.root / source.chemin).parent)
            over.append(source.depot)
        except OSError as error:
            kept.append((source.chemin, f"décidé, mais ne peut être retiré ({os.strerror(error.errno or 0)})"))
    with suppress(OSError):  # a folder that vanished meanwhile; a source that comes back is recognised anyway
        disk.flush(sorted(touched), "inbox")
    ledger.removed(over)
    return tuple(kept)


def remove(workspace: Workspace, source: Source) -> bool:
    """Unlink one source; False when it is gone or no longer what was archived. Raises ``OSError`` when refused."""
    original = workspace.originals / source.sha256
    try:
        with walk.parent(workspace, source.chemin) as (folder, name):
            handle = os.open(name, walk.FILE, dir_fd=folder)
            with os.fdopen(handle, "rb") as file:
                # Same size and time may still be other bytes (a copy that keeps times): nothing unarchived is removed.
                if not walk.is_still(os.fstat(handle), source) or disk.digest(file) != source.sha256:
                    return False
            if hash_of(original) != source.sha256:
                return False
            disk.reached("inbox: unlink", workspace.root / source.chemin)
            os.unlink(name, dir_fd=folder)
            return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise
