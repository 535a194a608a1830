"""One table of an extract as chunks of text columns, whatever it is stored in: csv, Parquet, a sheet of a workbook."""

import difflib
from collections.abc import Callable, Iterator
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

from pipeline.bilingual import Text
from pipeline.reference.csvtext import Chunk, CsvTable, Fingerprint
from pipeline.reference.model import Problem, Problems
from schemas.extracts import TABLES, Kind
from schemas.folding import unspaced

ROWS = 100_000
"""Rows of one chunk of a Parquet file or a sheet."""
LONGEST = 1e15
"""From here on a number has more digits than a spreadsheet keeps."""
TIMES = Text("{n} fois", "{n} times")
CLOSE = 0.7
"""How like a missing column a heading must be to be quoted (1: the same)."""


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
            code, detail = ("EXT-04", TIMES.fill(n=len(places))) if places else ("EXT-03", "")
            near = "" if places else _nearest(column.name, header, titles, place.table)
            problems.add(Problem(code, place.fichier, place.feuille, 0, column.name, near, detail))
    return found if len(found) == len(TABLES[place.table]) else None


def _nearest(name: str, header: list[str], titles: list[str], table: str) -> str:
    """The heading, as written, that is most like the missing column ``name``; "" when none is."""
    known = {column.name for column in TABLES[table]}
    free = {title: header[i] for i, title in enumerate(titles) if title not in known}
    return next((free[title] for title in difflib.get_close_matches(name, free, 1, CLOSE)), "")


def _parquet(place: Place, problems: Problems) -> Iterator[Chunk]:
    with pq.ParquetFile(place.path) as file:
        names = file.schema_arrow.names
        wanted = _choose(names, place, problems)
        if wanted is None:
            return
        start, readers = 1, _readers(place.table)
        for batch in file.iter_batches(batch_size=ROWS, columns=[names[i] for i in wanted.values()]):
            columns = {name: _as_text(batch.column(names[i]), readers[name]) for name, i in wanted.items()}
            yield Chunk(columns, np.arange(start, start + batch.num_rows, dtype=np.int64))
            start += batch.num_rows


def _as_text(values: pa.Array, reader: Callable[[object], str]) -> pa.Array:
    """A typed column as the texts a csv would hold; null is blank."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_boolean(values.type):
        values = pc.if_else(values, "oui", "non")
    elif pa.types.is_floating(values.type):
        values = pa.array([None if v is None else reader(v) for v in values.to_pylist()], pa.string())
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


def key_text(cell: object) -> str:
    """A cell of a column of keys as text. A number of more than 15 digits, whose end is lost, is in exponent form: EXT-16."""
    if isinstance(cell, float) and (abs(cell) >= LONGEST or float(f"{cell:.15g}") != cell):
        return f"{cell:.14e}"
    return cell_text(cell)


def _readers(table: str) -> dict[str, Callable[[object], str]]:
    """How the cells of each column become text."""
    return {column.name: key_text if column.kind is Kind.KEY else cell_text for column in TABLES[table]}


def _number(value: float) -> str:
    text = f"{value:.15g}"
    if "e" in text or "n" in text:
        number = Decimal(text)
        text = f"{number:f}" if number.is_finite() else text
    return text


def _sheet(place: Place, problems: Problems) -> Iterator[Chunk]:
    with CalamineWorkbook.from_path(str(place.path)) as book:
        names = [name for name in book.sheet_names if unspaced(name) == place.table]
        if not names:
            problems.add(Problem("EXT-02", place.fichier, detail=place.table))
            return
        if len(names) > 1:
            problems.add(Problem("EXT-18", place.fichier, place.feuille, valeur=", ".join(names)))
            return
        sheet = book.get_sheet_by_name(names[0])
        # iter_rows leaves blank columns out on the left, but no blank row above: rows count from 1.
        rows = enumerate(sheet.iter_rows(), start=1)
        header = next((row for _, row in rows if any(cell_text(cell).strip() for cell in row)), [])
        wanted, readers = _choose([cell_text(cell) for cell in header], place, problems), _readers(place.table)
        while wanted is not None and (part := list(islice(rows, ROWS))):
            columns = {
                name: pa.array([readers[name](row[i]) for _, row in part], pa.string()) for name, i in wanted.items()
            }
            yield Chunk(columns, np.fromiter((number for number, _ in part), np.int64, len(part)))
