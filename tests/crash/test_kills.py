"""However often the program is killed, no verdict and no byte changes for it (reliability H9)."""

import os
import random
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pipeline import ledger, wave
from pipeline.cli import Exit, main
from pipeline.commands import run as verb
from pipeline.commands import status
from pipeline.work.children import ATTEMPTS
from tests.bounded import LONG
from tests.crash.client import Bench, outputs, problems
from tests.world import DAY, SETTINGS, TITULAIRE, World, by_verdict


def test_H09_five_kills_at_the_same_step_change_nothing(made: Bench) -> None:
    """At the same point of each run: while a file is read, judged, emitted or removed."""
    for at in range(10, len(made.labels), 35 if LONG else 110):
        with made.workspace() as place:
            codes = [made.ask(root=str(place), at=at) for _ in range(5)]
            assert -signal.SIGKILL in codes
            assert made.ask(root=str(place)) == 0, made.log()
            assert problems(made, place) == [], at


def test_H09_many_kills_in_a_row_at_random_instants_change_no_verdict_and_no_byte(made: Bench) -> None:
    chance = random.Random(9)
    with made.workspace() as place:
        killed = 0
        times = 40 if LONG else 10
        for _ in range(times):
            code = made.ask(root=str(place), after=chance.uniform(0.005, 0.25), signal="SIGKILL")
            assert code in (0, -signal.SIGKILL)
            killed += code != 0
        assert killed >= times // 2
        assert made.ask(root=str(place)) == 0, made.log()
        assert problems(made, place) == []


def five(root: Path) -> World:
    world = World(root).add_dsf().write_extracts()
    for day in range(10, 15):
        world.hours(f"{day}.csv", {"date_debut": f"{day}/02/2025"}, {"date_debut": f"{day}/02/2025", "heures": "sept"})
    return world


def started(world: World) -> "subprocess.Popen[bytes]":
    environ = {**os.environ, "DSF_DELAI_STABILITE": "0", "DSF_PROCESSUS": "2"}
    command = [sys.executable, "-m", "pipeline.cli", "run", "--as-of", "2025-06-30", "-w", str(world.workspace.root)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.sweep
def test_H09_the_real_program_killed_with_its_children_at_work(tmp_path: Path) -> None:
    whole, often = five(tmp_path / "whole"), five(tmp_path / "often")
    assert started(whole).wait() == 0
    chance = random.Random(9)
    for _ in range(40 if LONG else 1):
        program = started(often)
        time.sleep(chance.uniform(1, 5))
        program.kill()
        program.wait()
    assert started(often).wait() == 0
    one, other = (
        {name: data for name, data in outputs(world.workspace.outbox).items() if not name.startswith("rapports/")}
        for world in (whole, often)
    )
    assert one == other
    assert len(whole.reports()) == 5


# --- alone ------------------------------------------------------------------------------------------------------------


def deadly(errand: wave.Errand) -> None:
    """Stands for whatever ends the process that judges this one deposit: notes it, then kills it."""
    with (errand.workspace.root / "morts").open("a") as note:
        note.write("x")
    os.kill(os.getpid(), signal.SIGKILL)


def frozen(_errand: wave.Errand) -> None:
    """Stands for a deposit whose judging never ends."""
    time.sleep(600)


def suspect(world: World, path: Path) -> None:
    """As if the program had been killed three times before it decided this deposit."""
    pair = (TITULAIRE, sha256(path.read_bytes()).hexdigest())
    for _ in range(3):
        book = ledger.open(world.workspace, SETTINGS)
        book.begin_attempts([pair])
        book.close()  # as a death: nothing is given back


def test_H09_a_deposit_that_was_at_work_in_three_killed_runs_is_judged_like_another(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    world.run()
    path = world.hours("a.csv", {}, {"date_debut": "11/02/2025", "heures": "sept"})
    suspect(world, path)
    assert world.run().owed == ()
    assert by_verdict(world.report()) == {2: "retenue", 3: "rejetee"}
    assert not path.exists()


@pytest.mark.parametrize("work", [deadly, frozen])
def test_H09_what_ends_the_program_is_put_aside_alone_until_somebody_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Any
) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    world.run()
    world.hours("a.csv", {})
    path = world.hours("b.csv", {"date_debut": "11/02/2025"})
    world.hours("c.csv", {"date_debut": "12/02/2025"})
    suspect(world, path)
    monkeypatch.setattr(wave, "prepared_alone", work)
    if work is frozen:
        monkeypatch.setattr("pipeline.work.children._PATIENCE", 0.02)
    outcome = world.run()
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}] * 2
    ((said, why),) = outcome.owed
    assert said == f"inbox/depots/{TITULAIRE}/b.csv" and "--retry" in why
    assert {"chemin": said, "raison": why} in outcome.view["laisses"]
    assert path.exists() and status.state(world.workspace, SETTINGS)["a_reprendre"][0]["chemin"] == said
    assert world.run().owed == outcome.owed, "it is not touched again"
    assert work is frozen or (world.workspace.root / "morts").read_text() == "x" * ATTEMPTS
    monkeypatch.undo()
    retry = verb.retried(world.workspace, SETTINGS, [path])
    assert retry == verb.retried(world.workspace, SETTINGS, [Path(said)]) == (said,)
    from pipeline import run

    assert run(world.workspace, SETTINGS, DAY, retry=retry).owed == ()
    assert len(world.reports()) == 3 and not path.exists()


def test_H09_retry_of_what_is_not_put_aside_is_a_usage_error(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    path = world.hours("a.csv", {})
    done = CliRunner().invoke(main, ["run", "--retry", str(path), "-w", str(world.workspace.root)])
    assert done.exit_code == Exit.USAGE and "a.csv" in done.stderr
    assert path.exists()
