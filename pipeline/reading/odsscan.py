"""Second look at an ods."""

from collections.abc import Iterator
from pipeline.reading.archive import Archive
from pipeline.reading.xmlscan import Marks
from pipeline.settings import Limits


def encrypted(archive: Archive) -> bool:
    return False


def scan_content(pieces: Iterator[bytes], limits: Limits) -> dict[str, Marks]:
    return {}
