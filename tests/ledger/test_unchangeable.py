"""What is issued is neither deleted nor changed, by anybody's hand (reliability C20)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.ledger import schema
from pipeline.ledger.records import Decision, OpenLine, WaitCount
from tests.world import DAY, decisions, workspace


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    space = workspace(tmp_path_factory.mktemp("ws"))
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        waits = (WaitCount("dsf-2", "REF-01", 1, 700),)
        decisions.decide(space, book, run, "DSF-1-C01", decisions.absence(), decisions.hours(), attentes=waits)
        book.commit(Decision(run, (decisions.deposit("D-essai", essai=True),)), book.head())
        left = (OpenLine("Feuil1", 2, b"k", "corriger", "LIG-04", 0), OpenLine("Feuil1", 3, None, "retenue", "", 0))
        correction = decisions.deposit("D-2", origine="D-DSF-1-C01", ouvertes=left)
        taken_up = decisions.deposit("D-3", cles=frozenset([b"k"]))
        book.commit(Decision(run, (correction, taken_up)), book.head())
        book.enter("DSF-1-C01", kairos="K-1", day=DAY)
        book.see([1], extract="extrait-2", day=DAY)
        book.finish_run(run)
    return space.ledger


@pytest.fixture
def by_hand(place: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        yield connection
        connection.rollback()


KEPT = [t.name for t in schema.metadata.sorted_tables if t.name not in ("arrivees", "essais", "ecartes")]


@pytest.mark.parametrize("table", KEPT)
def test_C20_nothing_issued_can_be_deleted(by_hand: sqlite3.Connection, table: str) -> None:
    assert by_hand.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    with pytest.raises(sqlite3.IntegrityError, match="ne se modifie pas"):
        by_hand.execute(f"DELETE FROM {table}")


FREE = {
    "meta": {"schema_version", "barriere"},
    "depots": {"retire"},
    "depots_essai": {"retire"},
    "publications": {"etat"},
    "ouvertes": {"reprise"},
}


@pytest.mark.parametrize(
    ("table", "column"),
    [(t, c.name) for t in KEPT for c in schema.metadata.tables[t].c if c.name not in FREE.get(t, set())],
)
def test_C20_nothing_issued_can_be_changed(by_hand: sqlite3.Connection, table: str, column: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        by_hand.execute(f"UPDATE {table} SET {column} = 'autre'")


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("UPDATE publications SET etat = 'PUBLISHED'", "UPDATE publications SET etat = 'STAGED'"),
        ("UPDATE depots SET retire = 1", "UPDATE depots SET retire = 0"),
        ("UPDATE depots_essai SET retire = 1", "UPDATE depots_essai SET retire = 0"),
        ("UPDATE ouvertes SET reprise = 'D-3' WHERE reprise IS NULL", "UPDATE ouvertes SET reprise = NULL"),
        ("UPDATE meta SET barriere = 99", "UPDATE meta SET barriere = 1"),
    ],
)
def test_C20_states_go_forwards_only(by_hand: sqlite3.Connection, there: str, back: str) -> None:
    by_hand.execute(there)
    with pytest.raises(sqlite3.IntegrityError, match="ne se modifie pas"):
        by_hand.execute(back)
