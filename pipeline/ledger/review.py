"""What the reviewer asks of the ledger beside its runs: complements by state and day, lines that REF-13 keeps rejecting.

Source: contract §6, §7. Plain data; hours are whole hundredths.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, distinct, func, select

from pipeline.ledger import schema
from pipeline.ledger.base import Opened
from pipeline.ledger.bulk import total

PORTION = 500
"""Deposits whose rows are read at a time."""


@dataclass(frozen=True)
class InState:
    """Complements that are in one state since one day. ``etat``: emises (not typed), saisies (typed, not seen) or vues."""

    etat: str
    depuis: date
    complements: int
    heures: int


@dataclass(frozen=True)
class Attempt:
    """What one deposit had rejected on one DSF, some of it by a rule that was asked for. ``jour``: of its run."""

    siret: str
    cle_dsf: str
    numero_dsf: str
    depot: str
    jour: date
    heures: int


class Review(Opened):
    """The part of the ledger that the reviewer's pages ask."""

    def by_state(self) -> list[InState]:
        """Every complement, counted by its state and the day since when it has it, with the hours that were accepted for it."""
        c, typed, shown, words = schema.complements.c, schema.saisies.c, schema.vues.c, schema.saisies.alias()
        # Asked for each complement: joined with the last words of all, this would take minutes for a hundred thousand.
        last = select(func.max(words.c.rang)).where(words.c.complement == c.seq).scalar_subquery()
        state = case(
            (shown.vue_le.is_not(None), "vues"), (typed.date_saisie.is_not(None), "saisies"), else_="emises"
        ).label("etat")
        since = func.coalesce(shown.vue_le, typed.date_saisie, c.emis_le).label("depuis")
        hours = total(schema.dsf.c.heures_acceptees)  # of a deposit on a DSF one complement took all
        query = (
            select(state, since, func.count(), hours)
            .select_from(schema.complements)
            .join(schema.vues, shown.complement == c.seq, isouter=True)
            .join(schema.saisies, (typed.complement == c.seq) & (typed.rang == last), isouter=True)
            .join(schema.dsf, (schema.dsf.c.depot == c.depot) & (schema.dsf.c.cle_dsf == c.cle_dsf), isouter=True)
            .group_by("etat", "depuis")  # by their names: PostgreSQL takes the expression twice for two expressions
            .order_by(state, since)
        )
        with self.reading() as connection:
            return [InState(row[0], date.fromisoformat(row[1]), *row[2:]) for row in connection.execute(query)]

    def tried_again(self, code: str, first: date, last: date, least: int) -> list[Attempt]:
        """Deposits from ``first`` to ``last`` with a finding ``code`` and rejected lines, by organisation, DSF and order.

        Only organisations and DSF with ``least`` different amounts of rejected hours in that time.
        """
        tried = _tried(code, first, last).cte()
        key = (tried.c.siret, tried.c.cle_dsf)
        often = select(*key).group_by(*key).having(func.count(distinct(tried.c.heures)) >= least).subquery()
        query = (
            select(*key, tried.c.numero_dsf, tried.c.depot, tried.c.jour, tried.c.heures)
            .join(often, (often.c.siret == key[0]) & (often.c.cle_dsf == key[1]))
            .order_by(*key, tried.c.ordre)
        )
        with self.reading() as connection:
            return [Attempt(*row[:4], date.fromisoformat(row.jour), row.heures) for row in connection.execute(query)]

    def rows_of(self, depots: Iterable[str]) -> Iterator[bytes]:
        """The rows of verdicts.csv of these deposits, deposit by deposit, in no order."""
        d, wanted = schema.depots.c, sorted(set(depots))
        for start in range(0, len(wanted), PORTION):
            query = select(d.verdicts).where(d.numero.in_(wanted[start : start + PORTION]))
            with self.reading() as connection:
                found = list(connection.execute(query).scalars())
            yield from found


def _tried(code: str, first: date, last: date) -> Select[Any]:
    runs, d, dsf, rules = schema.runs.c, schema.depots.c, schema.dsf.c, schema.regles.c
    return (
        select(
            *(d.siret, dsf.cle_dsf, dsf.numero_dsf, d.numero.label("depot"), runs.date.label("jour")),
            *(dsf.heures_rejetees.label("heures"), d.ordre),
        )
        .select_from(schema.runs)
        .join(schema.depots, d.run == runs.run)
        .join(schema.regles, (rules.depot == d.numero) & (rules.code == code))
        .join(schema.dsf, dsf.depot == d.numero)
        .where(runs.date >= first.isoformat(), runs.date <= last.isoformat(), dsf.lignes_rejetees > 0)
    )
