"""The sheet « Déclarant »: who sends, and for whom. Keys, with values beside them; optional.

Source: contract §4, FIC-08, FIC-09.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stdnum.fr import siret as siret_number

from pipeline.cells import meaning
from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from pipeline.cells.text import display
from pipeline.reading.headings import normal
from pipeline.reading.model import Observation
from pipeline.reading.sheets import Sheet
from schemas.fields import DECLARANT_SHEET, column_letter
from schemas.noticed import Noticed

_KEYS = {
    "siret": "siret",
    "sirettitulaire": "siret",
    "siretdudeclarant": "siret",
    "siretdeclarant": "siret",
    "numerosiret": "siret",
    "nsiret": "siret",
    "pourlecomptede": "pour_le_compte_de",
    "pourlecomptedesiret": "pour_le_compte_de",
    "pourlecomptedudispensateur": "pour_le_compte_de",
    "siretdudispensateur": "pour_le_compte_de",
    "siretdispensateur": "pour_le_compte_de",
    "contact": "contact",
    "versiondumodele": "version_modele",
    "depotdorigine": "depot_origine",
}
_SIRETS = {"siret": "SIRET", "pour_le_compte_de": "Pour le compte de"}
_CONTACT_MAX = 200


@dataclass(frozen=True)
class Declarant:
    """What the sheet says; empty texts where it says nothing. ``siret`` and ``on_behalf_of`` are SIRET with a right key."""

    siret: str = ""
    on_behalf_of: str = ""
    contact: str = ""
    template_version: str = ""
    origin: str = ""
    observations: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class _Value:
    cell: Cell
    sheet: str
    row: int
    column: str


def is_declarant(sheet: Sheet) -> bool:
    """Whether this is the sheet « Déclarant »: names are compared as headings are."""
    return normal(sheet.name) == normal(DECLARANT_SHEET)


def read_declarant(sheets: Sequence[Sheet], siret: str) -> Declarant:
    """Read and check the sheets « Déclarant ».

    ``siret``: the folder's, which the sheet must not contradict (empty: not compared). What is wrong is in ``observations``.
    """
    values = _values(sheets)
    observations: list[Observation] = []
    sirets = {field: _siret(field, values.get(field, []), observations) for field in _SIRETS}
    typed = sirets["siret"]
    if typed and siret and typed != siret:
        place = next(v for v in values["siret"])
        observations.append(_observe(Noticed.DECLARANT_IS_ANOTHER, "siret", place, typed, siret))
    return Declarant(
        typed,
        sirets["pour_le_compte_de"],
        _text(values.get("contact", [])),
        _text(values.get("version_modele", [])),
        _text(values.get("depot_origine", [])),
        tuple(observations),
    )


def _values(sheets: Sequence[Sheet]) -> dict[str, list[_Value]]:
    """Key → the filled cell that follows it, one for each row that has it."""
    values: dict[str, list[_Value]] = {}
    for sheet in sheets:
        for number, row in zip(sheet.numbers, sheet.rows, strict=True):
            filled = [(i, cell) for i, cell in enumerate(row) if not meaning.is_blank(cell)]
            if not filled or not isinstance(filled[0][1], str):
                continue
            field = _KEYS.get(normal(filled[0][1]))
            if field is not None and len(filled) > 1:
                i, cell = filled[1]
                values.setdefault(field, []).append(
                    _Value(cell, sheet.name, number, column_letter(i + sheet.first_column))
                )
    return values


def _siret(field: str, values: list[_Value], observations: list[Observation]) -> str:
    """The SIRET of ``field``, empty where there is none; adds what is wrong with it to ``observations``."""
    found = ""
    for value in values:
        cell = value.cell.value if isinstance(value.cell, FormulaCell) else value.cell
        text = "" if cell is None or isinstance(cell, ErrorCell) else display(cell)
        if not siret_number.is_valid(text):
            observations.append(_observe(Noticed.DECLARANT_UNUSABLE, field, value, display(value.cell), ""))
            continue
        number = siret_number.compact(text)
        if found and number != found:
            observations.append(_unusable(field, value, number, found))
        found = found or number
    return found


def _unusable(field: str, value: _Value, typed: str, wanted: str) -> Observation:
    return _observe(Noticed.DECLARANT_UNUSABLE, field, value, typed, wanted)


def _observe(noticed: Noticed, field: str, value: _Value, typed: str, wanted: str) -> Observation:
    return Observation(noticed, value.sheet, value.row, value.column, field, typed, wanted, _SIRETS[field])


def _text(values: list[_Value]) -> str:
    return display(values[0].cell)[:_CONTACT_MAX] if values else ""
