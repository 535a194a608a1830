"""The one way to write a workbook: no text is ever a formula, nothing is lost in silence, the same content gives the same bytes.

XlsxWriter writes; it is asked for nothing that guesses what a text means (``write``, ``write_row``…). Nothing touches the
disk: names of persons are in these files. Rows and columns count from 0. What stands where is said by who calls.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from html import escape
from io import BytesIO
from math import isfinite
from typing import Any

import xlsxwriter

CellValue = None | str | int | float | bool | Decimal | date | datetime | timedelta
"""What a cell of our workbooks may hold."""

FONT = "Arial"  # LibreOffice's Liberation Sans has the same measures: what is seen there is what Excel prints
SIZE = 10
"""Points. Widths of columns are counted in digits of this font: 7 pixels each."""

# [$-40C]: French digits in LibreOffice whatever its own language; Excel follows the computer's.
HOURS = "[$-40C]#,##0.00"
"""The number format of hours."""

MAX_CELL_TEXT = 32_767
"""What one cell may hold, in units of UTF-16 (Excel's limit): a character beyond U+FFFF counts twice."""

MAX_HEADER = 255
"""Characters of a page's header or footer, its commands included."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKALIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_SHARING = re.compile("_x[0-9A-Fa-f]{4}_x[0-9A-Fa-f]{4}_")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")
_NORMAL = {"font_name": FONT, "font_size": SIZE, "font_scheme": "none"}
_LAST_OF_1899 = date(1899, 12, 31).toordinal()
_DRAWN = {"border", "left", "right", "top", "bottom", "pattern"}
_PIXELS = 7  # of a digit
_POINTS = 0.75  # of a pixel


def clean(value: str) -> str:
    """``value`` with U+FFFD (« unreadable ») in place of each character that XML forbids."""
    return _ILLEGAL.sub("\ufffd", value)


def in_header(text: str) -> str:
    """``text`` of a sender for a page's header or footer, where ``&`` is a command."""
    # XlsxWriter looks for pictures even in what is escaped, and would leave the whole header out.
    return clean(text).replace("&G", "& G").replace("&[Picture]", "& [Picture]").replace("&", "&&")


def _fitting(text: str) -> str:
    """``text``, cut with « … » at the end where no cell would hold it."""
    if len(text) <= MAX_CELL_TEXT // 2 or len(units := text.encode("utf-16-le")) <= 2 * MAX_CELL_TEXT:
        return text
    return units[: 2 * (MAX_CELL_TEXT - 1)].decode("utf-16-le", "ignore") + "…"


def _as_string(value: str) -> str:
    """``value`` so that XlsxWriter writes exactly this text, less what no cell holds.

    It takes what begins with ``<r>`` and ends with ``</r>`` for markup of its own, and escapes ``_x0041_`` (to Excel, an A) but
    not a second one that shares its underscore. Such a text is given as that markup, escaped by us; where there is no room for
    it, cut to half with « … ».
    """
    text = _fitting(clean(value))
    if not (text.startswith("<r>") and text.endswith("</r>")) and not _SHARING.search(text):
        return text
    escaped = escape(_LOOKALIKE.sub("_x005F_", text), quote=False).replace("_", "&#95;")
    markup = f'<r><t xml:space="preserve">{escaped}</t></r>'
    return markup if _fitting(markup) == markup else _as_string(f"{text[: len(text) // 2]}…")


def _wrote(code: int | None) -> None:
    """Raise ``ValueError`` where XlsxWriter says by ``code`` that it left something out."""
    if code:
        raise ValueError(f"not written to the workbook: {code}")


class Style:
    """How cells look: properties of XlsxWriter's formats. Made once a workbook (``Book.style``), shared by its cells."""

    def __init__(self, book: Any, properties: Mapping[str, object]) -> None:
        self._book, self._properties = book, properties
        self._formats: dict[tuple[str, bool], Any] = {}
        self.drawn = not _DRAWN.isdisjoint(properties)
        """Whether a cell without a value shows something: a border, a fill."""

    def of(self, number_format: str, quoted: bool) -> Any:
        """The format for cells with this number format; ``quoted``: once edited, the text stays a text."""
        made = self._formats.get((number_format, quoted))
        if made is None:
            more = ({"num_format": number_format} if number_format else {}) | ({"quote_prefix": True} if quoted else {})
            made = self._formats[number_format, quoted] = self._book.add_format({**self._properties, **more})
        return made


@dataclass(frozen=True)
class Paper:
    """How a sheet is printed on A4. Margins are inches: ``side``, ``end`` (top and bottom), ``edge`` (of header and footer).

    ``header`` and ``footer`` are codes of spreadsheets (``&L&A&RPage &P``), 255 characters at most; texts of a sender in them
    have been through ``in_header``. ``narrowed``: to be one page wide, which leaves out breaks of our own.
    """

    landscape: bool = False
    side: float = 0.75
    end: float = 1.0
    edge: float = 0.5
    header: str = ""
    footer: str = ""
    narrowed: bool = True
    first_row_again: bool = False


@dataclass(frozen=True)
class OneOf:
    """One of a drop-down list: texts, or the name of a range that holds them."""

    source: str | list[str]

    def options(self) -> dict[str, object]:
        """Properties of XlsxWriter's data validations."""
        return {"validate": "list", "source": f"={self.source}" if isinstance(self.source, str) else self.source}


@dataclass(frozen=True)
class Days:
    """A date from ``first`` to ``last``: formulas of ours (``=…``) that mean the first row where they stand."""

    first: str
    last: str

    def options(self) -> dict[str, object]:
        """Properties of XlsxWriter's data validations."""
        return {"validate": "date", "criteria": "between", "minimum": self.first, "maximum": self.last}


@dataclass(frozen=True)
class Formula:
    """What makes a formula of ours (``=…``) true; it means the first row where it stands."""

    text: str

    def options(self) -> dict[str, object]:
        """Properties of XlsxWriter's data validations."""
        return {"validate": "custom", "value": self.text}


class BookSheet:
    """One sheet of a ``Book``. Every method raises ``ValueError`` rather than leave something out."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._sheet.name)

    def put(
        self, row: int, column: int, value: CellValue, style: Style, number_format: str = "", last: int | None = None
    ) -> None:
        """Put ``value`` in a cell, or in the columns ``column`` to ``last`` merged into one.

        Texts are texts whatever they look like; one that a spreadsheet program would take for a formula once the cell is
        edited has the « quote prefix ». Dates are ``dd/mm/yyyy`` and durations hours and minutes, unless ``number_format``
        says otherwise. A number that is none (NaN) leaves the cell blank.
        """
        sheet = self._sheet
        if value is None or value == "" or (isinstance(value, float | Decimal) and not isfinite(value)):
            made = style.of(number_format, False)
            code = sheet.write_blank(row, column, None, made) if style.drawn else 0
        elif isinstance(value, str):
            made = style.of(number_format, value.startswith(_FORMULA_STARTS))
            code = sheet.write_string(row, column, _as_string(value), made)
        elif isinstance(value, bool):
            made = style.of(number_format, False)
            code = sheet.write_boolean(row, column, value, made)
        elif isinstance(value, int | float | Decimal):
            made = style.of(number_format, False)
            code = sheet.write_number(row, column, float(value), made)
        else:
            made = style.of(number_format or _time_format(value), False)
            code = sheet.write_number(row, column, _serial(value), made)
        _wrote(code)
        if last is not None and last > column:
            self._merge(row, column, last, made, style.drawn)

    def _merge(self, row: int, first: int, last: int, made: Any, drawn: bool) -> None:
        """Merge columns of a row, of which the first is written, with the borders and fill of its format on each of them.

        Not ``merge_range``: it writes the first cell as well, and every other one whether it shows or not.
        """
        self._sheet.merge.append([row, first, row, last])
        if drawn:
            for column in range(first + 1, last + 1):
                _wrote(self._sheet.write_blank(row, column, None, made))

    def comment(self, row: int, column: int, text: str, width: int, height: int) -> None:
        """Add a comment by « DSF », seen once the mouse is over the cell: ``width`` by ``height`` pixels."""
        options = {"author": "DSF", "width": width, "height": height}
        _wrote(self._sheet.write_comment(row, column, _fitting(clean(text)), options))

    def help(
        self,
        spans: Sequence[tuple[int, int]],
        column: int,
        title: str = "",
        message: str = "",
        wanted: OneOf | Days | Formula | None = None,
        warning: tuple[str, str] | None = None,
    ) -> None:
        """Show a message (32 and 255 characters) where a cell of ``column`` is entered, and a drop-down list of ``OneOf``.

        ``spans``: first and last rows, at least one pair. ``warning``: what is said (title, sentence) of a value that is not as
        ``wanted``; it may stand all the same.
        """
        options: dict[str, object] = {"validate": "any", "show_input": bool(message), "show_error": bool(warning)}
        if message:
            options |= {"input_title": title, "input_message": message}
        if wanted is not None:
            options |= wanted.options()
        if warning:
            options |= {"error_type": "warning", "error_title": warning[0], "error_message": warning[1]}
        options["other_cells"] = [(first, column, last, column) for first, last in spans[1:]]
        _wrote(self._sheet.data_validation(spans[0][0], column, spans[0][1], column, options))

    def widths(self, widths: Iterable[float]) -> None:
        """Set the widths of the first columns, in digits."""
        for column, width in enumerate(widths):
            _wrote(self._sheet.set_column_pixels(column, column, round(width * _PIXELS)))

    def keep(self, widths: Iterable[float], style: Style, number_formats: Iterable[str]) -> None:
        """Set the widths of the first columns, and how their cells look in which nothing is put."""
        for column, (width, number_format) in enumerate(zip(widths, number_formats, strict=True)):
            made = style.of(number_format, False)
            _wrote(self._sheet.set_column_pixels(column, column, round(width * _PIXELS), made))

    def height(self, row: int, points: float) -> None:
        """Set the height of a row."""
        _wrote(self._sheet.set_row_pixels(row, points / _POINTS))

    def freeze(self, rows: int, columns: int = 0) -> None:
        """Keep the first ``rows`` and ``columns`` in sight."""
        self._sheet.freeze_panes(rows, columns)

    def filter(self, last_row: int, last_column: int) -> None:
        """Let rows be filtered by any column, from the headings in row 0 down to ``last_row``."""
        _wrote(self._sheet.autofilter(0, 0, last_row, last_column))

    def hide_grid(self) -> None:
        """Show no lines between the cells but ours."""
        self._sheet.hide_gridlines(2)

    def protect(self) -> None:
        """Lock the cells that are not open, without a password.

        Sort, filter and format stay allowed, and rows may be inserted, and deleted where none of their cells is locked.
        """
        allowed = (
            "objects scenarios format_cells format_columns format_rows insert_rows delete_rows sort autofilter".split()
        )
        self._sheet.protect("", dict.fromkeys(allowed, True))

    def print_on(self, paper: Paper, breaks: Sequence[int] = ()) -> None:
        """Say how it is printed. ``breaks``: rows that open a page (Excel heeds 1 023), where ``paper`` is not narrowed."""
        sheet = self._sheet
        sheet.set_paper(9)
        (sheet.set_landscape if paper.landscape else sheet.set_portrait)()
        sheet.set_margins(paper.side, paper.side, paper.end, paper.end)
        for say, text in ((sheet.set_header, paper.header), (sheet.set_footer, paper.footer)):
            _wrote(len(text) > MAX_HEADER)
            say(text, {"margin": paper.edge})
        if paper.narrowed:
            sheet.fit_to_pages(1, 0)
        else:
            sheet.center_horizontally()
            sheet.set_h_pagebreaks(list(breaks))
        if paper.first_row_again:
            sheet.repeat_rows(0)

    def open_here(self) -> None:
        """Let the workbook open on this sheet."""
        self._sheet.activate()


def _time_format(value: date | timedelta) -> str:
    """The number format that a day, an instant or a duration has where no other is asked for."""
    if isinstance(value, timedelta):
        return "[h]:mm" if value.total_seconds() % 60 == 0 else "[h]:mm:ss"
    return "dd/mm/yyyy hh:mm" if isinstance(value, datetime) else "dd/mm/yyyy"


def _serial(value: date | timedelta) -> float:
    """A day, an instant or a duration as the days that spreadsheets count from the last one of 1899."""
    if isinstance(value, timedelta):
        return value / timedelta(days=1)
    days = value.toordinal() - _LAST_OF_1899
    days += days > 59  # Excel takes 1900 for a leap year
    return days + (value - datetime.combine(value, time())) / timedelta(days=1) if isinstance(value, datetime) else days


class Book:
    """A workbook being written as if on ``day``: the same calls and day give the same bytes.

    ``open_cells``: on protected sheets, cells are open unless their style says ``locked: True``, also those in which nothing is
    put. A row that has a locked cell anywhere could not be deleted.
    """

    def __init__(self, day: date, title: str = "", *, open_cells: bool = False) -> None:
        self._bytes = BytesIO()
        # A copy: XlsxWriter writes in what it is given.
        normal = {**_NORMAL, "locked": False} if open_cells else dict(_NORMAL)
        self._book = xlsxwriter.Workbook(self._bytes, {"in_memory": True, "default_format_properties": normal})
        properties = {"author": "dsf", "created": datetime.combine(day, time())}
        self._book.set_properties(properties | ({"title": clean(title)} if title else {}))

    def add_sheet(self, name: str) -> BookSheet:
        """A new sheet, after the others. Raises an error of XlsxWriter for a name that Excel does not allow."""
        return BookSheet(self._book.add_worksheet(name))

    def style(self, **properties: object) -> Style:
        """A style of cells, by properties of XlsxWriter's formats, on top of ``FONT`` in ``SIZE``."""
        return Style(self._book, properties)

    def name_rows(self, name: str, sheet: BookSheet, first: int, last: int) -> None:
        """Call the cells ``first`` to ``last`` of the first column ``name``, for drop-down lists."""
        quoted = sheet.name.replace("'", "''")
        _wrote(self._book.define_name(name, f"='{quoted}'!$A${first + 1}:$A${last + 1}"))

    def made(self) -> bytes:
        """The bytes, after which nothing more is written."""
        self._book.close()
        return self._bytes.getvalue()
