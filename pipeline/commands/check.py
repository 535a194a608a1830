"""`dsf check`: one file through the same reading, rules and settlement as a run; nothing is recorded or moved."""

from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeline import ledger, nomenclature, reference, wave
from pipeline.commands.console import COUNTED, plain
from pipeline.documents.returns.model import models
from pipeline.errors import NoReference
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.judging import context, decide
from pipeline.judging.context import Chain, Clock
from pipeline.settings import Settings
from pipeline.workers import Pool
from pipeline.workspace import Workspace


def check(workspace: Workspace, settings: Settings, path: Path, siret: str, day: date) -> Mapping[str, Any]:
    """What `rapport.json` would say of ``path`` if ``siret`` dropped it now; complements get the number they would have.

    Raises ``NoReference`` (exit 4) when no extract is loaded.
    """
    known = reference.open(workspace)
    if not known.known():
        raise NoReference("Aucun extrait de DSF initiales n'est chargé : lancez d'abord dsf extract load.")
    content = path.read_bytes()
    stat = path.stat()
    arrival = Arrival(
        chemin=path.name,
        siret=siret,
        fichier=path.name,
        dev=stat.st_dev,
        ino=stat.st_ino,
        octets=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
    )
    with ledger.open(workspace, settings) as book, Pool(1, settings.limites) as pool:
        chain = Chain(
            workspace=workspace,
            settings=settings,
            book=book,
            reference=known,
            pool=pool,
            run="",
            day=day,
            fence=0,
            motifs=nomenclature.motifs(workspace.root, settings.motifs),
            synonyms=nomenclature.synonyms(workspace.root, settings.synonymes),
            clock=Clock(),
            progress=lambda step, done, total: None,
        )
        snapshot = Snapshot(arrival, sha256(content).hexdigest(), path)
        work = decide.decide(chain, wave.read(chain, [snapshot]))
        return models(work.arrived, work.frames, work.settled, context.judged_with(chain))[0]


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """A report on one file, line by line in sheet order."""
    counts, spent = report["comptes"], report["heures"]
    for constat in report["constats"]:
        place = f"{plain(constat['feuille'])}!{constat['cellule']}" if constat["feuille"] else constat["cellule"]
        where = place or (f"ligne {constat['ligne']}" if constat["ligne"] else "fichier")
        expected = f" Attendu : {plain(constat['attendu'])}." if constat["attendu"] else ""
        yield f"{where} : {plain(constat['message'])} {plain(constat['geste'])}{expected} [{constat['code']}]"
    said = ", ".join(f"{counts[name]} {word} ({spent[name]} h)".replace(".", ",") for name, word in COUNTED.items())
    yield f"{said}."
