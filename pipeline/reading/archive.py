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

from pipeline.reading.sheets import beyond, fits, password, unreadable
from pipeline.settings import Limits
from schemas.fields import column_number

MAX_PARTS = 10_000
_PIECE = 1 << 17  # bytes: what is searched several times stays in the processor's cache
_OVERLAP = 256
_ENCRYPTED = 0x1
_SHEET = re.compile(r"xl/(?:worksheets|chartsheets|dialogsheets|macrosheets)/[^/]+\.(?:xml|bin)", re.IGNORECASE)
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^<>]*\?>")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_WORKSHEET = re.compile(rb"<(?:\w+:)?worksheet[\s>]")
_MARKS = frozenset({"errors", "formulas", "hidden", "far", "negative"})
MARKUP = "markup"
"""The mark of a part in which the fast reader would lose some of a value."""
_FORMULA = re.compile(rb"<f[\s/>]")
_CUT_VALUE = re.compile(rb"""<(?:\w+:)?v(?:\s[^<>]*)?>(?:[^<]*<[!?]|[-+.0-9Ee]*&#)""")
"""A value with a comment, a CDATA section, an instruction or a number's digit written as a character reference."""
_VALUE = b"<v>"
_SPACED = re.compile(rb"""<(?:\w+:)?(?:sst|si|r|is|worksheet|sheetData|row|c)\s[^<>]*xml:space""")
"""Blanks that are to be kept in all texts below."""
_WIDE_COLUMN = re.compile(rb"""r=["'][A-Za-z]{2,7}[0-9]""")
_FAR_COLUMN = re.compile(rb"""r=["'][A-Za-z]{3,7}[0-9]""")
_PAIR = re.compile(rb"""r=["']([A-Za-z]{2})[0-9]""")
_PLACE = re.compile(rb"""\sr=["'][A-Za-z]{0,7}([0-9]{1,9})["']""")
_ONE_LETTER, _TWO_LETTERS = 26, 702
"""Columns to Z and to ZZ. A used range that may not fit in memory is looked at closely: its last row tells, by the widest
column. Rows come in order, so the end of a part has the last; where they do not, the child dies of its memory limit."""
_HEAD = 4096
_DECLARED = 1 << 20  # bytes in which a DOCTYPE is looked for
_COUNTS = re.compile(rb"""<(?:\w+:)?sst\b[^>]*""")
_COUNT = re.compile(rb"""\b(?:uniqueCount|count)\s*=\s*["'](\d+)""")


@dataclass
class Archive:
    """A zip that is safe to open.

    ``parts``: name → entry, with the slashes of [OPC] whatever the archive writes. ``sizes``: name → true size in bytes.
    ``marks``: name → what was seen there: ``errors``, ``formulas``, ``hidden`` rows, cells ``far`` away, ``negative`` numbers,
    ``markup`` within values. ``respelled``: whether names were written with backslashes.
    """

    data: bytes
    parts: dict[str, zipfile.ZipInfo]
    sizes: dict[str, int] = field(default_factory=dict)
    marks: dict[str, set[str]] = field(default_factory=dict)
    respelled: bool = False

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the content of a part, a hundred kilobytes or so at a time."""
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
    archive = Archive(data, {_name(entry): entry for entry in entries})
    archive.respelled = any("\\" in entry.filename for entry in entries)
    total = 0
    for name, entry in archive.parts.items():
        look = _Look(name)
        for piece in _inflate(data, entry):
            total += len(piece)
            if total > limits.octets_decompresses:
                declared = sum(e.file_size for e in entries)
                raise beyond("octets_decompresses", max(total, declared), limits.octets_decompresses)
            look.add(piece)
        if look.size != entry.file_size or look.crc != entry.CRC:
            raise unreadable("damaged_file")
        archive.sizes[name], archive.marks[name] = look.size, look.marks
        if not fits(look.height, look.width, limits) and not fits(look.height, _widest(archive.pieces(name)), limits):
            look.marks.add("far")
    _check_counts(archive)
    return archive


class _Look:
    """One part, as its pieces come by."""

    def __init__(self, name: str) -> None:
        self.size = self.crc = self.height = 0
        self.width = _ONE_LETTER
        self.marks: set[str] = set()
        self._name = name
        self._sheet = self._texts = False
        self._before = b""
        self._skipped = 0  # of the first piece

    def add(self, piece: bytes) -> None:
        """Look at the next piece. Raises ``RefusedError`` for a DOCTYPE."""
        if not self.size:
            self._begin(piece)
        elif (
            self.size < _DECLARED
            and b"!" in piece
            and not self._name.startswith("META-INF/")
            and _DOCTYPE.search(piece)
        ):
            raise unreadable("doctype")
        self.size += len(piece)
        self.crc = zlib.crc32(piece, self.crc)
        if not (self._sheet or self._texts):
            return
        text = self._before + piece if self._before else piece[self._skipped :]
        if self._sheet:
            self._measure(text)
            if not self.marks >= _MARKS:
                _mark(text, self.marks)
        if MARKUP not in self.marks and _cut(text):
            self.marks.add(MARKUP)
        # What the next piece begins with may be of a value that began here.
        self._before = _VALUE + piece[-_OVERLAP:]

    def _measure(self, piece: bytes) -> None:
        """Keep the number of the last row, and whether any column has two letters, or more."""
        end = piece.rfind(b"</sheetData")
        at = piece.rfind(b" r=", 0, end if end >= 0 else len(piece))
        last = _PLACE.match(piece, at) if at >= 0 else None
        self.height = max(self.height, int(last[1])) if last else self.height
        if self.width == _ONE_LETTER and _WIDE_COLUMN.search(piece):
            self.width = _TWO_LETTERS
        if self.width == _TWO_LETTERS and _FAR_COLUMN.search(piece):
            self.marks.add("far")

    def _begin(self, piece: bytes) -> None:
        head = piece[:_HEAD]
        wide = piece[:2] in (b"\xff\xfe", b"\xfe\xff")
        if not wide and head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"<":
            return
        name = self._name.lower()
        # Wherever the relations find a sheet, it is one by its root.
        self._sheet = "worksheets/" in name or (b"worksheet" in piece and _WORKSHEET.search(piece) is not None)
        self._texts = name.endswith("strings.xml") or b"<sst" in head
        if wide or b":worksheet" in head:
            # The marks are ASCII, and names without a prefix: such a part is looked at closely whatever it holds.
            self.marks |= _MARKS
        declared = (b"!" in piece and _DOCTYPE.search(piece)) or (wide and b"D\0O\0C\0T\0Y\0P\0E" in piece)
        if declared and not self._name.startswith("META-INF/"):
            raise unreadable("doctype")
        prolog = _PROLOG.match(head)
        self._skipped = prolog.end() if prolog else 0


def _check_directory(entries: list[zipfile.ZipInfo], data: bytes, limits: Limits) -> None:
    if len(entries) > MAX_PARTS:
        raise unreadable("many_parts")
    names = [_name(entry).lower() for entry in entries]
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
    sheets = sum(_SHEET.fullmatch(_name(entry)) is not None for entry in entries)
    if sheets > limits.feuilles:
        raise beyond("feuilles", sheets, limits.feuilles)


def _name(entry: zipfile.ZipInfo) -> str:
    return entry.filename.replace("\\", "/")


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


def _mark(piece: bytes, marks: set[str]) -> None:
    """Add to ``marks`` what may stand in a piece of a sheet.

    Every byte of every sheet passes here. A search for one byte is twenty times as fast as one for two, and most pieces are
    numbers and references, without any of these letters.
    """
    if b"e" in piece and (b't="e"' in piece or b"t='e'" in piece):
        marks.add("errors")
    if b"f" in piece and _FORMULA.search(piece):
        marks.add("formulas")
    if b"-" in piece and b">-" in piece:
        marks.add("negative")
    if b"d" in piece and b"hidden=" in piece:
        marks.add("hidden")


def _widest(pieces: Iterator[bytes]) -> int:
    """Return how many columns a sheet has of which none has three letters."""
    found: set[bytes] = set()
    tail = b""
    for piece in pieces:
        found.update(_PAIR.findall(tail + piece))
        tail = piece[-_OVERLAP:]
    return max((column_number(letters.decode()) + 1 for letters in found), default=_ONE_LETTER)


def _cut(piece: bytes) -> bool:
    """Whether the fast reader may lose some of a value in ``piece``, or blanks between two pieces of a text."""
    odd = (b"!" in piece and b"<!" in piece) or (b"?" in piece and b"<?" in piece) or (b"&" in piece and b"&#" in piece)
    spaced = b":" in piece and b"xml:space" in piece
    return (odd and _CUT_VALUE.search(piece) is not None) or (spaced and _SPACED.search(piece) is not None)


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
