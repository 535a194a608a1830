"""The sample workspace through the real chain: every rule fires, counts add up, what is corrected is accepted."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from docs import make_rules
from pipeline import demo, settings
from pipeline.commands import replay
from pipeline.demo.second import CHANGED
from pipeline.run import run
from pipeline.workspace import Workspace
from schemas.rules import CATALOGUE
from tests.bounded import only_long

VERDICTS = ("acceptee", "rejetee", "retenue", "deja_prise")


def passed(workspace: Workspace, round_: int) -> None:
    chosen = settings.load(workspace.root, codes=frozenset(CATALOGUE))
    outcome = run(workspace, chosen, (demo.AS_OF, demo.AS_OF_SECOND)[round_], lambda *_: None)
    assert not outcome.refused_extracts


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Both rounds done."""
    made = Workspace(tmp_path_factory.mktemp("demo"))
    demo.generate(made)
    passed(made, 0)
    demo.second_round(made)
    passed(made, 1)
    return made


def reports(workspace: Workspace) -> Iterator[dict[str, Any]]:
    for path in sorted(workspace.outbox.glob("*/retours/*/rapport.json")):
        yield json.loads(path.read_text("utf-8"))


def verdicts(workspace: Workspace) -> list[list[dict[str, str]]]:
    """The rows of each run, oldest first."""
    paths = sorted(workspace.reports.glob("*/verdicts.csv"))
    return [list(csv.DictReader(path.read_text("utf-8").splitlines())) for path in paths]


def test_every_rule_of_the_catalogue_is_triggered(workspace: Workspace) -> None:
    told = {finding["code"] for report in reports(workspace) for finding in report["constats"]}
    counted: set[str] = set()
    for path in workspace.reports.glob("*/run.json"):
        for deposit in json.loads(path.read_text("utf-8"))["depots"]:
            counted |= {rule["code"] for rule in deposit["regles"]}
    assert set(CATALOGUE) - told == set()
    assert set(CATALOGUE) - counted == set()


def test_each_planned_fault_is_found_where_it_was_made(workspace: Workspace) -> None:
    found = {(r["siret"], r["fichier"]): r for r in reports(workspace)}
    for deposit in demo.plan(1):
        report = found[deposit.siret, deposit.name]
        codes = {finding["code"] for finding in report["constats"]}
        assert set(deposit.codes) <= codes
        lines = {(line["feuille"], line["ligne"]): line["codes"] for line in report["lignes"]}
        for place, planned in zip(deposit.typed().places, deposit.lines, strict=False):
            if planned.fault and not any(code.startswith("FIC") for code in deposit.codes):
                assert planned.fault.strip() in lines[place], (deposit.name, place)


def test_most_lines_are_accepted_and_every_verdict_is_seen(workspace: Workspace) -> None:
    first, second = verdicts(workspace)
    counts = Counter(row["verdict"] for row in first if row["ligne"] != "0")
    assert set(counts) == set(VERDICTS)
    assert counts["acceptee"] > counts.total() / 2
    assert {row["codes"] for row in first if row["ligne"] == "0"} >= {f"FIC-{n:02d}" for n in range(1, 8)}
    changed = [row for row in second if row["fichier"] == CHANGED]
    assert [(row["verdict"], row["codes"]) for row in changed] == [("rejetee", "REF-14")]
    again = Counter(row["verdict"] for row in second if row not in changed)
    assert set(again) == {"acceptee", "deja_prise"}, "what was corrected is accepted, the rest was taken before"


def test_counts_add_up_in_every_report(workspace: Workspace) -> None:
    for report in reports(workspace):
        for sums in (report["comptes"], report["heures"]):
            total = sum(round(100 * sums[name]) for name in ("acceptees", "rejetees", "retenues", "deja_prises"))
            assert total == round(100 * sums["lues"])


def test_nothing_is_left_in_the_inbox(workspace: Workspace) -> None:
    assert [path for path in workspace.deposits.rglob("*") if path.is_file()] == []
    assert [path for path in workspace.extracts.rglob("*") if path.is_file()] == []


def test_no_name_nor_identifier_reaches_what_the_reviewer_reads(workspace: Workspace) -> None:
    world = demo.plan(1)
    people = {
        str(line.typed.values[field])
        for deposit in world
        for line in deposit.lines
        for field in ("identifiant_de", "nom")
        if isinstance(line.typed.values.get(field), str)
    }
    for name in ("run.json", "verdicts.csv"):
        for path in sorted(workspace.reports.glob(f"*/{name}")):
            text = Path(path).read_text("utf-8")
            assert not [person for person in people if person in text]


def test_the_page_of_the_rules_is_in_step(workspace: Workspace) -> None:
    page = make_rules.render(make_rules.examples(workspace))
    assert make_rules.PAGE.read_text(encoding="utf-8") == page, "run python -m docs.make_rules"


@only_long
def test_replayed_nothing_differs_and_a_changed_rule_changes_its_own_lines_and_their_neighbours(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release check over all that the sample has: files of every format, corrections, refusals, a second extract."""
    chosen = replace(settings.load(workspace.root, codes=frozenset(CATALOGUE)), processus=1)
    tally = replay.replayed(workspace, chosen, None, lambda *_: None)
    judged = sum(len(rows) for rows in verdicts(workspace))
    assert tally.changed == [] and tally.not_again == [] and judged > 2000

    def four(lines: pd.DataFrame, *_: object) -> "pd.Series[bool]":
        return lines["heures"] % 400 != 0

    monkeypatch.setitem(CATALOGUE, "LIG-09", replace(CATALOGUE["LIG-09"], passes=four))
    tally = replay.replayed(workspace, chosen, None, lambda *_: None)
    assert set(tally.turns) == {("acceptee", "rejetee"), ("acceptee", "retenue"), ("retenue", "rejetee")}
    assert set(tally.rules) == {"LIG-09"} and tally.hours["gagnees"] == 0
