"""What is issued is neither deleted nor changed, by anybody's hand, wherever the ledger is (reliability C20)."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Integer, LargeBinary

from pipeline.ledger import schema
from pipeline.ledger.records import Decision, OpenLine, WaitCount
from pipeline.pseudonyms import Pseudonyms
from tests.servers.postgres import Server
from tests.world import DAY, SETTINGS, decisions, workspace

REFUSED = (sqlite3.IntegrityError, psycopg.errors.IntegrityError)
ByHand = Callable[[str], list[tuple[Any, ...]]]
"""Somebody's own statement, past the program: the rows that it finds."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A connection to a ledger in which every table has a row."""
    space, settings = workspace(tmp_path_factory.mktemp("ws")), replace(SETTINGS, ledger="")
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        name = server.database()
        settings = replace(SETTINGS, ledger=server.url(name))
    with decisions.opened(space, settings) as book:
        run = decisions.begin(book)
        waits = (WaitCount("dsf-2", "REF-01", 1, 700),)
        decisions.decide(space, book, run, "DSF-1-C01", decisions.absence(), decisions.hours(), attentes=waits)
        book.commit(Decision(run, (decisions.deposit("D-essai", essai=True),), avis=True), book.head())
        left = (OpenLine("Feuil1", 2, b"k", "corriger", "LIG-04", 0), OpenLine("Feuil1", 3, None, "retenue", "", 0))
        correction = decisions.deposit("D-2", origine="D-DSF-1-C01", ouvertes=left)
        taken_up = decisions.deposit("D-3", cles=frozenset([b"k"]))
        book.commit(Decision(run, (correction, taken_up)), book.head())
        book.enter("DSF-1-C01", kairos="K-1", day=DAY)
        book.see([1], extract="extrait-2", day=DAY)
        book.note_key(Pseudonyms(b"secret"), DAY)
        book.finish_run(run)
    here = sqlite3.connect(space.ledger, isolation_level=None) if not settings.ledger else server.connect(name)
    with closing(here) as connection:
        yield connection


@pytest.fixture
def by_hand(base: Any) -> Iterator[ByHand]:
    def do(statement: str) -> list[tuple[Any, ...]]:
        cursor = base.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []

    do("BEGIN")
    yield do
    base.execute("ROLLBACK")


KEPT = [t.name for t in schema.metadata.sorted_tables if t.name not in ("arrivees", "essais", "ecartes")]


@pytest.mark.parametrize("table", KEPT)
def test_C20_nothing_issued_can_be_deleted(by_hand: ByHand, table: str) -> None:
    assert by_hand(f"SELECT count(*) FROM {table}")[0][0]
    with pytest.raises(REFUSED, match="ne se modifie pas"):
        by_hand(f"DELETE FROM {table}")


FREE = {
    "meta": {"schema_version", "barriere"},
    "depots": {"retire"},
    "depots_essai": {"retire"},
    "publications": {"etat"},
    "ouvertes": {"reprise", "cle"},
    "avis": {"etat", "tentatives", "note_le"},
}


def other(column: Any) -> str:
    """Another value, of a kind that the column takes in both databases."""
    kinds = {Integer: "-7", LargeBinary: "CAST('autre' AS BYTEA)"}
    kind = column.type.impl if isinstance(column.type, schema.PathBytes) else column.type
    return next((value for of, value in kinds.items() if isinstance(kind, of)), "'autre'")


@pytest.mark.parametrize(
    ("table", "column"),
    [(t, c.name) for t in KEPT for c in schema.metadata.tables[t].c if c.name not in FREE.get(t, set())],
)
def test_C20_nothing_issued_can_be_changed(by_hand: ByHand, table: str, column: str) -> None:
    with pytest.raises(REFUSED):
        by_hand(f"UPDATE {table} SET {column} = {other(schema.metadata.tables[table].c[column])}")


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("UPDATE publications SET etat = 'PUBLISHED'", "UPDATE publications SET etat = 'STAGED'"),
        ("UPDATE depots SET retire = 1", "UPDATE depots SET retire = 0"),
        ("UPDATE depots_essai SET retire = 1", "UPDATE depots_essai SET retire = 0"),
        ("UPDATE ouvertes SET reprise = 'D-3' WHERE reprise IS NULL", "UPDATE ouvertes SET reprise = NULL"),
        ("UPDATE avis SET etat = 'ENVOYE'", "UPDATE avis SET etat = 'A_ENVOYER'"),
        ("UPDATE meta SET barriere = 99", "UPDATE meta SET barriere = 1"),
    ],
)
def test_C20_states_go_forwards_only(by_hand: ByHand, there: str, back: str) -> None:
    by_hand(there)
    with pytest.raises(REFUSED, match="ne se modifie pas"):
        by_hand(back)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("UPDATE ouvertes SET cle = NULL", "UPDATE ouvertes SET cle = CAST('k' AS BYTEA)"),
        ("UPDATE absences SET cle_de = 'empreinte:1'", "UPDATE absences SET cle_de = 'empreinte:2'"),
        ("UPDATE heures SET cle_de = 'empreinte:1'", "UPDATE heures SET cle_de = 'de-1'"),
        ("UPDATE attentes SET cle_dsf = 'empreinte:1'", "UPDATE attentes SET cle_dsf = 'dsf-2'"),
        (
            "UPDATE complements SET payload = CAST('x' AS BYTEA), efface_le = '2026-01-01', efface_sha256 = 'x'",
            "UPDATE complements SET payload = CAST('y' AS BYTEA), efface_le = '2026-01-01', efface_sha256 = 'x'",
        ),
    ],
)
def test_C20_persons_are_erased_once_and_never_come_back(by_hand: ByHand, there: str, back: str) -> None:
    by_hand(there)
    with pytest.raises(REFUSED, match="ne se modifie pas"):
        by_hand(back)


@pytest.mark.parametrize("base", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", KEPT)
def test_C20_nothing_issued_can_be_emptied_at_a_stroke(by_hand: ByHand, table: str) -> None:
    with pytest.raises(REFUSED, match="ne se modifie pas"):
        by_hand(f"TRUNCATE {table} CASCADE")
