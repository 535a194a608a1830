"""What reads and judges a cell can be imported alone: no lock, no limits of processes, no database comes along."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = ("fcntl", "resource", "pebble", "sqlalchemy")
LOOK = """
import importlib, pkgutil, sys
rooms, first, *forbidden = sys.argv[1:]
if first:
    importlib.import_module(first)
before = set(sys.modules)
for room in rooms.split():
    for found in pkgutil.walk_packages(importlib.import_module(room).__path__, room + "."):
        importlib.import_module(found.name)
print(*sorted(set(forbidden) & (set(sys.modules) - before)))
"""


@pytest.mark.parametrize(("rooms", "first"), [("pipeline.reading pipeline.cells", ""), ("schemas", "pandas")])
def test_what_reads_and_judges_brings_no_process_nor_database_along(rooms: str, first: str) -> None:
    """``first``: a library that a browser has in a form of its own, whatever it imports here."""
    command = [sys.executable, "-c", LOOK, rooms, first, *FORBIDDEN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
