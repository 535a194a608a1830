"""Stops, kills at any time, time zones (reliability B14, B15)."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from pipeline import ledger, signals
from pipeline.commands import verify
from pipeline.errors import Interrupted
from pipeline.workspace import Workspace
from tests.bounded import LONG, every
from tests.crash import scenario
from tests.crash.client import Bench, files, problems
from tests.world import SETTINGS, decisions, workspace


def test_B15_a_stop_lets_a_transaction_end_and_then_is_obeyed(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with pytest.raises(Interrupted) as stopped, signals.obeyed(), ledger.open(space, SETTINGS) as book:
        run = decisions.begin(book)
        with book.writing() as connection:
            os.kill(os.getpid(), signal.SIGTERM)
            connection.exec_driver_sql("UPDATE runs SET attente = '[\"noted\"]'")
        pytest.fail("the stop must be obeyed as soon as the transaction is whole")
    assert stopped.value.exit_code == 130
    with ledger.open(space, SETTINGS) as book, book.reading() as connection:
        assert connection.exec_driver_sql("SELECT run, attente FROM runs").all() == [(run, '["noted"]')]


def test_B15_a_stop_outside_is_obeyed_at_once_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted), signals.obeyed():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
        pytest.fail("not obeyed")
    assert signal.getsignal(signal.SIGTERM) is before
    with signals.shield():
        pass


@pytest.mark.parametrize("kind", ["SIGTERM", "SIGKILL"])
def test_B15_ended_at_any_time(made: Bench, kind: str) -> None:
    """At random times, whatever the process is doing: no label chosen by us."""
    chance = random.Random(15)
    for _ in range(8 if LONG else 4):
        with made.workspace() as place:
            code = made.ask(root=str(place), after=chance.uniform(0.005, 0.12), signal=kind)
            assert code in (0, 130, -signal.SIGTERM, -signal.SIGKILL)
            assert made.ask(root=str(place)) == 0
            assert problems(made, place) == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "Europe/Paris"])
def test_B14_the_host_s_time_zone_changes_no_byte(made: Bench, zone: str) -> None:
    with made.workspace() as place:
        # Another memory of pure steps: what was judged and rendered in another zone must not answer here.
        assert made.ask(root=str(place), zone=zone, forget=True) == 0
        assert problems(made, place) == []


def test_B01_a_run_cut_short_is_closed_by_the_run_of_another_date(made: Bench) -> None:
    """What it decided keeps its date and has its report; the rest is the next run's."""
    for at in range(30, len(made.labels), every(90)):
        with made.workspace() as place:
            assert made.ask(root=str(place), at=at) == -signal.SIGKILL
            assert made.ask(root=str(place), day="2025-07-01") == 0, made.log()
            space = Workspace(place)
            assert verify.verify(space, scenario.SETTINGS).ok
            assert files(space.deposits) == [] == list(space.spool.iterdir())
            with ledger.open(space, scenario.SETTINGS) as book:
                assert book.unfinished() is None
                told = {run["run"]: run["depots"] for run in book.past_runs()}
            assert sum(told.values()) == 6
            assert set(told) == {path.name for path in space.reports.iterdir() if path.is_dir()}
