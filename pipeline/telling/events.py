"""The events of a run, as the journal has them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline import journal
from pipeline.documents.overview import figures
from pipeline.errors import NotDecided
from pipeline.intake.arrival import Snapshot
from pipeline.reference import LoadResult
from pipeline.work import Died


def extracts_loaded(results: Sequence[LoadResult]) -> None:
    """What became of the extracts that waited; one that was known already is not told."""
    for result in results:
        if result.error is not None:
            journal.note("extrait_refuse", codes=result.error.report.comptes)
        elif result.is_new and result.load is not None:
            load = result.load
            journal.note(
                "extrait_charge", date=load.date_extraction.date().isoformat(), sha256=load.sha256, lignes=load.lignes
            )


def put_aside(run: str, snapshot: Snapshot, error: NotDecided | Died) -> None:
    """A deposit that a fault of ours keeps from being decided."""
    ended = isinstance(error, Died)
    faute = type(error).__name__ if ended else str(error)
    journal.note(
        "depot_ecarte", run=run, siret=snapshot.arrival.siret, sha256=snapshot.sha256, attend=ended, faute=faute
    )


def run_ended(view: Mapping[str, Any], owed: int, seconds: float) -> None:
    """A run that went through: counts and hours of its report, what it owes, how long each step took."""
    sums = figures.totals(view)
    journal.note(
        "passage_fini",
        run=view["run"],
        date=view["date"],
        depots=sums.deposits,
        refuses=sums.refused,
        essais=len(view.get("essais", ())),
        comptes={"lues": sums.lines.lues, **vars(sums.lines)},
        heures={name: value / 100 for name, value in {"lues": sums.hours.lues, **vars(sums.hours)}.items()},
        complements=len(view["complements"]),
        a_reprendre=owed,
        attente=len(view["attente"]),
        laisses=len(view["laisses"]),
        durees=view["durees"],
        secondes=seconds,
    )
