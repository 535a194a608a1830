"""SIGTERM and SIGINT: what must be whole is finished, then the program ends (exit 130). Source: reliability B15.

Anywhere else the program may end at once: stopping is no worse than a kill, and a kill loses nothing.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pipeline.errors import STOPPED, Interrupted


class _State:
    """Shield depth of this process, and whether a stop was requested."""

    depth = 0
    asked = False


def _stop() -> None:
    _State.asked = False
    raise Interrupted(STOPPED)


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    _State.asked = True
    if _State.depth == 0:
        _stop()


@contextmanager
def shield() -> Iterator[None]:
    """Finish what stands inside before obeying a stop."""
    _State.depth += 1
    try:
        yield
    finally:
        _State.depth -= 1
    if _State.asked and _State.depth == 0:
        _stop()


@contextmanager
def obeyed() -> Iterator[None]:
    """Inside, SIGTERM and SIGINT raise ``Interrupted`` at the next instant that is not shielded (main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's own
        return
    before = {number: signal.signal(number, _on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _State.asked = False
