"""What one person waits for, and what a run does a thousand times."""

import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.made import AS_OF, Night
from bench.measure import cost, dsf, python
from bench.nights import Row, by_turns, run, said, workspace
from pipeline.documents import clerk
from pipeline.documents.returns.workbook import corrections
from pipeline.judging import complement

REPEATS = 40


def milliseconds(work: Callable[[], object]) -> float:
    """CPU of the least of many repeats."""
    spent = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent) * 1000


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def documents() -> Row:
    """One clerk's workbook of about 1 000 cells, one workbook to correct of 33 lines, the JSON Schema of one complement."""
    with workspace(Night(deposits=1, lines=40, dsf=1, faulty=0, rows=20)) as root:
        run(root)
        (path,) = root.glob("outbox/*/dsf/*/*.json")
        payload = _json(path)
    with workspace(Night(deposits=1, lines=33, dsf=1, faulty=100, rows=20)) as root:
        run(root)
        (path,) = root.glob("outbox/*/retours/*/rapport.json")
        report: Mapping[str, Any] = _json(path)
    day = date.fromisoformat(payload["emis_le"])
    made = milliseconds(lambda: clerk.workbook(payload, day))
    back = milliseconds(lambda: corrections(report))
    checked = milliseconds(lambda: complement.validate(payload))
    return Row(
        "a clerk's workbook (1 000 cells) · a workbook to correct (33 lines) · a complement checked",
        f"{made:.1f} · {back:.1f} · {checked:.2f} ms",
        "≤ 12 · ≤ 8 · ≤ 0.3 ms",
        made <= 12 and back <= 8 and checked <= 0.3,
        "",
    )


def commands(rounds: int) -> Row:
    """`dsf --help` beside the import of click; `dsf check` of 100 lines beside the import of pandas and pandera."""
    with workspace(Night(deposits=1, rows=60), "processus = 1\n") as root:
        (path,) = root.rglob("*.xlsx")
        cost(dsf("extract", "load", "--workspace", root))
        # Where the tests' packages are, pandera imports hypothesis with the first schema; where dsf is installed it is not there.
        (root / "hypothesis.py").write_text("raise ImportError")
        without = {**os.environ, "PYTHONPATH": str(root)}
        day = AS_OF.isoformat()
        asked = ("check", path, "--siret", path.parent.name, "--workspace", root, "--as-of", day)
        helped, click, check, imports = by_turns(
            rounds,
            lambda: cost(dsf("--help")),
            lambda: cost(python("-c", "import click")),
            lambda: cost(dsf(*asked), env=without, allowed=(0, 3)),
            lambda: cost(python("-c", "import pandas, pandera.pandas"), env=without),
        )
    first, second = helped.cpu / click.cpu, check.cpu / imports.cpu
    return Row(
        "dsf --help ÷ import click · dsf check of 100 lines ÷ import pandas and pandera",
        f"{first:.2f} × · {second:.2f} ×",
        "≤ 1.3 × · ≤ 1.5 ×",
        first <= 1.3 and second <= 1.5,
        said(check=check, imports=imports),
    )
