"""What may be erased once its keeping time is over, and what is known of it since. Source: contract §8, `dsf purge`.

A person becomes a pseudonym wherever the ledger has one: in the payloads of complements, in the keys of what they completed. All
else of a decision stays as it was: its numbers, its chain, its hours.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, func, select

from pipeline import disk
from pipeline.ledger import bulk, chain, schema
from pipeline.ledger.base import Opened
from pipeline.ledger.runs import Publication, publication
from pipeline.pseudonyms import MARK, Pseudonyms

PORTION = 200
"""Complements erased in one transaction."""


@dataclass(frozen=True)
class Past:
    """A complement whose persons are to be erased; ``payload``: its bytes."""

    seq: int
    numero: str
    cle_dsf: str
    siret: str
    payload: bytes


class Erasing(Opened):
    """The part of the ledger that forgets persons."""

    def key_print(self) -> str | None:
        """The print of the secret under which persons are known; None where nobody was erased yet."""
        e = schema.effacements.c
        with self.reading() as connection:
            return connection.execute(select(e.nom).where(e.genre == "cle")).scalar_one_or_none()

    def note_key(self, pseudonyms: Pseudonyms, day: date) -> None:
        """Remember which secret persons are known under; before the first of them is erased."""
        row = {"genre": "cle", "nom": pseudonyms.print, "efface_le": day.isoformat()}
        with self.writing(fenced=True) as connection:
            bulk.insert(connection, schema.effacements, [row])

    # --- complements --------------------------------------------------------------------------------------------------

    def erasable(self, before: date) -> tuple[int, int]:
        """Complements issued before that day whose persons are still there: seen in an extract, and not (those are kept)."""
        c, v = schema.complements.c, schema.vues.c
        query = select(func.count(v.complement), func.count()).select_from(
            schema.complements.outerjoin(schema.vues, v.complement == c.seq)
        )
        with self.reading() as connection:
            seen, every = connection.execute(query.where(_issued_before(before))).one()
        return seen, every - seen

    def past(self, before: date) -> Iterator[list[Past]]:
        """The complements to erase, in portions; each portion is to be erased before the next is asked for."""
        c = schema.complements.c
        query = (
            select(c.seq, c.numero, c.cle_dsf, c.siret, c.payload)
            .join(schema.vues, schema.vues.c.complement == c.seq)
            .where(_issued_before(before))
            .order_by(c.seq)
            .limit(PORTION)
        )
        last = 0
        while True:
            with self.reading() as connection:
                rows = [Past(*row) for row in connection.execute(query.where(c.seq > last))]
            if not rows:
                return
            last = rows[-1].seq
            yield rows

    def erase_persons(self, past: Sequence[Past], payloads: Sequence[bytes], pseudonyms: Pseudonyms, day: date) -> None:
        """Put ``payloads`` (those of ``past`` without persons) in the place of theirs, and pseudonyms into their entries."""
        with self.writing(fenced=True) as connection:
            for one, payload in zip(past, payloads, strict=True):
                disk.reached("ledger: erase")
                values = {"payload": payload, "efface_le": day.isoformat(), "efface_sha256": chain.sha256(payload)}
                complements = schema.complements
                connection.execute(complements.update().where(complements.c.seq == one.seq).values(values))
                for table in (schema.absences, schema.heures):
                    mine = (table.c.cle_dsf == one.cle_dsf) & (table.c.complement == one.seq)
                    rows = connection.execute(select(table).where(mine)).all()
                    _hide(connection, table, rows, pseudonyms)

    def erased(self) -> list[tuple[str, str]]:
        """SIRET and number of every complement whose persons are erased."""
        c = schema.complements.c
        query = select(c.siret, c.numero).where(c.efface_le.is_not(None)).order_by(c.seq)
        with self.reading() as connection:
            return [(row.siret, row.numero) for row in connection.execute(query)]

    def unseen_dsf(self) -> set[str]:
        """Keys of the DSF with complements that no extract has shown yet: what the reference has of them is still needed."""
        c, v = schema.complements.c, schema.vues.c
        query = select(c.cle_dsf).outerjoin_from(schema.complements, schema.vues, v.complement == c.seq)
        with self.reading() as connection:
            return set(connection.execute(query.where(v.complement.is_(None))).scalars())

    # --- lines --------------------------------------------------------------------------------------------------------

    def forget_lines(self, before: date, pseudonyms: Pseudonyms) -> int:
        """Of lines judged before that day: what hash tells whom they are about, and under which DSF they asked in vain.

        A secretary may have put anything there. How many rows were changed.
        """
        o, a = schema.ouvertes, schema.attentes
        with self.writing(fenced=True) as connection:
            old = select(schema.depots.c.numero).join(schema.runs, schema.runs.c.run == schema.depots.c.run)
            old = old.where(schema.runs.c.date < before.isoformat())
            hashed = o.update().where(o.c.depot.in_(old), o.c.cle.is_not(None)).values(cle=None)
            count = connection.execute(hashed).rowcount
            unknown = (a.c.code == "REF-01") & a.c.cle_dsf.not_like(f"{MARK}%") & a.c.depot.in_(old)
            rows = connection.execute(select(a.c.depot, a.c.cle_dsf, a.c.code).where(unknown)).all()
            changes = [(dict(row._mapping), {"cle_dsf": pseudonyms.of(row.depot, row.cle_dsf)}) for row in rows]
            bulk.rekey(connection, a, changes)
        return count + len(rows)

    # --- files --------------------------------------------------------------------------------------------------------

    def past_originals(self, before: date) -> list[str]:
        """Contents (sha256) of deposits and trials that were all judged before that day."""
        used = [
            select(table.c.sha256, schema.runs.c.date).join(schema.runs, schema.runs.c.run == table.c.run)
            for table in (schema.depots, schema.depots_essai)
        ]
        every = used[0].union_all(used[1]).subquery()
        last = func.max(every.c.date)
        query = (
            select(every.c.sha256).group_by(every.c.sha256).having(last < before.isoformat()).order_by(every.c.sha256)
        )
        with self.reading() as connection:
            return list(connection.execute(query).scalars())

    def note_originals(self, contents: Iterable[str], day: date) -> None:
        """These originals are about to be erased: that they are gone is no loss."""
        table, wanted = schema.effacements, sorted(contents)
        with self.writing(fenced=True) as connection:
            known = self._gone(connection)
            rows = (
                {"genre": "original", "nom": one, "efface_le": day.isoformat()} for one in wanted if one not in known
            )
            bulk.insert(connection, table, rows)

    def gone_originals(self) -> set[str]:
        """Contents (sha256) whose original was erased."""
        with self.reading() as connection:
            return self._gone(connection)

    @staticmethod
    def _gone(connection: Connection) -> set[str]:
        e = schema.effacements.c
        return set(connection.execute(select(e.nom).where(e.genre == "original")).scalars())

    def publications_at(self, targets: Iterable[str]) -> list[Publication]:
        """What was emitted to these targets in the outbox."""
        with self.reading() as connection:
            return _published(connection, _at(connection, targets))

    def past_returns(self, targets: Iterable[str], before: date) -> list[Publication]:
        """Of these targets in the outbox, what came back for deposits and trials in runs before that day."""
        p, r = schema.publications.c, schema.runs.c
        with self.reading() as connection:
            old = _at(connection, targets).join(schema.runs, r.run == p.run).where(r.date < before.isoformat())
            return _published(connection, old.where(p.etat == "PUBLISHED", p.genre.in_(("retour", "essai"))))


def _at(connection: Connection, targets: Iterable[str]) -> Select[Any]:
    """The publications whose targets these are."""
    p = schema.publications.c
    asked = bulk.asked(connection, "cibles_demandees", ("cible",), ((one,) for one in targets))
    return select(schema.publications).join_from(asked, schema.publications, p.cible == asked.c.cible).order_by(p.id)


def _published(connection: Connection, query: Select[Any]) -> list[Publication]:
    return [publication(row) for row in connection.execute(query)]


def _issued_before(before: date) -> ColumnElement[bool]:
    c = schema.complements.c
    return and_(c.efface_le.is_(None), c.emis_le < before.isoformat())


def _hide(connection: Connection, table: Table, rows: Sequence[Row[Any]], pseudonyms: Pseudonyms) -> None:
    """Pseudonyms in the keys of what a complement completed."""
    changes = []
    for row in rows:
        new = {"cle_de": pseudonyms.of(row.cle_dsf, row.cle_de)}
        if table is schema.heures:
            new["cle_pif"] = pseudonyms.of(row.cle_convention, row.cle_pif)
        changes.append((dict(row._mapping), new))
    bulk.rekey(connection, table, changes)
