"""What a file is, by its content and never by its name, before anything opens it. Refuses what cannot be a deposit."""

import re
from enum import StrEnum
from pathlib import Path

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
)
_MARKUP = re.compile(
    rb"\s*<(?:!doctype|\?xml|html|head|body|table|meta|script|style|workbook|svg|\?mso|!--)", re.IGNORECASE
)
_XML = re.compile(rb"\s*<\?(?:xml|mso)", re.IGNORECASE)


def load(source: Path, max_bytes: int) -> bytes:
    """Read the whole of ``source`` once. Raises ``RefusedError`` where it is empty or longer than ``max_bytes``."""
    with source.open("rb") as file:
        data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise beyond("octets", source.stat().st_size, max_bytes)
    if not data:
        raise unreadable("empty")
    return data


def container(data: bytes) -> Container:
    """Return how ``data`` is packed. Raises ``RefusedError``, saying what it is, where it is no spreadsheet."""
    if data.startswith(b"PK\x03\x04"):
        return Container.ZIP
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Container.CFB
    if data.startswith(b"PK"):
        raise unreadable("damaged_file")
    for magic, what in _FOREIGN:
        if data.startswith(magic):
            raise unreadable(what)
    head = data[:4096].removeprefix(b"\xef\xbb\xbf")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = data[:8192].decode("utf-16", "replace").encode()
    if _MARKUP.match(head):
        raise unreadable("xml" if _XML.match(head) else "html")
    return Container.TEXT
