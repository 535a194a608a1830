"""What is open, and what takes it up: the same thing again, a correction, the whole file again. Nobody else's file does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.ledger import Ledger
from pipeline.ledger.records import Counts, Decision, DepositRecord, OpenLine
from tests.world import DISPENSATEUR, TITULAIRE, decisions, workspace


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    with decisions.opened(workspace(tmp_path)) as opened:
        yield opened


def line(row: int, key: bytes | None, suite: str = "corriger", codes: str = "LIG-04") -> OpenLine:
    return OpenLine("Feuil1", row, key, suite, codes, 700)


def faulty(
    numero: str, *lines: OpenLine, siret: str = TITULAIRE, file: str = "mars.xlsx", read: int = 0
) -> DepositRecord:
    """A deposit of ``read`` lines that leaves ``lines`` open."""
    counts = Counts(acceptees=read - len(lines), rejetees=len(lines)) if read else Counts(rejetees=len(lines))
    keys = frozenset(one.cle for one in lines if one.cle)
    return decisions.deposit(numero, siret=siret, fichier=file, lignes=counts, ouvertes=lines, cles=keys)


def sound(
    numero: str,
    *keys: bytes,
    siret: str = TITULAIRE,
    file: str = "autre.xlsx",
    read: int = 1,
    origin: str = "",
    **more: object,
) -> DepositRecord:
    """A deposit that leaves nothing open."""
    counts = Counts(acceptees=read)
    return decisions.deposit(
        numero, siret=siret, fichier=file, lignes=counts, origine=origin, cles=frozenset(keys), **more
    )


def commit(book: Ledger, *deposits: DepositRecord) -> None:
    book.commit(Decision(decisions.begin(book), deposits), book.head())


def open_rows(book: Ledger, siret: str | None = None) -> list[tuple[str, str, int]]:
    return [(one.depot, one.suite, one.lignes) for one in book.open_lines(siret)]


TOGETHER = pytest.mark.parametrize("together", [True, False], ids=["one wave", "two waves"])


def both(book: Ledger, first: DepositRecord, second: DepositRecord, *, together: bool) -> None:
    if together:
        commit(book, first, second)
    else:
        commit(book, first)
        commit(book, second)


@TOGETHER
def test_the_same_thing_again_takes_the_line_up_and_no_other(book: Ledger, *, together: bool) -> None:
    first = faulty("D-1", line(2, b"a"), line(3, b"b"), line(4, None), read=5)
    both(book, first, sound("D-2", b"a", b"z", read=2), together=together)
    assert open_rows(book) == [("D-1", "corriger", 2)]
    assert book.taken_up(TITULAIRE) == {"D-1": "D-2"}


@TOGETHER
def test_what_is_judged_again_and_still_wrong_is_open_once(book: Ledger, *, together: bool) -> None:
    both(book, faulty("D-1", line(2, b"a")), faulty("D-2", line(9, b"a"), file="b.xlsx"), together=together)
    assert open_rows(book) == [("D-2", "corriger", 1)]


def test_a_correction_takes_up_all_of_the_deposit_it_comes_from(book: Ledger) -> None:
    commit(book, faulty("D-1", line(2, None), line(3, b"b", "retenue", "")))
    commit(book, sound("D-2", b"corrected", origin="D-1"))
    assert open_rows(book) == []


@TOGETHER
def test_the_whole_file_again_takes_up_lines_whose_keys_were_corrected(book: Ledger, *, together: bool) -> None:
    first = faulty("D-1", line(2, b"wrong"), line(3, b"held", "retenue", ""))
    both(book, first, sound("D-2", b"right", b"held", read=2), together=together)
    assert open_rows(book) == []


def test_a_file_that_holds_what_was_accepted_of_another_is_that_file_again(book: Ledger) -> None:
    first = faulty("D-1", line(2, b"wrong"), read=2)
    item = decisions.complement("DSF-1-C01", "D-1", (decisions.absence(),))
    book.commit(Decision(decisions.begin(book), (first,), (item,)), book.head())
    commit(book, sound("D-2", b"right", read=2, precedents=frozenset(["DSF-1-C01"])))
    assert open_rows(book) == []


def test_a_smaller_file_takes_up_only_its_own_lines(book: Ledger) -> None:
    commit(book, faulty("D-1", line(2, b"wrong"), line(3, b"held", "retenue", "")))
    commit(book, sound("D-2", b"held", read=1))
    assert open_rows(book) == [("D-1", "corriger", 1)]


def test_the_same_name_with_as_many_lines_is_the_same_file(book: Ledger) -> None:
    commit(book, faulty("D-1", line(2, b"wrong"), line(3, b"wrong too")))
    commit(book, sound("D-2", b"right", b"right too", file="mars.xlsx", read=2))
    assert open_rows(book) == []


def test_next_month_under_the_same_name_hides_nothing(book: Ledger) -> None:
    commit(book, faulty("D-1", line(2, b"january"), line(3, b"january too")))
    commit(book, sound("D-2", b"1", b"2", b"3", file="mars.xlsx", read=3))
    assert open_rows(book) == [("D-1", "corriger", 2)]


def test_a_refused_file_is_open_until_its_name_comes_again(book: Ledger) -> None:
    refused = OpenLine("", 0, None, "refuse", "FIC-05", 0)
    commit(book, decisions.deposit("D-1", fichier="mars.xlsx", etat="refuse", lignes=Counts(), ouvertes=(refused,)))
    commit(book, sound("D-2", b"a", file="autre.xlsx"))
    assert open_rows(book) == [("D-1", "refuse", 1)]
    commit(book, sound("D-3", b"b", file="mars.xlsx", read=7))
    assert open_rows(book) == []


def test_nothing_of_another_organisation_takes_up_anything(book: Ledger) -> None:
    commit(book, faulty("D-1", line(2, b"a"), line(3, b"b")))
    commit(book, sound("D-2", b"a", b"b", siret=DISPENSATEUR, file="mars.xlsx", read=2))
    assert open_rows(book) == open_rows(book, TITULAIRE) == [("D-1", "corriger", 2)]
    assert open_rows(book, DISPENSATEUR) == [] and book.taken_up(DISPENSATEUR) == {}


def test_a_deposit_is_known_to_its_own_organisation_alone(book: Ledger) -> None:
    commit(book, faulty("D-1", line(2, b"a")))
    assert book.origin(TITULAIRE, "D-1") is not None
    assert book.origin(DISPENSATEUR, "D-1") is None
    assert book.origin(TITULAIRE, "D-9") is None
