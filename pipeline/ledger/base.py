"""An open ledger, whatever database it is in: its transactions, its identity, its fence."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, make_url, select

from pipeline import disk, errors, signals
from pipeline.bilingual import Text
from pipeline.errors import AGAIN
from pipeline.ledger import migrations, schema
from pipeline.ledger.database import WAIT, Database
from pipeline.ledger.postgresql import Postgresql
from pipeline.ledger.sqlite import Sqlite
from pipeline.settings import Settings
from pipeline.workspace import Workspace

_OVERTAKEN = Text("Un autre passage a pris la suite de celui-ci.", "Another run has taken over from this one.").then(
    AGAIN
)


def place(workspace: Workspace, settings: Settings) -> Path | None:
    """The file of the ledger: the setting ``ledger`` (relative to the workspace) or ``var/registre.sqlite``; None: no file."""
    if settings.ledger.startswith("postgresql"):
        return None
    if not settings.ledger:
        return workspace.ledger
    return workspace.root / (make_url(settings.ledger).database or workspace.ledger)


def located(workspace: Workspace, settings: Settings, wait: float = WAIT) -> Database:
    """Where the setting ``ledger`` says that the ledger is. Raises ``LedgerHalt`` for an address that leads nowhere."""
    path = place(workspace, settings)
    return Sqlite(path, wait) if path else Postgresql(settings.ledger, wait)


def now() -> str:
    """The present instant, ISO, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Opened:
    """An open ledger: one connection, its transactions, its identity. Used as a context manager."""

    def __init__(self, where: Database) -> None:
        self._fence = 0
        self._database = where
        self._connection = where.connect()
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
            new = migrations.is_new(connection)
            version = None if new else connection.execute(select(schema.meta.c.schema_version)).scalar()
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
        with self._database.reading(self._connection) as connection:
            yield connection

    @contextmanager
    def writing(self, *, fenced: bool = False) -> Iterator[Connection]:
        """One transaction that holds the ledger from its start; ``fenced``: only if no other run has taken over since."""
        mine = self.fence if fenced else 0
        disk.reached("ledger: begin")
        with signals.shield(), self._database.writing(self._connection) as connection:
            if fenced and connection.execute(select(schema.meta.c.barriere)).scalar_one() != mine:
                raise errors.HeadMoved(_OVERTAKEN)
            yield connection
            disk.reached("ledger: commit")
        disk.reached("ledger: committed")

    @property
    def fence(self) -> int:
        """The number of this run's take-over: it stands in the names of its tokens, and grows with every run."""
        if not self._fence:
            with self.writing() as connection:
                migrations.bring_up_to_date(connection)  # it may have been moved away since it was opened
                self._fence = connection.execute(select(schema.meta.c.barriere)).scalar_one() + 1
                connection.execute(schema.meta.update().values(barriere=self._fence))
        return self._fence

    def check(self) -> None:
        """The database's own quick look at itself; raises ``LedgerHalt``. Nothing is ever repaired or made anew."""
        self._database.check(self._connection)
