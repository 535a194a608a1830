"""A ledger elsewhere: its copy for a run that is only tried, and its move to another database.

What is copied is read in one view and written in one transaction, then compared row by row before that one is committed. The
ledger that was moved is closed for good: two that go on from one past would complete absences twice.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.errors import StateHalt
from pipeline.ledger import bulk, migrations, schema
from pipeline.ledger.base import Opened, located, place
from pipeline.ledger.database import WAIT, Database
from pipeline.ledger.sqlite import Sqlite, refusals_said
from pipeline.settings import Settings
from pipeline.workspace import Workspace

PORTION = 500
"""Rows in memory at once: some hold whole documents."""

OCCUPIED = Text(
    "La base de destination contient déjà un autre registre, ou une copie qui n'est plus celle-ci. Donnez une base vide.",
    "The database to move to holds another ledger already, or a copy that is no longer this one. Give an empty database.",
)
SAME = Text(
    "Le registre est déjà à cette adresse : rien n'a été déplacé.",
    "The ledger is at this address already: nothing was moved.",
)


def copy_to(workspace: Workspace, settings: Settings, target: Path) -> None:
    """Copy the workspace's ledger, in one consistent view, to a file of SQLite; nothing when there is none yet."""
    source = place(workspace, settings)
    if source is not None and not source.exists():
        return
    if source is None:
        with Opened(located(workspace, settings)) as book:
            double = Sqlite(target)
            with closing(double.connect()) as connection:
                _copied(book, double, connection)
        return
    with (
        refusals_said(WAIT),
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT)) as before,
        closing(sqlite3.connect(target)) as after,
    ):
        before.execute("BEGIN")
        before.execute(
            "SELECT 1 FROM sqlite_master"
        ).fetchone()  # a run that commits waits from here on, or is waited for now
        before.backup(after)


def copy(book: Opened, target: Database) -> dict[str, int]:
    """Copy an open ledger into ``target``; rows of each table. The caller holds the lock of the run.

    ``target`` has nothing yet, or what an earlier move that was stopped has copied. Raises ``StateHalt`` for anything else, and
    where it turns out to be the very database that ``book`` is in, under another name.
    """
    with closing(target.connect()) as connection:
        there = _fence(target, connection)
        _ = book.fence  # whoever else is still at work on it is overtaken
        if there is not None and _fence(target, connection) != there:
            raise StateHalt(SAME)
        return _copied(book, target, connection)


def close_for_good(book: Opened, target: Database) -> None:
    """No program opens this ledger again: it goes on in ``target``, where what the clerk said since ``copy`` follows it.

    Raises ``HeadMoved`` where a run has taken over since ``copy``: what that one records is not in the copy.
    """
    disk.reached("ledger: moved")
    with closing(target.connect()) as connection, book.writing(fenced=True) as here:
        with target.writing(connection) as there:
            _told(here, there)
            _same(here, there, schema.saisies)
        here.execute(schema.meta.update().values(schema_version=migrations.MOVED))


def _fence(target: Database, connection: Connection) -> int | None:
    with target.reading(connection):
        if migrations.is_new(connection):
            return None
        fence: int = connection.execute(select(schema.meta.c.barriere)).scalar_one()
        return fence


def _copied(book: Opened, target: Database, connection: Connection) -> dict[str, int]:
    tables = schema.metadata.sorted_tables
    with book.reading() as source, target.writing(connection) as copies:
        if migrations.is_new(copies):
            migrations.create(copies)
            for table in tables:
                disk.reached(f"ledger: copy {table.name}")
                for portion in _portions(source, select(table)):
                    bulk.insert(copies, table, (dict(row._mapping) for row in portion))
        else:
            copies.execute(
                schema.meta.update().values(barriere=source.execute(select(schema.meta.c.barriere)).scalar_one())
            )
            _told(source, copies)
        return {table.name: _same(source, copies, table) for table in tables}


def _told(source: Connection, copies: Connection) -> None:
    """What the clerk has said since: the only table that is written to without the lock of the run."""
    said = schema.saisies
    known = {tuple(row) for row in copies.execute(select(*said.primary_key))}
    new = (row for row in source.execute(select(said)) if (row.complement, row.rang) not in known)
    bulk.insert(copies, said, (dict(row._mapping) for row in new))


def _portions(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    """What a question finds, so many rows at a time: a driver may take all of them into memory unless it is told."""
    with connection.execute(query, execution_options={"yield_per": PORTION}) as rows:
        yield from rows.partitions()


def _same(source: Connection, copy: Connection, table: Table) -> int:
    """How many rows a table has, here and there; raises ``StateHalt`` unless each is the same."""
    query = select(table).order_by(*table.primary_key)
    rows, copies = _portions(source, query), _portions(copy, query)
    number = 0
    for mine in rows:
        if mine != next(copies, None):
            raise StateHalt(OCCUPIED)
        number += len(mine)
    if next(copies, None) is not None:
        raise StateHalt(OCCUPIED)
    return number
