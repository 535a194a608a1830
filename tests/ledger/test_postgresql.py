"""PostgreSQL holds the ledger as SQLite does: what it may not be like, what is lost and what is not, and who waits for whom."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import exc, text
from sqlalchemy.dialects import postgresql as dialect
from sqlalchemy.schema import CreateTable

from pipeline import ledger
from pipeline.errors import HeadMoved, LedgerHalt, StateHalt
from pipeline.ledger import Ledger, bulk, postgresql, schema
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.servers.postgres import Server
from tests.world import SETTINGS, World, by_verdict, decisions, workspace


@pytest.fixture
def settings(postgres: Server) -> Iterator[Settings]:
    name = postgres.database()
    yield replace(SETTINGS, ledger=postgres.url(name))


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


@pytest.fixture
def book(space: Workspace, settings: Settings) -> Iterator[Ledger]:
    with ledger.open(space, settings) as opened:
        yield opened


# --- how it stands in the database ------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_text_compares_by_its_code_points(table: Any) -> None:
    """A server without ICU would not show it: whatever its locale, order and equality are SQLite's."""
    made = str(CreateTable(table).compile(dialect=dialect.dialect()))
    texts = [column.name for column in table.c if isinstance(column.type, schema.CodePoints)]
    assert texts == [name for name in texts if f'{name} TEXT COLLATE "C"' in made]


@pytest.mark.parametrize("table", schema.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_number_has_64_bits(table: Any) -> None:
    assert "INTEGER" not in str(CreateTable(table).compile(dialect=dialect.dialect()))


def test_keys_come_in_the_order_of_sqlite(space: Workspace, book: Ledger) -> None:
    names = ["é", "z", "Z", "a b", "a-b", "ab", "\U0001f600", "\uffee", "0"]
    with book.writing() as connection:
        bulk.insert(connection, schema.essais, ({"siret": name, "sha256": "", "essais": 1} for name in names))
        found = connection.execute(text("SELECT siret FROM essais ORDER BY siret")).scalars().all()
    assert found == sorted(names)


@pytest.mark.parametrize("key", ["a\0b", "\0", "'; DROP TABLE meta; --", "{1,2}", "\\x00", '"', "NULL", ""])
def test_any_text_goes_in_and_comes_out(book: Ledger, key: str) -> None:
    """Somebody's spreadsheet may have it in a number that leads nowhere."""
    with book.writing() as connection:
        bulk.insert(connection, schema.essais, [{"siret": key, "sha256": "x", "essais": 1}])
    assert book.attempts([(key, "x"), ("other", "x")]) == {(key, "x"): 1}
    assert book.ranks([key]) == {}
    with book.writing() as connection:
        bulk.delete(connection, schema.essais, [{"siret": key, "sha256": "x"}])
    assert book.attempts([(key, "x")]) == {}


def test_paths_are_bytes(book: Ledger) -> None:
    path = "inbox/\udce9t\udcff.csv"
    look = ledger.Look(path, "1:2", 3, -4, "s", 5, 6)
    book.keep_looks({path: look}, [])
    assert book.looks() == {path: look}


# --- a server that may not hold it ------------------------------------------------------------------------------------

GOOD = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "server_encoding": "UTF8"}


@pytest.mark.parametrize(
    ("version", "standby", "changed", "said"),
    [
        (180004, False, {"fsync": "off"}, "fsync = off"),
        (180004, False, {"full_page_writes": "off"}, "full_page_writes = off"),
        (180004, False, {"synchronous_commit": "off"}, "synchronous_commit = off"),
        (180004, False, {"server_encoding": "SQL_ASCII"}, "server_encoding = SQL_ASCII"),
        (180004, True, {}, "lecture seule"),
        (130012, False, {}, "trop ancien"),
    ],
)
def test_C08_a_server_that_may_lose_a_commit_is_refused(
    version: int, standby: bool, changed: dict[str, str], said: str
) -> None:
    postgresql.refuse_server(180004, standby=False, settings=GOOD)
    with pytest.raises(LedgerHalt, match=said):
        postgresql.refuse_server(version, standby=standby, settings=GOOD | changed)


def test_C08_what_the_server_says_is_asked_at_the_start(space: Workspace, settings: Settings, postgres: Server) -> None:
    ledger.open(space, settings).close()
    name = settings.ledger.partition("@/")[2].partition("?")[0]
    with postgres.connect(name) as admin:
        admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(LedgerHalt, match="synchronous_commit = off"):
        ledger.open(space, settings)


def test_a_server_that_is_not_there_is_said_without_the_password(space: Workspace) -> None:
    with pytest.raises(LedgerHalt, match="ne s'ouvre pas") as halt:
        ledger.open(space, replace(SETTINGS, ledger="postgresql+psycopg://u:zzsecret@127.0.0.1:1/base"))
    assert "zzsecret" not in str(halt.value)


def test_a_database_that_is_not_there_is_said(space: Workspace, postgres: Server) -> None:
    with pytest.raises(LedgerHalt, match="absente"):
        ledger.open(space, replace(SETTINGS, ledger=postgres.url("absente")))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql+psycopg://h:port/b", "n'est pas lisible"),
        ("postgresql+psycopg://u@h/b?sslmode=jamais", "ne s'ouvre pas"),
    ],
)
def test_an_address_that_is_none_is_said(space: Workspace, address: str, said: str) -> None:
    with pytest.raises(LedgerHalt, match=said):
        ledger.open(space, replace(SETTINGS, ledger=address))


def test_without_its_driver_it_says_what_to_install(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("psycopg")

    monkeypatch.setattr(postgresql, "create_engine", absent)
    with pytest.raises(LedgerHalt, match=r"pip install 'dsf-complementaire\[postgresql\]'"):
        ledger.open(space, replace(SETTINGS, ledger="postgresql+psycopg://h/b"))


@pytest.mark.parametrize(
    ("address", "mode"),
    [
        ("postgresql+psycopg://base.exemple/dsf", "require"),
        ("postgresql+psycopg://base.exemple/dsf?sslmode=verify-full", None),  # as the address says
        ("postgresql+psycopg://localhost/dsf", None),
        ("postgresql+psycopg://127.0.0.1/dsf", None),
        ("postgresql+psycopg://u@/dsf?host=/run/postgresql", None),
    ],
)
def test_over_a_network_the_connection_is_encrypted(address: str, mode: str | None) -> None:
    from sqlalchemy import make_url

    assert postgresql.options(make_url(address)).get("sslmode") == mode


# --- the transaction --------------------------------------------------------------------------------------------------


def test_C04_whoever_writes_is_waited_for_then_said(space: Workspace, settings: Settings) -> None:
    with ledger.open(space, settings) as first, first.writing(), ledger.open(space, settings, wait=0.1) as second:
        assert second.head().seq == 0, "who reads waits for nobody"
        with pytest.raises(LedgerHalt, match="tenu par un autre programme"), second.writing():
            pass


def test_a_view_stays_as_it_was_while_others_write(space: Workspace, settings: Settings) -> None:
    with ledger.open(space, settings) as one, ledger.open(space, settings) as other:
        run = decisions.begin(other)
        with one.reading() as view:
            before = view.execute(text("SELECT count(*) FROM complements")).scalar()
            decisions.decide(space, other, run, "DSF-1-C01")
            assert view.execute(text("SELECT count(*) FROM complements")).scalar() == before == 0
        assert one.head().seq == 1


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("40001", HeadMoved),
        ("40P01", HeadMoved),
        ("23505", StateHalt),
        ("53100", LedgerHalt),
        ("58030", LedgerHalt),
        ("XX001", LedgerHalt),
        ("25006", LedgerHalt),
        ("42501", LedgerHalt),
        ("57P01", LedgerHalt),
        ("99999", LedgerHalt),
    ],
)
def test_C07_what_the_server_refuses_is_said_by_its_code_and_quotes_nothing(
    book: Ledger, state: str, kind: type[Exception]
) -> None:
    refusal = f"DO $$ BEGIN RAISE EXCEPTION 'ZZCANARY' USING ERRCODE = '{state}', DETAIL = 'Key (x)=(ZZCANARY)'; END $$"
    with pytest.raises(kind) as halt, book.writing() as connection:
        connection.execute(text(refusal))
    assert "ZZCANARY" not in str(halt.value)
    assert halt.value.__suppress_context__
    assert book.head().seq == 0, "it can still be read"


def test_the_errors_of_the_driver_show_no_parameters(book: Ledger) -> None:
    with pytest.raises(exc.DBAPIError) as error, book._connection.begin() as connection:
        book._connection.execute(text("SELECT CAST(:name AS bigint)"), {"name": "ZZCANARY"})
    assert connection is not None
    assert "parameters hidden" in str(error.value)


# --- the account of every night ---------------------------------------------------------------------------------------


def test_the_account_of_every_night_needs_no_more_than_the_guide_grants(
    tmp_path: Path, settings: Settings, postgres: Server
) -> None:
    """It runs a whole night, and can neither take away what guards the tables nor empty them."""
    guide = (Path(__file__).parents[2] / "docs/plusieurs-machines.md").read_text(encoding="utf-8")
    grants = re.findall(r"^ *(GRANT .+;)$", guide, re.MULTILINE)
    assert len(grants) == 2
    world = World(tmp_path / "ws").add_dsf()
    ledger.open(world.workspace, settings).close()
    database = settings.ledger.partition("@/")[2].partition("?")[0]
    with postgres.connect(database) as owner:
        owner.execute("DROP ROLE IF EXISTS dsf")
        owner.execute("CREATE ROLE dsf LOGIN")
        for grant in grants:
            owner.execute(grant)
    mine = replace(settings, ledger=settings.ledger.replace("postgres@", "dsf@"))
    world.write_extracts().absence("a.csv", {})
    world.run(ledger=mine.ledger)
    world.absence("b.csv", {})
    world.run(ledger=mine.ledger)
    assert by_verdict(world.report()) == {2: "deja_prise"}
    with ledger.open(world.workspace, mine) as book:
        for forbidden in (
            "TRUNCATE meta",
            "DELETE FROM absences",
            "DROP TABLE absences",
            "DROP FUNCTION registre_refuse CASCADE",
            "ALTER TABLE absences DISABLE TRIGGER ALL",
        ):
            with pytest.raises(LedgerHalt, match="droits"), book.writing() as connection:
                connection.execute(text(forbidden))
    with postgres.connect(database) as owner:
        owner.execute("DROP OWNED BY dsf")
        owner.execute("DROP ROLE dsf")
