"""What deposits left open: lines rejected or held, files refused, until a later deposit of the same organisation takes them up.

A line is taken up when the same thing comes again, whatever becomes of it then: from there on that deposit answers for it. A
whole deposit is taken up by one that says it comes from it (Dépôt d'origine), by one that holds its lines again and has no fewer
of them, and by one of the same name with as many lines (any number, where the file was refused): corrected keys are other keys.
Deposits judged before schema 3 left nothing here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, func, select

from pipeline.ledger import bulk, schema
from pipeline.ledger.base import Opened
from pipeline.ledger.bulk import total
from pipeline.ledger.records import COUNTS, Complement, Counts, DepositRecord, OpenLine

_Place = tuple[str, str, int]
"""Deposit, sheet and row."""


@dataclass(frozen=True)
class OpenLines:
    """Lines of one deposit that are open for the same reason; a refused file is one, on row 0.

    ``suite``: one of ``schemas.rule.REMEDIES``, or ``records.WAITING`` (held) or ``records.REFUSED``. ``codes``: of the findings
    that reject, separated by spaces. ``heures``: hundredths that can be read. ``date``: of the run that judged it, ISO text.
    """

    depot: str
    siret: str
    raison_sociale: str
    fichier: str
    date: str
    suite: str
    codes: str
    lignes: int
    heures: int


@dataclass(frozen=True)
class Dropped:
    """A deposit in short. ``etat``: as the ledger keeps it; ``date``: of the run that judged it, ISO text."""

    depot: str
    fichier: str
    raison_sociale: str
    etat: str
    date: str
    lignes: Counts


_COLUMNS = [one.name for one in fields(OpenLines)]
_LINE = [one.name for one in fields(OpenLine)]
_PLACE = ("depot", "feuille", "ligne")


class Openness(Opened):
    """The part of the ledger that knows what is still open."""

    def open_lines(self, siret: str | None = None) -> list[OpenLines]:
        """What is open now, of one organisation or of all: by deposit in their order, then by reason."""
        o, d, r = schema.ouvertes.c, schema.depots.c, schema.runs.c
        reason = (d.numero, d.siret, d.raison_sociale, d.fichier, r.date, o.suite, o.codes)
        query = (
            select(*reason, func.count(), total(o.heures))
            .join_from(schema.ouvertes, schema.depots, o.depot == d.numero)
            .join(schema.runs, d.run == r.run)
            .where(o.reprise.is_(None), *([o.siret == siret] if siret else []))
            .group_by(d.ordre, *reason)
            .order_by(d.ordre, o.suite, o.codes)
        )
        with self.reading() as connection:
            rows = connection.execute(query).all()
        return [OpenLines(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]

    def taken_up(self, siret: str) -> dict[str, str]:
        """Deposit of an organisation → the last deposit that took up something of it."""
        o, d = schema.ouvertes.c, schema.depots.c
        query = (
            select(o.depot, o.reprise)
            .join_from(schema.ouvertes, schema.depots, o.reprise == d.numero)
            .where(o.siret == siret)
            .group_by(o.depot, o.reprise, d.ordre)
            .order_by(d.ordre)  # the last one overwrites the earlier ones
        )
        with self.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def revisions(self) -> dict[str, str]:
        """SIRET of every organisation that has a deposit → a text that changes with whatever its page says of the ledger."""
        d, c, s, v = schema.depots.c, schema.complements.c, schema.saisies.c, schema.vues.c
        dropped = select(d.siret, func.count()).group_by(d.siret).order_by(d.siret)
        typed = select(c.siret, func.count()).join(schema.saisies, s.complement == c.seq).group_by(c.siret)
        seen = select(c.siret, func.count()).join(schema.vues, v.complement == c.seq).group_by(c.siret)
        with self.reading() as connection:
            deposits, *after = (
                {row[0]: row[1] for row in connection.execute(query)} for query in (dropped, typed, seen)
            )
        return {siret: ".".join(str(one.get(siret, 0)) for one in (deposits, *after)) for siret in deposits}

    def deposits_of(self, siret: str, limit: int) -> tuple[int, list[Dropped]]:
        """How many deposits an organisation has, and the last ``limit`` of them, the newest first."""
        d, r = schema.depots.c, schema.runs.c
        counts = [d[f"lignes_{name}"] for name in COUNTS]
        mine = select(d.numero, d.fichier, d.raison_sociale, d.etat, r.date, *counts).join(schema.runs, d.run == r.run)
        with self.reading() as connection:
            number = connection.execute(select(func.count()).where(d.siret == siret)).scalar_one()
            rows = connection.execute(mine.where(d.siret == siret).order_by(d.ordre.desc()).limit(limit)).all()
        return number, [Dropped(row[0], row[1], row[2], row[3], row[4], Counts(*row[5:])) for row in rows]

    def origin(self, siret: str, numero: str) -> Any | None:
        """The row of a deposit of this very organisation (numero, fichier, verdicts); None where it has no such deposit."""
        d = schema.depots.c
        query = select(d.numero, d.fichier, d.verdicts).where(d.numero == numero, d.siret == siret)
        with self.reading() as connection:
            return connection.execute(query).one_or_none()


def note_open(connection: Connection, deposits: Sequence[DepositRecord], complements: Sequence[Complement]) -> None:
    """Note, deposit by deposit in their order, what each takes up of earlier ones and what it leaves open itself."""
    standing = _Standing(connection, {deposit.siret for deposit in deposits}, complements)
    last = {deposit.siret: place for place, deposit in enumerate(deposits)}
    for place, deposit in enumerate(deposits):
        standing.take_up(deposit)
        if last[deposit.siret] > place:  # a later one of this wave may take it up
            standing.leave(deposit)
    standing.write(connection, deposits)


@dataclass(frozen=True)
class _Before:
    """A deposit with open lines. ``lues``: lines that it had; 0 where it was refused."""

    siret: str
    fichier: str
    lues: int


class _Standing:
    """The open lines of some organisations, as a wave changes them."""

    def __init__(self, connection: Connection, sirets: set[str], complements: Sequence[Complement]) -> None:
        self._before: dict[str, _Before] = {}
        self._keys: dict[tuple[str, bytes], list[_Place]] = {}
        self._open: dict[str, set[_Place]] = {}
        self._taken: dict[_Place, str] = {}
        for depot, before, line in _open_lines(connection, sirets):
            self._add(depot, before, line)
        self._issued = _issued_from(connection, self._before)
        for complement in complements:
            self._issued[complement.numero] = complement.depot

    def _add(self, depot: str, before: _Before, line: OpenLine) -> None:
        place = (depot, line.feuille, line.ligne)
        self._before[depot] = before
        self._open.setdefault(depot, set()).add(place)
        if line.cle:
            self._keys.setdefault((before.siret, line.cle), []).append(place)

    def take_up(self, later: DepositRecord) -> None:
        """Close what ``later`` takes up."""
        again = [place for cle in later.cles for place in self._keys.get((later.siret, cle), ())]
        overlap = {depot for depot, _, _ in again} | {self._issued.get(numero, "") for numero in later.precedents}
        for depot, before in self._before.items():
            if before.siret == later.siret and _takes_up_whole(later, depot, before, overlap):
                again += self._open[depot]
        for place in again:
            if place in self._open[place[0]]:
                self._open[place[0]].discard(place)
                self._taken[place] = later.numero

    def leave(self, deposit: DepositRecord) -> None:
        """Add what ``deposit`` leaves open."""
        before = _Before(deposit.siret, deposit.fichier, deposit.lignes.lues)
        for line in deposit.ouvertes:
            self._add(deposit.numero, before, line)

    def write(self, connection: Connection, deposits: Sequence[DepositRecord]) -> None:
        """Put into the ledger what the ``deposits`` left open and took up."""
        table = schema.ouvertes
        left = (self._row(deposit, line) for deposit in deposits for line in deposit.ouvertes)
        bulk.insert(connection, table, left)
        new = {deposit.numero for deposit in deposits}
        taken = (
            dict(zip((*_PLACE, "reprise"), (*place, by), strict=True))
            for place, by in self._taken.items()
            if place[0] not in new
        )
        bulk.update(connection, table, _PLACE, taken)

    def _row(self, deposit: DepositRecord, line: OpenLine) -> dict[str, Any]:
        row = {name: getattr(line, name) for name in _LINE}
        taken = self._taken.get((deposit.numero, line.feuille, line.ligne))
        return row | {"depot": deposit.numero, "siret": deposit.siret, "reprise": taken}


def _takes_up_whole(later: DepositRecord, depot: str, before: _Before, overlap: set[str]) -> bool:
    if later.origine == depot:
        return True
    if depot in overlap and later.lignes.lues >= before.lues:
        return True
    return later.fichier == before.fichier and before.lues in (0, later.lignes.lues)


def _open_lines(connection: Connection, sirets: Iterable[str]) -> Iterator[tuple[str, _Before, OpenLine]]:
    o, d = schema.ouvertes.c, schema.depots.c
    lues = d.lignes_acceptees + d.lignes_rejetees + d.lignes_retenues + d.lignes_deja_prises
    line = (o.feuille, o.ligne, o.cle, o.suite, o.codes, o.heures)
    query = select(o.depot, d.siret, d.fichier, lues, *line).join_from(
        schema.ouvertes, schema.depots, o.depot == d.numero
    )
    wanted = bulk.asked(connection, "sirets_demandes", ("siret",), ((siret,) for siret in sorted(sirets)))
    mine = query.where(o.siret.in_(select(wanted.c.siret)), o.reprise.is_(None)).order_by(o.siret, d.ordre)
    for row in connection.execute(mine):
        yield row[0], _Before(*row[1:4]), OpenLine(row[4], row[5], row[6], row[7], row[8], row[9])


def _issued_from(connection: Connection, deposits: Iterable[str]) -> dict[str, str]:
    """Complement → the one of ``deposits`` that it came from."""
    c = schema.complements.c
    wanted = bulk.asked(connection, "depots_ouverts", ("depot",), ((depot,) for depot in deposits))
    query = select(c.numero, c.depot).where(c.depot.in_(select(wanted.c.depot)))
    return {row.numero: row.depot for row in connection.execute(query)}
