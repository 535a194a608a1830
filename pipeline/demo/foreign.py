"""Workbooks as other programs leave them, for the sample workspace: written by openpyxl, the same bytes each time."""

import re
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell

_WRITTEN = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")


def put(cell: Cell | MergedCell, value: str | float | Decimal | date | timedelta | None) -> None:
    """Put ``value`` in ``cell``, a text as text, a date as ``dd/mm/yyyy``, a duration as hours and minutes.

    Raises ``TypeError`` for the inside of a merged range.
    """
    if isinstance(cell, MergedCell):
        raise TypeError("a merged cell holds nothing of its own")
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, timedelta):
        cell.number_format = "[h]:mm"
    elif isinstance(value, datetime):
        cell.number_format = "dd/mm/yyyy hh:mm"
    elif isinstance(value, date):
        cell.number_format = "dd/mm/yyyy"


def save(workbook: Workbook, day: date) -> bytes:
    """The bytes of ``workbook`` as if saved on ``day``."""
    raw, result = BytesIO(), BytesIO()
    workbook.save(raw)
    instant = rb"\g<1>" + f"{day.isoformat()}T00:00:00Z".encode() + rb"\g<3>"
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            info = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, _WRITTEN.sub(instant, data) if name == "docProps/core.xml" else data)
    return result.getvalue()
