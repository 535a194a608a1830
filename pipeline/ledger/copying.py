"""A copy of the ledger as it is, for a run that is only tried."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.ledger.base import place
from pipeline.settings import Settings
from pipeline.workspace import Workspace


def copy_to(workspace: Workspace, settings: Settings, target: Path) -> None:
    """Copy the workspace's ledger, in one consistent view, to ``target``; nothing when there is none yet."""
    source = place(workspace, settings)
    if not source.exists():
        return
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as before,
        closing(sqlite3.connect(target)) as after,
    ):
        before.backup(after)
