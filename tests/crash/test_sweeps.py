"""The sweeps over the real run (``tests.crash.sweep``): every label, and a bounded part of every system call.

`python -m tests.crash.sweep` is the long form: every point of every sweep.
"""

import shutil

import pytest

from tests.bounded import LONG, every
from tests.crash import sweep
from tests.crash.client import Bench
from tests.crash.tally import Tally

STEP = every(4000)


def none_bad(tally: Tally) -> None:
    assert tally.points
    assert tally.bad == []


@pytest.mark.sweep
def test_B01_kill_at_every_label_and_every_hit(made: Bench) -> None:
    step = 1 if LONG else 40
    tally = sweep.labels(made, step)
    none_bad(tally)
    assert tally.points >= len(made.labels) // step and len(made.labels) > 150


def test_D01_a_receiver_that_takes_everything_at_once(made: Bench) -> None:
    none_bad(sweep.greedy(made, 60))


def test_B16_a_second_runner_finds_the_lock_held(made: Bench) -> None:
    none_bad(sweep.stopped(made, 80))


def test_C03_a_runner_stopped_overtaken_and_woken(made: Bench) -> None:
    none_bad(sweep.overtaken(made, 90))


@pytest.mark.sweep
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_B02_kill_at_system_calls(made: Bench) -> None:
    none_bad(sweep.killed(made, STEP))


@pytest.mark.sweep
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_B03_B05_B06_system_calls_refused(made: Bench) -> None:
    none_bad(sweep.refused(made, STEP))
