"""``inbox/depots``, wherever it lies: looked at, read, emptied. A folder of this machine, or shared storage (``remote``)."""

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline import disk
from pipeline.intake import walk
from pipeline.intake.arrival import Arrival
from pipeline.intake.remote import StoreInbox
from pipeline.intake.walk import Walk
from pipeline.ledger import Source
from pipeline.settings import Settings
from pipeline.storage import store_of
from pipeline.workspace import Workspace


class Inbox(Protocol):
    """Where deposits are dropped."""

    @property
    def here(self) -> bool:
        """It is a folder of this machine, whose entries may be flushed."""

    def walk(self, settings: Settings) -> Walk:
        """Look at everything once. Raises ``Halt`` when it cannot be read."""

    def is_bare(self) -> bool:
        """There is nothing at all, as in a mount that is missing."""

    def same(self, seen: Arrival) -> bool:
        """The file is still at its place, and still what was seen."""

    def part(self, seen: Arrival, start: int, length: int) -> bytes:
        """Some of its bytes; raises ``OSError`` when it is no longer what was seen."""

    def copy(self, seen: Arrival, draft: Path) -> str:
        """Copy it whole to the new file ``draft``: its sha256. Raises ``OSError`` when it is no longer what was seen."""

    def remove(self, source: Source, private: str, spare: str) -> bool:
        """Remove a file that still has the bytes of ``sha256``; False when it is gone or another. ``OSError``: refused.

        ``private``: a name beside it, for the time it is looked at again; ``spare``: for what is put back where its own is taken.
        """


def inbox_of(workspace: Workspace) -> Inbox:
    """The inbox: the folder of the workspace, or the store that its settings name."""
    store = store_of(workspace, "depots")
    return StoreInbox(workspace, store) if store else FolderInbox(workspace)


@dataclass(frozen=True)
class FolderInbox:
    """The folder ``inbox/depots`` of a workspace; links are never followed."""

    workspace: Workspace
    here: bool = True

    def walk(self, settings: Settings) -> Walk:
        """Look at everything once. Raises ``DiskHalt`` when it cannot be read."""
        return walk.walk(self.workspace, settings)

    def is_bare(self) -> bool:
        """There is nothing at all, not even an organisation's folder."""
        return not any(self.workspace.deposits.iterdir())

    def same(self, seen: Arrival) -> bool:
        """The file is still at its place, and still what was seen."""
        return walk.same(self.workspace, seen)

    def part(self, seen: Arrival, start: int, length: int) -> bytes:
        """Some of its bytes, from a descriptor that is what was seen."""
        with walk.opened(self.workspace, seen) as handle:
            return os.pread(handle, length, start)

    def copy(self, seen: Arrival, draft: Path) -> str:
        """Copy it whole from one descriptor."""
        with walk.opened(self.workspace, seen) as handle:
            sha = disk.copy(handle, draft, "originaux")
            still = walk.is_still(os.fstat(handle), seen)
        if not (still and self.same(seen)):
            raise FileNotFoundError(errno.ENOENT, "changed")
        return sha

    def remove(self, source: Source, private: str, spare: str) -> bool:
        """Give it a private name, look at it again, unlink it."""
        try:
            with walk.parent(self.workspace, source.chemin) as (folder, name):
                if not _is_there(folder, private):
                    if not walk.is_still(os.stat(name, dir_fd=folder, follow_symlinks=False), source):
                        return False
                    _hide(folder, name, private)
                if not _is_archived(folder, private, source):
                    _put_back(folder, private, name, spare)
                    return False
                _unlink(folder, private, name, spare, source)
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


def _is_archived(folder: int, name: str, source: Source) -> bool:
    """The file has the bytes that are archived, and nobody has written to it while it was read."""
    handle = os.open(name, walk.FILE, dir_fd=folder)
    with os.fdopen(handle, "rb") as file:
        # Same size and time may still be other bytes (a copy that keeps times): nothing unarchived is removed.
        if not walk.is_still(os.fstat(handle), source) or disk.digest(file) != source.sha256:
            return False
        return walk.is_still(os.fstat(handle), source)


def _unlink(folder: int, private: str, name: str, spare: str, source: Source) -> None:
    disk.reached("inbox: unlink", Path(source.chemin))
    try:
        os.unlink(private, dir_fd=folder)
    except OSError:
        with suppress(OSError):
            _put_back(folder, private, name, spare)
        raise


def _put_back(folder: int, private: str, name: str, spare: str) -> None:
    """Give a file its own name again, or another one where its sender has saved a new file under it."""
    try:
        disk.rename_inside(folder, private, name, "inbox")
    except FileExistsError:
        disk.rename_inside(folder, private, spare, "inbox")
