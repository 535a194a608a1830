"""The lock of a workspace: one run at a time. And that of a trial's double: gone with it, however it ends."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from pipeline import disk, signals
from pipeline.bilingual import Text
from pipeline.errors import Busy
from pipeline.workspace import Workspace

BUSY = Text(
    "Un autre passage est en cours dans cet espace de travail : attendez qu'il se termine, puis relancez.",
    "Another run is on in this workspace: wait until it ends, then try again.",
)


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace for one run; raises ``Busy`` (exit 5) when another holds it. The system frees it at death.

    Inside, SIGTERM and SIGINT are obeyed as ``signals`` says, and whatever the system refuses is a ``DiskHalt``.
    """
    with disk.refusals_as_halts("verrou"):
        workspace.var.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(workspace.lock, "verrou") as mine:
        if not mine:
            raise Busy(BUSY)
        with disk.refusals_as_halts("espace de travail"), signals.obeyed():
            yield


@contextmanager
def alone(path: Path, label: str) -> Iterator[bool]:
    """Hold the lock file ``path``, made where it is missing; False where another process holds it."""
    with disk.refusals_as_halts(label):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, disk.FILE_MODE)
    try:
        yield taken(handle)
    finally:
        os.close(handle)


def taken(handle: int) -> bool:
    """Hold an open file or folder until it is closed; False where another process holds it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


DOUBLE = "essai-"
"""How the names of folders in ``var/`` start that a trial works in."""


@contextmanager
def double(workspace: Workspace) -> Iterator[Path]:
    """A new folder in ``var/`` that is this process's alone, and gone afterwards; after a kill, ``sweep`` removes it."""
    with disk.refusals_as_halts("essai"):
        workspace.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        root, handle = _held(workspace.var)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)
        os.close(handle)


def _held(var: Path) -> tuple[Path, int]:
    while True:
        root = Path(mkdtemp(prefix=DOUBLE, dir=var))
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if root.is_dir():  # a sweep between the two lines above takes an empty folder for one that is left
            return root, handle
        os.close(handle)


def sweep(workspace: Workspace) -> None:
    """Remove the doubles of trials that were killed; those of trials that are on are held."""
    for root in sorted(workspace.var.glob(f"{DOUBLE}*")):
        with suppress(OSError):
            handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if taken(handle):
                    shutil.rmtree(root, ignore_errors=True)
            finally:
                os.close(handle)
