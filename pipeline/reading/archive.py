"""Looks through the zip of a workbook before any reader opens it: its directory, its true sizes, what its parts hold.

Each part is inflated once, in pieces, and counted: the sizes in the directory are not believed. On the way the parts are
searched for what the fast reader skips in silence (errors, formulas, hidden rows) or dies of (far cells, false counts).
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.reading.sheets import beyond, password, unreadable
from pipeline.settings import Limits

MAX_PARTS = 10_000
_PIECE = 1 << 20
_OVERLAP = 256
_ENCRYPTED = 0x1
_SHEET = re.compile(r"xl/(?:worksheets|chartsheets|dialogsheets|macrosheets)/[^/]+\.(?:xml|bin)", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_MARKS = frozenset({"errors", "formulas", "hidden", "far", "negative"})
_FORMULA = re.compile(rb"<f[\s/>]")
_FAR_COLUMN = re.compile(rb"""r=["'][A-Za-z]{3,7}[0-9]""")
_FAR_ROW = re.compile(rb"""r=["'](?:[A-Za-z]{2}[0-9]{5}|[A-Za-z]?[0-9]{6})""")
"""Beyond column ZZ, beyond row 99 999, or both wide and long: the used range may not fit in memory. Rows come in
order, so the end of a part tells; where they do not, the child dies of its memory limit."""
_HEAD, _TAIL = 4096, 1 << 16
_COUNTS = re.compile(rb"""<(?:\w+:)?sst\b[^>]*""")
_COUNT = re.compile(rb"""\b(?:uniqueCount|count)\s*=\s*["'](\d+)""")


@dataclass
class Archive:
    """A zip that is safe to open.

    ``parts``: name → entry. ``sizes``: name → true size in bytes. ``marks``: name → what was seen there: ``errors``,
    ``formulas``, ``hidden`` rows, cells ``far`` away, ``negative`` numbers.
    """

    data: bytes
    parts: dict[str, zipfile.ZipInfo]
    sizes: dict[str, int] = field(default_factory=dict)
    marks: dict[str, set[str]] = field(default_factory=dict)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the content of a part, at most a megabyte at a time."""
        return _inflate(self.data, self.parts[name])

    def content(self, name: str) -> bytes:
        """Return the whole content of a part; empty where there is no part of that name."""
        return b"".join(self.pieces(name)) if name in self.parts else b""

    def named(self, name: str) -> str | None:
        """Return the name of that part as the archive writes it, whatever its case (OPC); None where there is none."""
        if name in self.parts:
            return name
        return next((part for part in self.parts if part.lower() == name.lower()), None)


def open_archive(data: bytes, limits: Limits) -> Archive:
    """Look through the zip ``data`` and return what was found. Raises ``RefusedError``."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError, EOFError):
        raise unreadable("damaged_file") from None
    _check_directory(entries, data, limits)
    archive = Archive(data, {entry.filename: entry for entry in entries})
    total = 0
    for entry in entries:
        searched = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
        marks: set[str] = set()
        size, crc, tail, last = 0, 0, b"", b""
        sheet = "worksheets/" in entry.filename.lower()
        for piece in _inflate(data, entry):
            sheet = sheet or (size == 0 and b"worksheet" in piece[:_HEAD])  # wherever the relations find it
            size += len(piece)
            crc = zlib.crc32(piece, crc)
            total += len(piece)
            if total > limits.octets_decompresses:
                declared = sum(e.file_size for e in entries)
                raise beyond("octets_decompresses", max(total, declared), limits.octets_decompresses)
            if searched:
                _search(piece, tail, marks, entry.filename, sheet=sheet)
                tail = piece[-_OVERLAP:]
                last = piece
        if _FAR_ROW.search(last[-_TAIL:]):
            marks.add("far")
        if size != entry.file_size or crc != entry.CRC:
            raise unreadable("damaged_file")
        archive.sizes[entry.filename] = size
        archive.marks[entry.filename] = marks
    _check_counts(archive)
    return archive


def _check_directory(entries: list[zipfile.ZipInfo], data: bytes, limits: Limits) -> None:
    if len(entries) > MAX_PARTS:
        raise unreadable("many_parts")
    names = [entry.filename.lower() for entry in entries]
    if len(set(names)) != len(names):
        raise unreadable("double_parts")
    if any(_outside(entry.orig_filename) for entry in entries):
        raise unreadable("part_name")
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise password()
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise unreadable("damaged_file")
    end = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        if entry.header_offset < end:
            raise unreadable("overlapping_parts")
        end = _start(data, entry) + entry.compress_size
        if end > len(data):
            raise unreadable("damaged_file")
    declared = sum(entry.file_size for entry in entries)
    if declared > limits.octets_decompresses:
        raise beyond("octets_decompresses", declared, limits.octets_decompresses)
    sheets = sum(_SHEET.fullmatch(entry.filename) is not None for entry in entries)
    if sheets > limits.feuilles:
        raise beyond("feuilles", sheets, limits.feuilles)


def _outside(name: str) -> bool:
    parts = re.split(r"[/\\]", name)
    return ".." in parts or name.startswith(("/", "\\")) or ":" in name or "\0" in name


def _start(data: bytes, entry: zipfile.ZipInfo) -> int:
    """Offset of a part's first byte, taken from the part's own header, which must be there."""
    header = data[entry.header_offset : entry.header_offset + 30]
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise unreadable("damaged_file")
    name, extra = struct.unpack("<HH", header[26:30])
    return entry.header_offset + 30 + int(name) + int(extra)


def _inflate(data: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    start = _start(data, entry)
    packed = memoryview(data)[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        for offset in range(0, len(packed), _PIECE):
            yield bytes(packed[offset : offset + _PIECE])
        return
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for offset in range(0, len(packed), _PIECE):
            rest: bytes | memoryview = packed[offset : offset + _PIECE]
            while rest and not stream.eof:
                piece = stream.decompress(rest, _PIECE)
                rest = stream.unconsumed_tail
                if piece:
                    yield piece
        while not stream.eof and (piece := stream.decompress(b"", _PIECE)):
            yield piece
    except zlib.error:
        raise unreadable("damaged_file") from None
    if not stream.eof and entry.compress_size:
        raise unreadable("damaged_file")


def _search(piece: bytes, tail: bytes, marks: set[str], name: str, *, sheet: bool) -> None:
    first = not tail
    wide = first and piece[:2] in (b"\xff\xfe", b"\xfe\xff")
    if wide:
        # The marks are ASCII; a part in UTF-16 is looked at closely whatever it holds.
        marks |= _MARKS
    if first and not name.startswith("META-INF/"):
        if _DOCTYPE.search(piece) or (wide and b"D\0O\0C\0T\0Y\0P\0E" in piece):
            raise unreadable("doctype")
        if b":worksheet" in piece[:_HEAD]:
            marks |= _MARKS  # names with a prefix, which the plain searches below do not expect
    if sheet and len(marks) < len(_MARKS):
        _mark(tail + piece[:_OVERLAP], marks)
        _mark(piece, marks)


def _mark(piece: bytes, marks: set[str]) -> None:
    """Add to ``marks`` what may stand in a piece of a sheet.

    Every byte of every sheet passes here. A search for one byte is ten times as fast as one for a word, and most pieces are
    numbers and references, without any of these letters.
    """
    if b"e" in piece and (b't="e"' in piece or b"t='e'" in piece):
        marks.add("errors")
    if b"<f" in piece and _FORMULA.search(piece):
        marks.add("formulas")
    if b">-" in piece:
        marks.add("negative")
    if b"d" in piece and b"hidden=" in piece:
        marks.add("hidden")
    if "far" not in marks and _FAR_COLUMN.search(piece):
        marks.add("far")


def _check_counts(archive: Archive) -> None:
    """Refuse a count of shared strings that the part cannot hold: a reader would ask for that much memory at once.

    A shared string takes five bytes at least.
    """
    for name, size in archive.sizes.items():
        if name.lower().endswith("sharedstrings.xml"):
            head = next(archive.pieces(name), b"")
            found = _COUNTS.search(head)
            unique = [int(n) for n in _COUNT.findall(found[0])] if found else []
            if unique and min(unique) > size:
                raise unreadable("false_count")
