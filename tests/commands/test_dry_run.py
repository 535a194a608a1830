"""A dry run leaves nothing behind, however it ends: its double holds copies of everybody's deposits (reliability H18)."""

import os
import subprocess
import sys
import time
from pathlib import Path

from pipeline import lock
from tests.world import World


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
