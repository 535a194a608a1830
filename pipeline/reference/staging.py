"""One table of an extract: read chunk by chunk, typed, checked by its pandera model, staged as Parquet.

Memory holds three chunks. What is staged is only used when the whole extract has passed.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.reference.csvtext import Chunk, Fingerprint
from pipeline.reference.model import CAP_PER_RULE, Problem, Problems
from pipeline.reference.schema import schema_of, written_as
from pipeline.reference.tables import Place, chunks
from pipeline.reference.values import read_column
from schemas.extract_rules import is_extracted_by
from schemas.extracts import DSF, MODELS, TABLES

_T = TypeVar("_T")


@dataclass(frozen=True)
class Staged:
    """A table staged: ``sorted_already`` when its rows stand in the order of ``cle_dsf``."""

    path: Path
    lignes: int
    sorted_already: bool


def stage(place: Place, content: Fingerprint, target: Path, problems: Problems, day: date) -> Staged:
    """Write the table at ``place`` to ``target``; faults as of ``day`` go to ``problems``, rows with faults are staged too.

    Three chunks are on their way at once, each in a thread: one is read, one typed and checked, one written.
    """
    rows, ordered, last = 0, True, ""
    with pq.ParquetWriter(target, schema_of(place.table), **written_as(place.table)) as writer:
        for table in _ahead(_tables(place, _ahead(chunks(place, content, problems)), problems, day)):
            keys = table.column("cle_dsf").combine_chunks()
            ordered = ordered and _is_sorted(keys, last)
            last = keys[-1].as_py() or "" if len(keys) else last
            writer.write_table(table)
            rows += len(table)
    pa.default_memory_pool().release_unused()
    return Staged(target, rows, ordered)


def _ahead(source: Iterator[_T]) -> Iterator[_T]:
    """What ``source`` gives; the next one is made in a thread while one is used. None of our rules is asked in two of them."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, source, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, source, None)
            yield item


def _tables(place: Place, source: Iterator[Chunk], problems: Problems, day: date) -> Iterator[pa.Table]:
    """The chunks of ``source`` typed and checked."""
    for chunk in _without_blank_rows(source):
        table = _typed(place, chunk, problems)
        _check(place, table, chunk, problems)
        if place.table == DSF:
            _check_day(place, table, chunk, problems, day)
        yield table


def _without_blank_rows(source: Iterator[Chunk]) -> Iterator[Chunk]:
    """Rows blank in every column of the table say nothing: spreadsheets leave them at the end."""
    for chunk in source:
        blank = pc.equal(next(iter(chunk.columns.values())), "")
        if not pc.any(blank).as_py():
            yield chunk
            continue
        for texts in chunk.columns.values():
            blank = pc.and_(blank, pc.equal(pc.utf8_trim_whitespace(texts), ""))
        kept = pc.invert(blank)
        columns = {name: texts.filter(kept) for name, texts in chunk.columns.items()}
        yield Chunk(columns, chunk.lignes[kept.to_numpy(zero_copy_only=False)])


def _typed(place: Place, chunk: Chunk, problems: Problems) -> pa.Table:
    arrays: list[pa.Array] = []
    for column in TABLES[place.table]:
        texts = chunk.columns[column.name]
        typed = read_column(column, texts)
        arrays += [typed.values] if typed.keys is None else [typed.values, typed.keys]
        for (code, detail), rows in typed.unreadable.items():
            _report(problems, place, chunk, code=code, column=column.name, rows=rows, detail=detail)
        if place.kind == "csv" and len(typed.mixed):
            _report(problems, place, chunk, code="EXT-32", column=column.name, rows=typed.mixed)
    return pa.Table.from_arrays([*arrays, pa.array(chunk.lignes)], schema=schema_of(place.table))


def _report(
    problems: Problems, place: Place, chunk: Chunk, *, code: str, column: str, rows: np.ndarray, detail: str = ""
) -> None:
    shown = rows[:CAP_PER_RULE]
    texts = chunk.columns[column].take(pa.array(shown)).to_pylist()
    problems.extend(
        code,
        len(rows),
        (
            Problem(code, place.fichier, place.feuille, int(chunk.lignes[row]), column, text, detail)
            for row, text in zip(shown, texts, strict=True)
        ),
    )


def as_frame(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as the frame the models describe: texts ``str``, hours ``Int64``, dates ``datetime64[s]``."""
    nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    frame: pd.DataFrame = table.to_pandas(types_mapper=nullable.get)
    return frame


def _check(place: Place, table: pa.Table, chunk: Chunk, problems: Problems) -> None:
    """Apply the model; a check that crashed is our bug and is raised, without the cells pandera would quote."""
    try:
        MODELS[place.table].validate(as_frame(table), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        failures = errors.schema_errors
    else:
        return
    for failure in failures:
        name = getattr(failure.check, "name", None) or str(failure.check)
        if not name.startswith("EXT-") or not isinstance(failure.check_output, pd.Series):
            raise RuntimeError(f"le contrôle {name} de la table {place.table} a échoué de lui-même")
        code, _, column = name.partition(":")
        column = column or str(failure.schema.name)
        rows = np.flatnonzero(~failure.check_output.to_numpy(dtype=bool))
        if code == "EXT-07":
            # A cell that could not be read is null too, and has its finding already: one cause, one finding.
            texts = pc.utf8_trim_whitespace(chunk.columns[column].take(pa.array(rows)))
            rows = rows[pc.equal(texts, "").to_numpy(zero_copy_only=False)]
        if len(rows):
            _report(problems, place, chunk, code=code, column=column, rows=rows)


def _check_day(place: Place, table: pa.Table, chunk: Chunk, problems: Problems, day: date) -> None:
    """EXT-17: no DSF was extracted after ``day``."""
    known = is_extracted_by(table.column("date_extraction").to_pandas(), day)
    rows = np.flatnonzero(~known.to_numpy(dtype=bool))
    if len(rows):
        _report(problems, place, chunk, code="EXT-17", column="date_extraction", rows=rows, detail=day.isoformat())


def _is_sorted(keys: pa.Array, last: str) -> bool:
    if keys.null_count:
        return False
    if len(keys) and keys[0].as_py() < last:
        return False
    return len(keys) < 2 or bool(pc.all(pc.less_equal(keys[:-1], keys[1:])).as_py())
