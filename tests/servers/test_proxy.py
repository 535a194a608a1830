"""The proxy that cuts connections, against a real server and plain psycopg: what the sweeps rely on."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from tests.servers.postgres import Server, server
from tests.servers.proxy import Cut, Proxy


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    name = postgres.database()
    with postgres.connect(name) as connection:
        connection.execute("CREATE TABLE t (n integer PRIMARY KEY)")
    yield name
    postgres.drop(name)


@pytest.fixture
def proxy(postgres: Server) -> Iterator[Proxy]:
    with Proxy(postgres.socket) as running:
        yield running


def address(proxy: Proxy, database: str) -> str:
    return f"postgresql://postgres@127.0.0.1:{proxy.port}/{database}"


def work(proxy: Proxy, database: str) -> None:
    """One transaction: a statement with parameters, one without, many at once, a COPY."""
    with psycopg.connect(address(proxy, database)) as connection:
        connection.execute("INSERT INTO t VALUES (%s)", (1,))
        connection.execute("INSERT INTO t VALUES (2)")
        connection.cursor().executemany("INSERT INTO t VALUES (%s)", [(n,) for n in range(3, 1003)])
        with connection.cursor().copy("COPY t FROM STDIN") as copy:
            for n in range(1003, 101003):
                copy.write_row((n,))


def rows(postgres: Server, database: str) -> int:
    with postgres.connect(database) as connection:
        found = connection.execute("SELECT count(*) FROM t").fetchone()
        connection.execute("TRUNCATE t")
    assert found
    return int(found[0])


def test_the_same_work_makes_the_same_steps(proxy: Proxy, postgres: Server, database: str) -> None:
    seen = []
    for _ in range(2):
        proxy.arm()
        work(proxy, database)
        seen.append(proxy.steps)
        assert rows(postgres, database) == 101002
    assert seen[0] == seen[1]
    told = [step for step in seen[0] if step != "d"]
    begun = ["encrypted?", "connect", "Q BEGIN", "PBDES INSERT INTO t VALUES ($1)", "Q INSERT INTO t VALUES (2)"]
    assert told[:5] == begun
    assert told[-3:] == ["Q COPY t FROM STDIN", "c", "Q COMMIT"]
    assert seen[0].count("d") > 3


@pytest.mark.parametrize("how", Cut)
def test_cut_anywhere_nothing_is_there_unless_the_commit_arrived(
    proxy: Proxy, postgres: Server, database: str, how: Cut
) -> None:
    proxy.arm()
    work(proxy, database)
    rows(postgres, database)
    steps = proxy.steps
    for at, step in enumerate(steps, 1):
        if step == "d" and at > 20:
            continue
        proxy.arm(at, how)
        with pytest.raises(psycopg.OperationalError):
            work(proxy, database)
        assert proxy.steps == steps[:at]
        proxy.deliver()
        assert rows(postgres, database) == (101002 if step == "Q COMMIT" and how is not Cut.BEFORE else 0), step


def test_a_commit_that_is_late_arrives_after_the_question_what_became_of_it(
    proxy: Proxy, postgres: Server, database: str
) -> None:
    where = address(proxy, database)
    proxy.arm(5, Cut.LATE)
    with pytest.raises(psycopg.OperationalError), psycopg.connect(where) as connection:
        found = connection.execute("INSERT INTO t VALUES (1) RETURNING pg_current_xact_id()::text").fetchone()
        assert found
    with psycopg.connect(where, autocommit=True) as again:
        asked = [again.execute("SELECT pg_xact_status(%s::xid8)", found).fetchone() for _ in range(2)]
    assert asked == [("in progress",), ("committed",)]


def test_down_lets_nobody_through_until_it_is_armed_again(proxy: Proxy, postgres: Server, database: str) -> None:
    proxy.arm(3, down=True)
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError):
            work(proxy, database)
    proxy.arm()
    work(proxy, database)
    assert rows(postgres, database) == 101002


def test_without_a_server_nobody_is_there(postgres: Server, database: str) -> None:
    with Proxy(("127.0.0.1", 1)) as nowhere, pytest.raises(psycopg.OperationalError):
        work(nowhere, database)


def test_two_clients_at_once_pass_unharmed(proxy: Proxy, postgres: Server, database: str) -> None:
    def ask() -> None:
        with psycopg.connect(address(proxy, database)) as connection:
            found = connection.execute("SELECT repeat('x', 3000000)").fetchone()
            answers.append(len(found[0]) if found else 0)

    answers: list[int] = []
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [3_000_000] * 4
