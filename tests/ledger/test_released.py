"""A ledger of every released schema is led up to the present one, whole or not at all (reliability C14)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.ledger import chain
from pipeline.workspace import Workspace
from tests.world import SETTINGS, workspace

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))


class Dies(Exception):
    """Stands in for the death of the process."""


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def space(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    """A workspace whose ledger is as that release left it: two complements on one DSF, all emitted."""
    made = workspace(tmp_path)
    with closing(sqlite3.connect(made.ledger)) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
    return made


def told(space: Workspace) -> tuple[object, ...]:
    """What no migration may change."""
    with closing(sqlite3.connect(space.ledger)) as connection:
        return tuple(
            connection.execute(query).fetchall()
            for query in (
                "SELECT uuid FROM meta",
                "SELECT seq, numero, cle_dsf, rang, payload, sha256, maillon FROM complements ORDER BY seq",
                "SELECT cle_dsf, cle_de, cle_sequence, cle_absence, date_debut, date_fin, heures FROM absences ORDER BY 4",
                "SELECT cle_dsf, cle_de, cle_sequence, date_debut, date_fin, heures, complement FROM heures",
                "SELECT numero, siret, sha256, verdicts FROM depots ORDER BY ordre",
            )
        )


def test_C14_nothing_is_lost_on_the_way_up(space: Workspace) -> None:
    before = told(space)
    with ledger.open(space, SETTINGS) as book:
        assert book.head().seq == 2
        entries = book.entries(["dsf-1"], [])
        assert sorted(entries.absences["cle_absence"]) == ["a1", "a2"]
        assert entries.absences["financables_avant"].isna().all()
        link = ""
        for row in book.complements():
            link = chain.link(link, row.seq, row.numero, chain.sha256(row.payload))
            assert row.maillon == link
    assert told(space) == before


def test_C14_what_protects_the_tables_is_there_again(space: Workspace) -> None:
    ledger.open(space, SETTINGS).close()
    with closing(sqlite3.connect(space.ledger)) as connection:
        for table in ("absences", "heures", "complements", "depots", "saisies", "vues"):
            names = {
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE tbl_name = ?", (table,))
            }
            assert {f"{table}_suppression", f"{table}_modification"} <= names
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("DELETE FROM absences")


def test_C14_a_death_at_any_step_leaves_the_ledger_as_it_was(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    before, steps, at = told(space), [], 0

    def reached(label: str, *_: Path) -> None:
        if "migrate" in label:
            steps.append(label)
            if len(steps) > at:
                raise Dies

    monkeypatch.setattr("pipeline.disk.reached", reached)
    while True:
        steps.clear()
        try:
            ledger.open(space, SETTINGS).close()
        except Dies:
            assert told(space) == before
            at += 1
        else:
            break
    assert at >= 5
    assert told(space) == before
