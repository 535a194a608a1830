"""The entries of rapport.json's lists, each made when it is asked for: findings, lines with their cells, tables, complements.

docs/contract.md §7 lists their keys.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline import jsonfile
from pipeline.cells import text
from pipeline.documents.returns.limits import kept_text
from pipeline.judging.verdicts import TAKEN
from pipeline.reading.model import Reading, SheetColumn, SheetTable
from schemas.fields import column_letter
from schemas.noticed import Noticed
from schemas.rule import REJECTS

ReportData = Mapping[str, Any]
"""The content of rapport.json."""
FindingData = Mapping[str, Any]
"""One entry of ``constats`` in a report."""
LineData = Mapping[str, Any]
"""One entry of ``lignes`` in a report."""
CellData = Mapping[str, Any]
"""One cell of a line in a report, as typed: kind ``t`` and value ``v``."""

NAMED = 20
"""Rejected lines that a held line names; the others are counted."""
_SHOWN = ("numero_dsf", "identifiant_de", "nom", "prenom", "code_sequence")
LINE = ["table", "rang", "feuille", "ligne", "nature", "verdict", "heures", "complement", "complement_precedent"]
LINE += [*_SHOWN, "cle_dsf"]
"""Columns of a settled line that its entry is made of."""

Row = Mapping[str, Any]


def finding(row: Row) -> FindingData:
    """One finding."""
    texts = {name: kept_text(row[name]) for name in ("titre", "valeur", "attendu", "message", "geste")}
    return {
        "code": row["code"],
        "severite": row["severite"],
        "portee": "ligne" if row["ligne_id"] >= 0 else "depot",
        "feuille": row["feuille"],
        "ligne": int(row["ligne"]),
        "nature": row["nature"],
        "colonne": row["colonne"],
        "cellule": f"{row['colonne']}{row['ligne']}" if row["colonne"] and row["ligne"] else "",
        "champ": row["champ"],
        **texts,
        **({"suite": row["suite"], "des": row["des"]} if row["severite"] == REJECTS else {}),
    }


def line(row: Row, codes: list[str]) -> dict[str, Any]:
    """What every line says of itself, whatever its verdict."""
    taken = row["verdict"] == TAKEN
    return {
        "feuille": row["feuille"],
        "ligne": int(row["ligne"]),
        "nature": row["nature"],
        "verdict": row["verdict"],
        **{name: row[name] or "" for name in _SHOWN},
        "heures": None if row["heures"] is None else jsonfile.hours(int(row["heures"])),
        "complement": row["complement_precedent"] if taken else row["complement"] or "",
        "codes": codes,
    }


def origin(place: tuple[str, int] | None) -> dict[str, Any]:
    """Of a line: where it stood in the file that is corrected, where that is known."""
    return {"origine": {"feuille": place[0], "ligne": place[1]}} if place else {}


def typed_cells(table: SheetTable, rank: int) -> dict[str, CellData]:
    """The cells of one line under our fields, as typed."""
    return {c.field: _typed(c, rank) for c in table.columns if c.field}


def own_columns(table: SheetTable) -> list[SheetColumn]:
    """The columns of the sender's own."""
    return [column for column in table.columns if column.field is None and column.heading]


def own_cells(table: SheetTable, rank: int) -> list[CellData]:
    """The cells of one line in the sender's own columns, as typed."""
    return [{"titre": kept_text(c.heading), **_typed(c, rank)} for c in own_columns(table)]


def _typed(column: SheetColumn, rank: int) -> dict[str, object]:
    """The cell as typed, except a social security number, which does not travel back."""
    code = column.codes[rank]
    cell = text.encode(None if Noticed.NIR in column.meanings[code].noticed else column.cells[code])
    return cell | {"v": kept_text(cell["v"])} if isinstance(cell["v"], str) else cell


class Waited:
    """Which rejected lines the held ones wait for: those of their DSF (policy ``dsf``), or all of the deposit."""

    def __init__(self, rejected: Iterable[tuple[int, Row]], policy: str) -> None:
        self._by_dsf = policy == "dsf"
        self._first: dict[str, list[dict[str, Any]]] = {}
        self._counts: dict[str, int] = {}
        for _, row in rejected:
            key = row["cle_dsf"] if self._by_dsf else ""
            if key is None:
                continue
            self._counts[key] = self._counts.get(key, 0) + 1
            if self._counts[key] <= NAMED:
                self._first.setdefault(key, []).append({"feuille": row["feuille"], "ligne": int(row["ligne"])})

    def by(self, row: Row) -> dict[str, Any]:
        """Of a held line: the first ones, and how many more."""
        key = row["cle_dsf"] if self._by_dsf else ""
        first = self._first.get(key, [])
        return {"attend": first, "attend_autres": self._counts.get(key, 0) - len(first)}


def issued(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A complement issued from the deposit, or that a trial would give, in short."""
    people = payload["demandeurs"]
    return {
        "numero": payload["numero"],
        "numero_dsf": payload["dsf_initiale"]["numero"],
        "lignes": sum(len(s["lignes"]) + len(s["absences"]) for person in people for s in person["sequences"]),
        "heures_complementaires": payload["totaux"]["heures_complementaires"],
        "heures_valorisees": payload["totaux"]["heures_valorisees"],
    }


def tables(reading: Reading) -> Iterator[dict[str, Any]]:
    """Each table, with its columns."""
    for table in reading.tables:
        columns = [(c.field, kept_text(c.heading), column_letter(c.index)) for c in table.columns]
        yield {
            "feuille": table.sheet,
            "nature": table.kind,
            "entete": table.heading_row,
            "colonnes": [{"champ": field, "titre": title, "lettre": letter} for field, title, letter in columns],
        }
