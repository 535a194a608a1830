"""What a wave asks the ledger: entries already taken, last ranks, contents seen, numbers in use.

Each question carries all its keys at once (``bulk.asked``): 200 000 keys against 5 million entries stay a matter of a second or
two, because the keys drive the search and the entries lie in their order (no row numbers beside them).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, and_, or_, select

from pipeline.ledger import bulk, schema
from pipeline.ledger.base import Opened
from pipeline.ledger.decisions import Pair, last_ranks
from pipeline.ledger.records import Complement


@dataclass(frozen=True)
class Entries:
    """What was completed before, one row an entry.

    ``absences``: cle_dsf, cle_de, cle_sequence, cle_absence, date_debut, date_fin, heures, financables_avant, complement,
    rang_complement, siret, date, extrait_du, saisie_le. ``heures``: cle_dsf, cle_de, cle_sequence, date_debut, date_fin, heures,
    cle_convention, cle_pif, realisees_avant, complement, rang_complement, siret, date, extrait_du, saisie_le. Hours int64
    hundredths (``…_avant`` Int64, missing in old entries); dates datetime64[s]. ``complement``: its number, ``rang_complement``
    its rank on its DSF (Int64); ``siret`` and ``date`` of the run that issued it; ``extrait_du``: the extraction it was judged
    with; ``saisie_le``: the day it was typed into Kairos, missing where nobody said so.
    """

    absences: pd.DataFrame
    heures: pd.DataFrame


_DATES = frozenset({"date_debut", "date_fin", "date", "extrait_du", "saisie_le"})
_TYPES = {"heures": "int64", "financables_avant": "Int64", "realisees_avant": "Int64", "rang_complement": "Int64"}
_TYPED = (
    select(schema.saisies.c.date_saisie)
    .where(schema.saisies.c.complement == schema.complements.c.seq)
    .order_by(schema.saisies.c.rang.desc())
    .limit(1)
    .scalar_subquery()
    .label("saisie_le")
)
_ISSUER = (
    schema.complements.c.numero.label("complement"),
    schema.complements.c.rang.label("rang_complement"),
    schema.complements.c.siret,
    schema.complements.c.emis_le.label("date"),
    schema.complements.c.extrait_du,
    _TYPED,
)
_LEFT_OUT = ("complement", "feuille", "ligne")
_ABSENCES = [c for c in schema.absences.c if c.name not in _LEFT_OUT]
_HEURES = [c for c in schema.heures.c if c.name not in _LEFT_OUT]


def _keys(connection: Connection, name: str, keys: Iterable[str]) -> Select[Any]:
    wanted = bulk.asked(connection, name, ("cle",), ((key,) for key in keys))
    return select(wanted.c.cle)


def _frame(connection: Connection, query: Select[Any]) -> pd.DataFrame:
    """Rows as a frame with fixed types, empty or not."""
    result = connection.execute(query)
    names = list(result.keys())
    rows = result.all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    frame = {}
    for name, column in zip(names, columns, strict=True):
        if name in _DATES:
            frame[name] = pd.to_datetime(pd.Series(column, dtype="str"), format="%Y-%m-%d").astype("datetime64[s]")
        else:
            frame[name] = pd.Series(column, dtype=_TYPES.get(name, "str"))
    return pd.DataFrame(frame)


class Lookups(Opened):
    """The part of the ledger that answers the questions of a wave."""

    def entries(
        self, cles_dsf: Iterable[str], cles_convention: Iterable[str], dsf_of_conventions: Iterable[str] = ()
    ) -> Entries:
        """Absences and hours taken on ``cles_dsf``; hours taken under the conventions or on their DSF (REF-10, 13, 14, DBL-03…).

        ``dsf_of_conventions``: keys of every DSF that the reference knows under these conventions today, for hours that were
        issued when the convention had another number.
        """
        taken, issued, complements = schema.absences, schema.heures, schema.complements
        with self.reading() as connection:
            of_dsf = _keys(connection, "dsf_demandees", cles_dsf)
            of_conventions = _keys(connection, "conventions_demandees", cles_convention)
            siblings = _keys(connection, "dsf_des_conventions", dsf_of_conventions)
            absences = (
                select(*_ABSENCES, *_ISSUER)
                .join_from(taken, complements, taken.c.complement == complements.c.seq)
                .where(taken.c.cle_dsf.in_(of_dsf))
            )
            hours = select(*_HEURES, *_ISSUER).join_from(issued, complements, issued.c.complement == complements.c.seq)
            by_dsf = hours.where(issued.c.cle_dsf.in_(of_dsf))
            by_convention = hours.where(
                or_(issued.c.cle_convention.in_(of_conventions), issued.c.cle_dsf.in_(siblings)),
                issued.c.cle_dsf.not_in(of_dsf),
            )
            frames = [_frame(connection, query) for query in (by_dsf, by_convention)]
            return Entries(
                absences=_sorted(_frame(connection, absences), "cle_absence"),
                heures=_sorted(pd.concat(frames, ignore_index=True), "date_debut", "date_fin"),
            )

    def ranks(self, cles_dsf: Iterable[str]) -> dict[str, int]:
        """Last rank of the complements of each DSF; a DSF without any is left out."""
        with self.reading() as connection:
            return last_ranks(connection, cles_dsf)

    def complements_on(self, cles_dsf: Iterable[str]) -> list[Complement]:
        """The complements of each DSF, in order: what is read of them is in their payloads, and their entries are left out."""
        c = schema.complements.c
        columns = (c.numero, c.cle_dsf, c.rang, c.depot, c.siret, c.payload, c.extrait_du)
        with self.reading() as connection:
            wanted = _keys(connection, "dsf_demandees", cles_dsf)
            query = select(*columns).where(c.cle_dsf.in_(wanted)).order_by(c.cle_dsf, c.rang)
            return [
                Complement(*row[:-1], (), (), date.fromisoformat(row[-1]) if row[-1] else None)
                for row in connection.execute(query)
            ]

    def seen(self, pairs: Iterable[Pair]) -> dict[Pair, tuple[str, date]]:
        """For each (SIRET, sha256) deposited before: number of its first deposit, and the date of that run (AVT-07)."""
        d = schema.depots.c
        with self.reading() as connection:
            wanted = bulk.asked(connection, "contenus_demandes", ("siret", "sha256"), pairs)
            query = (
                select(d.siret, d.sha256, d.numero, schema.runs.c.date)
                .join_from(wanted, schema.depots, and_(d.siret == wanted.c.siret, d.sha256 == wanted.c.sha256))
                .join(schema.runs, schema.runs.c.run == d.run)
                .order_by(d.ordre.desc())  # the first one overwrites the later ones
            )
            return {(row[0], row[1]): (row[2], date.fromisoformat(row[3])) for row in connection.execute(query)}

    def newest_extract(self) -> tuple[str, str] | None:
        """Name and sha256 of the newest load that the last wave was judged with; None before the first."""
        e = schema.extraits.c
        query = select(e.nom, e.sha256).order_by(e.vague.desc(), e.nom.desc()).limit(1)
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
        return (row.nom, row.sha256) if row else None

    def numbers_like(self, prefixes: Iterable[str]) -> set[str]:
        """Numbers of deposits and trials that start with one of ``prefixes``."""
        found: set[str] = set()
        with self.reading() as connection:
            wanted = bulk.asked(connection, "debuts_demandes", ("debut",), ((p,) for p in prefixes))
            for table in (schema.depots, schema.depots_essai):
                numero = table.c.numero
                starts = and_(numero >= wanted.c.debut, numero < wanted.c.debut.concat("\uffff"))
                found |= set(connection.execute(select(numero).join_from(wanted, table, starts)).scalars())
        return found


def _sorted(frame: pd.DataFrame, *last: str) -> pd.DataFrame:
    """In the order of the keys: the same whatever index the database went by."""
    return frame.sort_values(["cle_dsf", "cle_de", "cle_sequence", *last], ignore_index=True)
