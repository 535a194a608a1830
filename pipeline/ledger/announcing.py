"""Who is still to be told that something came back for them: one row a deposit, written with its decision.

So a run that is killed loses no notice, and one that was sent is known. Deposits of one organisation in one run are told
together, once that run is finished: what is told of them never changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, func, select

from pipeline.ledger import bulk, schema
from pipeline.ledger.base import Opened, now
from pipeline.ledger.records import COUNTS, DepositRecord

DUE, SENT, GIVEN_UP, NO_ADDRESS = "A_ENVOYER", "ENVOYE", "ABANDONNE", "SANS_ADRESSE"
"""States of a notice: it waits, it was sent, it failed too often, the organisation has no address."""
PATIENCE = timedelta(minutes=15)
"""Before a notice that failed is tried again; twice as long after each time."""


@dataclass(frozen=True)
class Returned:
    """What came back for one deposit. ``comptes``: lines by verdict, ``lues`` with them."""

    depot: str
    etat: str
    essai: bool
    comptes: dict[str, int]


@dataclass(frozen=True)
class Notice:
    """What one organisation is told of one run. ``fin``: when the run ended, ISO, UTC. ``tentatives``: how often it failed."""

    run: str
    date: str
    fin: str
    siret: str
    tentatives: int
    depots: tuple[Returned, ...]


class Announcing(Opened):
    """The part of the ledger that knows who was told."""

    def due(self) -> list[Notice]:
        """The notices of finished runs that are to be sent now, in the order of runs and deposits."""
        runs, a = schema.runs.c, schema.avis.c
        rows: list[tuple[Any, ...]] = []
        with self.reading() as connection:
            for table in (schema.depots, schema.depots_essai):
                d = table.c
                counts = [d[f"lignes_{name}"] for name in COUNTS]
                columns = (runs.ordre, runs.run, runs.date, runs.fin, a.siret, a.tentatives, a.note_le, d.ordre)
                query = (
                    select(*columns, d.numero, d.etat, *counts)
                    .select_from(schema.avis)
                    .join(schema.runs, runs.run == a.run)
                    .join(table, d.numero == a.depot)
                    .where(a.etat == DUE, runs.etat == "FINI")
                )
                rows += [(*row, table is schema.depots_essai) for row in connection.execute(query)]
        rows.sort(key=lambda row: (row[0], row[4], row[-1], row[7]))
        told = []
        for (_, _, _), several in groupby(rows, key=lambda row: (row[0], row[1], row[4])):
            group = list(several)
            _, run, day, end, siret, failures, since, *_ = group[0]
            if rested(failures, datetime.fromisoformat(since)):
                told.append(Notice(run, day, end, siret, failures, tuple(map(_returned, group))))
        return told

    def told(self, notice: Notice, etat: str) -> None:
        """A notice was sent, or never will be."""
        self._note(notice, {"etat": etat})

    def not_told(self, notice: Notice, most: int) -> bool:
        """A notice could not be sent: it waits, unless it failed ``most`` times; whether it is given up."""
        over = notice.tentatives + 1 >= most
        self._note(notice, {"etat": GIVEN_UP if over else DUE, "tentatives": notice.tentatives + 1})
        return over

    def _note(self, notice: Notice, values: dict[str, Any]) -> None:
        a = schema.avis
        mine = (a.c.run == notice.run) & (a.c.siret == notice.siret) & (a.c.etat == DUE)
        with self.writing() as connection:
            connection.execute(a.update().where(mine).values(note_le=now(), **values))

    def notices(self, since: str) -> dict[str, int]:
        """Organisations by the state of their notices: all that wait, others noted since an instant (ISO, UTC)."""
        a = schema.avis.c
        query = (
            select(a.etat, func.count(a.siret.distinct()))
            .where((a.etat == DUE) | (a.note_le >= since))
            .group_by(a.etat)
        )
        with self.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}


def announce(connection: Connection, run: str, deposits: Iterable[DepositRecord]) -> None:
    """Whoever dropped these is to be told."""
    table: Table = schema.avis
    rows = ({"depot": one.numero, "run": run, "siret": one.siret} for one in deposits)
    bulk.insert(connection, table, (row | {"etat": DUE, "tentatives": 0, "note_le": now()} for row in rows))


def rested(failures: int, since: datetime) -> bool:
    """What failed so often may be tried again, ``since`` the last time; a clock that was put back keeps nothing waiting."""
    if not failures:
        return True
    passed = datetime.now(UTC) - since
    return not timedelta() <= passed < PATIENCE * 2 ** (failures - 1)


def _returned(row: tuple[Any, ...]) -> Returned:
    number, state, *counts, trial = row[8:]
    lines = dict(zip(COUNTS, counts, strict=True))
    return Returned(number, state, trial, {"lues": sum(counts), **lines})
