"""Workbooks as the product writes them: the same content gives the same bytes, and no text is ever a formula."""

import re
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell

Value = None | str | int | float | bool | Decimal | date | datetime | time | timedelta

MAX_CELL_TEXT = 32_767
"""What one cell may hold, in characters (Excel's limit)."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Excel reads _x0041_ in a cell as the character 41: a text that happens to look so has its first sign written that way.
_ESCAPE_LOOKALIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def clean(value: str) -> str:
    """``value`` without what XML forbids: each such character becomes U+FFFD, the sign for « unreadable »."""
    return _ILLEGAL.sub("\ufffd", value)


def text(cell: Cell | MergedCell, value: str) -> None:
    """Put ``value`` in ``cell`` as text whatever it looks like: never a formula, a number or an error.

    A text that a spreadsheet program would take for a formula once the cell is edited gets the « quote prefix ».
    """
    if isinstance(cell, MergedCell):
        raise TypeError("a merged cell holds nothing of its own")
    cell.value = _ESCAPE_LOOKALIKE.sub("_x005F_", clean(value))[:MAX_CELL_TEXT]
    cell.data_type = "s"
    if value.startswith(_FORMULA_STARTS):
        cell.quotePrefix = True


def put(cell: Cell | MergedCell, value: Value) -> None:
    """Put a value of any type in ``cell``; texts as ``text`` does. A duration shows as hours and minutes."""
    if isinstance(value, str):
        text(cell, value)
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


def _fixed(name: str, data: bytes, day: date) -> bytes:
    """The part ``name`` of a workbook without the instant of its writing."""
    if name != "docProps/core.xml":
        return data
    return _MODIFIED.sub(rb"\g<1>" + f"{day.isoformat()}T00:00:00Z".encode() + rb"\g<3>", data)


def save(workbook: Workbook, day: date) -> bytes:
    """The bytes of ``workbook``, as if written on ``day``: the same workbook and day give the same bytes."""
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
            target.writestr(info, _fixed(name, source.read(name), day))
    return result.getvalue()
