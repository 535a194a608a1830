"""A throwaway copy of a ledger that is looked at as it stood at an earlier moment: what `dsf replay` judges with.

In the copy, deposits, complements and what was typed are seen through views that show what was there by then; all that a wave
asks goes by them. Nothing is ever written to such a copy but where it stands.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, text

from pipeline.ledger import Ledger
from pipeline.ledger.records import COUNTS, Counts
from pipeline.ledger.sqlite import Sqlite

_AFTER = "~"
"""Sorts after whatever an instant may have at its end."""

_VIEWS = (
    "CREATE TABLE moment (ordre INTEGER NOT NULL, dit TEXT NOT NULL)",
    "CREATE TABLE vus (numero TEXT PRIMARY KEY)",
    "INSERT INTO moment VALUES (0, '')",
    *(f"ALTER TABLE {table} RENAME TO {table}_tous" for table in ("depots", "complements", "saisies")),
    """CREATE VIEW depots AS SELECT * FROM depots_tous
       WHERE ordre < (SELECT ordre FROM moment) OR numero IN (SELECT numero FROM vus)""",
    """CREATE VIEW complements AS SELECT * FROM complements_tous c
       WHERE EXISTS (SELECT 1 FROM depots d WHERE d.numero = c.depot)""",
    "CREATE VIEW saisies AS SELECT * FROM saisies_tous WHERE note_le < (SELECT dit FROM moment)",
)


@dataclass(frozen=True)
class DecidedDeposit:
    """A deposit as a run has decided it. ``verdicts``: its rows of verdicts.csv. ``heures``: hundredths."""

    numero: str
    ordre: int
    siret: str
    chemin: str
    fichier: str
    sha256: str
    octets: int
    mtime_ns: int
    etat: str
    verdicts: bytes
    lignes: Counts
    heures: Counts


@dataclass(frozen=True)
class Wave:
    """Deposits that one transaction decided, in their order. ``extract``: sha256 of the newest load of then, "" where nothing was
    asked of one.

    ``moments``: words on what was typed that were noted before one of these may have been known to whoever judged it; which,
    the ledger does not tell. The likeliest comes first.
    """

    run: str
    day: date
    extract: str
    moments: tuple[str, ...]
    deposits: tuple[DecidedDeposit, ...]


class Rewound(Ledger):
    """The copy at ``where``; ``key``: as of ``Ledger``. It stands before all that was decided until it is told otherwise."""

    def __init__(self, where: Sqlite, key: Path) -> None:
        super().__init__(where, key)
        with self.writing() as connection:
            for statement in _VIEWS:
                connection.exec_driver_sql(statement)

    def stand_before(self, ordre: int, said: str, also: Sequence[str] = ()) -> None:
        """See the deposits before ``ordre``, and those called ``also``, with what was typed and noted before ``said``."""
        with self.writing() as connection:
            connection.execute(text("UPDATE moment SET ordre = :ordre, dit = :dit"), {"ordre": ordre, "dit": said})
            connection.execute(text("DELETE FROM vus"))
            if also:
                connection.execute(text("INSERT INTO vus VALUES (:numero)"), [{"numero": numero} for numero in also])

    def number_since(self, since: date) -> int:
        """How many deposits the runs from ``since`` on have decided."""
        with self.reading() as connection:
            return int(connection.execute(text(f"SELECT count(*) {_SINCE}"), {"since": since.isoformat()}).scalar_one())

    def waves(self, since: date) -> Iterator[Wave]:
        """The waves of the runs from ``since`` on, in order; one at a time is in memory."""
        with self.reading() as connection:
            numbers = connection.execute(
                text(f"SELECT DISTINCT vague {_SINCE} ORDER BY vague"), {"since": since.isoformat()}
            )
            waves = list(numbers.scalars())
        for wave in waves:
            with self.reading() as connection:
                made = _wave(connection, wave)
            yield made

    def known_to(self, numeros: Iterable[str]) -> dict[str, frozenset[str]]:
        """Deposit → the keys of those of its DSF that its organisation had in the reference of then."""
        return self._keys("SELECT cle_dsf FROM dsf WHERE depot = :numero", numeros)

    def dsf_of(self, numeros: Iterable[str]) -> dict[str, frozenset[str]]:
        """Deposit → the keys of the DSF that it has completed."""
        return self._keys("SELECT cle_dsf FROM complements_tous WHERE depot = :numero", numeros)

    def _keys(self, query: str, numeros: Iterable[str]) -> dict[str, frozenset[str]]:
        with self.reading() as connection:
            return {
                numero: frozenset(connection.execute(text(query), {"numero": numero}).scalars()) for numero in numeros
            }


_SINCE = "FROM depots_tous JOIN runs USING (run) WHERE date >= :since"
_COLUMNS = ("numero", "ordre", "siret", "chemin", "fichier", "sha256", "octets", "mtime_ns", "etat", "verdicts")


def _wave(connection: Connection, wave: int) -> Wave:
    given = {"vague": wave}
    run = connection.execute(
        text("SELECT * FROM runs WHERE run = (SELECT run FROM depots_tous WHERE vague = :vague LIMIT 1)"), given
    ).one()
    load = connection.execute(
        text("SELECT sha256 FROM extraits WHERE vague = :vague ORDER BY nom DESC LIMIT 1"), given
    ).scalar()
    moments = [run.debut, run.debut + _AFTER, (run.fin or "") + _AFTER]
    words = text("SELECT count(*) FROM saisies_tous WHERE note_le < :dit")
    known = {int(connection.execute(words, {"dit": moment}).scalar_one()): moment for moment in reversed(moments)}
    return Wave(
        run.run,
        date.fromisoformat(run.date),
        load or "",
        tuple(moment for moment in moments if moment in known.values()),
        tuple(_deposits(connection, wave)),
    )


def _deposits(connection: Connection, wave: int) -> Iterator[DecidedDeposit]:
    counted = [f"{prefix}_{name}" for prefix in ("lignes", "heures") for name in COUNTS]
    query = text(f"SELECT {', '.join((*_COLUMNS, *counted))} FROM depots_tous WHERE vague = :vague ORDER BY ordre")
    for row in connection.execute(query, {"vague": wave}):
        numbers = row[len(_COLUMNS) :]
        paths = {name: os.fsdecode(getattr(row, name)) for name in ("chemin", "fichier")}
        given = {name: getattr(row, name) for name in _COLUMNS} | paths
        yield DecidedDeposit(**given, lignes=Counts(*numbers[: len(COUNTS)]), heures=Counts(*numbers[len(COUNTS) :]))
