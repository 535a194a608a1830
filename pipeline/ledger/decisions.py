"""What changes the ledger for ever: the decision of a wave, in one transaction. Source: contract §9, reliability §3.2 (T1)."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, func, select

from pipeline.bilingual import Text
from pipeline.errors import AGAIN, Halt, HeadMoved, StateHalt
from pipeline.ledger import bulk, chain, schema
from pipeline.ledger.announcing import announce
from pipeline.ledger.base import Opened
from pipeline.ledger.database import Database
from pipeline.ledger.openness import note_open
from pipeline.ledger.records import (
    COUNTS,
    AbsenceTaken,
    Complement,
    Counts,
    Decision,
    DepositRecord,
    HoursIssued,
    Token,
)

Pair = tuple[str, str]
"""(SIRET of 14 digits, sha256 of the content)."""


_MOVED = Text(
    "Le registre a changé depuis que cette vague a été jugée.", "The ledger has changed since this wave was judged."
).then(AGAIN)
_NOT_NEXT = Text(
    "Un numéro de DSF complémentaire ne suit pas le précédent : rien n'a été émis. Signalez ce message.",
    "A number of a complementary DSF does not follow the one before: nothing was emitted. Report this message.",
)
_EMPTY = Text(
    "Une DSF complémentaire serait vide : rien n'a été émis. Signalez ce message.",
    "A complementary DSF would be empty: nothing was emitted. Report this message.",
)


@dataclass(frozen=True)
class Head:
    """The state a decision is computed against: last number and link of the chain, how many deposits, publications."""

    seq: int
    sha: str
    depots: int
    publications: int


def read_head(connection: Connection) -> Head:
    """The head as this transaction sees it."""
    c = schema.complements.c
    last = connection.execute(select(c.seq, c.maillon).order_by(c.seq.desc()).limit(1)).one_or_none()
    return Head(
        seq=last.seq if last else 0,
        sha=last.maillon if last else "",
        depots=_last(connection, "ordre"),
        publications=connection.execute(select(func.max(schema.publications.c.id))).scalar() or 0,
    )


class Decisions(Opened):
    """The part of the ledger that records decisions."""

    def __init__(self, where: Database) -> None:
        super().__init__(where)
        self._begun: set[Pair] = set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give back the attempts that a halt or a stop cut short: only a death or a fault of ours makes a file suspect."""
        try:
            if self._begun and isinstance(error, Halt | KeyboardInterrupt | None):
                with suppress(Halt):
                    self.give_back(self._begun)
        finally:
            super().__exit__(kind, error, trace)

    def head(self) -> Head:
        """Whatever identifies the state: ``commit`` wants it back unchanged."""
        with self.reading() as connection:
            return read_head(connection)

    def commit(self, decision: Decision, head: Head) -> None:
        """Record everything a wave decided, or nothing.

        Raises ``HeadMoved`` when the ledger is no longer at ``head`` or another run has taken over, ``StateHalt`` when a key
        is there already (an absence, hours, a number), ``LedgerHalt`` when the database refuses.
        """
        with self.writing(fenced=True) as connection:
            if read_head(connection) != head:
                raise HeadMoved(_MOVED)
            wave = _last(connection, "vague") + 1
            _deposits(connection, decision, wave, head.depots)
            _complements(connection, decision, head)
            add_tokens(connection, decision.run, decision.tokens)
            if decision.avis:
                announce(connection, decision.run, decision.deposits)
            bulk.insert(connection, schema.extraits, ({"vague": wave, **row} for row in decision.reference))
            _clear_attempts(connection, ((d.siret, d.sha256) for d in decision.deposits))
            _clear_asides(connection, (d.chemin for d in decision.deposits))
        self._begun.difference_update((d.siret, d.sha256) for d in decision.deposits)

    def begin_attempts(self, pairs: Iterable[Pair]) -> dict[Pair, int]:
        """Count one more attempt to decide each content, before it is read; the counts, this attempt included."""
        table, wanted = schema.essais, list(dict.fromkeys(pairs))
        with self.writing(fenced=True) as connection:
            known = _attempts(connection, wanted)
            counts = {pair: known.get(pair, 0) + 1 for pair in wanted}
            rows = [{"siret": siret, "sha256": sha, "essais": counts[siret, sha]} for siret, sha in wanted]
            bulk.update(connection, table, _PAIR, (row for row in rows if (row["siret"], row["sha256"]) in known))
            bulk.insert(connection, table, (row for row in rows if (row["siret"], row["sha256"]) not in known))
        self._begun.update(counts)
        return counts

    def attempts(self, pairs: Iterable[Pair]) -> dict[Pair, int]:
        """How often each content was begun without being decided; those never begun are left out."""
        with self.reading() as connection:
            return _attempts(connection, pairs)

    def begun(self) -> set[str]:
        """Contents (sha256) that were begun and not decided."""
        with self.reading() as connection:
            return set(connection.execute(select(schema.essais.c.sha256)).scalars())

    def give_back(self, pairs: Iterable[Pair]) -> None:
        """Take back attempts that ended for a reason outside the files (no place, stop asked…)."""
        with self.writing() as connection:
            known = _attempts(connection, pairs)
            rows = [{"siret": s, "sha256": sha, "essais": count - 1} for (s, sha), count in known.items() if count > 0]
            bulk.update(connection, schema.essais, _PAIR, rows)


def add_tokens(connection: Connection, run: str, tokens: Iterable[Token]) -> None:
    """Record tokens as STAGED: from the commit on, their presence in the spool means « still to be emitted »."""
    first = (connection.execute(select(func.max(schema.publications.c.id))).scalar() or 0) + 1
    bulk.insert(
        connection,
        schema.publications,
        (
            {
                "id": n,
                "run": run,
                "genre": t.genre,
                "cible": t.cible,
                "nom": t.nom,
                "sha256": t.sha256,
                "etat": "STAGED",
            }
            for n, t in enumerate(tokens, first)
        ),
    )


def _counts(prefix: str, counts: Counts) -> dict[str, int]:
    return {f"{prefix}_{name}": getattr(counts, name) for name in COUNTS}


def _last(connection: Connection, column: str) -> int:
    """The greatest number so far in a column of deposits and trials."""
    tables = (schema.depots, schema.depots_essai)
    return max(connection.execute(select(func.max(table.c[column]))).scalar() or 0 for table in tables)


def _deposits(connection: Connection, decision: Decision, wave: int, before: int) -> None:
    """Of a trial its own row alone: no rule, no DSF, no verdict of it is counted anywhere."""
    rows = [
        (deposit, _deposit(deposit, decision.run, wave, order))
        for order, deposit in enumerate(decision.deposits, before + 1)
    ]
    deposits = [deposit for deposit, _ in rows if not deposit.essai]
    bulk.insert(connection, schema.depots, (row | {"verdicts": d.verdicts} for d, row in rows if not d.essai))
    bulk.insert(connection, schema.depots_essai, (row for deposit, row in rows if deposit.essai))
    bulk.insert(
        connection,
        schema.regles,
        (
            {"depot": d.numero, "code": r.code, "constats": r.constats, "heures": r.heures}
            for d in deposits
            for r in d.regles
        ),
    )
    bulk.insert(
        connection,
        schema.dsf,
        (
            {"depot": d.numero, "cle_dsf": row.cle_dsf, "numero_dsf": row.numero_dsf}
            | _counts("lignes", row.lignes)
            | _counts("heures", row.heures)
            for d in deposits
            for row in d.dsf
        ),
    )
    bulk.insert(connection, schema.attentes, ({"depot": d.numero} | vars(row) for d in deposits for row in d.attentes))
    bulk.insert(connection, schema.origines, ({"depot": d.numero, "origine": d.origine} for d in deposits if d.origine))
    note_open(connection, deposits, decision.complements)


_SAME = (
    *("numero", "siret", "raison_sociale", "chemin", "fichier", "sha256", "octets", "mtime_ns"),
    *("identite", "format", "etat"),
)
"""What a deposit and its row name alike."""


def _deposit(deposit: DepositRecord, run: str, wave: int, order: int) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(deposit, name) for name in _SAME}
    row |= {"run": run, "vague": wave, "ordre": order, "retire": int(not deposit.identite)}
    return row | _counts("lignes", deposit.lignes) | _counts("heures", deposit.heures)


def _complements(connection: Connection, decision: Decision, head: Head) -> None:
    """Number the complements without a gap, chain them, and insert what each completes."""
    emitted = connection.execute(select(schema.runs.c.date).where(schema.runs.c.run == decision.run)).scalar_one()
    _check_ranks(connection, decision.complements)
    link, rows, absences, hours = head.sha, [], [], []
    for seq, item in enumerate(decision.complements, head.seq + 1):
        sha = chain.sha256(item.payload)
        before, link = link, chain.link(link, seq, item.numero, sha)
        rows.append(
            {name: getattr(item, name) for name in ("numero", "cle_dsf", "rang", "depot", "siret", "payload")}
            | {"extrait_du": _day(item.extrait_du) if item.extrait_du else None}
            | {"seq": seq, "emis_le": emitted, "sha256": sha, "prev_sha256": before, "maillon": link}
        )
        absences += [_entry(entry, seq) for entry in item.absences]
        hours += [_entry(entry, seq) for entry in item.heures]
    bulk.insert(connection, schema.complements, rows)
    bulk.insert(connection, schema.absences, absences)
    bulk.insert(connection, schema.heures, hours)


def _entry(entry: AbsenceTaken | HoursIssued, seq: int) -> dict[str, Any]:
    row = dict(vars(entry))
    row["date_debut"], row["date_fin"] = _day(entry.date_debut), _day(entry.date_fin)
    return row | {"complement": seq}


def _day(day: date) -> str:
    return day.isoformat()[:10]


def last_ranks(connection: Connection, cles_dsf: Iterable[str]) -> dict[str, int]:
    """Last rank of the complements of each DSF; a DSF without any is left out."""
    c = schema.complements.c
    wanted = bulk.asked(connection, "rangs_demandes", ("cle_dsf",), ((cle,) for cle in cles_dsf))
    query = select(c.cle_dsf, func.max(c.rang)).where(c.cle_dsf.in_(select(wanted.c.cle_dsf))).group_by(c.cle_dsf)
    return {row[0]: row[1] for row in connection.execute(query)}


def _check_ranks(connection: Connection, complements: Sequence[Complement]) -> None:
    """Each initial DSF counts C01, C02… without a gap, and nothing leaves empty (reliability D5, D12)."""
    last = last_ranks(connection, (item.cle_dsf for item in complements))
    for item in complements:
        last[item.cle_dsf] = last.get(item.cle_dsf, 0) + 1
        if item.rang != last[item.cle_dsf]:
            raise StateHalt(_NOT_NEXT)
        if not item.absences and not item.heures:
            raise StateHalt(_EMPTY)


_PAIR = ("siret", "sha256")


def _attempts(connection: Connection, pairs: Iterable[Pair]) -> dict[Pair, int]:
    e = schema.essais.c
    wanted = bulk.asked(connection, "essais_demandes", _PAIR, pairs)
    query = select(e.siret, e.sha256, e.essais).join(
        wanted, (e.siret == wanted.c.siret) & (e.sha256 == wanted.c.sha256)
    )
    return {(row.siret, row.sha256): row.essais for row in connection.execute(query)}


def _clear_attempts(connection: Connection, pairs: Iterable[Pair]) -> None:
    bulk.delete(connection, schema.essais, ({"siret": siret, "sha256": sha} for siret, sha in dict.fromkeys(pairs)))


def _clear_asides(connection: Connection, chemins: Iterable[str]) -> None:
    bulk.delete(connection, schema.ecartes, ({"chemin": chemin} for chemin in chemins))
