"""`dsf status`: what waits, what was left and why, the last runs. Looks only; takes nothing."""

from typing import Any

from pipeline import ledger, reference
from pipeline.intake.scan import scan
from pipeline.settings import Settings
from pipeline.workspace import Workspace


def state(workspace: Workspace, settings: Settings) -> dict[str, Any]:
    """Paths, reasons and counts; no name nor identifier of a person but what stands in file names."""
    waiting = reference.pending(workspace, settings.delai_stabilite)
    with ledger.open(workspace, settings) as book:
        found = scan(workspace, settings, book, sleep=False)
        unfinished = book.unfinished()
        return {
            "prets": [arrival.chemin for arrival in found.ready],
            "attente": [{"chemin": path, "raison": why} for path, why in found.waiting],
            "laisses": [{"chemin": path, "raison": why} for path, why in found.left],
            "extraits": [load.nom for load in reference.open(workspace).loads()],
            "extraits_en_attente": [extract.jeu for extract in waiting.jeux],
            "inacheve": unfinished[0] if unfinished else "",
            "runs": book.past_runs(),
        }
