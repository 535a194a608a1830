"""How a value reads as text, and how a cell travels in JSON. No other module turns values into text for people.

Pages set thousands apart and speak the reader's language on top of this (``documents.wording``).
"""

from datetime import date, datetime, time, timedelta

from pipeline.cells.model import Cell, ErrorCell, FormulaCell, ShownCell
from schemas.folding import tidy

HIDDEN = "•••"
"""What stands in the place of a social security number."""

DIGITS_OF_A_NUMBER = 15
"""What a spreadsheet keeps of a number."""


def shown(cell: Cell) -> str:
    """Return the cell as a spreadsheet set to French shows it: texts as typed, 7.5 as « 7,5 »."""
    match cell:
        case str():
            return cell
        case FormulaCell(value=value):
            return "formule" if value is None else shown(value)
        case ShownCell(value=value, shown=text):
            return shown(value) if text is None else text
        case int() | float():
            return display(cell).replace(".", ",")
        case _:
            return display(cell)


def display(cell: Cell) -> str:
    """Return the cell as text, as ``as_text`` does; a number with too many digits keeps its exponent."""
    text = as_text(cell)
    if text is not None:
        return text
    value = cell
    while isinstance(value, FormulaCell | ShownCell):
        value = value.value
    return f"{value:.14E}" if isinstance(value, int | float) else ""


def as_text(cell: Cell) -> str | None:
    """Return the cell as the text of a field: tidied; a number without ``.0`` nor exponent, with a decimal point.

    None where a number has more digits than a spreadsheet keeps: the last ones are lost, and are not guessed.
    """
    match cell:
        case None:
            return ""
        case ErrorCell(text=text):
            return text
        case FormulaCell(value=value):
            return as_text(value)
        case ShownCell(value=value, shown=text):
            return number(value) if text is None else tidy(text)
        case str():
            return tidy(cell)
        case bool():
            return "VRAI" if cell else "FAUX"
        case int() | float():
            return number(cell)
        case datetime():
            return f"{day(cell)} {cell:%H:%M}" if cell.time() != time() else day(cell)
        case date():
            return day(cell)
        case time():
            return cell.strftime("%H:%M:%S" if cell.second else "%H:%M")
        case timedelta():
            return clock(cell)


def number(value: float) -> str | None:
    """Return ``value`` in plain digits, None where some are lost: 1234567.0 → ``1234567``, 7.5 → ``7.5``."""
    if isinstance(value, int) or value.is_integer():
        return str(int(value)) if abs(value) < 10**DIGITS_OF_A_NUMBER else None
    text = f"{value:.15g}"
    return None if "e" in text or "n" in text else text


def day(value: date) -> str:
    """Return a day as dd/mm/yyyy: ``05/03/2025``."""
    return f"{value.day:02d}/{value.month:02d}/{value.year:04d}"


def clock(duration: timedelta) -> str:
    """Return a duration as hours and minutes, with seconds where there are any: ``26:30``, ``-0:15``."""
    seconds = round(duration.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    text = f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}"
    return f"{text}:{seconds % 60:02d}" if seconds % 60 else text


def hours(hundredths: int) -> str:
    """Return hundredths of an hour as hours with two decimals: 750 → « 7,50 »."""
    sign, value = ("-", -hundredths) if hundredths < 0 else ("", hundredths)
    return f"{sign}{value // 100},{value % 100:02d}"


def hours_to_type(hundredths: int) -> str:
    """Return hundredths of an hour as a person types them: 750 → « 7,50 h », 700 → « 7 h »."""
    text = hours(hundredths)
    return f"{text.removesuffix(',00')} h"


def encode(cell: Cell) -> dict[str, object]:
    """Return the cell as ``{"t": type, "v": value}``, for ``rapport.json``.

    Types: ``s`` text, ``n`` number, ``b`` boolean, ``d`` ISO date, ``dt`` ISO instant, ``h`` seconds, ``v`` error.
    """
    match cell:
        case FormulaCell():
            return encode(cell.value)
        case ShownCell():
            return encode(cell.value if cell.shown is None else cell.shown)
        case ErrorCell():
            return {"t": "v", "v": cell.text}
        case bool():
            return {"t": "b", "v": cell}
        case int() | float():
            return {"t": "n", "v": cell}
        case datetime():
            return {"t": "dt", "v": cell.isoformat()}
        case date():
            return {"t": "d", "v": cell.isoformat()}
        case time():
            return {"t": "h", "v": cell.hour * 3600 + cell.minute * 60 + cell.second}
        case timedelta():
            return {"t": "h", "v": cell.total_seconds()}
        case None:
            return {"t": "s", "v": ""}
        case _:
            return {"t": "s", "v": cell}
