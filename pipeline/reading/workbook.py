"""Workbooks: values by python-calamine, and at their places what it skips in silence. Source: contract §4.

calamine reads errors and uncalculated formulas as blanks, and asks at once for the memory of the whole used range. So the
archive is looked through first, and the sheets that need it are looked at a second time.
"""

import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from pipeline.reading.archive import Archive, open_archive
from pipeline.reading.compound import packed
from pipeline.reading.model import Observation
from pipeline.reading.numbers import Formats
from pipeline.reading.opendocument import read_content
from pipeline.reading.sheets import Sheet, Workbook, beyond, note, password, unreadable
from pipeline.reading.xlsb import read_xlsb
from pipeline.reading.xlsscan import scan_xls
from pipeline.reading.xmlscan import Marks, WorkbookParts, scan_sheet, scan_styles, scan_workbook
from pipeline.settings import Limits
from schemas.fields import column_letter

_BYTES_A_CELL = 32
"""What calamine keeps for each cell of the used range, blank or not."""

SPREAD, SPARSE = 1_500_000, 100
"""An xls whose used range has more cells than this, of which fewer than one in so many hold anything, has gone astray."""

_BLOCK = 10_000  # rows
_TAIL = 40  # bytes of a piece that an attribute may begin in

_NOTED_PARTS = (
    ("macros", ("vbaproject.bin", "macrosheets/")),
    ("external_links", ("externallinks/", "connections.xml", "querytables/")),
    ("embedded_objects", ("embeddings/", "activex/", "ctrlprops/", "object 1")),
)


def read_archive(data: bytes, limits: Limits) -> Workbook:
    """Read an xlsx, xlsm, xlsb or ods. Raises ``RefusedError``."""
    archive = open_archive(data, limits)
    xlsx, xlsb, ods = archive.named("xl/workbook.xml"), archive.named("xl/workbook.bin"), archive.named("content.xml")
    if sum(part is not None for part in (xlsx, xlsb, ods)) != 1:
        raise unreadable(_what_else(archive))
    notes = [
        note(what) for what, marks in _NOTED_PARTS if any(m in part.lower() for part in archive.parts for m in marks)
    ]
    if ods is not None:
        if b"encryption-data" in archive.content(archive.named("META-INF/manifest.xml") or ""):
            raise password()
        styles = archive.named("styles.xml")
        content = read_content(archive.pieces(ods), archive.pieces(styles) if styles else iter(()), limits)
        return Workbook("ods", content.sheets, (*notes, *content.notes), content.epoch_1904)
    if xlsb is not None:
        return read_xlsb(archive, xlsb, limits, notes)
    kind = "xlsm" if _has_macros(archive) else "xlsx"
    parts = _parts(archive, xlsx or "")
    styles = archive.named(f"{(xlsx or '').rpartition('/')[0]}/styles.xml")
    formats = scan_styles(archive.pieces(styles), epoch_1904=parts.epoch_1904) if styles else None
    marks = _sheet_marks(archive, parts, formats, limits)
    return _assemble(kind, data, limits, notes, marks, epoch_1904=parts.epoch_1904)


def read_xls(data: bytes, limits: Limits) -> Workbook:
    """Read an xls (BIFF5 or BIFF8 in a compound file). Raises ``RefusedError``."""
    scanned = scan_xls(data)
    for marks in scanned.sheets:
        _check_bounds(marks, limits)
        # calamine lays out the whole used range of an xls: one cell gone astray in a damaged file costs 400 MB.
        area = marks.height * marks.width
        if marks.width <= limits.colonnes and area > max(SPREAD, marks.cells * SPARSE):
            raise beyond("memoire", area, SPREAD)
    notes = [note(what) for what in scanned.notes]
    data = packed(bytes(scanned.content))
    return _assemble("xls", data, limits, notes, dict(enumerate(scanned.sheets)), epoch_1904=scanned.epoch_1904)


def _what_else(archive: Archive) -> str:
    names = {part.lower().split("/")[0] for part in archive.parts}
    return "word_document" if "word" in names else "presentation" if "ppt" in names else "archive"


def _has_macros(archive: Archive) -> bool:
    types = archive.content(archive.named("[Content_Types].xml") or "")
    return b"macroEnabled" in types or archive.named("xl/vbaProject.bin") is not None


def _parts(archive: Archive, workbook: str) -> WorkbookParts:
    folder, _, name = workbook.rpartition("/")
    relations = archive.named(f"{folder}/_rels/{name}.rels")
    if relations is None:
        raise unreadable("damaged_file")
    return scan_workbook(archive.pieces(workbook), archive.pieces(relations))


def _sheet_marks(archive: Archive, parts: WorkbookParts, formats: Formats | None, limits: Limits) -> dict[int, Marks]:
    """Place of a sheet → what a second look found there. Sheets without any mark are left out."""
    marks: dict[int, Marks] = {}
    for place, entry in enumerate(parts.sheets):
        part = archive.named(entry.part)
        if part is not None and (
            archive.marks[part] or not part.lower().endswith(".xml") or _uses(archive, part, formats)
        ):
            seen = marks[place] = scan_sheet(archive.pieces(part), formats)
            seen.sure = (min(seen.height, 1), min(seen.width, 1))  # a sheet of which calamine gives nothing at all
            _check_bounds(seen, limits, entry.name)
    return marks


def _uses(archive: Archive, part: str, formats: Formats | None) -> bool:
    """Whether cells of a sheet have a style whose numbers calamine may take for something else."""
    if formats is None or not formats.watched:
        return False
    style = re.compile(rb"""\bs=["'](?:%s)["']""" % b"|".join(b"%d" % one for one in sorted(formats.watched)))
    tail = b""
    for piece in archive.pieces(part):
        if style.search(tail + piece):
            return True
        tail = piece[-_TAIL:]
    return False


def _assemble(
    kind: str,
    data: bytes,
    limits: Limits,
    notes: list[Observation],
    marks: dict[int, Marks],
    *,
    epoch_1904: bool,
) -> Workbook:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        entries = workbook.sheets_metadata
    except MemoryError:
        raise
    except Exception as error:
        if "assword" in str(error):
            raise password() from None
        raise unreadable("damaged_workbook") from None
    if len(entries) > limits.feuilles:
        raise beyond("feuilles", len(entries), limits.feuilles)
    if len({entry.name for entry in entries}) < len(entries):
        raise unreadable("double_sheets")  # calamine knows a sheet by its name
    sheets = []
    for place, entry in enumerate(entries):
        if entry.typ == SheetTypeEnum.WorkSheet:
            sheet = _sheet(workbook, place, entry.name, marks.get(place, Marks()), limits)
            sheet.hidden = entry.visible != SheetVisibleEnum.Visible
            sheets.append(sheet)
    return Workbook(kind, sheets, tuple(notes), epoch_1904)


def _check_bounds(marks: Marks, limits: Limits, name: str = "") -> None:
    if marks.width > limits.colonnes:
        row, column = marks.widest
        raise beyond("colonnes", marks.width, limits.colonnes, sheet=name, row=row + 1, column=column_letter(column))
    needed = marks.height * marks.width * _BYTES_A_CELL
    if needed > limits.memoire // 2:
        raise beyond("memoire", needed, limits.memoire, sheet=name)


def _sheet(workbook: Any, place: int, name: str, marks: Marks, limits: Limits) -> Sheet:
    try:
        found = workbook.get_sheet_by_index(place)
        start = found.start
        if marks.sure > (0, 0) and (
            start is None or found.end[0] + 1 < marks.sure[0] or found.end[1] + 1 < marks.sure[1]
        ):
            raise unreadable("unread_cells", sheet=name)
        if start is None:
            return _with_marks(Sheet(name, [], []), [], [], 0, marks)
        width = found.end[1] + 1
        if width > limits.colonnes:
            row = next((i for i, cells in enumerate(found.iter_rows(), 1) if cells[-1] not in ("", None)), 0)
            raise beyond("colonnes", width, limits.colonnes, sheet=name, row=row, column=column_letter(width - 1))
        numbers, rows = _filled_rows(found.iter_rows(), [""] * (width - start[1]))
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:
        if hasattr(error, "observation"):
            raise
        raise unreadable("damaged_sheet", sheet=name) from None
    return _with_marks(Sheet(name, numbers, rows, start[1]), numbers, rows, start[1], marks)


def _filled_rows(found: Iterator[list[Cell]], blank: list[Cell]) -> tuple[list[int], list[list[Cell]]]:
    """Non-blank rows with their numbers; blanks are dropped block by block."""
    numbers, rows, first = [], [], 1
    while block := list(islice(found, _BLOCK)):
        if blank in block:
            kept = [i for i, row in enumerate(block) if row != blank]
            numbers += [first + i for i in kept]
            rows += [block[i] for i in kept]
        else:
            numbers += range(first, first + len(block))
            rows += block
        first += len(block)
    return numbers, rows


def _with_marks(sheet: Sheet, numbers: list[int], rows: list[list[Cell]], shift: int, marks: Marks) -> Sheet:
    """``sheet`` with its errors and formulas at their places, and the rows that hold nothing else."""
    sheet.hidden_rows = tuple(marks.hidden_rows)
    if not marks.errors and not marks.formulas and not marks.values:
        return sheet
    by_number: dict[int, list[Cell]] = dict(zip(numbers, rows, strict=True))
    places = (marks.values, marks.errors, marks.formulas)
    first = min(shift if rows else 1 << 20, *(min((c for _, c in found), default=1 << 20) for found in places))
    if first < shift or not rows:
        by_number = {number: [None] * (shift - first) + row for number, row in by_number.items()}
    shift = first if not rows else min(first, shift)
    for (row, column), value in marks.values.items():
        _reach(by_number, row + 1, column - shift)[column - shift] = value
    for (row, column), has_value in marks.formulas.items():
        cells = _reach(by_number, row + 1, column - shift)
        value = cells[column - shift]
        cells[column - shift] = FormulaCell(
            value if has_value and not isinstance(value, ErrorCell | FormulaCell) else None
        )
        if has_value and value is None:
            cells[column - shift] = FormulaCell("")
    for (row, column), text in marks.errors.items():
        _reach(by_number, row + 1, column - shift)[column - shift] = ErrorCell(text)
    ordered = sorted(by_number)
    return Sheet(sheet.name, ordered, [by_number[n] for n in ordered], shift, hidden_rows=sheet.hidden_rows)


def _reach(rows: dict[int, list[Cell]], number: int, index: int) -> list[Cell]:
    row = rows.setdefault(number, [])
    if len(row) <= index:
        row.extend([None] * (index + 1 - len(row)))
    return row
