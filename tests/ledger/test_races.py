"""A ledger on a server: two at once, lost connections, lost power (reliability C1, C3 to C7)."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline import ledger, wave
from pipeline.errors import HeadMoved, LedgerHalt, StateHalt
from pipeline.ledger import Head, Ledger
from pipeline.ledger.records import AbsenceTaken, Decision, HoursIssued
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.bounded import LONG, some
from tests.servers.ledgers import Base
from tests.servers.proxy import Cut
from tests.world import SETTINGS, World, decisions, workspace

COMMIT = "Q COMMIT"
"""Every step of a commit, not some and the last."""


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


@contextmanager
def database(base: Base, space: Workspace) -> Iterator[Settings]:
    """Settings that name an empty ledger."""
    with base.ledger_of(space.root) as name:
        yield replace(SETTINGS, ledger=base.url(name))


@pytest.fixture
def settings(base: Base, space: Workspace) -> Iterator[Settings]:
    with database(base, space) as made:
        yield made


@pytest.fixture
def book(space: Workspace, settings: Settings) -> Iterator[Ledger]:
    with ledger.open(space, settings) as opened:
        yield opened


def decision(
    run: str, numero: str = "DSF-1-C01", entry: AbsenceTaken | HoursIssued | None = None, depot: str = "D-1"
) -> Decision:
    """One deposit with one complement, and nothing to emit."""
    item = decisions.complement(numero, depot, (entry or decisions.absence(),))
    return Decision(run, (decisions.deposit(depot),), (item,))


# --- two at once --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounds", [200 if LONG else 8])
def test_C01_of_two_machines_that_complete_one_absence_at_once_one_does(
    space: Workspace, settings: Settings, rounds: int
) -> None:
    """Both have read the same head, and both take over; whoever comes first."""

    def complete(depot: str, n: int, ready: threading.Barrier) -> str:
        with ledger.open(space, settings) as book:
            run, head = decisions.begin(book), book.head()
            ready.wait()
            try:
                book.commit(decision(run, f"DSF-1-C{n:02d}", decisions.absence(f"A{n}"), depot), head)
            except HeadMoved:
                return "moved"
            return "done"

    with ledger.open(space, settings) as book, ThreadPoolExecutor(2) as pool:
        decisions.begin(book)
        for n in range(1, rounds + 1):
            ready = threading.Barrier(2)
            both = [pool.submit(complete, f"D-{n}-{who}", n, ready) for who in "ab"]
            assert sorted(one.result() for one in both) == ["done", "moved"]
        assert (book.head().seq, len(book.entries(["dsf-1"], []).absences)) == (rounds, rounds)


@pytest.mark.parametrize("again", [decisions.absence(), decisions.hours()], ids=["absence", "hours"])
def test_C01_the_keys_refuse_what_head_and_fence_let_pass(book: Ledger, again: AbsenceTaken | HoursIssued) -> None:
    run = decisions.begin(book)
    book.commit(decision(run, "DSF-1-C01", again), book.head())
    before = book.head()
    with pytest.raises(StateHalt, match="déjà"):
        book.commit(decision(run, "DSF-1-C02", again, "D-2"), before)
    assert book.head() == before
    book.commit(decision(run, "DSF-2-C01", decisions.absence("A1", "DSF-2"), "D-2"), before)


def test_C03_who_was_overtaken_commits_nothing(space: Workspace, settings: Settings, book: Ledger) -> None:
    run, head = decisions.begin(book), book.head()
    with ledger.open(space, settings) as other:
        assert other.fence > book.fence
        with pytest.raises(HeadMoved, match="pris la suite"):
            book.commit(decision(run), head)
        assert other.head() == head


def test_C04_who_stands_still_in_a_transaction_is_waited_for_then_said(
    space: Workspace, settings: Settings, book: Ledger
) -> None:
    decisions.begin(book)
    with ledger.open(space, settings, wait=0.2) as other, book.writing():
        assert other.head() == Head(0, "", 0, 0)  # who reads does not wait
        with pytest.raises(LedgerHalt, match=r"plus de 0\.2 s"):
            other.fence  # noqa: B018 - it would take over


# --- lost connections ---------------------------------------------------------------------------------------------------


def asked(base: Base, book: Ledger, run: str) -> list[str]:
    """What it asks of the server to commit one decision."""
    head = book.head()
    base.proxy.arm()
    book.commit(decision(run), head)
    return base.proxy.steps


@pytest.mark.parametrize("how", Cut)
def test_C06_a_connection_lost_at_steps_of_a_commit(base: Base, space: Workspace, how: Cut) -> None:
    """What was recorded goes on; what was not stops, and is recorded once by the next run. Nothing is in between."""
    with database(base, space) as settings, ledger.open(space, settings) as book:
        steps = asked(base, book, decisions.begin(book))
    assert steps[-1] == COMMIT and steps.count(COMMIT) == 1
    for at, step in [*enumerate(steps, 1)][:: -1 if LONG else -5]:
        with database(base, space) as settings:
            with ledger.open(space, settings) as book:
                run, head = decisions.begin(book), book.head()
                base.proxy.arm(at, how)
                arrived = step == COMMIT and how is not Cut.BEFORE
                with ExitStack() if arrived else pytest.raises(LedgerHalt, match="ne répond pas"):
                    book.commit(decision(run), head)
                base.proxy.arm()
                assert (book.head() != head) is arrived  # over another connection
            with ledger.open(space, settings) as after:
                if not arrived:
                    after.commit(decision(decisions.begin(after)), after.head())
                assert (after.head().seq, after.head().depots) == (1, 1)


def test_C06_a_server_that_cannot_be_asked_what_became_of_a_commit_stops_the_run(
    base: Base, space: Workspace, settings: Settings
) -> None:
    with ledger.open(space, settings, wait=0.5) as book:
        run = decisions.begin(book)
        steps = asked(base, book, run)
        head = book.head()
        base.proxy.arm(len(steps), Cut.AFTER, down=True)
        with pytest.raises(LedgerHalt, match="ne dit pas ce qu'il en a fait"):
            book.commit(decision(run, "DSF-1-C02", decisions.absence("A2"), "D-2"), head)
        base.proxy.arm()
    with ledger.open(space, settings) as book:
        assert book.head().seq == 2


# --- lost power ---------------------------------------------------------------------------------------------------------


def test_C05_a_server_that_loses_its_power_in_a_transaction_keeps_nothing_of_it(
    base: Base, space: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last statement, before COMMIT; what is asked afterwards goes over another connection."""

    def lose(label: str, *_: Any) -> None:
        if label == "ledger: commit":
            monkeypatch.undo()
            base.loses_power()

    with ledger.open(space, settings) as book:
        run, head = decisions.begin(book), book.head()
        monkeypatch.setattr("pipeline.disk.reached", lose)
        with pytest.raises(LedgerHalt, match="coupée"):
            book.commit(decision(run), head)
        assert book.head() == head
        book.commit(decision(run), head)
        base.loses_power()
    with ledger.open(space, settings) as book:
        assert book.head().seq == 1


@pytest.fixture
def lazy(base: Base) -> Iterator[None]:
    """The server writes to its disk what was committed, and nothing sooner."""
    with base.server.connect("postgres") as by_hand:
        by_hand.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
        by_hand.execute("SELECT pg_reload_conf()")
    yield
    with base.server.connect("postgres") as by_hand:
        by_hand.execute("ALTER SYSTEM RESET wal_writer_delay")
        by_hand.execute("SELECT pg_reload_conf()")


def crash(base: Base) -> None:
    """One of the server's processes dies: it ends all others and begins anew, without having stopped."""
    with suppress(psycopg.OperationalError), base.server.connect("postgres") as witness:
        with base.server.connect("postgres") as victim:
            os.kill(victim.info.backend_pid, signal.SIGKILL)
        while True:
            witness.execute("SELECT 1")
    while True:
        with suppress(psycopg.OperationalError), base.server.connect("postgres"):
            return


@pytest.mark.usefixtures("lazy")
@pytest.mark.parametrize("lost", [Base.loses_power, crash], ids=["power", "process"])
def test_C06_a_number_that_the_server_gave_again_is_not_taken_for_ours(
    base: Base, space: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch, lost: Callable[[Base], None]
) -> None:
    """What was not yet on its disk is lost with its power, and with it that the number was ever given: to whom it is given
    next, another program's say, has committed under it. The run stops; the next one records what was not recorded."""
    name = settings.ledger.rpartition("/")[2].partition("?")[0]

    def lose(label: str, *_: Any) -> None:
        if label == "ledger: commit":
            monkeypatch.undo()
            with base.server.connect(name) as other:
                asked = "SELECT backend_xid::text::int FROM pg_stat_activity WHERE backend_xid IS NOT NULL"
                (ours,) = other.execute(asked).fetchone() or (0,)
            lost(base)
            with base.server.connect("postgres") as other:
                given = 0
                while given < ours:
                    (given,) = other.execute("SELECT pg_current_xact_id()::text::int").fetchone() or (0,)
                numbers.append((ours, given))

    numbers: list[tuple[int, int]] = []
    with ledger.open(space, settings) as book:
        run, head = decisions.begin(book), book.head()
        monkeypatch.setattr("pipeline.disk.reached", lose)
        with pytest.raises(LedgerHalt):
            book.commit(decision(run), head)
        assert book.head() == head
        book.commit(decision(run), head)
    assert numbers[0][0] == numbers[0][1]


# --- in the way ---------------------------------------------------------------------------------------------------------

IN_THE_WAY = """
    CREATE SEQUENCE met;
    CREATE FUNCTION in_the_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('met') < {times} THEN RAISE EXCEPTION USING ERRCODE = '{state}'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER in_the_way BEFORE INSERT ON depots FOR EACH ROW EXECUTE FUNCTION in_the_way();
"""
"""The first transactions that decide something meet somebody else's; a sequence is not rolled back."""


@pytest.mark.parametrize("state", some(["40001", "40P01"]))
def test_C07_a_wave_that_meets_anothers_transaction_is_decided_again(
    base: Base, tmp_path: Path, state: str, settings: Settings
) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    ledger.open(world.workspace, settings).close()
    name = settings.ledger.rpartition("/")[2].partition("?")[0]
    with base.server.connect(name) as other:
        other.execute(IN_THE_WAY.format(times=wave.RETRIES, state=state))
    world.hours("a.csv", {})
    assert world.run(ledger=settings.ledger).owed == ()
    assert list(world.complements()) == ["DSF-1-C01"]
    with base.server.connect(name) as other:
        assert other.execute("SELECT last_value FROM met").fetchone() == (wave.RETRIES,)
        other.execute(f"ALTER SEQUENCE met RESTART WITH {-3 * wave.RETRIES} MINVALUE {-3 * wave.RETRIES}")
    world.hours("b.csv", {"date_debut": "11/02/2025"})
    with pytest.raises(HeadMoved):
        world.run(ledger=settings.ledger)
    assert len(list(world.workspace.deposits.rglob("*.csv"))) == 1
    with base.server.connect(name) as other:
        other.execute("DROP TRIGGER in_the_way ON depots")
    assert world.run(ledger=settings.ledger).owed == ()
    assert list(world.complements()) == ["DSF-1-C01", "DSF-1-C02"]
