"""The lock of a workspace: one run at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline import disk, signals
from pipeline.errors import Busy
from pipeline.workspace import Workspace

BUSY = "Une autre exécution est en cours dans cet espace de travail : attendez qu'elle se termine, puis relancez."


@contextmanager
def locked(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace for one run; raises ``Busy`` (exit 5) when another holds it. The system frees it at death.

    Inside, SIGTERM and SIGINT are obeyed as ``signals`` says, and whatever the system refuses is a ``DiskHalt``.
    """
    with disk.refusals_as_halts("verrou"):
        workspace.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(workspace.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, disk.FILE_MODE)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(BUSY) from None
        with disk.refusals_as_halts("espace de travail"), signals.obeyed():
            yield
    finally:
        os.close(handle)
