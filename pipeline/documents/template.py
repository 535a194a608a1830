"""The workbook an organisation fills in: what the reference knows is there already, what is to be typed is white."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline import jsonfile
from pipeline.documents import layout, xlsx
from pipeline.documents.wording import Words
from pipeline.nomenclature import Motif
from schemas import informative
from schemas.fields import ABSENCES, HEURES, SHEETS, Field, FieldKind

BLANK_ROWS = 50
"""Rows at the bottom of each table with nothing in them: for a second line of one séquence, or a DSF that is not listed."""


@dataclass(frozen=True)
class Trainee:
    """One trainee on one séquence of a DSF that can be completed; hours are hundredths, None when unknown."""

    numero_dsf: str
    identifiant_de: str
    nom: str
    prenom: str
    code_sequence: str
    libelle_sequence: str = ""
    heures_prevues: int | None = None
    heures_realisees: int | None = None


@dataclass(frozen=True)
class Absence:
    """One absence that can still be completed; ``heures_non_financables`` in hundredths."""

    numero_dsf: str
    identifiant_de: str
    nom: str
    prenom: str
    code_sequence: str
    id_absence: str
    date_debut: date
    date_fin: date
    heures_non_financables: int
    type_absence: str = ""


Known = Mapping[str, xlsx.Value]
"""What a row shows before anything is typed, by field or by heading of ours."""


def workbook(
    siret: str,
    raison_sociale: str,
    trainees: Iterable[Trainee],
    absences: Iterable[Absence],
    motifs: Iterable[Motif],
    langue: str,
    day: date,
) -> bytes:
    """The workbook for the organisation ``siret`` on ``day``: rows in the order given, the motifs that are accepted that day.

    A row in which nothing is typed is not a line (spec §5, settled points), so only what is wanted need be filled in.
    """
    words = Words(langue)
    book = Workbook()
    book.remove(book.worksheets[0])
    styles = layout.Styles(book)
    accepted = [(m.code, m.libelle, m.piece_attendue) for m in motifs if m.financable and m.valid_on(day)]
    steps = [words(f"classeur.modele_{step}") for step in range(1, 6)]
    title = f"{words('classeur.modele_titre')} - {raison_sociale}" if raison_sociale else words("classeur.modele_titre")
    layout.guide(book, styles, title, steps, accepted, words)
    _table(book, styles, HEURES, _hours_columns(), [_of_trainee(row) for row in trainees], words)
    _table(book, styles, ABSENCES, _absences_columns(), [_of_absence(row) for row in absences], words)
    layout.declarant(book, styles, {"SIRET": siret}, words)
    for sheet in book.worksheets:
        layout.protect(sheet)
    return xlsx.save(book, day)


def _hours_columns() -> list[layout.Column]:
    columns = layout.field_columns(HEURES)
    ours = [layout.Column(informative.SEQUENCE, largeur=24, ours=True)]
    ours += [layout.Column(titre, largeur=12, ours=True) for titre in (informative.PREVUES, informative.DECLAREES)]
    return _after(columns, "code_sequence", ours)


def _absences_columns() -> list[layout.Column]:
    columns = layout.field_columns(ABSENCES)
    ours = [layout.Column(informative.NATURE_ABSENCE, largeur=16, ours=True)]
    return _after(columns, "date_fin", [*ours, layout.Column(informative.OUVERTES, largeur=14, ours=True)])


def _after(columns: Sequence[layout.Column], champ: str, ours: Sequence[layout.Column]) -> list[layout.Column]:
    at = next(i for i, column in enumerate(columns) if column.champ == champ) + 1
    return [*columns[:at], *ours, *columns[at:]]


def _of_trainee(row: Trainee) -> Known:
    return {
        **_identity(row),
        informative.SEQUENCE: row.libelle_sequence,
        informative.PREVUES: _hours(row.heures_prevues),
        informative.DECLAREES: _hours(row.heures_realisees),
    }


def _of_absence(row: Absence) -> Known:
    return {
        **_identity(row),
        "id_absence": row.id_absence,
        "date_debut": row.date_debut,
        "date_fin": row.date_fin,
        informative.NATURE_ABSENCE: row.type_absence,
        informative.OUVERTES: _hours(row.heures_non_financables),
    }


def _identity(row: Trainee | Absence) -> dict[str, xlsx.Value]:
    return {name: getattr(row, name) for name in ("numero_dsf", "identifiant_de", "nom", "prenom", "code_sequence")}


def _hours(hundredths: int | None) -> xlsx.Value:
    return None if hundredths is None else jsonfile.hours(hundredths)


def _table(
    book: Workbook,
    styles: layout.Styles,
    nature: str,
    columns: list[layout.Column],
    rows: Sequence[Known],
    words: Words,
) -> None:
    """The sheet of one nature: what is known greyed and locked, then blank rows that are wholly open."""
    sheet = book.create_sheet(SHEETS[nature])
    frozen = next(i for i, column in enumerate(columns) if column.champ == "code_sequence") + 1
    layout.heading(sheet, columns, styles, frozen)
    known = {name for row in rows[:1] for name in row}
    for number, row in enumerate(rows, 2):
        _row(sheet, styles, number, columns, row, known)
    last = len(rows) + 1
    for number in range(last + 1, last + 1 + BLANK_ROWS):
        _row(sheet, styles, number, columns, {}, set())
    layout.validate(sheet, columns, last + BLANK_ROWS, words)
    layout.finish(sheet, len(columns), last + BLANK_ROWS, words)


def _row(
    sheet: Worksheet, styles: layout.Styles, number: int, columns: Sequence[layout.Column], row: Known, known: set[str]
) -> None:
    shown: list[tuple[object, int]] = []
    for index, column in enumerate(columns, 1):
        name = column.champ or column.titre
        value = row.get(name)
        locked = name in known or column.ours
        styles.put(
            sheet.cell(number, index), value or None, "connu" if locked else "saisie", _format(column.field, value)
        )
        shown += [(value, column.largeur)] if isinstance(value, str) else []
    sheet.row_dimensions[number].height = layout.height(*shown)


def _format(field: Field | None, value: xlsx.Value) -> str:
    if field is None:
        return "0.00"
    if field.kind is FieldKind.HOURS:
        return "General"
    return layout.input_format(field, value) or ("dd/mm/yyyy" if field.kind is FieldKind.DATE else "")
