"""The sample extracts: three csv files of the spring, and a later workbook that has April again, and May."""

import csv
import io
import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook

from pipeline.cells import text
from pipeline.demo import foreign
from pipeline.demo.world import MONTHS, Declared, SampleDsf, World
from pipeline.documents.wording import Wording
from pipeline.jsonfile import hours
from schemas.extracts import ABSENCES, DSF, SEQUENCES, TABLES

FIRST = date(2025, 5, 31)
"""``date_extraction`` of the csv files."""
SECOND = date(2025, 6, 27)
"""``date_extraction`` of the workbook."""
THIRD = date(2025, 7, 5)
"""``date_extraction`` of the extract that renames absences."""
ExtractValue = str | date | Decimal | None
"""What a cell of a sample extract holds; a ``Decimal`` is hours."""
ExtractRows = list[dict[str, ExtractValue]]
"""Rows of a table by column."""

_FRENCH = Wording("fr")


def write(world: World, folder: Path) -> None:
    """Write both extracts into ``folder``, with the file times of an operator who puts them there in June."""
    april = MONTHS[1]
    spring = _tables(world, [d for d in world.dsf if d.start <= april], FIRST)
    for row in spring[DSF][-12:]:
        # Not validated yet when the first extract was made: the second one replaces them.
        row["statut"], row["date_validation"] = "En cours de contrôle", None
    for table, rows in spring.items():
        put(folder / f"{table}_{FIRST.isoformat()}.csv", _csv(table, rows), datetime(2025, 6, 1, 6, 30))
    later = _tables(world, [d for d in world.dsf if d.start >= april], SECOND)
    put(folder / f"extrait_{SECOND.isoformat()}.xlsx", _workbook(later), datetime(2025, 6, 28, 6, 30))


def write_renamed(world: World, number: str, folder: Path) -> None:
    """Write a newer extract of one DSF, in which every absence has another identifier."""
    tables = _tables(world, [one for one in world.dsf if one.number == number], THIRD)
    for row in tables[ABSENCES]:
        row["id_absence"] = f"R-{row['id_absence']}"
    for table, rows in tables.items():
        put(folder / f"{table}_{THIRD.isoformat()}.csv", _csv(table, rows), datetime(2025, 7, 6, 6, 30))


def put(path: Path, content: bytes, when: datetime) -> None:
    """Write a file, and its folder, with ``when`` (UTC) as the time of its last change."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    seconds = int((when - datetime(1970, 1, 1)).total_seconds())
    os.utime(path, (seconds, seconds))


def _tables(world: World, dsf: list[SampleDsf], extracted: date) -> dict[str, ExtractRows]:
    rows = [row for one in dsf for row in world.of(one)]
    return {
        DSF: [_dsf(one, extracted) for one in dsf],
        SEQUENCES: [_sequence(row) for row in rows],
        ABSENCES: [absence for row in rows for absence in _absences(row)],
    }


def _dsf(one: SampleDsf, extracted: date) -> dict[str, ExtractValue]:
    convention = one.convention
    return {
        "numero_dsf": one.number,
        "type_session": convention.session,
        "nature": one.nature,
        "statut": one.status,
        "numero_convention": convention.number,
        "intitule": convention.title,
        "siret_titulaire": convention.titulaire.siret,
        "raison_sociale_titulaire": convention.titulaire.name,
        "siret_dispensateur": convention.dispensateur.siret,
        "raison_sociale_dispensateur": convention.dispensateur.name,
        "periode_debut": one.start,
        "periode_fin": one.end,
        "date_validation": one.validated_on,
        "date_extraction": extracted,
    }


def _sequence(row: Declared) -> dict[str, ExtractValue]:
    return {
        "numero_dsf": row.dsf.number,
        "identifiant_de": row.trainee.identifier,
        "nom": row.trainee.surname,
        "prenom": row.trainee.first_name,
        "numero_pif": row.trainee.pif,
        "code_sequence": row.code,
        "libelle_sequence": row.label,
        "heures_prevues": hours(row.planned),
        "heures_realisees": hours(row.done),
        "heures_absence_financables": hours(row.fundable),
        "heures_absence_non_financables": hours(row.not_fundable),
    }


def _absences(row: Declared) -> ExtractRows:
    return [
        {
            "numero_dsf": row.dsf.number,
            "identifiant_de": row.trainee.identifier,
            "code_sequence": row.code,
            "id_absence": absence.identifier,
            "type_absence": absence.kind,
            "date_debut": absence.start,
            "date_fin": absence.end,
            "heures_non_financables": hours(absence.hours),
            "deja_complementee": "oui" if absence.completed else "non",
        }
        for absence in row.absences
    ]


def _csv(table: str, rows: ExtractRows) -> bytes:
    """As a French export writes it: semicolons, decimal commas, dd/mm/yyyy, a BOM."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    names = [column.name for column in TABLES[table]]
    writer.writerow(names)
    writer.writerows([[_as_text(row[name]) for name in names] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _as_text(value: ExtractValue) -> str:
    if isinstance(value, Decimal):
        return _FRENCH.decimal(str(value))
    return text.day(value) if isinstance(value, date) else value or ""


def _workbook(tables: dict[str, ExtractRows]) -> bytes:
    book = Workbook(write_only=False)
    for sheet in book.worksheets:
        book.remove(sheet)
    for table, rows in tables.items():
        sheet = book.create_sheet(table)
        names = [column.name for column in TABLES[table]]
        sheet.append(names)
        for row in rows:
            sheet.append([row[name] for name in names])
        sheet.freeze_panes = "A2"
    return foreign.save(book, SECOND)
