"""The readings of a wave as frames: one of lines, one of what was noticed, one of deposits.

Values are taken column by column from what each distinct cell means (``SheetColumn.meanings``), so the cost of a repeated cell is
one array look-up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from pipeline.cells import text
from pipeline.cells.model import USABLE
from pipeline.cells.text import HIDDEN
from pipeline.judging.deposit import Deposit
from pipeline.reading.model import SheetColumn, SheetTable
from schemas.fields import ABSENCES, FIELDS, FieldKind, column_letter
from schemas.folding import keys
from schemas.noticed import Noticed

_EPOCH = date(1970, 1, 1).toordinal()
_NO_DAY = np.iinfo(np.int64).min
_KEYS = {
    "numero_dsf": "cle_dsf",
    "identifiant_de": "cle_de",
    "code_sequence": "cle_sequence",
    "id_absence": "cle_absence",
}
_OBSERVED = {
    "etat": "noticed",
    "feuille": "sheet",
    "ligne": "row",
    "colonne": "column",
    "champ": "field",
    "valeur": "value",
    "attendu": "expected",
    "detail": "detail",
    "precision": "code",
}
"""Column of the frame of observations → what ``reading.model.Observation`` calls it."""


@dataclass(frozen=True)
class Frames:
    """The wave. ``lines`` has a unique integer index; ``depot`` counts the deposits from 0, ``table`` indexes ``tables``.

    ``lines``: depot, table, rang (position in its table), siret, pour_le_compte_de, feuille, ligne, nature, every field of
    ``schemas.fields`` (texts str, hours Int64 hundredths, dates datetime64[s], yes/no boolean), ``heures_detail``, ``abimes``
    (mask of fields whose cell could not be used), ``date_fin_lue`` (an empty Date fin of an hours line means Date début), and
    the keys. ``observations``: depot, ligne_id (index into ``lines``, -1 for the deposit), titre, nature,
    format (of the file) and the columns of ``_OBSERVED``. ``deposits``: siret.
    """

    lines: pd.DataFrame
    observations: pd.DataFrame
    deposits: pd.DataFrame
    tables: tuple[SheetTable, ...]

    def column(self, table: int, field: str) -> SheetColumn | None:
        """The column of ``field`` in that table, None where it has none."""
        return next((column for column in self.tables[table].columns if column.field == field), None)


def build(deposits: Sequence[Deposit]) -> Frames:
    """The frames of a wave; ``deposits`` in deposit order."""
    tables: list[SheetTable] = []
    owners: list[int] = []
    for depot, deposit in enumerate(deposits):
        tables.extend(deposit.reading.tables)
        owners.extend([depot] * len(deposit.reading.tables))
    lines = _lines(deposits, tables, owners)
    owners_of = pd.DataFrame({"siret": pd.array([deposit.siret for deposit in deposits], dtype="str")})
    return Frames(lines, _observations(deposits, tables, owners), owners_of, tuple(tables))


def per_deposit(frame: pd.DataFrame, deposits: int) -> tuple[pd.DataFrame, list[slice]]:
    """``frame`` by deposit, its rows in their order, and where those of each are; it has a column ``depot`` from 0."""
    ordered = frame.sort_values("depot", kind="stable")
    edges = np.searchsorted(ordered["depot"].to_numpy(), np.arange(deposits + 1)).tolist()
    return ordered, [slice(low, high) for low, high in pairwise(edges)]


def plain(values: "pd.Series[Any]") -> list[Any]:
    """A column as plain values: dates as ``date``, missing ones as None."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return list(values.to_numpy().astype("datetime64[D]").astype(object))
    if values.dtype == "str":  # a text that is there often is one object
        codes, distinct = pd.factorize(values)
        texts = [*distinct.tolist(), None]
        return [texts[code] for code in codes]  # what is missing has the code -1
    return list(values.astype("object").where(values.notna(), None))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of ``frame`` as ``plain`` values by column."""
    names = [str(name) for name in frame.columns]
    columns = (plain(frame[name]) for name in names)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _lines(deposits: Sequence[Deposit], tables: Sequence[SheetTable], owners: Sequence[int]) -> pd.DataFrame:
    sizes = np.array([len(table.rows) for table in tables], dtype=np.int64)
    number = np.repeat(np.arange(len(tables)), sizes)

    def per_table(values: Iterable[str]) -> "pd.Series[str]":
        return pd.Series(pd.array(list(values), dtype="str")).take(number).reset_index(drop=True)

    lines = pd.DataFrame(
        {
            "depot": np.repeat(np.array(owners, dtype=np.int64), sizes),
            "table": number,
            "rang": _joined([np.arange(size) for size in sizes]),
            "siret": per_table(deposits[owner].siret for owner in owners),
            "pour_le_compte_de": per_table(deposits[owner].reading.on_behalf_of for owner in owners),
            "feuille": per_table(table.sheet for table in tables),
            "ligne": _joined([np.array(table.rows, dtype=np.int64) for table in tables]),
            "nature": per_table(table.kind for table in tables),
        }
    )
    lines["pour_le_compte_de"] = lines["pour_le_compte_de"].mask(lines["pour_le_compte_de"] == "")
    damaged = np.zeros(len(lines), dtype=np.int64)
    for name, field in FIELDS.items():
        columns = [next((c for c in table.columns if c.field == name), None) for table in tables]
        lines[name] = _values(columns, sizes, field.kind)
        damaged |= _joined([_unusable(c, int(n)) for c, n in zip(columns, sizes, strict=True)]) * field.bit
        if field.kind is FieldKind.HOURS:
            details = [
                _take([meaning.detail for meaning in c.meanings], c) if c else np.full(n, "")
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


def _take(values: Sequence[object], column: SheetColumn) -> np.ndarray:
    distinct = np.empty(len(values), dtype=object)
    distinct[:] = values
    return np.asarray(distinct[np.asarray(column.codes)])


def _unusable(column: SheetColumn | None, size: int) -> np.ndarray:
    """1 where the cell is there and cannot be used, 0 elsewhere."""
    if column is None:
        return np.zeros(size, dtype=np.int64)
    marks = np.array([any(one not in USABLE for one in meaning.noticed) for meaning in column.meanings], dtype=np.int64)
    return marks[np.asarray(column.codes)] if size else np.zeros(0, dtype=np.int64)


def _values(columns: Sequence[SheetColumn | None], sizes: np.ndarray, kind: FieldKind) -> "pd.Series[Any]":
    if kind is FieldKind.DATE:
        parts = [_days(column, int(size)) for column, size in zip(columns, sizes, strict=True)]
        return pd.Series(_joined(parts).astype("datetime64[D]").astype("datetime64[s]"))
    parts = [
        np.full(size, None, dtype=object)
        if column is None
        else _take([meaning.value for meaning in column.meanings], column)
        for column, size in zip(columns, sizes, strict=True)
    ]
    dtype = {FieldKind.HOURS: "Int64", FieldKind.YES_NO: "boolean"}.get(kind, "str")
    return pd.Series(_joined(parts), dtype=dtype)


def _days(column: SheetColumn | None, size: int) -> np.ndarray:
    if column is None:
        return np.full(size, _NO_DAY)
    values = [meaning.value for meaning in column.meanings]
    days = [value.toordinal() - _EPOCH if isinstance(value, date) else _NO_DAY for value in values]
    return np.array(days, dtype=np.int64)[np.asarray(column.codes)] if size else np.zeros(0, dtype=np.int64)


def _observations(deposits: Sequence[Deposit], tables: Sequence[SheetTable], owners: Sequence[int]) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for depot, deposit in enumerate(deposits):
        for o in deposit.reading.observations:
            rows.append((depot, -1, "", "", *(getattr(o, name) for name in _OBSERVED.values())))
    start = 0
    for table, owner in zip(tables, owners, strict=True):
        for column in table.columns:
            rows.extend(_noticed(table, column, owner, start))
        start += len(table.rows)
    frame = pd.DataFrame(rows, columns=["depot", "ligne_id", "titre", "nature", *_OBSERVED])
    frame["format"] = [deposits[depot].reading.format for depot in frame["depot"]]
    texts = {name: "str" for name in ("titre", "nature", "format", *_OBSERVED) if name != "ligne"}
    return frame.astype({"depot": "int64", "ligne_id": "int64", "ligne": "int64", **texts})


def _noticed(table: SheetTable, column: SheetColumn, depot: int, start: int) -> list[tuple[object, ...]]:
    """One row for each noted cell of the column."""
    noted = np.array([bool(meaning.noticed) for meaning in column.meanings], dtype=bool)
    if not noted.any():
        return []
    codes = np.asarray(column.codes)
    letter = column_letter(column.index)
    rows: list[tuple[object, ...]] = []
    for position in np.flatnonzero(noted[codes]):
        meaning, cell = column.meanings[codes[position]], column.cells[codes[position]]
        row = table.rows[position]
        rows.extend(
            (
                *(depot, start + int(position), column.heading, table.kind, str(one), table.sheet, row, letter),
                # A social security number is never said again, not even to the one who typed it.
                *(column.field or "", HIDDEN if one is Noticed.NIR else text.shown(cell), "", meaning.detail, ""),
            )
            for one in meaning.noticed
        )
    return rows
