"""xlsx that are right and written in unusual ways: read, never another value; errors seen wherever they stand."""

import zipfile
from collections.abc import Callable
from datetime import time
from io import BytesIO
from pathlib import Path

import pytest

from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from pipeline.reading import ReadOptions, read
from pipeline.reading.model import Reading
from tests.hostile import build
from tests.hostile.outcome import cells
from tests.reading.xlsb import row, xlsb

Parts = dict[str, str | bytes]
BOOK, LINKS, SHEET = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"
ERROR = '<c r="G2" t="e"><v>#REF!</v></c>'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "depot.xlsx"


def table(hours: object = 3.5, end: str = "") -> str:
    """A sheet of one line."""
    return build.table(build.line(c6=end, c7=hours))


def packed(parts: Parts) -> bytes:
    """The parts under the names that they have here, backslashes too."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            entry = zipfile.ZipInfo("part")
            entry.filename = name
            book.writestr(entry, content)
    return buffer.getvalue()


def swapped(parts: Parts, name: str, old: str, new: str) -> Parts:
    assert old in str(parts[name])
    return {**parts, name: str(parts[name]).replace(old, new)}


def found(path: Path, data: bytes) -> tuple[list[Cell], list[Cell], list[str]]:
    """Hours and dates of end that are read from ``data``, and what was noticed."""
    path.write_bytes(data)
    reading = read(path, ReadOptions())
    if not reading.tables:
        return [], [], _said(reading)
    return cells(reading, "heures"), cells(reading, "date_fin"), _said(reading)


def _said(reading: Reading) -> list[str]:
    return [one.code for one in reading.observations]


# --- the same parts, named otherwise ----------------------------------------------------------------------------------


def backslashes(parts: Parts) -> Parts:
    return {name.replace("/", "\\"): content for name, content in parts.items()}


def backslashes_in_sheets(parts: Parts) -> Parts:
    return {name.replace("worksheets/", "worksheets\\"): content for name, content in parts.items()}


def backslashes_in_relations(parts: Parts) -> Parts:
    return swapped(parts, LINKS, "worksheets/", "worksheets\\")


def dot(parts: Parts) -> Parts:
    return swapped(parts, LINKS, 'Target="', 'Target="./')


def dots(parts: Parts) -> Parts:
    return swapped(parts, LINKS, 'Target="', 'Target="../xl/')


def from_the_root(parts: Parts) -> Parts:
    return swapped(parts, LINKS, 'Target="', 'Target="/xl/')


def slash_forgotten(parts: Parts) -> Parts:
    return swapped(parts, LINKS, 'Target="', 'Target="xl/')


def percent(parts: Parts) -> Parts:
    return swapped(parts, LINKS, "sheet1", "sheet%31")


def capitals(parts: Parts) -> Parts:
    return {name.replace("xl/w", "XL/W"): content for name, content in parts.items()}


def workbook_elsewhere(parts: Parts) -> Parts:
    moved = {name.replace("xl/", "livre/").replace("workbook", "classeur"): part for name, part in parts.items()}
    return swapped(moved, "_rels/.rels", "xl/workbook.xml", "livre/classeur.xml")


def workbook_at_the_root(parts: Parts) -> Parts:
    moved = {name.replace("xl/", ""): part for name, part in parts.items()}
    return swapped(moved, "_rels/.rels", "xl/workbook.xml", "/workbook.xml")


def no_root_relations(parts: Parts) -> Parts:
    return {name: content for name, content in parts.items() if name != "_rels/.rels"}


NAMED: list[Callable[[Parts], Parts]] = [
    backslashes,
    backslashes_in_sheets,
    backslashes_in_relations,
    dot,
    dots,
    from_the_root,
    slash_forgotten,
    percent,
    capitals,
    workbook_elsewhere,
    workbook_at_the_root,
    no_root_relations,
]


@pytest.mark.parametrize("named", NAMED)
def test_a_workbook_is_read_however_its_parts_are_named(path: Path, named: Callable[[Parts], Parts]) -> None:
    assert found(path, packed(named(build.parts(table(end=ERROR))))) == ([3.5], [ErrorCell("#REF!")], [])


def test_texts_and_formats_are_those_that_the_relations_name(path: Path) -> None:
    """Under the usual names stand others, which nothing refers to."""
    texts = f'<sst xmlns="{build.MAIN}"><si><t>%s</t></si></sst>'
    styles = f'<styleSheet xmlns="{build.MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="%d"/></cellXfs></styleSheet>'
    parts = build.parts(table('<c r="H2" s="1"><v>0.3125</v></c>', '<c r="G2" t="s"><v>0</v></c>'))
    others = "".join(
        f'<Relationship Id="{name}" Type="{build.RELATIONS}/{name}" Target="autres/{name}.xml"/>'
        for name in ("sharedStrings", "styles")
    )
    parts = swapped(parts, LINKS, "</Relationships>", f"{others}</Relationships>")
    usual = {"xl/sharedStrings.xml": texts % "07/03/2025", "xl/styles.xml": styles % 0}
    named = {"xl/autres/sharedStrings.xml": texts % "06/03/2025", "xl/autres/styles.xml": styles % 20}
    assert found(path, packed({**parts, **usual, **named})) == ([time(7, 30)], ["06/03/2025"], [])


@pytest.mark.parametrize("listed", ["worksheets/sheet9.xml", "http://ailleurs/"])
def test_a_sheet_without_its_part_refuses_the_file(path: Path, listed: str) -> None:
    """Whoever read the other sheets alone would lose the lines of this one."""
    parts = swapped(build.parts(table(), ""), LINKS, "worksheets/sheet2.xml", listed)
    assert found(path, packed(parts)) == ([], [], ["damaged_workbook"])


def test_a_sheet_of_an_unknown_kind_refuses_the_file(path: Path) -> None:
    parts = swapped(
        build.parts(table(), ""), LINKS, '/worksheet" Target="worksheets/sheet2', '/feuille" Target="worksheets/sheet2'
    )
    assert found(path, packed(parts)) == ([], [], ["damaged_workbook"])


# --- what the fast reader stops at ------------------------------------------------------------------------------------

STOPS = {
    "dimension of rows": ("<sheetData>", '<dimension ref="1:4"/><sheetData>'),
    "dimension of columns": ("<sheetData>", '<dimension ref="A:C"></dimension><sheetData>'),
    "dimension of nothing": ("<sheetData>", '<dimension ref=""/><sheetData>'),
    "merged columns": ("</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A:A"/></mergeCells>'),
}


@pytest.mark.parametrize("stop", STOPS)
def test_what_stands_around_the_cells_stops_nobody(path: Path, stop: str) -> None:
    made = table(end=ERROR).replace(*STOPS[stop])
    assert found(path, build.xlsx(made)) == ([3.5], [ErrorCell("#REF!")], [])


# --- read with care ---------------------------------------------------------------------------------------------------

COMMENTED = '<c r="H2"><v>3<!-- et demie -->.5</v></c>'


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (ERROR, ErrorCell("#REF!")),
        ('<c r="G2"><f>A1</f></c>', FormulaCell(None)),
        ('<c r="G2"><f/></c>', FormulaCell(None)),
        ('<c r="G2"><f>A1</f><v>12</v></c>', FormulaCell(12.0)),
        ('<c r="G2" t="b"><v>1</v></c>', True),
        ('<c r="G2" t="str"><v>a<![CDATA[<b]]>&#233;</v></c>', "a<bé"),
    ],
)
def test_every_kind_of_cell_is_read_with_care(path: Path, cell: str, value: Cell) -> None:
    assert found(path, build.xlsx(table(COMMENTED, cell))) == ([3.5], [value], ["second_reader"])


@pytest.mark.parametrize("before", range(131_072 - 900, 131_072, 100))
def test_a_value_is_whole_wherever_the_pieces_part(path: Path, before: int) -> None:
    """The first look goes piece by piece; a value may begin in one and be cut in the next."""
    text = f'<c r="G2" t="str"><v>{"x" * 600}<![CDATA[y]]></v></c>'
    made = table(end=text)
    start = made.index("<v>x")
    made = made.replace("<sheetData>", f"<sheetData><!--{'-x' * ((before - start) // 2)}-->")
    assert found(path, build.xlsx(made)) == ([3.5], ["x" * 600 + "y"], ["second_reader"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('<row r="2">', '<row r="1">'),  # a row that goes back
        ('r="1"', 'r="0"'),
        ("3<!-- et demie -->.5", "3,<!-- et demie -->5"),
        ("NOM", "NOM_x000D_"),  # openpyxl leaves such a sign as it is written
    ],
)
def test_what_nobody_reads_for_sure_refuses_the_file(path: Path, old: str, new: str) -> None:
    made = table(COMMENTED)
    assert old in made
    hours, _, said = found(path, build.xlsx(made.replace(old, new, 1)))
    assert hours == [] and said[0] in ("damaged_sheet", "damaged_content", "unread_cells")


def test_rows_that_go_back_are_not_left_out(path: Path) -> None:
    rows = [build.row(3, build.line(c7=COMMENTED.replace("H2", "H3"))), build.row(2, build.line())]
    made = build.sheet("".join([build.row(1, build.HEADINGS), *rows]))
    assert found(path, build.xlsx(made)) == ([], [], ["damaged_sheet"])


@pytest.mark.parametrize("where", ["sst", "si", "r"])
def test_blanks_that_are_kept_glue_no_words(path: Path, where: str) -> None:
    """``xml:space`` above a text holds for it."""
    kept = {name: ' xml:space="preserve"' if name == where else "" for name in ("sst", "si", "r")}
    texts = "<sst{sst} xmlns='{main}'><si{si}><r{r}><t>Alix </t></r><r{r}><t>Marie</t></r></si></sst>"
    parts = build.parts(table(end='<c r="G2" t="s"><v>0</v></c>'))
    link = f'<Relationship Id="t" Type="{build.RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    parts = swapped(parts, LINKS, "</Relationships>", link)
    made = packed({**parts, "xl/sharedStrings.xml": texts.format(main=build.MAIN, **kept)})
    assert found(path, made) == ([3.5], ["Alix Marie"], ["second_reader"])


@pytest.mark.parametrize("named", [backslashes, backslashes_in_sheets, capitals, no_root_relations])
def test_an_xlsb_is_read_however_its_parts_are_named(path: Path, named: Callable[[Parts], Parts]) -> None:
    with zipfile.ZipFile(BytesIO(xlsb(row(1, list(build.HEADINGS)), row(2, build.line(c7=3.5))))) as book:  # type: ignore[arg-type]
        parts: Parts = {name: book.read(name) for name in book.namelist()}
    assert found(path, packed(named(parts)))[0] == [3.5]


def test_a_doctype_behind_a_long_comment_is_seen(path: Path) -> None:
    before = f"<!--{'-x' * 150_000}--><!DOCTYPE worksheet>"
    assert found(path, build.xlsx(table().replace("<worksheet", f"{before}<worksheet", 1))) == ([], [], ["doctype"])
