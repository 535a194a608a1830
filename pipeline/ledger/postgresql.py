"""The ledger in PostgreSQL: several machines may read it and take over from one another; one of them writes at a time.

A transaction that writes first takes an advisory lock for its own duration: a lock of the session would mean nothing behind a
pooler of connections, and what guards against a machine that was thought dead is the fence. Reads see one snapshot.

A connection that is lost while COMMIT is under way leaves its outcome unknown. The number of the transaction is known, so a new
connection asks the server what became of it: committed goes on, aborted stops. Where the server cannot tell, the run stops as if
it had been killed there, which the next one recovers from. Nothing is ever committed again. Source: reliability C5 to C8.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, Transaction, create_engine, event, exc, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.errors import AGAIN, Halt, HeadMoved, LedgerHalt, StateHalt
from pipeline.ledger.bulk import TWICE
from pipeline.ledger.database import CORRUPT, DISK, FULL, HELD, OTHER, PAGE, WAIT

OLDEST = 140000
"""First version of the server that is good enough (14), as it counts them itself."""
_LOCK = 0x6473665F72656769  # « dsf_regi », as good a number as any; of this database alone
_LOOPBACK = ("localhost", "127.", "::1")
_PAUSE = 0.2  # seconds between two questions to a server that does not answer yet

DRIVER = Text(
    "Le réglage ledger nomme une base PostgreSQL, et son pilote n'est pas installé. Installez-le avec le programme : "
    "pip install 'dsf-complementaire[postgresql]'.",
    "The setting ledger names a PostgreSQL database, and its driver is not installed. Install it with the program: "
    "pip install 'dsf-complementaire[postgresql]'.",
)
ADDRESS = Text(
    "L'adresse du réglage ledger n'est pas lisible. Attendu : postgresql+psycopg://utilisateur@machine/base.",
    "The address in the setting ledger cannot be read. Expected: postgresql+psycopg://user@machine/database.",
)
UNREACHABLE = Text(
    "La base PostgreSQL du registre ne répond pas, ou la connexion a été coupée. Vérifiez le serveur et le réseau.",
    "The PostgreSQL database of the ledger does not answer, or the connection was cut. Check the server and the network.",
).then(AGAIN)
LOST = Text(
    "La connexion au registre a été coupée pendant un enregistrement, et le serveur ne dit pas ce qu'il en a fait : la même "
    "commande reprendra ce qui a été enregistré, une seule fois.",
    "The connection to the ledger was cut while something was recorded, and the server does not say what became of it: the same "
    "command will go on with what was recorded, once only.",
).then(AGAIN)
NOT_OPENED = Text(
    "La base PostgreSQL du registre ne s'ouvre pas : {why}. Vérifiez le réglage ledger, le serveur et le réseau.",
    "The PostgreSQL database of the ledger does not open: {why}. Check the setting ledger, the server and the network.",
).then(AGAIN)
RIGHTS = Text(
    "Le compte du réglage ledger n'a pas les droits qu'il faut sur les tables du registre. Donnez-les-lui "
    "(docs/plusieurs-machines.md).",
    "The account in the setting ledger lacks rights on the tables of the ledger. Grant them (docs/plusieurs-machines.md).",
)
READ_ONLY = Text(
    "La base PostgreSQL du registre est en lecture seule. Donnez au réglage ledger l'adresse du serveur principal.",
    "The PostgreSQL database of the ledger is read-only. Give the setting ledger the address of the primary server.",
).then(AGAIN)
UNSAFE = Text(
    "Le serveur PostgreSQL du registre n'est pas sûr : {name} = {found}. Ce qui est enregistré pourrait être perdu, et une "
    "absence complétée deux fois. Mettez {name} = {wanted}, puis relancez.",
    "The PostgreSQL server of the ledger is not safe: {name} = {found}. What is recorded might be lost, and an absence completed "
    "twice. Set {name} = {wanted}, then try again.",
)
TOO_OLD = Text(
    "Le serveur PostgreSQL du registre est trop ancien ({found}). Il faut la version 14 ou une plus récente.",
    "The PostgreSQL server of the ledger is too old ({found}). Version 14 or a newer one is needed.",
)
_MOVED = Text(
    "Une autre transaction a gêné celle-ci dans le registre.", "Another transaction was in the way of this one."
).then(AGAIN)

_SENTENCES = {
    # SQLSTATE, or its class → what to say. Never the server's own text: it quotes values.
    "55P03": HELD,
    "53100": FULL,
    "58": DISK,
    "XX001": CORRUPT.fill(what=PAGE),
    "XX002": CORRUPT.fill(what=PAGE),
    "25006": READ_ONLY,
    "42501": RIGHTS,
    "08": UNREACHABLE,
    "53": UNREACHABLE,
    "57": UNREACHABLE,
}
_IN_THE_WAY = ("40001", "40P01")  # could not serialize, deadlock
_SAFE = {
    # setting of the server → the values that keep what was committed, the one to ask for first
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply", "remote_write", "local"),
    "server_encoding": ("UTF8",),
}
_CRASHED = "(SELECT CAST(stats_reset AS text) FROM pg_stat_bgwriter)"
"""Changes whenever the server has recovered from a crash: it begins its statistics anew then, and not at an orderly stop."""
_BEGIN = text(
    # One round trip: how long to wait for the lock, the lock, the number of the transaction that it makes, the last crash.
    f"SELECT pg_advisory_xact_lock(:lock), CAST(pg_current_xact_id() AS text), {_CRASHED} "
    "FROM (SELECT set_config('lock_timeout', :patience, true) AS given OFFSET 0) AS first WHERE given IS NOT NULL"
)
_OUTCOME = text(f"SELECT pg_xact_status(CAST(:number AS xid8)), {_CRASHED}")


class Postgresql:
    """The database at ``address`` (``postgresql+psycopg://…``); ``wait``: seconds for others, and for a server that restarts."""

    def __init__(self, address: str, wait: float = WAIT) -> None:
        self._wait = wait
        self._engine = _engine(address)

    def connect(self) -> Connection:
        """See ``Database``; also raises where the server may lose what it has committed, or is a standby."""
        try:
            return self._engine.connect()
        except exc.DBAPIError as error:
            # The one text of the driver that is passed on: it names a server and an account, and there are no values yet.
            raise LedgerHalt(NOT_OPENED.fill(why=" ".join(str(error.orig).split()))) from None

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[Connection]:
        """See ``Database``."""
        with self._translated():
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self, connection: Connection) -> Iterator[Connection]:
        """See ``Database``."""
        with self._translated():
            connection.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)
            transaction = connection.begin()
            try:
                _, number, crashed = connection.execute(_BEGIN, {"lock": _LOCK, "patience": f"{self._wait:g}s"}).one()
                yield connection
            except BaseException:
                with suppress(exc.SQLAlchemyError):  # the connection may be gone, and the transaction with it
                    transaction.rollback()
                raise
            self._commit(transaction, number, crashed)

    def check(self, connection: Connection) -> None:
        """Nothing to look at from here: the server checks its pages as it reads them."""

    def _commit(self, transaction: Transaction, number: str, crashed: str | None) -> None:
        try:
            transaction.commit()
        except exc.DBAPIError as error:
            with suppress(exc.SQLAlchemyError):
                transaction.close()
            if not error.connection_invalidated:
                raise
            outcome = self._outcome(number, crashed)
            if outcome is None:
                raise LedgerHalt(LOST) from None
            if outcome != "committed":
                raise

    def _outcome(self, number: str, crashed: str | None) -> str | None:
        """What became of a transaction whose connection was lost: committed, aborted, or None where nobody can tell.

        A server that has crashed meanwhile may have given the number again: that it has committed says nothing then.
        """
        found: str | None
        limit = time.monotonic() + self._wait
        while time.monotonic() < limit:
            disk.reached("ledger: outcome")
            try:
                with self.connect() as another:
                    found, since = another.execute(_OUTCOME, {"number": number}).one()
                if found == "committed" and since != crashed:
                    found = None
            except LedgerHalt:  # it restarts, or the network is not back yet
                found = "in progress"
            except exc.DBAPIError as error:
                found = "in progress" if _is_lost(error) else None  # a number that this server never gave
            if found != "in progress":
                return found
            time.sleep(_PAUSE)
        return None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except exc.IntegrityError:
            raise StateHalt(TWICE) from None
        except exc.DBAPIError as error:
            raise self._halt(error) from None

    def _halt(self, error: exc.DBAPIError) -> Halt:
        state = _state(error)
        if state in _IN_THE_WAY:
            return HeadMoved(_MOVED)
        if _is_lost(error):
            return LedgerHalt(UNREACHABLE)
        found = _SENTENCES.get(state) or _SENTENCES.get(state[:2], OTHER)
        return LedgerHalt(found.fill(wait=self._wait))


def _state(error: exc.DBAPIError) -> str:
    """The SQLSTATE of an error, "" for one that did not come from a server."""
    return getattr(error.orig, "sqlstate", None) or ""


def _is_lost(error: exc.DBAPIError) -> bool:
    return bool(error.connection_invalidated) or _state(error)[:2] in ("08", "57")


def _engine(address: str) -> Engine:
    try:
        url = make_url(address)
        engine = create_engine(
            url, poolclass=NullPool, hide_parameters=True, use_native_hstore=False, connect_args=options(url)
        )
    except ModuleNotFoundError:
        raise LedgerHalt(DRIVER) from None
    except (exc.ArgumentError, ValueError):
        raise LedgerHalt(ADDRESS) from None

    @event.listens_for(engine, "connect")
    def refuse(connection: Any, _record: Any) -> None:
        asked = ", ".join(f"current_setting('{name}')" for name in _SAFE)
        cursor = connection.execute(f"SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), {asked}")
        version, standby, *found = cursor.fetchone()
        connection.rollback()
        try:
            refuse_server(version, standby=standby, settings=dict(zip(_SAFE, found, strict=True)))
        except LedgerHalt:
            connection.close()  # nobody else has it yet
            raise

    return engine


def refuse_server(version: int, *, standby: bool, settings: Mapping[str, str]) -> None:
    """Raise ``LedgerHalt`` for a server that may lose what it has committed, or that cannot write."""
    if version < OLDEST:
        raise LedgerHalt(TOO_OLD.fill(found=f"{version // 10000}"))
    if standby:
        raise LedgerHalt(READ_ONLY)
    for name, wanted in _SAFE.items():
        if settings[name] not in wanted:
            raise LedgerHalt(UNSAFE.fill(name=name, found=settings[name], wanted=wanted[0]))


def options(url: URL) -> dict[str, Any]:
    """What the driver is told beside the address; what the address itself says goes first."""
    options: dict[str, Any] = {
        "application_name": "dsf",
        "client_encoding": "utf8",
        "connect_timeout": 10,
        # A machine that is switched off answers nothing at all: without these, a run would wait for hours.
        **{"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000},
    }
    host = str(url.host or url.query.get("host") or os.environ.get("PGHOST") or "/")
    if not host.startswith(("/", *_LOOPBACK)):
        options["sslmode"] = "require"
    # No statement is prepared on the server: behind a pooler the next one may meet another server's connection.
    return {name: value for name, value in options.items() if name not in url.query} | {"prepare_threshold": None}
