"""What the reference may forget: all that extracts said of a DSF longer ago than persons are kept. Source: contract §8.

A load keeps its name, the hashes of its sources and what it has of other DSF. That an absence was said completed stays known,
under the pseudonym of its DE: ``history.write_completed`` knows it again when an extract shows that DSF again.
"""

import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow as pa

from pipeline import disk
from pipeline.pseudonyms import MARK, Pseudonyms
from pipeline.reference import store
from pipeline.reference.engine import Connection, connect, literal, spill
from pipeline.reference.history import table_path, write
from pipeline.reference.model import Load
from pipeline.reference.schema import LIGNE
from pipeline.reference.store import COMPLETED, CURRENT
from pipeline.workspace import Workspace
from schemas.extracts import DSF, TABLES

LABEL = "reference"


@dataclass(frozen=True)
class Forgotten:
    """What was, or would be, erased: DSF, loads that had them, archived extracts; ``sirets``: whose DSF they were."""

    dsf: int = 0
    loads: tuple[str, ...] = ()
    archives: int = 0
    sirets: frozenset[str] = frozenset()


def forget(
    workspace: Workspace, before: date, kept: Collection[str], pseudonyms: Pseudonyms | None, *, dry_run: bool = False
) -> Forgotten:
    """Erase what was extracted before that day, but of the DSF ``kept`` (keys); the caller holds the lock of the run.

    Whole or not at all, load by load: killed on the way, the next call goes on.
    """
    store.remove_stale(workspace)
    asked = pa.table({"cle_dsf": pa.array(sorted(kept), pa.string())})
    dsf: set[str] = set()
    sirets: set[str] = set()
    changed = []
    for load in store.loads(workspace):
        with connect(spill(workspace.reference)) as connection:
            connection.register("gardees", asked)
            old = _old(connection, workspace.reference, load, before)
            if not old.num_rows:
                continue
            dsf.update(old.column("cle_dsf").to_pylist())
            for name in ("siret_titulaire", "siret_dispensateur"):
                sirets.update(filter(None, old.column(name).to_pylist()))
            changed.append(load.nom)
            if pseudonyms and not dry_run:
                _rewrite(workspace, connection, load, pseudonyms)
    archives = _archives(workspace, before)
    for folder in archives if not dry_run else ():
        disk.remove_folder(folder, LABEL)
    return Forgotten(len(dsf), tuple(changed), len(archives), frozenset(sirets))


def _old(connection: Connection, root: Path, load: Load, before: date) -> pa.Table:
    """What a load has of DSF as they were before that day, its own and those it knows of; table ``perimees``: their keys.

    Of its own tables and of ``courant`` each is asked for itself: a later load may have the DSF anew.
    """
    columns = "cle_dsf, siret_titulaire, siret_dispensateur, date_extraction"
    own, current = (f"read_parquet({literal(table_path(root, load, name))})" for name in (DSF, CURRENT))
    limit = f"date_extraction < TIMESTAMP {literal(before.isoformat())}"
    for name, rows in (("anciennes", own), ("depassees", current)):
        connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE {name} AS
            SELECT {columns} FROM (SELECT * FROM {rows} WHERE {limit}) ANTI JOIN gardees USING (cle_dsf)""")
    return connection.fetch("SELECT * FROM anciennes UNION SELECT * FROM depassees ORDER BY cle_dsf")


def _rewrite(workspace: Workspace, connection: Connection, load: Load, pseudonyms: Pseudonyms) -> None:
    """The folder of a load without the rows found by ``_old``, in the place of the one that has them, in one step."""
    root, building = workspace.reference, store.new_building(workspace)
    for table in (*TABLES, CURRENT):
        gone, order = ("depassees", "cle_dsf") if table == CURRENT else ("anciennes", f"cle_dsf, {LIGNE}")
        rows = f"read_parquet({literal(table_path(root, load, table))}) ANTI JOIN {gone} USING (cle_dsf)"
        write(connection, f"SELECT * FROM {rows} ORDER BY {order}", building / f"{table}.parquet")
    completed = f"read_parquet({literal(table_path(root, load, COMPLETED))})"
    still = f"(SELECT cle_dsf FROM read_parquet({literal(building / f'{CURRENT}.parquet')}))"
    named = connection.fetch(f"""
        SELECT DISTINCT cle_dsf, cle_de FROM (SELECT * FROM {completed} WHERE NOT starts_with(cle_de, {literal(MARK)}))
        ANTI JOIN {still} USING (cle_dsf)""")
    hidden = [pseudonyms.of(*row.values()) for row in named.to_pylist()]
    connection.register("caches", named.append_column("cache", pa.array(hidden, pa.string())))
    query = f"""
        SELECT * EXCLUDE (cache) REPLACE (coalesce(cache, cle_de) AS cle_de)
        FROM {completed} LEFT JOIN caches USING (cle_dsf, cle_de) ORDER BY ALL"""
    write(connection, query, building / f"{COMPLETED}.parquet")
    rest = replace(load, stockes=store.stored(building))
    store.write_manifest(building, rest)
    disk.flush([*sorted(building.glob("*.*")), building], LABEL)
    disk.exchange(building, root / load.nom, LABEL)
    disk.flush([root], LABEL)
    shutil.rmtree(building)


def _archives(workspace: Workspace, before: date) -> list[Path]:
    """Folders of archived extracts that are older: what a DSF still needs is in the loads."""
    names = {load.nom for load in store.loads(workspace) if load.date_extraction.date() < before}
    folders = (store.archive_of(workspace) / name for name in sorted(names))
    return [folder for folder in folders if folder.is_dir()]
