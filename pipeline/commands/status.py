"""`dsf status`: what waits, what was left and why, the last runs. Looks only; takes nothing."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pipeline import ledger, nomenclature, reference
from pipeline.commands.console import places, plain
from pipeline.commands.follow_up import follow_up_lines
from pipeline.intake.entered import faults_of, scan_entered
from pipeline.intake.extracts import scan_extracts
from pipeline.intake.scan import scan
from pipeline.judging.context import Context
from pipeline.judging.follow_up import as_numbers, follow_up
from pipeline.publishing import outbox
from pipeline.settings import Settings
from pipeline.workspace import Workspace

READ = "lu au prochain dsf run"


def state(workspace: Workspace, settings: Settings) -> dict[str, Any]:
    """Paths, reasons and counts; no name nor identifier of a person but what stands in file names."""
    with ledger.open(workspace, settings) as book:
        found = scan(workspace, settings, book, sleep=False)
        extracts = scan_extracts(workspace, settings, book, sleep=False)
        sets = reference.find(extracts.settled, extracts.arriving)
        strangers = [(workspace.relative(path), why) for path, why in (*sets.left, *sets.incomplete())]
        lists = scan_entered(workspace, settings, book, sleep=False)
        faulty = faults_of(workspace, settings, book, lists.settled, date.today())
        unfinished = book.unfinished()
        aside = [(one.chemin, one.raison) for one in found.aside]
        owed = [*aside, *found.cramped, *outbox.blocked(workspace, book)]
        waiting = [*found.waiting, *extracts.waiting, *lists.waiting]
        left = [*found.left, *extracts.left, *strangers, *lists.left, *faulty]
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


def lines(state: Mapping[str, Any]) -> Iterator[str]:
    """What waits, what was left and why, the last runs."""
    yield f"{len(state['prets'])} dépôt(s) prêt(s), {len(state['attente'])} en attente, {len(state['laisses'])} laissé(s) de côté"
    yield from places("à reprendre", state["a_reprendre"])
    yield from places("prêt", [{"chemin": path, "raison": "au prochain dsf run"} for path in state["prets"]])
    yield from places("en attente", state["attente"])
    yield from places("laissé de côté", state["laisses"])
    yield f"{len(state['extraits'])} extrait(s) chargé(s), {len(state['extraits_en_attente'])} en attente"
    yield from places("saisies faites", [{"chemin": path, "raison": READ} for path in state["saisies_en_attente"]])
    yield from follow_up_lines(state["suivi"])
    if state["inacheve"]:
        yield f"L'exécution {state['inacheve']} n'est pas terminée : le prochain dsf run la termine."
    for run in state["runs"][-5:]:
        counts = run["comptes"]
        yield (
            f"  {run['run']} : {run['depots']} dépôts, {counts['lues']} lignes, "
            f"{counts['acceptees']} acceptées, {counts['rejetees']} rejetées"
        )
    for setting in state["reglages"]:
        yield f"  réglage {setting['cle']} = {plain(setting['valeur'])} ({plain(setting['origine'])})"
