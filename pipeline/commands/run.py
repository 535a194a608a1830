"""`dsf run`: what became of the deposits that waited, as text and as data."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline import jsonfile, ledger
from pipeline.cells.text import hours
from pipeline.commands import extract
from pipeline.commands.console import COUNTED, places, plain
from pipeline.commands.follow_up import follow_up_lines
from pipeline.judging.follow_up import as_numbers
from pipeline.run import Outcome
from pipeline.settings import Settings
from pipeline.workspace import Workspace

ABSENT = "émis par une exécution interrompue : emporté par son destinataire, ou effacé"


class NotAside(Exception):
    """A path to be tried again at which nothing is put aside."""


def retried(workspace: Workspace, settings: Settings, paths: Sequence[Path]) -> tuple[str, ...]:
    """The deposits put aside at ``paths``, from here or from the workspace, as the ledger names them. Raises ``NotAside``."""
    if not paths:
        return ()
    with ledger.open(workspace, settings) as book:
        known = {one.chemin for one in book.set_aside()}
    found = []
    for path in paths:
        from_here = os.path.relpath(path.absolute(), workspace.root)
        name = next((one for one in (str(path), from_here) if one in known), None)
        if name is None:
            raise NotAside(f"rien n'est mis de côté sous ce nom : {plain(str(path))}. dsf status dit ce qui l'est.")
        found.append(name)
    return tuple(found)


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
        "essais": _trials(view),
        "attente": view["attente"],
        "laisses": view["laisses"],
        "absents": list(result.absents),
        "a_reprendre": [{"chemin": path, "raison": why} for path, why in result.owed],
        "suivi": as_numbers(view["suivi"]),
        "extraits": extract.loads_data(result.extracts)["extraits"],
        "rapport": "" if dry_run else f"outbox/rapports/{result.run}/index.html",
    }


def _trials(view: Mapping[str, Any]) -> dict[str, Any]:
    """Trials, which no other figure counts: how many files, and their lines by what their verdict would be."""
    tried = view.get("essais", ())
    return {
        "depots": len(tried),
        "refuses": sum(1 for one in tried if one["etat"] == "refuse"),
        "comptes": {name: sum(one["comptes"][name] for one in tried) for name in COUNTED},
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
    if tried := _trials(view)["depots"]:
        yield f"  {'essais':<22}{tried:>8}  (comptés à part : rien n'en est accepté)"
    yield from follow_up_lines(as_numbers(view["suivi"]))
    owed = [{"chemin": path, "raison": why} for path, why in result.owed]
    yield from places("à reprendre", owed)
    for what, items in (("en attente", view["attente"]), ("laissé de côté", view["laisses"])):
        yield from places(what, [item for item in items if item not in owed])
    yield from places("plus dans l'outbox", [{"chemin": f"outbox/{path}", "raison": ABSENT} for path in result.absents])
    if not dry_run:
        yield f"  rapport : outbox/rapports/{result.run}/index.html"
