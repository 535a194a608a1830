"""What becomes of a complement after it has left: émise, then saisie (typed into Kairos), then vue (a later extract shows it).

Source: contract §6. A word is only ever added: what was typed may be corrected by a later word, and what was seen stays seen.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, select

from pipeline.bilingual import Text
from pipeline.errors import StateHalt
from pipeline.ledger import bulk, schema
from pipeline.ledger.base import Opened, now
from schemas.folding import key

UNKNOWN = Text(
    "Le registre ne connaît pas de DSF complémentaire {numero}.", "The ledger knows no complementary DSF {numero}."
)

_NUMERO = re.compile(r"(.+)-C([0-9]{1,9})", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Followed:
    """One complement and how far it has come. ``saisie_le`` and ``vue_le`` are None until it has.

    ``extrait_du``: extraction of its DSF that it was judged with, None where the ledger is older than this column.
    """

    seq: int
    numero: str
    cle_dsf: str
    siret: str
    depot: str
    emis_le: date
    extrait_du: date | None
    numero_kairos: str
    saisie_le: date | None
    vue_le: date | None

    @property
    def since(self) -> date:
        """Day of the extraction that it was judged with; the day it was issued where that is not known."""
        return self.extrait_du or self.emis_le

    @property
    def state(self) -> str:
        """emise, saisie or vue."""
        return "vue" if self.vue_le else "saisie" if self.saisie_le else "emise"


@dataclass(frozen=True)
class Wait:
    """Lines of one organisation on one DSF that a rule keeps from passing; ``depot`` is its last deposit on that DSF."""

    siret: str
    cle_dsf: str
    code: str
    depot: str
    lignes: int
    heures: int


@dataclass(frozen=True)
class Word:
    """Somebody says that a complement was typed on ``day``, under Kairos' number ``kairos`` where it is known."""

    numero: str
    kairos: str
    day: date


class After(Opened):
    """The part of the ledger that follows complements once they are issued.

    A number is known as anyone writes it: without regard to case and spaces around it.
    """

    def follow(self, numero: str) -> Followed | None:
        """One complement; None where no such number was issued."""
        parts = _parts(numero)
        if parts is None:
            return None
        c = schema.complements.c
        with self.reading() as connection:
            row = connection.execute(_query().where(c.cle_dsf == parts[0], c.rang == parts[1])).one_or_none()
        return _followed(row) if row else None

    def enter(self, numero: str, *, kairos: str, day: date) -> bool:
        """Note that a complement was typed on ``day`` under Kairos' number ``kairos``; False when that is known already.

        Another day or number is a correction: the last word counts. Raises ``StateHalt`` for a number that was never issued.
        """
        with self.writing() as connection:
            return _enter(connection, Word(numero, kairos, day), again=True)

    def enter_all(self, words: Iterable[Word]) -> int:
        """Note what a list says, all in one transaction; how many words are new.

        The same list may be read again: what was ever said of a complement is known, and corrects nothing that was said since.
        """
        given = list(words)
        if not given:
            return 0
        with self.writing() as connection:
            return sum(_enter(connection, word, again=False) for word in given)

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
            bulk.insert(connection, table, rows)

    def waits(self) -> list[Wait]:
        """Lines that only an extract kept from passing, by the last deposit of each organisation that speaks of their DSF."""
        with self.reading() as connection:
            return [Wait(*row) for row in connection.execute(_waits())]

    def followed(self, *, unseen: bool = False, siret: str = "") -> list[Followed]:
        """Every complement in order, or only those that no extract has shown yet; ``siret``: of one organisation."""
        query = _query()
        if siret:
            query = query.where(schema.complements.c.siret == siret)
        if unseen:
            query = query.where(schema.vues.c.vue_le.is_(None))
        with self.reading() as connection:
            return [_followed(row) for row in connection.execute(query)]


def _parts(numero: str) -> tuple[str, int] | None:
    """The key of the initial DSF and the rank; None for what is no number of a complement."""
    found = _NUMERO.fullmatch(numero.strip())
    return (key(found[1]), int(found[2])) if found else None


def _enter(connection: Connection, word: Word, *, again: bool) -> bool:
    """Add a word on a complement unless it is the last one (``again``), or any of those before (not ``again``)."""
    table, c = schema.saisies, schema.complements.c
    parts = _parts(word.numero)
    wanted = select(c.seq).where(c.cle_dsf == parts[0], c.rang == parts[1]) if parts else None
    seq = connection.execute(wanted).scalar_one_or_none() if wanted is not None else None
    if seq is None:
        raise StateHalt(UNKNOWN.fill(numero=word.numero))
    said = connection.execute(select(table).where(table.c.complement == seq).order_by(table.c.rang)).all()
    day = word.day.isoformat()
    known = said[-1:] if again else said
    if any((word.kairos or one.numero_kairos, day) == (one.numero_kairos, one.date_saisie) for one in known):
        return False
    row = {"complement": seq, "rang": len(said) + 1, "date_saisie": day, "note_le": now()}
    row["numero_kairos"] = word.kairos or (said[-1].numero_kairos if said else "")
    bulk.insert(connection, table, [row])
    return True


def _query() -> Select[Any]:
    c, s, words = schema.complements.c, schema.saisies.c, schema.saisies.alias()
    last = select(func.max(words.c.rang)).where(words.c.complement == c.seq).scalar_subquery()
    return (
        select(
            c.seq,
            c.numero,
            c.cle_dsf,
            c.siret,
            c.depot,
            c.emis_le,
            c.extrait_du,
            s.numero_kairos,
            s.date_saisie,
            schema.vues.c.vue_le,
        )
        .join_from(schema.complements, schema.saisies, (s.complement == c.seq) & (s.rang == last), isouter=True)
        .join(schema.vues, schema.vues.c.complement == c.seq, isouter=True)
        .order_by(c.seq)
    )


def _waits() -> Select[Any]:
    """What no later deposit of the same organisation on the same DSF has superseded, in the order of deposits."""
    a, d = schema.attentes.c, schema.depots.c

    def later(table: Table) -> Any:
        other, deposit = table.alias(), schema.depots.alias()
        same = (other.c.cle_dsf == a.cle_dsf) & (deposit.c.siret == d.siret) & (deposit.c.ordre > d.ordre)
        return select(other.c.depot).join(deposit, deposit.c.numero == other.c.depot).where(same).exists()

    return (
        select(d.siret, a.cle_dsf, a.code, a.depot, a.lignes, a.heures)
        .join(schema.depots, d.numero == a.depot)
        .where(~later(schema.dsf), ~later(schema.attentes))
        .order_by(d.ordre, a.cle_dsf, a.code)
    )


def _followed(row: Row[Any]) -> Followed:
    return Followed(
        *(row.seq, row.numero, row.cle_dsf, row.siret, row.depot, date.fromisoformat(row.emis_le)),
        _day(row.extrait_du),
        row.numero_kairos or "",
        _day(row.date_saisie),
        _day(row.vue_le),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
