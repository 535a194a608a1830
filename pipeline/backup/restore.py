"""Making a workspace of a backup: beside what is there, checked by hash, then seen in one step."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline import disk, signals
from pipeline.backup.shelf import Backup, Kept, Shelf, chosen
from pipeline.bilingual import Text
from pipeline.errors import StateHalt
from pipeline.publishing import witness
from pipeline.wave import Progress, silent
from pipeline.workspace import Workspace

LABEL = "restauration"
BUILDING = ".restauration"
RESTORING = Text("restauration", "restore")
OCCUPIED = Text(
    "{folder} contient déjà un espace de travail (var/). Une restauration n'écrase rien : donnez un dossier vide, ou mettez cet "
    "ancien var/ de côté.",
    "{folder} holds a workspace already (var/). A restore writes over nothing: give an empty folder, or put that old var/ aside.",
)
OTHER_FILE = Text(
    "{folder} contient déjà un autre {file} que celui de la sauvegarde. Une restauration n'écrase rien : mettez-le de côté, ou "
    "donnez un dossier vide.",
    "{folder} holds another {file} already than the backup has. A restore writes over nothing: put it aside, or give an empty "
    "folder.",
)


@dataclass(frozen=True)
class Restored:
    """What was restored: the backup by its name, and into what."""

    nom: str
    backup: Backup
    workspace: Workspace


def restore(given: Path, root: Path, progress: Progress = silent) -> Restored:
    """Make the folder ``root`` the workspace that a backup was taken of; ``given``: its list, or a folder for its newest.

    What stands in ``root`` stays: its inbox, its outbox. Raises ``StateHalt`` where there is a ``var/`` already, and for a
    damaged backup; then nothing is restored. Killed anywhere, the same command begins again.
    """
    shelf, nom = chosen(given)
    backup, building = shelf.read(nom), root / BUILDING
    with signals.obeyed(), disk.refusals_as_halts(LABEL):
        root.mkdir(parents=True, exist_ok=True)
        _refuse_occupied(root, backup)
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(0o700)
        try:
            _build(shelf, nom, backup, building, progress)
            _show(backup, building, root)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        workspace = Workspace(root.resolve())
        workspace.create()
    return Restored(nom, backup, workspace)


def _refuse_occupied(root: Path, backup: Backup) -> None:
    if any(not path.is_dir() for path in (root / "var").rglob("*")):
        raise StateHalt(OCCUPIED.fill(folder=root))
    for name, kept in _outside_var(backup):
        if (root / name).exists() and disk.hash_of(root / name) != kept.sha256:
            raise StateHalt(OTHER_FILE.fill(folder=root, file=name))


def _outside_var(backup: Backup) -> Iterable[tuple[str, Kept]]:
    return [(name, kept) for name, kept in backup.fichiers.items() if not name.startswith("var/")]


def _build(shelf: Shelf, nom: str, backup: Backup, building: Path, progress: Progress) -> None:
    """The whole of it, durably, where nobody looks."""
    for done, (name, kept) in enumerate(backup.fichiers.items()):
        progress(RESTORING, done, len(backup.fichiers))
        target = building / name
        target.parent.mkdir(disk.FOLDER_MODE, parents=True, exist_ok=True)
        shelf.bring(nom, name, kept, target)
    second = Workspace(building).second_witness
    second.parent.mkdir(0o700, exist_ok=True)
    disk.write_new(second, witness.written(backup.temoin), LABEL)
    everything = sorted(building.rglob("*"), key=lambda path: -len(path.parts))
    disk.flush([*everything, building], LABEL)


def _show(backup: Backup, building: Path, root: Path) -> None:
    """Settings first, ``var/`` last and in one step: as long as it is not there, nothing was restored."""
    for name, _ in _outside_var(backup):
        if not (root / name).exists():
            (root / name).parent.mkdir(disk.FOLDER_MODE, parents=True, exist_ok=True)
            disk.rename(building / name, root / name, LABEL)
    empty = sorted((root / "var").rglob("*"), key=lambda path: -len(path.parts))
    for folder in [*empty, *([root / "var"] if (root / "var").exists() else [])]:
        folder.rmdir()
    (building / "var").chmod(0o700)
    disk.rename(building / "var", root / "var", LABEL)
    disk.flush([root], LABEL)
