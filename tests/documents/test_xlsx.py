"""What we write in workbooks: texts stay texts, nothing is lost in silence, the same content gives the same bytes."""

import re
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from python_calamine import CalamineWorkbook

from pipeline.documents.xlsx import MAX_CELL_TEXT, Book, CellValue, Paper, clean, in_header
from tests.documents import ooxml

ROOT = Path(__file__).parents[2]
DAY = date(2025, 4, 2)
HOSTILE = [
    "=1+1",
    "{=1+1}",
    "=cmd|' /C calc'!A0",
    "+33 1",
    "-5",
    "@SUM(A1)",
    "\t=1",
    "'x",
    "#REF!",
    "TRUE",
    "12",
    "1e5",
    "http://example.org/",
    "mailto:a@example.org",
    "internal:Sheet1!A1",
    "_x0041_",
    "_x005F_x0041_",
    "_x005f_x005F_x0041_x0041_ & <b>",
    "_x0041_x0041_" * 800,
    "a\rb\r\nc\nd",
    " a ",
    "<r><t>b</t></r>",
    "<r></r>",
    "<r><f>1+1</f>_x0041_ & </r>",
    "<r>" + "<" * 20_000 + "</r>",
    "a\x00\x1b\ud800\ufffe",
    "\U0001f600" * 20_000,
    "x" * 40_000,
]
_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


def _written(values: Sequence[CellValue]) -> bytes:
    """One column."""
    book = Book(DAY, "titre")
    sheet, style = book.add_sheet("Feuille"), book.style(border=1)
    for row, value in enumerate(values):
        sheet.put(row, 0, value, style)
    sheet.comment(0, 0, "un commentaire", 200, 100)
    return book.made()


def _read(data: bytes) -> list[Any]:
    return [row[0] for row in openpyxl.load_workbook(BytesIO(data)).worksheets[0].iter_rows()]


def _shown(text: str) -> str:
    """``text`` as it stands in a cell: cut where it does not fit, and then it says so."""
    text = clean(text)
    if text.startswith(("<r><", "_x0041_x0041_")) and len(text) > 10_000:
        return text[: len(text) // 2] + "…"  # no room for the markup that XlsxWriter needs
    if len(text.encode("utf-16-le")) // 2 <= MAX_CELL_TEXT:
        return text
    return text.encode("utf-16-le")[: 2 * (MAX_CELL_TEXT - 1)].decode("utf-16-le", "ignore") + "…"


def _check_texts(texts: Sequence[str]) -> None:
    data = _written(texts)
    for cell, text in zip(_read(data), texts, strict=True):
        assert cell.data_type == "s" and cell.hyperlink is None
        assert bool(cell.quotePrefix) == text.startswith(("=", "+", "-", "@", "\t", "\r", "'"))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        sheet, strings = (
            etree.fromstring(archive.read(f"xl/{name}.xml")) for name in ("worksheets/sheet1", "sharedStrings")
        )
    assert {element.tag.removeprefix(_NS) for element in strings.iter()} <= {"sst", "si", "r", "t"}
    assert not {"f", "is", "hyperlinks"} & {element.tag.removeprefix(_NS) for element in sheet.iter()}
    # As Excel reads them: its own escapes are undone once.
    shared = [_ESCAPED.sub(lambda found: chr(int(found[1], 16)), "".join(text.itertext())) for text in strings]
    assert [shared[int(cell.findtext(f"{_NS}v") or "")] for cell in sheet.iter(f"{_NS}c")] == [*map(_shown, texts)]
    read = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in read] == [*map(_shown, texts)]


def test_a_text_stays_a_text() -> None:
    _check_texts(HOSTILE)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(
        st.text(st.characters(), min_size=1) | st.from_regex(r"(_?x0041_|<r>|</r>){1,5}", fullmatch=True), min_size=1
    )
)
def test_any_text_stays_a_text(texts: list[str]) -> None:
    _check_texts(texts)


@pytest.mark.parametrize(
    ("value", "expected", "number_format"),
    [
        (1.5, 1.5, "General"),
        (12, 12, "General"),
        (Decimal("7.80"), 7.8, "General"),
        (True, True, "General"),
        (date(1900, 1, 31), datetime(1900, 1, 31), "dd/mm/yyyy"),
        (DAY, datetime(2025, 4, 2), "dd/mm/yyyy"),
        (datetime(2025, 4, 2, 8, 30), datetime(2025, 4, 2, 8, 30), "dd/mm/yyyy hh:mm"),
        (timedelta(hours=30), timedelta(hours=30), "[h]:mm"),
        (timedelta(minutes=-15), timedelta(minutes=-15), "[h]:mm"),
        (timedelta(seconds=61), timedelta(seconds=61), "[h]:mm:ss"),
        (float("nan"), None, "General"),
        (float("-inf"), None, "General"),
        (Decimal("NaN"), None, "General"),
        (None, None, "General"),
        ("", None, "General"),
    ],
)
def test_a_value_is_typed_as_what_it_is(value: CellValue, expected: object, number_format: str) -> None:
    (cell,) = _read(_written([value]))
    assert cell.value == expected and type(cell.value) is type(expected)
    assert cell.number_format == number_format and cell.border.left.style == "thin"


def test_a_merged_cell_has_its_borders_all_round() -> None:
    book = Book(DAY)
    sheet = book.add_sheet("Feuille")
    sheet.put(0, 0, "x", book.style(border=1), last=2)
    sheet.put(1, 0, "y", book.style(bold=True), last=2)
    data = book.made()
    made = openpyxl.load_workbook(BytesIO(data)).worksheets[0]
    assert {str(area) for area in made.merged_cells.ranges} == {"A1:C1", "A2:C2"}
    # What is under the first cell is looked for in the part itself: openpyxl would draw it of its own.
    with zipfile.ZipFile(BytesIO(data)) as archive:
        cells = {
            cell.get("r"): cell for cell in etree.fromstring(archive.read("xl/worksheets/sheet1.xml")).iter(f"{_NS}c")
        }
    assert set(cells) == {"A1", "B1", "C1", "A2"}
    assert cells["A1"].get("s") == cells["B1"].get("s") == cells["C1"].get("s") != cells["A2"].get("s")


def test_nothing_is_left_out_in_silence() -> None:
    book = Book(DAY)
    sheet, style = book.add_sheet("Feuille"), book.style()
    refused = [
        lambda: sheet.put(2**20, 0, "beyond the last row", style),
        lambda: sheet.put(0, 2**14, 1, style),
        lambda: sheet.comment(2**20, 0, "x", 1, 1),
        lambda: sheet.height(2**20, 10),
        lambda: sheet.filter(2**20, 1),
        lambda: sheet.help([(0, 1)], 0, "x" * 33, "y"),
        lambda: sheet.help([(0, 1)], 0, "x", "y" * 256),
        lambda: sheet.print_on(Paper(header="&L" + "x" * 254)),
        lambda: book.name_rows("1 is no name", sheet, 1, 2),
    ]
    for call in refused:
        with warnings.catch_warnings(), pytest.raises(ValueError, match="not written"):
            warnings.simplefilter("ignore")
            call()


@pytest.mark.parametrize("text", ["A&G", "&[Picture]", "a&&Gb", "&P&N", "x & y"])
def test_a_text_in_a_header_is_no_command(text: str) -> None:
    book = Book(DAY)
    book.add_sheet("Feuille").print_on(Paper(header=f"&L{in_header(text)}"))
    header = openpyxl.load_workbook(BytesIO(book.made())).worksheets[0].oddHeader
    assert header is not None and header.left.text is not None
    assert header.left.text.replace("&&", "").count("&") == 0
    assert header.left.text.replace("&&", "&").replace(" ", "") == text.replace(" ", "")


def test_nothing_touches_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("names of persons must not land in a temporary file")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    assert _written(["x"])


def test_a_workbook_says_who_and_which_day_and_never_when_it_was_written() -> None:
    with zipfile.ZipFile(BytesIO(_written(["x"]))) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2025-04-02T00:00:00Z") == 2
    assert "<dc:creator>dsf<" in core and "<cp:lastModifiedBy>dsf<" in core and "<dc:title>titre<" in core


_PRINT_HASHES = """
import hashlib
from tests.documents import test_template
from tests.documents.clerk import test_workbook
from tests.documents.returns import samples
from pipeline.documents import clerk
from pipeline.documents.returns.workbook import corrections
complement = clerk.workbook(test_workbook.samples.content(), test_workbook.DAY, test_workbook.MOTIFS)
for data in (complement, corrections(samples.full()), test_template.made()):
    print(hashlib.sha256(data).hexdigest())
"""


def test_another_process_on_another_day_writes_the_same_bytes() -> None:
    told = set()
    for seed, zone in (("1", "UTC"), ("2", "Pacific/Kiritimati")):
        environment = {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", _PRINT_HASHES]
        told.add(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment).stdout)
    assert len(told) == 1 and len(told.pop().split()) == 3


def test_the_schema_check_sees_a_part_out_of_its_order() -> None:
    book = Book(date(2025, 3, 5))
    book.add_sheet("Feuille").put(0, 0, "a", book.style())
    made, broken = book.made(), BytesIO()
    with zipfile.ZipFile(BytesIO(made)) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b"<sheetData>", b'<autoFilter ref="A1:B2"/><sheetData>'))
    assert ooxml.faults(made) == [] and ooxml.faults(broken.getvalue())
