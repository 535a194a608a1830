"""`dsf check`: one file through the same reading, rules and settlement as a run; nothing is recorded or moved."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipeline import disk, ledger, nomenclature, reference
from pipeline.commands.console import COUNTED, plain
from pipeline.documents.returns.model import report_data
from pipeline.errors import NoReference
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.judging.context import Context
from pipeline.judging.decide import decide
from pipeline.settings import Settings
from pipeline.wave import read
from pipeline.workers import Pool
from pipeline.workspace import Workspace


def check(workspace: Workspace, settings: Settings, path: Path, siret: str, day: date) -> Mapping[str, Any]:
    """What `rapport.json` would say of ``path`` if ``siret`` dropped it now; complements get the number they would have.

    Raises ``NoReference`` (exit 4) when no extract is loaded.
    """
    known = reference.open(workspace)
    if not known.known():
        raise NoReference("Aucun extrait de DSF initiales n'est chargé : lancez d'abord dsf extract load.")
    with ledger.open(workspace, settings) as book, Pool(1, settings.limites) as pool:
        reference.check(workspace, book.newest_extract())
        motifs = nomenclature.motifs(workspace.root, settings.motifs)
        renames = nomenclature.renames(workspace.root, settings.correspondances)
        context = Context(settings, day, known, book, motifs, renames)
        arrival = Arrival.of(path.name, siret, path.name, path.stat())
        snapshot = Snapshot(arrival, disk.hash_of(path), path)
        headings = nomenclature.synonyms(workspace.root, settings.synonymes)
        decided = decide(context, read(pool, settings, headings, [snapshot]))
        return next(report_data(decided, context, run=""))


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """A report on one file, line by line in sheet order."""
    counts, spent = report["comptes"], report["heures"]
    if out := report.get("coupe", {}).get("constats"):
        yield f"{out} constats ne sont pas détaillés ici, faute de place ; les comptes sont exacts."
    for constat in report["constats"]:
        place = f"{plain(constat['feuille'])}!{constat['cellule']}" if constat["feuille"] else constat["cellule"]
        where = place or (f"ligne {constat['ligne']}" if constat["ligne"] else "fichier")
        expected = f" Attendu : {plain(constat['attendu'])}." if constat["attendu"] else ""
        yield f"{where} : {plain(constat['message'])} {plain(constat['geste'])}{expected} [{constat['code']}]"
    said = ", ".join(f"{counts[name]} {word} ({spent[name]} h)".replace(".", ",") for name, word in COUNTED.items())
    yield f"{said}."
