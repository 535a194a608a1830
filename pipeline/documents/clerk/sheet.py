"""One long sheet laid out for A4 paper: rows of merged cells with heights of our own, and page breaks where they hurt least.

Spreadsheet programs do not fit the height of merged cells, and neither Excel nor LibreOffice repeats the heading of a table
that stands in the middle of a sheet. So text is measured here, rows know what must be said again on a new page, and every
break is ours.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Literal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.documents import xlsx
from schemas.fields import column_letter

COLUMNS = (36, 204, 194, 86, 92, 86)
"""Widths in pixels (96 an inch); 698 together, A4 between margins of 10 mm has 718."""
BOX = "☐"
FONT = "Arial"  # LibreOffice's Liberation Sans has the same measures: what is seen there is what Excel prints
# [$-40C]: French signs in LibreOffice whatever its own language; Excel follows the computer's.
HOURS = "[$-40C]#,##0.00"
PAGE = 728.0
"""Points of height used on a page, of the 751 between the margins: programs differ by a few points a page."""

TALLEST = 409.0
"""Points: the most that Excel gives a row."""

Line = Literal["hair", "thin", "medium"]


@dataclass(frozen=True)
class Style:
    """How a cell looks. Nothing is said by colour alone: the sheet is printed in black and white."""

    size: float = 10.5
    bold: bool = False
    italic: bool = False
    fill: str = ""
    align: Literal["left", "center", "right"] = "left"
    top: Line | None = None
    bottom: Line | None = None
    frame: Line | None = None  # a line all round
    indent: int = 0
    middle: bool = False  # stands in the middle of the row's height


BODY = Style()
BOLD = Style(bold=True)
TITLE = Style(size=15, bold=True, bottom="medium")
SECTION = Style(size=12.5, bold=True, fill="D9D9D9", top="medium", bottom="thin", middle=True)
NOTE = Style(size=9.5)
WARNING = Style(bold=True, frame="medium", middle=True)
PERSON = Style(size=12, bold=True, fill="EDEDED", top="medium", bottom="thin", middle=True)
SEQUENCE = Style(size=11, bold=True, top="thin", middle=True)
HEAD = Style(size=9)
HEAD_NUMBER = replace(HEAD, align="right", indent=1)
KIND = Style(size=10, italic=True, indent=1)
TICK = Style(size=15, align="center", top="hair", middle=True)
ENTRY = Style(top="hair", middle=True)
NUMBER = Style(align="right", top="hair", middle=True, indent=1)
TO_TYPE = Style(size=12, bold=True, align="right", frame="medium", middle=True, indent=1)
DETAIL = Style(size=9.5)
SUM = Style(bold=True, top="thin", bottom="thin", middle=True)
SUM_NUMBER = replace(SUM, align="right", indent=1)


@dataclass(frozen=True)
class Part:
    """A value over the columns ``first`` to ``last`` (0-based, both included)."""

    first: int
    last: int
    value: str | int | Decimal | None
    style: Style = BODY


@dataclass(frozen=True)
class Row:
    """One row. ``glued``: stays on the page of the next row. ``again``: said again above it if it opens a page."""

    parts: tuple[Part, ...]
    glued: bool = False
    again: tuple["Row", ...] = field(default=(), repr=False)
    at_least: float = 0.0

    @property
    def height(self) -> float:
        """Points that hold every text of the row."""
        return min(TALLEST, max([self.at_least, *(_height(part) for part in self.parts)]))


def row(*parts: Part, glued: bool = False, again: Sequence[Row] = (), at_least: float = 0.0) -> Row:
    return Row(parts, glued, tuple(again), at_least)


BLANK = row(Part(0, 0, None), at_least=9)


def readable(text: str) -> str:
    """``text`` of a sender on one line, without signs that nobody sees (they could turn the words around)."""
    spaced = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return "".join(c for c in spaced if unicodedata.category(c) != "Cf")


# --- measuring --------------------------------------------------------------------------------------------------------

_WIDTHS = {
    sign: thousandths / 1000
    for thousandths, signs in {
        222: "ijl'’",
        278: " !,./:;[\\]|ftI·\u00a0",
        340: '-()r{}"`°«»',
        500: "ckvsxyzJ*",
        584: "+<=>~",
        611: "FTZ",
        667: "&ABEKPSVXY",
        722: "CDHNRUw",
        778: "GOQ",
        833: "mM",
        944: "W%",
        1015: "@—…",
    }.items()
    for sign in signs
}


@cache
def _sign_width(sign: str) -> float:
    """Width of one sign of Arial, in parts of its size; accents add nothing; what Arial has not is taken for wide."""
    plain = unicodedata.normalize("NFD", sign)[0]
    return _WIDTHS.get(plain, 0.556 if ord(plain) < 0x250 else 1.0)


def _width(text: str, style: Style) -> float:
    """Width of ``text`` in points, a little generous: programs differ."""
    return sum(map(_sign_width, text)) * style.size * (1.12 if style.bold else 1.04)


def _lines(text: str, room: float, style: Style) -> int:
    """Lines that ``text`` takes in ``room`` points, broken between words, and inside those that are too long."""
    count, used = 1, 0.0
    for word in text.split(" "):
        width = _width(word, style)
        blank = _width(" ", style) if used else 0.0
        if used + blank + width <= room:
            used += blank + width
            continue
        count += 1 if used else 0
        extra = int(width // room)
        count, used = count + extra, width - extra * room
    return count


def _height(part: Part) -> float:
    room = sum(COLUMNS[part.first : part.last + 1]) * 0.75 - 5 - 7 * part.style.indent
    if part.value is None:
        return 0.0
    lines = _lines(part.value, room, part.style) if isinstance(part.value, str) else 1
    return round(lines * part.style.size * 1.275 + 2, 1)


# --- pages ------------------------------------------------------------------------------------------------------------


def paginate(rows: Iterable[Row], repeated: float) -> list[list[Row]]:
    """``rows`` cut into pages. ``repeated``: points of the rows that stand above every page.

    A row opens a page with what it says ``again`` above it; glued rows go along with the next, unless a page cannot hold
    them.
    """
    pages: list[list[Row]] = [[]]
    room, used = PAGE - repeated, 0.0
    for chunk in _chunks(rows, room):
        height = sum(one.height for one in chunk)
        if used + height > room and pages[-1]:
            if chunk == [BLANK]:
                continue
            opening = list(chunk[0].again)
            pages.append(opening)
            used = sum(one.height for one in opening)
        pages[-1].extend(chunk)
        used += height
    return pages


def _chunks(rows: Iterable[Row], room: float) -> Iterable[list[Row]]:
    """Rows that stay together."""
    chunk: list[Row] = []
    for one in rows:
        chunk.append(one)
        if not one.glued or sum(part.height for part in chunk) > room / 2:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


# --- writing ----------------------------------------------------------------------------------------------------------


@cache
def _font(style: Style) -> Font:
    return Font(name=FONT, size=style.size, bold=style.bold, italic=style.italic)


@cache
def _alignment(style: Style, wrap: bool) -> Alignment:
    vertical: Literal["center", "top"] = "center" if style.middle else "top"
    return Alignment(horizontal=style.align, vertical=vertical, wrap_text=wrap, indent=style.indent)


@cache
def _border(style: Style, first: bool, last: bool) -> Border:
    around = style.frame
    return Border(
        left=Side(around) if first else None,
        right=Side(around) if last else None,
        top=Side(around or style.top),
        bottom=Side(around or style.bottom),
    )


@cache
def _fill(style: Style) -> PatternFill | None:
    return PatternFill("solid", fgColor=style.fill) if style.fill else None


def _put(sheet: Worksheet, number: int, part: Part) -> None:
    for column in range(part.first, part.last + 1):
        cell = sheet.cell(number, column + 1)
        cell.border = _border(part.style, column == part.first, column == part.last)
        fill = _fill(part.style)
        if fill is not None:
            cell.fill = fill
    cell = sheet.cell(number, part.first + 1)
    xlsx.put(cell, part.value)
    cell.font, cell.alignment = _font(part.style), _alignment(part.style, isinstance(part.value, str))
    if isinstance(part.value, Decimal):
        cell.number_format = HOURS
    if part.last > part.first:
        # Not ``merge_cells``: it looks through all earlier ranges for an overlap, which rows laid one by one cannot have.
        sheet.merged_cells.ranges.add(
            CellRange(min_row=number, max_row=number, min_col=part.first + 1, max_col=part.last + 1)
        )


def _footing(text: str) -> str:
    """``text`` for a page's header or footer, where ``&`` is a command."""
    shown = xlsx.clean(text)
    return (shown if len(shown) <= 80 else f"{shown[:79]}…").replace("&", "&&")


def _page_setup(sheet: Worksheet, header: str, footer: str) -> None:
    sheet.page_setup.orientation = "portrait"
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.scale = 100  # no « fit to page »: Excel would ignore our breaks
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = 10 / 25.4
    margins.top, margins.bottom = 16 / 25.4, 16 / 25.4
    margins.header = margins.footer = 8 / 25.4
    for place, text in ((sheet.oddHeader, header), (sheet.oddFooter, footer)):
        assert place is not None
        place.left.text = _footing(text)
        place.right.text = "Page &P / &N"


def write(title: str, top: Row, rows: Iterable[Row], header: str, footer: str, day: date) -> bytes:
    """A workbook of one sheet named ``title``: ``top`` repeats on every page, ``rows`` follow. Same input, same bytes."""
    book = Workbook()
    # Widths of columns are counted in digits of this font: one whose measures every program has.
    book._named_styles["Normal"].font = Font(name=FONT, size=10)  # type: ignore[attr-defined]
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for index, pixels in enumerate(COLUMNS):
        sheet.column_dimensions[column_letter(index)].width = (pixels - 5) / 7
    boxes: list[CellRange] = []
    number = 1
    for position, page in enumerate(paginate(rows, top.height)):
        if position:
            sheet.row_breaks.append(Break(id=number - 1))
        for one in [*([] if position else [top]), *page]:
            for part in one.parts:
                _put(sheet, number, part)
            if one.parts and one.parts[0].value == BOX:
                boxes.append(CellRange(min_row=number, max_row=number, min_col=1, max_col=1))
            sheet.row_dimensions[number].height = one.height
            number += 1
    if boxes:
        ticks = DataValidation(type="list", formula1=f'"{BOX},☑"', allow_blank=True)
        ticks.sqref = MultiCellRange(boxes)
        sheet.add_data_validation(ticks)
    sheet.print_title_rows = "1:1"
    sheet.freeze_panes = "A2"
    sheet.sheet_view.showGridLines = False
    _page_setup(sheet, header, footer)
    book.properties.title = xlsx.clean(header)
    return xlsx.save(book, day)
