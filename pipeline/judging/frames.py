"""The readings of a wave as frames: one of lines, one of what was noticed, one of deposits.

Values are taken column by column from what each distinct cell means (``Column.lus``), so the cost of a repeated cell is one
array look-up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from pipeline.cells import text
from pipeline.cells.model import USABLE, Etat
from pipeline.judging.deposit import Deposit
from pipeline.reading.model import Column, Table
from schemas.fields import ABSENCES, FIELDS, Kind, column_letter
from schemas.folding import keys

_EPOCH = date(1970, 1, 1).toordinal()
_NO_DAY = np.iinfo(np.int64).min
_KEYS = {
    "numero_dsf": "cle_dsf",
    "identifiant_de": "cle_de",
    "code_sequence": "cle_sequence",
    "id_absence": "cle_absence",
}
_OBSERVED = ("etat", "feuille", "ligne", "colonne", "champ", "valeur", "attendu", "detail", "precision")


@dataclass(frozen=True)
class Frames:
    """The wave. ``lines`` has a unique integer index; ``depot`` counts the deposits from 0, ``table`` indexes ``tables``.

    ``lines``: depot, table, rang (position in its table), siret, pour_le_compte_de, feuille, ligne, nature, every field of
    ``schemas.fields`` (texts str, hours Int64 hundredths, dates datetime64[s], yes/no boolean), ``heures_detail``, ``abimes``
    (mask of fields whose cell could not be used), ``date_fin_lue`` (an empty Date fin of an hours line means Date début), and
    the keys. ``observations``: depot, ligne_id (index into ``lines``, -1 for the deposit), titre, nature and what
    ``reading.model.Observation`` has. ``deposits``: siret.
    """

    lines: pd.DataFrame
    observations: pd.DataFrame
    deposits: pd.DataFrame
    tables: tuple[Table, ...]

    def column(self, table: int, champ: str) -> Column | None:
        """The column of ``champ`` in that table, if it has one."""
        return next((column for column in self.tables[table].colonnes if column.champ == champ), None)


def build(deposits: Sequence[Deposit]) -> Frames:
    """The frames of a wave; ``deposits`` in deposit order."""
    tables: list[Table] = []
    owners: list[int] = []
    for depot, deposit in enumerate(deposits):
        tables.extend(deposit.reading.tables)
        owners.extend([depot] * len(deposit.reading.tables))
    lines = _lines(deposits, tables, owners)
    owners_of = pd.DataFrame({"siret": pd.array([deposit.siret for deposit in deposits], dtype="str")})
    return Frames(lines, _observations(deposits, tables, owners), owners_of, tuple(tables))


def per_deposit(frame: pd.DataFrame, deposits: int) -> list[pd.DataFrame]:
    """The rows of each deposit, in their order; ``frame`` has a column ``depot`` that counts from 0."""
    ordered = frame.sort_values("depot", kind="stable")
    edges = np.searchsorted(ordered["depot"].to_numpy(), np.arange(deposits + 1))
    return [ordered.iloc[low:high] for low, high in pairwise(edges)]


def _lines(deposits: Sequence[Deposit], tables: Sequence[Table], owners: Sequence[int]) -> pd.DataFrame:
    sizes = np.array([len(table.lignes) for table in tables], dtype=np.int64)
    number = np.repeat(np.arange(len(tables)), sizes)

    def per_table(values: Iterable[str]) -> "pd.Series[str]":
        return pd.Series(pd.array(list(values), dtype="str")).take(number).reset_index(drop=True)

    lines = pd.DataFrame(
        {
            "depot": np.repeat(np.array(owners, dtype=np.int64), sizes),
            "table": number,
            "rang": _joined([np.arange(size) for size in sizes]),
            "siret": per_table(deposits[owner].siret for owner in owners),
            "pour_le_compte_de": per_table(deposits[owner].reading.pour_le_compte_de for owner in owners),
            "feuille": per_table(table.feuille for table in tables),
            "ligne": _joined([np.array(table.lignes, dtype=np.int64) for table in tables]),
            "nature": per_table(table.nature for table in tables),
        }
    )
    lines["pour_le_compte_de"] = lines["pour_le_compte_de"].mask(lines["pour_le_compte_de"] == "")
    damaged = np.zeros(len(lines), dtype=np.int64)
    for name, field in FIELDS.items():
        columns = [next((c for c in table.colonnes if c.champ == name), None) for table in tables]
        lines[name] = _values(columns, sizes, field.kind)
        damaged |= _joined([_unusable(c, int(n)) for c, n in zip(columns, sizes, strict=True)]) * field.bit
        if field.kind is Kind.HOURS:
            details = [
                _take([lu.detail for lu in c.lus], c) if c else np.full(n, "")
                for c, n in zip(columns, sizes, strict=True)
            ]
            lines["heures_detail"] = pd.array(_joined(details), dtype="str")
    lines["abimes"] = damaged
    for name, key in _KEYS.items():
        lines[key] = keys(lines[name])
    blank_end = (
        lines["date_fin"].isna() & ((lines["abimes"] & FIELDS["date_fin"].bit) == 0) & (lines["nature"] != ABSENCES)
    )
    lines["date_fin_lue"] = lines["date_fin"].where(~blank_end, lines["date_debut"])
    return lines


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.array([], dtype=np.int64)


def _take(values: Sequence[object], column: Column) -> np.ndarray:
    distinct = np.empty(len(values), dtype=object)
    distinct[:] = values
    return np.asarray(distinct[np.asarray(column.codes)])


def _unusable(column: Column | None, size: int) -> np.ndarray:
    """1 where the cell is there and cannot be used, 0 elsewhere."""
    if column is None:
        return np.zeros(size, dtype=np.int64)
    marks = np.array([any(etat not in USABLE for etat in lu.etats) for lu in column.lus], dtype=np.int64)
    return marks[np.asarray(column.codes)] if size else np.zeros(0, dtype=np.int64)


def _values(columns: Sequence[Column | None], sizes: np.ndarray, kind: Kind) -> "pd.Series[Any]":
    if kind is Kind.DATE:
        parts = [_days(column, int(size)) for column, size in zip(columns, sizes, strict=True)]
        return pd.Series(_joined(parts).astype("datetime64[D]").astype("datetime64[s]"))
    parts = [
        np.full(size, None, dtype=object) if column is None else _take([lu.valeur for lu in column.lus], column)
        for column, size in zip(columns, sizes, strict=True)
    ]
    dtype = {Kind.HOURS: "Int64", Kind.YES_NO: "boolean"}.get(kind, "str")
    return pd.Series(_joined(parts), dtype=dtype)


def _days(column: Column | None, size: int) -> np.ndarray:
    if column is None:
        return np.full(size, _NO_DAY)
    days = [lu.valeur.toordinal() - _EPOCH if isinstance(lu.valeur, date) else _NO_DAY for lu in column.lus]
    return np.array(days, dtype=np.int64)[np.asarray(column.codes)] if size else np.zeros(0, dtype=np.int64)


def _observations(deposits: Sequence[Deposit], tables: Sequence[Table], owners: Sequence[int]) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for depot, deposit in enumerate(deposits):
        for o in deposit.reading.observations:
            rows.append((depot, -1, "", "", *(getattr(o, name) for name in _OBSERVED)))
    start = 0
    for table, owner in zip(tables, owners, strict=True):
        for column in table.colonnes:
            rows.extend(_noticed(table, column, owner, start))
        start += len(table.lignes)
    frame = pd.DataFrame(rows, columns=["depot", "ligne_id", "titre", "nature", *_OBSERVED])
    texts = {name: "str" for name in ("titre", "nature", *_OBSERVED) if name != "ligne"}
    return frame.astype({"depot": "int64", "ligne_id": "int64", "ligne": "int64", **texts})


def _noticed(table: Table, column: Column, depot: int, start: int) -> list[tuple[object, ...]]:
    """One row for each noted cell of the column."""
    noted = np.array([bool(lu.etats) for lu in column.lus], dtype=bool)
    if not noted.any():
        return []
    codes = np.asarray(column.codes)
    letter = column_letter(column.indice)
    rows: list[tuple[object, ...]] = []
    for position in np.flatnonzero(noted[codes]):
        lu, cell = column.lus[codes[position]], column.cellules[codes[position]]
        ligne = table.lignes[position]
        rows.extend(
            (
                *(depot, start + int(position), column.titre, table.nature, str(etat), table.feuille, ligne, letter),
                # A social security number is never said again, not even to the one who typed it.
                *(column.champ or "", "•••" if etat is Etat.NIR else text.shown(cell), "", lu.detail, ""),
            )
            for etat in lu.etats
        )
    return rows
