"""One table of an extract as chunks of text columns, whatever it is stored in: csv, Parquet, a sheet of a workbook."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from pipeline.reference.csvtext import Chunk, CsvTable, Fingerprint
from pipeline.reference.model import Problem, Problems
from schemas.extracts import TABLES
from schemas.folding import unspaced

ROWS = 100_000
"""Rows of one chunk of a Parquet file or a sheet."""


@dataclass(frozen=True)
class Place:
    """Where one table of an extract stands. ``kind``: classeur, csv or parquet; ``feuille``: empty outside a workbook."""

    table: str
    path: Path
    kind: str
    feuille: str = ""

    @property
    def fichier(self) -> str:
        """The file's name."""
        return self.path.name


def chunks(place: Place, content: Fingerprint, problems: Problems) -> Iterator[Chunk]:
    """The rows of one table, in order; faults of the file or its heading go to ``problems``."""
    try:
        if place.kind == "csv":
            table = CsvTable(place.path, utf8=content.utf8, problems=problems)
            yield from table.chunks(lambda header: _choose(header, place, problems))
        elif place.kind == "parquet":
            yield from _parquet(place, problems)
        else:
            yield from _sheet(place, problems)
    except (pa.ArrowException, pa.ArrowInvalid) as error:
        problems.add(Problem("EXT-01", place.fichier, detail=type(error).__name__))
    except Exception as error:
        # calamine raises errors of its own for each format; none of them says anything an operator could use.
        if type(error).__module__.partition(".")[0] != "python_calamine":
            raise
        problems.add(Problem("EXT-01", place.fichier, detail=type(error).__name__))


def _choose(header: list[str], place: Place, problems: Problems) -> dict[str, int] | None:
    """Position of each column of the table; None when one is missing or there twice. Other columns are left alone."""
    titles = [unspaced(title) for title in header]
    found: dict[str, int] = {}
    for column in TABLES[place.table]:
        places = [i for i, title in enumerate(titles) if title == column.name]
        if len(places) == 1:
            found[column.name] = places[0]
        else:
            code, detail = ("EXT-04", f"{len(places)} fois") if places else ("EXT-03", "")
            problems.add(Problem(code, place.fichier, place.feuille, 0, column.name, "", detail))
    return found if len(found) == len(TABLES[place.table]) else None


def _parquet(place: Place, problems: Problems) -> Iterator[Chunk]:
    with pq.ParquetFile(place.path) as file:
        names = file.schema_arrow.names
        wanted = _choose(names, place, problems)
        if wanted is None:
            return
        start = 1
        for batch in file.iter_batches(batch_size=ROWS, columns=[names[i] for i in wanted.values()]):
            columns = {name: _as_text(batch.column(names[i])) for name, i in wanted.items()}
            yield Chunk(columns, np.arange(start, start + batch.num_rows, dtype=np.int64))
            start += batch.num_rows


def _as_text(values: pa.Array) -> pa.Array:
    """A typed column as the texts a csv would hold; null is blank."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_boolean(values.type):
        values = pc.if_else(values, "oui", "non")
    elif pa.types.is_floating(values.type):
        values = pa.array([None if v is None else cell_text(v) for v in values.to_pylist()], pa.string())
    return pc.fill_null(values.cast(pa.string()), "")


def cell_text(cell: object) -> str:
    """A cell of a workbook as text; a number as the program shows it: at most 15 digits, no exponent, no ``.0``."""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime):
        day = cell.date()
        return day.isoformat() if cell == datetime(day.year, day.month, day.day) else cell.isoformat(" ")
    if isinstance(cell, date | time | timedelta | int):
        return str(cell)
    return "" if cell is None else str(cell)


def _number(value: float) -> str:
    text = f"{value:.15g}"
    if "e" in text or "n" in text:
        number = Decimal(text)
        text = f"{number:f}" if number.is_finite() else text
    return text


def _sheet(place: Place, problems: Problems) -> Iterator[Chunk]:
    with CalamineWorkbook.from_path(str(place.path)) as book:
        name = next((name for name in book.sheet_names if unspaced(name) == place.table), None)
        if name is None:
            problems.add(Problem("EXT-02", place.fichier, detail=place.table))
            return
        sheet = book.get_sheet_by_name(name)
        # iter_rows leaves blank columns out on the left, but no blank row above: rows count from 1.
        rows = enumerate(sheet.iter_rows(), start=1)
        header = next((row for _, row in rows if any(cell_text(cell).strip() for cell in row)), [])
        wanted = _choose([cell_text(cell) for cell in header], place, problems)
        while wanted is not None and (part := list(islice(rows, ROWS))):
            columns = {
                column: pa.array([cell_text(row[i]) for _, row in part], pa.string()) for column, i in wanted.items()
            }
            yield Chunk(columns, np.fromiter((number for number, _ in part), np.int64, len(part)))
