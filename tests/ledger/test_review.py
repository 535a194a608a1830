"""What the reviewer asks of the ledger: complements by state and day, rejected lines again and again."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipeline.ledger import InState, Ledger
from pipeline.ledger.records import Counts, DsfCount
from tests.world import DAY, decisions, workspace

JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with three complements, of 7, 8 and 9 h."""
    space = workspace(tmp_path)
    with decisions.opened(space) as opened:
        run = decisions.begin(opened)
        for rank, hours in enumerate((700, 800, 900), 1):
            entry, of_dsf = (
                decisions.absence(f"A{rank}", hours=hours),
                DsfCount("dsf-1", "DSF-1", Counts(1), Counts(hours)),
            )
            decisions.decide(space, opened, run, f"DSF-1-C0{rank}", entry, dsf=(of_dsf,))
        yield opened


def test_complements_stand_by_state_since_a_day_with_their_hours(book: Ledger) -> None:
    assert book.by_state() == [InState("emises", DAY, 3, 2400)]
    book.enter("DSF-1-C01", kairos="K-1", day=JULY)
    book.enter("DSF-1-C02", kairos="K-2", day=JULY)
    book.enter("DSF-1-C02", kairos="K-2", day=AUGUST)
    assert book.by_state() == [
        InState("emises", DAY, 1, 900),
        InState("saisies", JULY, 1, 700),
        InState("saisies", AUGUST, 1, 800),
    ]
    book.see([2, 3], extract="extrait-2", day=AUGUST)
    assert book.by_state() == [InState("saisies", JULY, 1, 700), InState("vues", AUGUST, 2, 1700)]


def test_rows_of_many_deposits_are_read_in_portions(book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ledger.review.PORTION", 2)
    numbers = [f"D-DSF-1-C0{rank}" for rank in (1, 2, 3)]
    assert sorted(book.rows_of([*numbers, "unknown"])) == [f"{number},row\n".encode() for number in numbers]
