"""Xlsx and xlsm: by the fast reader as they are, else packed plainly, else with care. Source: contract §4."""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.cells.model import Cell
from pipeline.reading.archive import MARKUP
from pipeline.reading.fast import check_bounds, read_fast, with_marks
from pipeline.reading.model import Observation
from pipeline.reading.numbers import Formats
from pipeline.reading.package import Package, SheetEntry
from pipeline.reading.sheets import RefusedError, Sheet, Workbook, beyond, note, unreadable, without_hidden
from pipeline.reading.xmlscan import Marks, scan_sheet, scan_styles
from pipeline.settings import Limits

_GAVE_UP = ("damaged_workbook", "damaged_sheet")
"""What the fast reader is said to have found where it stops. Another may still read the file."""

_TAIL = 40  # bytes of a piece that an attribute may begin in
_ESCAPE = re.compile("_x[0-9A-Fa-f]{4}_")


def read_xlsx(package: Package, limits: Limits, notes: Sequence[Observation]) -> Workbook:
    """Read an xlsx or xlsm. Raises ``RefusedError``."""
    listed, styles = package.listed, package.styles
    if len(listed.sheets) > limits.feuilles:
        raise beyond("feuilles", len(listed.sheets), limits.feuilles)
    formats = scan_styles(package.archive.pieces(styles), epoch_1904=listed.epoch_1904) if styles else Formats((), {})
    sheets = _quickly(package, formats, limits)
    if sheets is None:
        sheets = _with_care(package, formats, limits)
        notes = [*notes, note("second_reader")]
    return Workbook("xlsm" if _has_macros(package) else "xlsx", sheets, tuple(notes), listed.epoch_1904)


def _has_macros(package: Package) -> bool:
    archive = package.archive
    types = archive.content(archive.named("[Content_Types].xml") or "")
    return b"macroEnabled" in types or archive.named("xl/vbaProject.bin") is not None


# --- by the fast reader -----------------------------------------------------------------------------------------------


def _quickly(package: Package, formats: Formats, limits: Limits) -> list[Sheet] | None:
    """The sheets by the fast reader, None where it cannot read them or would lose some of a value."""
    archive = package.archive
    read = [entry.part for entry in package.listed.sheets] + [package.strings]
    if any(MARKUP in archive.marks[part] for part in read if part):
        return None
    marks = _sheet_marks(package, formats, limits)
    for data in _packings(package):
        try:
            return read_fast(data, limits, marks)
        except RefusedError as refused:
            if refused.observation.code not in _GAVE_UP:
                raise
    return None


def _packings(package: Package) -> Iterator[bytes]:
    if package.plain:
        yield package.archive.data
    yield package.packed()


def _sheet_marks(package: Package, formats: Formats, limits: Limits) -> dict[int, Marks]:
    """Place of a sheet → what a second look found there. Sheets without any mark are left out."""
    marks: dict[int, Marks] = {}
    for place, entry in enumerate(package.listed.sheets):
        if entry.part and (package.archive.marks[entry.part] or _uses(package, entry.part, formats)):
            seen = marks[place] = scan_sheet(package.archive.pieces(entry.part), formats)
            seen.sure = (min(seen.height, 1), min(seen.width, 1))  # a sheet of which calamine gives nothing at all
            check_bounds(seen, limits, entry.name)
    return marks


def _uses(package: Package, part: str, formats: Formats) -> bool:
    """Whether cells of a sheet have a style whose numbers calamine may take for something else."""
    if not formats.watched:
        return False
    style = re.compile(rb"""\bs=["'](?:%s)["']""" % b"|".join(b"%d" % one for one in sorted(formats.watched)))
    tail = b""
    for piece in package.archive.pieces(part):
        if style.search(tail + piece):
            return True
        tail = piece[-_TAIL:]
    return False


# --- with care --------------------------------------------------------------------------------------------------------


def _with_care(package: Package, formats: Formats, limits: Limits) -> list[Sheet]:
    """The sheets by openpyxl, cell by cell: texts as it reads them, numbers as the XML has them, with their formats."""
    entries = [entry for entry in package.listed.sheets if entry.part]
    if len({entry.name for entry in entries}) < len(entries):
        raise unreadable("double_sheets")
    marks = []
    for entry in entries:
        marks.append(scan_sheet(package.archive.pieces(entry.part), formats, every=True))
        check_bounds(marks[-1], limits, entry.name)
        if not marks[-1].ordered:
            raise unreadable("damaged_sheet", sheet=entry.name)  # openpyxl leaves out rows that go back
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = _openpyxl_book(package.packed(styles=False))
            return [
                _sheet(entry, cells, seen) for entry, cells, seen in zip(entries, book.worksheets, marks, strict=True)
            ]
    except (MemoryError, RefusedError):
        raise
    except Exception:  # whatever a damaged file makes it raise
        raise unreadable("damaged_workbook") from None


def _openpyxl_book(data: bytes) -> Any:
    from openpyxl import load_workbook  # noqa: PLC0415 — few files need it, and loading it takes as long as reading most

    return load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)


def _sheet(entry: SheetEntry, found: Any, marks: Marks) -> Sheet:
    """One sheet. Raises ``RefusedError`` where its values are not those that were seen."""
    found.reset_dimensions()
    numbers: list[int] = []
    rows: list[list[Cell]] = []
    count = 0
    for number, row in enumerate(found.iter_rows(values_only=True), 1):
        cells = [_kept((number - 1, column), value, entry, marks) for column, value in enumerate(row)]
        if any(cell is not None for cell in cells):
            numbers.append(number)
            rows.append(cells)
        count += sum(value is not None for value in row)
    if count < marks.filled:
        raise unreadable("unread_cells", sheet=entry.name)
    sheet = with_marks(Sheet(entry.name, numbers, rows), marks)
    sheet.hidden = entry.hidden
    return without_hidden(sheet, marks.merged)


def _kept(place: tuple[int, int], value: Any, entry: SheetEntry, marks: Marks) -> Cell:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if (number and place not in marks.values) or (isinstance(value, str) and _ESCAPE.search(value)):
        raise unreadable("damaged_sheet", sheet=entry.name, row=place[0] + 1)
    return None if number else value
