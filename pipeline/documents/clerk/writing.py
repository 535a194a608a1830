"""The clerk's sheet as a workbook: rows, styles, page breaks and boxes to tick."""

from collections.abc import Iterable
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
from pipeline.documents.clerk.sheet import BOX, COLUMNS, PrintedRow, Span, paginate
from pipeline.documents.clerk.styles import FONT, CellStyle
from pipeline.documents.wording import cut
from schemas.fields import column_letter

# [$-40C]: French digits in LibreOffice whatever its own language; Excel follows the computer's.
HOURS = "[$-40C]#,##0.00"
"""The number format of hours."""


def write(title: str, top: PrintedRow, rows: Iterable[PrintedRow], header: str, footer: str, day: date) -> bytes:
    """A workbook of one sheet named ``title``: ``top`` repeats on every page, ``rows`` follow.

    The same arguments give the same bytes, as if written on ``day``.
    """
    book = Workbook()
    # Widths of columns are counted in digits of this font: one whose measures every program has.
    book._named_styles["Normal"].font = Font(name=FONT, size=10)  # type: ignore[attr-defined]
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for index, pixels in enumerate(COLUMNS):
        sheet.column_dimensions[column_letter(index)].width = (pixels - 5) / 7
    number = 1
    for position, page in enumerate(paginate(rows, top.height)):
        if position:
            sheet.row_breaks.append(Break(id=number - 1))
        for one in [*([] if position else [top]), *page]:
            _put_row(sheet, number, one)
            number += 1
    _add_ticks(sheet)
    _set_up_page(sheet, header, footer)
    book.properties.title = xlsx.clean(header)
    return xlsx.save(book, day)


def _put_row(sheet: Worksheet, number: int, row: PrintedRow) -> None:
    for span in row.spans:
        _put(sheet, number, span)
    sheet.row_dimensions[number].height = row.height


def _put(sheet: Worksheet, number: int, span: Span) -> None:
    """Write ``span`` on the row ``number``, its borders and fill on each of its columns."""
    fill = _fill(span.style)
    for column in range(span.first, span.last + 1):
        cell = sheet.cell(number, column + 1)
        cell.border = _border(span.style, column == span.first, column == span.last)
        if fill is not None:
            cell.fill = fill
    cell = sheet.cell(number, span.first + 1)
    xlsx.put(cell, span.value)
    cell.font, cell.alignment = _font(span.style), _alignment(span.style, isinstance(span.value, str))
    if isinstance(span.value, Decimal):
        cell.number_format = HOURS
    if span.last > span.first:
        # Not ``merge_cells``: it looks through all earlier ranges for an overlap, which rows laid one by one cannot have.
        sheet.merged_cells.ranges.add(
            CellRange(min_row=number, max_row=number, min_col=span.first + 1, max_col=span.last + 1)
        )


@cache
def _font(style: CellStyle) -> Font:
    return Font(name=FONT, size=style.size, bold=style.bold, italic=style.italic)


@cache
def _alignment(style: CellStyle, wrap: bool) -> Alignment:
    vertical: Literal["center", "top"] = "center" if style.middle else "top"
    return Alignment(horizontal=style.align, vertical=vertical, wrap_text=wrap, indent=style.indent)


@cache
def _border(style: CellStyle, first: bool, last: bool) -> Border:
    around = style.frame
    return Border(
        left=Side(around) if first else None,
        right=Side(around) if last else None,
        top=Side(around or style.top),
        bottom=Side(around or style.bottom),
    )


@cache
def _fill(style: CellStyle) -> PatternFill | None:
    return PatternFill("solid", fgColor=style.fill) if style.fill else None


def _add_ticks(sheet: Worksheet) -> None:
    """Let each box of the first column be ticked from a drop-down list."""
    boxes = [
        CellRange(min_row=number, max_row=number, min_col=1, max_col=1)
        for number in range(1, sheet.max_row + 1)
        if sheet.cell(number, 1).value == BOX
    ]
    if boxes:
        ticks = DataValidation(type="list", formula1=f'"{BOX},☑"', allow_blank=True)
        ticks.sqref = MultiCellRange(boxes)
        sheet.add_data_validation(ticks)


def _set_up_page(sheet: Worksheet, header: str, footer: str) -> None:
    """Repeat the first row on every page; A4 portrait at its full size, ``header`` and ``footer`` with the page number."""
    sheet.print_title_rows = "1:1"
    sheet.freeze_panes = "A2"
    sheet.sheet_view.showGridLines = False
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
        place.left.text = _escaped(text)
        place.right.text = "Page &P / &N"


def _escaped(text: str) -> str:
    """``text`` for a page's header or footer, where ``&`` is a command: 80 characters at most."""
    return cut(xlsx.clean(text), 80).replace("&", "&&")
