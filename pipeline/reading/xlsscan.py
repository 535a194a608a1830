"""Second look at an xls: password, errors, formulas, hidden rows, bounds. Source: [MS-XLS] and [MS-CFB]."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import olefile

from pipeline.reading.sheets import password, unreadable
from pipeline.reading.xlsbscan import ERRORS
from pipeline.reading.xmlscan import Marks

_BOF, _EOF, _BOUNDSHEET, _DATEMODE, _FILEPASS = 0x0809, 0x000A, 0x0085, 0x0022, 0x002F
_FORMULA, _BOOLERR, _ROW = 0x0006, 0x0205, 0x0208
_CELLS = frozenset({0x0006, 0x0203, 0x0204, 0x0205, 0x00FD, 0x027E, 0x00D6})
_MULTIPLE = 0x00BD  # MULRK: several numbers on one row
_HIDDEN_ROW = 0x20
_MACRO_SHEET = 1


@dataclass
class XlsScan:
    """What was seen in an xls: marks of each sheet in order, codes of notes (``noticed.NOTES``), what its dates count from."""

    sheets: list[Marks] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    epoch_1904: bool = False


def scan_xls(data: bytes) -> XlsScan:
    """Look through a compound file. Raises ``RefusedError`` where it is encrypted, damaged or no workbook."""
    _check_header(data)
    try:
        with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_INCORRECT) as container:
            streams = {"/".join(path).lower(): path for path in container.listdir(streams=True, storages=True)}
            if "encryptedpackage" in streams:
                raise password()
            path = streams.get("workbook") or streams.get("book")
            if path is None:
                raise unreadable("word_document" if "worddocument" in streams else "other_document")
            content = container.openstream(path).read()
    except (OSError, ValueError, IndexError, struct.error, TypeError, AttributeError, KeyError):
        raise unreadable("damaged_workbook") from None
    scan = _scan(content)
    if not scan.sheets:
        raise unreadable(
            "damaged_workbook"
        )  # a list of sheets that cannot be found has made calamine ask for all memory
    if any(name.startswith("_vba_project") for name in streams) and "macros" not in scan.notes:
        scan.notes += ("macros",)
    return scan


def _check_header(data: bytes) -> None:
    """Refuse counts of sectors that the file cannot hold: a reader would ask for their memory at once."""
    if len(data) < 512:
        raise unreadable("damaged_workbook")
    (shift,) = struct.unpack_from("<H", data, 0x1E)
    if shift not in (9, 12):
        raise unreadable("damaged_workbook")
    held = len(data) >> shift
    for offset in (0x28, 0x2C, 0x40, 0x48):
        (count,) = struct.unpack_from("<I", data, offset)
        if count > held:
            raise unreadable("false_count")


def _records(content: bytes, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    while offset + 4 <= len(content):
        kind, size = struct.unpack_from("<HH", content, offset)
        yield kind, content[offset + 4 : offset + 4 + size]
        offset += 4 + size


def _scan(content: bytes) -> XlsScan:
    scan, sheets = XlsScan(), []
    for kind, record in _records(content):
        if kind == _FILEPASS:
            raise password()
        if kind == _BOUNDSHEET and len(record) >= 6:
            sheets.append(struct.unpack_from("<IBB", record))
        elif kind == _DATEMODE and len(record) >= 2:
            scan.epoch_1904 = record[:2] == b"\x01\x00"
        elif kind == _EOF:
            break
    if any(kind == _MACRO_SHEET for _, _, kind in sheets):
        scan.notes += ("macros",)
    scan.sheets = [_scan_sheet(content, offset) for offset, _, _ in sheets]
    return scan


def _scan_sheet(content: bytes, offset: int) -> Marks:
    marks, depth = Marks(), 0
    for kind, record in _records(content, offset):
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1:
            _mark(marks, kind, record)
    return marks


def _mark(marks: Marks, kind: int, record: bytes) -> None:
    if len(record) < 6:
        return
    place: tuple[int, int] = struct.unpack_from("<HH", record)
    if kind in _CELLS:
        marks.count(place)
    elif kind == _MULTIPLE:
        marks.count((place[0], max(struct.unpack_from("<H", record, len(record) - 2)[0], place[1])))
    if kind == _ROW and len(record) >= 14 and record[12] & _HIDDEN_ROW:
        marks.hidden_rows.append(place[0] + 1)
    elif kind == _BOOLERR and len(record) >= 8 and record[7]:
        marks.errors[place] = ERRORS.get(record[6], "#N/A")
    elif kind == _FORMULA and len(record) >= 14:
        if record[12:14] == b"\xff\xff" and record[6] == 2:
            marks.errors[place] = ERRORS.get(record[8], "#N/A")
        else:
            marks.formulas[place] = True
