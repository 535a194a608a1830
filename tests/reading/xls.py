"""Small xls files for tests: by xlwt, or with records of our own put into one of its sheets."""

import io
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import olefile
import xlwt  # type: ignore[import-untyped]

from pipeline.cells.model import FormulaCell
from pipeline.reading.compound import packed
from tests.hostile import build

_SHEET, _END, _NO = 0x0085, 0x000A, 0xFFFFFFFF


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def xls(
    *lines: Sequence[object],
    headings: Sequence[object] = build.HEADINGS,
    sheet: str = "Heures",
    others: Sequence[str] = (),
) -> bytes:
    """A workbook with one table, its cells plain, (value, format) or ``FormulaCell`` of a formula that nobody computed.

    ``others``: empty sheets behind it.
    """
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet(sheet)
    styles: dict[str, Any] = {}
    for number, line in enumerate([headings, *lines]):
        for column, cell in enumerate(line):
            value, code = cell if isinstance(cell, tuple) else (cell, "General")
            if code not in styles:
                styles[code] = xlwt.XFStyle()
                styles[code].num_format_str = code
            if value not in ("", None):
                written = xlwt.Formula(value.value) if isinstance(value, FormulaCell) else value
                page.write(number, column, written, styles[code])
    for name in others:
        book.add_sheet(name)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def stream(data: bytes) -> bytes:
    """The stream of the workbook in a compound file."""
    with olefile.OleFileIO(io.BytesIO(data)) as container:
        found: bytes = container.openstream("Workbook").read()
        return found


def records(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(place, kind, content) of each record of a stream."""
    offset = 0
    while offset + 4 <= len(content):
        kind, size = struct.unpack_from("<HH", content, offset)
        yield offset, kind, content[offset + 4 : offset + 4 + size]
        offset += 4 + size


def edited(data: bytes, change: Callable[[int, bytes], bytes | None]) -> bytes:
    """``data``, of one sheet, with each record (kind, content) replaced by what ``change`` returns; None leaves it."""
    made = b"".join(
        record(kind, content) if (new := change(kind, content)) is None else new
        for _, kind, content in records(stream(data))
    )
    found = list(records(made))
    (listed,) = [place for place, kind, _ in found if kind == _SHEET]
    first = next(place for place, kind, _ in found if kind == _END)
    return packed(made[: listed + 4] + struct.pack("<I", first + 4) + made[listed + 8 :])


def embedding(data: bytes, inner: bytes) -> bytes:
    """The workbook ``data`` as Excel keeps it when another one is embedded in it, whose stream comes first in the list."""
    sectors, starts = b"", []
    for content in (stream(inner), stream(data)):
        starts.append((len(sectors) // 512, max(len(content), 4096)))
        sectors += content.ljust(4096, b"\0") + bytes(-max(len(content), 4096) % 512)
    used = len(sectors) // 512
    chain = [place + 1 for place in range(used)]
    for (start, size), end in zip(starts, [starts[1][0], used], strict=True):
        assert start * 512 + size <= end * 512
        chain[end - 1] = 0xFFFFFFFE
    entries = [("Root Entry", 5, 0xFFFFFFFE, 0, _NO, 1), ("MBD00112233", 1, 0, 0, 3, 2)]
    entries += [("Workbook", 2, *starts[0], _NO, _NO), ("Workbook", 2, *starts[1], _NO, _NO)]
    tables = -(-(used + 1 + used // 100) // 128)
    chain += [0xFFFFFFFE, *[0xFFFFFFFD] * tables]
    chain += [_NO] * (tables * 128 - len(chain))
    header = struct.pack("<8s16xHHHHH6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, tables, used, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *[used + 1 + i for i in range(tables)], *[_NO] * (109 - tables))
    return header + sectors + b"".join(_entry(*entry) for entry in entries) + struct.pack(f"<{len(chain)}I", *chain)


def _entry(name: str, kind: int, start: int, size: int, left: int, child: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    head = struct.pack("<64sHBB3I", text, len(text), kind, 1, left, _NO, child)
    return head + struct.pack("<36xIQ", start, size)
