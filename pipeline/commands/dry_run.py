"""`dsf run --dry-run`: a real run in a throwaway double of the workspace, so that it is the same path.

The ledger, the reference and what waits are doubled; the run decides and numbers in the double, which is then deleted.
"""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from pipeline import disk, lock, storage
from pipeline.intake import walk
from pipeline.ledger.copying import copy_to
from pipeline.publishing import witness
from pipeline.publishing.places import place_of
from pipeline.settings import Journaling, Measuring, Noticing, Settings, Storage
from pipeline.storage import store_of
from pipeline.storage.store import Changed, Entry, Stands, Store
from pipeline.workspace import Workspace

_PASSED_OVER = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.EPERM})
"""What a sender's file may answer: taken back meanwhile, too deep for a path, closed. It is not in the double."""


@contextmanager
def double(workspace: Workspace, settings: Settings) -> Iterator[Workspace]:
    """A workspace that has all that ``workspace`` has before a run, to be changed at will; gone afterwards."""
    lock.sweep(workspace)
    with lock.double(workspace) as root:
        copy = Workspace(root)
        copy.create()
        with storage.opened(workspace, settings) as laid_out:
            _double_stores(laid_out, copy, walk.largest(settings))
            if (said := place_of(laid_out).read(witness.NAME)) is not None:
                copy.witness.write_bytes(said)
        _double_tree(workspace.extracts, copy.extracts, _copied)
        # A second name of a sender's file would be seen by a run that starts meanwhile: deposits are copied.
        _double_tree(workspace.entered, copy.entered, _copied)
        largest = walk.largest(settings)
        _double_tree(workspace.deposits, copy.deposits, lambda path, target: _deposit(path, target, largest))
        _double_tree(workspace.reference, copy.reference, _linked)
        for name in ("dsf.toml", settings.motifs, settings.synonymes, settings.correspondances):
            if name and (workspace.root / name).is_file() and not Path(name).is_absolute():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(workspace.root / name, root / name)
        copy_to(workspace, settings, copy.ledger)
        yield copy


def _double_stores(workspace: Workspace, copy: Workspace, largest: int) -> None:
    """What lies on shared storage, as its files would lie in a folder."""
    for part, folder in (("depots", copy.deposits), ("extraits", copy.extracts), ("saisies", copy.entered)):
        store = store_of(workspace, part)
        if store is None:
            continue
        for entry in store.walk(walk.DEPTH):
            if entry.stands is Stands.FILE and entry.path.isprintable():
                with _passed_over(), suppress(Changed):
                    _brought(store, entry, folder / entry.path, largest)


def _brought(store: Store, entry: Entry, target: Path, largest: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        if entry.octets > largest or 2 * entry.octets > disk.room(target.parent):
            file.truncate(entry.octets)
        else:
            for block in store.blocks(entry):
                file.write(block)
    os.utime(target, ns=(entry.mtime_ns, entry.mtime_ns))


def _double_tree(source: Path, target: Path, put: Callable[[Path, Path], object]) -> None:
    """``put`` every regular file of ``source`` at the same place under ``target``."""
    for folder, _, names in os.walk(source):
        here = target / Path(folder).relative_to(source)
        with _passed_over():
            here.mkdir(parents=True, exist_ok=True)
        for name in names:
            with _passed_over():
                path = Path(folder) / name
                if not path.is_symlink() and path.is_file():
                    put(path, here / name)


@contextmanager
def _passed_over() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _PASSED_OVER:
            raise


def _copied(path: Path, target: Path) -> None:
    """With its times."""
    shutil.copy2(path, target, follow_symlinks=False)


def _linked(path: Path, target: Path) -> None:
    os.link(path, target, follow_symlinks=False)


def _deposit(path: Path, target: Path, largest: int) -> None:
    """A copy; of what a run would not archive either, an empty file that claims its size: it is said as in a run."""
    size = path.stat().st_size
    if size > largest or 2 * size > disk.room(target.parent):
        with target.open("wb") as file:
            file.truncate(size)
        shutil.copystat(path, target)
    else:
        _copied(path, target)


def for_double(workspace: Workspace, settings: Settings) -> Settings:
    """The same settings for the double of a workspace, all of which lies in its own folders, and which tells nobody."""
    told = replace(settings, journal=Journaling(dossier=""), mesures=Measuring(), avis=Noticing())
    return replace(told.of_double(workspace.root), stockage=Storage())
