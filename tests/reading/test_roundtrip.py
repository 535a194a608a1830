"""Any table of valid lines, written in any format and dialect with tolerated dirt, reads back exactly."""

import csv
import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.cells.meaning import holds_nir
from pipeline.reading import ReadOptions, read
from schemas.fields import KINDS, FieldKind, fields_of
from schemas.folding import tidy
from schemas.noticed import Noticed
from tests.hostile import build

NAMES = "ABCDÉÈÇŒabcdéèçœ-' "
SPACES = ["", " ", "\u00a0", "\u202f "]


def text(alphabet: str, size: int) -> "st.SearchStrategy[str]":
    return (
        st.text(alphabet=alphabet, min_size=1, max_size=size)
        .map(tidy)
        .filter(
            lambda t: bool(t) and not t.startswith("'") and not holds_nir(t) and not t.casefold().startswith("total")
        )
    )


VALUES: dict[FieldKind, "st.SearchStrategy[Any]"] = {
    FieldKind.TEXT: text(NAMES, 20),
    FieldKind.KEY: text("ABC-0123456789/", 12),
    FieldKind.PERSON: st.from_regex(r"[0-9]{7}[A-Z0-9]|[0-9]{11}|0[0-9]{9}[A-Z0-9]", fullmatch=True).map(str.strip),
    FieldKind.HOURS: st.integers(1, 400).map(lambda quarters: quarters * 25),
    FieldKind.DATE: st.dates(dt.date(2021, 3, 1), dt.date(2030, 12, 31)),
    FieldKind.MOTIF: st.sampled_from(["MAL", "AT", "Convocation administrative ou judiciaire"]),
    FieldKind.YES_NO: st.booleans(),
    FieldKind.COMMENT: text(NAMES + ";,«»", 40),
}


@dataclass(frozen=True)
class Written:
    """A deposit to write: its lines and the dirt around them."""

    kind: str
    lines: list[dict[str, Any]]
    titles_above: int
    left: int  # blank columns
    blanks: list[int]  # blank rows before each line
    space: str
    upper: bool
    hours: int
    dates: int
    total: bool


@st.composite
def written(draw: st.DrawFn) -> Written:
    kind = draw(st.sampled_from(KINDS))
    line = {
        f.name: VALUES[f.kind]
        if kind in f.mandatory or f.name in ("id_absence", "date_debut", "date_fin")
        else VALUES[f.kind] | st.none()
        for f in fields_of(kind)
    }
    lines = draw(st.lists(st.fixed_dictionaries(line), min_size=1, max_size=4))
    small = st.integers(0, 2)
    return Written(
        kind,
        lines,
        draw(small),
        draw(small),
        draw(st.lists(small, min_size=len(lines), max_size=len(lines))),
        draw(st.sampled_from(SPACES)),
        draw(st.booleans()),
        draw(st.integers(0, 4)),
        draw(st.integers(0, 4)),
        draw(st.booleans()),
    )


def _hours(hundredths: int, form: int) -> str:
    clock = f"{hundredths // 100}h{hundredths % 100 * 60 // 100:02d}"
    point = f"{hundredths / 100:.2f}"
    return [point, point.replace(".", ","), clock, clock.replace("h", " h "), clock.replace("h", ":")][form]


def _date(day: dt.date, form: int) -> str:
    return [
        day.isoformat(),
        f"{day:%d/%m/%Y}",
        f"{day:%d-%m-%Y}",
        f"{day:%d.%m.%Y}",
        f"{day.day}/{day.month}/{day.year}",
    ][form]


def _typed(deposit: Written, value: Any) -> str:
    """A value as a person types it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        typed = "Oui" if value else "n"
    elif isinstance(value, dt.date):
        typed = _date(value, deposit.dates)
    else:
        typed = _hours(value, deposit.hours) if isinstance(value, int) else value
    return f"{deposit.space}{typed}{deposit.space}"


def _grid(deposit: Written, *, native: bool) -> tuple[list[list[Any]], list[int]]:
    """The rows as they stand on the sheet, and the row numbers of the lines."""
    fields = fields_of(deposit.kind)
    rows: list[list[Any]] = [["Déclaration"] for _ in range(deposit.titles_above)]
    titles = [f.headings[deposit.kind] for f in fields]
    rows.append([t.upper() + deposit.space if deposit.upper else t for t in titles])
    numbers = []
    for line, blanks in zip(deposit.lines, deposit.blanks, strict=True):
        rows += [[] for _ in range(blanks)]
        cells = [line[f.name] for f in fields]
        if native:
            cells = [v / 100 if isinstance(v, int) and not isinstance(v, bool) else v for v in cells]
        else:
            cells = [_typed(deposit, v) for v in cells]
        rows.append(cells)
        numbers.append(len(rows))
    if deposit.total:
        position = [f.name for f in fields].index("heures")
        rows.append(["Total", *[""] * (position - 1), "99"])
    width = deposit.left + len(fields)
    shifted = [[""] * deposit.left + row for row in rows]
    return [row + [""] * (width - len(row)) for row in shifted], numbers


def _check(path: Path, deposit: Written, numbers: list[int]) -> None:
    reading = read(path, ReadOptions())
    wrong = [o for o in reading.observations if o.noticed not in (Noticed.TOTAL_LEFT_OUT, Noticed.ENCODING)]
    assert not wrong
    (table,) = reading.tables
    assert table.kind == deposit.kind
    assert list(table.rows) == numbers
    read_back = [{c.field: c.meanings[c.codes[i]].value for c in table.columns} for i in range(len(table.rows))]
    assert read_back == deposit.lines


DIALECTS = [(s, e) for s in ";,\t" for e in ("utf-8", "utf-8-sig", "utf-16", "cp1252")]
RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(("separator", "encoding"), DIALECTS)
@given(
    deposit=written(), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), end=st.sampled_from(["\r\n", "\n"])
)
@settings(RELAXED, max_examples=25)
def test_csv(separator: str, encoding: str, deposit: Written, quoting: Any, end: str, tmp_path: Path) -> None:
    rows, numbers = _grid(deposit, native=False)
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=end).writerows(rows)
    path = tmp_path / "depot"
    path.write_bytes(out.getvalue().encode(encoding, "replace"))
    if "?" not in out.getvalue().encode(encoding, "replace").decode(encoding):
        _check(path, deposit, numbers)


@given(deposit=written(), native=st.booleans())
@RELAXED
def test_xlsx(deposit: Written, native: bool, tmp_path: Path) -> None:
    rows, numbers = _grid(deposit, native=native)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if value not in ("", None):
                sheet.cell(number, column, value)
    path = tmp_path / "depot"
    book.save(path)
    _check(path, deposit, numbers)


@given(deposit=written())
@RELAXED
def test_ods(deposit: Written, tmp_path: Path) -> None:
    rows, numbers = _grid(deposit, native=False)
    path = tmp_path / "depot"
    path.write_bytes(build.ods("".join(build.ods_row(list(row)) for row in rows)))
    _check(path, deposit, numbers)
