"""The loads on disk: one immutable folder each, that appears by one rename and is read in the order of its name.

    var/reference/000001-2025-06-30-1a2b3c4d/
        load.json           what it is, its files with their hashes (its sources, and those stored here), rows by table
        dsf.parquet         the tables of the extract, sorted by cle_dsf, with their keys and the row's number (ligne)
        sequences.parquet   absences.parquet
        courant.parquet     one row per DSF known once this load is in: its newest state, and which load has it (ordre)
        completees.parquet  every absence that this load or one before it says completed: its keys and dates

``courant`` and ``completees`` of the last load are all that a look-up reads of the past: its cost does not grow with the number
of loads.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from pipeline import disk
from pipeline.bilingual import Text
from pipeline.reference.engine import remove_spilled
from pipeline.reference.model import Load, LoadedFile, StoreError
from pipeline.workspace import Workspace
from schemas.extracts import TABLES

MANIFEST = "load.json"
CURRENT = "courant"
COMPLETED = "completees"
BUILDING = ".chargement-"
VERSION = 2
REMEDY = Text(
    "Restaurez var/reference de la sauvegarde ; à défaut, videz ce dossier et rechargez tout : "
    "`dsf extract load var/extraits`. Rien n'est décidé d'ici là.",
    "Restore var/reference from the backup; failing that, empty that folder and load all of it again: "
    "`dsf extract load var/extraits`. Nothing is decided until then.",
)
OLDER = Text(
    "Le chargement {load} vient d'une version antérieure du programme : le prochain `dsf run` le met à jour.",
    "Load {load} comes from an earlier version of the program: the next `dsf run` brings it up to date.",
)
NEWER = Text(
    "Le chargement {load} vient d'une version plus récente du programme : mettez celui-ci à jour. Rien n'est décidé.",
    "Load {load} comes from a newer version of the program: bring this one up to date. Nothing is decided.",
)
MISSING = Text("Il manque un chargement dans var/reference.", "A load is missing in var/reference.").then(REMEDY)
CHANGED = Text("Le fichier {file} du chargement {load} {what}.", "File {file} of load {load} {what}.")
_DAMAGED = Text("est abîmé", "is damaged")
_NOT_THAT = Text("n'est plus ce qui a été chargé", "is no longer what was loaded")
_GONE = Text("manque", "is missing")


def archive_of(workspace: Workspace) -> Path:
    """Where extract files go once loaded: one folder a load, under the load's name."""
    return workspace.var / "extraits"


def folders(workspace: Workspace) -> list[Path]:
    """The folder of each load, oldest first."""
    if not workspace.reference.is_dir():
        return []
    return sorted(p for p in workspace.reference.iterdir() if p.is_dir() and not p.name.startswith("."))


def loads(workspace: Workspace) -> tuple[Load, ...]:
    """Every load, oldest first. Raises ``StoreError`` when one cannot be read or one is missing before another."""
    found = tuple(read(folder) for folder in folders(workspace))
    if [load.ordre for load in found] != list(range(1, len(found) + 1)):
        raise StoreError(MISSING)
    return found


def name_of(order: int, day: date, sha256: str) -> str:
    """The name of a load and of its folder; loading the same content in the same place gives the same one."""
    return f"{order:06d}-{day.isoformat()}-{sha256[:8]}"


@contextmanager
def _damage_as_halt(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise StoreError(CHANGED.fill(file=MANIFEST, load=folder.name, what=_DAMAGED).then(REMEDY)) from None


def version_of(folder: Path) -> int:
    """Which schema a load was stored by. Raises ``StoreError``."""
    with _damage_as_halt(folder):
        version: int = json.loads((folder / MANIFEST).read_text("utf-8"))["schema_version"]
        return version


def read(folder: Path, stockes: Sequence[LoadedFile] | None = None) -> Load:
    """The load in ``folder``, as its ``load.json`` says; with ``stockes`` in the place of what it says.

    Raises ``StoreError`` for one that is damaged, and without ``stockes`` for one of another schema.
    """
    version = version_of(folder)
    if stockes is None and version != VERSION:
        raise StoreError((OLDER if version == 1 else NEWER).fill(load=folder.name))
    with _damage_as_halt(folder):
        value = json.loads((folder / MANIFEST).read_text("utf-8"))
        load = Load(
            nom=value["nom"],
            ordre=value["ordre"],
            jeu=value["jeu"],
            sha256=value["sha256"],
            date_extraction=datetime.fromisoformat(value["date_extraction"]),
            fichiers=tuple(LoadedFile(**file) for file in value["fichiers"]),
            lignes=value["lignes"],
            force=value["force"],
            stockes=tuple(LoadedFile(**file) for file in value["stockes"]) if stockes is None else tuple(stockes),
        )
        names = {file.nom for file in load.stockes}
        same = folder.name == load.nom == name_of(load.ordre, load.date_extraction.date(), load.sha256)
        if not same or names != {f"{table}.parquet" for table in (*TABLES, CURRENT, COMPLETED)}:
            raise ValueError
        return load


def write_manifest(folder: Path, load: Load, name: str = MANIFEST) -> None:
    """Write ``load.json``."""
    value = {
        "schema_version": VERSION,
        "nom": load.nom,
        "ordre": load.ordre,
        "jeu": load.jeu,
        "sha256": load.sha256,
        "date_extraction": load.date_extraction.isoformat(),
        "fichiers": [vars(file) for file in load.fichiers],
        "stockes": [vars(file) for file in load.stockes],
        "lignes": load.lignes,
        "force": load.force,
    }
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)
    (folder / name).write_text(text + "\n", "utf-8")


def stored(folder: Path) -> tuple[LoadedFile, ...]:
    """The Parquet files in ``folder``, with their hashes."""
    paths = sorted(folder.glob("*.parquet"))
    return tuple(LoadedFile(path.name, disk.hash_of(path), path.stat().st_size) for path in paths)


def fault_of(root: Path, load: Load, file: LoadedFile) -> Text | None:
    """What is wrong with a stored file of ``load``, in one sentence; None when it is what was stored."""
    with disk.refusals_as_halts("reference"):
        now = disk.hash_of(root / load.nom / file.nom)
    what = _NOT_THAT if now else _GONE
    return None if now == file.sha256 else CHANGED.fill(file=file.nom, load=load.nom, what=what)


def publish(building: Path, final: Path) -> None:
    """Make ``building`` durable, then visible under its ``final`` name: all of it or nothing."""
    disk.flush([*sorted(building.glob("*.*")), building], "reference")
    disk.rename_new(building, final, "reference")
    disk.flush([final.parent], "reference")


def remove_stale(workspace: Workspace) -> None:
    """Remove what an interrupted load left behind: nothing refers to it, and it holds rows of extracts."""
    for stale in workspace.reference.glob(f"{BUILDING}*"):
        shutil.rmtree(stale, ignore_errors=True)
    remove_spilled(workspace.reference)


def new_building(workspace: Workspace) -> Path:
    """An empty folder to build a load in."""
    workspace.reference.mkdir(parents=True, exist_ok=True)
    remove_stale(workspace)
    folder = workspace.reference / f"{BUILDING}{os.getpid()}"
    folder.mkdir(mode=0o700)
    return folder


def archive(workspace: Workspace, load: Load, paths: Iterable[Path]) -> None:
    """Move the files of ``load`` that lie in the inbox to ``var/extraits/<load>/``; others are not ours to move."""
    inbox = workspace.extracts.resolve()
    folder = archive_of(workspace) / load.nom
    for path in paths:
        if not path.exists() or not path.resolve().is_relative_to(inbox):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        target, rank = folder / path.name, 1
        while target.exists():
            rank += 1
            target = folder / f"{path.stem}-{rank}{path.suffix}"
        disk.move(path, target, "extraits")
