"""A fault of ours costs the deposit that meets it a night, never a verdict, and never quotes what it stumbled over."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from pipeline import tasks
from pipeline.cli import Exit, main
from pipeline.judging import facts
from pipeline.work.children import Children
from tests.bounded import some
from tests.world import World, by_verdict

CANARY = "Zzcanari"


@pytest.fixture(autouse=True)
def who_does_the_work() -> None:
    """Always this process: a worker elsewhere would not meet what is planted here (its own faults: ``tests.work``)."""


def stumble(monkeypatch: pytest.MonkeyPatch, error: BaseException | None = None, everywhere: bool = False) -> None:
    """Judging raises, with the cell in its text, whenever a line has the canary in it."""
    real = facts.join

    def join(lines: pd.DataFrame, *others: Any) -> pd.DataFrame:
        if everywhere or (lines["nom"] == CANARY).any():
            raise error or KeyError(CANARY)
        return real(lines, *others)

    monkeypatch.setattr(facts, "join", join)


def three(root: Path) -> World:
    """Three deposits, of which the second one has the canary."""
    world = World(root)
    world.add_dsf().write_extracts()
    world.hours("a.csv", {})
    world.hours("b.csv", {"nom": CANARY, "date_debut": "11/02/2025"})
    world.hours("c.csv", {"date_debut": "12/02/2025"})
    return world


def dsf(world: World, *arguments: str) -> Result:
    environ = {"DSF_DELAI_STABILITE": "0", "DSF_PROCESSUS": "1"}
    return CliRunner().invoke(main, [*arguments, "-w", str(world.workspace.root)], env=environ)


def waiting(world: World) -> list[str]:
    return [path.name for path in sorted(world.workspace.deposits.rglob("*")) if path.is_file()]


def test_the_deposit_that_meets_a_bug_is_put_aside_and_the_others_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stumble(monkeypatch)
    world = three(tmp_path / "ws")
    outcome = world.run()
    first, last = world.reports()
    assert by_verdict(first) == by_verdict(last) == {2: "acceptee"}
    assert waiting(world) == ["b.csv"], "it has no verdict, and stays where it was put"
    (said,) = outcome.view["laisses"]
    assert said["chemin"].endswith("b.csv")
    assert "KeyError" in said["raison"] and "erreur de notre programme" in said["raison"]
    assert CANARY not in str(outcome.view)
    assert outcome.owed == ((said["chemin"], said["raison"]),)


FAULTS: list[BaseException] = [
    MemoryError(),
    OSError("Couldn't deserialize thrift: a library's own words, no number of the system"),
    RuntimeError("bug"),
    duckdb.IOException("IO Error: could not read"),
    duckdb.OutOfMemoryException("out of memory"),
    pa.ArrowInvalid("Couldn't deserialize thrift"),
]


@pytest.mark.parametrize("fault", some(FAULTS), ids=lambda fault: type(fault).__name__)
def test_H10_no_fault_of_ours_is_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    stumble(monkeypatch, fault)
    world = three(tmp_path / "ws")
    done = dsf(world, "run", "--as-of", "2025-06-30", "--json")
    assert done.exit_code == Exit.FAILURE
    (owed,) = json.loads(done.stdout)["a_reprendre"]
    assert owed["chemin"].endswith("b.csv") and type(fault).__name__ in owed["raison"]
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}] * 2
    assert waiting(world) == ["b.csv"]
    seen = json.loads(dsf(world, "status", "--json").stdout)
    assert seen["a_reprendre"] == [owed] and seen["prets"] == []
    assert "b.csv" in dsf(world, "status").stdout
    monkeypatch.undo()
    again = dsf(world, "run", "--as-of", "2025-06-30", "--json")
    assert again.exit_code == Exit.DONE
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}] * 3
    assert json.loads(again.stdout)["a_reprendre"] == [] == waiting(world)
    assert json.loads(dsf(world, "status", "--json").stdout)["a_reprendre"] == []


def test_H10_a_fault_that_everything_meets_decides_nothing_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stumble(monkeypatch, duckdb.IOException("IO Error"), everywhere=True)
    world = three(tmp_path / "ws")
    outcome = world.run()
    assert outcome.view["depots"] == [] and len(outcome.owed) == 3
    assert waiting(world) == ["a.csv", "b.csv", "c.csv"]
    monkeypatch.undo()
    assert world.run().owed == ()
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}] * 3


def test_H10_a_fault_while_a_file_is_read_is_no_verdict_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = three(tmp_path / "ws")
    real = Children.read

    def read(children: Any, sources: Any) -> Any:
        if any(CANARY.encode() in original.data for original, _ in sources):
            raise MemoryError
        return real(children, sources)

    monkeypatch.setattr(Children, "read", read)
    ((path, why),) = world.run().owed
    assert path.endswith("b.csv") and "MemoryError" in why
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}] * 2
    monkeypatch.undo()
    assert world.run().owed == ()
    assert len(world.reports()) == 3


def test_H10_a_file_put_aside_that_its_sender_saves_again_is_a_new_arrival(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stumble(monkeypatch)
    world = three(tmp_path / "ws")
    world.run()
    world.hours("b.csv", {"date_debut": "13/02/2025"})
    assert world.run().owed == () and waiting(world) == []
    assert len(world.reports()) == 3


returns_rendered = tasks.returns_rendered


def renders_b(payload: bytes) -> bool:
    return any(report["fichier"] == "b.csv" for report in tasks.opened(tasks.opened(payload).packed))


def dies_of_b(payload: bytes) -> bytes:
    """Rendering kills the process whenever it meets the second deposit."""
    if renders_b(payload):
        os.kill(os.getpid(), signal.SIGKILL)
    return returns_rendered(payload)


def no_memory_for_b(payload: bytes) -> bytes:
    if renders_b(payload):
        raise MemoryError
    return returns_rendered(payload)


@pytest.mark.parametrize("render", some([dies_of_b, no_memory_for_b]))
def test_H20_a_deposit_whose_rendering_dies_is_put_aside_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, render: Any
) -> None:
    world = three(tmp_path / "ws")
    monkeypatch.setattr(tasks, "returns_rendered", render)
    ((path, _),) = world.run(processus=2).owed
    assert path.endswith("b.csv") and waiting(world) == ["b.csv"]
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}] * 2
    assert [c["numero"] for c in world.complements().values()] == ["DSF-1-C01", "DSF-1-C02"]
    monkeypatch.undo()
    assert world.run(processus=2).owed == ()
    assert len(world.reports()) == 3 == len(world.complements())


def test_an_unforeseen_error_of_a_command_is_one_line_without_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "ws")
    world.add_dsf().write_extracts()
    world.run()
    stumble(monkeypatch)
    path = world.hours("a.csv", {"nom": CANARY})
    arguments = ["check", str(path), "-s", path.parent.name, "-w", str(world.workspace.root)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == Exit.FAILURE
    assert "KeyError" in done.stderr
    assert CANARY not in done.stderr + done.stdout
