"""`dsf run`: what became of the deposits that waited, as text and as data."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline import jsonfile
from pipeline.cells.text import hours
from pipeline.commands import extract
from pipeline.commands.console import COUNTED, places
from pipeline.commands.follow_up import follow_up_lines
from pipeline.judging.follow_up import as_numbers
from pipeline.run import Outcome

ABSENT = "émis par une exécution interrompue : emporté par son destinataire, ou effacé"


def totals(view: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Lines and hundredths of hours by verdict, over all deposits of a run."""
    return {
        kind: {name: sum(depot[kind][name] for depot in view["depots"]) for name in COUNTED}
        for kind in ("comptes", "heures")
    }


def has_rejections(view: Mapping[str, Any]) -> bool:
    """Whether a line or a whole file was rejected."""
    return any(depot["etat"] == "refuse" or depot["comptes"]["rejetees"] for depot in view["depots"])


def data(result: Outcome, *, dry_run: bool) -> dict[str, Any]:
    """A run for ``--json``: no name nor identifier of a person."""
    view, sums = result.view, totals(result.view)
    return {
        "essai": dry_run,
        "run": result.run,
        "date": view["date"],
        "depots": len(view["depots"]),
        "refuses": sum(1 for depot in view["depots"] if depot["etat"] == "refuse"),
        "comptes": sums["comptes"],
        "heures": {name: jsonfile.hours(value) for name, value in sums["heures"].items()},
        "complements": list(view["complements"]),
        "attente": view["attente"],
        "laisses": view["laisses"],
        "absents": list(result.absents),
        "suivi": as_numbers(view["suivi"]),
        "extraits": extract.loads_data(result.extracts)["extraits"],
        "rapport": "" if dry_run else f"outbox/rapports/{result.run}/index.html",
    }


def lines(result: Outcome, *, dry_run: bool) -> Iterator[str]:
    """A run for a person: counts, hours, what waits and why, where the report is."""
    view, sums = result.view, totals(result.view)
    refused = sum(1 for depot in view["depots"] if depot["etat"] == "refuse")
    yield from extract.loads_lines(result.extracts)
    yield f"Exécution {result.run}" + (" (essai : rien n'est enregistré)" if dry_run else "")
    yield f"  {'dépôts traités':<22}{len(view['depots']) - refused:>8}"
    yield f"  {'dépôts refusés':<22}{refused:>8}"
    yield f"  {'':<22}{'lignes':>8}{'heures':>14}"
    for name, word in COUNTED.items():
        yield f"  {word:<22}{sums['comptes'][name]:>8}{hours(sums['heures'][name]):>14}"
    yield f"  {'DSF complémentaires':<22}{len(view['complements']):>8}"
    yield from follow_up_lines(as_numbers(view["suivi"]))
    yield from places("en attente", view["attente"])
    yield from places("laissé de côté", view["laisses"])
    yield from places("plus dans l'outbox", [{"chemin": f"outbox/{path}", "raison": ABSENT} for path in result.absents])
    if not dry_run:
        yield f"  rapport : outbox/rapports/{result.run}/index.html"
