"""Deposits as people make them: the same lines in a template's workbook, in a list with titles and totals, in a csv."""

import csv
import io
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.demo.lines import Hours, Line, Raw, Value
from pipeline.demo.words import EXTRA_COLUMNS, TITLES
from pipeline.documents import xlsx
from schemas.fields import ABSENCES, DECLARANT_SHEET, FIELDS, HEURES, KINDS, SHEETS, fields_of

Typed = None | str | int | float | Decimal | date | timedelta
SYNONYMS = {
    HEURES: {
        "numero_dsf": "N° DSF",
        "identifiant_de": "Identifiant France Travail",
        "nom": "NOM DU STAGIAIRE",
        "code_sequence": "Séquence",
        "date_debut": "Date de la séance",
        "heures": "Nb heures complémentaires",
        "reference_justificatif": "Pièce justificative",
        "commentaire": "Observations",
    },
    ABSENCES: {
        "numero_dsf": "Numéro de la DSF",
        "identifiant_de": "N° DE",
        "code_sequence": "N° séquence",
        "id_absence": "N° absence",
        "date_debut": "Absent du",
        "date_fin": "Absent au",
        "heures": "Heures à rendre finançables",
        "motif": "Motif d'absence",
        "date_justificatif": "Date de la pièce",
    },
}
_HOURS_WAYS = ("nombre", "virgule", "7h30", "7 h 30", "7:30", "durée")
_DATE_WAYS = ("date", "jj/mm/aaaa", "iso", "jj.mm.aaaa", "jj-mm-aaaa")


@dataclass(frozen=True)
class Style:
    """How one person fills in a spreadsheet. ``texte``: delimiter and encoding of a csv, None for a workbook."""

    texte: tuple[str, str] | None = None
    heures: str = "nombre"
    dates: str = "date"
    titres: int = 0  # title rows above the headings
    synonymes: bool = False
    deplacees: bool = False
    total: bool = False
    en_plus: tuple[str, ...] = ()
    numeros: bool = False  # identifiers typed as numbers
    vide_au_milieu: bool = False
    # what makes the whole file unusable
    sans: str = ""
    double: str = ""
    feuilles: int = 0


@dataclass(frozen=True)
class Rendered:
    """A file, and where each line of the list stands in it: (sheet, row)."""

    content: bytes
    places: tuple[tuple[str, int], ...]


@dataclass
class _Grid:
    """One sheet being filled: rows of typed cells, and the row of each line by its place in the list."""

    nom: str
    rows: list[list[Typed | Raw]] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    headings: int = 0


def style(rng: Random, *, workbook: bool = False) -> Style:
    """Anyone's way of doing it; ``workbook``: not in a csv."""
    if not workbook and rng.random() < 0.3:
        texte = rng.choice(((";", "cp1252"), (";", "utf-8-sig"), ("\t", "utf-16"), (",", "utf-8"), (";", "utf-8")))
        return Style(
            texte,
            heures=rng.choice(_HOURS_WAYS[1:5]),
            dates=rng.choice(_DATE_WAYS[1:]),
            titres=rng.choice((0, 0, 1)),
            synonymes=rng.random() < 0.4,
            total=rng.random() < 0.3,
        )
    if rng.random() < 0.4:
        return Style(heures=rng.choice(("nombre", "virgule", "7h30")))  # the template, as it was given
    return Style(
        heures=rng.choice(_HOURS_WAYS),
        dates=rng.choice(_DATE_WAYS),
        titres=rng.choice((0, 2, 3)),
        synonymes=rng.random() < 0.6,
        deplacees=rng.random() < 0.5,
        total=rng.random() < 0.4,
        en_plus=rng.choice(((), tuple(EXTRA_COLUMNS)[:1], tuple(EXTRA_COLUMNS)[1:])),
        numeros=rng.random() < 0.5,
        vide_au_milieu=rng.random() < 0.4,
    )


def render(lines: list[Line], how: Style, declarant: dict[str, str], day: date) -> Rendered:
    """The bytes of a deposit with ``lines``, the same for the same arguments."""
    grids = [_grid(nature, lines, how) for nature in KINDS if any(line.nature == nature for line in lines)]
    if not grids:
        grids = [_grid(HEURES, lines, how)]
    content = _csv(grids[0], how) if how.texte else _workbook(grids, how, declarant, day)
    where = {place: (grid.nom if not how.texte else "", row) for grid in grids for place, row in grid.places.items()}
    return Rendered(content, tuple(where[place] for place in sorted(where)))


def _columns(nature: str, how: Style) -> list[str]:
    names = [one.name for one in fields_of(nature) if one.name != how.sans]
    if how.deplacees:
        names = [*names[4:7], *names[:4], *names[7:]]
    return names


def _grid(nature: str, lines: list[Line], how: Style) -> _Grid:
    grid = _Grid(SHEETS[nature] if not how.synonymes else {HEURES: "Heures", ABSENCES: "Absences"}[nature])
    names = _columns(nature, how)
    grid.rows += [[title] for title in TITLES[: how.titres]]
    if how.titres:
        grid.rows.append([])
    titles: list[Typed | Raw] = [_heading(nature, name, how) for name in names]
    grid.rows.append([*titles, *how.en_plus, *([_heading(nature, how.double, how)] if how.double else [])])
    grid.headings = len(grid.rows)
    mine = [(place, line) for place, line in enumerate(lines) if line.nature == nature]
    for rank, (place, line) in enumerate(mine):
        if how.vide_au_milieu and rank == len(mine) // 2:
            grid.rows.append([])
        extra: list[Typed | Raw] = [EXTRA_COLUMNS[title][rank % len(EXTRA_COLUMNS[title])] for title in how.en_plus]
        grid.rows.append([*(_typed(name, line.values.get(name), how) for name in names), *extra])
        grid.places[place] = len(grid.rows)
    if how.total and mine:
        grid.rows.append(_total(names, [line for _, line in mine], how))
    return grid


def _heading(nature: str, name: str, how: Style) -> str:
    known = FIELDS[name].headings[nature]
    return SYNONYMS[nature].get(name, known) if how.synonymes else known


def _total(names: list[str], lines: list[Line], how: Style) -> list[Typed | Raw]:
    values = [line.values.get("heures") for line in lines]
    total = Hours(sum(value.hundredths for value in values if isinstance(value, Hours)))
    row: list[Typed | Raw] = [None] * len(names)
    row[names.index("nom")] = "Total"
    row[names.index("heures")] = _typed("heures", total, replace(how, heures="virgule"))
    return row


def _typed(name: str, value: Value, how: Style) -> Typed | Raw:
    """A value as this person types it."""
    if isinstance(value, Hours):
        return _hours(value.hundredths, how.heures)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return _date(value, how.dates)
    if how.numeros and name in ("numero_dsf", "identifiant_de") and isinstance(value, str) and value.isdecimal():
        # Fifteen digits is what a spreadsheet keeps; a leading zero is lost, so such a number stays a text.
        return int(value) if not value.startswith("0") else value
    return value


def decimal_hours(hundredths: int) -> Decimal:
    """Hours as the number a spreadsheet holds."""
    return Decimal(hundredths).scaleb(-2)


def _hours(hundredths: int, way: str) -> Typed:
    whole, part = divmod(hundredths, 100)
    minutes = part * 60 // 100
    if way == "nombre" or (way != "virgule" and part * 60 % 100):
        return decimal_hours(hundredths)
    if way == "virgule":
        return f"{whole},{part:02d}"
    if way == "durée":
        return timedelta(hours=whole, minutes=minutes)
    return {"7h30": f"{whole}h{minutes:02d}", "7 h 30": f"{whole} h {minutes:02d}", "7:30": f"{whole}:{minutes:02d}"}[
        way
    ]


def _date(day: date, way: str) -> Typed:
    forms = {"jj/mm/aaaa": "%d/%m/%Y", "jj.mm.aaaa": "%d.%m.%Y", "jj-mm-aaaa": "%d-%m-%Y", "iso": "%Y-%m-%d"}
    return day if way == "date" else day.strftime(forms[way])


def _csv(grid: _Grid, how: Style) -> bytes:
    assert how.texte is not None
    delimiter, encoding = how.texte
    width = max(map(len, grid.rows))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    for row in grid.rows:
        texts = [_as_text(cell) for cell in row]
        writer.writerow(texts + [""] * (width - len(texts)))
    return out.getvalue().encode(encoding, "replace")


def _as_text(cell: Typed | Raw) -> str:
    value = cell.value if isinstance(cell, Raw) else cell
    if isinstance(value, Decimal):
        return str(value).replace(".", ",")
    return "" if value is None else str(value)


def _workbook(grids: list[_Grid], how: Style, declarant: dict[str, str], day: date) -> bytes:
    book = Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    if declarant:
        sheet = book.create_sheet(DECLARANT_SHEET)
        for pair in declarant.items():
            sheet.append(pair)
    for grid in grids:
        _fill(book.create_sheet(grid.nom), grid)
    for number in range(how.feuilles):
        book.create_sheet(f"Feuil{number + 1}").append(["Brouillon", number])
    return xlsx.save(book, day)


def _fill(sheet: Worksheet, grid: _Grid) -> None:
    for number, row in enumerate(grid.rows, start=1):
        for column, cell in enumerate(row, start=1):
            value = cell.value if isinstance(cell, Raw) else cell
            if value is None:
                continue
            target = sheet.cell(number, column)
            if isinstance(cell, Raw) and isinstance(value, str) and value.startswith(("=", "#")):
                target.value = value  # a formula, or an error: what tabular.put would never write
            elif isinstance(value, time):
                target.value = value
            else:
                xlsx.put(target, value)
            if number == grid.headings:
                target.font = Font(bold=True)
    for letter in "ABCDEFGHIJKLMN":
        sheet.column_dimensions[letter].width = 18
