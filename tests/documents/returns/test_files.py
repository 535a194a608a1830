"""The bytes of workbooks and JSON: the same each time, and nothing of a sender is ever a formula."""

import zipfile
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from pipeline import jsonfile
from pipeline.documents import xlsx
from pipeline.documents.returns import files
from tests.documents.returns import samples

DAY = date(2025, 4, 2)
HOSTILE = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+33 1",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "#REF!",
    "TRUE",
    "12",
    "_x0041_",
    "'x",
    "a\x00\x1b\ud800\ufffe",
]


def _book(values: list[xlsx.CellValue]) -> Workbook:
    book = Workbook()
    sheet = book.worksheets[0]
    for row, value in enumerate(values, 1):
        xlsx.put(sheet.cell(row, 1), value)
    sheet["A1"].comment = Comment("x", "y")
    return book


@pytest.mark.parametrize("value", HOSTILE)
def test_a_text_stays_a_text(value: str) -> None:
    data = xlsx.save(_book([value]), DAY)
    cell = openpyxl.load_workbook(BytesIO(data)).worksheets[0]["A1"]
    assert cell.data_type == "s"
    assert str(cell.value).replace("_x005F_", "_") == xlsx.clean(value)
    assert b"<f>" not in zipfile.ZipFile(BytesIO(data)).read("xl/worksheets/sheet1.xml")


def test_a_workbook_has_the_same_bytes_whenever_it_is_written() -> None:
    values: list[xlsx.CellValue] = ["a", 1.5, DAY, timedelta(hours=30), True, None]
    first = xlsx.save(_book(values), DAY)
    assert first == xlsx.save(_book(values), DAY)
    with zipfile.ZipFile(BytesIO(first)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2025, 4, 2, 0, 0, 0)}
        core = archive.read("docProps/core.xml")
    assert core.count(b"2025-04-02T00:00:00Z") == 2


def test_json_is_sorted_and_hours_have_two_decimals() -> None:
    data = jsonfile.dumps({"b": jsonfile.hours(750), "a": [jsonfile.hours(0), float("nan")], "é": "\ud800"})
    assert data.decode() == '{\n "a": [\n  0.00,\n  null\n ],\n "b": 7.50,\n "é": "?"\n}\n'
    assert jsonfile.hours(33) == Decimal("0.33")


@pytest.mark.parametrize("langue", ["fr", "en"])
def test_the_files_of_a_return_are_the_same_each_time(langue: str) -> None:
    assert files(samples.full(langue=langue)) == files(samples.full(langue=langue))


def test_a_workbook_comes_back_only_where_lines_need_work() -> None:
    assert set(files(samples.full())) == {"rapport.html", "rapport.json", "a-corriger.xlsx"}
    for nothing in (samples.accepted(), samples.taken(), samples.refused()):
        assert set(files(nothing)) == {"rapport.html", "rapport.json"}
