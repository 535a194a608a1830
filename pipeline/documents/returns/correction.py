"""A deposit that says which one it corrects: what is corrected, still wrong, new; and where each line stood in that file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.judging import verdicts_csv
from pipeline.judging.frames import plain
from pipeline.judging.verdicts import REJECTED
from pipeline.reading.model import SheetTable

NAMED = 200
"""Lines that the report names of each kind; they are all counted."""
_PLACE = re.compile(r"(?:(?P<sheet>.*), )?(?:ligne|row) (?P<row>\d{1,7})(?: \(.*\))?")

Place = tuple[str, int]
"""Sheet and row in the file that is corrected."""


@dataclass(frozen=True)
class Origin:
    """The deposit that is corrected: its number, its file, and the verdict of each of its lines."""

    depot: str
    fichier: str
    verdicts: Mapping[Place, str]

    @classmethod
    def read(cls, depot: str, fichier: str, rows: bytes) -> "Origin":
        """From the rows of verdicts.csv that the ledger keeps."""
        verdicts = {(row["feuille"], int(row["ligne"])): row["verdict"] for row in verdicts_csv.rows(rows)}
        return cls(depot, fichier, verdicts)

    def place(self, said: str, home: str) -> Place | None:
        """The line that « Ligne d'origine » names on the sheet ``home``; None where that is no line of this file."""
        match = _PLACE.fullmatch(said.strip())
        if match is None:
            return None
        row = int(match["row"])
        sheets = [match["sheet"]] if match["sheet"] else [home, ""]
        places = ((verdicts_csv.guarded(sheet), row) for sheet in sheets)
        return next((place for place in places if place in self.verdicts), None)


@dataclass(frozen=True)
class Correction:
    """``summary``: ``origine`` of contract §7; ``places``: index of a line → the line of the earlier file that it was."""

    summary: Mapping[str, Any]
    places: Mapping[int, Place]


def correction(origin: Origin, lines: pd.DataFrame, tables: Sequence[SheetTable]) -> Correction:
    """What the ``lines`` of a deposit correct of ``origin``."""
    places = _places(origin, lines, tables)
    return Correction(_summary(origin, lines, places), places)


def _places(origin: Origin, lines: pd.DataFrame, tables: Sequence[SheetTable]) -> dict[int, Place]:
    """Index of each of ``lines`` that has a line of origin → that line."""
    found = {}
    for index, number, rank in zip(lines.index, lines["table"], lines["rang"], strict=True):
        table = tables[number]
        if table.origins and (place := origin.place(table.origins[rank], table.sheet)):
            found[index] = place
    return found


def _summary(origin: Origin, lines: pd.DataFrame, found: Mapping[int, Place]) -> dict[str, Any]:
    """Of the lines that were rejected those corrected, still wrong and taken out; and the lines that are wrong only now."""
    kinds: dict[str, list[dict[str, Any]]] = {"corrigees": [], "encore": [], "nouvelles": [], "retirees": []}
    for index, verdict, feuille, ligne in zip(
        lines.index, lines["verdict"], plain(lines["feuille"]), lines["ligne"], strict=True
    ):
        place = found.get(index)
        was_wrong = place is not None and origin.verdicts[place] == REJECTED
        if place is not None and was_wrong:
            kinds["encore" if verdict == REJECTED else "corrigees"].append(_said(place))
        elif verdict == REJECTED:
            kinds["nouvelles"].append(_said((feuille, int(ligne))))
    again = set(found.values())
    kinds["retirees"] = [
        _said(place) for place, was in origin.verdicts.items() if was == REJECTED and place not in again
    ]
    counted = {kind: {"nombre": len(rows), "lignes": rows[:NAMED]} for kind, rows in kinds.items()}
    return {"depot": origin.depot, "fichier": origin.fichier, **counted}


def _said(place: Place) -> dict[str, Any]:
    return {"feuille": place[0], "ligne": place[1]}
