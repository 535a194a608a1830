"""What is otherwise in a ledger on a server: its keys are shorter, its settings somebody else's (reliability C8, C12 to C14)."""

import random
import string
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pipeline import ledger
from pipeline.commands.entered import enter
from pipeline.errors import HeadMoved, LedgerHalt, StateHalt
from pipeline.ledger import Aside, Look, copying, schema
from pipeline.ledger.base import located
from pipeline.ledger.records import Decision, OpenLine
from pipeline.publishing import outbox
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.servers.ledgers import Base
from tests.servers.proxy import Cut
from tests.world import DAY, SETTINGS, decisions, names, workspace


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


@pytest.fixture
def name(base: Base, space: Workspace) -> Iterator[str]:
    with base.ledger_of(space.root) as made:
        yield made


@pytest.fixture
def settings(base: Base, name: str) -> Settings:
    return replace(SETTINGS, ledger=base.url(name))


def incompressible(length: int) -> str:
    return "".join(random.Random(length).choices(string.ascii_letters + string.digits, k=length))


# --- long names ---------------------------------------------------------------------------------------------------------


def test_a_path_may_be_as_long_as_a_system_lets_it(space: Workspace, settings: Settings) -> None:
    path = f"inbox/depots/{incompressible(4000)}"
    with ledger.open(space, settings) as book:
        for vu in (1, 2):
            book.keep_looks({path: Look(path, "identite", 1, 1, "demarrage", 1, vu)}, [])
            book.put_aside(Aside(path, "identite", 1, 1, f"raison {vu}", attend=True))
        assert [look.vu_ns for look in book.looks().values()] == [2]
        assert [aside.raison for aside in book.set_aside()] == ["raison 2"]
        book.try_again([path])
        assert [aside.attend for aside in book.set_aside()] == [False]
        book.keep_looks({}, [path])
        book.no_longer_aside([path])
        assert not book.looks() and not book.set_aside()


def test_a_sheet_may_be_called_as_its_author_likes(space: Workspace, settings: Settings) -> None:
    """One hostile workbook stops no night."""
    sheet = incompressible(20_000)
    lines = tuple(OpenLine(sheet + end, 2, key, "corriger", "LIG-04", 0) for end, key in (("a", b"a"), ("b", b"b")))
    with ledger.open(space, settings) as book:
        run = decisions.begin(book)
        book.commit(Decision(run, (decisions.deposit("D-1", ouvertes=lines),)), book.head())
        book.commit(Decision(run, (decisions.deposit("D-2", cles=frozenset([b"a", b"b"])),)), book.head())
        with book.reading() as connection:
            found = connection.execute(schema.ouvertes.select()).all()
    assert sorted((row.feuille[-1], row.reprise) for row in found) == [("a", "D-2"), ("b", "D-2")]


# --- somebody else's settings -------------------------------------------------------------------------------------------


def test_C08_a_server_that_is_refused_leaves_no_connection_open(
    base: Base, settings: Settings, space: Workspace, name: str
) -> None:
    with base.server.connect(name) as by_hand:
        by_hand.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        with pytest.raises(LedgerHalt, match="synchronous_commit = off"):
            ledger.open(space, settings)
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        for _ in range(100):  # a session takes a moment to end
            if by_hand.execute(asked, (name,)).fetchone() == (1,):
                return
            time.sleep(0.05)
        raise AssertionError("the refused session is still there")


# --- restored, made anew, of another installation -----------------------------------------------------------------------


def emitted(space: Workspace, settings: Settings, numero: str, entry: str) -> None:
    with decisions.opened(space, settings) as book:
        decisions.decide(space, book, decisions.begin(book), numero, decisions.absence(entry))
        outbox.release(space, book)


def refused(space: Workspace, settings: Settings, sentence: str) -> None:
    before = names(space.outbox)
    with pytest.raises(StateHalt, match=sentence), decisions.opened(space, settings):
        pass
    assert names(space.outbox) == before


def test_C12_a_ledger_restored_from_a_backup_stops_the_run(
    base: Base, space: Workspace, settings: Settings, name: str
) -> None:
    """As a standby would be that was promoted without the last commits."""
    emitted(space, settings, "DSF-1-C01", "A1")
    with base.ledger_of(space.root, name) as backup:
        emitted(space, settings, "DSF-1-C02", "A2")
        restored = replace(SETTINGS, ledger=base.url(backup))
        refused(space, restored, "en retard")
        space.witness.unlink()
        refused(space, restored, "déjà émis")


def test_C12_C13_an_empty_ledger_and_another_installations_stop_the_run(
    base: Base, space: Workspace, settings: Settings
) -> None:
    emitted(space, settings, "DSF-1-C01", "A1")
    with base.ledger_of(space.root) as empty:
        refused(space, replace(SETTINGS, ledger=base.url(empty)), "autre registre")


# --- made, migrated, moved ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", Cut)
def test_C14_a_ledger_is_made_whole_or_not_at_all(base: Base, space: Workspace, how: Cut) -> None:
    """The connection is lost at some steps of its making; two machines that make it at once make one."""
    with base.ledger_of(space.root) as name:
        base.proxy.arm()
        ledger.open(space, replace(SETTINGS, ledger=base.url(name))).close()
        steps = base.proxy.steps
    chosen = [at for at, step in enumerate(steps, 1) if "COMMIT" in step or at % 30 == 0]
    for at in chosen:
        with base.ledger_of(space.root) as name:
            settings = replace(SETTINGS, ledger=base.url(name))
            base.proxy.arm(at, how)
            with suppress(LedgerHalt):
                ledger.open(space, settings).close()
            base.proxy.arm()
            with ledger.open(space, settings) as one, ledger.open(space, settings) as other:
                assert one.uuid == other.uuid
                decisions.decide(space, one, decisions.begin(one), "DSF-1-C01")
            with base.server.connect(name) as by_hand, pytest.raises(psycopg.errors.IntegrityError):
                by_hand.execute("TRUNCATE complements CASCADE")


def test_C14_a_newer_schema_is_refused(base: Base, space: Workspace, settings: Settings, name: str) -> None:
    ledger.open(space, settings).close()
    with base.server.connect(name) as by_hand:
        by_hand.execute("UPDATE meta SET schema_version = 999")
    with pytest.raises(LedgerHalt, match="plus récente"):
        ledger.open(space, settings)


def moved(space: Workspace, url: str) -> None:
    """As `dsf ledger move` does it."""
    with ledger.open(space, SETTINGS) as book:
        target = located(space, replace(SETTINGS, ledger=url))
        copying.copy(book, target)
        copying.close_for_good(book, target)


# The driver's cursor over a connection that is gone: SQLAlchemy leaves it to the collector.
@pytest.mark.filterwarnings("ignore:<psycopg.ServerCursor:ResourceWarning")
def test_C12_a_move_that_is_cut_anywhere_leaves_one_ledger_that_goes_on(base: Base, space: Workspace) -> None:
    """The old one until all of it is elsewhere, compared; then the new one. The same command again ends it."""
    emitted(space, SETTINGS, "DSF-1-C01", "A1")
    old, outbox_then = space.ledger.read_bytes(), {path: path.read_bytes() for path in space.outbox.rglob("*.json")}
    with base.ledger_of(space.root) as name:
        base.proxy.arm()
        moved(space, base.url(name))
        steps = base.proxy.steps
    for at in [at for at, step in enumerate(steps, 1) if "COMMIT" in step or at % 150 == 0]:
        for how in (Cut.BEFORE, Cut.AFTER):
            space.ledger.write_bytes(old)
            with base.ledger_of(space.root) as name:
                url = base.url(name)
                base.proxy.arm(at, how)
                with suppress(LedgerHalt):
                    moved(space, url)
                base.proxy.arm()
                with suppress(LedgerHalt):
                    ledger.open(space, SETTINGS).close()  # it may still be the one
                    moved(space, url)
                with pytest.raises(LedgerHalt, match="déplacé"):
                    ledger.open(space, SETTINGS)
                with ledger.open(space, replace(SETTINGS, ledger=url)) as book:
                    assert [one.numero for one in book.complements()] == ["DSF-1-C01"]
    assert outbox_then == {path: path.read_bytes() for path in space.outbox.rglob("*.json")}


def test_C12_a_run_that_took_over_during_a_move_keeps_its_ledger(
    base: Base, space: Workspace, settings: Settings
) -> None:
    emitted(space, SETTINGS, "DSF-1-C01", "A1")
    with ledger.open(space, SETTINGS) as book:
        copying.copy(book, located(space, settings))
        emitted(space, SETTINGS, "DSF-1-C02", "A2")
        with pytest.raises(HeadMoved):
            copying.close_for_good(book, located(space, settings))
    emitted(space, SETTINGS, "DSF-1-C03", "A3")
    refused(space, settings, "en retard")


def test_C12_what_the_clerk_says_during_a_move_is_said_of_the_new_ledger_too(
    base: Base, space: Workspace, settings: Settings
) -> None:
    emitted(space, SETTINGS, "DSF-1-C01", "A1")
    with ledger.open(space, SETTINGS) as book:
        for number in ("", "K-0", "K-1"):  # the move was stopped, and is begun again
            copying.copy(book, located(space, settings))
            enter(space, SETTINGS, "DSF-1-C01", number, DAY)
        copying.close_for_good(book, located(space, settings))
    with ledger.open(space, settings) as book:
        word = book.follow("DSF-1-C01")
        assert word is not None and (word.numero_kairos, word.saisie_le) == ("K-1", DAY)


@pytest.mark.parametrize("has_begun", [True, False])
def test_C12_a_run_that_was_at_work_during_a_move_records_nothing_in_the_old_ledger(
    space: Workspace, settings: Settings, has_begun: bool
) -> None:
    """Neither one that had taken over already nor one that had only opened it."""
    emitted(space, SETTINGS, "DSF-1-C01", "A1")
    with ledger.open(space, SETTINGS) as late:
        run = decisions.begin(late)
        if has_begun:
            assert late.fence
        moved(space, settings.ledger)
        with pytest.raises(HeadMoved if has_begun else LedgerHalt, match="pris la suite" if has_begun else "déplacé"):
            decisions.decide(space, late, run, "DSF-1-C02", decisions.absence("A2"))
    emitted(space, settings, "DSF-1-C02", "A3")


def test_a_ledger_is_copied_in_portions(base: Base, space: Workspace, settings: Settings) -> None:
    """A driver takes all rows of a question into memory unless it is told: years of documents."""
    emitted(space, settings, "DSF-1-C01", "A1")
    base.proxy.arm()
    copying.copy_to(space, settings, space.var / "copie.sqlite")
    assert sum("FETCH" in step for step in base.proxy.steps) >= len(schema.metadata.tables)
