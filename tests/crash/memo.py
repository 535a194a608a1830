"""Pure steps of the run, computed once for all the runs of a sweep.

What is judged and rendered depends on the deposits and on the ledger's state alone, and writes nothing, so a sweep that runs the
same deposits hundreds of times looks the answers up. Every step that touches the disk or the ledger stays as it is.
"""

import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeline import wave
from pipeline.documents import clerk, returns
from pipeline.judging.context import Context

_ORIGINALS = (wave.decide, clerk.workbook, returns.files, wave.report_data)


def forget() -> None:
    """Compute everything again in this process."""
    wave.decide, wave.clerk.workbook, wave.returns.files, wave.report_data = _ORIGINALS


def install(folder: Path) -> None:
    """Replace the pure steps by remembered ones; ``folder`` holds what was computed, for all processes."""
    if folder.exists():
        return
    folder.mkdir()
    decide, workbook, files, report_data = _ORIGINALS

    def remembered_decide(context: Context, taken: Any) -> Any:
        seen = [(t.snapshot.arrival.fichier, t.snapshot.arrival.siret, t.snapshot.sha256) for t in taken]
        question = ("decide", seen, str(context.day), context.book.head())
        answer = _remember(folder, question, lambda: decide(context, taken))
        # The numbers and verdicts are those remembered; the files are the ones that lie there now.
        deposits = (replace(d, snapshot=t.snapshot) for d, t in zip(answer.deposits, taken, strict=True))
        return replace(answer, deposits=tuple(deposits))

    def remembered_workbook(payload: Any, day: Any, before: Any) -> Any:
        return _remember(folder, ("workbook", payload, day, before), lambda: workbook(payload, day, before=before))

    def remembered_files(report: Any, template: bytes) -> Any:
        return _remember(folder, ("files", report, template), lambda: files(report, template))

    def remembered_report_data(decided: Any, context: Any, run: str) -> Any:
        question = ("report_data", [d.numero for d in decided.deposits], run)
        return _remember(folder, question, lambda: list(report_data(decided, context, run)))

    wave.decide = remembered_decide
    wave.report_data = remembered_report_data
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
