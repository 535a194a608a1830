"""Pure steps of the run, computed once for all the runs of a sweep.

What is judged and rendered depends on what its task is given alone, and writes nothing, so a sweep that runs the same deposits
hundreds of times looks the answers up by it. Every step that touches the disk or the ledger stays as it is.
"""

import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from pipeline import tasks
from pipeline.intake.arrival import Snapshot
from pipeline.judging.deposit import Deposit
from pipeline.tasks import opened, pack

_Step = Callable[[bytes], bytes]
_ORIGINALS: dict[str, _Step] = {
    name: getattr(tasks, name) for name in ("judged", "returns_rendered", "sheets_rendered")
}


def forget() -> None:
    """Compute everything again in this process."""
    for name, step in _ORIGINALS.items():
        setattr(tasks, name, step)


def install(folder: Path) -> None:
    """Replace the pure steps by remembered ones; ``folder`` holds what was computed, for all processes."""
    for name, step in remembering(folder).items():
        setattr(tasks, name, step)


def remembering(folder: Path) -> dict[str, _Step]:
    """The pure steps by their names in ``tasks``, looking up in ``folder`` before they compute."""
    folder.mkdir(exist_ok=True)
    remembered = {name: _remembered(folder, name, step) for name, step in _ORIGINALS.items()}
    return remembered | {"judged": _judged(remembered["judged"])}


def _judged(judged: _Step) -> _Step:
    """Asked without the file itself, its inode and its path, which are others in each copy of a workspace."""

    def step(payload: bytes) -> bytes:
        asked = opened(payload)
        found = opened(judged(pack(replace(asked, deposits=tuple(_nowhere(one) for one in asked.deposits)))))
        records = zip(found.records, asked.deposits, strict=True)
        here = tuple(replace(record, identite=one.snapshot.arrival.identite) for record, one in records)
        return pack(replace(found, records=here))

    return step


def _nowhere(deposit: Deposit) -> Deposit:
    arrival = replace(deposit.snapshot.arrival, identite="")
    return replace(deposit, snapshot=Snapshot(arrival, deposit.sha256, Path()))


def _remembered(folder: Path, name: str, step: _Step) -> _Step:
    def remembered(payload: bytes) -> bytes:
        place = folder / sha256(pickle.dumps((name, payload))).hexdigest()
        if place.exists():
            return place.read_bytes()
        answer = step(payload)
        try:
            draft = place.with_suffix(f".{os.getpid()}")
            draft.write_bytes(answer)
            draft.rename(place)
        except OSError:
            pass  # the fault under test struck here: it is no fault of the run
        return answer

    return remembered
