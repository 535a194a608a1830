"""Work done in other processes: reading, in children with limits that may die; rendering, over several cores.

A child that dies or hangs takes nothing with it: its task is tried again alone in a fresh child, three times in all, then
the file is refused. What a child says of an error holds no cell content, and its own output is discarded.
"""

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipeline.reading import ReadOptions, read
from pipeline.reading.model import Observation, Reading
from pipeline.reading.sheets import unreadable
from pipeline.settings import Limits
from schemas.noticed import Noticed

Item = TypeVar("Item")
Result = TypeVar("Result")

ATTEMPTS = 3
_TASKS_A_CHILD = 200  # then it is replaced: what its libraries keep to themselves goes with it
_OPEN_FILES = 64
_WRITTEN_BYTES = 0  # a reading child writes no file at all
_FRESH = 1


class Pool:
    """A context manager over ``processes`` children (0: one a core). They start when first needed and end with it."""

    def __init__(self, processes: int, limits: Limits) -> None:
        self._processes = processes or len(os.sched_getaffinity(0))
        self._limits = limits
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["pipeline.reading"])
        self._readers: ProcessPool | None = None
        self._workers: ProcessPool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for pool in (self._readers, self._workers):
            if pool is not None:
                pool.stop() if error is not None else pool.close()  # type: ignore[no-untyped-call]
                pool.join()
        self._readers = self._workers = None

    def read(self, tasks: Sequence[tuple[Path, ReadOptions]]) -> list[Reading]:
        """Read each (source, options) in a child; readings come in the same order.

        A file whose child dies or passes the time limit three times gets a ``Reading`` that says so. Raises ``OSError`` where a
        source cannot be opened: that is a fault of ours and must not become a verdict.
        """
        if self._readers is None and tasks:
            self._readers = self._reading_pool(self._processes, _TASKS_A_CHILD)
        futures = [self._start(self._readers, task) for task in tasks]
        readings: list[Reading] = []
        for task, future in zip(tasks, futures, strict=True):
            outcome = self._outcome(future)
            readings.append(outcome if isinstance(outcome, Reading) else self._again(task))
        return readings

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Apply ``function`` to ``items``, in order; in this process where there is only one. Raises what ``function`` raises."""
        if self._processes == 1:
            return [function(item) for item in items]
        if self._workers is None:
            self._workers = ProcessPool(max_workers=self._processes, context=self._context)
        futures = [self._workers.schedule(function, args=(item,)) for item in items]
        return [future.result() for future in futures]

    def _reading_pool(self, processes: int, tasks: int) -> ProcessPool:
        return ProcessPool(
            max_workers=processes, max_tasks=tasks, initializer=_limit, initargs=(self._limits,), context=self._context
        )

    def _start(self, pool: Any, task: tuple[Path, ReadOptions]) -> "Future[Reading]":
        # The clock of a reading starts when a child takes it. CPU time is limited too, and a bit tighter.
        started: Future[Reading] = pool.schedule(
            _read, args=(*task, self._limits.secondes), timeout=self._limits.secondes
        )
        return started

    def _outcome(self, future: "Future[Reading]") -> Reading | Observation:
        """The reading, or why its child died before giving it."""
        try:
            return future.result()
        except TimeoutError:
            return self._passed("secondes")
        except ProcessExpired as died:
            if died.exitcode == -signal.SIGXCPU:
                return self._passed("secondes")
            # A native library that is refused memory aborts: the limit is ours.
            if died.exitcode == -signal.SIGABRT:
                return self._passed("memoire")
            return unreadable("stopped").observation

    def _passed(self, limit: str) -> Observation:
        allowed = str(getattr(self._limits, limit))
        return Observation(Noticed.BEYOND_LIMIT, field=limit, value=allowed, expected=allowed)

    def _again(self, task: tuple[Path, ReadOptions]) -> Reading:
        outcome: Reading | Observation = Reading("")
        for _attempt in range(ATTEMPTS - 1):
            with self._reading_pool(1, _FRESH) as pool:
                outcome = self._outcome(self._start(pool, task))
            if isinstance(outcome, Reading):
                return outcome
        assert isinstance(outcome, Observation)
        return Reading("", observations=(outcome,))


def _limit(limits: Limits) -> None:
    """Set the limits of a child, and discard its output: a library may print what it reads. Runs before anything is read."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    resource.setrlimit(resource.RLIMIT_AS, (limits.memoire, limits.memoire))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_WRITTEN_BYTES, _WRITTEN_BYTES))


def _read(source: Path, options: ReadOptions, seconds: int) -> Reading:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(spent.ru_utime + spent.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    return read(source, options)
