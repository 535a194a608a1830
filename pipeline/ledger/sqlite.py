"""The ledger in a file of SQLite: one machine, nothing to install.

In rollback-journal mode with ``synchronous=EXTRA``: a commit that returned survives a loss of power. WAL is refused below 3.51.3
(it may corrupt the file) and never chosen. Source: reliability §0.6, §3.1, C4, C9 to C11.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import NullPool

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.errors import AGAIN, LedgerHalt, StateHalt
from pipeline.ledger.bulk import TWICE
from pipeline.ledger.database import CORRUPT, DISK, FULL, HELD, OTHER, PAGE, WAIT

WAL_SAFE = (3, 51, 3)

_SENTENCES = (
    # part of SQLite's own text → what to say
    ("locked", HELD),
    ("full", FULL),
    (
        "readonly",
        Text(
            "Le registre ne peut pas être écrit : disque en lecture seule ou droits manquants sur var/.",
            "The ledger cannot be written: the disk is read-only, or rights on var/ are missing.",
        ).then(AGAIN),
    ),
    ("disk I/O error", DISK),
    (
        "unable to open",
        Text(
            "Le registre ne peut pas être ouvert : vérifiez que var/ existe et les droits sur ce dossier.",
            "The ledger cannot be opened: check that var/ is there, and the rights on that folder.",
        ).then(AGAIN),
    ),
    ("malformed", CORRUPT.fill(what=PAGE)),
    ("not a database", CORRUPT.fill(what=Text("ce n'est pas une base SQLite", "it is no SQLite database"))),
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
_UNSOUND = Text("contrôle d'intégrité en échec", "the integrity check failed")


class Sqlite:
    """The file at ``path``, made where it is missing; ``wait``: seconds for another program to let it go."""

    def __init__(self, path: Path, wait: float = WAIT) -> None:
        self.path = path
        self._wait = wait

    def connect(self) -> Connection:
        """See ``Database``; also raises where the file is on a network share."""
        if disk.file_system(self.path.parent) in disk.REMOTE:
            raise LedgerHalt(REMOTE)
        _create_file(self.path)
        with refusals_said(self._wait):
            return _engine(self.path, self._wait).connect()

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[Connection]:
        """See ``Database``."""
        with self._transaction(connection, "BEGIN"):
            yield connection

    @contextmanager
    def writing(self, connection: Connection) -> Iterator[Connection]:
        """See ``Database``."""
        with self._transaction(connection, "BEGIN IMMEDIATE"):
            yield connection

    def check(self, connection: Connection) -> None:
        """A quick look at every page."""
        with self.reading(connection):
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise LedgerHalt(CORRUPT.fill(what=_UNSOUND))

    @contextmanager
    def _transaction(self, connection: Connection, begin: str) -> Iterator[None]:
        connection.info["begin"] = begin
        with refusals_said(self._wait), connection.begin():
            yield


@contextmanager
def refusals_said(wait: float) -> Iterator[None]:
    """Turn what SQLite refuses into halts; ``wait``: seconds that it was given."""
    try:
        yield
    except exc.IntegrityError:
        raise StateHalt(TWICE) from None
    except (exc.DatabaseError, sqlite3.DatabaseError) as error:
        cause = str(error.orig if isinstance(error, exc.DatabaseError) else error)
        found = next((sentence for part, sentence in _SENTENCES if part in cause), OTHER)
        raise LedgerHalt(found.fill(wait=wait)) from None


def refuse_mode(mode: str, version: tuple[int, ...]) -> None:
    """Raise ``LedgerHalt`` for a journal mode that may lose or corrupt what was committed."""
    if mode == "delete" or (mode == "wal" and version >= WAL_SAFE):
        return
    raise LedgerHalt(_MODE.fill(mode=mode, version=".".join(map(str, version))))


def _engine(path: Path, wait: float) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": wait}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        # secure_delete: what is erased leaves the file, and not only the table.
        safe = ("synchronous=EXTRA", "foreign_keys=ON", "secure_delete=ON")
        for pragma in (*safe, "temp_store=MEMORY", "cache_size=-65536"):
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
