"""The sources of decided deposits leave the inbox, each only if it is what was archived.

A source is first given a private name beside its own, looked at again, then removed: what its sender saves meanwhile under its
own name is another file, and stays. What turns out to be something else is put back. A private name that a run left behind when
it was stopped is that of a source the ledger still has: the next run goes on with it. Source: contract §9; reliability B17,
G4, H13.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path, PurePosixPath

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.disk import hash_of
from pipeline.errors import DiskHalt
from pipeline.intake import walk
from pipeline.intake.arrival import Said
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
            if remove(workspace, source):
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
    """Unlink one source; False when it is gone or no longer what was archived. Raises ``OSError`` when refused."""
    try:
        with walk.parent(workspace, source.chemin) as (folder, name):
            private = PRIVATE.format(depot=source.depot)
            if not _is_there(folder, private):
                if not walk.is_still(os.stat(name, dir_fd=folder, follow_symlinks=False), source):
                    return False
                _hide(folder, name, private)
            if not _is_archived(workspace, folder, private, source):
                _put_back(folder, private, name, source)
                return False
            _unlink(folder, private, name, source)
            return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _hide(folder: int, name: str, private: str) -> None:
    try:
        disk.rename_inside(folder, name, private, "inbox")
    except FileNotFoundError:
        if not _is_there(folder, private):  # a share may say so of what it has done already (reliability B12)
            raise


def _is_archived(workspace: Workspace, folder: int, name: str, source: Source) -> bool:
    """The file is, byte for byte, what the archive really holds, and nobody has written to it while it was read."""
    handle = os.open(name, walk.FILE, dir_fd=folder)
    with os.fdopen(handle, "rb") as file:
        # Same size and time may still be other bytes (a copy that keeps times): nothing unarchived is removed.
        if not walk.is_still(os.fstat(handle), source) or disk.digest(file) != source.sha256:
            return False
        return walk.is_still(os.fstat(handle), source) and hash_of(workspace.originals / source.sha256) == source.sha256


def _unlink(folder: int, private: str, name: str, source: Source) -> None:
    disk.reached("inbox: unlink", Path(source.chemin))
    try:
        os.unlink(private, dir_fd=folder)
    except OSError:
        with suppress(OSError):
            _put_back(folder, private, name, source)
        raise


def _put_back(folder: int, private: str, name: str, source: Source) -> None:
    """Give a file its own name again, or another one where its sender has saved a new file under it."""
    try:
        disk.rename_inside(folder, private, name, "inbox")
    except FileExistsError:
        suffix = PurePosixPath(name).suffix[:20]
        disk.rename_inside(folder, private, PUT_BACK.format(depot=source.depot, suffix=suffix), "inbox")
