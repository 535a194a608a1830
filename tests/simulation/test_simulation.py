"""Worlds of the simulation that are played in every `make test`; `make simulate` plays many more."""

from pathlib import Path

import pytest

from tests.servers.ledgers import base
from tests.simulation.play import Play


@pytest.mark.parametrize("seed", range(1, 3))
def test_nothing_leaves_twice_whatever_happens_to_the_world(tmp_path: Path, seed: int) -> None:
    Play(tmp_path, seed).play(60)


def test_nothing_leaves_twice_whatever_happens_to_the_ledgers_server(tmp_path: Path) -> None:
    """Its connection is cut, it loses its power, another machine takes over; and its log names nobody."""
    with base() as running:
        world = Play(tmp_path, 2, running)
        world.play(10)
        for trouble in (world.connection_cut, world.server_restarts, world.another_machine):
            world.deposit()
            trouble()
        assert "CANARI" not in running.server.log.read_text()
