"""How a Reading is looked at in tests."""

from dataclasses import asdict
from datetime import date

from pipeline.cells.model import Cell, Meaning
from pipeline.reading.model import Observation, Reading
from schemas import noticed as words
from schemas.noticed import Noticed

FATAL = {Noticed.FILE_UNREADABLE, Noticed.PASSWORD, Noticed.BEYOND_LIMIT}


def noticed(reading: Reading) -> list[Noticed]:
    return [observation.noticed for observation in reading.observations]


def refused(reading: Reading, code: str = "", **values: object) -> bool:
    """FIC-01, alone, for this reason (any, when empty), with these values."""
    if noticed(reading) != [Noticed.FILE_UNREADABLE] or reading.tables:
        return False
    why = asdict(reading.observations[0])
    return not code or (why["code"] == code and values.items() <= why.items())


def told(observation: Observation, langue: str = "fr") -> str:
    """What the report says of an observation that has a code."""
    o = observation
    return words.text(o.code, langue, {"feuille": o.sheet, "ligne": o.row, "valeur": o.value, "detail": o.detail})


def limit(reading: Reading) -> str:
    """The limit that is passed, FIC-03 alone; empty when the file is not refused for it."""
    alone = noticed(reading) == [Noticed.BEYOND_LIMIT] and not reading.tables
    return reading.observations[0].field if alone else ""


def values(reading: Reading, field: str) -> list[str | int | date | bool | None]:
    """What the cells of a field mean, line by line."""
    return [meaning.value for meaning in meanings(reading, field)]


def meanings(reading: Reading, field: str | None) -> list[Meaning]:
    return [c.meanings[code] for t in reading.tables for c in t.columns if c.field == field for code in c.codes]


def cells(reading: Reading, field: str | None) -> list[Cell]:
    return [c.cells[code] for t in reading.tables for c in t.columns if c.field == field for code in c.codes]


def rows(reading: Reading) -> list[int]:
    """Row numbers of the lines."""
    return [number for t in reading.tables for number in t.rows]
