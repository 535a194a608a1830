"""One content, written by real programs: it reads the same from all of them."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest
import xlsxwriter  # type: ignore[import-untyped]
import xlwt  # type: ignore[import-untyped]

from pipeline.reading import ReadOptions, read
from pipeline.reading.model import Reading
from schemas.fields import HEURES, fields_of
from schemas.noticed import Noticed

FIXTURES = Path(__file__).parent / "fixtures"
HEADINGS = [field.headings[HEURES] for field in fields_of(HEURES)]
DAY = dt.date(2024, 3, 5)
LINES: list[list[Any]] = [
    ["DSF-1", "1234567A", "DUPRÉ", "Chloé", "S01", DAY, DAY, 7.5, "FE-1", "déposé « tard »"],
    ["DSF-1", "0012345B", "NULL", "NA", "S02", DAY, None, 0.25, "007", None],
    ["DSF-2", "12345678901", "D'ALMÉRAS", "Zoé;Léa", "S,03", DAY, DAY, 12.75, 'FE "2"', None],
]


def means(reading: Reading) -> list[dict[str, object]]:
    """What each line means, by field."""
    return [
        {c.field: c.meanings[c.codes[i]].value for c in table.columns if c.field}
        for table in reading.tables
        for i in range(len(table.rows))
    ]


EXPECTED = [
    {
        field.name: round(value * 100) if isinstance(value, float) else value
        for field, value in zip(fields_of(HEURES), line, strict=True)
    }
    for line in LINES
]


def _rows() -> list[list[Any]]:
    return [HEADINGS, *LINES]


def with_openpyxl(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in _rows():
        sheet.append(line)
    book.save(path)


def with_openpyxl_in_streams(path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("x")
    for line in _rows():
        sheet.append(line)
    book.save(path)


def _with_xlsxwriter(path: Path, *, constant_memory: bool) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": constant_memory, "default_date_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet()
    for number, line in enumerate(_rows()):
        for column, value in enumerate(line):
            if value is not None:
                sheet.write(number, column, value)
    book.close()


def with_xlsxwriter(path: Path) -> None:
    _with_xlsxwriter(path, constant_memory=False)


def with_xlsxwriter_in_streams(path: Path) -> None:
    _with_xlsxwriter(path, constant_memory=True)


def with_xlwt(path: Path) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("x")
    date_style = xlwt.easyxf(num_format_str="dd/mm/yyyy")
    for number, line in enumerate(_rows()):
        for column, value in enumerate(line):
            if value is not None:
                sheet.write(
                    number, column, value, date_style if isinstance(value, dt.date) else xlwt.Style.default_style
                )
    book.save(str(path))


def _frame() -> pd.DataFrame:
    return pd.DataFrame(LINES, columns=HEADINGS)


def with_pandas_xlsx(path: Path) -> None:
    _frame().to_excel(path, index=False)


def with_pandas_csv(path: Path) -> None:
    _frame().to_csv(path, index=False)


def with_pandas_csv_for_excel(path: Path) -> None:
    _frame().to_csv(path, index=False, sep=";", decimal=",", encoding="utf-8-sig", date_format="%d/%m/%Y")


def with_pandas_tabs(path: Path) -> None:
    _frame().to_csv(path, index=False, sep="\t", encoding="utf-16")


def with_duckdb(path: Path) -> None:
    frame = _frame()
    with duckdb.connect() as connection:
        connection.register("lignes", frame)
        connection.execute(f"COPY lignes TO '{path}' (FORMAT csv, HEADER, DELIMITER ';')")


WRITERS: list[Callable[[Path], None]] = [
    with_openpyxl,
    with_openpyxl_in_streams,
    with_xlsxwriter,
    with_xlsxwriter_in_streams,
    with_xlwt,
    with_pandas_xlsx,
    with_pandas_csv,
    with_pandas_csv_for_excel,
    with_pandas_tabs,
    with_duckdb,
]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_same_content_from_every_program(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "depot"
    write(path)
    reading = read(path, ReadOptions())
    assert means(reading) == EXPECTED
    assert list(reading.tables[0].rows) == [2, 3, 4]
    assert reading.observations == ()


@pytest.mark.parametrize("kind", ["ods", "xls", "csv"])
def test_libreoffice_writes_the_same_in_all_formats(kind: str) -> None:
    reference = read(FIXTURES / "libreoffice.xlsx", ReadOptions())
    reading = read(FIXTURES / f"libreoffice.{kind}", ReadOptions())
    sheets = 1 if kind == "csv" else 2  # a csv holds the first sheet only
    assert means(reading) == means(reference)[: 5 if sheets == 1 else None]
    assert [list(t.rows) for t in reading.tables] == [list(t.rows) for t in reference.tables[:sheets]]
    assert reading.format == kind
    if sheets == 2:
        assert reading.observations == reference.observations
        assert reading.on_behalf_of == reference.on_behalf_of == "35600000000048"
        assert _notes(reading) == _notes(reference)


def _notes(reading: Reading) -> list[tuple[Noticed, ...]]:
    return [c.meanings[code].noticed for table in reading.tables for c in table.columns for code in c.codes]


def test_libreoffice_cells_as_they_were_typed() -> None:
    reading = read(FIXTURES / "libreoffice.ods", ReadOptions())
    hours = [line["heures"] for line in means(reading)]
    assert hours == [750, 750, 750, 2650, 350, 350]
    assert [line["identifiant_de"] for line in means(reading)][1:3] == ["0012345B", "12345678901"]
    assert Noticed.TOTAL_LEFT_OUT in [o.noticed for o in reading.observations]
