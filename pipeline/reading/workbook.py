"""Workbooks: what kind one is, and who reads it. Source: contract §4."""

from pipeline.reading.archive import Archive, open_archive
from pipeline.reading.compound import packed
from pipeline.reading.fast import check_bounds, read_fast
from pipeline.reading.opendocument import read_content
from pipeline.reading.package import find_package
from pipeline.reading.sheets import Workbook, beyond, note, password, unreadable
from pipeline.reading.xlsb import read_xlsb
from pipeline.reading.xlsscan import scan_xls
from pipeline.reading.xlsx import read_xlsx
from pipeline.settings import Limits

SPREAD, SPARSE = 1_500_000, 100
"""An xls whose used range has more cells than this, of which fewer than one in so many hold anything, has gone astray."""

_NOTED_PARTS = (
    ("macros", ("vbaproject.bin", "macrosheets/")),
    ("external_links", ("externallinks/", "connections.xml", "querytables/")),
    ("embedded_objects", ("embeddings/", "activex/", "ctrlprops/", "object 1")),
)


def read_archive(data: bytes, limits: Limits) -> Workbook:
    """Read an xlsx, xlsm, xlsb or ods. Raises ``RefusedError``."""
    archive = open_archive(data, limits)
    package, ods = find_package(archive), archive.named("content.xml")
    if (package is None) == (ods is None):
        raise unreadable(_what_else(archive))
    notes = [
        note(what) for what, marks in _NOTED_PARTS if any(m in part.lower() for part in archive.parts for m in marks)
    ]
    if package is not None:
        return (read_xlsb if package.binary else read_xlsx)(package, limits, notes)
    if b"encryption-data" in archive.content(archive.named("META-INF/manifest.xml") or ""):
        raise password("ods")
    styles = archive.named("styles.xml")
    content = read_content(archive.pieces(ods or ""), archive.pieces(styles) if styles else iter(()), limits)
    return Workbook("ods", content.sheets, (*notes, *content.notes), content.epoch_1904)


def read_xls(data: bytes, limits: Limits) -> Workbook:
    """Read an xls (BIFF5 or BIFF8 in a compound file). Raises ``RefusedError``."""
    scanned = scan_xls(data)
    for marks in scanned.sheets:
        check_bounds(marks, limits)
        # calamine lays out the whole used range of an xls: one cell gone astray in a damaged file costs 400 MB.
        area = marks.height * marks.width
        if marks.width <= limits.colonnes and area > max(SPREAD, marks.cells * SPARSE):
            raise beyond("memoire", area, SPREAD)
    sheets = read_fast(packed(bytes(scanned.content)), limits, dict(enumerate(scanned.sheets)))
    return Workbook("xls", sheets, tuple(map(note, scanned.notes)), scanned.epoch_1904)


def _what_else(archive: Archive) -> str:
    names = {part.lower().split("/")[0] for part in archive.parts}
    return "word_document" if "word" in names else "presentation" if "ppt" in names else "archive"
