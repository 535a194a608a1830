"""A ledger of every released schema is led up to the present one, whole or not at all, and goes on (reliability C14).

``released/<schema>.sql`` are dumps of ledgers as a run of the program of then left them, with the deposits that it archived: on
one DSF two absences turned and hours added, all emitted; a rejected line, a refused file, a deposit begun; from 2 on a complement
that is typed and seen, and a deposit put aside.
"""

import base64
import os
import re
import signal
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline import disk, ledger
from pipeline.commands.verify import verify
from pipeline.ledger import chain, schema
from pipeline.publishing import witness
from pipeline.workspace import Workspace
from tests.servers.postgres import Server
from tests.world import SETTINGS, World, decisions, extracts, workspace

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))
Rows = dict[str, list[tuple[object, ...]]]


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def space(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    """A workspace whose ledger and originals are as that release left them."""
    made, dump = workspace(tmp_path), request.param.read_text(encoding="utf-8")
    with closing(sqlite3.connect(made.ledger)) as connection:
        connection.executescript(dump)
    for original in re.findall(r"^-- original (.*)$", dump, re.MULTILINE):
        content = base64.b64decode(original)
        (made.originals / chain.sha256(content)).write_bytes(content)
    return made


def columns(space: Workspace) -> dict[str, list[str]]:
    """Every table and its columns."""
    with closing(sqlite3.connect(space.ledger)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in tables}


def told(space: Workspace, known: dict[str, list[str]]) -> Rows:
    """All that stands in these columns, but for the version of the schema."""
    found: Rows = {}
    with closing(sqlite3.connect(space.ledger)) as connection:
        for table, names in known.items():
            kept = ", ".join(name for name in names if name != "schema_version")
            found[table] = sorted(connection.execute(f"SELECT {kept} FROM {table}").fetchall(), key=repr)
    return found


def version(space: Workspace) -> int:
    with closing(sqlite3.connect(space.ledger)) as connection:
        found: int = connection.execute("SELECT schema_version FROM meta").fetchone()[0]
        return found


def test_every_schema_before_this_one_was_released_and_is_kept() -> None:
    assert [int(path.stem) for path in RELEASED] == list(range(1, schema.SCHEMA))


def test_C14_nothing_is_lost_on_the_way_up(space: Workspace) -> None:
    known = columns(space)
    before = told(space, known)
    with ledger.open(space, SETTINGS) as book:
        assert book.head().seq == 3
        entries = book.entries(["dsf-1"], [])
        assert sorted(entries.absences["cle_absence"]) == ["a1", "a2"]
        link = ""
        for row in book.complements():
            link = chain.link(link, row.seq, row.numero, chain.sha256(row.payload))
            assert row.maillon == link
    assert told(space, known) == before
    assert version(space) == schema.SCHEMA


def test_C14_the_tables_are_those_of_a_new_ledger(space: Workspace, tmp_path: Path) -> None:
    ledger.open(space, SETTINGS).close()
    new = workspace(tmp_path / "neuf")
    ledger.open(new, SETTINGS).close()
    assert {t: sorted(c) for t, c in columns(space).items()} == {t: sorted(c) for t, c in columns(new).items()}
    for kind in ("trigger", "index"):
        made = "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'"
        names = []
        for one in (space, new):
            with closing(sqlite3.connect(one.ledger)) as connection:
                names.append(sorted(name for (name,) in connection.execute(made, (kind,))))
        assert names[0] == names[1], kind
    with closing(sqlite3.connect(space.ledger)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("DELETE FROM absences")


def deaths(space: Workspace) -> Iterator[str]:
    """Open the ledger in a child that dies at its first step, the next at its second…, until one ends; each death's label."""
    steps, at = space.root / "etapes", 0
    while True:
        at += 1
        steps.write_text("")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the child does nothing but open a file
            pid = os.fork()
        if pid == 0:
            _die_at(space, steps, at)
        _, status = os.waitpid(pid, 0)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        yield steps.read_text().splitlines()[-1]


def _die_at(space: Workspace, steps: Path, at: int) -> None:
    count = 0

    def reached(label: str, *_: Path) -> None:
        nonlocal count
        count += 1
        with steps.open("a") as file:
            file.write(f"{label}\n")
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    disk.reached = reached
    ledger.open(space, SETTINGS).close()
    os._exit(0)


def test_C14_killed_at_any_step_the_ledger_is_as_it_was_or_as_it_is_to_be(space: Workspace) -> None:
    known, old = columns(space), version(space)
    before, labels = told(space, known), []
    for label in deaths(space):
        labels.append(label)
        assert told(space, known) == before, label
        assert version(space) == (schema.SCHEMA if label == "ledger: committed" else old), label
    assert labels[0] == "ledger: begin" and labels[-1] == "ledger: committed"
    assert sum("migrate" in label for label in labels) >= 2 * (schema.SCHEMA - old)
    assert version(space) == schema.SCHEMA and told(space, known) == before


def test_C14_a_run_goes_on_with_what_was_completed_then(space: Workspace) -> None:
    """The same absence comes back as taken, with other hours as completed; what is free gets the next number."""
    with ledger.open(space, SETTINGS) as book:
        witness.renew(space, book)
        judged = book.newest_extract()
    assert judged
    extracts.stored(space, judged[1])
    world = World(space.root).add_dsf(
        date_extraction="2025-06-20",
        absences=[{"id_absence": f"A{n}", "date_debut": "2025-02-03", "date_fin": "2025-02-04"} for n in (1, 2, 3)],
    )
    extracts.load(world.write_extracts().workspace, force=True)
    dates = {"date_debut": "03/02/2025", "date_fin": "04/02/2025"}
    world.absence(
        "a.csv",
        {"id_absence": "A1", **dates},
        {"id_absence": "A2", "heures": "3,5", "reliquat_abandonne": "oui", **dates},
        {"id_absence": "A3", **dates},
    )
    assert world.run(politique="ligne").owed == ()
    verdicts = [(line["verdict"], line["codes"]) for line in world.report()["lignes"]]
    assert verdicts == [("deja_prise", []), ("rejetee", ["REF-10"]), ("acceptee", [])]
    assert list(world.complements()) == ["DSF-1-C04"]
    assert verify(space, SETTINGS).erreurs == []


def test_C14_on_a_server_too(tmp_path: Path, postgres: Server) -> None:
    """No ledger was on a server before schema 3."""
    settings = SETTINGS.__class__(**{**vars(SETTINGS), "ledger": postgres.url(name := postgres.database())})
    space = workspace(tmp_path)
    with decisions.opened(space, settings) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01", decisions.absence("A1"))
    with postgres.connect(name) as by_hand:
        by_hand.execute("DROP TABLE effacements")
        by_hand.execute("DROP TABLE avis")
        for column in ("efface_le", "efface_sha256"):
            by_hand.execute(f"ALTER TABLE complements DROP COLUMN {column} CASCADE")
        by_hand.execute("UPDATE meta SET schema_version = 3")
        by_hand.commit()
    with ledger.open(space, settings) as book:
        assert book.head().seq == 1 and book.gone_originals() == set()
