"""Opening the ledger, and its transactions: the only place that talks to the database driver.

SQLite in rollback-journal mode with ``synchronous=EXTRA``: a commit that returned survives a loss of power. WAL is refused
below 3.51.3 (it may corrupt the file) and never chosen. Source: reliability §0.6, §3.1, C4, C9 to C11.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url, select
from sqlalchemy.pool import NullPool

from pipeline import disk, errors, signals
from pipeline.bilingual import Text
from pipeline.errors import AGAIN, LedgerHalt, StateHalt
from pipeline.ledger import migrations, schema
from pipeline.settings import Settings
from pipeline.workspace import Workspace

WAL_SAFE = (3, 51, 3)
WAIT = 30.0
"""Seconds to wait for another program that holds the ledger."""

CORRUPT = Text(
    "Le registre (base de données) est abîmé : {what}. Rien n'a été émis. Ne le recréez pas : restaurez la dernière sauvegarde, "
    "puis lancez `dsf verify`.",
    "The ledger (database) is damaged: {what}. Nothing was emitted. Do not make it anew: restore the last backup, then run "
    "`dsf verify`.",
)
_SENTENCES = (
    # part of SQLite's own text → what to say
    (
        "locked",
        Text(
            "Le registre est tenu par un autre programme depuis plus de {wait:g} s. Fermez-le.",
            "Another program has held the ledger for more than {wait:g} s. Close it.",
        ).then(AGAIN),
    ),
    (
        "full",
        Text(
            "Plus de place sur le disque du registre. Libérez de la place.",
            "The disk of the ledger is full. Make room.",
        ).then(AGAIN),
    ),
    (
        "readonly",
        Text(
            "Le registre ne peut pas être écrit : disque en lecture seule ou droits manquants sur var/.",
            "The ledger cannot be written: the disk is read-only, or rights on var/ are missing.",
        ).then(AGAIN),
    ),
    (
        "disk I/O error",
        Text(
            "Erreur d'entrée-sortie du disque en écrivant le registre. Vérifiez le disque.",
            "Input/output error of the disk while the ledger was written. Check the disk.",
        ).then(AGAIN),
    ),
    (
        "unable to open",
        Text(
            "Le registre ne peut pas être ouvert : vérifiez que var/ existe et les droits sur ce dossier.",
            "The ledger cannot be opened: check that var/ is there, and the rights on that folder.",
        ).then(AGAIN),
    ),
    ("malformed", CORRUPT.fill(what=Text("page illisible", "a page cannot be read"))),
    ("not a database", CORRUPT.fill(what=Text("ce n'est pas une base SQLite", "it is no SQLite database"))),
)
_OTHER = Text("Le registre a refusé une opération.", "The ledger refused an operation.").then(AGAIN)
TWICE = Text(
    "Le registre refuse une décision parce qu'il contient déjà l'un de ses éléments : rien n'a été émis. "
    "Lancez `dsf verify` et signalez ce message.",
    "The ledger refuses a decision because it holds one of its entries already: nothing was emitted. Run `dsf verify` and report "
    "this message.",
)
REMOTE = Text(
    "Le registre est sur un partage réseau (NFS ou SMB), où SQLite ne garantit rien. "
    "Mettez var/ sur un disque local, ou donnez un autre emplacement au réglage ledger.",
    "The ledger is on a network share (NFS or SMB), where SQLite guarantees nothing. Put var/ on a local disk, or give the "
    "setting ledger another place.",
)
_MODE = Text(
    "Le registre est en mode de journal « {mode} », qui n'est pas sûr avec SQLite {version}. "
    "Fermez les autres programmes qui l'utilisent, puis relancez.",
    "The ledger is in journal mode “{mode}”, which is not safe with SQLite {version}. Close the other programs that use it, then "
    "try again.",
)
_OVERTAKEN = Text("Un autre passage a pris la suite de celui-ci.", "Another run has taken over from this one.").then(
    AGAIN
)
_UNSOUND = Text("contrôle d'intégrité en échec", "the integrity check failed")


@contextmanager
def translated(wait: float = WAIT) -> Iterator[None]:
    """Turn errors of the database into ``LedgerHalt`` or ``StateHalt``; their own texts may quote values, ours do not."""
    try:
        yield
    except exc.IntegrityError:
        raise StateHalt(TWICE) from None
    except (exc.DatabaseError, sqlite3.DatabaseError) as error:
        cause = str(error.orig if isinstance(error, exc.DatabaseError) else error)
        found = next((sentence for part, sentence in _SENTENCES if part in cause), _OTHER)
        raise LedgerHalt(found.fill(wait=wait)) from None


def place(workspace: Workspace, settings: Settings) -> Path:
    """Where the SQLite file is: the setting ``ledger`` (relative to the workspace) or ``var/registre.sqlite``."""
    if not settings.ledger:
        return workspace.ledger
    return workspace.root / (make_url(settings.ledger).database or workspace.ledger)


def refuse_mode(mode: str, version: tuple[int, ...]) -> None:
    """Raise ``LedgerHalt`` for a journal mode that may lose or corrupt what was committed."""
    if mode == "delete" or (mode == "wal" and version >= WAL_SAFE):
        return
    raise LedgerHalt(_MODE.fill(mode=mode, version=".".join(map(str, version))))


def _engine(path: Path, wait: float) -> Engine:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": wait})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        for pragma in ("synchronous=EXTRA", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        refuse_mode(mode, sqlite3.sqlite_version_info)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(str(connection.info.get("begin", "BEGIN")))

    return engine


def _create_file(path: Path) -> None:
    """An empty file with our rights, so that SQLite's own files get them too."""
    try:
        with disk.refusals_as_halts("registre", FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, disk.FILE_MODE))
    except FileExistsError:
        return
    disk.flush([path.parent], "ledger")


class Opened:
    """An open ledger: one connection, its transactions, its identity. Used as a context manager."""

    def __init__(self, path: Path, wait: float = WAIT) -> None:
        self.path = path
        self._wait = wait
        self._fence = 0
        if disk.file_system(path.parent) in disk.REMOTE:
            raise LedgerHalt(REMOTE)
        _create_file(path)
        with translated(wait):
            self._connection = _engine(path, wait).connect()
        try:
            self._bring_up_to_date()
            with self.reading() as connection:
                self.uuid: str = connection.execute(select(schema.meta.c.uuid)).scalar_one()
        except BaseException:
            self.close()
            raise

    def _bring_up_to_date(self) -> None:
        """Take the write lock only when there is something to do: `dsf status` must not wait for a run."""
        with self.reading() as connection:
            known = connection.dialect.has_table(connection, schema.meta.name)
            version = connection.execute(select(schema.meta.c.schema_version)).scalar() if known else None
        if version != schema.SCHEMA:
            with self.writing() as connection:
                migrations.bring_up_to_date(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self, *, fenced: bool = False) -> Iterator[Connection]:
        """One transaction that holds the ledger from its start; ``fenced``: only if no other run has taken over since."""
        mine = self.fence if fenced else 0
        disk.reached("ledger: begin")
        with signals.shield(), self._transaction("BEGIN IMMEDIATE") as connection:
            if fenced and connection.execute(select(schema.meta.c.barriere)).scalar_one() != mine:
                raise errors.HeadMoved(_OVERTAKEN)
            yield connection
            disk.reached("ledger: commit")
        disk.reached("ledger: committed")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        self._connection.info["begin"] = begin
        with translated(self._wait), self._connection.begin():
            yield self._connection

    @property
    def fence(self) -> int:
        """The number of this run's take-over: it stands in the names of its tokens, and grows with every run."""
        if not self._fence:
            with self.writing() as connection:
                self._fence = connection.execute(select(schema.meta.c.barriere)).scalar_one() + 1
                connection.execute(schema.meta.update().values(barriere=self._fence))
        return self._fence

    def check(self) -> None:
        """SQLite's own quick look at every page; raises ``LedgerHalt``. Nothing is ever repaired or made anew."""
        with self.reading() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise LedgerHalt(CORRUPT.fill(what=_UNSOUND))
