"""Second look at an xls: password, errors, formulas, numbers and their formats, hidden rows, bounds. Source: [MS-XLS]."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.cells.model import ErrorCell
from pipeline.reading.compound import workbook_stream
from pipeline.reading.numbers import ERRORS, Formats, rk_number
from pipeline.reading.sheets import password, unreadable
from pipeline.reading.xmlscan import Marks, Place

_BOF, _EOF, _BOUNDSHEET, _DATEMODE, _FILEPASS = 0x0809, 0x000A, 0x0085, 0x0022, 0x002F
_FORMAT, _XF, _SST, _CODEPAGE, _RECALCULATED = 0x041E, 0x00E0, 0x00FC, 0x0042, 0x01C1
_HIDDEN_ROW = 0x20
_WORKSHEET, _MACRO_SHEET, _CHART = 0, 1, 2
_BIFF5 = 0x0500
_NOTHING = 0x7FFF  # a record that no program knows
_UNNEEDED = frozenset({0x0018, 0x0017, 0x00EB})
"""Names, references to other sheets, pictures: over an odd one of which the fast reader gives up the whole workbook."""
_SHORTEST_STRING = 3  # bytes
_READER_KNOWS = (*range(5, 9), *range(23, 27), *range(41, 45), *range(63, 67), *range(164, 383))
"""Numbers of formats that the fast reader reads as the workbook writes them; under others it takes the usual ones."""

_HEAD = struct.Struct("<HH")
_CELL = struct.Struct("<HHH")
_NUMBER = struct.Struct("<HHHd")
_RK = struct.Struct("<HHHi")
_STYLE_RK = struct.Struct("<Hi")
_LABEL_SST = struct.Struct("<HHHI")
_RESULT = struct.Struct("<HHH8sH")
_REAL = struct.Struct("<d")
_EXPRESSION = 20  # where a formula tells what it computes, its length first


@dataclass
class XlsScan:
    """What was seen in an xls.

    ``content``: the stream of the workbook, without what hangs in its sheets. ``sheets``: marks of each sheet in order.
    ``notes``: codes of ``noticed.NOTES``. ``epoch_1904``: what its dates count from.
    """

    content: bytearray
    sheets: list[Marks] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    epoch_1904: bool = False


@dataclass
class _Book:
    """What the first part of the stream says of all sheets. ``sheets``: where each begins, hidden or not, its kind."""

    sheets: list[tuple[int, int, int]] = field(default_factory=list)
    styles: list[int] = field(default_factory=list)
    style_places: list[int] = field(default_factory=list)  # in the stream
    codes: dict[int, str] = field(default_factory=dict)
    strings: int = 0
    biff5: bool = False
    encoding: str = "cp1252"
    epoch_1904: bool = False
    computed: bool = False  # by a program that computes formulas, and says so


def scan_xls(data: bytes) -> XlsScan:
    """Look through a compound file. Raises ``RefusedError`` where it is encrypted, damaged or no workbook."""
    stream, macros = workbook_stream(data)
    scan = XlsScan(bytearray(stream))
    try:
        book = _scan_book(scan.content)
        scan.epoch_1904 = book.epoch_1904
        formats = Formats(book.styles, book.codes, _READER_KNOWS, epoch_1904=book.epoch_1904)
        for style in formats.untrusted:
            struct.pack_into("<H", scan.content, book.style_places[style] + 2, 0)
        scans = [_scan_sheet(scan.content, at, book, formats) if not kind else None for at, _, kind in book.sheets]
    except (struct.error, IndexError, UnicodeError, LookupError):
        raise unreadable("damaged_workbook") from None
    if not scans:  # a list of sheets that cannot be found has made calamine ask for all memory
        raise unreadable("damaged_workbook")
    if macros or any(kind == _MACRO_SHEET for _, _, kind in book.sheets):
        scan.notes += ("macros",)
    computed = book.computed or any(sheet.computed for sheet in scans if sheet)
    scan.sheets = [sheet.finished(computed=computed) if sheet else Marks() for sheet in scans]
    return scan


def _scan_book(content: bytearray) -> _Book:
    book, offset, sheets = _Book(), 0, []
    while offset + 4 <= len(content):
        kind, size = _HEAD.unpack_from(content, offset)
        if kind == _FILEPASS:
            raise password()
        if kind == _BOUNDSHEET:
            sheets.append(offset + 4)
        elif kind == _XF:
            book.style_places.append(offset + 4)
            book.styles.append(struct.unpack_from("<H", content, offset + 6)[0])
        elif kind == _EOF:
            if book.strings * _SHORTEST_STRING > len(content):
                raise unreadable("false_count")  # the fast reader asks at once for the memory of so many
            _take_sheets(book, content, sheets, offset)
            return book
        elif kind in _UNNEEDED:
            _HEAD.pack_into(content, offset, _NOTHING, size)
        elif (take := _TAKES.get(kind)) is not None:
            take(book, bytes(content[offset + 4 : offset + 4 + size]))
        offset += 4 + size
    raise unreadable("damaged_workbook")


def _take_sheets(book: _Book, content: bytearray, places: list[int], end: int) -> None:
    """Note where the sheets are. What is no worksheet (macros of Excel 4, charts) is shown empty to the fast reader."""
    for place in places:
        found = struct.unpack_from("<IBB", content, place)
        if found[2] != _WORKSHEET:
            struct.pack_into("<IBB", content, place, end, found[1], _CHART)
        book.sheets.append(found)


def _take_start(book: _Book, record: bytes) -> None:
    book.biff5 = _HEAD.unpack_from(record)[0] == _BIFF5


def _take_epoch(book: _Book, record: bytes) -> None:
    book.epoch_1904 = record[:2] == b"\x01\x00"


def _take_format(book: _Book, record: bytes) -> None:
    (number,) = struct.unpack_from("<H", record)
    if book.biff5:
        book.codes[number] = record[3 : 3 + record[2]].decode("latin-1")
    else:
        (length,) = struct.unpack_from("<H", record, 2)
        wide = record[4] & 1
        book.codes[number] = record[5 : 5 + length * (1 + wide)].decode("utf-16-le" if wide else "latin-1")


def _take_strings(book: _Book, record: bytes) -> None:
    (book.strings,) = struct.unpack_from("<I", record, 4)


def _take_encoding(book: _Book, record: bytes) -> None:
    (page,) = struct.unpack_from("<H", record)
    book.encoding = {1200: "cp1252", 32768: "mac_roman", 32769: "cp1252", 10000: "mac_roman"}.get(page, f"cp{page}")


def _take_recalculated(book: _Book, _record: bytes) -> None:
    book.computed = True


_TAKES: dict[int, Callable[[_Book, bytes], None]] = {
    _BOF: _take_start,
    _DATEMODE: _take_epoch,
    _FORMAT: _take_format,
    _SST: _take_strings,
    _CODEPAGE: _take_encoding,
    _RECALCULATED: _take_recalculated,
}


def _scan_sheet(content: bytearray, offset: int, book: _Book, formats: Formats) -> "_SheetScan":
    scan, depth = _SheetScan(content, book, formats), 0
    handlers, unpack, size = scan.handlers, _HEAD.unpack_from, len(content)
    while offset + 4 <= size:
        kind, length = unpack(content, offset)
        start = offset + 4
        handler = handlers.get(kind)
        if handler is not None and depth == 1:
            handler(start, length)
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return scan
        elif kind == _BOF:
            depth += 1
        elif not depth:
            break
        if depth > 1 or (kind == _EOF and depth):
            # A chart that hangs in the sheet has numbers of its own, which the fast reader takes for cells; and where the
            # chart ends it leaves.
            _HEAD.pack_into(content, offset, _NOTHING, length)
        offset = start + length
    raise unreadable("damaged_content")


class _SheetScan:
    """Handlers for the records of one sheet, each given where its record begins and its length; they fill ``marks``."""

    def __init__(self, content: bytearray, book: _Book, formats: Formats) -> None:
        self.marks = Marks()
        self.computed = False  # some formula has a value that only a program that computes gives
        self.handlers: dict[int, Callable[[int, int], None]] = {
            0x00FD: self._shared_text,
            0x0204: self._text,
            0x027E: self._rk,
            0x0203: self._number,
            0x00BD: self._rks,
            0x0006: self._formula,
            0x0207: self._formula_text,
            0x0205: self._bool_or_error,
            0x0208: self._row,
            0x00D6: self._rich_text,
            0x0200: self._unneeded,  # of which the fast reader asks the memory at once, 1.7 TB in a damaged file
            0x00E5: self._merged,
        }
        self._content = content
        self._book = book
        self._formats = formats
        self._looks = formats.looks
        self._height = self._width = self._cells = 0
        self._text_height = self._text_width = 0
        self._blanks: list[Place] = []
        self._last: Place = (0, 0)

    def finished(self, *, computed: bool) -> Marks:
        """Return the marks. ``computed``: whether the workbook comes from a program that computes its formulas.

        An empty text may be what a formula gives; or all that a program could write which does not compute.
        """
        marks = self.marks
        if not computed:
            marks.formulas.update(dict.fromkeys(self._blanks, False))
        marks.sure = (self._height, self._width)
        marks.height, marks.width = max(self._height, self._text_height), max(self._width, self._text_width)
        marks.cells = self._cells
        return marks

    def _count(self, row: int, column: int) -> None:
        self._cells += 1
        if row >= self._height:
            self._height = row + 1
        if column >= self._width:
            self._width = column + 1

    def _count_text(self, row: int, column: int) -> None:
        self._cells += 1
        if row >= self._text_height:
            self._text_height = row + 1
        if column >= self._text_width:
            self._text_width = column + 1

    def _shared_text(self, at: int, _size: int) -> None:
        row, column, _, text = _LABEL_SST.unpack_from(self._content, at)
        self._count_text(row, column)
        if text >= self._book.strings:
            raise unreadable("unread_cells")

    def _text(self, at: int, _size: int) -> None:
        row, column, _ = _CELL.unpack_from(self._content, at)
        self._count_text(row, column)

    def _unneeded(self, at: int, size: int) -> None:
        _HEAD.pack_into(self._content, at - 4, _NOTHING, size)

    def _merged(self, at: int, size: int) -> None:
        (count,) = struct.unpack_from("<H", self._content, at)
        for place in range(at + 2, at + 2 + 8 * min(count, (size - 2) // 8), 8):
            top, bottom, left, right = struct.unpack_from("<4H", self._content, place)
            self.marks.merged.append((top, left, bottom, right))
        self._unneeded(at, size)

    def _rich_text(self, at: int, size: int) -> None:
        row, column, _ = _CELL.unpack_from(self._content, at)
        self._count_text(row, column)
        (length,) = struct.unpack_from("<H", self._content, at + 6)
        if not self._book.biff5 or length + 8 > size:
            raise unreadable("unread_cells")
        self.marks.values[row, column] = bytes(self._content[at + 8 : at + 8 + length]).decode(self._book.encoding)

    def _number(self, at: int, _size: int) -> None:
        row, column, style, value = _NUMBER.unpack_from(self._content, at)
        self._count(row, column)
        if style in self._looks:
            self._look((row, column), style, value)

    def _rk(self, at: int, _size: int) -> None:
        row, column, style, value = _RK.unpack_from(self._content, at)
        self._count(row, column)
        if style in self._looks:
            self._look((row, column), style, rk_number(value))

    def _rks(self, at: int, size: int) -> None:
        row, first = _HEAD.unpack_from(self._content, at)
        for i in range((size - 6) // 6):
            style, value = _STYLE_RK.unpack_from(self._content, at + 4 + 6 * i)
            self._count(row, first + i)
            if style in self._looks:
                self._look((row, first + i), style, rk_number(value))

    def _look(self, place: Place, style: int, value: float) -> None:
        cell = self._formats.corrected(style, value)
        if isinstance(cell, ErrorCell):
            self.marks.errors[place] = cell.text
        elif cell is not None:
            self.marks.values[place] = cell

    def _bool_or_error(self, at: int, _size: int) -> None:
        row, column, _ = _CELL.unpack_from(self._content, at)
        self._count(row, column)
        if self._content[at + 7]:
            self.marks.errors[row, column] = ERRORS.get(self._content[at + 6], "#N/A")

    def _row(self, at: int, size: int) -> None:
        if size >= 14 and self._content[at + 12] & _HIDDEN_ROW:
            self.marks.hidden_rows.append(_HEAD.unpack_from(self._content, at)[0] + 1)

    def _formula(self, at: int, size: int) -> None:
        row, column, style, result, flags = _RESULT.unpack_from(self._content, at)
        if size >= _EXPRESSION + 2:
            struct.pack_into("<H", self._content, at + _EXPRESSION, 0)  # how it is computed is nobody's business here
        place = self._last = row, column
        self._count_text(row, column)
        waiting = bool(flags & 2)  # for the program that opens the file to compute it
        if result[6:] != b"\xff\xff":
            (value,) = _REAL.unpack(result)
            self._value(place, style, value, waiting=waiting)
        elif result[0] == 2:
            self.marks.errors[place] = ERRORS.get(result[2], "#N/A")
        elif result[0] == 3:
            self.marks.formulas[place] = not waiting
            self._blanks.append(place)
        else:
            self.marks.formulas[place] = result[0] == 1  # a text comes in a record of its own
            self.computed = True

    def _value(self, place: Place, style: int, value: float, *, waiting: bool) -> None:
        has_value = bool(value) or not waiting
        self.marks.formulas[place] = has_value
        self.computed = self.computed or has_value
        if has_value and style in self._looks:
            self._look(place, style, value)

    def _formula_text(self, at: int, size: int) -> None:
        (length,) = struct.unpack_from("<H", self._content, at)
        head, wide = (2, 1) if self._book.biff5 else (3, 1 + (self._content[at + 2] & 1))
        if head + length * wide > size:
            raise unreadable("unread_cells")  # it goes on in a record that the fast reader does not follow
        self.marks.formulas[self._last] = True
