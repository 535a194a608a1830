"""Processes of this machine that may die: reading in children with limits, heavy work in others, errands apart.

A child that dies or hangs takes nothing along: its task is tried again alone in a fresh child, three attempts in all. Then a file
that was to be read counts as refused, and any other work has ``Died``. What a child says of an error holds no cell content, and
its own output goes nowhere. All of them end with the process that they are children of, however it ends.
"""

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipeline.reading import ReadOptions, read
from pipeline.reading.guard import Original
from pipeline.reading.model import Observation, Reading
from pipeline.reading.sheets import beyond, unreadable
from pipeline.settings import Limits
from pipeline.work.answers import Died, guarded, taken
from pipeline.work.packed import Packed
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


class Children:
    """The children of this process, ``processes`` of each kind. They start when first needed, and ``end`` with it.

    Threads may ask at the same time. ``here``: heavy work is done in this process, which then does nothing else meanwhile.
    """

    def __init__(self, processes: int, limits: Limits, *, here: bool = False) -> None:
        self._processes, self._limits, self._here = processes, limits, here
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["pipeline.reading"])
        self._starting = threading.Lock()
        self._ended = False
        self._readers: ProcessPool | None = None
        self._workers: ProcessPool | None = None
        self._apart: _Apart | None = None

    def read(self, sources: Sequence[tuple[Original, ReadOptions]]) -> list[Packed]:
        """Read each source in a child; readings come in the same order.

        A file whose child dies or passes the time limit three times gets a reading that says so.
        """
        with self._starting:
            if self._readers is None:
                self._readers = self._reading_pool(self._processes, _TASKS_A_CHILD)
        futures = [self._start(self._readers, source) for source in sources]
        readings: list[Packed] = []
        for source, future in zip(sources, futures, strict=True):
            outcome = self._outcome(future)
            readings.append(outcome if isinstance(outcome, Packed) else self._again(source))
        return readings

    def do(self, function: Callable[[bytes], bytes], payload: bytes) -> bytes:
        """``function(payload)`` in a child, or here.

        A fault of it is raised as ``NotDecided``, which says nothing of the data; what the system refuses as ``OSError``. Raises
        ``Died`` for a child that dies of it again and again.
        """
        if self._here:
            return bytes(taken(guarded(function, payload)))
        with self._starting:
            if self._workers is None:
                self._workers = ProcessPool(max_workers=self._processes, context=self._context, initializer=_begin)
        for _attempt in range(ATTEMPTS):
            with suppress(ProcessExpired):
                future = self._workers.schedule(guarded, args=(function, payload))
                return bytes(taken(future.result()))
        raise Died

    def apart(self, function: Callable[[Item], Result], item: Item) -> Result:
        """``function(item)`` in one child kept for it, which may have children of its own.

        What ``function`` raises is raised here. Raises ``Died`` when its child dies or hangs again and again.
        """
        if self._apart is None:
            self._apart = _Apart(self._context, _PATIENCE * self._limits.secondes)
        return self._apart.do(function, item)

    def end(self, *, now: bool = False) -> None:
        """Let the children go; ``now``: whatever they are at, and whoever waits for them."""
        self._ended = True
        if self._apart is not None:
            self._apart.end()
        for pool in (self._readers, self._workers):
            if pool is not None:
                pool.stop() if now else pool.close()  # type: ignore[no-untyped-call]
                pool.join()
        self._readers = self._workers = self._apart = None

    def _reading_pool(self, processes: int, tasks: int) -> ProcessPool:
        return ProcessPool(
            max_workers=processes, max_tasks=tasks, initializer=_limit, initargs=(self._limits,), context=self._context
        )

    def _start(self, pool: Any, source: tuple[Original, ReadOptions]) -> "Future[Packed]":
        # The clock of a reading starts when a child takes it. CPU time is limited too, and a bit tighter.
        started: Future[Packed] = pool.schedule(
            _read, args=(*source, self._limits.secondes), timeout=self._limits.secondes
        )
        return started

    def _outcome(self, future: "Future[Packed]") -> Packed | Observation:
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

    def _again(self, source: tuple[Original, ReadOptions]) -> Packed:
        outcome: Packed | Observation = Packed.of(Reading(""))
        for _attempt in range(ATTEMPTS - 1):
            if self._ended:
                raise Died
            with self._reading_pool(1, _FRESH) as pool:
                outcome = self._outcome(self._start(pool, source))
            if isinstance(outcome, Packed):
                return outcome
        assert isinstance(outcome, Observation)
        return Packed.of(Reading("", observations=(outcome,)))


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
            near, far = self._context.Pipe()
            child = self._context.Process(target=_errands, args=(far,))
            child.start()  # refused, perhaps: then there is none
            far.close()
            self._line, self._child = near, child
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
    _begin()
    with suppress(EOFError):
        while True:
            function, item = line.recv()
            try:
                answer = True, function(item)
            except Exception as error:
                answer = False, error
            line.send(answer)


def _begin() -> None:
    """In a child: it says nothing, and ends with its parent, however that ends."""
    _silence()
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


def _read(original: Original, options: ReadOptions, seconds: int) -> Packed:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(spent.ru_utime + spent.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    reading = read(original, options)
    try:
        return Packed.of(reading)
    except MemoryError:
        limit = options.limits.memoire
        return Packed.of(Reading(reading.format, observations=(beyond("memoire", limit, limit).observation,)))
