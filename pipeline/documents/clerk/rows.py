"""Small rows of the clerk's sheet, and how things are written on it: French, as Kairos is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pipeline.documents.clerk import sheet
from pipeline.documents.clerk.sheet import Part, Row, readable, row
from pipeline.documents.wording import Words, french

WORDS = Words("fr")
LAST = len(sheet.COLUMNS) - 1
ZERO = Decimal("0.00")


def section(title: str) -> list[Row]:
    return [sheet.BLANK, row(Part(0, LAST, title, sheet.SECTION), glued=True)]


def wide(text: str, style: sheet.Style, at_least: float = 0.0) -> Row:
    return row(Part(0, LAST, french(text), style), at_least=at_least)


def pair(label: str, value: str, *, strong: bool = False) -> Row:
    style = replace(sheet.BOLD, size=11) if strong else sheet.BODY
    return row(Part(0, 1, label), Part(2, LAST, readable(value), style))


def pairs(left: tuple[str, str], right: tuple[str, str]) -> Row:
    strong = replace(sheet.BOLD, size=11)
    first = (Part(0, 1, left[0]), Part(2, 2, left[1], strong))
    return row(*first, Part(3, 4, right[0]), Part(5, 5, right[1], replace(strong, align="right", indent=1)))


def heads(first: str, *numbers: str) -> Row:
    """Headings of a table: the first over the tick box as well, the hours to the right."""
    text = {"Identifiant DE", "PIF", "Dates"}
    heads = [
        Part(2 + n, 2 + n, label, sheet.HEAD if label in text else sheet.HEAD_NUMBER) for n, label in enumerate(numbers)
    ]
    return row(Part(0, 1, first, replace(sheet.HEAD, bold=True)), *heads, glued=True)


def full_name(demandeur: Mapping[str, Any]) -> str:
    return readable(f"{demandeur['nom'].upper()} {demandeur['prenom']}".strip())


def period(start: str, end: str) -> str:
    return f"le {day_text(start)}" if start == end else f"du {day_text(start)} au {day_text(end)}"


def place(item: Mapping[str, Any]) -> str:
    origin = item["origine"]
    sheet_name = f"feuille {origin['feuille']}, " if origin["feuille"] else ""
    return f"{sheet_name}ligne {origin['ligne']}"


def siret_text(number: str) -> str:
    """123 456 789 00012, as people read it aloud."""
    return f"{number[:3]}\u00a0{number[3:6]}\u00a0{number[6:9]}\u00a0{number[9:]}"


def hours_text(value: Decimal) -> str:
    return WORDS.hours(value)


def day_text(iso: str) -> str:
    return WORDS.day(iso)


def every_absence(payload: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (
        absence
        for demandeur in payload["demandeurs"]
        for sequence in demandeur["sequences"]
        for absence in sequence["absences"]
    )


def entry_count(payload: Mapping[str, Any]) -> int:
    """Entries to type: hours once a séquence, and each absence."""
    sequences = [sequence for demandeur in payload["demandeurs"] for sequence in demandeur["sequences"]]
    return sum(bool(sequence["lignes"]) + len(sequence["absences"]) for sequence in sequences)
