"""What the ledger tells: a run as its report shows it, past runs, the chain, the trail of an entry. Plain data only."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Table, false, func, select, union

from pipeline.ledger import schema
from pipeline.ledger.base import Opened
from pipeline.ledger.bulk import total
from pipeline.ledger.records import COUNTS
from pipeline.ledger.runs import Publication, publication

Data = dict[str, Any]
PORTION = 500
"""Payloads read at a time."""


def _counts(row: Row[Any], prefix: str) -> Data:
    counts = {name: row._mapping[f"{prefix}_{name}"] for name in COUNTS}
    return {"lues": sum(counts.values()), **counts}


class Views(Opened):
    """The part of the ledger that is read by people and reports."""

    def run_view(self, run: str, *, rows: bool = True) -> Data:
        """A run for its report, from the ledger alone: the same after a crash. Hours int hundredths.

        run, date, debut, fin · versions {programme, regles} · reference [{nom, date_extraction, sha256}] · reglages {…} ·
        depots [{depot, siret, raison_sociale, fichier, sha256, octets, etat, format, comptes {…}, heures {…},
        regles [{code, constats, heures}], dsf [{numero_dsf, comptes, heures}]}] · complements [numero…] ·
        attente [{chemin, raison}] · laisses [{chemin, raison}] · durees {step: seconds} · verdicts: bytes of csv rows ·
        essais, where there are any: trials, as depots but for their regles and dsf; they are in no other key.

        ``rows=False`` leaves the rows out: of a past run only the figures are shown.
        """
        with self.reading() as connection:
            runs = schema.runs
            head = connection.execute(select(runs).where(runs.c.run == run)).one()
            deposits = list(_rows(connection, schema.depots, "run", run, "ordre", () if rows else ("verdicts",)))
            trials = list(_rows(connection, schema.depots_essai, "run", run, "ordre"))
            rules = _rules(connection, run)
            by_dsf = _by_dsf(connection, run)
            numbers = connection.execute(
                select(schema.complements.c.numero)
                .join(schema.depots, schema.depots.c.numero == schema.complements.c.depot)
                .where(schema.depots.c.run == run)
                .order_by(schema.complements.c.seq)
            )
            complements = list(numbers.scalars())
            reference = _reference(connection, sorted({d.vague for d in (*deposits, *trials)}))
        view: Data = {name: head._mapping[name] for name in ("run", "date", "debut", "fin")}
        view |= {n: json.loads(head._mapping[n]) for n in ("versions", "reglages", "durees")}
        view |= {
            name: [{"chemin": path, "raison": why} for path, why in json.loads(head._mapping[name])]
            for name in ("attente", "laisses")
        }
        return view | {
            "reference": reference,
            "depots": [
                {**_deposit(d), "regles": rules.get(d.numero, []), "dsf": by_dsf.get(d.numero, [])} for d in deposits
            ],
            "complements": complements,
            **({"essais": [_deposit(d) for d in trials]} if trials else {}),
            **({"verdicts": b"".join(d.verdicts for d in deposits)} if rows else {}),
        }

    def past_runs(self, limit: int = 30) -> list[Data]:
        """The last finished runs, oldest first: run, date, debut, fin, deposits, lines and hours by verdict (for the trend)."""
        sums = [
            total(schema.depots.c[f"{prefix}_{name}"]).label(f"{prefix}_{name}")
            for prefix in ("lignes", "heures")
            for name in COUNTS
        ]
        table, d = schema.runs, schema.depots.c
        # The runs first: their deposits are found by an index, those of all others stay where they are.
        r = select(table).where(table.c.etat == "FINI").order_by(table.c.ordre.desc()).limit(limit).subquery().c
        head = (r.run, r.date, r.debut, r.fin)
        query = (
            select(*head, func.count(d.numero).label("depots"), *sums)
            .join_from(r.run.table, schema.depots, d.run == r.run, isouter=True)
            .group_by(*head, r.ordre)
            .order_by(r.ordre)
        )
        with self.reading() as connection:
            rows = connection.execute(query).all()
        return [
            {
                **{name: x._mapping[name] for name in ("run", "date", "debut", "fin", "depots")},
                "comptes": _counts(x, "lignes"),
                "heures": _counts(x, "heures"),
            }
            for x in rows
        ]

    def complements(self) -> Iterator[Row[Any]]:
        """Every complement in order: seq, numero, cle_dsf, rang, depot, siret, emis_le, payload, sha256, prev_sha256, maillon.

        In portions, each a transaction of its own: payloads of years do not fit in memory.
        """
        table, last = schema.complements, -1
        while True:
            query = select(table).where(table.c.seq > last).order_by(table.c.seq).limit(PORTION)
            with self.reading() as connection:
                rows = connection.execute(query).all()
            yield from rows
            if not rows:
                return
            last = rows[-1].seq

    def link_of(self, seq: int) -> str:
        """The chain's link at ``seq``; "" when there is none."""
        c = schema.complements.c
        with self.reading() as connection:
            return connection.execute(select(c.maillon).where(c.seq == seq)).scalar() or ""

    def complement(self, numero: str) -> Row[Any] | None:
        """One complement by its number, as ``complements`` gives it."""
        table = schema.complements
        with self.reading() as connection:
            return connection.execute(select(table).where(table.c.numero == numero)).one_or_none()

    def deposits(self) -> list[Row[Any]]:
        """Every deposit in order, as the table has it."""
        with self.reading() as connection:
            return list(connection.execute(select(schema.depots).order_by(schema.depots.c.ordre)).all())

    def trials(self) -> list[Row[Any]]:
        """Every trial in order, as its table has it: the columns of deposits but ``verdicts``."""
        with self.reading() as connection:
            return list(connection.execute(select(schema.depots_essai).order_by(schema.depots_essai.c.ordre)).all())

    def originals(self) -> list[str]:
        """The content (sha256) of every deposit and every trial, each once, sorted."""
        d, t = schema.depots.c.sha256, schema.depots_essai.c.sha256
        with self.reading() as connection:
            return sorted(connection.execute(union(select(d), select(t))).scalars())

    def counts(self) -> Counter[str]:
        """Rows of each table."""
        with self.reading() as connection:
            return Counter(
                {
                    t.name: connection.execute(select(func.count()).select_from(t)).scalar_one()
                    for t in schema.metadata.sorted_tables
                }
            )

    def entries_of(self, seq: int, cle_dsf: str) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
        """What a complement of this DSF completed, hours in hundredths as text.

        Absences (cle_de, cle_sequence, cle_absence, heures), hours (cle_de, cle_sequence, date_debut, date_fin, heures).
        """
        a, h = schema.absences.c, schema.heures.c
        queries = (
            select(a.cle_de, a.cle_sequence, a.cle_absence, a.heures).where(a.cle_dsf == cle_dsf, a.complement == seq),
            select(h.cle_de, h.cle_sequence, h.date_debut, h.date_fin, h.heures).where(
                h.cle_dsf == cle_dsf, h.complement == seq
            ),
        )
        with self.reading() as connection:
            absences, hours = ({tuple(map(str, row)) for row in connection.execute(query)} for query in queries)
        return absences, hours

    def publication_of(self, siret: str, name: str) -> Publication | None:
        """The publication of a complement, by the name of its folder."""
        p = schema.publications
        with self.reading() as connection:
            row = connection.execute(select(p).where(p.c.cible == f"{siret}/dsf/{name}")).one_or_none()
        return publication(row) if row else None

    def trail(self, *, depot: str = "", cle_dsf: str = "", cle_absence: str = "") -> list[Data]:
        """Deposits, and under each its complements and entries, that concern a deposit, a DSF, or an absence of that DSF.

        A trial is told by its number alone, with ``essai``: it concerns no DSF.
        """
        with self.reading() as connection:
            tried = _rows(connection, schema.depots_essai, "numero", depot, "ordre")
            return [{"essai": True, **_deposit(row), **_judged_with(connection, row)} for row in tried] + [
                _trail(connection, number, cle_dsf, cle_absence)
                for number in _concerned(connection, depot, cle_dsf, cle_absence)
            ]


def _rows(
    connection: Connection, table: Table, column: str, value: object, order: str, without: tuple[str, ...] = ()
) -> list[Row[Any]]:
    columns = [c for c in table.c if c.name not in without]
    return list(connection.execute(select(*columns).where(table.c[column] == value).order_by(table.c[order])).all())


def _rules(connection: Connection, run: str) -> dict[str, list[Data]]:
    rules = schema.regles
    query = (
        select(rules)
        .join(schema.depots, schema.depots.c.numero == rules.c.depot)
        .where(schema.depots.c.run == run)
        .order_by(rules.c.depot, rules.c.code)
    )
    found: dict[str, list[Data]] = {}
    for row in connection.execute(query):
        found.setdefault(row.depot, []).append({"code": row.code, "constats": row.constats, "heures": row.heures})
    return found


def _by_dsf(connection: Connection, run: str) -> dict[str, list[Data]]:
    """Deposit → its verdicts by the depositor's own DSF: what was right the first time, what has been waiting."""
    table = schema.dsf
    query = (
        select(table)
        .join(schema.depots, schema.depots.c.numero == table.c.depot)
        .where(schema.depots.c.run == run)
        .order_by(table.c.depot, table.c.cle_dsf)
    )
    found: dict[str, list[Data]] = {}
    for row in connection.execute(query):
        found.setdefault(row.depot, []).append(
            {"numero_dsf": row.numero_dsf, "comptes": _counts(row, "lignes"), "heures": _counts(row, "heures")}
        )
    return found


def _reference(connection: Connection, waves: list[int]) -> list[Data]:
    e = schema.extraits.c
    if not waves:
        return []
    query = (
        select(e.nom, e.date_extraction, e.sha256)
        .where(e.vague.between(waves[0], waves[-1]))
        .distinct()
        .order_by(e.nom, e.sha256)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def _deposit(row: Row[Any]) -> Data:
    names = ("siret", "raison_sociale", "fichier", "sha256", "octets", "etat", "format")
    return {
        "depot": row.numero,
        **{name: row._mapping[name] for name in names},
        "comptes": _counts(row, "lignes"),
        "heures": _counts(row, "heures"),
    }


def _judged_with(connection: Connection, row: Row[Any]) -> Data:
    """When a deposit or a trial was judged, and with what."""
    run = connection.execute(select(schema.runs).where(schema.runs.c.run == row.run)).one()
    return {
        "run": run.run,
        "date": run.date,
        "versions": json.loads(run.versions),
        "reference": _reference(connection, [row.vague]),
    }


def _concerned(connection: Connection, depot: str, cle_dsf: str, cle_absence: str) -> list[str]:
    """Numbers of the deposits to tell of, in order."""
    d, c, a = schema.depots, schema.complements, schema.absences
    if depot:
        query = select(d.c.numero).where(d.c.numero == depot)
    elif cle_absence:
        mine = (a.c.cle_dsf == cle_dsf) & (a.c.cle_absence == cle_absence)
        query = (
            select(d.c.numero).join(c, c.c.depot == d.c.numero).where(c.c.seq.in_(select(a.c.complement).where(mine)))
        )
    else:
        query = (
            select(d.c.numero).join(schema.dsf, schema.dsf.c.depot == d.c.numero).where(schema.dsf.c.cle_dsf == cle_dsf)
        )
    return list(connection.execute(query.order_by(d.c.ordre)).scalars())


def _trail(connection: Connection, numero: str, cle_dsf: str, cle_absence: str) -> Data:
    deposit = connection.execute(select(schema.depots).where(schema.depots.c.numero == numero)).one()
    counted = [
        {"numero_dsf": r.numero_dsf, "comptes": _counts(r, "lignes"), "heures": _counts(r, "heures")}
        for r in _rows(connection, schema.dsf, "depot", numero, "cle_dsf")
        if not cle_dsf or r.cle_dsf == cle_dsf
    ]
    rules = [
        {"code": r.code, "constats": r.constats, "heures": r.heures}
        for r in _rows(connection, schema.regles, "depot", numero, "code")
    ]
    return {
        **_deposit(deposit),
        "regles": rules,
        **_judged_with(connection, deposit),
        "dsf": counted,
        "complements": [
            _issued(connection, c, cle_absence)
            for c in _rows(connection, schema.complements, "depot", numero, "seq")
            if not cle_dsf or c.cle_dsf == cle_dsf
        ],
    }


def _issued(connection: Connection, complement: Row[Any], cle_absence: str) -> Data:
    entries = {}
    for table in (schema.absences, schema.heures):
        # The keys begin with the DSF: this goes by the order of the table, without an index of its own.
        mine = (table.c.cle_dsf == complement.cle_dsf) & (table.c.complement == complement.seq)
        if cle_absence:
            mine &= table.c.cle_absence == cle_absence if table is schema.absences else false()
        found = connection.execute(select(table).where(mine).order_by(table.c.feuille, table.c.ligne))
        entries[table.name] = [{k: v for k, v in row._mapping.items() if k != "complement"} for row in found]
    return {"seq": complement.seq, "numero": complement.numero, "emis_le": complement.emis_le, **entries}
