"""Worlds of the simulation that are played in every `make test`; `make simulate` plays many more."""

from pathlib import Path

import pytest

from pipeline.judging import identity
from tests.simulation.play import Bad, Play


@pytest.mark.parametrize("seed", range(1, 7))
def test_nothing_leaves_twice_whatever_happens_to_the_world(tmp_path: Path, seed: int) -> None:
    Play(tmp_path, seed).play(50)


def test_the_model_sees_an_absence_that_leaves_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promise that is broken must be seen: identity by name alone, as it once was."""
    monkeypatch.setattr(identity, "_missing_absences", lambda absences, _facts: absences.iloc[:0][identity._MISSING])
    with pytest.raises(Bad, match=r"was completed by .*--seed 3 "):
        Play(tmp_path, 3).play(200)
