"""Worlds of the simulation that are played in every `make test`; `make simulate` plays many more."""

from pathlib import Path

import pytest

from tests.simulation.play import Play


@pytest.mark.parametrize("seed", range(1, 4))
def test_nothing_leaves_twice_whatever_happens_to_the_world(tmp_path: Path, seed: int) -> None:
    Play(tmp_path, seed).play(60)
