"""The real run over a small workspace: what the sweeps interrupt.

Six deposits of two organisations in three waves: accepted, rejected and held lines, the same bytes twice, an absence asked for
twice, an empty file. Reading is done in this process (children of their own would only slow the sweeps: they write nothing).
"""

import os
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeline.commands import backup
from pipeline.commands.restore import restore
from pipeline.ledger import open as open_ledger
from pipeline.reading import ReadOptions, read
from pipeline.reading.guard import Original
from pipeline.settings import Settings, Storage
from pipeline.work.children import Children
from pipeline.work.engine import Engine, Here, by
from pipeline.work.packed import Packed
from pipeline.workspace import Workspace
from tests.world import DAY, DISPENSATEUR, SETTINGS, World

chain = import_module("pipeline.run")  # by that name the package gives its function
CANARY = "CANARIVOLANT"


class InProcess(Children):
    """No children at all."""

    def read(self, sources: Sequence[tuple[Original, ReadOptions]]) -> list[Packed]:
        return [Packed.of(read(*source)) for source in sources]

    def apart(self, function: Callable[[Any], Any], item: Any) -> Any:
        return function(item)


def settings(root: Path) -> Settings:
    """Those of the workspace: its dsf.toml names its ledger, where that is not in its var/, and its shared storage."""
    file = root / "dsf.toml"
    if not file.exists():
        return SETTINGS
    given = tomllib.loads(file.read_text())
    return replace(SETTINGS, **given | {"stockage": Storage(**given.get("stockage", {}))})


def in_process(given: Settings) -> Engine:
    """Stands in for ``work.engine``."""
    none = InProcess(1, given.limites, here=True)
    return Engine(Here(), by(none), 1, none)


def prepare(root: Path) -> None:
    """A workspace with its extract loaded and six deposits waiting."""
    world = World(root)
    person = {"nom": CANARY, "prenom": CANARY}
    absences = [
        {"id_absence": f"A{n}", "date_debut": f"2025-02-{n:02d}", "date_fin": f"2025-02-{n:02d}"} for n in range(1, 5)
    ]
    world.add_dsf("DSF-1", sequences=[person], absences=absences, siret_dispensateur=DISPENSATEUR)
    world.add_dsf("DSF-2", sequences=[person], absences=absences[:1])
    world.write_extracts()
    run(root)
    name = {"nom": CANARY, "prenom": CANARY}
    first = world.hours("heures.csv", name, {**name, "date_debut": "11/02/2025"}, {**name, "numero_dsf": "DSF-2"})
    world.absence("absences.csv", {**name, "id_absence": "A1"}, {**name, "id_absence": "A2"})
    world.absence(
        "dispensateur.csv",
        *({**name, "id_absence": n} for n in ("A2", "A3")),
        {**name, "numero_dsf": "DSF-2", "id_absence": "A1", "heures": "sept"},
        folder=DISPENSATEUR,
    )
    world.drop("encore/heures.csv", first.read_bytes())
    world.drop("vide.xlsx", b"")
    world.absence(
        "suite.csv", {**name, "id_absence": "A3"}, {**name, "id_absence": "A4"}, folder=f"{DISPENSATEUR}-antenne"
    )


def run(root: Path, day: date = DAY, retry: Sequence[str] = ()) -> None:
    """One `dsf run` on the fixed date, in three waves."""
    chain.work = SimpleNamespace(engine=in_process)
    chain.BATCH, chain.LINES = 2, 1
    # A runner that stands still inside a transaction holds the ledger: the other need not wait the usual half minute.
    chain.ledger.open = partial(open_ledger, wait=0.3)
    chain.run(Workspace(root), settings(root), day, lambda *_: None, retry=retry)


def back_up(root: Path, folder: Path) -> None:
    """One `dsf backup`."""
    backup.back_up(Workspace(root), settings(root), folder)


def give_back(root: Path, folder: Path) -> None:
    """One `dsf restore`."""
    restore(folder, root)


def guarded(verb: Callable[..., None], *arguments: Any) -> int:
    """``verb`` as the command does it: a halt is a sentence on stderr and its exit code."""
    from pipeline.errors import Halt

    try:
        verb(*arguments)
    except Halt as halt:
        print(f"dsf : {halt}", file=sys.stderr)
        return halt.exit_code
    except BaseException as error:
        # A traceback may quote what it handles: the sweeps look for the canary in this very text.
        import traceback

        traceback.print_exc()
        return 70 if isinstance(error, Exception) else 71
    return os.EX_OK
