"""What a command costs: CPU of all its processes, time on the wall, its largest process, how busy the machine was meanwhile."""

import ctypes
import json
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

    A small process of its own starts it and waits for all that comes of it: whoever asks may have children, and be large.
    """
    asked = [sys.executable, __file__, *command]
    done = subprocess.run(asked, env=env, capture_output=True, text=True, check=True)
    code, said, *figures = json.loads(done.stdout)
    if code not in allowed:
        raise subprocess.CalledProcessError(code, command, stderr=said)
    return Cost(*figures)


def _measured(command: Sequence[str]) -> tuple[int, str, float, float, int, float]:
    """Exit code, what was said on stderr, and the figures of a ``Cost``."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        assert child.stderr is not None
        said = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    spent, peak = used.ru_utime + used.ru_stime, used.ru_maxrss
    while True:  # what outlived the command and was left to us
        try:
            _, _, used = os.wait3(0)
        except ChildProcessError:
            break
        spent, peak = spent + used.ru_utime + used.ru_stime, max(peak, used.ru_maxrss)
    return child.returncode, said.decode(errors="replace"), spent, wall, peak // 1024, os.getloadavg()[0]


def python(*arguments: object) -> list[str]:
    """The command that runs this Python with ``arguments``."""
    return [sys.executable, *map(str, arguments)]


def dsf(*arguments: object) -> list[str]:
    """The command `dsf` of this environment."""
    return [str(Path(sys.executable).parent / "dsf"), *map(str, arguments)]


if __name__ == "__main__":
    print(json.dumps(_measured(sys.argv[1:])))
