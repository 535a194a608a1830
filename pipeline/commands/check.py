"""`dsf check`: one file through the same reading, rules and settlement as a run; nothing is recorded or moved."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipeline import disk, ledger, nomenclature, reference
from pipeline.bilingual import Text
from pipeline.commands.console import counted, plain
from pipeline.documents.returns.model import report_data
from pipeline.errors import NO_EXTRACT, NoReference
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.judging.context import Context
from pipeline.judging.decide import decide
from pipeline.settings import Settings
from pipeline.wave import read
from pipeline.work.local import local
from pipeline.workspace import Workspace

_CUT = Text(
    "{n} constat n'est pas détaillé ici, faute de place ; les comptes sont exacts."
    "||{n} constats ne sont pas détaillés ici, faute de place ; les comptes sont exacts.",
    "{n} finding is not listed here, for want of room; the counts are exact."
    "||{n} findings are not listed here, for want of room; the counts are exact.",
)
_FINDING = Text("{where} : {message} {geste}{expected} [{code}]", "{where}: {message} {geste}{expected} [{code}]")
_EXPECTED = Text(" Attendu : {what}.", " Expected: {what}.")
_ROW = Text("ligne {row}", "row {row}")
_FILE = Text("fichier", "file")


def check(workspace: Workspace, settings: Settings, path: Path, siret: str, day: date) -> Mapping[str, Any]:
    """What `rapport.json` would say of ``path`` if ``siret`` dropped it now; complements get the number they would have.

    Raises ``NoReference`` (exit 4) when no extract is loaded.
    """
    known = reference.open(workspace)
    if not known.known():
        raise NoReference(NO_EXTRACT)
    with ledger.open(workspace, settings) as book, local(1, settings.limites) as engine:
        reference.check(workspace, book.newest_extract())
        motifs = nomenclature.motifs(workspace.root, settings.motifs)
        renames = nomenclature.renames(workspace.root, settings.correspondances)
        context = Context(settings, day, known, book, motifs, renames)
        arrival = Arrival.of(path.name, siret, path.name, path.stat())
        snapshot = Snapshot(arrival, disk.hash_of(path), path)
        headings = nomenclature.synonyms(workspace.root, settings.synonymes)
        decided = decide(context, read(engine, settings, headings, [snapshot]))
        return next(report_data(decided, context.terms, run=""))


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """A report on one file, line by line in sheet order."""
    if out := report.get("coupe", {}).get("constats"):
        yield _CUT.fill(n=out)
    for constat in report["constats"]:
        place = f"{plain(constat['feuille'])}!{constat['cellule']}" if constat["feuille"] else constat["cellule"]
        row = _ROW.fill(row=constat["ligne"]) if constat["ligne"] else _FILE
        expected = _EXPECTED.fill(what=plain(constat["attendu"])) if constat["attendu"] else ""
        said = {name: plain(constat[name]) for name in ("message", "geste", "code")}
        yield _FINDING.fill(where=place or row, expected=expected, **said)
    hours = {name: str(value) for name, value in report["heures"].items()}
    yield Text("{counted}.", "{counted}.").fill(counted=counted(report["comptes"], hours))
