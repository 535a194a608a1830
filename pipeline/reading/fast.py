"""Values of xlsx and xls by python-calamine, and at their places what it skips in silence. Source: contract §4.

calamine reads errors and uncalculated formulas as blanks, and asks at once for the memory of the whole used range. So the
file is looked through first, and what was seen there is put where it stands.
"""

import io
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from pipeline.reading.sheets import BYTES_A_CELL, Sheet, beyond, fits, password, unreadable, without_hidden
from pipeline.reading.xmlscan import Marks
from pipeline.settings import Limits
from schemas.fields import column_letter

_BLOCK = 10_000  # rows


def read_fast(data: bytes, limits: Limits, marks: Mapping[int, Marks]) -> list[Sheet]:
    """Read the worksheets of the workbook ``data``. Raises ``RefusedError``.

    ``marks``: place of a sheet → what a second look found there; sheets without any mark are left out.
    """
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
    return sheets


def check_bounds(marks: Marks, limits: Limits, name: str = "") -> None:
    """Refuse a sheet that is too wide, or whose used range would not fit in memory."""
    if marks.width > limits.colonnes:
        row, column = marks.widest
        raise beyond("colonnes", marks.width, limits.colonnes, sheet=name, row=row + 1, column=column_letter(column))
    if not fits(marks.height, marks.width, limits):
        raise beyond("memoire", marks.height * marks.width * BYTES_A_CELL, limits.memoire, sheet=name)


def _sheet(workbook: Any, place: int, name: str, marks: Marks, limits: Limits) -> Sheet:
    try:
        found = workbook.get_sheet_by_index(place)
        start = found.start
        if marks.sure > (0, 0) and (
            start is None or found.end[0] + 1 < marks.sure[0] or found.end[1] + 1 < marks.sure[1]
        ):
            raise unreadable("unread_cells", sheet=name)
        if start is None:
            return without_hidden(with_marks(Sheet(name, [], []), marks), marks.merged)
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
    merged = [(*first, *last) for first, last in found.merged_cell_ranges or ()] or marks.merged
    return without_hidden(with_marks(Sheet(name, numbers, rows, start[1]), marks), merged)


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


def with_marks(sheet: Sheet, marks: Marks) -> Sheet:
    """Return ``sheet`` with its errors and formulas at their places, and the rows that hold nothing else."""
    sheet.hidden_rows = tuple(marks.hidden_rows)
    if not marks.errors and not marks.formulas and not marks.values:
        return sheet
    rows, shift = sheet.rows, sheet.first_column
    by_number = {number: list(row) for number, row in zip(sheet.numbers, rows, strict=True)}
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
