"""`dsf run --dry-run`: a real run in a throwaway double of the workspace, so that it is the same path.

The ledger, the reference and what waits are doubled; the run decides and numbers in the double, which is then deleted.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from pipeline.settings import Settings
from pipeline.workspace import Workspace


@contextmanager
def double(workspace: Workspace, settings: Settings) -> Iterator[Workspace]:
    """A workspace that has all that ``workspace`` has before a run, to be changed at will; gone afterwards."""
    workspace.var.mkdir(parents=True, exist_ok=True)
    root = Path(mkdtemp(prefix="essai-", dir=workspace.var))
    try:
        copy = Workspace(root)
        copy.create()
        # A second name of a sender's file would be seen by a run that starts meanwhile: deposits are copied.
        for source, target, link in (
            (workspace.extracts, copy.extracts, False),
            (workspace.deposits, copy.deposits, False),
            (workspace.reference, copy.reference, True),
        ):
            _double_tree(source, target, link=link)
        for name in ("dsf.toml", settings.motifs, settings.synonymes):
            if name and (workspace.root / name).is_file() and not Path(name).is_absolute():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(workspace.root / name, root / name)
        _copy_ledger(workspace, settings, copy)
        yield copy
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _double_tree(source: Path, target: Path, *, link: bool) -> None:
    """Every regular file of ``source`` at the same place under ``target``, linked, or copied with its times."""
    for folder, _, names in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True, exist_ok=True)
        for name in names:
            path = Path(folder) / name
            if path.is_symlink() or not path.is_file():
                continue
            with suppress(FileNotFoundError):  # taken back by its sender meanwhile
                if link:
                    os.link(path, here / name, follow_symlinks=False)
                else:
                    shutil.copy2(path, here / name, follow_symlinks=False)


def _copy_ledger(workspace: Workspace, settings: Settings, copy: Workspace) -> None:
    from pipeline.ledger import place  # noqa: PLC0415 - the name is the ledger room's to know

    source = place(workspace, settings)
    if not source.exists():
        return
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as before, closing(sqlite3.connect(copy.ledger)) as after:
        before.backup(after)
    if workspace.witness.exists():
        shutil.copy2(workspace.witness, copy.witness)


def for_double(settings: Settings) -> Settings:
    """The same settings for the double, whose ledger lies in its own ``var/``."""
    return replace(settings, ledger="")
