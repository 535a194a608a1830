"""`dsf run --dry-run`: a real run in a throwaway double of the workspace, so that it is the same path.

The ledger, the reference and what waits are doubled; the run decides and numbers in the double, which is then deleted.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from pipeline.ledger.copying import copy_to
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
            (workspace.entered, copy.entered, False),
            (workspace.deposits, copy.deposits, False),
            (workspace.reference, copy.reference, True),
        ):
            _double_tree(source, target, link=link)
        for name in ("dsf.toml", settings.motifs, settings.synonymes, settings.correspondances):
            if name and (workspace.root / name).is_file() and not Path(name).is_absolute():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(workspace.root / name, root / name)
        copy_to(workspace, settings, copy.ledger)
        if workspace.witness.exists():
            shutil.copy2(workspace.witness, copy.witness)
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


def for_double(settings: Settings) -> Settings:
    """The same settings for the double, whose ledger lies in its own ``var/``."""
    return replace(settings, ledger="")
