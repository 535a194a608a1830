"""What a command costs: CPU of all its processes, time on the wall, its largest process, how busy the machine was meanwhile."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SUBREAPER = 36  # prctl: orphans of a child become ours, so that what they cost is counted too


@dataclass(frozen=True)
class Cost:
    """``cpu`` and ``wall`` in seconds, ``peak`` in MiB (resident memory of the largest process), ``load`` of the last minute."""

    cpu: float
    wall: float
    peak: int
    load: float


def cost(command: Sequence[str], *, env: Mapping[str, str] | None = None, allowed: tuple[int, ...] = (0,)) -> Cost:
    """Run ``command`` to its end, its output left out. Raises ``CalledProcessError`` where its exit code is not ``allowed``.

    Waits for everything this process has started: it measures, and does nothing else.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env) as child:
        assert child.stderr is not None
        said = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    if child.returncode not in allowed:
        raise subprocess.CalledProcessError(child.returncode, command, stderr=said.decode(errors="replace"))
    spent, peak = used.ru_utime + used.ru_stime, used.ru_maxrss
    while True:  # what outlived the command and was left to us
        try:
            _, _, used = os.wait3(0)
        except ChildProcessError:
            break
        spent, peak = spent + used.ru_utime + used.ru_stime, max(peak, used.ru_maxrss)
    return Cost(spent, wall, peak // 1024, os.getloadavg()[0])


def python(*arguments: object) -> list[str]:
    """The command that runs this Python with ``arguments``."""
    return [sys.executable, *map(str, arguments)]


def dsf(*arguments: object) -> list[str]:
    """The command `dsf` of this environment."""
    return [str(Path(sys.executable).parent / "dsf"), *map(str, arguments)]
