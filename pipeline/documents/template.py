"""The workbook an organisation fills in: what the reference knows is there already, what is to be typed is white."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline import jsonfile
from pipeline.documents import layout
from pipeline.documents.layout import LayoutColumn
from pipeline.documents.wording import Wording
from pipeline.documents.xlsx import HOURS, Book, BookSheet, CellValue, Style
from pipeline.nomenclature import Motif
from schemas import informative
from schemas.fields import ABSENCES, HEURES, SHEETS, FieldKind

BLANK_ROWS = 20
"""Empty rows below each table, for a DSF that is not listed; others may be inserted anywhere."""


@dataclass(frozen=True)
class SequenceRow:
    """One trainee on one séquence of a DSF that can be completed: columns of the extract, the period of the DSF.

    ``heures_reste``: what is left of the plan. Hours are whole hundredths, None where they are unknown or may not be told.
    """

    numero_dsf: str
    identifiant_de: str
    nom: str
    prenom: str
    code_sequence: str
    libelle_sequence: str = ""
    periode_debut: date | None = None
    periode_fin: date | None = None
    heures_prevues: int | None = None
    heures_realisees: int | None = None
    heures_reste: int | None = None


@dataclass(frozen=True)
class AbsenceRow:
    """One absence that can still be completed: columns of the extract. Hours are whole hundredths."""

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


KnownCells = Mapping[str, CellValue]
"""What a row shows before anything is typed, by the name of the column (``LayoutColumn.name``)."""


def workbook(
    siret: str,
    organisation: str,
    sequences: Iterable[SequenceRow],
    absences: Iterable[AbsenceRow],
    motifs: Iterable[Motif],
    language: str,
    day: date,
) -> bytes:
    """The workbook for ``siret``: rows in the order given, and the motifs that are accepted on ``day``.

    ``organisation``: its name, or ``""``. A row in which nothing is typed is not a line (contract §5), so the organisation
    fills in only the rows it wants. The same arguments give the same bytes.
    """
    words = Wording(language)
    book = Book(day, open_cells=True)
    styles = layout.styles(book)
    accepted = [(m.code, m.libelle, m.piece_attendue) for m in motifs if m.financable and m.valid_on(day)]
    steps = [words(f"classeur.modele_{step}") for step in range(1, 7)]
    title = f"{words('classeur.modele_titre')} - {organisation}" if organisation else words("classeur.modele_titre")
    of_whom = f"{organisation} · SIRET {siret}" if organisation else f"SIRET {siret}"
    hours, lost = [_of_sequence(row) for row in sequences], [_of_absence(row) for row in absences]
    layout.write_guide(book, styles, title, steps, accepted, words).protect()
    _table(book, styles, HEURES, _hours_columns(), hours, of_whom, words)
    _table(book, styles, ABSENCES, _absences_columns(), lost, of_whom, words)
    layout.write_declarant(book, styles, {"SIRET": siret}, words).protect()
    return book.made()


def _hours_columns() -> list[LayoutColumn]:
    ours = [
        LayoutColumn(informative.SEQUENCE, width=22, ours=True),
        LayoutColumn(informative.DEBUT, width=11, ours=True),
        LayoutColumn(informative.FIN, width=11, ours=True),
        LayoutColumn(informative.PREVUES, width=9, ours=True, hours=True),
        LayoutColumn(informative.DECLAREES, width=10, ours=True, hours=True),
        LayoutColumn(informative.RESTE, width=9, ours=True, hours=True),
    ]
    return _after("code_sequence", layout.field_columns(HEURES), ours)


def _absences_columns() -> list[LayoutColumn]:
    ours = [
        LayoutColumn(informative.NATURE_ABSENCE, width=16, ours=True),
        LayoutColumn(informative.OUVERTES, width=14, ours=True, hours=True),
    ]
    return _after("date_fin", layout.field_columns(ABSENCES), ours)


def _after(name: str, columns: Sequence[LayoutColumn], ours: Sequence[LayoutColumn]) -> list[LayoutColumn]:
    """``columns`` with ``ours`` after the column ``name``."""
    at = _until(name, columns)
    return [*columns[:at], *ours, *columns[at:]]


def _until(name: str, columns: Sequence[LayoutColumn]) -> int:
    """How many columns there are down to the column ``name``."""
    return [column.name for column in columns].index(name) + 1


def _of_sequence(row: SequenceRow) -> KnownCells:
    return {
        **_identity(row),
        informative.SEQUENCE: row.libelle_sequence,
        informative.DEBUT: row.periode_debut,
        informative.FIN: row.periode_fin,
        informative.PREVUES: _hours(row.heures_prevues),
        informative.DECLAREES: _hours(row.heures_realisees),
        informative.RESTE: _hours(row.heures_reste),
    }


def _of_absence(row: AbsenceRow) -> KnownCells:
    return {
        **_identity(row),
        "id_absence": row.id_absence,
        "date_debut": row.date_debut,
        "date_fin": row.date_fin,
        informative.NATURE_ABSENCE: row.type_absence,
        informative.OUVERTES: _hours(row.heures_non_financables),
    }


def _identity(row: SequenceRow | AbsenceRow) -> dict[str, CellValue]:
    return {name: getattr(row, name) for name in ("numero_dsf", "identifiant_de", "nom", "prenom", "code_sequence")}


def _hours(hundredths: int | None) -> CellValue:
    return None if hundredths is None else jsonfile.hours(hundredths)


def _table(
    book: Book,
    styles: Mapping[str, Style],
    kind: str,
    columns: list[LayoutColumn],
    rows: Sequence[KnownCells],
    of_whom: str,
    words: Wording,
) -> None:
    """Add the sheet of one kind of table: ``rows``, what is known of them grey, then blank rows.

    Only the headings are locked: a row may be inserted, and that of a trainee copied onto it.
    """
    sheet = book.add_sheet(SHEETS[kind])
    layout.write_headings(sheet, columns, styles, frozen=_until("code_sequence", columns))
    known = {name for row in rows[:1] for name in row}
    for number, row in enumerate(rows, 1):
        _row(sheet, styles, number, columns, row, known)
    last = len(rows) + BLANK_ROWS
    for number in range(len(rows) + 1, last + 1):
        _row(sheet, styles, number, columns, {}, set())
    layout.add_help(sheet, columns, last, words, kept=len(rows), known=known)
    layout.set_up_sheet(sheet, len(columns), last, words, of_whom)
    layout.lock_headings(sheet, columns, styles)


def _row(
    sheet: BookSheet,
    styles: Mapping[str, Style],
    number: int,
    columns: Sequence[LayoutColumn],
    row: KnownCells,
    known: set[str],
) -> None:
    """Write one row; the columns named in ``known``, and ours, are grey."""
    shown: list[tuple[object, int]] = []
    for index, column in enumerate(columns):
        value = row.get(column.name)
        look = "kept" if column.ours or column.name in known else "input"
        style = styles[f"{look}_hours" if column.hours else look]
        sheet.put(number, index, None if value == "" else value, style, _format(column, value))
        shown += [(value, column.width)] if isinstance(value, str) else []
    sheet.height(number, layout.row_height(*shown))


def _format(column: LayoutColumn, value: CellValue) -> str:
    """The number format of a cell, also of a blank one, in which something is typed next."""
    if column.field is None:
        return HOURS if column.hours else ""
    if column.hours:
        return "General"
    return layout.input_format(column.field, value) or ("dd/mm/yyyy" if column.field.kind is FieldKind.DATE else "")
