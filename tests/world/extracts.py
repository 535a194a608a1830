"""Initial DSF extracts: right rows by keyword, the tables they make, and the files tables are sent in. Nobody here exists."""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import reference
from pipeline.commands import extract
from pipeline.intake.extracts import files_under
from pipeline.reference import Load, LoadResult, Waiting, store
from pipeline.reference.history import DATED
from pipeline.reference.schema import current_schema, schema_of
from pipeline.workspace import Workspace
from schemas.extracts import ABSENCES, TABLES

Row = dict[str, str]
Tables = dict[str, list[Row]]

TITULAIRE = "73282932000074"
DISPENSATEUR = "35600000000048"  # of La Poste, whose keys are reckoned another way
OTHER = "44306184100047"
LOADED = date(2025, 7, 31)
"""The day on which extracts are loaded."""
BY_ANOTHER = {"siret_dispensateur": DISPENSATEUR, "raison_sociale_dispensateur": "Formation d'Essai"}
"""Changes for a DSF whose dispensateur is not its titulaire."""


def dsf(numero: str = "DSF-1", **changes: str) -> Row:
    """An open DSF of ``TITULAIRE``, validated and intermédiaire."""
    return {
        "numero_dsf": numero,
        "type_session": "ESF",
        "nature": "Intermédiaire",
        "statut": "Validée par France Travail",
        "numero_convention": "CONV-1",
        "intitule": "Bureautique",
        "siret_titulaire": TITULAIRE,
        "raison_sociale_titulaire": "Les Ateliers d'Essai",
        "siret_dispensateur": TITULAIRE,
        "raison_sociale_dispensateur": "Les Ateliers d'Essai",
        "periode_debut": "2025-01-01",
        "periode_fin": "2025-03-31",
        "date_validation": "2025-04-10",
        "date_extraction": "2025-06-01",
    } | changes


def sequence(numero: str = "DSF-1", **changes: str) -> Row:
    """A séquence of a DSF, for one trainee, with hours to spare in the PIF."""
    return {
        "numero_dsf": numero,
        "identifiant_de": "1234567A",
        "nom": "EXEMPLE",
        "prenom": "Alix",
        "numero_pif": "PIF-1",
        "code_sequence": "S1",
        "libelle_sequence": "Tableur",
        "heures_prevues": "400",
        "heures_realisees": "100",
        "heures_absence_financables": "0",
        "heures_absence_non_financables": "0",
    } | changes


def absence(numero: str = "DSF-1", **changes: str) -> Row:
    """Two days of absence of that trainee, 7 hours, not completed yet."""
    return {
        "numero_dsf": numero,
        "identifiant_de": "1234567A",
        "code_sequence": "S1",
        "id_absence": "A1",
        "type_absence": "Maladie",
        "date_debut": "2025-02-03",
        "date_fin": "2025-02-04",
        "heures_non_financables": "7",
        "deja_complementee": "non",
    } | changes


def whole(
    numero: str = "DSF-1",
    *,
    sequences: Sequence[Mapping[str, str]] = ({},),
    absences: Sequence[Mapping[str, str]] = ({},),
    **changes: str,
) -> Tables:
    """One DSF with its séquences and absences, each by its changes; hours of absence are added up as they must be."""
    lost = [absence(numero, **change) for change in absences]
    rows = [sequence(numero, **change) for change in sequences]
    for row, change in zip(rows, sequences, strict=True):
        mine = [a for a in lost if all(a[name] == row[name] for name in ("identifiant_de", "code_sequence"))]
        hours = sum(float(a["heures_non_financables"].replace(",", ".")) for a in mine)
        row |= {"heures_absence_non_financables": f"{hours:.2f}", **change}
    return {"dsf": [dsf(numero, **changes)], "sequences": rows, "absences": lost}


def csv_bytes(table: str, rows: list[Row], delimiter: str = ";", encoding: str = "utf-8", end: str = "\r\n") -> bytes:
    """One table as a csv of that dialect."""
    text = io.StringIO()
    columns = list(rows[0]) if rows else [column.name for column in TABLES[table]]
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def write_csv(folder: Path, tables: Mapping[str, list[Row]], suffix: str = "", **dialect: str) -> list[Path]:
    """A csv a table, in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{table}{suffix}.csv" for table in tables]
    for path, (table, rows) in zip(paths, tables.items(), strict=True):
        path.write_bytes(csv_bytes(table, rows, **dialect))
    return paths


def write_parquet(folder: Path, tables: Mapping[str, list[Row]]) -> list[Path]:
    """A Parquet file a table, all texts."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{table}.parquet" for table in tables]
    for path, rows in zip(paths, tables.values(), strict=True):
        pq.write_table(pa.Table.from_pylist(rows), path)
    return paths


def write_xlsx(path: Path, tables: Mapping[str, list[Row]]) -> Path:
    """A workbook with a sheet a table, all texts."""
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


def at(paths: list[Path], seconds: int) -> None:
    """Give the files a time, for the order of loads."""
    for path in paths:
        os.utime(path, (seconds, seconds))


def load(
    workspace: Workspace, paths: Sequence[Path] = (), *, force: bool = False, day: date = LOADED
) -> list[LoadResult]:
    """What `dsf extract load` does, on ``day``."""
    return extract.load(workspace, paths, force=force, day=day)


def stored(workspace: Workspace, sha256: str) -> Load:
    """A load of no rows whose content has this hash, as an earlier run left it in the reference."""
    day = date(2025, 6, 1)
    folder = workspace.reference / store.name_of(1, day, sha256)
    folder.mkdir(parents=True)
    tables = {table: schema_of(table) for table in TABLES} | {store.CURRENT: current_schema()}
    tables[store.COMPLETED] = pa.schema([schema_of(ABSENCES).field(name) for name in DATED])
    for name, schema in tables.items():
        pq.write_table(schema.empty_table(), folder / f"{name}.parquet")
    made = Load(folder.name, 1, "vide", sha256, datetime(day.year, day.month, day.day), (), dict.fromkeys(TABLES, 0))
    made = replace(made, stockes=store.stored(folder))
    store.write_manifest(folder, made)
    return made


def waiting(workspace: Workspace) -> Waiting:
    """The sets that the files of ``inbox/extraits`` make, settled or not."""
    return reference.find(files_under([workspace.extracts]))
