"""Worlds of the simulation that are played in every `make test`; `make simulate` plays many more."""

from pathlib import Path

import pytest

from tests.bounded import LONG, only_long, some
from tests.servers.ledgers import base
from tests.simulation.machines import machines
from tests.simulation.places import shelf, storage
from tests.simulation.play import Play


@pytest.mark.parametrize("seed", some((2, 1)))
def test_nothing_leaves_twice_whatever_happens_to_the_world(tmp_path: Path, seed: int) -> None:
    Play(tmp_path, seed).play(60 if LONG else 40)


def test_nothing_leaves_twice_whatever_happens_to_the_ledgers_server(tmp_path: Path) -> None:
    """Its connection is cut, it loses its power, another machine takes over; and its log names nobody."""
    with base() as running:
        world = Play(tmp_path, 2, running)
        world.play(10)
        for trouble in (world.connection_cut, world.server_restarts, world.another_machine):
            world.deposit()
            trouble()
        assert "CANARI" not in running.server.log.read_text()


@pytest.mark.parametrize("kind", ["sftp", "s3"])
def test_nothing_leaves_twice_whatever_happens_to_shared_storage(tmp_path: Path, kind: str) -> None:
    """Its server dies, its answers are lost; receivers and secretaries are there while a run is."""
    with storage(kind) as server, shelf(kind, server, tmp_path) as there:
        world = Play(tmp_path, 3, shelf=there)
        for trouble in (world.storage_dies, world.busy_night, world.answers_lost):
            world.deposit()
            world.claims_again()
            trouble()
        assert world.model.reports


@only_long
def test_nothing_leaves_twice_whoever_dies_of_those_that_do_the_work(tmp_path: Path) -> None:
    """A worker, then the scheduler; and their logs name nobody."""
    with machines(tmp_path / "machines") as several:
        world = Play(tmp_path, 3, machines=several)
        for trouble in (world.worker_dies, world.scheduler_dies):
            world.deposit()
            world.to_the_brim()
            trouble()
        assert world.model.reports
        assert "Register worker" in several.logs() and "CANARI" not in several.logs()
