"""What reads and judges a cell can be imported alone: no lock, no limits of processes, no database comes along."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FORBIDDEN = ("fcntl", "resource", "pebble", "sqlalchemy")
LOOK = """
import importlib, pkgutil, sys
for room in ("pipeline.reading", "pipeline.cells", "schemas"):
    for found in pkgutil.walk_packages(importlib.import_module(room).__path__, room + "."):
        importlib.import_module(found.name)
print(*sorted(set(sys.argv[1:]) & set(sys.modules)))
"""


def test_reading_cells_and_schemas_bring_no_process_nor_database_along() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *FORBIDDEN], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
