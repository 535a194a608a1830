"""A Dask scheduler and its workers as processes of their own, on ports that the system chooses."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 90
"""Seconds for a process to be there; then something is wrong, and said."""
DASK = str(Path(sys.executable).parent / "dask")


class Cluster:
    """A scheduler and its workers; each of their logs is a file in ``root``."""

    def __init__(self, root: Path, code: Path = ROOT, environ: Mapping[str, str] | None = None) -> None:
        """``code``: where they have the program from. ``environ``: beside that of this process."""
        self._root = root
        self._environ = {**os.environ, **(environ or {}), "PYTHONPATH": str(code)}
        self._file = root / "ordonnanceur.json"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def start(self, *options: str) -> "Cluster":
        """Start the scheduler."""
        where = ("--host", "tls://127.0.0.1" if "tls" in options else "127.0.0.1", "--port", "0")
        self.scheduler = self._started("scheduler", *where, "--scheduler-file", str(self._file), *options)
        limit = time.monotonic() + PATIENCE
        while not self._file.exists():
            assert self.scheduler.poll() is None and time.monotonic() < limit, self.logs()
            time.sleep(0.05)
        return self

    def add_worker(self, code: Path | None = None) -> "subprocess.Popen[bytes]":
        """Start one more worker, of the program in ``code`` where that is another."""
        number = len(self.workers)
        given = ("--scheduler-file", str(self._file), "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
        folder = ("--local-directory", str(self._root / f"travail{number}"))
        self.workers.append(self._started(f"worker{number}", *given, *folder, code=code))
        return self.workers[-1]

    def wait_for(self, workers: int) -> None:
        """Until so many are registered with the scheduler, dead ones included."""
        limit = time.monotonic() + PATIENCE
        while self.logs().count("Register worker") < workers:
            assert self.scheduler is not None and self.scheduler.poll() is None, self.logs()
            assert time.monotonic() < limit, self.logs()[-2000:]
            time.sleep(0.05)

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return str(json.loads(self._file.read_text())["address"])

    def logs(self) -> str:
        """All that they said."""
        return "".join(path.read_text(errors="replace") for path in sorted(self._root.glob("*.log")))

    def end(self) -> None:
        """Kill what still runs."""
        for process in (*self.workers, self.scheduler):
            if process is not None:
                process.kill()
                process.wait()

    def _started(self, name: str, *options: str, code: Path | None = None) -> "subprocess.Popen[bytes]":
        role = name.rstrip("0123456789")
        environ = self._environ | ({"PYTHONPATH": str(code)} if code else {})
        with (self._root / f"{name}.log").open("wb") as log:
            command = [DASK, role, *options, "--no-dashboard"]
            return subprocess.Popen(command, env=environ, cwd=self._root, stdout=log, stderr=log)


@contextmanager
def cluster(root: Path, workers: int = 2, code: Path = ROOT) -> Iterator[Cluster]:
    """A cluster with its workers there, gone at the end."""
    root.mkdir(exist_ok=True)
    made = Cluster(root, code)
    try:
        made.start()
        for _ in range(workers):
            made.add_worker()
        made.wait_for(workers)
        yield made
    finally:
        made.end()


def children_of(pid: int) -> list[int]:
    """The processes that ``pid`` has started, and those that they have."""
    of_threads = Path(f"/proc/{pid}/task").glob("*/children")
    direct = [int(child) for threads in of_threads for child in threads.read_text().split()]
    return [one for child in direct for one in (child, *children_of(child))]


def kill(process: "subprocess.Popen[bytes]") -> None:
    """As a machine that loses power."""
    process.send_signal(signal.SIGKILL)
    process.wait()
