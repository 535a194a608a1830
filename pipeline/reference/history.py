"""A new extract against what was known: what it replaces, what it would remove, and the state once it is in."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from pipeline.pseudonyms import MARK, Pseudonyms
from pipeline.reference.crosscheck import note
from pipeline.reference.engine import Connection, literal
from pipeline.reference.model import Load, Problems
from pipeline.reference.schema import DATED, LIGNE, current_schema
from pipeline.reference.store import COMPLETED, CURRENT
from pipeline.reference.tables import Place
from schemas.extracts import ABSENCES, DSF, SEQUENCES, UNIQUE


def table_path(root: Path, load: Load, table: str) -> Path:
    """The Parquet file of one table of one load."""
    return root / load.nom / f"{table}.parquet"


def rows_of(root: Path, loads: Sequence[Load], table: str, columns: str = "*") -> str:
    """SQL: the rows of ``table`` in each of ``loads``, with the load's ``ordre``."""
    return " UNION ALL ".join(
        f"SELECT {columns}, {load.ordre}::BIGINT AS ordre FROM read_parquet({literal(table_path(root, load, table))})"
        for load in loads
    )


def removed(connection: Connection, root: Path, loads: Sequence[Load], staged: dict[str, Path]) -> tuple[int, int]:
    """(rows that would go, rows known) of the DSF that the staged extract replaces: séquences and absences, by keys.

    Keys are compared by a 64-bit hash: the answer is held against one half, a collision would not change it.
    """
    if not loads:
        return 0, 0
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE remplacees AS
        SELECT ancien.cle_dsf, ancien.ordre, ancien.n_sequences + ancien.n_absences AS n
        FROM read_parquet({literal(table_path(root, loads[-1], CURRENT))}) ancien
        JOIN read_parquet({literal(staged["dsf"])}) nouveau USING (cle_dsf)
        WHERE nouveau.date_extraction >= ancien.date_extraction""")
    hit = {row["ordre"]: row["n"] for row in _by_load(connection)}
    sources = [load for load in loads if load.ordre in hit]
    known = sum(hit.values())
    if not known:
        return 0, 0
    kept = 0
    for table in (SEQUENCES, ABSENCES):
        keys = ", ".join(UNIQUE[table])
        new = f"read_parquet({literal(staged[table])})"
        query = f"""
            SELECT count(*) AS n FROM ({rows_of(root, sources, table, keys)})
            SEMI JOIN remplacees USING (cle_dsf, ordre) WHERE hash({keys}) IN (SELECT hash({keys}) FROM {new})"""
        kept += connection.fetch(query).column("n")[0].as_py()
    return known - kept, known


def _by_load(connection: Connection) -> list[dict[str, int]]:
    query = "SELECT ordre, sum(n)::BIGINT AS n FROM remplacees GROUP BY ordre HAVING sum(n) > 0"
    rows: list[dict[str, int]] = connection.fetch(query).to_pylist()
    return rows


def remark(
    connection: Connection,
    root: Path,
    loads: Sequence[Load],
    staged: dict[str, Path],
    places: dict[str, Place],
    notes: Problems,
) -> None:
    """Add to ``notes`` the DSF that are known by a newer extraction, and absences that were completed and now would not be."""
    if not loads:
        return
    known, completed = (f"read_parquet({literal(table_path(root, loads[-1], name))})" for name in (CURRENT, COMPLETED))
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE plus_anciennes AS
        SELECT cle_dsf, nouveau.{LIGNE}, nouveau.numero_dsf, ancien.date_extraction
        FROM read_parquet({literal(staged[DSF])}) nouveau JOIN {known} ancien USING (cle_dsf)
        WHERE nouveau.date_extraction < ancien.date_extraction""")
    older = f"""
        SELECT {LIGNE} AS ligne, numero_dsf AS valeur, strftime(date_extraction, '%Y-%m-%d') AS detail FROM plus_anciennes"""
    taken_back = f"""
        SELECT {LIGNE} AS ligne, id_absence AS valeur, '' AS detail
        FROM (SELECT * FROM read_parquet({literal(staged[ABSENCES])}) WHERE NOT deja_complementee)
        ANTI JOIN plus_anciennes USING (cle_dsf) SEMI JOIN {completed} USING ({", ".join(DATED)})"""
    note(connection, older, code="EXT-40", column="date_extraction", place=places[DSF], problems=notes)
    note(connection, taken_back, code="EXT-41", column="deja_complementee", place=places[ABSENCES], problems=notes)


def write_completed(
    connection: Connection, root: Path, loads: Sequence[Load], folder: Path, pseudonyms: Pseudonyms | None = None
) -> None:
    """Write ``completees.parquet``: the absences that the tables in ``folder`` or the loads before them say completed.

    ``pseudonyms``: those of persons who were erased, and whom the tables in ``folder`` may show again.
    """
    names = ", ".join(DATED)
    dsf, absences = (literal(folder / f"{table}.parquet") for table in (DSF, ABSENCES))
    before = ""
    if loads:
        known = f"SELECT * FROM read_parquet({literal(table_path(root, loads[-1], COMPLETED))})"
        before = f"UNION ALL {_known_again(connection, known, folder, pseudonyms) if pseudonyms else known}"
    query = f"""
        SELECT {names}, max(extrait_du) AS extrait_du FROM (
            SELECT {names}, date_extraction AS extrait_du
            FROM (SELECT * FROM read_parquet({absences}) WHERE deja_complementee)
            JOIN (SELECT cle_dsf, date_extraction FROM read_parquet({dsf})) USING (cle_dsf)
            {before}
        ) GROUP BY ALL ORDER BY {names}"""
    write(connection, query, folder / f"{COMPLETED}.parquet")


def _known_again(connection: Connection, known: str, folder: Path, pseudonyms: Pseudonyms) -> str:
    """``known`` with the name of each person who was erased and whom the séquences in ``folder`` show again."""
    sequences = f"read_parquet({literal(folder / f'{SEQUENCES}.parquet')})"
    people = connection.fetch(f"""
        SELECT DISTINCT cle_dsf, cle_de AS nom FROM {sequences}
        SEMI JOIN (SELECT * FROM ({known}) WHERE starts_with(cle_de, {literal(MARK)})) USING (cle_dsf)""")
    hidden = pa.array((pseudonyms.of(*row.values()) for row in people.to_pylist()), pa.string())
    connection.register("reconnues", people.append_column("cle_de", hidden))
    return f"""
        SELECT * EXCLUDE (nom) REPLACE (coalesce(nom, cle_de) AS cle_de)
        FROM ({known}) LEFT JOIN reconnues USING (cle_dsf, cle_de)"""


def write(connection: Connection, query: str, target: Path) -> None:
    """The rows of ``query``, as a stored table."""
    connection.execute(
        f"COPY ({query}) TO {literal(target)} (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 61440)"
    )


def write_sorted(connection: Connection, source: Path, target: Path) -> None:
    """``source`` in the order of ``cle_dsf``, then of the extract, written to ``target``."""
    write(connection, f"SELECT * FROM read_parquet({literal(source)}) ORDER BY cle_dsf, {LIGNE}", target)


def write_current(connection: Connection, root: Path, loads: Sequence[Load], new: Load, folder: Path) -> None:
    """Write ``courant.parquet`` of ``new``, whose tables stand in ``folder``.

    The newest extraction of a DSF wins; of two of one date, the later load.
    """

    def counted(table: str) -> str:
        path = literal(folder / f"{table}.parquet")
        return f"(SELECT cle_dsf, count(*) AS n_{table} FROM read_parquet({path}) GROUP BY cle_dsf)"

    names = ", ".join(current_schema().names)
    before = (
        f"UNION ALL SELECT {names} FROM read_parquet({literal(table_path(root, loads[-1], CURRENT))})" if loads else ""
    )
    query = f"""
        WITH nouvelles AS (
            SELECT * EXCLUDE ({LIGNE}, n_sequences, n_absences), {new.ordre}::BIGINT AS ordre, {literal(new.nom)} AS extrait,
                   coalesce(n_sequences, 0)::BIGINT AS n_sequences, coalesce(n_absences, 0)::BIGINT AS n_absences
            FROM read_parquet({literal(folder / "dsf.parquet")})
            LEFT JOIN {counted(SEQUENCES)} USING (cle_dsf) LEFT JOIN {counted(ABSENCES)} USING (cle_dsf)
        )
        SELECT * FROM (SELECT {names} FROM nouvelles {before})
        QUALIFY row_number() OVER (PARTITION BY cle_dsf ORDER BY date_extraction DESC, ordre DESC) = 1
        ORDER BY cle_dsf"""
    write(connection, query, folder / f"{CURRENT}.parquet")
