"""`dsf status`: what waits, what was left and why, the last runs. Looks only; takes nothing."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipeline import ledger, nomenclature, reference, storage
from pipeline.bilingual import Text, joined
from pipeline.cells.text import hours
from pipeline.commands.console import counted, places, plain
from pipeline.commands.follow_up import follow_up_lines
from pipeline.intake.entered import faults_of, scan_entered
from pipeline.intake.extracts import scan_extracts
from pipeline.intake.fetched import waiting_there
from pipeline.intake.scan import scan
from pipeline.judging.context import Context
from pipeline.judging.follow_up import as_numbers, follow_up
from pipeline.publishing import outbox
from pipeline.settings import Settings
from pipeline.workspace import Workspace

NEXT = Text("sera pris au prochain passage", "will be taken by the next run")
_READ = Text("sera lue au prochain passage", "will be read by the next run")
_DEPOSITS = (
    ("prets", Text("{n} dépôt prêt||{n} dépôts prêts", "{n} deposit ready||{n} deposits ready")),
    ("attente", Text("{n} en attente", "{n} waiting")),
    ("laisses", Text("{n} laissé de côté||{n} laissés de côté", "{n} left aside")),
)
_EXTRACTS = (
    ("extraits", Text("{n} extrait chargé||{n} extraits chargés", "{n} extract loaded||{n} extracts loaded")),
    ("extraits_en_attente", Text("{n} en attente", "{n} waiting")),
)
_UNFINISHED = Text(
    "Le passage {run} n'est pas terminé : le prochain dsf run le termine.",
    "Run {run} is not finished: the next dsf run finishes it.",
)
_RUN = Text("  {run} : {deposits}, {lines}", "  {run}: {deposits}, {lines}")


@storage.reaching
def state(workspace: Workspace, settings: Settings) -> dict[str, Any]:
    """Paths, reasons and counts; no name nor identifier of a person but what stands in file names."""
    with ledger.open(workspace, settings) as book:
        found = scan(workspace, settings, book, sleep=False)
        extracts = scan_extracts(workspace, settings, book, sleep=False)
        sets = reference.find(extracts.settled, extracts.arriving)
        strangers = [(workspace.relative(path), why) for path, why in (*sets.left, *sets.incomplete())]
        lists = scan_entered(workspace, settings, book, sleep=False)
        there = [waiting_there(workspace, part) for part in ("extraits", "saisies")]
        faulty = faults_of(workspace, settings, book, lists.settled, date.today())
        unfinished = book.unfinished()
        aside = [(one.chemin, one.raison) for one in found.aside]
        owed = [*aside, *found.cramped, *outbox.blocked(workspace, book)]
        waiting = [*found.waiting, *extracts.waiting, *lists.waiting, *(said for one in there for said in one.waiting)]
        left = [*found.left, *extracts.left, *strangers, *lists.left, *faulty]
        left += [said for one in there for said in one.left]
        known = reference.open(workspace)
        renames = nomenclature.renames(workspace.root, settings.correspondances)
        context = Context(settings, date.today(), known, book, (), renames)
        return {
            "prets": [arrival.chemin for arrival in found.ready if arrival.chemin not in dict(aside)],
            "a_reprendre": [{"chemin": path, "raison": why} for path, why in owed],
            "attente": [{"chemin": path, "raison": why} for path, why in waiting],
            "laisses": [{"chemin": path, "raison": why} for path, why in left],
            "extraits": [load.nom for load in known.loads()],
            "extraits_en_attente": [extract.name for extract in sets.sets if extract.arriving or extract.is_ready],
            "saisies_en_attente": [name for name in map(workspace.relative, lists.settled) if name not in dict(faulty)],
            "inacheve": unfinished[0] if unfinished else "",
            "suivi": as_numbers(follow_up(context)),
            "runs": book.past_runs(),
            "reglages": [dict(zip(("cle", "valeur", "origine"), one, strict=True)) for one in settings.chosen()],
        }


def lines(state: Mapping[str, Any], root: Path) -> Iterator[str]:
    """What waits, what was left and why, the last runs; paths open from here. ``root``: of the workspace."""
    yield joined(text.fill(n=len(state[name])) for name, text in _DEPOSITS)
    yield from places(root, Text("à reprendre", "owed"), state["a_reprendre"])
    yield from places(root, Text("prêt", "ready"), _taken(state["prets"], NEXT))
    yield from places(root, Text("en attente", "waiting"), state["attente"])
    yield from places(root, Text("laissé de côté", "left aside"), state["laisses"])
    yield joined(text.fill(n=len(state[name])) for name, text in _EXTRACTS)
    yield from places(
        root, Text("liste de saisies", "list of what was typed"), _taken(state["saisies_en_attente"], _READ)
    )
    yield from follow_up_lines(state["suivi"])
    if state["inacheve"]:
        yield _UNFINISHED.fill(run=state["inacheve"])
    if state["runs"]:
        yield Text("Derniers passages :", "Last runs:")
    for run in state["runs"][-5:]:
        deposits = Text("{n} dépôt||{n} dépôts", "{n} deposit||{n} deposits").fill(n=run["depots"])
        spent = {name: hours(value) for name, value in run["heures"].items()}
        yield _RUN.fill(run=run["run"], deposits=deposits, lines=counted(run["comptes"], spent))
    for setting in state["reglages"]:
        yield Text("  réglage {cle} = {valeur} ({origine})", "  setting {cle} = {valeur} ({origine})").fill(
            **{name: plain(value) for name, value in setting.items()}
        )


def _taken(paths: list[str], why: str) -> list[dict[str, str]]:
    return [{"chemin": path, "raison": why} for path in paths]
