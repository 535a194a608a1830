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

from pipeline import jsonfile
from pipeline.cells import text
from pipeline.demo import foreign
from pipeline.demo.lines import Raw, SampleHours, SampleLine, SampleValue
from pipeline.demo.words import EXTRA_COLUMNS, TITLES
from pipeline.documents.wording import Wording
from schemas.fields import ABSENCES, DECLARANT_SHEET, FIELDS, HEURES, KINDS, SHEETS, fields_of

TypedValue = None | str | int | float | Decimal | date | timedelta | Raw
"""What stands in a cell once somebody has typed it."""

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
"""Headings that people write in place of the template's, by kind of table and field."""

_HOURS_WAYS = ("number", "comma", "7h30", "7 h 30", "7:30", "duration")
_DATE_WAYS = ("date", "%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y")
_FRENCH = Wording("fr")


@dataclass(frozen=True)
class Habits:
    """How one person fills in a spreadsheet; ``missing``, ``twice`` and ``drafts`` make the whole file unusable."""

    csv: tuple[str, str] | None = None  # delimiter and encoding, None for a workbook
    hours: str = "number"
    dates: str = "date"
    title_rows: int = 0  # above the headings
    synonyms: bool = False
    moved_columns: bool = False
    total: bool = False
    own_columns: tuple[str, ...] = ()
    numeric_ids: bool = False  # identifiers typed as numbers
    blank_row: bool = False  # in the middle
    missing: str = ""  # a field without a column
    twice: str = ""  # a field with two columns
    drafts: int = 0  # sheets with nothing to read


@dataclass(frozen=True)
class Rendered:
    """A file, and where each line of the list stands in it: (sheet, row)."""

    content: bytes
    places: tuple[tuple[str, int], ...]


@dataclass
class _Grid:
    """One sheet being filled: rows of typed cells, the row of the headings, the row of each line by its place in the list."""

    name: str
    rows: list[list[TypedValue]] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    headings: int = 0


def habits(rng: Random, *, workbook: bool = False) -> Habits:
    """Somebody's habits; ``workbook``: not in a csv."""
    if not workbook and rng.random() < 0.3:
        how = rng.choice(((";", "cp1252"), (";", "utf-8-sig"), ("\t", "utf-16"), (",", "utf-8"), (";", "utf-8")))
        return Habits(
            how,
            hours=rng.choice(_HOURS_WAYS[1:5]),
            dates=rng.choice(_DATE_WAYS[1:]),
            title_rows=rng.choice((0, 0, 1)),
            synonyms=rng.random() < 0.4,
            total=rng.random() < 0.3,
        )
    if rng.random() < 0.4:
        return Habits(hours=rng.choice(("number", "comma", "7h30")))  # the template, as it was given
    return Habits(
        hours=rng.choice(_HOURS_WAYS),
        dates=rng.choice(_DATE_WAYS),
        title_rows=rng.choice((0, 2, 3)),
        synonyms=rng.random() < 0.6,
        moved_columns=rng.random() < 0.5,
        total=rng.random() < 0.4,
        own_columns=rng.choice(((), tuple(EXTRA_COLUMNS)[:1], tuple(EXTRA_COLUMNS)[1:])),
        numeric_ids=rng.random() < 0.5,
        blank_row=rng.random() < 0.4,
    )


def render(lines: list[SampleLine], how: Habits, declarant: dict[str, str], day: date) -> Rendered:
    """A file with ``lines``, saved on ``day``: the same arguments give the same bytes."""
    grids = [_grid(kind, lines, how) for kind in KINDS if any(line.kind == kind for line in lines)]
    if not grids:
        grids = [_grid(HEURES, lines, how)]
    content = _csv(grids[0], how.csv) if how.csv else _workbook(grids, how, declarant, day)
    where = {place: ("" if how.csv else grid.name, row) for grid in grids for place, row in grid.places.items()}
    return Rendered(content, tuple(where[place] for place in sorted(where)))


def _grid(kind: str, lines: list[SampleLine], how: Habits) -> _Grid:
    """The sheet of one kind of table."""
    grid = _Grid({HEURES: "Heures", ABSENCES: "Absences"}[kind] if how.synonyms else SHEETS[kind])
    names = _columns(kind, how)
    grid.rows += [[title] for title in TITLES[: how.title_rows]]
    if how.title_rows:
        grid.rows.append([])
    headings: list[TypedValue] = [_heading(kind, name, how) for name in names]
    grid.rows.append([*headings, *how.own_columns, *([_heading(kind, how.twice, how)] if how.twice else [])])
    grid.headings = len(grid.rows)
    mine = [(place, line) for place, line in enumerate(lines) if line.kind == kind]
    for rank, (place, line) in enumerate(mine):
        if how.blank_row and rank == len(mine) // 2:
            grid.rows.append([])
        own: list[TypedValue] = [EXTRA_COLUMNS[title][rank % len(EXTRA_COLUMNS[title])] for title in how.own_columns]
        grid.rows.append([*(_typed(name, line.values.get(name), how) for name in names), *own])
        grid.places[place] = len(grid.rows)
    if how.total and mine:
        grid.rows.append(_total(names, [line for _, line in mine], how))
    return grid


def _columns(kind: str, how: Habits) -> list[str]:
    names = [one.name for one in fields_of(kind) if one.name != how.missing]
    if how.moved_columns:
        names = [*names[4:7], *names[:4], *names[7:]]
    return names


def _heading(kind: str, name: str, how: Habits) -> str:
    heading = FIELDS[name].headings[kind]
    return SYNONYMS[kind].get(name, heading) if how.synonyms else heading


def _total(names: list[str], lines: list[SampleLine], how: Habits) -> list[TypedValue]:
    values = [line.values.get("heures") for line in lines]
    total = SampleHours(sum(value.hundredths for value in values if isinstance(value, SampleHours)))
    row: list[TypedValue] = [None] * len(names)
    row[names.index("nom")] = "Total"
    row[names.index("heures")] = _typed("heures", total, replace(how, hours="comma"))
    return row


def _typed(name: str, value: SampleValue, how: Habits) -> TypedValue:
    """A value as this person types it."""
    if isinstance(value, SampleHours):
        return _hours(value.hundredths, how.hours)
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return value if how.dates == "date" else value.strftime(how.dates)
    if how.numeric_ids and name in ("numero_dsf", "identifiant_de") and isinstance(value, str) and value.isdecimal():
        # A spreadsheet keeps fifteen digits and loses a leading zero: a number that has one stays a text.
        return int(value) if not value.startswith("0") else value
    return value


def _hours(hundredths: int, way: str) -> TypedValue:
    whole, part = divmod(hundredths, 100)
    minutes = part * 60 // 100
    if way == "number" or (way != "comma" and part * 60 % 100):
        return jsonfile.hours(hundredths)
    if way == "comma":
        return text.hours(hundredths)
    if way == "duration":
        return timedelta(hours=whole, minutes=minutes)
    return {"7h30": f"{whole}h{minutes:02d}", "7 h 30": f"{whole} h {minutes:02d}", "7:30": f"{whole}:{minutes:02d}"}[
        way
    ]


def _csv(grid: _Grid, how: tuple[str, str]) -> bytes:
    delimiter, encoding = how
    width = max(map(len, grid.rows))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    for row in grid.rows:
        texts = [_as_text(cell) for cell in row]
        writer.writerow(texts + [""] * (width - len(texts)))
    return out.getvalue().encode(encoding, "replace")


def _as_text(cell: TypedValue) -> str:
    value = cell.value if isinstance(cell, Raw) else cell
    if isinstance(value, Decimal):
        return _FRENCH.decimal(str(value))
    return "" if value is None else str(value)


def _workbook(grids: list[_Grid], how: Habits, declarant: dict[str, str], day: date) -> bytes:
    book = Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    if declarant:
        sheet = book.create_sheet(DECLARANT_SHEET)
        for pair in declarant.items():
            sheet.append(pair)
    for grid in grids:
        _fill(book.create_sheet(grid.name), grid)
    for number in range(how.drafts):
        book.create_sheet(f"Feuil{number + 1}").append(["Brouillon", number])
    return foreign.save(book, day)


def _fill(sheet: Worksheet, grid: _Grid) -> None:
    for number, row in enumerate(grid.rows, start=1):
        for column, cell in enumerate(row, start=1):
            value = cell.value if isinstance(cell, Raw) else cell
            if value is None:
                continue
            target = sheet.cell(number, column)
            if isinstance(cell, Raw) and isinstance(value, str) and value.startswith(("=", "#")):
                target.value = value  # a formula, or an error: what foreign.put would never write
            elif isinstance(value, time):
                target.value = value
            else:
                foreign.put(target, value)
            if number == grid.headings:
                target.font = Font(bold=True)
    for letter in "ABCDEFGHIJKLMN":
        sheet.column_dimensions[letter].width = 18
