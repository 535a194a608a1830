"""The four verdicts counted, and what they make of a deposit."""

import pytest

from pipeline.judging.verdicts import ACCEPTED, COUNTED, HELD, REJECTED, TAKEN, VERDICTS, counts, state
from pipeline.ledger.records import COUNTS, Counts


def test_there_are_four_verdicts_and_each_has_its_count() -> None:
    assert VERDICTS == ("acceptee", "rejetee", "retenue", "deja_prise")
    assert COUNTED == {"acceptees": ACCEPTED, "rejetees": REJECTED, "retenues": HELD, "deja_prises": TAKEN}
    assert tuple(COUNTED) == COUNTS


def test_lines_and_hours_are_counted_by_verdict_and_add_up() -> None:
    rows = [(ACCEPTED, 700), (ACCEPTED, 25), (REJECTED, 350), (HELD, 100), (HELD, 1), (HELD, 2), (TAKEN, 33)]
    of_lines, of_hours = counts(rows)
    assert of_lines == Counts(2, 1, 3, 1) and of_lines.lues == 7
    assert of_hours == Counts(725, 350, 103, 33) and of_hours.lues == sum(hours for _, hours in rows)


def test_hours_that_cannot_be_read_count_for_nothing_and_their_line_counts() -> None:
    assert counts([(REJECTED, None), (REJECTED, 100)]) == (Counts(0, 2, 0, 0), Counts(0, 100, 0, 0))


def test_no_line_counts_zero_of_everything() -> None:
    assert counts([]) == (Counts(), Counts())


# accepted, rejected, held, already taken: 0 none, 1 some
STATES = {
    (0, 0, 0, 0): "accepte",
    (1, 0, 0, 0): "accepte",
    (0, 0, 0, 1): "accepte",
    (1, 0, 0, 1): "accepte",
    (0, 1, 0, 0): "rejete",
    (0, 0, 1, 0): "rejete",
    (0, 1, 1, 0): "rejete",
    (1, 1, 0, 0): "partiel",
    (1, 0, 1, 0): "partiel",
    (1, 1, 1, 0): "partiel",
    (0, 1, 0, 1): "partiel",
    (0, 0, 1, 1): "partiel",
    (0, 1, 1, 1): "partiel",
    (1, 1, 0, 1): "partiel",
    (1, 0, 1, 1): "partiel",
    (1, 1, 1, 1): "partiel",
}


@pytest.mark.parametrize(("some", "expected"), STATES.items())
def test_a_deposit_is_partial_where_some_of_it_stands_and_some_does_not(
    some: tuple[int, int, int, int], expected: str
) -> None:
    assert len(STATES) == 2**4
    for many in (1, 7):
        assert state(Counts(*(many * one for one in some)), refused=False) == expected


@pytest.mark.parametrize("some", STATES)
def test_a_deposit_refused_whole_is_refused_whatever_its_lines(some: tuple[int, int, int, int]) -> None:
    assert state(Counts(*some), refused=True) == "refuse"
