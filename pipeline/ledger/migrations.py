"""From an empty file, or an older schema, to the present one, in one transaction. Source: reliability C14.

A new version adds a function to ``STEPS`` that leads from the version before, and raises ``schema.SCHEMA``. Steps 1 and 2 know
SQLite only: no ledger was ever in PostgreSQL at those versions.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, inspect, select

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.errors import LedgerHalt
from pipeline.ledger import bulk, protection, schema

NEWER = Text(
    "Le registre est d'une version plus récente que ce programme (schéma {found}, connu : {known}). "
    "Installez la version du programme qui l'a écrit, ou une plus récente.",
    "The ledger is of a newer version than this program (schema {found}, known: {known}). Install the version of the program "
    "that wrote it, or a newer one.",
)
GONE = Text(
    "Ce registre a été déplacé (dsf ledger move) : il ne sert plus. Mettez sa nouvelle adresse dans le réglage ledger de "
    "dsf.toml.",
    "This ledger was moved (dsf ledger move): it is of no more use. Put its new address into the setting ledger of dsf.toml.",
)
UNKNOWN = Text(
    "Le registre est d'une version que ce programme ne sait pas reprendre (schéma {found}). Demandez l'aide du support.",
    "The ledger is of a version that this program cannot take over (schema {found}). Ask for support.",
)


def _absences_with_their_dates(connection: Connection) -> None:
    """1 → 2: an absence is its keys and its dates; hours know what was there before; what was typed, seen, tried, waits."""
    protection.lift(connection)
    connection.exec_driver_sql("ALTER TABLE absences RENAME TO absences_1")
    made = (schema.saisies, schema.vues, schema.depots_essai, schema.ecartes, schema.attentes)
    for table in (schema.absences, *made):
        disk.reached(f"ledger: migrate {table.name}")
        table.create(connection)
    names = ", ".join(c.name for c in schema.absences.c if c.name != "financables_avant")
    connection.exec_driver_sql(f"INSERT INTO absences ({names}) SELECT {names} FROM absences_1")
    disk.reached("ledger: migrate copied")
    connection.exec_driver_sql("DROP TABLE absences_1")
    connection.exec_driver_sql("ALTER TABLE heures ADD COLUMN realisees_avant INTEGER")
    connection.exec_driver_sql("ALTER TABLE complements ADD COLUMN extrait_du TEXT")
    protection.protect(connection)


def _what_is_open(connection: Connection) -> None:
    """2 → 3: which deposit a correction comes from, and what deposits leave open; of earlier ones nothing is known."""
    protection.lift(connection)
    for table in (schema.origines, schema.ouvertes):
        disk.reached(f"ledger: migrate {table.name}")
        table.create(connection)
    for index in (*schema.depots.indexes, *schema.complements.indexes):
        index.create(connection, checkfirst=True)
    protection.protect(connection)


def _what_is_erased(connection: Connection) -> None:
    """3 → 4: persons may be erased, and what was erased is known; who is to be told of a return."""
    protection.lift(connection)
    for table in (schema.effacements, schema.avis):
        disk.reached(f"ledger: migrate {table.name}")
        table.create(connection)
    for column in (schema.complements.c.efface_le, schema.complements.c.efface_sha256):
        kind = column.type.compile(connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE complements ADD COLUMN {column.name} {kind}")
    protection.protect(connection)


STEPS: Mapping[int, Callable[[Connection], None]] = {
    1: _absences_with_their_dates,
    2: _what_is_open,
    3: _what_is_erased,
}
"""Version before → what leads to the next one."""


MOVED = 0
"""Version of a ledger that was moved elsewhere: no program opens it again."""


def is_new(connection: Connection) -> bool:
    """Whether the database has no ledger yet."""
    return not inspect(connection).has_table(schema.meta.name)


def bring_up_to_date(connection: Connection) -> None:
    """Make or migrate the tables inside the caller's transaction; raises ``LedgerHalt`` for a schema that is newer."""
    if is_new(connection):
        create(connection)
        _begin(connection)
        return
    found = connection.execute(select(schema.meta.c.schema_version)).scalar_one()
    if found > schema.SCHEMA:
        raise LedgerHalt(NEWER.fill(found=found, known=schema.SCHEMA))
    if found == MOVED:
        raise LedgerHalt(GONE)
    while found < schema.SCHEMA:
        if found not in STEPS:
            raise LedgerHalt(UNKNOWN.fill(found=found))
        disk.reached(f"ledger: migrate from {found}")
        STEPS[found](connection)
        found += 1
        connection.execute(schema.meta.update().values(schema_version=found))


def create(connection: Connection) -> None:
    """Make the tables and what guards them, without a row."""
    disk.reached("ledger: create")
    schema.metadata.create_all(connection)
    protection.protect(connection)


def _begin(connection: Connection) -> None:
    """The row that makes empty tables a ledger of its own."""
    row = {
        "id": 1,
        "uuid": str(uuid.uuid4()),
        "schema_version": schema.SCHEMA,
        "barriere": 0,
        "cree_le": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    bulk.insert(connection, schema.meta, [row])
