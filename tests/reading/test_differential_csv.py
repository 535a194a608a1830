"""Small tables of tricky cells in csv, by Python and by LibreOffice: what is shown is read, or refused."""

import csv
import datetime as dt
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cells.model import ErrorCell
from schemas.fields import FieldKind
from tests.browser import libreoffice_all
from tests.reading.tricky import (
    DAYS_TYPED,
    ERRORS,
    HOURS_TYPED,
    Case,
    Cases,
    Computed,
    Day,
    Table,
    check,
    drawn,
    hundredths,
    read_bytes,
    tables,
    texts,
)
from tests.reading.tricky import UNHURRIED as MANY
from tests.reading.writers import workbooks

CELL_OF_EXCEL: list[Case] = [('="03"', "03"), ('="0;3"', "0;3"), ('="0""3"', '0"3')]
"""How Excel is made to keep zeros."""
YES_AND_NO: list[Case] = [
    ("oui", True),
    (" OUI\n", True),
    ("n", False),
    ("1", True),
    ("0", False),
    ("VRAI", True),
    ("false", False),
    ("oui?", None),
    ("", None),
]


def _strings(cases: list[Case]) -> list[Case]:
    return [case for case in cases if isinstance(case[0], str)]


# --- by Python --------------------------------------------------------------------------------------------------------


def _decimal(value: int, mark: str) -> Case:
    return f"{value / 100:.2f}".replace(".", mark), value


def _clock(minutes: int, form: str) -> Case:
    sign = "-" if minutes < 0 else ""
    return sign + form.format(abs(minutes) // 60, abs(minutes) % 60), hundredths(minutes=minutes)


_TEXTS = st.one_of(texts, texts, st.sampled_from(CELL_OF_EXCEL))
_HOURS = st.one_of(
    st.builds(_decimal, st.integers(-3000, 30000), st.sampled_from(",.")),
    st.builds(_clock, st.integers(-3000, 6000), st.sampled_from(["{}:{:02d}", "{}h{:02d}", "{} h {:02d}"])),
    st.sampled_from(_strings(HOURS_TYPED)),
)
_DAYS = st.one_of(
    st.builds(
        lambda day, code: (day.strftime(code), day),
        st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)),
        st.sampled_from(["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%Y 00:00:00"]),
    ),
    st.builds(lambda day: (f"{day:%d/%m/%y}", None), st.dates(dt.date(2000, 1, 1), dt.date(2100, 12, 31))),
    st.sampled_from([("", None), *_strings(DAYS_TYPED)]),
)
TYPED: dict[FieldKind, Cases] = {
    **dict.fromkeys((FieldKind.KEY, FieldKind.TEXT, FieldKind.COMMENT, FieldKind.PERSON, FieldKind.MOTIF), _TEXTS),
    **{FieldKind.HOURS: _HOURS, FieldKind.DATE: _DAYS, FieldKind.YES_NO: st.sampled_from(YES_AND_NO)},
}


def _encodable(case: Case) -> bool:
    try:
        str(case[0]).encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


CP1252 = {kind: cases.filter(_encodable) for kind, cases in TYPED.items()}
DIALECTS = [(s, e) for s in ";,\t" for e in ("utf-8", "utf-8-sig", "utf-16", "cp1252")]


def _rows(table: Table, *, padded: bool) -> list[list[str]]:
    rows = [["" if cell.value is None else cell.value for cell in row] for row in table.grid()]
    return [row + [""] * (len(table.headings) - len(row)) if row or padded else [] for row in rows]


def _swallows(rows: list[list[str]], separator: str) -> bool:
    """Whether a cell looks as if its quotation marks had gone astray: such a file may be refused."""
    return any(separator in cell and ("\n" in cell or "\r" in cell) for row in rows for cell in row)


@pytest.mark.parametrize(("separator", "encoding"), DIALECTS)
@MANY
@given(data=st.data(), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), end=st.sampled_from(["\r\n", "\n"]))
def test_python_gives_what_was_put_in_or_nothing(
    separator: str, encoding: str, data: Any, quoting: Any, end: str
) -> None:
    cells = CP1252 if encoding == "cp1252" else TYPED
    table = data.draw(tables({False: cells}, epochs=[False], hides=False))
    rows, out = _rows(table, padded=data.draw(st.booleans())), io.StringIO(newline="")
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end).writerows(rows)
    written = out.getvalue().encode(encoding)
    if _swallows(rows, separator) and [said.code for said in read_bytes(written).observations] == ["quote"]:
        return
    check(written, table)


# --- by LibreOffice ---------------------------------------------------------------------------------------------------


def _number(value: int, code: str) -> Case:
    return (value / 100, code), value


def _one_line(case: Case) -> bool:
    return _encodable(case) and not any(mark in str(case[0]) for mark in "\n\r")


def _in_one_piece(case: Case) -> bool:
    """Whether a cell can be written in cp1252, and does not look as if its quotation marks had gone astray."""
    return _encodable(case) and not _swallows([[str(case[0])]], ";") and not _swallows([[str(case[0])]], ",")


_SHOWN_TEXTS = st.one_of(
    texts.filter(_in_one_piece),
    texts.filter(_in_one_piece),
    st.builds(
        lambda value, zeros, before: ((value, f'"{before}"{"0" * zeros}'), f"{before}{value:0{zeros}d}"),
        st.integers(0, 10**6),
        st.integers(1, 9),
        st.sampled_from(["", "S", "d", "h:mm ", "%"]),
    ),
    st.builds(lambda value: (value, str(value)), st.integers(0, 10**9)),
    st.builds(lambda value: (Computed(value), str(value)), st.integers(0, 10**9)),
    st.builds(
        lambda day: (Day(day, "dd/mm/yyyy"), f"{day:%d/%m/%Y}"), st.dates(dt.date(1904, 1, 2), dt.date(2100, 1, 1))
    ),
    st.sampled_from([(0.1 + 0.2, "0.3"), ((0.25, "0%"), "25%"), (True, "TRUE"), ((7.5, "0.00"), "7.50"), (-5, "-5")]),
    st.sampled_from([(ErrorCell(error), None) for error in ERRORS]),
)
_SHOWN_HOURS = st.one_of(
    st.builds(_number, st.integers(-3000, 30000), st.sampled_from(["0.00", "[$-40C]0.00", '0.00" h"', "General"])),
    st.builds(lambda m: ((m / 1440, "[h]:mm"), hundredths(minutes=m)), st.integers(-3000, 6000)),
    st.builds(lambda m: ((m / 1440, "h:mm"), hundredths(minutes=m)), st.integers(0, 1439)),
    st.sampled_from([*_strings(HOURS_TYPED), (True, None), (1234567890, None), ((0.25, "0%"), None)]),
    st.sampled_from([(ErrorCell(error), None) for error in ERRORS]),
)
_SHOWN_DAYS = st.one_of(
    st.builds(
        lambda day, code: (Day(day, code), day),
        st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)),
        st.sampled_from(["dd/mm/yyyy", "yyyy-mm-dd", "dd.mm.yyyy"]),
    ),
    st.builds(
        lambda day, code: (Day(day, code), None),
        st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)),
        st.sampled_from(["mm-dd-yy", "dd/mm/yy", "d-mmm-yy", "mmm-yy", '[$-40C]d" h "mmmm']),
    ),
    st.builds(lambda hour: (Day(dt.datetime(2024, 3, 5, hour), "dd/mm/yyyy hh:mm"), None), st.integers(1, 23)),
    st.sampled_from([("", None), *filter(_one_line, _strings(DAYS_TYPED))]),
)
SHOWN: dict[FieldKind, Cases] = {
    **dict.fromkeys(
        (FieldKind.KEY, FieldKind.TEXT, FieldKind.COMMENT, FieldKind.PERSON, FieldKind.MOTIF), _SHOWN_TEXTS
    ),
    **{FieldKind.HOURS: _SHOWN_HOURS.filter(_encodable), FieldKind.DATE: _SHOWN_DAYS},
    FieldKind.YES_NO: st.sampled_from([*YES_AND_NO, (1, True), (2, None), (ErrorCell("#N/A"), None)]),
}
FILTER = "csv:Text - txt - csv (StarCalc):{separator},34,{encoding},1,,0,{quoted},false,true,false"


@pytest.mark.parametrize(
    ("separator", "encoding", "quoted"),
    [(";", 76, "false"), (",", 76, "true"), (";", 1, "true"), (",", 65535, "false")],
    ids=[
        "semicolons in UTF-8",
        "commas in UTF-8, texts quoted",
        "semicolons in cp1252, texts quoted",
        "commas in UTF-16",
    ],
)
def test_libreoffice_gives_what_it_shows_or_nothing(separator: str, encoding: int, quoted: str, tmp_path: Path) -> None:
    put_in = drawn(tables(dict.fromkeys((False, True), SHOWN), most=12), 30)
    kind = FILTER.format(separator=ord(separator), encoding=encoding, quoted=quoted)
    saved = libreoffice_all(workbooks(put_in, tmp_path / "put in"), kind, tmp_path)
    for path, table in zip(saved, put_in, strict=True):
        check(path.read_bytes(), replace(table, hidden=[False] * len(table.lines)))
