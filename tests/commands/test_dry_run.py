"""A dry run leaves nothing behind, however it ends: its double holds copies of everybody's deposits (reliability H18)."""

import os
import subprocess
import sys
import time
from pathlib import Path

from pipeline import lock
from pipeline.commands import dry_run
from pipeline.run import run
from tests.intake.test_retiring import deep
from tests.world import DAY, SETTINGS, World


def doubles(world: World) -> list[Path]:
    return list(world.workspace.var.glob("essai-*"))


def test_H18_what_a_killed_dry_run_left_is_swept_by_the_next_start(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    world.run()
    world.hours("a.csv", {})
    environ = {**os.environ, "DSF_DELAI_STABILITE": "30"}
    command = [sys.executable, "-m", "pipeline.cli", "run", "--dry-run", "-w", str(world.workspace.root)]
    for _ in range(2):
        trial = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not any(
            list(double.rglob("a.csv")) and (double / "var" / "run.lock").exists() for double in doubles(world)
        ):
            assert trial.poll() is None
            time.sleep(0.05)
        trial.kill()
        trial.wait()
        assert len(doubles(world)) == 1, "the second dry run has swept what the first one left"
    world.run()
    assert doubles(world) == []
    assert len(world.reports()) == 1


def test_H18_a_dry_run_that_is_on_is_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    with lock.double(world.workspace) as root:
        (root / "copie.csv").write_bytes(b"x")
        world.run()
        with lock.double(world.workspace) as other:
            lock.sweep(world.workspace)
            assert (root / "copie.csv").exists() and other.exists()
    assert doubles(world) == []


def test_H15_a_deposit_at_a_path_over_4096_does_not_stop_a_dry_run(tmp_path: Path) -> None:
    """No path leads to it, so that it is not in the double; a run serves it."""
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    given = world.hours("b.csv", {})
    deep(world, given.read_bytes())
    with dry_run.double(world.workspace, SETTINGS) as copy:
        assert len(run(copy, dry_run.for_double(world.workspace, SETTINGS), DAY).view["depots"]) == 1
