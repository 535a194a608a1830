"""Cells, beyond the entries of reliability.md: order of causes, oui/non, round trips of values through their forms."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cells.meaning import read_cell, read_column
from pipeline.cells.model import Cell, ErrorCell, FormulaCell, Meaning
from pipeline.cells.text import as_text, display
from schemas.fields import FieldKind
from schemas.noticed import Noticed

NIR = "295109912611193"


@pytest.mark.parametrize("cell", ["oui", "O", " X ", 1, 1.0, "1", True, "Oui\u00a0"])
def test_yes(cell: Cell) -> None:
    assert read_cell(FieldKind.YES_NO, cell).value is True


@pytest.mark.parametrize("cell", ["non", "N", 0, "0", False])
def test_no(cell: Cell) -> None:
    assert read_cell(FieldKind.YES_NO, cell).value is False


@pytest.mark.parametrize("cell", ["yes", "peut-être", 2, dt.date(2024, 1, 1)])
def test_neither(cell: Cell) -> None:
    assert read_cell(FieldKind.YES_NO, cell).noticed == (Noticed.YES_NO_UNREADABLE,)


@pytest.mark.parametrize("kind", list(FieldKind))
@pytest.mark.parametrize("cell", [None, "", "  ", "\u00a0\n", FormulaCell("")])
def test_blank(kind: FieldKind, cell: Cell) -> None:
    assert read_cell(kind, cell) == Meaning(None)


@pytest.mark.parametrize(
    ("cell", "noticed"),
    [
        (ErrorCell("#REF!"), Noticed.SPREADSHEET_ERROR),
        (FormulaCell(None), Noticed.NOT_CALCULATED),
        (f"{NIR}\x07" + "x" * 600, Noticed.NIR),
        ("\x07" + "x" * 600, Noticed.CHARACTER_FORBIDDEN),
        ("x" * 600, Noticed.TEXT_TOO_LONG),
    ],
)
def test_first_cause_alone_counts(cell: Cell, noticed: Noticed) -> None:
    for kind in FieldKind:
        assert read_cell(kind, cell)[:2] == (None, (noticed,))


def test_length_is_that_of_the_folded_text() -> None:
    assert read_cell(FieldKind.TEXT, " " * 300 + "x" * 200).value == "x" * 200
    assert read_cell(FieldKind.TEXT, "x" * 201).detail == "201 / 200"
    assert read_cell(FieldKind.COMMENT, "x" * 500).value == "x" * 500
    assert read_cell(FieldKind.COMMENT, "x" * 501).noticed == (Noticed.TEXT_TOO_LONG,)


def test_formula_keeps_its_value_and_says_so() -> None:
    assert read_cell(FieldKind.HOURS, FormulaCell(7.5))[:2] == (750, (Noticed.FORMULA,))
    assert read_cell(FieldKind.HOURS, FormulaCell("abc"))[:2] == (None, (Noticed.HOURS_UNREADABLE,))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (1234567.0, "1234567"),
        (1e5, "100000"),
        (12.5, "12.5"),
        (-3, "-3"),
        (True, "VRAI"),
        (dt.date(2024, 3, 5), "05/03/2024"),
        (dt.datetime(2024, 3, 5, 7, 30), "05/03/2024 07:30"),
        (dt.time(7, 30), "07:30"),
        (dt.timedelta(hours=26, minutes=30), "26:30"),
        (ErrorCell("#REF!"), "#REF!"),
        (FormulaCell("a  b"), "a b"),
        (None, ""),
        (1.5e300, None),
    ],
)
def test_text_of_a_cell(cell: Cell, text: str | None) -> None:
    assert as_text(cell) == text
    assert display(cell) == (text if text is not None else "1.50000000000000E+300")


minutes = st.integers(0, 60 * 999)


def _hundredths(minutes: int) -> int:
    return int((Decimal(minutes) * 100 / 60).quantize(Decimal(1), rounding="ROUND_HALF_UP"))


@given(minutes)
def test_minutes_read_the_same_in_every_form(total: int) -> None:
    hours, rest = divmod(total, 60)
    forms: list[Cell] = [
        f"{hours}h{rest:02d}",
        f"{hours} h {rest:02d}",
        f"{hours}:{rest:02d}",
        f"{hours:02d}:{rest:02d}:00",
    ]
    forms.append(dt.timedelta(minutes=total))
    if hours < 24:
        forms.append(dt.time(hours, rest))
    assert {read_cell(FieldKind.HOURS, form).value for form in forms} == {_hundredths(total)}


@given(st.integers(-99_999, 99_999))
def test_hundredths_read_back_exactly(hundredths: int) -> None:
    number = Decimal(hundredths) / 100
    forms: list[Cell] = [float(number), f"{number:.2f}", f"{number:.2f}".replace(".", ","), f"{number:.2f} h"]
    assert {read_cell(FieldKind.HOURS, form).value for form in forms} == {hundredths}


@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)))
def test_dates_read_the_same_in_every_form(day: dt.date) -> None:
    forms: list[Cell] = [day, dt.datetime(day.year, day.month, day.day), day.isoformat()]
    forms += [f"{day.day}{m}{day.month}{m}{day.year}" for m in "/-."]
    forms += [day.strftime("%d/%m/%Y"), f"\u00a0{day.strftime('%d/%m/%Y')} "]
    assert {read_cell(FieldKind.DATE, form).value for form in forms} == {day}


cells = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.from_regex(r"[ -~]{0,20}", fullmatch=True),
    st.floats(),
    st.integers(-(10**18), 10**18),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.builds(FormulaCell, st.none() | st.text(max_size=9) | st.floats()),
    st.builds(ErrorCell, st.just("#N/A")),
)


@given(st.sampled_from([*FieldKind]), st.lists(cells, max_size=6))
def test_any_cell_has_an_answer_and_the_column_gives_the_same(kind: FieldKind, column: list[Cell]) -> None:
    cells_ = tuple(None if cell == "" else cell for cell in column)
    assert tuple(read_column(kind, cells_)) == tuple(read_cell(kind, cell) for cell in cells_)


@given(
    st.sampled_from([FieldKind.KEY, FieldKind.TEXT, FieldKind.COMMENT, FieldKind.PERSON]),
    st.lists(st.text(alphabet="aé \u00a0\n#Z9\u200b\ufffd", max_size=6), max_size=4),
)
def test_quick_way_of_a_column_of_texts_is_the_slow_way(kind: FieldKind, column: list[str]) -> None:
    texts = tuple(text for text in column if text)
    assert tuple(read_column(kind, texts, all_texts=True)) == tuple(read_cell(kind, text) for text in texts)
