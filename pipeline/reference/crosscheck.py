"""The tables of an extract together: what no single row can show. DuckDB over the staged Parquet."""

from pathlib import Path

from pipeline.reference.engine import Connection, connect, literal
from pipeline.reference.model import CAP_PER_RULE, Problem, Problems
from pipeline.reference.schema import LIGNE
from pipeline.reference.tables import Place
from schemas.extracts import ABSENCES, DSF, SEQUENCES, UNIQUE

_LAST = {DSF: "numero_dsf", SEQUENCES: "code_sequence", ABSENCES: "id_absence"}
"""The column a duplicate is shown by: the last part of the key, never a person's."""


def check(staged: dict[str, Path], places: dict[str, Place], temporary: Path, problems: Problems) -> None:
    """Add to ``problems`` the faults between the tables. ``staged``: table → Parquet with ``ligne``."""
    with connect(temporary) as connection:
        for table, path in staged.items():
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({literal(path)})")
        checks = [(_duplicates(table), "EXT-20", table, _LAST[table]) for table in staged]
        checks.append((_ORPHAN_SEQUENCES, "EXT-21", SEQUENCES, "numero_dsf"))
        checks.append((_ORPHAN_ABSENCES, "EXT-22", ABSENCES, "code_sequence"))
        checks.append((_SUMS, "EXT-23", SEQUENCES, "heures_absence_non_financables"))
        checks.append((_EMPTY_DSF, "EXT-24", DSF, "numero_dsf"))
        for query, code, table, column in checks:
            note(connection, query, code=code, column=column, place=places[table], problems=problems)


def _duplicates(table: str) -> str:
    """EXT-20: a key met twice. Hashes are grouped first (eight bytes a row, not its texts), then looked at exactly."""
    keys = ", ".join(UNIQUE[table])
    return f"""
        WITH suspects AS (SELECT hash({keys}) AS h FROM {table} GROUP BY h HAVING count(*) > 1),
        ranked AS (
            SELECT {LIGNE}, {_LAST[table]} AS valeur, min({LIGNE}) OVER (PARTITION BY {keys}) AS premiere
            FROM {table} WHERE hash({keys}) IN (SELECT h FROM suspects)
              AND {" AND ".join(f"{key} IS NOT NULL" for key in UNIQUE[table])}
        )
        SELECT {LIGNE} AS ligne, valeur, premiere::VARCHAR AS detail FROM ranked WHERE {LIGNE} > premiere"""


# EXT-21: nobody could say whose séquence it is, nor whether its DSF is validée.
_ORPHAN_SEQUENCES = f"""
    SELECT {LIGNE} AS ligne, numero_dsf AS valeur, '' AS detail FROM sequences ANTI JOIN dsf USING (cle_dsf)
    WHERE cle_dsf IS NOT NULL"""

# EXT-22: an absence stands in a séquence of the trainee's plan.
_ORPHAN_ABSENCES = f"""
    SELECT {LIGNE} AS ligne, code_sequence AS valeur, '' AS detail
    FROM absences ANTI JOIN sequences USING (cle_dsf, cle_de, cle_sequence)
    WHERE cle_dsf IS NOT NULL AND cle_de IS NOT NULL AND cle_sequence IS NOT NULL"""

# EXT-23: completed absences count too (contract §5, settled points). Where hours of an absence could not
# be read there is a finding already.
_SUMS = f"""
    WITH sums AS (
        SELECT cle_dsf, cle_de, cle_sequence, sum(heures_non_financables) AS total,
               count(*) = count(heures_non_financables) AS lues
        FROM absences GROUP BY ALL
    )
    SELECT sequences.{LIGNE} AS ligne,
           printf('%d.%02d', heures_absence_non_financables // 100, heures_absence_non_financables % 100) AS valeur,
           printf('%d.%02d', (coalesce(total, 0) // 100)::BIGINT, (coalesce(total, 0) % 100)::BIGINT) AS detail
    FROM sequences LEFT JOIN sums USING (cle_dsf, cle_de, cle_sequence)
    WHERE heures_absence_non_financables <> coalesce(total, 0) AND coalesce(lues, true)"""


# EXT-24: a DSF has hours. Where a séquence's DSF could not be read there is a finding already.
_EMPTY_DSF = f"""
    SELECT {LIGNE} AS ligne, numero_dsf AS valeur, '' AS detail FROM dsf ANTI JOIN sequences USING (cle_dsf)
    WHERE cle_dsf IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sequences WHERE cle_dsf IS NULL)"""


def note(connection: Connection, query: str, *, code: str, column: str, place: Place, problems: Problems) -> None:
    """Count the rows of ``query`` (ligne, valeur, detail) exactly, list the first of them."""
    found = connection.fetch(f"SELECT *, count(*) OVER () AS n FROM ({query}) ORDER BY ligne LIMIT {CAP_PER_RULE}")
    if found.num_rows:
        listed = [
            Problem(code, place.fichier, place.feuille, row["ligne"], column, row["valeur"] or "", row["detail"])
            for row in found.to_pylist()
        ]
        problems.extend(code, found.column("n")[0].as_py(), listed)
