"""Pure steps of the run, computed once for all the runs of a sweep.

What is judged and rendered depends on the deposits and on the ledger's state alone, and writes nothing, so a sweep that runs the
same deposits hundreds of times looks the answers up. Every step that touches the disk or the ledger stays as it is.
"""

import os
import pickle
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeline import wave
from pipeline.documents import clerk, returns
from pipeline.judging import context

_ORIGINALS = (wave.decide, clerk.workbook, returns.files, wave.models, wave.decision.deposits)


def forget() -> None:
    """Compute everything again in this process."""
    wave.decide, wave.clerk.workbook, wave.returns.files, wave.models, wave.decision.deposits = _ORIGINALS


def install(folder: Path) -> None:
    """Replace the pure steps by remembered ones; ``folder`` holds what was computed, for all processes."""
    if folder.exists():
        return
    folder.mkdir()
    decide, workbook, files, models, deposits = _ORIGINALS

    def remembered_decide(chain: context.Chain, taken: Any) -> Any:
        seen = [(t.snapshot.arrival.fichier, t.snapshot.arrival.siret, t.snapshot.sha256) for t in taken]
        return _remember(folder, ("decide", seen, chain.run, chain.book.head()), lambda: decide(chain, taken))

    def remembered_workbook(payload: Any, day: Any) -> Any:
        return _remember(folder, ("workbook", payload, day), lambda: workbook(payload, day))

    def remembered_files(model: Any) -> Any:
        return _remember(folder, ("files", model), lambda: files(model))

    def remembered_models(arrived: Any, frames: Any, settled: Any, judged: Any) -> Any:
        question = ("models", [a.numero for a in arrived], judged.run)
        return _remember(folder, question, lambda: models(arrived, frames, settled, judged))

    def remembered_deposits(arrived: Any, places: Any, settled: Any) -> Any:
        return _remember(
            folder, ("deposits", [a.numero for a in arrived], places), lambda: deposits(arrived, places, settled)
        )

    wave.decide = remembered_decide
    wave.models = remembered_models
    wave.decision.deposits = remembered_deposits
    wave.clerk.workbook = remembered_workbook
    wave.returns.files = remembered_files


def _remember(folder: Path, question: object, compute: Callable[[], Any]) -> Any:
    """The answer, from the folder when it was asked before. The sizes and times of the sources are those of the template."""
    place = folder / sha256(pickle.dumps(question)).hexdigest()
    if place.exists():
        return pickle.loads(place.read_bytes())
    answer = compute()
    try:
        draft = place.with_suffix(f".{os.getpid()}")
        draft.write_bytes(pickle.dumps(answer))
        draft.rename(place)
    except OSError:
        pass  # the fault under test struck here: it is no fault of the run
    return answer
