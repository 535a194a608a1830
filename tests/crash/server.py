"""Forks a child for each run, after the imports are paid once; a child may be told to die, or be traced by strace.

Talks JSON lines on stdin and stdout. ``tests.crash.client`` is the other side.
"""

import contextlib
import json
import mmap
import os
import resource
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from pipeline import disk
from tests.crash import memo, scenario
from tests.crash.receiver import receive

_ANSWERS = os.dup(1)
"""Where answers go, whatever a run prints."""


def _announce(order: dict[str, Any], shared: mmap.mmap, labels: int) -> None:
    """Before each announced step: note its label, let a greedy receiver take what it sees, and at ``at`` die or stand still."""

    def reached(label: str, *_paths: Path) -> None:
        count = int.from_bytes(shared[:8], "little") + 1
        shared[:8] = count.to_bytes(8, "little")
        if labels:
            os.write(labels, f"{label}\n".encode())
        if order.get("taken"):
            receive(Path(order["root"]) / "outbox", Path(order["taken"]))
        if count == order.get("at", 0):
            os.kill(os.getpid(), getattr(signal, order.get("signal", "SIGKILL")))

    disk.reached = reached


def _limit(order: dict[str, Any]) -> None:
    """What the operator's machine may impose on the process."""
    if "zone" in order:
        os.environ["TZ"] = order["zone"]
        time.tzset()
    if "umask" in order:
        os.umask(order["umask"])
    if "file_size" in order:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_size"], order["file_size"]))
    if "more_files" in order:
        allowed = len(list(Path("/proc/self/fd").iterdir())) - 1 + order["more_files"]
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))


def _child(order: dict[str, Any]) -> None:
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    if order.get("each_fsync"):
        disk.MANY = 1 << 30
    labels = os.open(order["labels"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if order.get("labels") else 0
    if order.get("at") or order.get("taken") or labels:
        _announce(order, mmap.mmap(-1, 8), labels)
    if order.get("forget"):
        memo.forget()
    _limit(order)
    if order.get("inject"):
        os.kill(os.getpid(), signal.SIGSTOP)
    code = 99
    with contextlib.suppress(BaseException):
        day = date.fromisoformat(order.get("day", scenario.DAY.isoformat()))
        code = scenario.guarded(*_wanted(order, day))
    sys.stderr.flush()
    os._exit(code)


def _wanted(order: dict[str, Any], day: date) -> tuple[Any, ...]:
    """What to do: a run, unless the order names another ``verb`` and the folder of its backups."""
    root = Path(order["root"])
    if verb := order.get("verb"):
        return getattr(scenario, verb), root, Path(order["backups"])
    return scenario.run, root, day, order.get("retry", ())


def _trace(pid: int, order: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Attach strace to the stopped child, then let it go."""
    os.waitpid(pid, os.WUNTRACED)
    call = order["inject"].partition(":")[0]
    command = ["strace", "-f", "-qq", "-o", order.get("trace", os.devnull), "-e", f"trace={call}"]
    if ":" in order["inject"]:
        command += ["-e", f"inject={order['inject']}"]
    tracer = subprocess.Popen([*command, "-p", str(pid)], stdin=subprocess.DEVNULL)
    status = Path(f"/proc/{pid}/status")
    while "TracerPid:\t0\n" in status.read_text() and tracer.poll() is None:
        time.sleep(0.002)
    os.kill(pid, signal.SIGCONT)
    return tracer


def _warm(order: dict[str, Any]) -> list[int]:
    """One run in this very process: what libraries prepare at first use, and the remembered answers, are there in every child."""
    memo.install(Path(order["memo"]))
    return [scenario.guarded(scenario.run, Path(order["root"]))]


def _one(order: dict[str, Any]) -> list[int]:
    """Exit codes of the run and, when a second one was to start while the first stands still, of that one."""
    pid = os.fork()
    if pid == 0:
        _child(order)
    tracer = _trace(pid, order) if order.get("inject") else None
    if order.get("after"):
        time.sleep(order["after"])
        os.kill(pid, getattr(signal, order["signal"]))
    _, status = os.waitpid(pid, os.WUNTRACED)
    codes = []
    if os.WIFSTOPPED(status):
        codes = _pause() if order.get("pause") else _meanwhile(order)
        os.kill(pid, getattr(signal, order.get("then", "SIGCONT")))
        _, status = os.waitpid(pid, 0)
    if tracer:
        tracer.wait()
    return [os.waitstatus_to_exitcode(status), *codes]


def _pause() -> list[int]:
    """The client does something while the run stands still: it is told so, and says when to go on."""
    _say([])
    sys.stdin.readline()
    return []


def _meanwhile(order: dict[str, Any]) -> list[int]:
    """A second runner while the first stands still; ``unlock``: as if the lock had been lost (its file removed)."""
    if order.get("unlock"):
        (Path(order["root"]) / "var" / "run.lock").unlink(missing_ok=True)
    plain = {name: order[name] for name in ("root", "log", "memo")}
    return _one(plain)


def _say(codes: list[int]) -> None:
    os.write(_ANSWERS, json.dumps(codes).encode() + b"\n")


def main() -> None:
    while line := sys.stdin.readline():  # not by iterating: that reads ahead
        order = json.loads(line)
        _say(_warm(order) if order.get("warm") else _one(order))


if __name__ == "__main__":
    main()
