"""Trials in the ledger: kept for ever, in a table of their own, counted with nothing."""

from pathlib import Path

import pytest

from pipeline.errors import StateHalt
from pipeline.ledger.records import Decision
from tests.world import TITULAIRE, decisions, workspace

CONTENT = "c" * 64


def test_a_trial_is_told_apart_and_no_lookup_sees_it(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        tried = decisions.deposit("D-essai", sha256=CONTENT, identite="1:2", essai=True)
        book.commit(Decision(run, (tried,)), book.head())
        assert book.seen([(TITULAIRE, CONTENT)]) == {} and book.deposits() == []
        assert book.numbers_like(["D"]) == {"D-essai"}
        assert [source.depot for source in book.sources()] == ["D-essai"]
        book.removed(["D-essai"])
        assert book.sources() == []
        view = book.run_view(run)
        assert (view["depots"], view["verdicts"], [one["depot"] for one in view["essais"]]) == ([], b"", ["D-essai"])
        book.finish_run(run)
        assert [(r["depots"], r["comptes"]["lues"]) for r in book.past_runs()] == [(0, 0)]
        assert book.trail(cle_dsf="dsf-1") == []
        (one,) = book.trail(depot="D-essai")
        assert one["essai"] and one["run"] == run


def test_a_run_without_trials_says_nothing_of_them(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        decisions.decide(space, book, run, "DSF-1-C01")
        assert "essais" not in book.run_view(run)
        assert all("essai" not in one for one in book.trail(depot="D-DSF-1-C01"))


def test_the_database_itself_refuses_a_complement_of_a_trial(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        tried = decisions.deposit("D-essai", essai=True)
        item = decisions.complement("DSF-1-C01", "D-essai", (decisions.absence(),))
        with pytest.raises(StateHalt):
            book.commit(Decision(run, (tried,), (item,)), book.head())
        assert book.trials() == [] and book.counts()["complements"] == 0
