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
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from pipeline import disk
from pipeline.reference.engine import remove_stale
from pipeline.reference.model import Load, LoadedFile, StoreError
from pipeline.workspace import Workspace
from schemas.extracts import TABLES

MANIFEST = "load.json"
CURRENT = "courant"
COMPLETED = "completees"
BUILDING = ".chargement-"
VERSION = 2
REMEDY = (
    "Restaurez var/reference de la sauvegarde ; à défaut, videz ce dossier et rechargez tout : "
    "`dsf extract load var/extraits`. Rien n'est décidé d'ici là."
)
CHANGED = "Le fichier {file} du chargement {load} {what}. "


def archive_of(workspace: Workspace) -> Path:
    """Where extract files go once loaded: one folder a load, under the load's name."""
    return workspace.var / "extraits"


def loads(workspace: Workspace) -> tuple[Load, ...]:
    """Every load, oldest first. Raises ``StoreError`` when one cannot be read or one is missing before another."""
    if not workspace.reference.is_dir():
        return ()
    folders = sorted(p for p in workspace.reference.iterdir() if p.is_dir() and not p.name.startswith("."))
    found = tuple(_read(folder) for folder in folders)
    if [load.ordre for load in found] != list(range(1, len(found) + 1)):
        raise StoreError(f"Il manque un chargement dans var/{workspace.reference.name}. {REMEDY}")
    return found


def name_of(order: int, day: date, sha256: str) -> str:
    """The name of a load and of its folder; loading the same content in the same place gives the same one."""
    return f"{order:06d}-{day.isoformat()}-{sha256[:8]}"


def _read(folder: Path) -> Load:
    try:
        value = json.loads((folder / MANIFEST).read_text("utf-8"))
        if value["schema_version"] != VERSION:
            raise StoreError(f"Le chargement {folder.name} a été écrit par une autre version du programme. {REMEDY}")
        load = Load(
            nom=value["nom"],
            ordre=value["ordre"],
            jeu=value["jeu"],
            sha256=value["sha256"],
            date_extraction=datetime.fromisoformat(value["date_extraction"]),
            fichiers=tuple(LoadedFile(**file) for file in value["fichiers"]),
            lignes=value["lignes"],
            force=value["force"],
            stockes=tuple(LoadedFile(**file) for file in value["stockes"]),
        )
        names = {file.nom for file in load.stockes}
        same = folder.name == load.nom == name_of(load.ordre, load.date_extraction.date(), load.sha256)
        if not same or names != {f"{table}.parquet" for table in (*TABLES, CURRENT, COMPLETED)}:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise StoreError(CHANGED.format(file=MANIFEST, load=folder.name, what="est abîmé") + REMEDY) from None
    return load


def write_manifest(folder: Path, load: Load) -> None:
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
    (folder / MANIFEST).write_text(text + "\n", "utf-8")


def stored(folder: Path) -> tuple[LoadedFile, ...]:
    """The Parquet files in ``folder``, with their hashes."""
    paths = sorted(folder.glob("*.parquet"))
    return tuple(LoadedFile(path.name, disk.hash_of(path), path.stat().st_size) for path in paths)


def fault_of(root: Path, load: Load, file: LoadedFile) -> str:
    """What is wrong with a stored file of ``load``, in one sentence; "" when it is what was stored."""
    with disk.refusals_as_halts("reference"):
        now = disk.hash_of(root / load.nom / file.nom)
    what = "n'est plus ce qui a été chargé" if now else "manque"
    return "" if now == file.sha256 else CHANGED.format(file=file.nom, load=load.nom, what=what)


def publish(building: Path, final: Path) -> None:
    """Make ``building`` durable, then visible under its ``final`` name: all of it or nothing."""
    disk.flush([*sorted(building.glob("*.*")), building], "reference")
    disk.rename_new(building, final, "reference")
    disk.flush([final.parent], "reference")


def new_building(workspace: Workspace) -> Path:
    """An empty folder to build a load in. What an interrupted load left behind goes first: nothing refers to it."""
    workspace.reference.mkdir(parents=True, exist_ok=True)
    for stale in workspace.reference.glob(f"{BUILDING}*"):
        shutil.rmtree(stale, ignore_errors=True)
    remove_stale(workspace.reference)
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
