"""The sample extracts: three csv files of the spring, and a later workbook that has April again, and May."""

import csv
import io
import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook

from pipeline.demo.world import MONTHS, Declared, Dsf, World
from pipeline.documents import xlsx
from schemas.extracts import ABSENCES, DSF, SEQUENCES, TABLES

FIRST = date(2025, 5, 31)
SECOND = date(2025, 6, 27)
Cell = str | date | Decimal | None
Rows = list[dict[str, Cell]]


def write(world: World, folder: Path) -> None:
    """Write both extracts into ``folder``, with the times at which an operator would have put them there."""
    april = MONTHS[1]
    spring = _tables(world, [d for d in world.dsf if d.debut <= april], FIRST)
    for row in spring[DSF][-12:]:
        # Not validated yet when the first extract was made: the second one replaces them.
        row["statut"], row["date_validation"] = "En cours de contrôle", None
    for table, rows in spring.items():
        put(folder / f"{table}_{FIRST.isoformat()}.csv", _csv(table, rows), datetime(2025, 6, 1, 6, 30))
    later = _tables(world, [d for d in world.dsf if d.debut >= april], SECOND)
    put(folder / f"extrait_{SECOND.isoformat()}.xlsx", _workbook(later), datetime(2025, 6, 28, 6, 30))


def put(path: Path, content: bytes, when: datetime) -> None:
    """Write a file as if it had been put there at ``when`` (UTC)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    seconds = int((when - datetime(1970, 1, 1)).total_seconds())
    os.utime(path, (seconds, seconds))


def _tables(world: World, dsf: list[Dsf], extracted: date) -> dict[str, Rows]:
    rows = [row for one in dsf for row in world.of(one)]
    return {
        DSF: [_dsf(one, extracted) for one in dsf],
        SEQUENCES: [_sequence(row) for row in rows],
        ABSENCES: [absence for row in rows for absence in _absences(row)],
    }


def _dsf(one: Dsf, extracted: date) -> dict[str, Cell]:
    convention = one.convention
    return {
        "numero_dsf": one.numero,
        "type_session": convention.type_session,
        "nature": one.nature,
        "statut": one.statut,
        "numero_convention": convention.numero,
        "intitule": convention.intitule,
        "siret_titulaire": convention.titulaire.siret,
        "raison_sociale_titulaire": convention.titulaire.nom,
        "siret_dispensateur": convention.dispensateur.siret,
        "raison_sociale_dispensateur": convention.dispensateur.nom,
        "periode_debut": one.debut,
        "periode_fin": one.fin,
        "date_validation": one.validation,
        "date_extraction": extracted,
    }


def _hours(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)


def _sequence(row: Declared) -> dict[str, Cell]:
    return {
        "numero_dsf": row.dsf.numero,
        "identifiant_de": row.stagiaire.identifiant,
        "nom": row.stagiaire.nom,
        "prenom": row.stagiaire.prenom,
        "numero_pif": row.stagiaire.pif,
        "code_sequence": row.code,
        "libelle_sequence": row.libelle,
        "heures_prevues": _hours(row.prevues),
        "heures_realisees": _hours(row.realisees),
        "heures_absence_financables": _hours(row.financables),
        "heures_absence_non_financables": _hours(row.non_financables),
    }


def _absences(row: Declared) -> Rows:
    return [
        {
            "numero_dsf": row.dsf.numero,
            "identifiant_de": row.stagiaire.identifiant,
            "code_sequence": row.code,
            "id_absence": absence.identifiant,
            "type_absence": absence.type_absence,
            "date_debut": absence.debut,
            "date_fin": absence.fin,
            "heures_non_financables": _hours(absence.heures),
            "deja_complementee": "oui" if absence.deja else "non",
        }
        for absence in row.absences
    ]


def _csv(table: str, rows: Rows) -> bytes:
    """As a French export writes it: semicolons, decimal commas, dd/mm/yyyy, a BOM."""

    def text(cell: Cell) -> str:
        if isinstance(cell, Decimal):
            return str(cell).replace(".", ",")
        return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else cell or ""

    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    names = [column.name for column in TABLES[table]]
    writer.writerow(names)
    writer.writerows([[text(row[name]) for name in names] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _workbook(tables: dict[str, Rows]) -> bytes:
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
    return xlsx.save(book, SECOND)
