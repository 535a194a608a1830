"""`dsf check`: one file through the same reading, rules and settlement as a run; nothing is recorded or moved."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeline import ledger, nomenclature, reference, synonyms, wave
from pipeline.documents.returns.model import models
from pipeline.errors import NoReference
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.settings import Settings
from pipeline.wave import Chain, Clock
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
            motifs=nomenclature.load(workspace.root, settings.motifs),
            synonyms=synonyms.load(workspace.root, settings.synonymes),
            clock=Clock(),
            progress=lambda step, done, total: None,
        )
        snapshot = Snapshot(arrival, sha256(content).hexdigest(), path)
        work = wave.decide(chain, wave.read(chain, [snapshot]))
        return models(work.arrived, work.frames, work.settled, wave.judged_with(chain))[0]
