"""`dsf run`: done for real or in a double, and what became of the deposits that waited, as text and as data."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from pipeline import journal, jsonfile, ledger
from pipeline.bilingual import Text
from pipeline.cells.text import hours
from pipeline.commands import dry_run as throwaway
from pipeline.commands import extract, notices
from pipeline.commands.console import COUNTED, as_object, column, counted, places, plain, shown, spent
from pipeline.commands.follow_up import follow_up_lines
from pipeline.commands.language import here
from pipeline.documents.overview import figures
from pipeline.judging.follow_up import as_numbers
from pipeline.publishing import outbox
from pipeline.run import Outcome
from pipeline.run import run as run_all
from pipeline.settings import Settings
from pipeline.telling import command
from pipeline.wave import Progress
from pipeline.workspace import Workspace

_ABSENT = Text(
    "émis par un passage interrompu : emporté par son destinataire, ou effacé",
    "emitted by a run that was stopped: taken away by its receiver, or deleted",
)
_NOT_ASIDE = Text(
    "rien n'est mis de côté sous ce nom : {path}. « dsf status » dit ce qui l'est.",
    "nothing is put aside under this name: {path}. “dsf status” says what is.",
)
_RUN = Text("Passage {run}", "Run {run}")
_TRIED = Text("Passage {run} (pour voir : rien n'est enregistré)", "Run {run} (to see: nothing is recorded)")
_ROW = Text("  {what}{count:>8}", "  {what}{count:>8}")
_APART = Text("  (comptés à part : rien n'en est accepté)", "  (counted apart: nothing of them is accepted)")
NOT_TOLD = Text(
    "La commande du réglage avis.commande a échoué ; le prochain passage l'essaie de nouveau (dsf status).",
    "The command of the setting avis.commande failed; the next run tries it again (dsf status).",
)
FEW = 5
"""Rows of each list that a run shows; its report has them all."""
_DOUBLING = Text("copie de travail", "working copy")


def run(
    workspace: Workspace, settings: Settings, day: date, progress: Progress, *, retry: Sequence[str], dry_run: bool
) -> Outcome:
    """`pipeline.run.run`, in a throwaway double of the workspace where it is a ``dry_run``."""
    if not dry_run:
        return run_all(workspace, settings, day, progress, retry=retry)
    progress(_DOUBLING, 0, 0)
    with throwaway.double(workspace, settings) as copy:
        return run_all(copy, throwaway.for_double(workspace, settings), day, progress, retry=retry)


def retried(workspace: Workspace, settings: Settings, paths: Sequence[Path]) -> tuple[str, ...]:
    """The deposits put aside at ``paths``, from here or from the workspace, as the ledger names them; else a usage error."""
    if not paths:
        return ()
    with ledger.open(workspace, settings) as book:
        known = {one.chemin for one in book.set_aside()} | outbox.in_doubt(workspace, book).keys()
    found = []
    for path in paths:
        from_here = os.path.relpath(path.absolute(), workspace.root)
        name = next((one for one in (str(path), from_here) if one in known), None)
        if name is None:
            raise click.UsageError(here(_NOT_ASIDE.fill(path=plain(str(path)))))
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
    """A run for ``--json``: no name nor identifier of a person. ``retours``: what came back, for a script to notify of."""
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
        "retours": [] if dry_run else _returns(view),
        "essais": _trials(view),
        "attente": view["attente"],
        "laisses": view["laisses"],
        "absents": list(result.absents),
        "a_reprendre": [{"chemin": path, "raison": why} for path, why in result.owed],
        "avis": dict(result.avis),
        "suivi": as_numbers(view["suivi"]),
        "extraits": extract.loads_data(result.extracts)["extraits"],
        "rapport": "" if dry_run else f"outbox/rapports/{result.run}/index.html",
    }


def tell_command(workspace: Workspace, settings: Settings, told: Mapping[str, Any]) -> bool:
    """Run the command of the settings with what ``data`` gave, as ``--json`` prints it. False: it failed, and is tried again."""
    with journal.opened(workspace, settings):
        return command.after_run(workspace, settings, told["run"], as_object("run", told))


def _returns(view: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a deposit and a trial, in their order: whose, which file, how it ended, where what comes back stands."""
    kinds = [(one, "retours") for one in view["depots"]] + [(one, "essais") for one in view.get("essais", ())]
    return [
        {
            "depot": one["depot"],
            "siret": one["siret"],
            "fichier": one["fichier"],
            "essai": kind == "essais",
            "etat": figures.state(one),
            "comptes": one["comptes"],
            "dossier": f"outbox/{one['siret']}/{kind}/{one['depot']}",
        }
        for one, kind in kinds
    ]


def _trials(view: Mapping[str, Any]) -> dict[str, Any]:
    """Trials, which no other figure counts: how many files, and their lines by what their verdict would be."""
    tried = view.get("essais", ())
    return {
        "depots": len(tried),
        "refuses": sum(1 for one in tried if one["etat"] == "refuse"),
        "comptes": {name: sum(one["comptes"][name] for one in tried) for name in COUNTED},
    }


def lines(result: Outcome, root: Path, *, dry_run: bool) -> Iterator[str]:
    """A run for a person: counts, hours, what waits and why, where the report is. ``root``: of the workspace."""
    view = result.view
    yield from extract.loads_lines(result.extracts)
    yield (_TRIED if dry_run else _RUN).fill(run=result.run)
    yield from _counts(view)
    yield from follow_up_lines(as_numbers(view["suivi"]), FEW)
    owed = [{"chemin": path, "raison": why} for path, why in result.owed]
    yield from places(root, Text("à reprendre", "owed"), owed)
    for what, items in (
        (Text("en attente", "waiting"), view["attente"]),
        (Text("laissé de côté", "left aside"), view["laisses"]),
    ):
        yield from places(root, what, [item for item in items if item["chemin"] not in dict(result.owed)])
    gone = [{"chemin": f"outbox/{path}", "raison": _ABSENT} for path in result.absents]
    yield from places(root, Text("plus dans l'outbox", "no longer in the outbox"), gone)
    yield from notices.lines(result.avis)
    if not dry_run:
        yield from _to_correct(view, root)
        report = shown(root, f"outbox/rapports/{result.run}/index.html")
        yield Text("  rapport : {report}", "  report: {report}").fill(report=report)


def _to_correct(view: Mapping[str, Any], root: Path) -> Iterator[str]:
    """Where the reports are of the deposits that have something to correct, the costliest first."""
    open_still = [one for one in figures.worst(view["depots"]) if figures.state(one) != "accepte"]
    rows = [
        {"chemin": f"outbox/{one['siret']}/retours/{one['depot']}/rapport.html", "raison": _what(one)}
        for one in open_still
    ]
    yield from places(root, Text("à corriger", "to correct"), rows, FEW)


def _what(one: Mapping[str, Any]) -> Text:
    number = {name: hours(value) for name, value in one["heures"].items()}
    told = Text("fichier refusé", "file refused") if one["etat"] == "refuse" else counted(one["comptes"], number)
    return Text("{file} : {told}", "{file}: {told}").fill(file=plain(one["fichier"]), told=told)


def _counts(view: Mapping[str, Any]) -> Iterator[str]:
    sums = totals(view)
    refused = sum(1 for depot in view["depots"] if depot["etat"] == "refuse")

    def row(fr: str, en: str, count: object) -> Text:
        return _ROW.fill(what=column(Text(fr, en), 24), count=count)

    yield row("dépôts traités", "deposits processed", len(view["depots"]) - refused)
    yield row("dépôts refusés", "deposits refused", refused)
    yield Text(f"  {'':<24}{'lignes':>8}{'heures':>14}", f"  {'':<24}{'lines':>8}{'hours':>14}")
    for name, word in COUNTED.items():
        spent_on = Text("{hours:>14}", "{hours:>14}").fill(hours=spent(hours(sums["heures"][name])))
        yield Text("{row}{spent}", "{row}{spent}").fill(row=row(word, word.en, sums["comptes"][name]), spent=spent_on)
    yield row("DSF complémentaires", "complementary DSF", len(view["complements"]))
    if tried := _trials(view)["depots"]:
        yield Text("{row}{apart}", "{row}{apart}").fill(row=row("essais", "trials", tried), apart=_APART)
