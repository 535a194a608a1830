"""The clerk's sheet as a workbook: rows, styles, page breaks and boxes to tick."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache

from pipeline.documents.clerk.sheet import BOX, COLUMNS, TO_FILL, PrintedRow, Span, paginate
from pipeline.documents.clerk.styles import CellStyle
from pipeline.documents.wording import cut
from pipeline.documents.xlsx import HOURS, Book, BookSheet, OneOf, Paper, in_header

_STROKES = {None: 0, "thin": 1, "medium": 2, "hair": 7}
_SAID = 80  # characters of a page's footer
_INCH = 25.4  # millimetres


def write(title: str, top: PrintedRow, rows: Iterable[PrintedRow], named: str, footer: str, day: date) -> bytes:
    """A workbook called ``named``, of one sheet ``title``: ``top`` repeats on every page, ``rows`` follow.

    The same arguments give the same bytes, as if written on ``day``.
    """
    book = Book(day, named)
    sheet = book.add_sheet(title)
    sheet.widths((pixels - 5) / 7 for pixels in COLUMNS)
    pages = paginate(rows, top.height)
    every = [top, *(one for page in pages for one in page)]
    style = cache(lambda look, wrap: book.style(**_properties(look, wrap)))
    for number, one in enumerate(every):
        for span in one.spans:
            look = style(span.style, isinstance(span.value, str))
            sheet.put(number, span.first, span.value, look, _number_format(span), span.last)
        sheet.height(number, one.height)
    boxes = [(number, number) for number, one in enumerate(every) if one.spans[0].value == BOX]
    if boxes:
        sheet.help(boxes, 0, wanted=OneOf([BOX, "☑"]))
    opening, breaks = 1, []
    for page in pages[:-1]:
        opening += len(page)
        breaks.append(opening)
    _set_up(sheet, footer, breaks)
    return book.made()


def _number_format(span: Span) -> str:
    """Hours with two decimals; what is to be written is text, so that a number keeps its first zeros."""
    if isinstance(span.value, Decimal):
        return HOURS
    return "@" if span.value == TO_FILL else ""


def _properties(style: CellStyle, wrap: bool) -> dict[str, object]:
    """``style`` as properties of XlsxWriter's formats, those that say something."""
    around = style.frame
    every = {
        "font_size": style.size,
        "bold": style.bold,
        "italic": style.italic,
        "align": style.align,
        "valign": "vcenter" if style.middle else "top",
        "text_wrap": wrap,
        "indent": style.indent,
        "left": _STROKES[around],
        "right": _STROKES[around],
        "top": _STROKES[around or style.top],
        "bottom": _STROKES[around or style.bottom],
        "pattern": 1 if style.fill else 0,
        "bg_color": style.fill,
    }
    return {name: value for name, value in every.items() if value}


def _set_up(sheet: BookSheet, footer: str, breaks: list[int]) -> None:
    """Repeat the first row on every page; A4 portrait at its full size, ``footer`` with the number of the page."""
    sheet.freeze(1)
    sheet.hide_grid()
    paper = Paper(
        side=10 / _INCH,
        end=16 / _INCH,
        edge=8 / _INCH,
        footer=f"&L{in_header(cut(footer, _SAID))}&RPage &P sur &N",
        narrowed=False,  # no « fit to page »: Excel would ignore our breaks
        first_row_again=True,
    )
    sheet.print_on(paper, breaks)
