"""The model sees what it is there for: a promise that is broken on purpose is found within a few steps of a known world."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest

from pipeline.judging import context, identity
from pipeline.reference import lookup
from tests.bounded import some
from tests.simulation.play import Play
from tests.simulation.stage import Bad


@contextmanager
def renamed_absences_are_not_missed() -> Iterator[None]:
    """REF-14 is blind to absences whose names changed without a word."""

    def none(absences: Any, _facts: object) -> Any:
        return absences.iloc[:0][identity._MISSING]

    with patch.object(identity, "_missing_absences", none):
        yield


@contextmanager
def renamed_hours_are_not_missed() -> Iterator[None]:
    """REF-14 is blind to hours whose person or séquence changed its name without a word."""

    def none(hours: Any, _facts: object) -> Any:
        return hours.iloc[:0].assign(cle_absence=pd.Series(dtype="str"))[identity._MISSING]

    def nowhere(*_: object) -> frozenset[str]:
        return frozenset()

    with patch.object(identity, "_missing_hours", none), patch.object(identity, "_unplaced", nowhere):
        yield


@contextmanager
def plans_keep_their_old_names() -> Iterator[None]:
    """Hours that were issued are looked for under the plan and convention of then: REF-13 forgets them."""

    def as_stored(hours: Any, *_: object) -> Any:
        return hours

    with patch.object(identity, "_under_todays_plan", as_stored):
        yield


@contextmanager
def completions_are_forgotten() -> Iterator[None]:
    """An absence is completed only as far as its newest extract says so."""

    def as_it_is(facts: Any, *_: object) -> Any:
        return facts

    def as_said(absences: str) -> str:
        return f"SELECT * FROM ({absences}) ORDER BY cle_dsf, ligne"

    with ExitStack() as patches:
        patches.enter_context(patch.object(lookup, "_with_completed", as_said))
        patches.enter_context(patch.object(context, "still_completed", as_it_is))
        yield


@pytest.mark.parametrize(
    ("broken", "seed", "steps", "said"),
    some(
        [
            (completions_are_forgotten, 5, 11, "was completed by"),
            (renamed_hours_are_not_missed, 2, 14, "beyond what is planned"),
            (renamed_absences_are_not_missed, 6, 24, "was completed by"),
            (plans_keep_their_old_names, 2, 32, "beyond what is planned"),
        ],
        2,
    ),
)
def test_a_broken_promise_is_found(tmp_path: Path, broken: Any, seed: int, steps: int, said: str) -> None:
    with broken(), pytest.raises(Bad, match=said):
        Play(tmp_path, seed).play(steps)
