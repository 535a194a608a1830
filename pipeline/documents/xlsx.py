"""How our workbooks are written: the same content gives the same bytes, and no text is ever a formula."""

import re
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell

CellValue = None | str | int | float | bool | Decimal | date | datetime | time | timedelta
"""What a cell of our workbooks may hold."""

MAX_CELL_TEXT = 32_767
"""Characters that one cell may hold (Excel's limit)."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Excel reads _x0041_ in a cell as the character 41: a text that happens to look so has its underscore written that way.
_ESCAPE_LOOKALIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def clean(value: str) -> str:
    """``value`` with U+FFFD (« unreadable ») in place of each character that XML forbids."""
    return _ILLEGAL.sub("\ufffd", value)


def put_text(cell: Cell | MergedCell, value: str) -> None:
    """Put ``value`` in ``cell`` as text, whatever it looks like: never a formula, a number or an error.

    Set the « quote prefix » on a text that a spreadsheet program would take for a formula once the cell is edited. Cut at
    ``MAX_CELL_TEXT``. Raise ``TypeError`` for the inside of a merged range.
    """
    if isinstance(cell, MergedCell):
        raise TypeError("a merged cell holds nothing of its own")
    cell.value = _ESCAPE_LOOKALIKE.sub("_x005F_", clean(value))[:MAX_CELL_TEXT]
    cell.data_type = "s"
    if value.startswith(_FORMULA_STARTS):
        cell.quotePrefix = True


def put(cell: Cell | MergedCell, value: CellValue) -> None:
    """Put ``value`` in ``cell``: texts by ``put_text``, dates as ``dd/mm/yyyy``, durations as hours and minutes.

    Raises ``TypeError`` for the inside of a merged range.
    """
    if isinstance(value, str):
        put_text(cell, value)
        return
    if isinstance(cell, MergedCell):
        raise TypeError("a merged cell holds nothing of its own")
    cell.value = value
    if isinstance(value, timedelta):
        cell.number_format = "[h]:mm" if value.total_seconds() % 60 == 0 else "[h]:mm:ss"
    elif isinstance(value, datetime):
        cell.number_format = "dd/mm/yyyy hh:mm"
    elif isinstance(value, date):
        cell.number_format = "dd/mm/yyyy"


def _dated(name: str, data: bytes, day: date) -> bytes:
    """The part ``name`` of a workbook with ``day`` in place of the instant at which it was written."""
    if name != "docProps/core.xml":
        return data
    return _MODIFIED.sub(rb"\g<1>" + f"{day.isoformat()}T00:00:00Z".encode() + rb"\g<3>", data)


def save(workbook: Workbook, day: date) -> bytes:
    """The bytes of ``workbook`` as if written on ``day``: the same workbook and day give the same bytes."""
    workbook.properties.creator = "dsf"
    workbook.properties.lastModifiedBy = "dsf"
    raw = BytesIO()
    workbook.save(raw)
    result = BytesIO()
    stamp = (max(day.year, 1980), day.month, day.day, 0, 0, 0)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            info = zipfile.ZipInfo(name, date_time=stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, _dated(name, source.read(name), day))
    return result.getvalue()
