"""What a commit promises: all or nothing, once only, numbers without a gap, a chain."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.errors import Halt, HeadMoved, Interrupted, StateHalt
from pipeline.ledger import chain
from pipeline.ledger.records import Decision
from pipeline.publishing import outbox
from tests.world import DAY, OTHER, SETTINGS, TITULAIRE, decisions, workspace


def test_D05_numbers_count_without_a_gap_and_each_link_holds_the_one_before(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        for n in range(1, 4):
            decisions.decide(space, book, run, f"DSF-1-C{n:02d}", decisions.absence(f"A{n}"))
        with pytest.raises(StateHalt):
            decisions.decide(space, book, run, "DSF-1-C05", decisions.absence("A9"))
        decisions.decide(space, book, run, "DSF-2-C01", decisions.absence("A1", "DSF-2"))
        rows = list(book.complements())
        assert [row.seq for row in rows] == [1, 2, 3, 4]
        assert [row.prev_sha256 for row in rows] == ["", *(row.maillon for row in rows[:-1])]
        assert all(row.maillon == chain.link(row.prev_sha256, row.seq, row.numero, row.sha256) for row in rows)
        assert book.head().sha == rows[-1].maillon
        assert book.ranks(["dsf-1", "dsf-2", "dsf-3"]) == {"dsf-1": 3, "dsf-2": 1}


@pytest.mark.parametrize("again", [decisions.absence(), decisions.hours()], ids=["absence", "hours"])
def test_C01_an_entry_is_taken_once_ever(tmp_path: Path, again: object) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        decisions.decide(space, book, run, "DSF-1-C01", again)  # type: ignore[arg-type]
        before = book.head()
        with pytest.raises(StateHalt, match="déjà"):
            decisions.decide(space, book, run, "DSF-1-C02", again)  # type: ignore[arg-type]
        assert book.head() == before
        assert len(book.entries(["dsf-1"], []).absences) + len(book.entries(["dsf-1"], []).heures) == 1


def test_C02_an_absence_is_its_identifier_and_its_dates(tmp_path: Path) -> None:
    """Identifiers that are ranks shift: under the same one, other dates are another absence. The same dates never pass twice."""
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        decisions.decide(space, book, run, "DSF-1-C01", decisions.absence("A1"))
        again = replace(decisions.absence("A1"), heures=300)
        with pytest.raises(StateHalt):
            decisions.decide(space, book, run, "DSF-1-C02", again)
        decisions.decide(space, book, run, "DSF-1-C02", replace(again, date_debut=DAY, date_fin=DAY))
        assert len(book.entries(["dsf-1"], []).absences) == 2


def test_a_decision_against_another_head_is_refused(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run, head = decisions.begin(book), book.head()
        decisions.decide(space, book, run, "DSF-1-C01")
        with pytest.raises(HeadMoved):
            book.commit(Decision(run, (decisions.deposit("late"),)), head)


def test_C03_a_runner_that_was_overtaken_commits_nothing(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as slow:
        run = decisions.begin(slow)
        token = decisions.stage(space, slow, decisions.complement("DSF-1-C01", "D", (decisions.absence(),)))[0]
        with decisions.opened(space) as fast:
            assert fast.fence > slow.fence
            assert not (space.spool / token.nom).exists(), "the faster one sweeps what the slower one had not committed"
            head = slow.head()
            with pytest.raises(HeadMoved):
                slow.commit(Decision(run, (decisions.deposit("late"),)), head)
            mine = decisions.stage(space, fast, decisions.complement("DSF-1-C01", "D", (decisions.absence(),)))[0]
            outbox.recover(space, slow)
            assert (space.spool / mine.nom).exists(), "the slower one must not sweep the tokens of the faster one"


def test_C06_a_commit_that_fails_leaves_the_ledger_as_it_was_or_as_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run, head = decisions.begin(book), book.head()
        given = decisions.deposit("D1")

        def cut(label: str, *_: object) -> None:
            if label == "ledger: commit":
                raise Interrupted("cut")

        monkeypatch.setattr("pipeline.disk.reached", cut)
        with pytest.raises(Interrupted):
            book.commit(Decision(run, (given,)), head)
        monkeypatch.undo()
        assert book.head() == head
        book.commit(Decision(run, (given,)), head)
        with pytest.raises(HeadMoved):
            book.commit(Decision(run, (given,)), head)


def test_D12_an_empty_complement_never_leaves(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        empty = decisions.complement("DSF-1-C01", "D1", ())
        with pytest.raises(StateHalt, match="vide"):
            book.commit(Decision(run, (decisions.deposit("D1"),), (empty,)), book.head())


def test_D11_what_is_emitted_is_what_the_ledger_holds_whatever_hashes_and_locales(tmp_path: Path) -> None:
    seen = set()
    for seed, locale in (("0", "C"), ("1", "C.UTF-8"), ("random", "C")):
        place = tmp_path / f"{seed}-{locale}"
        code = (
            "import sys; from pathlib import Path; from pipeline.publishing import outbox\n"
            "from tests.world import decisions, workspace\n"
            "space = workspace(Path(sys.argv[1]))\n"
            "with decisions.opened(space) as book:\n"
            "    run = decisions.begin(book)\n"
            "    decisions.decide(space, book, run, 'DSF-1-C01', decisions.absence('Été'), decisions.hours())\n"
            "    outbox.release(space, book)\n"
            "    row = book.complement('DSF-1-C01')\n"
            f"    assert (space.outbox / '{TITULAIRE}/dsf/DSF-1-C01/DSF-1-C01.json').read_bytes() == row.payload\n"
            "    print(row.maillon)\n"
        )
        env = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale}
        done = subprocess.run(
            [sys.executable, "-c", code, str(place)],
            env=env,
            capture_output=True,
            text=True,
            check=True,
            cwd=Path.cwd(),
        )
        seen.add(done.stdout)
    assert len(seen) == 1


def test_C16_attempts_are_counted_before_reading_and_cleared_by_the_decision(tmp_path: Path) -> None:
    space, pair = workspace(tmp_path), (TITULAIRE, "a" * 64)
    for expected in (1, 2, 3):
        book = ledger.open(space, SETTINGS)
        assert book.begin_attempts([pair]) == {pair: expected}
        book.close()  # as a death: nothing is given back
    with ledger.open(space, SETTINGS) as book:
        run = decisions.begin(book)
        assert book.attempts([pair, (OTHER, "a" * 64)]) == {pair: 3}
        book.commit(Decision(run, (decisions.deposit("D1", sha256="a" * 64),)), book.head())
        assert book.attempts([pair]) == {}


def test_C16_a_halt_gives_attempts_back_and_a_fault_of_ours_does_not(tmp_path: Path) -> None:
    space, pair = workspace(tmp_path), (TITULAIRE, "a" * 64)
    for error, left in ((Halt("full"), 0), (ValueError("bug"), 1), (Halt("again"), 1)):
        with pytest.raises(type(error)), ledger.open(space, SETTINGS) as book:
            book.begin_attempts([pair])
            raise error
        with ledger.open(space, SETTINGS) as book:
            assert book.attempts([pair]).get(pair, 0) == left


def test_C19_judging_again_changes_nothing_that_was_issued(tmp_path: Path) -> None:
    """A later run with other rules may decide the same file anew; what is issued is refused by its keys, not by the file."""
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        decisions.decide(space, book, run, "DSF-1-C01")
        book.finish_run(run)
        later = decisions.begin(book)
        assert later == "2025-06-30-2"
        with pytest.raises(StateHalt):
            decisions.decide(space, book, later, "DSF-1-C02", sha256=decisions.deposit("D-DSF-1-C01").sha256)
        assert book.head().seq == 1
