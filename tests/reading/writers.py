"""One table of tricky cells, written by the libraries that write xlsx."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter  # type: ignore[import-untyped]
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pipeline.cells.model import ErrorCell
from tests.reading.tricky import Laid, Table

_ESCAPED = re.compile(r"[\r\t]|_x")
"""What XlsxWriter escapes, twice where a text has several fonts, and what LibreOffice leaves out there."""
_ESCAPE_LOOKALIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def with_xlsxwriter(table: Table, *, in_streams: bool = False, rich: bool = False) -> bytes:
    """The table as an xlsx. ``in_streams``: row by row, texts in their cells. ``rich``: texts in several fonts."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "constant_memory": in_streams, "date_1904": table.epoch_1904}
    )
    page = book.add_worksheet("Feuille")
    bold = book.add_format({"bold": True})
    formats = {code: book.add_format({"num_format": code}) for code in sorted(_codes(table))}
    if table.above:
        page.merge_range(0, 0, 0, 5, "Déclaration")
    page.write_row(table.heading_row - 1, 0, table.headings)
    for number, line, hidden, joined in zip(table.rows, table.lines, table.hidden, table.joined, strict=True):
        if hidden:
            page.set_row(number - 1, None, None, {"hidden": True})
        for column, cell in enumerate(table.cells(line)):
            _write(page, number - 1, column, cell, formats[cell.code], bold if rich else None)
        if joined:
            column = table.column("nom")
            page.merge_range(number - 1, column, number - 1, column + 1, "")
            cell = table.cells(line)[column]
            _write(page, number - 1, column, cell, formats[cell.code], bold if rich else None)
    book.close()
    return buffer.getvalue()


def _codes(table: Table) -> set[str]:
    return {cell.code for line in table.lines for cell in table.cells(line)}


def _write(page: Any, row: int, column: int, cell: Laid, style: Any, bold: Any) -> None:
    value = cell.value
    if cell.formula or isinstance(value, ErrorCell):  # an error that is typed is written as a formula of itself
        result = value.text if isinstance(value, ErrorCell) else value
        page.write_formula(row, column, cell.formula or f"={result}", style, result)
    elif isinstance(value, bool):
        page.write_boolean(row, column, value, style)
    elif isinstance(value, str) and bold is not None and len(value) > 1 and not _ESCAPED.search(value):
        page.write_rich_string(row, column, value[:1], bold, value[1:], style)
    elif isinstance(value, str):
        page.write_string(row, column, value, style)
    elif value is None:
        page.write_blank(row, column, None, style)
    else:
        page.write_number(row, column, value, style)


def workbooks(tables: Sequence[Table], folder: Path) -> list[Path]:
    """Each table in an xlsx of its own in ``folder``, texts in several fonts in every other one: for LibreOffice to open."""
    folder.mkdir()
    paths = [folder / f"{number:03d}.xlsx" for number in range(len(tables))]
    for number, (path, table) in enumerate(zip(paths, tables, strict=True)):
        path.write_bytes(with_xlsxwriter(table, rich=number % 2 == 1))
    return paths


def with_openpyxl(table: Table) -> bytes:
    """The table as an xlsx. Formulas have no result: openpyxl writes none."""
    book = openpyxl.Workbook()
    if table.epoch_1904:
        book.epoch = CALENDAR_MAC_1904
    page: Any = book.active
    if table.above:
        page.cell(1, 1).value = "Déclaration"
        page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=6)
    for column, heading in enumerate(table.headings, 1):
        page.cell(table.heading_row, column).value = heading
    for number, line, hidden, joined in zip(table.rows, table.lines, table.hidden, table.joined, strict=True):
        page.row_dimensions[number].hidden = hidden
        for column, cell in enumerate(table.cells(line), 1):
            _fill(page.cell(number, column), cell)
        if joined:
            column = table.column("nom") + 1
            page.merge_cells(start_row=number, start_column=column, end_row=number, end_column=column + 1)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _fill(place: Any, cell: Laid) -> None:
    value = cell.value
    place.number_format = cell.code
    if cell.formula:
        place.value = cell.formula
    elif isinstance(value, ErrorCell):
        place.value, place.data_type = value.text, "e"
    elif isinstance(value, str):
        place.value = _ESCAPE_LOOKALIKE.sub("_x005F_", value)
        place.data_type = "s"
    else:
        place.value = value
