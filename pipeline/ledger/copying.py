"""A ledger elsewhere: its copy for a run that is only tried, and its move to another database.

What is copied is read in one view and written in one transaction, then compared row by row before that one is committed. The
ledger that was moved is closed for good: two that go on from one past would complete absences twice.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Table, select

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.errors import StateHalt
from pipeline.ledger import bulk, migrations, schema
from pipeline.ledger.base import Opened, database, place
from pipeline.ledger.database import Database
from pipeline.ledger.sqlite import Sqlite
from pipeline.settings import Settings
from pipeline.workspace import Workspace

PORTION = 500
"""Rows in memory at once: some hold whole documents."""

OCCUPIED = Text(
    "La base de destination contient déjà un autre registre, ou une copie qui n'est plus celle-ci. Donnez une base vide.",
    "The database to move to holds another ledger already, or a copy that is no longer this one. Give an empty database.",
)


def copy_to(workspace: Workspace, settings: Settings, target: Path) -> None:
    """Copy the workspace's ledger, in one consistent view, to a file of SQLite; nothing when there is none yet."""
    source = place(workspace, settings)
    if source is not None and not source.exists():
        return
    if source is None:
        with Opened(database(workspace, settings)) as book:
            _copy(book, Sqlite(target))
        return
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as before,
        closing(sqlite3.connect(target)) as after,
    ):
        before.backup(after)


def move(book: Opened, target: Database) -> dict[str, int]:
    """Copy an open ledger into ``target``, then close it for good; rows of each table.

    ``target`` holds nothing yet, or what an earlier move that was stopped has copied. Raises ``StateHalt`` for any other.
    """
    counts = _copy(book, target)
    disk.reached("ledger: moved")
    with book.writing() as connection:
        connection.execute(schema.meta.update().values(schema_version=migrations.MOVED))
    return counts


def _copy(book: Opened, target: Database) -> dict[str, int]:
    connection = target.connect()
    try:
        with book.reading() as source, target.writing(connection) as copy:
            if migrations.is_new(copy):
                migrations.create(copy)
                for table in schema.metadata.sorted_tables:
                    disk.reached(f"ledger: copy {table.name}")
                    for portion in source.execute(select(table)).mappings().partitions(PORTION):
                        bulk.insert(copy, table, map(dict, portion))
            return {table.name: _same(source, copy, table) for table in schema.metadata.sorted_tables}
    finally:
        connection.close()


def _same(source: Connection, copy: Connection, table: Table) -> int:
    """How many rows a table has, here and there; raises ``StateHalt`` unless each is the same."""
    query = select(table).order_by(*table.primary_key)
    rows, copies = (one.execute(query).partitions(PORTION) for one in (source, copy))
    number = 0
    for mine in rows:
        if mine != next(copies, None):
            raise StateHalt(OCCUPIED)
        number += len(mine)
    if next(copies, None) is not None:
        raise StateHalt(OCCUPIED)
    return number
