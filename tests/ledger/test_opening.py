"""A ledger that may not be used is not used, and says what to do."""

import multiprocessing
import os
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from pipeline import disk, ledger
from pipeline.errors import LedgerHalt
from pipeline.ledger import migrations, schema, sqlite
from pipeline.settings import Settings
from tests.world import SETTINGS, decisions, workspace


def test_it_is_made_in_the_safest_mode(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with ledger.open(space, SETTINGS) as book, book.reading() as connection:
        told = {
            p: connection.exec_driver_sql(f"PRAGMA {p}").scalar()
            for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert told == {"journal_mode": "delete", "synchronous": 3, "foreign_keys": 1}
    assert stat.S_IMODE(space.ledger.stat().st_mode) & 0o027 == 0


def test_the_setting_may_put_it_elsewhere(tmp_path: Path) -> None:
    space = workspace(tmp_path / "ws")
    with ledger.open(space, Settings(ledger="sqlite:///var/ailleurs/r.sqlite")):
        assert (space.root / "var/ailleurs/r.sqlite").exists()
    with ledger.open(space, Settings(ledger=f"sqlite:///{tmp_path}/loin.sqlite")):
        assert (tmp_path / "loin.sqlite").exists()


def _hold(
    path: str, ready: "multiprocessing.connection.Connection", done: "multiprocessing.connection.Connection"
) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    ready.send(True)
    done.recv()
    connection.close()


def test_C04_a_ledger_that_another_program_holds_is_waited_for_then_said(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    ledger.open(space, SETTINGS).close()
    context = multiprocessing.get_context("spawn")
    ready, tell = context.Pipe(duplex=False)
    listen, done = context.Pipe(duplex=False)
    holder = context.Process(target=_hold, args=(str(space.ledger), tell, listen))
    holder.start()
    ready.recv()
    try:
        with pytest.raises(LedgerHalt, match="tenu par un autre programme"):
            ledger.open(space, SETTINGS, wait=0.2)
    finally:
        done.send(True)
        holder.join()
    ledger.open(space, SETTINGS, wait=0.2).close()


@pytest.mark.parametrize("magic", sorted(disk.REMOTE))
def test_C09_a_ledger_on_a_network_share_is_refused(
    tmp_path: Path, magic: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "file_system", lambda _path: magic)
    with pytest.raises(LedgerHalt, match="partage réseau"):
        ledger.open(workspace(tmp_path), SETTINGS)


def test_C09_the_kind_of_file_system_is_the_one_the_system_tells(tmp_path: Path) -> None:
    assert disk.file_system(Path("/proc")) == 0x9FA0
    assert disk.file_system(tmp_path / "absent") == 0


@pytest.mark.parametrize(
    ("mode", "version", "fine"),
    [
        ("delete", (3, 40, 1), True),
        ("wal", (3, 51, 2), False),
        ("wal", (3, 51, 3), True),
        ("memory", (3, 60, 0), False),
        ("off", (3, 60, 0), False),
    ],
)
def test_C10_journals_that_may_lose_a_commit_are_refused(mode: str, version: tuple[int, ...], fine: bool) -> None:
    if fine:
        sqlite.refuse_mode(mode, version)
    else:
        with pytest.raises(LedgerHalt, match="journal"):
            sqlite.refuse_mode(mode, version)


def test_C10_a_file_somebody_switched_to_wal_is_switched_back(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    ledger.open(space, SETTINGS).close()
    other = sqlite3.connect(space.ledger)
    assert other.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
    other.close()
    with ledger.open(space, SETTINGS) as book, book.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"


def test_C11_a_corrupt_ledger_stops_the_run_and_is_left_as_it_is(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        for n in range(1, 30):
            decisions.decide(space, book, run, f"DSF-{n}-C01", decisions.absence("A1", f"DSF-{n}"))
    size = space.ledger.stat().st_size
    with space.ledger.open("r+b") as file:
        file.seek(size // 2)
        file.write(os.urandom(8192))
    before = space.ledger.read_bytes()
    with pytest.raises(LedgerHalt, match="abîmé"), ledger.open(space, SETTINGS) as book:
        book.check()
    assert space.ledger.read_bytes() == before


def test_C11_a_file_that_is_no_database_is_never_written_over(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    space.ledger.write_bytes(b"not a database at all\n" * 500)
    with pytest.raises(LedgerHalt, match="abîmé"):
        ledger.open(space, SETTINGS)
    assert space.ledger.read_bytes().startswith(b"not a database")


def test_C14_a_newer_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = workspace(tmp_path)
    ledger.open(space, SETTINGS).close()
    monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA - 1)
    with pytest.raises(LedgerHalt, match="plus récente"):
        ledger.open(space, SETTINGS)


def test_C14_an_older_schema_is_led_up_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        uuid = book.uuid
    version = schema.SCHEMA

    def add(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN essai TEXT")

    def fail(_connection: Connection) -> None:
        raise RuntimeError("dies half-way")

    monkeypatch.setattr(schema, "SCHEMA", version + 2)
    monkeypatch.setattr(migrations, "STEPS", {version: add, version + 1: fail})
    with pytest.raises(RuntimeError):
        ledger.open(space, SETTINGS)
    monkeypatch.setattr(migrations, "STEPS", {version: add})
    with pytest.raises(LedgerHalt, match="ne sait pas reprendre"):
        ledger.open(space, SETTINGS)
    monkeypatch.setattr(migrations, "STEPS", {version: add, version + 1: lambda _connection: None})
    with ledger.open(space, SETTINGS) as book:
        assert (book.uuid, book.head().seq) == (uuid, 1)
        with book.reading() as connection:
            assert connection.exec_driver_sql("SELECT essai FROM runs").all() == [(None,)]


def test_the_same_tables_are_said_to_postgresql() -> None:
    for table in schema.metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
