"""How a Reading is looked at in tests."""

from dataclasses import asdict
from datetime import date

from pipeline.cells.model import Cell, Etat, Lu
from pipeline.reading.model import Observation, Reading
from schemas import noticed

FATAL = {Etat.FICHIER_ILLISIBLE, Etat.MOT_DE_PASSE, Etat.LIMITE}


def etats(reading: Reading) -> list[Etat]:
    return [observation.etat for observation in reading.observations]


def refused(reading: Reading, code: str = "", **values: object) -> bool:
    """FIC-01, alone, for this reason (any, when empty), with these values."""
    if etats(reading) != [Etat.FICHIER_ILLISIBLE] or reading.tables:
        return False
    why = asdict(reading.observations[0])
    return not code or (why["precision"] == code and values.items() <= why.items())


def told(observation: Observation, langue: str = "fr") -> str:
    """What the report says of an observation that has a code."""
    return noticed.text(observation.precision, langue, asdict(observation))


def limit(reading: Reading) -> str:
    """The limit that is passed, FIC-03 alone; empty when the file is not refused for it."""
    alone = etats(reading) == [Etat.LIMITE] and not reading.tables
    return reading.observations[0].champ if alone else ""


def values(reading: Reading, champ: str) -> list[str | int | date | bool | None]:
    """What the cells of a field mean, line by line."""
    return [lu.valeur for lu in lus(reading, champ)]


def lus(reading: Reading, champ: str | None) -> list[Lu]:
    return [c.lus[code] for t in reading.tables for c in t.colonnes if c.champ == champ for code in c.codes]


def cells(reading: Reading, champ: str | None) -> list[Cell]:
    return [c.cellules[code] for t in reading.tables for c in t.colonnes if c.champ == champ for code in c.codes]


def rows(reading: Reading) -> list[int]:
    """Row numbers of the lines."""
    return [number for t in reading.tables for number in t.lignes]
