"""What a file is, by its content and never by its name, before anything opens it. Refuses what cannot be a deposit."""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pipeline.reading.sheets import beyond, unreadable


class Container(StrEnum):
    """How the bytes of a deposit are packed."""

    ZIP = "zip"  # xlsx, xlsm, xlsb, ods
    CFB = "cfb"  # xls, or anything encrypted by Office
    TEXT = "text"  # csv


_FOREIGN = (
    (b"%PDF", "pdf"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!", "archive"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"PAR1", "parquet"),
    (b"SQLite format 3", "database"),
    (b"\x09\x00\x04\x00", "old_xls"),
    (b"\x09\x02\x06\x00", "old_xls"),
    (b"\x09\x04\x06\x00", "old_xls"),
    (b"\x09\x08", "old_xls"),
    (b"\x00\x00\x02\x00", "lotus"),
    (b"\x00\x00\x1a\x00", "lotus"),
    (b"\xff\x00\x02\x00", "works"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "onenote"),
)
_FOREIGN_TEXTS = (
    (re.compile(rb"ID;P[A-Z0-9]*(?:;[NE])*\r?\n(?:[BCFOPW]|N[NUE]);"), "sylk"),
    (re.compile(rb"TABLE\r?\n0,1\r?\n\""), "dif"),
    (re.compile(rb"(?:[a-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,10}?MIME-Version:", re.IGNORECASE), "web_archive"),
)
_FOREIGN_XML = (
    (re.compile(rb"<office:document[\s>]"), "flat_ods"),
    (re.compile(rb"urn:schemas-microsoft-com:office:spreadsheet|progid=.Excel\.Sheet"), "xml_2003"),
)
_WORKS = "WksSSWorkBook".encode("utf-16-le")
_WORD = "WordDocument".encode("utf-16-le")
_DBASE = frozenset(b"\x03\x30\x31\x83\x8b\xf5")
_MARKUP = re.compile(
    rb"\s*<(?:!doctype|\?xml|html|head|body|table|meta|script|style|workbook|svg|\?mso|!--)", re.IGNORECASE
)
_XML = re.compile(rb"\s*<\?(?:xml|mso)", re.IGNORECASE)


class Original(NamedTuple):
    """The bytes of a deposit and how many they are; of one that is too long, no bytes."""

    data: bytes
    size: int


def load(source: Path, max_bytes: int) -> Original:
    """Read ``source`` once, or as much of it as tells that it is longer than ``max_bytes``."""
    with source.open("rb") as file:
        data = file.read(max_bytes + 1)
        size = max(len(data), os.fstat(file.fileno()).st_size)
    return Original(data if size <= max_bytes else b"", size)


def checked(original: Original, max_bytes: int) -> bytes:
    """Its bytes. Raises ``RefusedError`` where there are none, or more than ``max_bytes``."""
    if original.size > max_bytes:
        raise beyond("octets", original.size, max_bytes)
    if not original.data:
        raise unreadable("empty")
    return original.data


def container(data: bytes) -> Container:
    """Return how ``data`` is packed. Raises ``RefusedError``, saying what it is, where it is no spreadsheet."""
    if data.startswith(b"PK\x03\x04"):
        return _zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound(data)
    if data.startswith(b"PK"):
        raise unreadable("damaged_file")
    for magic, what in _FOREIGN:
        if data.startswith(magic):
            raise unreadable(what)
    if _is_dbase(data):
        raise unreadable("dbase")
    _check_text(data)
    return Container.TEXT


def _zip(data: bytes) -> Container:
    if b"Index/Document.iwa" in data and b"xl/workbook" not in data and b"content.xml" not in data:
        raise unreadable("numbers")
    return Container.ZIP


def _compound(data: bytes) -> Container:
    """A compound file holds anything; the streams of its directory tell what."""
    if _WORKS in data:
        raise unreadable("works")
    if _WORD in data and "Workbook".encode("utf-16-le") not in data:
        raise unreadable("word_document")
    return Container.CFB


def _is_dbase(data: bytes) -> bool:
    """Whether the header of a dBase table stands there: its kind, a date, its length, and the sign that ends it."""
    if len(data) < 65 or data[0] not in _DBASE or not (1 <= data[2] <= 12 and 1 <= data[3] <= 31):
        return False
    length = int.from_bytes(data[8:10], "little")
    return 65 <= length <= len(data) and b"\r" in (data[length - 1 : length], data[length - 264 : length - 263])


def _check_text(data: bytes) -> None:
    """Refuse what is text and no csv."""
    head = data[:4096].removeprefix(b"\xef\xbb\xbf")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = data[:8192].decode("utf-16", "replace").encode()
    for form, what in _FOREIGN_TEXTS:
        if form.match(head):
            raise unreadable(what)
    if _MARKUP.match(head):
        named = next((what for form, what in _FOREIGN_XML if form.search(head)), "xml")
        raise unreadable(named if _XML.match(head) else "html")
