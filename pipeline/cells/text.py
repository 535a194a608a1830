"""A cell as typed: shown in a message, and carried in JSON so that it can be typed again exactly."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from pipeline.cells.model import Cell, ErrorCell, FormulaCell


def shown(cell: Cell) -> str:
    """The cell as a person would read it in a spreadsheet set to French."""
    match cell:
        case None:
            return ""
        case bool():
            return "VRAI" if cell else "FAUX"
        case float():
            return format(Decimal(repr(cell)).normalize(), "f").replace(".", ",")
        case datetime():
            day = cell.strftime("%d/%m/%Y")
            return day if cell.time() == time() else f"{day} {cell:%H:%M}"
        case date():
            return cell.strftime("%d/%m/%Y")
        case time():
            return cell.strftime("%H:%M")
        case timedelta():
            minutes = round(cell.total_seconds() / 60)
            sign, minutes = ("-" if minutes < 0 else ""), abs(minutes)
            return f"{sign}{minutes // 60}:{minutes % 60:02d}"
        case ErrorCell():
            return cell.text
        case FormulaCell():
            return shown(cell.value) if cell.value is not None else "formule"
        case _:
            return str(cell)


def encode(cell: Cell) -> dict[str, object]:
    """The cell as ``{"t": kind, "v": value}``; kinds are listed in docs/architecture.md."""
    match cell:
        case FormulaCell():
            return encode(cell.value)
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
