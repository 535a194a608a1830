"""A small right extract and ways to write it; tests change one thing at a time. Nobody here exists."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import reference
from pipeline.commands import extract
from pipeline.intake.extracts import files_under
from pipeline.reference import LoadResult, Waiting
from pipeline.workspace import Workspace
from schemas.extracts import TABLES

Row = dict[str, str]
Tables = dict[str, list[Row]]
TITULAIRE = "73282932000074"
DISPENSATEUR = "35600000000048"


def dsf(numero: str = "D-001", **changes: str) -> Row:
    return {
        "numero_dsf": numero,
        "type_session": "ESP",
        "nature": "Intermédiaire",
        "statut": "Validée par France Travail",
        "numero_convention": "C-1",
        "intitule": "Bureautique",
        "siret_titulaire": TITULAIRE,
        "raison_sociale_titulaire": "Les Ateliers d'Essai",
        "siret_dispensateur": DISPENSATEUR,
        "raison_sociale_dispensateur": "Formation d'Essai",
        "periode_debut": "2025-03-01",
        "periode_fin": "2025-03-31",
        "date_validation": "2025-04-10",
        "date_extraction": "2025-06-30",
    } | changes


def sequence(numero: str = "D-001", de: str = "1234567A", code: str = "S1", **changes: str) -> Row:
    return {
        "numero_dsf": numero,
        "identifiant_de": de,
        "nom": "Zzyzxnom",
        "prenom": "Zzyzxprenom",
        "numero_pif": "P1",
        "code_sequence": code,
        "libelle_sequence": "Tableur",
        "heures_prevues": "70.00",
        "heures_realisees": "31.50",
        "heures_absence_financables": "0",
        "heures_absence_non_financables": "10.5",
    } | changes


def absence(identifiant: str = "A1", numero: str = "D-001", **changes: str) -> Row:
    return {
        "numero_dsf": numero,
        "identifiant_de": "1234567A",
        "code_sequence": "S1",
        "id_absence": identifiant,
        "type_absence": "Maladie",
        "date_debut": "2025-03-03",
        "date_fin": "2025-03-04",
        "heures_non_financables": "7",
        "deja_complementee": "non",
    } | changes


def good() -> Tables:
    """Two DSF of one convention, three séquences, three absences."""
    return {
        "dsf": [dsf("D-002"), dsf("D-001", type_session="esf", nature="INTERMEDIAIRE")],
        "sequences": [
            sequence("D-002", heures_absence_non_financables="0"),
            sequence(),
            sequence(code="S2", heures_absence_non_financables="0.00"),
        ],
        "absences": [absence(), absence("A2", heures_non_financables="3.5", deja_complementee="oui")],
    }


def csv_bytes(table: str, rows: list[Row], delimiter: str = ";", encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    text = io.StringIO()
    columns = list(rows[0]) if rows else [column.name for column in TABLES[table]]
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def write_csv(folder: Path, tables: Mapping[str, list[Row]], suffix: str = "", **dialect: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for table, rows in tables.items():
        path = folder / f"{table}{suffix}.csv"
        path.write_bytes(csv_bytes(table, rows, **dialect))
        paths.append(path)
    return paths


def write_parquet(folder: Path, tables: Mapping[str, list[Row]]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for table, rows in tables.items():
        path = folder / f"{table}.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path)
        paths.append(path)
    return paths


def write_xlsx(path: Path, tables: Mapping[str, list[Row]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for table, rows in tables.items():
        sheet = book.create_sheet(table)
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
    book.save(path)
    return path


def workspace(root: Path) -> Workspace:
    made = Workspace(root / "atelier")
    made.create()
    return made


def at(paths: list[Path], seconds: int) -> None:
    """Give the files a time, for the order of loads."""
    for path in paths:
        os.utime(path, (seconds, seconds))


def load(workspace: Workspace, paths: Sequence[Path] = (), *, force: bool = False) -> list[LoadResult]:
    """What `dsf extract load` does."""
    return extract.load(workspace, paths, force=force)


def waiting(workspace: Workspace) -> Waiting:
    """The sets that the files of ``inbox/extraits`` make, settled or not."""
    return reference.find(files_under([workspace.extracts]))
