"""Runs, first looks at arrivals, what is put aside, sources to remove, publications: states that move, mostly forwards."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select

from pipeline.bilingual import Text
from pipeline.errors import StateHalt
from pipeline.ledger import bulk, schema
from pipeline.ledger.base import Opened, now
from pipeline.ledger.decisions import add_tokens
from pipeline.ledger.records import Token

UNFINISHED = Text(
    "Le passage {run} n'est pas terminé : il doit l'être avant d'en commencer un autre.",
    "Run {run} is not finished: it must be, before another one begins.",
)


@dataclass(frozen=True)
class Publication:
    """A token the ledger knows; ``id`` counts from 1 in the order of emission."""

    id: int
    genre: str
    cible: str
    nom: str
    sha256: str
    etat: str


@dataclass(frozen=True)
class Look:
    """A file as it was when first seen like this. ``monotone_ns`` holds within one start (``demarrage``) of the machine."""

    chemin: str
    identite: str
    octets: int
    mtime_ns: int
    demarrage: str
    monotone_ns: int
    vu_ns: int


@dataclass(frozen=True)
class Aside:
    """A deposit that a fault of ours keeps from being decided: the file as it was then, and why. ``attend``: only until asked."""

    chemin: str
    identite: str
    octets: int
    mtime_ns: int
    raison: str
    attend: bool

    @property
    def sight(self) -> tuple[str, str, int, int]:
        """What tells whether the file is still this one."""
        return self.chemin, self.identite, self.octets, self.mtime_ns


@dataclass(frozen=True)
class Source:
    """The source of a decided deposit that may still stand in the inbox."""

    depot: str
    chemin: str
    identite: str
    octets: int
    mtime_ns: int
    sha256: str


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True)


class Runs(Opened):
    """The part of the ledger that follows runs and files."""

    def unfinished(self) -> tuple[str, date] | None:
        """The run that was begun and not finished, with its date: it is finished before any other begins."""
        c = schema.runs.c
        with self.reading() as connection:
            row = connection.execute(select(c.run, c.date).where(c.etat == "OUVERT").order_by(c.ordre)).first()
        return (row.run, date.fromisoformat(row.date)) if row else None

    def last_finished(self) -> int:
        """Order of the last run that was finished; 0 for none."""
        c = schema.runs.c
        with self.reading() as connection:
            return connection.execute(select(func.max(c.ordre)).where(c.etat == "FINI")).scalar() or 0

    def start_run(self, day: date, *, versions: Mapping[str, Any], reglages: Mapping[str, Any]) -> str:
        """Begin a run, ``<date>-1``, ``-2``…, or go on with the unfinished one of the same date (its id, its beginning).

        Raises ``StateHalt`` when one of another date is unfinished: that one must be finished first.
        """
        before = self.unfinished()
        if before and before[1] == day:
            return before[0]
        if before:
            raise StateHalt(UNFINISHED.fill(run=before[0]))
        c = schema.runs.c
        with self.writing(fenced=True) as connection:
            rank = (connection.execute(select(func.max(c.rang)).where(c.date == day.isoformat())).scalar() or 0) + 1
            order = (connection.execute(select(func.max(c.ordre))).scalar() or 0) + 1
            run = f"{day.isoformat()}-{rank}"
            row = {"run": run, "ordre": order, "date": day.isoformat(), "rang": rank, "etat": "OUVERT", "debut": now()}
            row |= {"versions": _json(dict(versions)), "reglages": _json(dict(reglages))}
            row |= {"attente": "[]", "laisses": "[]", "durees": "{}"}
            bulk.insert(connection, schema.runs, [row])
        return run

    def note_run(
        self,
        run: str,
        *,
        attente: Sequence[tuple[str, str]] = (),
        laisses: Sequence[tuple[str, str]] = (),
        durees: Mapping[str, float] | None = None,
    ) -> None:
        """Note what only the running program knows, before ``run_view`` is rendered; may be noted again until finished."""
        values = {
            "attente": _json(attente),
            "laisses": _json(laisses),
            "durees": _json(dict(durees or {})),
            "fin": now(),
        }
        with self.writing(fenced=True) as connection:
            connection.execute(schema.runs.update().where(schema.runs.c.run == run).values(values))

    def finish_run(self, run: str, tokens: Iterable[Token] = ()) -> None:
        """Close the run and record the tokens of its own report, in one transaction."""
        runs = schema.runs
        with self.writing(fenced=True) as connection:
            end = func.coalesce(runs.c.fin, now())
            connection.execute(runs.update().where(runs.c.run == run).values(etat="FINI", fin=end))
            add_tokens(connection, run, tokens)

    # --- first looks --------------------------------------------------------------------------------------------------

    def looks(self) -> dict[str, Look]:
        """First looks at files that were waiting, by path."""
        with self.reading() as connection:
            return {row.chemin: Look(*row) for row in connection.execute(select(schema.arrivees))}

    def keep_looks(self, looks: Mapping[str, Look], gone: Iterable[str]) -> None:
        """Keep new first looks, forget those of files that are gone or taken. Nothing to change: nothing is written."""
        forget = sorted({*gone, *looks})
        if not forget:
            return
        with self.writing() as connection:
            bulk.delete(connection, schema.arrivees, ({"chemin": path} for path in forget))
            bulk.insert(connection, schema.arrivees, map(vars, looks.values()))

    # --- put aside ----------------------------------------------------------------------------------------------------

    def set_aside(self) -> list[Aside]:
        """Every deposit that was put aside and not decided since, by path."""
        with self.reading() as connection:
            rows = connection.execute(select(schema.ecartes).order_by(schema.ecartes.c.chemin)).all()
        return [Aside(row.chemin, row.identite, row.octets, row.mtime_ns, row.raison, bool(row.attend)) for row in rows]

    def put_aside(self, aside: Aside) -> None:
        """Remember why a deposit could not be decided, the last reason for each path; ``commit`` forgets it."""
        with self.writing(fenced=True) as connection:
            bulk.delete(connection, schema.ecartes, [{"chemin": aside.chemin}])
            bulk.insert(connection, schema.ecartes, [vars(aside) | {"attend": int(aside.attend)}])

    def try_again(self, chemins: Iterable[str]) -> None:
        """The next run takes these deposits, though they were to wait."""
        asked = [{"chemin": chemin, "attend": 0} for chemin in chemins]
        if asked:
            with self.writing() as connection:
                bulk.update(connection, schema.ecartes, ("chemin",), asked)

    def no_longer_aside(self, chemins: Iterable[str]) -> None:
        """Forget what is gone, or has become another file."""
        gone = [{"chemin": chemin} for chemin in chemins]
        if gone:
            with self.writing() as connection:
                bulk.delete(connection, schema.ecartes, gone)

    # --- sources of decided deposits ----------------------------------------------------------------------------------

    def sources(self) -> list[Source]:
        """Sources of decided deposits that have not been seen to leave the inbox, in deposit order, then those of trials."""
        found: list[Source] = []
        with self.reading() as connection:
            for table in (schema.depots, schema.depots_essai):
                d = table.c
                columns = (d.numero, d.chemin, d.identite, d.octets, d.mtime_ns, d.sha256)
                rows = connection.execute(select(*columns).where(d.retire == 0).order_by(d.ordre))
                found += [Source(*row) for row in rows]
        return found

    def removed(self, depots: Iterable[str]) -> None:
        """The sources of these deposits and trials are no longer in the inbox."""
        rows = [{"numero": numero, "retire": 1} for numero in depots]
        if not rows:
            return
        with self.writing() as connection:
            for table in (schema.depots, schema.depots_essai):
                bulk.update(connection, table, ("numero",), rows)

    def depositors(self) -> int:
        """How many organisations have deposited so far."""
        with self.reading() as connection:
            return connection.execute(select(func.count(schema.depots.c.siret.distinct()))).scalar_one()

    # --- publications -------------------------------------------------------------------------------------------------

    def staged(self) -> list[Publication]:
        """Tokens still to be emitted, or emitted without being marked yet, in order."""
        p = schema.publications
        with self.reading() as connection:
            return [
                publication(row) for row in connection.execute(select(p).where(p.c.etat == "STAGED").order_by(p.c.id))
            ]

    def published(self, ids: Iterable[int]) -> None:
        """Mark tokens as emitted, all in one transaction."""
        p, wanted = schema.publications, list(ids)
        if not wanted:
            return
        with self.writing() as connection:
            for low in range(0, len(wanted), 500):
                some = p.c.id.in_(wanted[low : low + 500])
                connection.execute(p.update().where(some, p.c.etat == "STAGED").values(etat="PUBLISHED"))

    def last_published(self) -> int:
        """The greatest id of what was marked as emitted; 0 for none."""
        p = schema.publications.c
        with self.reading() as connection:
            return connection.execute(select(func.max(p.id)).where(p.etat == "PUBLISHED")).scalar() or 0

    def returns_since(self, day: date, limit: int) -> list[tuple[str, date]]:
        """Places and days of the returns that were emitted by runs of ``day`` or later, the newest ``limit`` of them."""
        p, r = schema.publications.c, schema.runs.c
        query = (
            select(p.cible, r.date)
            .join_from(schema.runs, schema.publications, p.run == r.run)
            .where(r.date >= day.isoformat(), p.genre == "retour", p.etat == "PUBLISHED")
            .order_by(p.id.desc())
            .limit(limit)
        )
        with self.reading() as connection:
            return [(row.cible, date.fromisoformat(row.date)) for row in connection.execute(query)]

    def publications(self) -> list[Publication]:
        """Everything that was ever to be emitted, in order."""
        p = schema.publications
        with self.reading() as connection:
            return [publication(row) for row in connection.execute(select(p).order_by(p.c.id))]


def publication(row: Row[Any]) -> Publication:
    """A row of the table as what it is."""
    return Publication(row.id, row.genre, row.cible, row.nom, row.sha256, row.etat)
