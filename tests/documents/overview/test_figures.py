"""What the reviewer's pages count."""

from datetime import date
from typing import Any

import pytest

from pipeline.documents.overview import figures
from pipeline.documents.overview.sections import never_fired, rules_table
from pipeline.documents.wording import Wording, catalogue
from pipeline.judging.verdicts_csv import verdict_row
from schemas.rules import CATALOGUE
from tests.documents.overview import samples

DAY = date(2025, 6, 1)


def _deposit(n: int = 1, numero: str = "d", **changes: Any) -> dict[str, Any]:
    lines = changes.pop("comptes", samples.counts(5, 0, 0, 0))
    hours = {name: 100 * figure for name, figure in lines.items()}
    return {
        "depot": numero,
        "siret": samples.siret(n),
        "raison_sociale": "",
        "fichier": "x.xlsx",
        "etat": "traite",
        "comptes": lines,
        "heures": hours,
        "regles": [],
        "dsf": [{"numero_dsf": "D1", "comptes": lines, "heures": hours}],
        **changes,
    }


def _run(day: int, *listed: dict[str, Any]) -> dict[str, Any]:
    return {"run": f"r{day}", "date": f"2025-06-{day:02}", "depots": list(listed), "verdicts": b""}


def test_every_rule_has_its_words_in_both_languages() -> None:
    assert all(rule.brief[langue].strip() for rule in CATALOGUE.values() for langue in ("fr", "en"))
    assert all(Wording("fr").rule(code) for code in CATALOGUE) and Wording("fr").rule("XXX-00") == ""
    assert all(texts[langue] for texts in catalogue().values() for langue in ("fr", "en"))


def test_a_run_is_the_sum_of_its_deposits() -> None:
    run = samples.runs(1)[0]
    totals = figures.totals(run)
    assert totals.deposits == len(run["depots"])
    assert totals.lines.lues == sum(one["comptes"]["lues"] for one in run["depots"])
    assert totals.hours.lues == sum(one["heures"]["lues"] for one in run["depots"])


def test_a_run_known_by_its_totals_counts_as_well() -> None:
    run = {"depots": 7, "comptes": samples.counts(1, 2, 3, 4), "heures": samples.counts(100, 200, 300, 400)}
    totals = figures.totals(run)
    assert (totals.deposits, totals.lines.lues, totals.hours.retenues) == (7, 10, 300)
    assert figures.deposits(run) == ()


@pytest.mark.parametrize(
    ("etat", "lines", "expected"),
    [
        ("refuse", (0, 0, 0, 0), "refuse"),
        ("traite", (3, 0, 0, 1), "accepte"),
        ("traite", (0, 0, 0, 2), "accepte"),
        ("traite", (1, 1, 0, 0), "partiel"),
        ("traite", (0, 2, 1, 0), "rejete"),
    ],
)
def test_the_state_of_a_deposit(etat: str, lines: tuple[int, int, int, int], expected: str) -> None:
    assert figures.state({"etat": etat, "comptes": samples.counts(*lines)}) == expected


def test_the_worst_files_come_first() -> None:
    listed = [
        _deposit(1, "fine"),
        _deposit(2, "some", comptes=samples.counts(0, 1, 0, 0)),
        _deposit(3, "much", comptes=samples.counts(9, 1, 5, 0)),
        _deposit(4, "refused", etat="refuse", comptes=samples.counts(0, 0, 0, 0)),
    ]
    assert [one["depot"] for one in figures.worst(listed)] == ["refused", "much", "some", "fine"]
    over_months = figures.worst(listed, refused_first=False)
    assert [one["depot"] for one in over_months] == ["much", "some", "refused", "fine"]


def test_rules_are_counted_by_deposit_and_organisation() -> None:
    rule = {"code": "LIG-01", "constats": 2, "heures": 300}
    runs = [
        _run(1, _deposit(1, "a", regles=[rule])),
        _run(2, _deposit(1, "b", regles=[rule]), _deposit(2, "c", regles=[rule])),
    ]
    (one,) = figures.rules(runs)
    assert (one.findings, one.hours, one.deposits, len(one.organisations), one.per_run) == (6, 900, 3, 2, [2, 4])
    assert "LIG-01" not in never_fired(runs)
    assert len(never_fired(runs)) == len(CATALOGUE) - 1


def test_warnings_come_after_and_cost_no_hour() -> None:
    rules = [
        {"code": code, "constats": 1, "heures": hours}
        for code, hours in (("AVT-01", 900), ("LIG-13", 500), ("REF-06", 1))
    ]
    run = _run(1, _deposit(1, "a", regles=rules)) | {"reglages": {"severites": {"LIG-13": "avertissement"}}}
    shown = rules_table([run], Wording("fr"))
    assert [(row[0].value, row[2].value, row[-1].value) for row in shown.rows] == [
        ("REF-06", "rejette", 1),
        ("AVT-01", "avertit", None),
        ("LIG-13", "avertit", None),
    ]


def test_pairs_that_always_go_together_come_first() -> None:
    combined = {"A B": 4, "B": 1, "C D": 3, "E F": 1, "G": 9, "G H": 1}
    found = figures.pairs(combined)
    assert [(pair.first, pair.second, pair.share) for pair in found] == [("C", "D", 1.0), ("A", "B", 0.8)]


def test_combinations_come_from_the_rows_or_are_given() -> None:
    line = {"depot": "d", "siret": "s", "fichier": "f", "feuille": "", "numero_dsf": "", "complement": ""}
    rows = verdict_row(**line, ligne=1, verdict="rejetee", codes=["B", "A"])
    assert figures.combinations([{"verdicts": rows}, {"combinaisons": {"A B": 2}}]) == {"A B": 3}


def test_right_the_first_time_looks_at_the_first_deposit_of_a_dsf() -> None:
    bad = samples.counts(1, 1, 1, 0)
    runs = [_run(1, _deposit(1, "a", comptes=bad), _deposit(2, "b")), _run(2, _deposit(1, "c"))]
    assert figures.first_time_by_run(figures.first_met(runs)) == {"r1": (2, 1)}


def test_a_dossier_that_began_before_is_not_new() -> None:
    runs = [_run(1, _deposit(1, comptes=samples.counts(0, 0, 0, 4)))]
    assert figures.first_met(runs) == []


@pytest.mark.parametrize(("part", "shown"), [(0.0, "0"), (0.001, "1"), (0.5, "50"), (0.999, "99"), (1.0, "100")])
def test_a_share_never_says_all_or_nothing_unless_it_is_so(part: float, shown: str) -> None:
    assert Wording("fr").share(part) == f"{shown}\u202f%"
    assert Wording("en").share(part) == f"{shown}%"
