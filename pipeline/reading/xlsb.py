"""xlsb: read record by record, in one pass over each part. Source: [MS-XLSB].

Short cells, which stand beside the one before without saying where, are read like the others; sheets of macros are left out.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from pipeline.reading.archive import Archive
from pipeline.reading.model import Observation
from pipeline.reading.numbers import ERRORS, Formats, rk_number
from pipeline.reading.package import Package, SheetEntry
from pipeline.reading.sheets import Region, Sheet, Workbook, beyond, unreadable, without_hidden
from pipeline.settings import Limits

_ROW, _SHORT_BLANK, _RICH_TEXT = 0, 12, 62
_SHEET, _PROPERTIES = 156, 153
_MERGED = 176
_DATA, _END_DATA, _OTHERS, _END_OTHERS = 145, 146, 35, 36
_STRINGS, _STRING = 159, 19
_FORMAT, _STYLES, _END_STYLES, _STYLE = 44, 617, 618, 47
_HIDDEN_ROW = 0x10
_LONGEST_RECORD = 1 << 24
_ROWS, _COLUMNS = 1 << 20, 1 << 14

_U32 = struct.Struct("<I")
_STYLE_BITS = 0xFFFFFF
_RK = struct.Struct("<i")
_REGION = struct.Struct("<4I")
_REAL = struct.Struct("<d")


@dataclass
class _Book:
    """What all sheets share: their list, the texts, what formats make of numbers, what dates count from."""

    sheets: list[SheetEntry] = field(default_factory=list)
    epoch_1904: bool = False
    strings: list[str] = field(default_factory=list)
    formats: Formats = field(default_factory=lambda: Formats((), {}))


def read_xlsb(package: Package, limits: Limits, notes: Sequence[Observation]) -> Workbook:
    """Read an xlsb. Raises ``RefusedError``."""
    book = _read_book(package)
    names = [entry.name for entry in book.sheets]
    if len(names) > limits.feuilles:
        raise beyond("feuilles", len(names), limits.feuilles)
    if len(set(names)) < len(names):
        raise unreadable("double_sheets")
    sheets = [_read_sheet(package.archive, entry, book, limits) for entry in book.sheets if entry.part]
    return Workbook("xlsb", sheets, tuple(notes), book.epoch_1904)


def records(pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (type, content) of each record. Raises ``RefusedError`` where one is cut short."""
    data, offset = b"", 0
    for piece in pieces:
        data, offset = data[offset:] + piece, 0
        last = len(data) - 1
        while offset < last:
            kind, start, size = data[offset], offset + 2, data[offset + 1]
            if kind > 0x7F or size > 0x7F:
                found = _head(data, offset)
                if found is None:
                    break
                kind, start, size = found
            if start + size > len(data):
                break
            yield kind, data[start : start + size]
            offset = start + size
    if offset < len(data):
        raise unreadable("damaged_content")


def _head(data: bytes, offset: int) -> tuple[int, int, int] | None:
    """Type, start and size of the record at ``offset``; None where its head is not there in full."""
    numbers = []
    for width in (2, 4):
        value = 0
        for shift in range(width):
            if offset >= len(data):
                return None
            byte = data[offset]
            offset += 1
            value |= (byte & 0x7F) << (7 * shift)
            if not byte & 0x80:
                break
        numbers.append(value)
    if numbers[1] > _LONGEST_RECORD:
        raise unreadable("damaged_content")
    return numbers[0], offset, numbers[1]


def _read_book(package: Package) -> _Book:
    try:
        book = _read_list(package)
        if strings := package.strings:
            book.strings = list(_texts(package.archive, strings))
        if styles := package.styles:
            book.formats = _formats(package.archive, styles, epoch_1904=book.epoch_1904)
    except (struct.error, IndexError):
        raise unreadable("damaged_workbook") from None
    return book


def _read_list(package: Package) -> _Book:
    book = _Book()
    for kind, content in records(package.archive.pieces(package.workbook)):
        if kind == _SHEET:
            relation, end = _wide_text(content, 8)
            name, _ = _wide_text(content, end)
            book.sheets.append(package.entry(name, relation, hidden=content[0] != 0))
        elif kind == _PROPERTIES:
            book.epoch_1904 = bool(content[0] & 1)
    if not book.sheets:
        raise unreadable("damaged_workbook")
    return book


def _texts(archive: Archive, part: str) -> Iterator[str]:
    for kind, content in _plain(records(archive.pieces(part))):
        if kind == _STRING:
            yield _wide_text(content, 1)[0]


def _plain(found: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """The records that every program knows: those of newer ones stand between two marks."""
    depth = 0
    for kind, content in found:
        depth += (kind == _OTHERS) - (kind == _END_OTHERS)
        if depth <= 0:
            yield kind, content


def _formats(archive: Archive, part: str, *, epoch_1904: bool) -> Formats:
    codes: dict[int, str] = {}
    styles: list[int] = []
    inside = False
    for kind, content in _plain(records(archive.pieces(part))):
        if kind == _FORMAT:
            codes[struct.unpack_from("<H", content)[0]] = _wide_text(content, 2)[0]
        elif kind in (_STYLES, _END_STYLES):
            inside = kind == _STYLES
        elif kind == _STYLE and inside:
            styles.append(struct.unpack_from("<H", content, 2)[0])
    return Formats(styles, codes, epoch_1904=epoch_1904)


def _wide_text(content: bytes, offset: int) -> tuple[str, int]:
    """The text at ``offset`` and where it ends. Raises ``RefusedError`` where the record is too short for it."""
    (length,) = _U32.unpack_from(content, offset)
    if length == 0xFFFFFFFF:
        return "", offset + 4
    end = offset + 4 + 2 * length
    if end > len(content):
        raise unreadable("damaged_content")
    return content[offset + 4 : end].decode("utf-16-le", "replace"), end


def _read_sheet(archive: Archive, entry: SheetEntry, book: _Book, limits: Limits) -> Sheet:
    found = _Rows(_Values(book).kinds, limits.colonnes)
    try:
        found.read(_plain(records(archive.pieces(entry.part))))
    except (struct.error, IndexError):
        raise unreadable("damaged_sheet", sheet=entry.name) from None
    if found.width > limits.colonnes:
        raise beyond("colonnes", found.width, limits.colonnes, sheet=entry.name)
    rows = found.rows
    numbers = [number for number in sorted(rows) if any(cell not in (None, "") for cell in rows[number])]
    hidden = tuple(found.hidden)
    sheet = Sheet(entry.name, numbers, [rows[n] for n in numbers], hidden=entry.hidden, hidden_rows=hidden)
    return without_hidden(sheet, found.merged)


class _Rows:
    """The rows of a sheet by their numbers. Cells beyond ``widest`` columns are counted and let go."""

    def __init__(self, kinds: dict[int, Callable[[bytes], Cell]], widest: int) -> None:
        self.rows: dict[int, list[Cell]] = {}
        self.hidden: list[int] = []
        self.merged: list[Region] = []
        self.width = 0
        self._kinds = kinds
        self._widest = widest
        self._row: list[Cell] = []
        self._column = -1

    def read(self, found: Iterator[tuple[int, bytes]]) -> None:
        """Take the records of one sheet. Raises ``RefusedError`` where the end of its cells is not there."""
        kinds, inside, ended = self._kinds, False, False
        for kind, content in found:
            if kind == _DATA:
                inside = True
            elif kind == _MERGED and inside:
                top, bottom, left, right = _REGION.unpack_from(content)
                self.merged.append((top, left, bottom, right))
            elif kind == _END_DATA:
                ended = True
            elif not inside or ended:
                continue
            elif kind == _ROW:
                self._start(content)
            elif kind in kinds:
                self._place(kind, content)
        if not ended:
            raise unreadable("damaged_content")

    def _start(self, content: bytes) -> None:
        number = _U32.unpack_from(content)[0] + 1
        if number > _ROWS:
            raise unreadable("damaged_content")
        self._row, self._column = self.rows.setdefault(number, []), -1
        if content[11] & _HIDDEN_ROW:
            self.hidden.append(number)

    def _place(self, kind: int, content: bytes) -> None:
        if _SHORT_BLANK <= kind < _RICH_TEXT:
            column = self._column + 1
        else:
            column, content = _U32.unpack_from(content)[0], content[4:]
        self._column = column
        if column >= _COLUMNS:
            raise unreadable("damaged_content")
        cell = self._kinds[kind](content)
        if cell is None:
            return
        self.width = max(self.width, column + 1)
        if column < self._widest:
            row = self._row
            row.extend([None] * (column + 1 - len(row)))
            row[column] = cell


class _Values:
    """What a cell holds, by the type of its record. Each is given the record from the style on: its value begins at 4."""

    def __init__(self, book: _Book) -> None:
        self._strings = book.strings
        self._formats = book.formats
        self.kinds: dict[int, Callable[[bytes], Cell]] = {
            **{
                1: self._blank,
                2: self._rk,
                3: self._error,
                4: self._bool,
                5: self._real,
                6: self._text,
                7: self._shared,
            },
            **{
                8: self._formula(self._text),
                9: self._formula(self._real),
                10: self._formula(self._bool),
                11: self._error,
            },
            **{12: self._blank, 13: self._rk, 14: self._error, 15: self._bool, 16: self._real, 17: self._text},
            **{18: self._shared, _RICH_TEXT: self._rich},
        }

    def _blank(self, _content: bytes) -> Cell:
        return None

    def _rk(self, content: bytes) -> Cell:
        return self._number(content, rk_number(_RK.unpack_from(content, 4)[0]))

    def _real(self, content: bytes) -> Cell:
        return self._number(content, _REAL.unpack_from(content, 4)[0])

    def _number(self, content: bytes, value: float) -> Cell:
        return self._formats.cell(_U32.unpack_from(content)[0] & _STYLE_BITS, value)

    def _error(self, content: bytes) -> Cell:
        return ErrorCell(ERRORS.get(content[4], "#N/A"))

    def _bool(self, content: bytes) -> Cell:
        return content[4] != 0

    def _text(self, content: bytes) -> Cell:
        return _wide_text(content, 4)[0]

    def _rich(self, content: bytes) -> Cell:
        return _wide_text(content, 5)[0]

    def _shared(self, content: bytes) -> Cell:
        text: str = self._strings[_U32.unpack_from(content, 4)[0]]
        return text

    def _formula(self, value_of: Callable[[bytes], Cell]) -> Callable[[bytes], Cell]:
        def read(content: bytes) -> Cell:
            value = value_of(content)
            return value if isinstance(value, ErrorCell) else FormulaCell(value)  # type: ignore[arg-type]

        return read
