"""Runs: numbered by date, gone on with when cut short, told from the ledger alone."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import StateHalt
from tests.world import DAY, decisions, workspace


def test_a_run_is_numbered_by_its_date_and_gone_on_with_until_finished(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        assert book.unfinished() is None
        assert decisions.begin(book) == "2025-06-30-1"
    with decisions.opened(space) as book:
        assert book.unfinished() == ("2025-06-30-1", DAY)
        assert decisions.begin(book) == "2025-06-30-1"
        with pytest.raises(StateHalt, match="2025-06-30-1"):
            decisions.begin(book, date(2025, 7, 1))
        book.finish_run("2025-06-30-1")
        assert decisions.begin(book) == "2025-06-30-2"
        book.finish_run("2025-06-30-2")
        assert decisions.begin(book, date(2025, 7, 1)) == "2025-07-01-1"


def test_a_run_is_told_from_the_ledger_alone(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        decisions.decide(space, book, run, "DSF-1-C01", fichier="d\udce9p\u00f4t.csv", raison_sociale="Centre")
        decisions.decide(space, book, run, "DSF-2-C01", decisions.absence("A1", "DSF-2"))
        book.note_run(run, attente=[("inbox/x\udce9", "attend")], laisses=[("y", "laissé")], durees={"lecture": 0.5})
        book.finish_run(run)
        view = book.run_view(run)
    assert view["attente"] == [{"chemin": "inbox/x\udce9", "raison": "attend"}]
    assert [d["depot"] for d in view["depots"]] == ["D-DSF-1-C01", "D-DSF-2-C01"]
    assert view["depots"][0]["fichier"] == "d\udce9p\u00f4t.csv"
    assert view["depots"][0]["comptes"] == {"lues": 1, "acceptees": 1, "rejetees": 0, "retenues": 0, "deja_prises": 0}
    assert view["depots"][0]["regles"] == [{"code": "AVT-01", "constats": 1, "heures": 700}]
    assert view["verdicts"] == b"D-DSF-1-C01,row\nD-DSF-2-C01,row\n"
    assert view["complements"] == ["DSF-1-C01", "DSF-2-C01"]
    assert view["reference"] == [{"nom": "extrait-1", "date_extraction": "2025-06-01", "sha256": "0" * 64}]
    assert view["durees"] == {"lecture": 0.5} and view["fin"] >= view["debut"]


def test_C18_each_decision_keeps_which_extracts_it_was_judged_with(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        assert book.trail(depot="D-DSF-1-C01")[0]["reference"][0]["sha256"] == "0" * 64


def test_past_runs_are_told_oldest_first(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        for n in (1, 2, 3):
            run = decisions.begin(book)
            if n != 2:
                decisions.decide(space, book, run, f"DSF-{n}-C01", decisions.absence("A1", f"DSF-{n}"))
            book.finish_run(run)
        decisions.begin(book)  # unfinished: not told
        told = book.past_runs(limit=2)
    assert [(r["run"], r["depots"], r["comptes"]["acceptees"]) for r in told] == [
        ("2025-06-30-2", 0, 0),
        ("2025-06-30-3", 1, 1),
    ]
