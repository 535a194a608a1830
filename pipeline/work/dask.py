"""The workers of a Dask scheduler as an engine. They get what they work on and give back what they made, and keep nothing.

A worker does a task in killable children of its own (``children``): what a file kills is a child, never a worker. Each task says
which program it is of; a worker that has another one, whenever it came, refuses, and the run stops. Dask does a task again whose
worker was lost; where nobody is left to do it, or the scheduler is gone, the run stops too: nothing was decided.
"""

import logging
import multiprocessing
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass
from functools import cache, partial
from time import monotonic
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from pipeline.bilingual import Text
from pipeline.errors import AGAIN, EngineHalt
from pipeline.settings import Limits, Settings
from pipeline.work.answers import STRANGER, Answer, Died, guarded, stranger
from pipeline.work.children import Children
from pipeline.work.engine import Engine, Task
from pipeline.work.program import Program, machine, program

try:
    import dask as dask_itself
    from distributed import Client, Security, get_worker
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker
except ImportError as missing:
    raise EngineHalt(
        Text(
            "Le réglage moteur demande Dask, qui n'est pas installé : pip install 'dsf-complementaire[dask]'.",
            "The setting moteur asks for Dask, which is not installed: pip install 'dsf-complementaire[dask]'.",
        )
    ) from missing

ANSWER = 30
"""Seconds that the scheduler has to answer, and that the first worker may let wait for itself."""
ALONE = 60
"""Seconds that a run waits for a worker where all are gone."""
_LOOK = 2
"""Seconds between two looks at who is there."""

_NOBODY = Text(
    "Le moteur {address} ne répond pas ({why}). Vérifiez que l'ordonnanceur Dask tourne, que l'adresse est la bonne et que les "
    "certificats sont en place.",
    "The engine {address} does not answer ({why}). Check that the Dask scheduler runs, that the address is right and that the "
    "certificates are in place.",
).then(AGAIN)
_NO_WORKER = Text(
    "L'ordonnanceur Dask {address} n'a aucune machine de calcul. Démarrez-en une (dask worker).",
    "The Dask scheduler {address} has no worker. Start one (dask worker).",
).then(AGAIN)
_LOST = Text(
    "L'ordonnanceur Dask {address} s'est arrêté pendant le travail.",
    "The Dask scheduler {address} stopped during the work.",
).then(AGAIN)
_UNKNOWN = Text("dsf n'y est pas, ou ne démarre pas : {error}", "dsf is not there, or does not start: {error}")


@dataclass(frozen=True)
class _Order:
    """A task on its way to a worker. Dask may write it into a log: it shows nothing of what it holds."""

    task: Task
    payload: bytes
    limits: Limits
    program: Program

    def __repr__(self) -> str:
        return f"<{self.task.__name__}, {len(self.payload)} bytes>"


class Dask(Engine):
    """The engine over ``client``, connected to ``address``."""

    def __init__(self, client: Any, address: str, width: int, limits: Limits) -> None:
        order = partial(_Order, limits=limits, program=program())
        executor = client.get_executor(pure=False)
        super().__init__(executor, lambda *task: (_done, order(*task)), width, Children(1, limits))
        self._client, self._address = client, address
        self._looked = self._seen = monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._children.end(now=error is not None)
        self._executor.shutdown(wait=False)
        self._client.close(timeout=_LOOK)

    def first_done(self, futures: Collection["Future[Answer]"]) -> "set[Future[Answer]]":
        """Looks now and then whether anybody is there."""
        while not (done := wait(futures, timeout=_LOOK, return_when=FIRST_COMPLETED).done):
            self._look()
        return done

    def answer(self, future: "Future[Answer]") -> bytes:
        """A task that ended three of its workers ``Died``."""
        try:
            return super().answer(future)
        except (CancelledError, FutureCancelledError):
            raise EngineHalt(_LOST.fill(address=self._address)) from None
        except KilledWorker:
            raise Died from None

    def _look(self) -> None:
        """Raise ``EngineHalt`` where nobody has been there for ``ALONE`` seconds."""
        now = monotonic()
        if _threads(self._client, self._address):
            self._seen = now
        elif now - self._seen > ALONE:
            raise EngineHalt(_NO_WORKER.fill(address=self._address))


def dask(settings: Settings) -> Dask:
    """Connect to the scheduler that ``moteur`` names, and see that all its workers have this program.

    Raises ``EngineHalt`` where nobody answers, nobody works, or somebody has another program.
    """
    address = settings.moteur
    for name in ("distributed", "tornado"):  # what they would say of a lost connection is said by the halt
        logging.getLogger(name).setLevel(logging.CRITICAL)
    dask_itself.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"})
    security = Security(require_encryption=True) if urlsplit(address).scheme == "tls" else None  # type: ignore[no-untyped-call]
    try:
        client = Client(address, timeout=ANSWER, security=security, set_as_default=False)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise EngineHalt(_NOBODY.fill(address=address, why=type(error).__name__)) from None
    try:
        return Dask(client, address, _width(client, address), settings.limites)
    except BaseException:
        client.close(timeout=_LOOK)  # type: ignore[no-untyped-call]
        raise


def _width(client: Any, address: str) -> int:
    try:
        client.wait_for_workers(1, timeout=ANSWER)
    except Exception:
        raise EngineHalt(_NO_WORKER.fill(address=address)) from None
    mine = program()
    try:
        there = client.run(_presented, on_error="return")
    except Exception as error:
        raise EngineHalt(_NOBODY.fill(address=address, why=type(error).__name__)) from None
    for worker, answer in there.items():
        if not isinstance(answer, tuple):
            what = _UNKNOWN.fill(error=type(answer).__name__)
            raise stranger(urlsplit(worker).hostname or worker, what)
        name, theirs = answer
        if what_differs := mine.differs(theirs):
            raise stranger(name, what_differs)
    return max(1, _threads(client, address))


def _threads(client: Any, address: str) -> int:
    """Tasks that the workers do at once."""
    try:
        workers = client.scheduler_info(n_workers=-1)["workers"]
    except Exception:
        raise EngineHalt(_LOST.fill(address=address)) from None
    return sum(worker["nthreads"] for worker in workers.values())


# --- on a worker ------------------------------------------------------------------------------------------------------


def _presented() -> tuple[str, Program]:
    return machine(), program()


def _done(order: _Order) -> Answer:
    """Do a task on a worker. It never raises: Dask would quote what it was given."""
    differs = order.program.differs(program())
    if differs:
        return STRANGER, (machine(), differs)
    return guarded(order.task, _children(order.limits), order.payload)


@cache
def _children(limits: Limits) -> Children:
    """Of this worker, as many as it has threads; they end with it."""
    # A nanny starts its worker as a daemon, and multiprocessing would not let it have children, for fear that they outlive it.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    return Children(get_worker().state.nthreads, limits)
