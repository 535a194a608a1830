"""What a trial may do, before anything is judged: it is known by its folder, and decided on its own."""

from pathlib import Path
from typing import Any, cast

import pytest

from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.judging import trial
from pipeline.judging.decide import judge
from pipeline.judging.deposit import Deposit
from pipeline.reading.model import Reading
from pipeline.work.packed import Packed
from tests.world import TITULAIRE


def deposit(folder: str, name: str = "a.csv") -> Deposit:
    here = Path(__file__)
    arrival = Arrival.of(f"inbox/depots/{folder}/{name}", TITULAIRE, name, here.stat())
    return Deposit(Snapshot(arrival, "0" * 64, here), Packed.of(Reading("")))


def test_deposits_are_decided_together_and_each_trial_on_its_own() -> None:
    first, tried, second, again = (
        deposit(f"{TITULAIRE}{label}", name)
        for label, name in (("", "a"), ("-essai", "b"), ("-site", "c"), ("-ESSAI", "d"))
    )
    assert list(trial.apart([first, tried, second, again])) == [[first, second], [tried], [again]]
    assert list(trial.apart([])) == [] and list(trial.apart([tried])) == [[tried]]


def test_a_trial_among_others_is_never_decided() -> None:
    several = [deposit(TITULAIRE), deposit(f"{TITULAIRE}-essai")]
    with pytest.raises(ValueError, match="on its own"):
        judge(cast(Any, None), several, cast(Any, None))
