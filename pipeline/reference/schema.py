"""The Arrow schemas of the stored tables."""

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
