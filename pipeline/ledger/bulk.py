"""Many rows at once, in the way that each database does fast. All that is written to a table of the ledger goes through here.

SQLite prepares a statement once and runs it for each row; keys that a question carries go into a temporary table. PostgreSQL
takes columns as arrays, one statement for all rows: over a network each statement costs a round trip. A row that is there already
is left out and missed in the count, for the server would write the keys of persons into its log otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Delete,
    FromClause,
    Integer,
    MetaData,
    Table,
    Update,
    and_,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from pipeline.bilingual import Text
from pipeline.errors import StateHalt
from pipeline.ledger import schema

TWICE = Text(
    "Le registre refuse une décision parce qu'il contient déjà l'un de ses éléments : rien n'a été émis. "
    "Lancez `dsf verify` et signalez ce message.",
    "The ledger refuses a decision because it holds one of its entries already: nothing was emitted. Run `dsf verify` and report "
    "this message.",
)
PORTION = 10_000
"""Rows written by one statement."""

Row = Mapping[str, Any]

_temporary = MetaData()


def total(column: ColumnElement[int]) -> ColumnElement[int]:
    """The sum of a column, 0 over no rows; whole, which PostgreSQL's own sum of whole numbers is not."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def insert(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Add rows that all have the same columns; raises ``StateHalt`` when one of their keys is there already."""
    left = iter(rows)
    while portion := list(islice(left, PORTION)):
        if connection.dialect.name == "sqlite":
            connection.execute(table.insert(), portion)
            continue
        names = list(portion[0])
        given = select(_arrays(table, names, portion))
        added = postgresql.insert(table).from_select(names, given).on_conflict_do_nothing()
        if connection.execute(added, execution_options={"preserve_rowcount": True}).rowcount != len(portion):
            raise StateHalt(TWICE)


def update(connection: Connection, table: Table, by: Sequence[str], rows: Iterable[Row]) -> None:
    """Give the other columns of each of ``rows`` to the row of the table that has the same values in the columns ``by``."""
    _each(connection, table, by, rows, table.update())


def rekey(connection: Connection, table: Table, changes: Sequence[tuple[Row, Row]]) -> None:
    """Give some rows other values in columns of their own key: each as it is, and what becomes of it."""
    if not changes:
        return
    keys = [column.name for column in table.primary_key]
    same = and_(*(table.c[name] == bindparam(f"_{name}") for name in keys))
    new: dict[Any, Any] = {name: bindparam(name) for name in changes[0][1]}
    values = [{**{f"_{name}": before[name] for name in keys}, **after} for before, after in changes]
    connection.execute(table.update().where(same).values(new), values)


def delete(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Delete the rows of the table that have the values of one of ``rows``."""
    _each(connection, table, (), rows, table.delete())


def _each(
    connection: Connection, table: Table, by: Sequence[str], rows: Iterable[Row], change: Update | Delete
) -> None:
    left = iter(rows)
    while portion := list(islice(left, PORTION)):
        names = list(portion[0])
        keys = by or names
        if connection.dialect.name == "sqlite":
            given: Any = {name: bindparam(f"_{name}", type_=table.c[name].type) for name in names}
            values = [{f"_{name}": value for name, value in row.items()} for row in portion]
        else:
            given, values = _arrays(table, names, portion).c, None
        one = change.where(*(table.c[name] == given[name] for name in keys))
        if isinstance(one, Update):
            one = one.values({name: given[name] for name in names if name not in keys})
        connection.execute(one, values)


def asked(connection: Connection, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> FromClause:
    """The keys that a question carries, as a table of the columns ``columns`` for this transaction; each row once.

    ``name``: another one for each table that one question needs.
    """
    distinct = list(dict.fromkeys(tuple(row) for row in rows))
    if connection.dialect.name != "sqlite":
        keys = Table(name, MetaData(), *[Column(column, schema.CodePoints) for column in columns])
        return _arrays(keys, columns, [dict(zip(columns, row, strict=True)) for row in distinct], name)
    table = _temporary.tables.get(name)
    if table is None:
        made = [Column(column, schema.CodePoints, primary_key=True) for column in columns]
        table = Table(name, _temporary, *made, prefixes=["TEMPORARY"])
    if not connection.dialect.has_table(connection, name):
        table.create(connection, checkfirst=False)
    connection.execute(table.delete())
    if distinct:
        connection.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in distinct])
    return table


def _arrays(table: Table, names: Sequence[str], rows: Sequence[Row], called: str = "donne") -> FromClause:
    """The rows as what PostgreSQL makes of one array a column."""
    arrays = [
        bindparam(None, [row[name] for row in rows], type_=postgresql.ARRAY(_item(table.c[name].type)), unique=True)
        for name in names
    ]
    columns = [Column(name, table.c[name].type) for name in names]
    return func.unnest(*arrays).table_valued(*columns, name=called).render_derived()


def _item(of: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type of an array's items; the collation is the column's business."""
    return BigInteger() if isinstance(of, Integer) else of
