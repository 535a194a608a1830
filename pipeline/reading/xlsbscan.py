"""Second look at an xlsb: errors, formulas, hidden rows, bounds. Source: [MS-XLSB], records of sheets and of the workbook."""

import struct
from collections.abc import Iterator

from pipeline.reading.sheets import unreadable
from pipeline.reading.xmlscan import Marks, SheetEntry, WorkbookParts, parse

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
"""Error codes of both binary formats."""

_ROW, _BLANK, _ERROR, _FORMULA_STRING, _FORMULA_ERROR = 0, 1, 3, 8, 11
_SHEET, _PROPERTIES = 156, 153
_HIDDEN_ROW = 0x10
_LONGEST_RECORD = 1 << 24


def records(pieces: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (type, content) of each record. Raises ``RefusedError`` where one is cut short."""
    data, offset = b"", 0
    for piece in pieces:
        data, offset = data[offset:] + piece, 0
        while (found := _record(data, offset)) is not None:
            kind, start, size = found
            if size > _LONGEST_RECORD:
                raise unreadable("damaged_sheet")
            if start + size > len(data):
                break
            yield kind, data[start : start + size]
            offset = start + size
    if offset < len(data):
        raise unreadable("damaged_sheet")


def _record(data: bytes, offset: int) -> tuple[int, int, int] | None:
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
    return numbers[0], offset, numbers[1]


def scan_binary_sheet(pieces: Iterator[bytes]) -> Marks:
    """Look through one sheet part of an xlsb. Raises ``RefusedError``."""
    marks, row = Marks(), 0
    for kind, content in records(pieces):
        if kind == _ROW and len(content) >= 12:
            row = struct.unpack_from("<I", content)[0]
            if content[11] & _HIDDEN_ROW:
                marks.hidden_rows.append(row + 1)
        elif _BLANK < kind <= _FORMULA_ERROR and len(content) >= 9:
            place = (row, struct.unpack_from("<I", content)[0])
            marks.count(place)
            if kind in (_ERROR, _FORMULA_ERROR):
                marks.errors[place] = ERRORS.get(content[8], "#N/A")
            elif kind >= _FORMULA_STRING:
                marks.formulas[place] = True
    return marks


def scan_binary_workbook(workbook: Iterator[bytes], relations: Iterator[bytes]) -> WorkbookParts:
    """Return the sheets of an xlsb in order, each with its part, and what its dates count from."""
    targets: dict[str, str] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Relationship":
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    parse(relations, relation)
    found = WorkbookParts()
    for kind, content in records(workbook):
        if kind == _SHEET and len(content) >= 12:
            relation_id, end = _wide_text(content, 8)
            name, _ = _wide_text(content, end)
            found.sheets.append(SheetEntry(name, targets.get(relation_id, ""), content[0] != 0))
        elif kind == _PROPERTIES and content:
            found.epoch_1904 = bool(content[0] & 1)
    return found


def _wide_text(content: bytes, offset: int) -> tuple[str, int]:
    if offset + 4 > len(content):
        return "", offset
    (length,) = struct.unpack_from("<I", content, offset)
    if length == 0xFFFFFFFF:
        return "", offset + 4
    end = offset + 4 + 2 * length
    return content[offset + 4 : end].decode("utf-16-le", "replace"), end
