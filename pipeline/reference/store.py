"""The loads on disk: one immutable folder each, that appears by one rename and is read in the order of its name.

    var/reference/000001-2025-06-30-1a2b3c4d/
        load.json           what it is, its files with their hashes, rows by table
        dsf.parquet         the tables of the extract, sorted by cle_dsf, with their keys and the row's number (ligne)
        sequences.parquet   absences.parquet
        courant.parquet     one row per DSF known once this load is in: its newest state, and which load has it (ordre)

``courant`` of the last load is all that a look-up reads of the past: its cost does not grow with the number of loads.
"""

import json
import os
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pipeline import disk
from pipeline.reference.engine import remove_stale
from pipeline.reference.model import Load, LoadedFile, StoreError
from pipeline.workspace import Workspace

MANIFEST = "load.json"
CURRENT = "courant"
BUILDING = ".chargement-"
VERSION = 1


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
        raise StoreError(f"Il manque un chargement dans {workspace.reference.name} : restaurez-le de la sauvegarde.")
    return found


def _read(folder: Path) -> Load:
    try:
        value = json.loads((folder / MANIFEST).read_text("utf-8"))
        return Load(
            nom=value["nom"],
            ordre=value["ordre"],
            jeu=value["jeu"],
            sha256=value["sha256"],
            date_extraction=datetime.fromisoformat(value["date_extraction"]),
            fichiers=tuple(LoadedFile(**file) for file in value["fichiers"]),
            lignes=value["lignes"],
            force=value["force"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"Chargement {folder.name} illisible ({type(error).__name__}).") from None


def write_manifest(folder: Path, load: Load) -> None:
    """Write ``load.json``."""
    value = {
        "schema_version": VERSION,
        "nom": load.nom,
        "ordre": load.ordre,
        "jeu": load.jeu,
        "sha256": load.sha256,
        "date_extraction": load.date_extraction.isoformat(),
        "fichiers": [{"nom": f.nom, "sha256": f.sha256, "octets": f.octets} for f in load.fichiers],
        "lignes": load.lignes,
        "force": load.force,
    }
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)
    (folder / MANIFEST).write_text(text + "\n", "utf-8")


def publish(building: Path, final: Path) -> None:
    """Make ``building`` durable, then visible under its ``final`` name: all of it or nothing."""
    disk.flush([*sorted(building.iterdir()), building], "reference")
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
