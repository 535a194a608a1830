"""Sweeps over a ledger on a server: the connection lost at every step, the server itself lost at every label.

Each point is followed by a run that nothing disturbs and by the oracle, as in ``tests.crash.sweep``.
"""

import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from tests.crash.client import Bench, problems
from tests.crash.tally import Tally, some
from tests.servers.ledgers import Base
from tests.servers.proxy import Cut

ENDS = (0, 1)
"""How a run may end that lost its ledger: it went on over another connection, or halted with a sentence."""


def commits(made: Bench) -> list[int]:
    """The steps of the uninterrupted run that commit what a transaction has written."""
    found, writes = [], False
    for at, step in enumerate(made.steps, 1):
        if "BEGIN" in step:
            writes = "READ COMMITTED" in step
        elif writes and "COMMIT" in step:
            found.append(at)
    return found


def cut(made: Bench, steps: Iterable[int], how: Cut, *, down: bool = False) -> Tally:
    """The connection is lost at each of these steps; ``down``: and nobody reaches the server any more."""
    tally = Tally()
    for at in steps:
        with made.workspace() as place:
            made.arm(at, how, down=down)
            code = made.ask(root=str(place))
            if how is Cut.LATE:
                _overlapping(made, place)
            made.arm()
            _judge(made, place, tally, f"{made.steps[at - 1]} #{at}", code)
    return tally


def _overlapping(made: Bench, place: Path) -> None:
    """What is still under way arrives while the next run is on."""
    assert made.base
    arrival = threading.Timer(0.2, made.base.proxy.deliver)
    arrival.start()
    made.ask(root=str(place))
    arrival.join()


def _judge(made: Bench, place: Path, tally: Tally, where: str, code: int) -> None:
    again = made.ask(root=str(place))
    found = problems(made, place) + ([f"the next run ended with {again}"] if again else [])
    tally.note(where, code, found + ([] if code in ENDS else ["neither done nor a sentence"]))


def never_arrives(made: Bench, step: int) -> Tally:
    """The connection is lost before each statement and commit."""
    return cut(made, some(len(made.steps), step), Cut.BEFORE)


def answer_lost(made: Bench, step: int) -> Tally:
    """The server has done each statement and commit, and the connection is lost before it says so."""
    return cut(made, some(len(made.steps), step), Cut.AFTER)


def arrives_late(made: Bench, step: int) -> Tally:
    """The connection is lost with each statement and commit under way; it arrives when nobody waits for it any more."""
    return cut(made, some(len(made.steps), step), Cut.LATE)


def server_gone(made: Bench, step: int) -> Tally:
    """From each statement on nobody reaches the server, until the next run."""
    return cut(made, some(len(made.steps), step), Cut.AFTER, down=True)


def _at_each_label(made: Bench, step: int, meanwhile: Callable[[Base], None], then: Callable[[Base], None]) -> Tally:
    tally, base = Tally(), made.base
    assert base
    for at in some(len(made.labels), step):
        with made.workspace() as place:
            code = made.ask_while(partial(meanwhile, base), root=str(place), at=at)
            then(base)
            _judge(made, place, tally, f"{made.labels[at - 1]} #{at}", code)
    return tally


def _stop(base: Base) -> None:
    base.server.stop("immediate")


def _start(base: Base) -> None:
    base.server.start()


def restarted(made: Bench, step: int) -> Tally:
    """The server stops as at a loss of power at each label and is there again, recovered, when the run goes on."""
    return _at_each_label(made, step, Base.loses_power, lambda _base: None)


def stopped(made: Bench, step: int) -> Tally:
    """The server stops as at a loss of power at each label and stays away until the run has ended."""
    return _at_each_label(made, step, _stop, _start)
