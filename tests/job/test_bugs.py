"""A bug of ours costs the deposit that meets it, not the others, and never quotes what it stumbled over."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from pipeline.cli import Exit, main
from pipeline.judging import facts
from tests.world import World, by_verdict

CANARY = "Zzcanari"


def stumble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judging raises, with the cell in its text, whenever a line has the canary in it."""
    real = facts.join

    def join(lines: pd.DataFrame, *others: Any) -> pd.DataFrame:
        if (lines["nom"] == CANARY).any():
            raise KeyError(CANARY)
        return real(lines, *others)

    monkeypatch.setattr(facts, "join", join)


def test_the_deposit_that_meets_a_bug_is_put_aside_and_the_others_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stumble(monkeypatch)
    world = World(tmp_path / "ws")
    world.add_dsf().write_extracts()
    world.hours("a.csv", {})
    world.hours("b.csv", {"nom": CANARY, "date_debut": "11/02/2025"})
    world.hours("c.csv", {"date_debut": "12/02/2025"})
    outcome = world.run()
    first, bad, last = world.reports()
    assert by_verdict(first) == by_verdict(last) == {2: "acceptee"}
    assert bad["etat"] == "refuse"
    assert "erreur de notre programme" in bad["constats"][0]["message"]
    (said,) = outcome.view["laisses"]
    assert "KeyError" in said["raison"]
    assert CANARY not in str(outcome.view)


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
