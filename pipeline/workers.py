"""Work done in other processes: reading in children with limits, that may die; rendering over several cores; errands apart.

A child that dies or hangs takes nothing along: its task is tried again alone in a fresh child, three attempts in all. Then a file
that was to be read counts as refused, and any other work has ``Died``. What a child says of an error holds no cell content, and
its own output goes nowhere. Those that may write end with the program, however it ends.
"""

import multiprocessing
import os
import resource
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from multiprocessing.connection import Connection
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
_PATIENCE = 30
"""An errand may take as many times what reading a file may: after that its child hangs."""


AHEAD = 200_000
"""What may be at work at once, as ``Pool.map`` is told to weigh it: what is made for a wave is never in memory all at once."""


def _light(_item: object) -> int:
    return 1


class Died(Exception):
    """A child did not live to answer, however often it was tried."""


class Pool:
    """A context manager over ``processes`` children (0: one a core). They start when first needed and end with it."""

    def __init__(self, processes: int, limits: Limits) -> None:
        self._processes = processes or len(os.sched_getaffinity(0))
        self._limits = limits
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["pipeline.reading"])
        self._readers: ProcessPool | None = None
        self._workers: ProcessPool | None = None
        self._apart: _Apart | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._apart is not None:
            self._apart.end()
        for pool in (self._readers, self._workers):
            if pool is not None:
                pool.stop() if error is not None else pool.close()  # type: ignore[no-untyped-call]
                pool.join()
        self._readers = self._workers = self._apart = None

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

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item], weigh: Callable[[Item], int] = _light
    ) -> Iterator[Result]:
        """``function`` of each of ``items``, in order; in this process where there is only one.

        The next items are made while earlier ones are at work; ``weigh``: those that are, are not heavier than ``AHEAD``
        together. What ``function`` raises is raised here once nothing is at work any more. Raises ``Died`` for a child that
        dies of the same item again and again.
        """
        if self._processes == 1:
            yield from map(function, items)
            return
        if self._workers is None:
            self._workers = ProcessPool(
                max_workers=self._processes, context=self._context, initializer=_end_with_parent
            )
        workers, at_work, weight = self._workers, deque[tuple[Future[Result], Item, int]](), 0
        try:
            for item in items:
                weight += (own := weigh(item))
                while at_work and weight > AHEAD:
                    future, first, freed = at_work.popleft()
                    weight -= freed
                    yield self._mapped(workers, future, function, first)
                at_work.append((workers.schedule(function, args=(item,)), item, own))
            while at_work:
                future, first, _ = at_work.popleft()
                yield self._mapped(workers, future, function, first)
        finally:
            wait([future for future, _, _ in at_work])

    def apart(self, function: Callable[[Item], Result], item: Item) -> Result:
        """``function(item)`` in one child kept for it, which may have children of its own.

        What ``function`` raises is raised here. Raises ``Died`` when its child dies or hangs again and again.
        """
        if self._apart is None:
            self._apart = _Apart(self._context, _PATIENCE * self._limits.secondes)
        return self._apart.do(function, item)

    def _mapped(
        self, workers: ProcessPool, future: "Future[Result]", function: Callable[[Item], Result], item: Item
    ) -> Result:
        for _attempt in range(ATTEMPTS - 1):
            with suppress(ProcessExpired):
                return future.result()
            future = workers.schedule(function, args=(item,))
        try:
            return future.result()
        except ProcessExpired:
            raise Died from None

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


class _Apart:
    """One child that does errands, one after the other, started when first needed; a dead one has a successor."""

    def __init__(self, context: Any, seconds: int) -> None:
        self._context = context
        self._seconds = seconds
        self._child: Any = None
        self._line: Connection | None = None

    def do(self, function: Callable[[Item], Result], item: Item) -> Result:
        """``function(item)``, tried again where the child dies or hangs, then ``Died``."""
        for _attempt in range(ATTEMPTS):
            try:
                done, answer = self._asked(function, item)
                break
            except (EOFError, OSError):  # no one at the other end of the line, or no answer in time
                self.end()
            except BaseException:
                self.end()
                raise
        else:
            raise Died
        if not done:
            raise answer
        result: Result = answer
        return result

    def _asked(self, function: Callable[[Item], Result], item: Item) -> Any:
        if self._line is None:
            self._line, far = self._context.Pipe()
            self._child = self._context.Process(target=_errands, args=(far,))
            self._child.start()
            far.close()
        self._line.send((function, item))
        if not self._line.poll(self._seconds):
            raise TimeoutError
        return self._line.recv()

    def end(self) -> None:
        """End the child, whatever it is at."""
        if self._line is not None:
            self._line.close()
            self._child.kill()
            self._child.join()
        self._line = self._child = None


def _errands(line: Connection) -> None:
    """The life of a child of ``_Apart``: until nobody asks any more."""
    _end_with_parent()
    _silence()
    with suppress(EOFError):
        while True:
            function, item = line.recv()
            try:
                answer = True, function(item)
            except Exception as error:
                answer = False, error
            line.send(answer)


def _end_with_parent() -> None:
    """Kill this process when the program ends, however that ends: what is left over must not write where the next run works."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_outlived, args=(parent,), daemon=True).start()


def _outlived(parent: Any) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGKILL)


def _silence() -> None:
    """The output of a child goes to nowhere: a library may print what it read."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _limit(limits: Limits) -> None:
    """In a child, before anything is read: its limits, and no output."""
    _silence()
    resource.setrlimit(resource.RLIMIT_AS, (limits.memoire, limits.memoire))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_WRITTEN_BYTES, _WRITTEN_BYTES))


def _read(source: Path, options: ReadOptions, seconds: int) -> Reading:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(spent.ru_utime + spent.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    return read(source, options)
