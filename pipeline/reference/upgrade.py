"""A reference that an older program stored, brought up to date: once, under the lock, and whole at every instant.

Schema 1 had no hashes of what is stored and no ``completees``. What stands there is taken for what was loaded: nothing can tell.
"""

from pathlib import Path

from pipeline import disk
from pipeline.reference import history, store
from pipeline.reference.engine import connect, spill
from pipeline.reference.model import Load
from pipeline.workspace import Workspace


def upgrade(workspace: Workspace) -> None:
    """Give each load of schema 1, oldest first, what it lacks. Raises ``StoreError`` for one that cannot be read."""
    before: list[Load] = []
    for folder in store.folders(workspace):
        if store.version_of(folder) == 1:
            _complete(workspace.reference, folder, before)
        before.append(store.read(folder))


def _complete(root: Path, folder: Path, before: list[Load]) -> None:
    """Write what is missing, then ``load.json`` in one step: until then the load is of schema 1, and this is done again."""
    with connect(spill(root)) as connection:
        history.write_completed(connection, root, before, folder)
    load = store.read(folder, stockes=store.stored(folder))
    draft = folder / f".{store.MANIFEST}"
    disk.unlink(draft, "reference")
    store.write_manifest(folder, load, name=draft.name)
    disk.flush([*sorted(folder.glob("*.parquet")), draft, folder], "reference")
    disk.rename(draft, folder / store.MANIFEST, "reference")
    disk.flush([folder], "reference")
