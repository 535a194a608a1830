"""What becomes of a complement: words on it are added, the last one counts, and a list that is read again changes nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import StateHalt
from pipeline.ledger import Ledger, Word
from tests.world import decisions, workspace

JULY = date(2025, 7, 1)
AUGUST = date(2025, 8, 1)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with two complements of DSF-1 and one of DSF-2."""
    space = workspace(tmp_path)
    with decisions.opened(space) as opened:
        run = decisions.begin(opened)
        decisions.decide(space, opened, run, "DSF-1-C01", decisions.absence("A1"))
        decisions.decide(space, opened, run, "DSF-1-C02", decisions.absence("A2"))
        decisions.decide(space, opened, run, "DSF-2-C01", decisions.absence("A1", "DSF-2"))
        yield opened


def word(book: Ledger, numero: str) -> tuple[str, date | None]:
    one = book.follow(numero)
    assert one is not None
    return one.numero_kairos, one.saisie_le


def test_a_complement_is_issued_then_typed_then_seen_and_never_goes_back(book: Ledger) -> None:
    assert [one.state for one in book.followed()] == ["emise"] * 3
    book.enter("DSF-1-C02", kairos="K-2", day=JULY)
    assert [one.state for one in book.followed()] == ["emise", "saisie", "emise"]
    book.see([2, 3], extract="extrait-2", day=JULY)
    book.see([2], extract="extrait-3", day=AUGUST)
    assert [one.state for one in book.followed()] == ["emise", "vue", "vue"]
    assert [one.vue_le for one in book.followed()] == [None, JULY, JULY]
    assert [one.numero for one in book.followed(unseen=True)] == ["DSF-1-C01"]


@pytest.mark.parametrize("typed", ["DSF-1-C01", " dsf-1-c01 ", "DSF-1-C1", "DSF-1-c001"])
def test_a_number_is_known_as_anyone_writes_it(book: Ledger, typed: str) -> None:
    one = book.follow(typed)
    assert one is not None
    assert one.numero == "DSF-1-C01"
    assert book.enter(typed, kairos="", day=JULY)
    assert word(book, "DSF-1-C01") == ("", JULY)


@pytest.mark.parametrize("typed", ["", "DSF-1", "DSF-1-C03", "DSF-3-C01", "DSF-1-C", "DSF-1-C" + "9" * 30])
def test_a_number_that_was_never_issued_is_none(book: Ledger, typed: str) -> None:
    assert book.follow(typed) is None
    with pytest.raises(StateHalt, match="ne connaît pas"):
        book.enter(typed, kairos="", day=JULY)


def test_the_last_word_counts_and_what_it_leaves_out_stays(book: Ledger) -> None:
    assert book.enter("DSF-1-C01", kairos="K-1", day=JULY)
    assert not book.enter("DSF-1-C01", kairos="K-1", day=JULY)
    assert not book.enter("DSF-1-C01", kairos="", day=JULY), "no number takes back none"
    assert book.enter("DSF-1-C01", kairos="", day=AUGUST)
    assert word(book, "DSF-1-C01") == ("K-1", AUGUST)
    assert book.enter("DSF-1-C01", kairos="K-9", day=JULY)
    assert book.enter("DSF-1-C01", kairos="K-1", day=JULY), "back to what was said at first"
    assert word(book, "DSF-1-C01") == ("K-1", JULY)


def test_a_list_that_is_read_again_takes_back_no_correction(book: Ledger) -> None:
    listed = [Word("DSF-1-C01", "K-1", JULY), Word("DSF-1-C02", "", JULY)]
    assert book.enter_all(listed) == 2
    assert book.enter("DSF-1-C01", kairos="K-2", day=AUGUST)
    assert book.enter_all(listed) == 0
    assert word(book, "DSF-1-C01") == ("K-2", AUGUST)


def test_a_list_is_noted_whole_or_not_at_all(book: Ledger) -> None:
    with pytest.raises(StateHalt):
        book.enter_all([Word("DSF-1-C01", "K-1", JULY), Word("DSF-9-C01", "K-9", JULY)])
    assert word(book, "DSF-1-C01") == ("", None)
