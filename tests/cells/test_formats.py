"""What a number format shows of a number: as programs show it, or « not sure »; never another text."""

import csv
import datetime as dt
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cells.formats import (
    BUILTIN,
    HASHES,
    Timed,
    always_plain,
    as_shown,
    clock,
    has_clock,
    plain_above_zero,
    typed,
)
from pipeline.cells.meaning import plain_cell, read_cell, read_free_cell
from pipeline.cells.model import Cell, ErrorCell, FormulaCell, ShownCell
from pipeline.cells.text import as_text, display, encode
from schemas.fields import FieldKind
from schemas.noticed import Noticed

PLAIN = [
    "General",
    "GENERAL",
    "Standard",
    "0",
    "#",
    "#0",
    "0.00",
    "#,##0",
    "# ##0",
    "#\\ ##0.00",
    "0.00E+00",
    "##0.0E+0",
    "@",
]
PLAIN += ["0_ ;[Red]\\-0\\ ", "_-* #,##0.00_-", "[$-40C]0", "[Blue]0", "0;-0;;@", "\\ 0", "#,##0 ;(#,##0)"]
SHOWN = [
    ("00000000", 123456, "00123456"), ("00000000", 0, "00000000"), ('"S"00', 3, "S03"), ('"S"00', 123, "S123"),
    ('0000000"A"', 1234567, "1234567A"), ('0000000"A"', 12345, "0012345A"), ("00\\-00", 1234, "12-34"),
    ("00-00", 12345, "123-45"), ("\\A0", 7, "A7"), ('0# ## ## ## ##', 123456789, "01 23 45 67 89"),
    ('"dsf "0', 7, "dsf 7"), ('0" h"', 7, "7 h"), ('"S"General', 3, "S3"), ("[>=100]0;00", 3, "03"),
    ('[$€-40C]0', 3, "€3"), ('"n°"\\ 000', 12, "n° 012"), ("000;-000", 7, "007"), ("[Red]000", 7, "007"),
    ('"A"#', 12, "A12"),
]  # fmt: skip
UNSURE = [
    ("0%", 1), ("0,", 12000), ("# ?/?", 0.5), ('"S"0', 3.7), ("0", 3.7), ("0.0", 3.72), (";;;", 5), ('"caché"', 5), ("#", 0),
    ("0;-0;;@", 0), ("00000000", -3), ('"S"0', -3), ('0.00" €"', 12), ("000.0", 7), ("0,000", 7), ("0*-", 5), ("N0", 5),
    ("[DBNum1]0", 5), ("[$-2000000]0", 5), ('[<10]"peu";[<100]"assez";"trop"', 5), ("0;(0)", -5), ('"S"General', 10**12),
    ('"x"0.0E+0', 5), ("[>5]0;[<3]0;00", 4.5), ('"S"@', 3), ("0##", 5),
    ("0;[>5]0", 3), ("General General", 3), ("@@", 3), ("0!0", 3),
]  # fmt: skip
CLOCKS = [
    ("h:mm", Timed.DATE), ("hh:mm:ss", Timed.DATE), ("dd/mm/yyyy", Timed.DATE), ("DD/MM/YYYY;@", Timed.DATE),
    ("mmss.0", Timed.DATE),
    ("[h]:mm", Timed.ELAPSED), ("[hh]:mm:ss", Timed.ELAPSED), ("[mm]", Timed.ELAPSED), ('[h]"h"mm', Timed.ELAPSED),
    ("[$-40C]d mmmm yyyy", Timed.DATE), ("[$-F800]dddd\\,\\ mmmm\\ dd", Timed.DATE), ("[$-F400]h:mm:ss\\ AM/PM", Timed.DATE),
    ("[Red]h:mm", Timed.DATE), ("[>=1][h]:mm;h:mm", Timed.DATE), ('[=0]"-";[h]:mm', Timed.ELAPSED),
    ("yyyy\\-mm\\-dd", Timed.DATE),
    ('"d"0', None), ("\\d0", None), ("[Red]0", None), ('0" heures"', None), ("#,##0*y", None), ("0_d", None), ("0.0E+0", None),
    ("[$-40C]0", None), ("[<0.1]0;h:mm", Timed.DATE), ("[<1]0.00;h:mm", None), ("General;h:mm", None),
    ("[Magenta]0", None), ("[$mdh]0", None),
]  # fmt: skip


@pytest.mark.parametrize("code", PLAIN)
@pytest.mark.parametrize("value", [1, 7.0, 123456, 10**14, 10**15, 10**20])
def test_its_own_digits_are_the_number(code: str, value: float) -> None:
    assert as_shown(value, code) == value


@pytest.mark.parametrize(("code", "value", "text"), SHOWN)
def test_zeros_and_texts_are_read_as_shown(code: str, value: float, text: str) -> None:
    assert as_shown(value, code) == as_shown(float(value), code) == ShownCell(value, text)
    assert clock(value, code) is None


@pytest.mark.parametrize(("code", "value"), UNSURE)
def test_what_shows_something_else_is_not_read(code: str, value: float) -> None:
    assert as_shown(value, code) == ShownCell(value, None)
    assert clock(value, code) is None


@pytest.mark.parametrize(("code", "found"), CLOCKS)
def test_dates_and_times(code: str, found: Timed | None) -> None:
    assert clock(0.3, code) is found


def test_builtin_formats() -> None:
    assert {i for i, code in BUILTIN.items() if has_clock(code)} == {*range(14, 23), 45, 46, 47}
    assert [i for i, code in BUILTIN.items() if clock(2, code) is Timed.ELAPSED] == [46]


@pytest.mark.parametrize(
    ("value", "code", "cell"),
    [
        (0.3125, "h:mm", dt.time(7, 30)),
        (0, "h:mm", dt.time(0)),
        (1, "h:mm", dt.date(1900, 1, 1)),
        (1.5, "h:mm", dt.datetime(1900, 1, 1, 12)),
        (59, "dd/mm/yyyy", dt.date(1900, 2, 28)),
        (61, "dd/mm/yyyy", dt.date(1900, 3, 1)),
        (45356, "dd/mm/yyyy", dt.date(2024, 3, 5)),
        (45356.5, "dd/mm/yyyy", dt.datetime(2024, 3, 5, 12)),
        (2958465, "dd/mm/yyyy", dt.date(9999, 12, 31)),
        (2958466, "dd/mm/yyyy", ErrorCell(HASHES)),
        (-1e-9, "dd/mm/yyyy", ErrorCell(HASHES)),
        (-20.5 / 24, "h:mm", ErrorCell(HASHES)),
        (float("nan"), "h:mm", ErrorCell(HASHES)),
        (float("inf"), "[h]:mm", ErrorCell(HASHES)),
        (1e9, "[h]:mm", ErrorCell(HASHES)),
        (-0.25, "[h]:mm", dt.timedelta(hours=-6)),
        (26.5 / 24, "[h]:mm", dt.timedelta(hours=26, minutes=30)),
        (7.5, "0.00", 7.5),
        (3, '"S"00', ShownCell(3, "S03")),
    ],
)
def test_days_and_times(value: float, code: str, cell: Cell) -> None:
    assert typed(value, code) == cell


def test_days_of_1904() -> None:
    assert typed(45356 - 1462, "dd/mm/yyyy", epoch_1904=True) == dt.date(2024, 3, 5)
    assert typed(0.25, "h:mm", epoch_1904=True) == dt.time(6)
    assert typed(-0.25, "h:mm", epoch_1904=True) == dt.timedelta(hours=-6)  # which Excel shows there
    assert typed(-1, "h:mm", epoch_1904=True) == ErrorCell(HASHES)
    assert typed(2958466 - 1462, "h:mm", epoch_1904=True) == ErrorCell(HASHES)


@given(st.integers(0, 2958465), st.integers(0, 1439))
def test_every_day_and_minute_comes_back(day: int, minute: int) -> None:
    found = typed(day + minute / 1440, "dd/mm/yyyy h:mm")
    if isinstance(found, dt.time):
        assert (day, found) == (0, dt.time(minute // 60, minute % 60))
        return
    assert isinstance(found, dt.date)
    whole = found if isinstance(found, dt.datetime) else dt.datetime.combine(found, dt.time())
    first = dt.datetime(1899, 12, 31 if day < 60 else 30)
    assert whole - first == dt.timedelta(days=day, minutes=minute)


def test_a_format_that_excel_would_not_open() -> None:
    assert as_shown(3, "[" * 256) == ShownCell(3, None)


SIGNS = st.lists(
    st.sampled_from([*"0#?.,;@%/-() \\_*E+ehmsdyag[]<>=1$", '"S"', "[Red]", "[>=100]", "General", "[$€-40C]", "é"]),
    max_size=9,
).map("".join)
NUMBERS = st.one_of(
    st.integers(-(10**16), 10**16),
    st.integers(0, 300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([3.7, 0.5]),
)


@given(SIGNS, NUMBERS)
def test_whatever_the_format_the_number_is_kept(code: str, value: float) -> None:
    if clock(value, code) is not None:
        return
    cell = as_shown(value, code)
    if isinstance(cell, ShownCell):
        assert cell.value == value
        assert cell.shown is None or "".join(c for c in cell.shown if c.isdigit()) != "" or "S" in cell.shown
    else:
        assert cell == value


@given(SIGNS, st.integers(1, 10**14))
def test_short_ways_say_the_same(code: str, value: int) -> None:
    if not has_clock(code) and (always_plain(code) or plain_above_zero(code)):
        assert as_shown(value, code) == value
        if always_plain(code):
            assert as_shown(-value, code) == -value


@given(
    st.integers(1, 12), st.integers(0, 10**12), st.sampled_from(["", "S", "A-", "d"]), st.sampled_from(["", "A", " h"])
)
def test_as_many_zeros_as_asked(zeros: int, value: int, before: str, after: str) -> None:
    code = f'"{before}"{"0" * zeros}"{after}"'
    text = f"{before}{value:0{zeros}d}{after}"
    assert as_text(as_shown(value, code)) == text


def test_what_it_means_depends_on_the_field() -> None:
    cell = ShownCell(3, "S03")
    assert read_cell(FieldKind.KEY, cell) == ("S03", (), "")
    assert read_cell(FieldKind.HOURS, cell) == (300, (), "")
    assert read_cell(FieldKind.KEY, FormulaCell(cell)) == ("S03", (Noticed.FORMULA,), "")
    assert read_cell(FieldKind.HOURS, FormulaCell(cell)) == (300, (Noticed.FORMULA,), "")
    hidden = ShownCell(0.5, None)
    for kind in FieldKind:
        alone, computed = read_cell(kind, hidden), read_cell(kind, FormulaCell(hidden))
        assert alone.value == computed.value
        if kind not in (FieldKind.HOURS, FieldKind.DATE, FieldKind.YES_NO):
            assert alone == computed == (None, (Noticed.SHOWN_OTHERWISE,), "0.5")
    assert read_cell(FieldKind.HOURS, hidden).value == 50


@pytest.mark.parametrize(
    ("code", "value", "read"),
    [
        ('00":"00', 730, (None, "7,50 h / 730 h")),
        ("0\\h00", 730, (None, "7,50 h / 730 h")),
        ("00:00", 700, (None, "7 h / 700 h")),
        ('0" h"', 7, (700, "")),
        ("00", 7, (700, "")),
        ('"S"00', 7, (700, "")),
        ('"environ "0', 7, (700, "")),
    ],
)
def test_hours_that_show_other_hours_have_two_readings(code: str, value: float, read: tuple[int | None, str]) -> None:
    cell = as_shown(value, code)
    assert isinstance(cell, ShownCell)
    for one in (
        cell,
        FormulaCell(cell),
        plain_cell(FieldKind.HOURS, cell),
        plain_cell(FieldKind.HOURS, FormulaCell(cell)),
    ):
        meaning = read_cell(FieldKind.HOURS, one)
        assert (meaning.value, meaning.detail) == read
        assert (Noticed.HOURS_UNREADABLE in meaning.noticed) == (read[0] is None)


def test_a_social_security_number_is_seen_through_its_format() -> None:
    code = '[>=3000000000000]#" "##" "##" "##" "###" "###" | "##;#" "##" "##" "##" "###" "###'
    cell = as_shown(295109912611193, code)
    assert cell == ShownCell(295109912611193, "2 95 10 99 126 111 | 93")
    for kind in FieldKind:
        assert read_cell(kind, cell) == (None, (Noticed.NIR,), "")
    assert read_free_cell(cell).noticed == (Noticed.NIR,)


def test_how_it_is_told() -> None:
    assert [display(c) for c in (ShownCell(3, "S03"), ShownCell(0.5, None), FormulaCell(ShownCell(3, "S03")))] == [
        "S03",
        "0.5",
        "S03",
    ]
    assert [encode(c) for c in (ShownCell(3, "S03"), ShownCell(0.5, None))] == [
        {"t": "s", "v": "S03"},
        {"t": "n", "v": 0.5},
    ]


def _in_libreoffice(folder: Path, rows: list[tuple[str, float]]) -> list[str]:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for i, (code, value) in enumerate(rows, 1):
        sheet.cell(i, 1, value).number_format = code
    book.save(folder / "shown.xlsx")
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to"]
    command += ["csv:Text - txt - csv (StarCalc):44,34,76", "--outdir", str(folder), str(folder / "shown.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with (folder / "shown.csv").open(encoding="utf-8", newline="") as file:
        return [row[0] if row else "" for row in csv.reader(file)]


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed: nothing to compare with")
def test_libreoffice_shows_the_same(tmp_path: Path) -> None:
    values = [0, 3, 12, 1234, 123456, 1234567, 123456789, 3.7, 0.5, -5]
    codes = list(dict.fromkeys([*PLAIN[3:], *(code for code, _, _ in SHOWN), *(code for code, _ in UNSURE)]))
    rows = [(code, float(value)) for code in codes for value in values]
    wrong = []
    for (code, value), seen in zip(rows, _in_libreoffice(tmp_path, rows), strict=True):
        cell: Cell = as_shown(value, code)
        if isinstance(cell, ShownCell):
            same = cell.shown is None or cell.shown.strip() == seen.strip()
        else:
            same = "E" in seen or float("".join(c for c in seen if c in "-.0123456789")) == value
        if not same:
            wrong.append((code, value, seen, cell))
    assert wrong == []
