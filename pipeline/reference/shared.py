"""Loads on shared storage, so that another machine may take over: each is put there once made, and fetched where it is missing.

A load is immutable and its ``load.json`` has the hash of each of its files: what was fetched is compared before it is seen. Two
machines that loaded different extracts in the same place have told two stories: neither is guessed to be right.
"""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.reference import store
from pipeline.reference.model import StoreError
from pipeline.storage import store_of
from pipeline.storage.store import Changed, Entry, Fate, Parcel, Store
from pipeline.workspace import Workspace

LABEL = "reference"

TWO_STORIES = Text(
    "La référence partagée et celle de cette machine ne racontent pas la même histoire ({here} ici, {there} là-bas). Gardez "
    "celle avec laquelle le registre a jugé : mettez l'autre de côté, puis relancez la même commande.",
    "The shared reference and that of this machine do not tell the same story ({here} here, {there} there). Keep the one that "
    "the ledger was judged with: put the other aside, then run the same command again.",
)
DAMAGED = Text(
    "Le chargement {load} de la référence partagée est abîmé : rien n'en est repris. Retirez-le du stockage : une machine qui "
    "l'a l'y remettra.",
    "Load {load} of the shared reference is damaged: nothing of it is taken. Take it off the storage: a machine that has it "
    "will put it there again.",
)


def bring(workspace: Workspace) -> None:
    """Fetch the loads that are there and not here. Under the run lock, before the reference is looked at.

    Raises ``StoreError`` for one that is damaged, or that stands where another does here.
    """
    shelf = store_of(workspace, "reference")
    if shelf is None:
        return
    there = _loads(shelf)
    _refuse_two_stories(workspace, there)
    here = {folder.name for folder in store.folders(workspace)}
    for name in sorted(there.keys() - here):
        building = store.new_building(workspace)
        fetched = building / name
        fetched.mkdir(disk.FOLDER_MODE)
        try:
            for entry in there[name]:
                disk.write_blocks(shelf.blocks(entry), fetched / PurePosixPath(entry.path).name, LABEL)
            _check(fetched)
        except (Changed, StoreError):
            raise StoreError(DAMAGED.fill(load=name)) from None
        store.publish(fetched, workspace.reference / name)
        building.rmdir()


def share(workspace: Workspace) -> None:
    """Put the loads there that are only here. Under the run lock, before anything is judged with them."""
    shelf = store_of(workspace, "reference")
    if shelf is None:
        return
    there = _loads(shelf)
    _refuse_two_stories(workspace, there)
    for folder in store.folders(workspace):
        if folder.name not in there:
            files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}
            parcel = Parcel(f"{folder.name}.0", folder.name, files, store.MANIFEST)
            (fate,) = shelf.ready([parcel])
            if fate is Fate.READY:
                (fate,) = shelf.leave([parcel])
            if fate is not Fate.LEFT:
                raise StoreError(TWO_STORIES.fill(here=folder.name, there=folder.name))
            shelf.settle()


def share_again(workspace: Workspace, names: Iterable[str]) -> None:
    """Put the files of these loads there anew: persons were erased from them here. Each is whole once its manifest is there."""
    shelf = store_of(workspace, "reference")
    for name in names if shelf else ():
        files = sorted((workspace.reference / name).iterdir(), key=lambda path: path.name == store.MANIFEST)
        for path in files:
            if shelf and not shelf.put(f"{name}/{path.name}", path.read_bytes()):
                raise StoreError(TWO_STORIES.fill(here=name, there=name))


def _loads(shelf: Store) -> dict[str, list[Entry]]:
    """The files of each load that is whole there, by its name."""
    found: dict[str, list[Entry]] = {}
    for entry in shelf.walk(1):
        folder, _, file = entry.path.rpartition("/")
        if folder and not folder.startswith(".") and not file.startswith("."):
            found.setdefault(folder, []).append(entry)
    whole = {f"{name}/{store.MANIFEST}" for name in found}
    return {name: entries for name, entries in found.items() if whole & {entry.path for entry in entries}}


def _refuse_two_stories(workspace: Workspace, there: dict[str, list[Entry]]) -> None:
    orders = {name.partition("-")[0]: name for name in there}
    for folder in store.folders(workspace):
        other = orders.get(folder.name.partition("-")[0], folder.name)
        if other != folder.name:
            raise StoreError(TWO_STORIES.fill(here=folder.name, there=other))


def _check(fetched: Path) -> None:
    """Raise ``StoreError`` unless a folder is, by its hashes, the load of its name."""
    load = store.read(fetched)
    for file in load.stockes:
        if fault := store.fault_of(fetched.parent, load, file):
            raise StoreError(fault)
