"""What may never happen to the tables, whoever asks: triggers refuse it, in both databases (reliability C20).

What is issued is neither deleted nor changed; states go forwards only.
"""

from collections.abc import Container

from sqlalchemy import Connection, inspect

from pipeline.ledger.schema import (
    absences,
    attentes,
    avis,
    complements,
    depots,
    depots_essai,
    dsf,
    effacements,
    extraits,
    heures,
    meta,
    origines,
    ouvertes,
    publications,
    regles,
    runs,
    saisies,
    vues,
)

_NEVER_DELETED = (
    *(meta, runs, depots, regles, dsf, attentes, extraits, complements, absences, heures, publications),
    *(saisies, vues, depots_essai, origines, ouvertes, effacements, avis),
)
_MAY_CHANGE: dict[str, tuple[frozenset[str], str]] = {
    # table: columns that may change, and what must hold when they do (NEW and OLD as in SQL; {same}: equal, or both NULL)
    "meta": (frozenset({"schema_version", "barriere"}), "NEW.barriere >= OLD.barriere"),
    "runs": (frozenset({"etat", "fin", "attente", "laisses", "durees"}), "OLD.etat = 'OUVERT'"),
    "avis": (frozenset({"etat", "tentatives", "note_le"}), "OLD.etat = 'A_ENVOYER'"),
    "depots": (frozenset({"retire"}), "NEW.retire >= OLD.retire"),
    "depots_essai": (frozenset({"retire"}), "NEW.retire >= OLD.retire"),
    "ouvertes": (
        frozenset({"reprise", "cle"}),
        "(OLD.reprise IS NULL OR NEW.reprise {same} OLD.reprise) AND (NEW.cle IS NULL OR NEW.cle {same} OLD.cle)",
    ),
    # Persons become pseudonyms, once (erasing).
    "complements": (
        frozenset({"payload", "efface_le", "efface_sha256"}),
        "OLD.efface_le IS NULL AND NEW.efface_le IS NOT NULL AND NEW.efface_sha256 IS NOT NULL",
    ),
    "absences": (
        frozenset({"cle_de"}),
        "substr(OLD.cle_de, 1, 10) <> 'empreinte:' AND substr(NEW.cle_de, 1, 10) = 'empreinte:'",
    ),
    "heures": (
        frozenset({"cle_de", "cle_pif"}),
        "substr(OLD.cle_de, 1, 10) <> 'empreinte:' AND substr(NEW.cle_de, 1, 10) = 'empreinte:'",
    ),
    "attentes": (
        frozenset({"cle_dsf"}),
        "substr(OLD.cle_dsf, 1, 10) <> 'empreinte:' AND substr(NEW.cle_dsf, 1, 10) = 'empreinte:'",
    ),
    "publications": (frozenset({"etat"}), "NEW.etat = OLD.etat OR OLD.etat = 'STAGED'"),
}
_REFUSAL = """
CREATE OR REPLACE FUNCTION registre_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
        MESSAGE = 'registre : ' || TG_TABLE_NAME || ' ne se modifie pas';
END $$"""
"""PostgreSQL's triggers call a function; its message names the table and nothing of the row."""


def lift(connection: Connection) -> None:
    """Drop the triggers, so that a migration may rebuild a table; ``protect`` makes them again in the same transaction."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in found:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    else:
        connection.exec_driver_sql("DROP FUNCTION registre_refuse CASCADE")


def protect(connection: Connection) -> None:
    """Make the triggers of the tables that there are: a later migration may add more."""
    there = set(inspect(connection).get_table_names())
    statements = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    for statement in statements(there):
        connection.exec_driver_sql(statement)


def _protected(there: Container[str], same: str) -> list[tuple[str, str]]:
    """Each table with the condition under which a change of its row is refused; ``same``: equal, or both NULL."""
    found = []
    for table in (table for table in _NEVER_DELETED if table.name in there):
        columns, holds = _MAY_CHANGE.get(table.name, (frozenset(), "0 = 1"))
        fixed = " AND ".join(f"NEW.{c.name} {same} OLD.{c.name}" for c in table.c if c.name not in columns)
        found.append((table.name, f"NOT ({fixed} AND ({holds.format(same=same)}))"))
    return found


def _sqlite(there: Container[str]) -> list[str]:
    statements = []
    for table, changed in _protected(there, "IS"):
        refusal = f"SELECT RAISE(ABORT, 'registre : {table} ne se modifie pas')"
        statements += [
            f"CREATE TRIGGER {table}_suppression BEFORE DELETE ON {table} BEGIN {refusal}; END",
            f"CREATE TRIGGER {table}_modification BEFORE UPDATE ON {table} WHEN {changed} BEGIN {refusal}; END",
        ]
    return statements


def _postgresql(there: Container[str]) -> list[str]:
    """As SQLite's; and a table is not to be emptied at one stroke either."""
    statements = [_REFUSAL]
    for table, changed in _protected(there, "IS NOT DISTINCT FROM"):
        refuse = "EXECUTE FUNCTION registre_refuse()"
        statements += [
            f"CREATE TRIGGER {table}_suppression BEFORE DELETE ON {table} FOR EACH ROW {refuse}",
            f"CREATE TRIGGER {table}_vidage BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
            f"CREATE TRIGGER {table}_modification BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({changed}) {refuse}",
        ]
    return statements
