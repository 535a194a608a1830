from collections.abc import Iterator
from pipeline.reading.xmlscan import Marks, WorkbookParts


def scan_binary_workbook(workbook: Iterator[bytes], relations: Iterator[bytes]) -> WorkbookParts:
    return WorkbookParts()


def scan_binary_sheet(pieces: Iterator[bytes]) -> Marks:
    return Marks()
