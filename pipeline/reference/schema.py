"""The Arrow schemas of the stored tables."""

from typing import Any

import pyarrow as pa

from pipeline.reference.values import TYPES
from schemas.extracts import ABSENCES, DSF, KEY_NAMES, TABLES, UNIQUE, Kind

LIGNE = "ligne"
"""Column of the staged tables: the row's number in its source; it also keeps the order of the extract."""


DATED = (*UNIQUE[ABSENCES], "date_debut", "date_fin")
"""What an absence is known by once it is completed."""


def schema_of(table: str) -> pa.Schema:
    """The Arrow schema of a stored table: the extract's columns, their keys, ``ligne``."""
    fields = []
    for column in TABLES[table]:
        fields.append(pa.field(column.name, TYPES[column.kind]))
        if column.kind is Kind.KEY:
            fields.append(pa.field(KEY_NAMES[column.name], pa.string()))
    return pa.schema([*fields, pa.field(LIGNE, pa.int64())])


_DISTINCT = frozenset({"identifiant_de", "nom", "numero_pif", "id_absence"})
"""Columns with about as many values as rows: a dictionary of them costs time and is larger than they are."""


def written_as(table: str) -> dict[str, Any]:
    """How a staged table is written: what Parquet's writer is told. Look-ups skip row groups by ``cle_dsf`` alone."""
    apart = _DISTINCT | {KEY_NAMES[name] for name in _DISTINCT if name in KEY_NAMES} | {LIGNE}
    names = [name for name in schema_of(table).names if name not in apart]
    return {"compression": "lz4", "use_dictionary": names, "write_statistics": ["cle_dsf"]}


def current_schema() -> pa.Schema:
    """The Arrow schema of ``courant``: the dsf table, which load it comes from, rows it has in the other two tables."""
    schema = schema_of(DSF)
    schema = schema.remove(schema.get_field_index(LIGNE))
    own = (("ordre", pa.int64()), ("extrait", pa.string()), ("n_sequences", pa.int64()), ("n_absences", pa.int64()))
    for name, kind in own:
        schema = schema.append(pa.field(name, kind))
    return schema


def completed_schema() -> pa.Schema:
    """The Arrow schema of ``completees``: ``DATED``, and the last extraction that said so."""
    absences = schema_of(ABSENCES)
    return pa.schema([*(absences.field(name) for name in DATED), ("extrait_du", pa.timestamp("s"))])
