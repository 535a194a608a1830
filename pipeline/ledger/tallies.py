"""What finished runs come to, from one of them on: for counters that only grow, without reading all that ever was."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, func, select

from pipeline.ledger import schema
from pipeline.ledger.base import Opened
from pipeline.ledger.bulk import total
from pipeline.ledger.records import COUNTS


@dataclass(frozen=True)
class Tally:
    """Sums over finished runs. ``depots``: deposits by state, trials under ``essai``. Hours are whole hundredths.

    ``passages``: order of the last of them, which is how many there have been in all.
    """

    passages: int
    depots: dict[str, int]
    lignes: dict[str, int]
    heures: dict[str, int]
    constats: dict[str, int]


class Tallies(Opened):
    """The part of the ledger that adds up runs."""

    def tally(self, after: int = 0) -> Tally:
        """What the finished runs after the ``after``-th come to."""
        runs, d = schema.runs.c, schema.depots.c
        these = (runs.etat == "FINI") & (runs.ordre > after)
        with self.reading() as connection:
            last = connection.execute(select(func.max(runs.ordre)).where(runs.etat == "FINI")).scalar() or 0
            sums = [
                total(d[f"{kind}_{name}"]).label(f"{kind}_{name}") for kind in ("lignes", "heures") for name in COUNTS
            ]
            query = select(d.etat, func.count().label("depots"), *sums).join(schema.runs, runs.run == d.run)
            rows = connection.execute(query.where(these).group_by(d.etat)).all()
            tried = _trials(connection, these)
            rules = schema.regles.c
            fired = (
                select(rules.code, total(rules.constats))
                .join(schema.depots, d.numero == rules.depot)
                .join(schema.runs, runs.run == d.run)
                .where(these)
                .group_by(rules.code)
                .order_by(rules.code)
            )
            codes = {row[0]: int(row[1]) for row in connection.execute(fired)}
        depots = {row.etat: row.depots for row in rows} | ({"essai": tried} if tried else {})
        return Tally(last, depots, _summed(rows, "lignes"), _summed(rows, "heures"), codes)


def _trials(connection: Connection, these: ColumnElement[bool]) -> int:
    table: Table = schema.depots_essai
    query = select(func.count()).select_from(table).join(schema.runs, schema.runs.c.run == table.c.run).where(these)
    return int(connection.execute(query).scalar_one())


def _summed(rows: list[Row[Any]] | Any, kind: str) -> dict[str, int]:
    return {name: sum(int(row._mapping[f"{kind}_{name}"]) for row in rows) for name in COUNTS}
