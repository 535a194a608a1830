"""What becomes of a complement after it has left: émise, then saisie (typed into Kairos), then vue (a later extract shows it).

Source: spec §6. A word is only ever added: what was typed may be corrected by a later word, and what was seen stays seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, func, select

from pipeline.errors import StateHalt
from pipeline.ledger import schema
from pipeline.ledger.base import Opened
from pipeline.ledger.runs import now

UNKNOWN = "Le registre ne connaît pas de DSF complémentaire {numero}."


@dataclass(frozen=True)
class Followed:
    """One complement and how far it has come. ``saisie_le`` and ``vue_le`` are None until it has."""

    seq: int
    numero: str
    cle_dsf: str
    siret: str
    depot: str
    emis_le: date
    numero_kairos: str
    saisie_le: date | None
    vue_le: date | None

    @property
    def state(self) -> str:
        """emise, saisie or vue."""
        return "vue" if self.vue_le else "saisie" if self.saisie_le else "emise"


class After(Opened):
    """The part of the ledger that follows complements once they are issued."""

    def enter(self, numero: str, *, kairos: str, day: date) -> bool:
        """Note that a complement was typed on ``day`` under Kairos' number ``kairos``; False when that is known already.

        Another day or number is a correction: the last word counts. Raises ``StateHalt`` for a number that was never issued.
        """
        table = schema.saisies
        with self.writing() as connection:
            seq = connection.execute(
                select(schema.complements.c.seq).where(schema.complements.c.numero == numero)
            ).scalar_one_or_none()
            if seq is None:
                raise StateHalt(UNKNOWN.format(numero=numero))
            last = connection.execute(
                select(table).where(table.c.complement == seq).order_by(table.c.rang.desc()).limit(1)
            ).one_or_none()
            if last and (last.numero_kairos, last.date_saisie) == (kairos or last.numero_kairos, day.isoformat()):
                return False
            row = {"complement": seq, "rang": (last.rang if last else 0) + 1, "date_saisie": day.isoformat()}
            row |= {"numero_kairos": kairos or (last.numero_kairos if last else ""), "note_le": now()}
            connection.execute(table.insert().values(row))
        return True

    def see(self, seqs: Iterable[int], *, extract: str, day: date) -> None:
        """Note that the load ``extract`` shows these complements; each is noted once."""
        table, wanted = schema.vues, sorted(set(seqs))
        if not wanted:
            return
        with self.writing() as connection:
            known = set(connection.execute(select(table.c.complement)).scalars())
            rows = [
                {"complement": seq, "extrait": extract, "vue_le": day.isoformat()} for seq in wanted if seq not in known
            ]
            if rows:
                connection.execute(table.insert(), rows)

    def followed(self, *, unseen: bool = False) -> list[Followed]:
        """Every complement in order, or only those that no extract has shown yet."""
        query = _query()
        if unseen:
            query = query.where(schema.vues.c.vue_le.is_(None))
        with self.reading() as connection:
            return [_followed(row) for row in connection.execute(query)]


def _query() -> Select[Any]:
    c, s = schema.complements.c, schema.saisies.c
    last = select(s.complement, func.max(s.rang).label("rang")).group_by(s.complement).subquery()
    return (
        select(
            c.seq,
            c.numero,
            c.cle_dsf,
            c.siret,
            c.depot,
            c.emis_le,
            s.numero_kairos,
            s.date_saisie,
            schema.vues.c.vue_le,
        )
        .join_from(schema.complements, last, last.c.complement == c.seq, isouter=True)
        .join(schema.saisies, (s.complement == c.seq) & (s.rang == last.c.rang), isouter=True)
        .join(schema.vues, schema.vues.c.complement == c.seq, isouter=True)
        .order_by(c.seq)
    )


def _followed(row: Row[Any]) -> Followed:
    return Followed(
        *(row.seq, row.numero, row.cle_dsf, row.siret, row.depot, date.fromisoformat(row.emis_le)),
        row.numero_kairos or "",
        date.fromisoformat(row.date_saisie) if row.date_saisie else None,
        date.fromisoformat(row.vue_le) if row.vue_le else None,
    )
