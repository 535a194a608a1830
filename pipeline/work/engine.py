"""An engine: an ``Executor``, how a task is done where it gets to, and how many are done at once."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from types import TracebackType
from typing import Any, Self, TypeVar

from pipeline.work.answers import Answer, guarded, taken
from pipeline.work.children import Children

Item = TypeVar("Item")
Result = TypeVar("Result")

Task = Callable[[Children, bytes], bytes]
"""A pure function, known by its name to every process of the program; ``Children``: those of the process that it gets to."""

Call = Callable[[Task, bytes], tuple[Any, ...]]
"""A task as the executor gets it: a function that gives an ``Answer``, and what it is called with."""


class Engine:
    """A context manager. ``width``: tasks that are done at once."""

    def __init__(self, executor: Executor, call: Call, width: int, children: Children) -> None:
        """``children``: of this process, for errands; and for tasks, where they are done here."""
        self.width = width
        self._executor, self._call, self._children = executor, call, children

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._children.end(now=error is not None)
        self._executor.shutdown(wait=error is None)

    def submit(self, task: Task, payload: bytes) -> "Future[Answer]":
        """Have a task done; ``answer`` takes what comes of it."""
        return self._executor.submit(*self._call(task, payload))

    def first_done(self, futures: Collection["Future[Answer]"]) -> "set[Future[Answer]]":
        """Those of ``futures`` that are done, once one is. Raises ``EngineHalt`` where nobody is at work any more."""
        return wait(futures, return_when=FIRST_COMPLETED).done

    def answer(self, future: "Future[Answer]") -> bytes:
        """What came of a task. Raises ``NotDecided`` (a fault of ours) or ``OSError``; never with data."""
        return bytes(taken(future.result()))

    def map(self, task: Task, payloads: Iterable[bytes]) -> Iterator[bytes]:
        """Answers in the order of ``payloads``, which are made as there is room."""
        at_work = deque[Future[Answer]]()
        try:
            for payload in payloads:
                at_work.append(self.submit(task, payload))
                while len(at_work) > self.width:
                    yield self._next(at_work)
            while at_work:
                yield self._next(at_work)
        finally:
            for future in at_work:
                future.cancel()

    def _next(self, at_work: "deque[Future[Answer]]") -> bytes:
        while not at_work[0].done():
            self.first_done([at_work[0]])
        return self.answer(at_work.popleft())

    def apart(self, function: Callable[[Item], Result], item: Item) -> Result:
        """``Children.apart``, always on this machine."""
        return self._children.apart(function, item)


def by(children: Children) -> Call:
    """Tasks done by ``children`` of this process."""
    return lambda task, payload: (guarded, task, children, payload)


class Here(Executor):
    """Does what is submitted at once, in the process that asks."""

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        """The future is done."""
        future: Future[Any] = Future()
        future.set_result(fn(*arguments, **named))
        return future
