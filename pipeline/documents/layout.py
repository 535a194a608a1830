"""The layout of the workbook an organisation fills in; the workbook that comes back to be corrected has it too."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from pipeline.cells.dates import FIRST_YEAR
from pipeline.documents.wording import Wording, cut
from pipeline.documents.xlsx import Book, BookSheet, CellValue, Days, Formula, OneOf, Paper, Style, in_header
from schemas import informative
from schemas.fields import ABSENCES, DECLARANT_SHEET, Field, FieldKind, column_letter, fields_of

VERSION = "1"
"""Version of the template. The sheet « Déclarant » holds it unseen: a hidden row would be reported to the sender."""

ORIGIN = "Dépôt d'origine"
"""Key of the sheet « Déclarant »: the deposit that a workbook to correct comes from."""

GUIDE = "Mode d'emploi"
"""Name of the sheet that says what to do."""

REASONS = "motifs_acceptes"
"""Name of the range of accepted motifs, which the drop-down lists show."""

_WIDTHS = {
    "numero_dsf": 13, "identifiant_de": 13, "nom": 15, "prenom": 13, "code_sequence": 11, "id_absence": 11,
    "date_debut": 11, "date_fin": 11, "heures": 16, "motif": 16, "reference_justificatif": 15,
    "date_justificatif": 11, "reliquat_abandonne": 11, "commentaire": 20,
}  # fmt: skip
_EITHER = frozenset({"id_absence", "date_debut", "date_fin"})
"""An absence is known by its identifier, or by both its dates."""
_MOST_HOURS = 9999  # beyond, it is a date that was typed in the wrong column
_FRAME = {"border": 1, "border_color": "#8A8F99"}
_RED_FRAME = {"border": 2, "border_color": "#9B1C1C"}
_WRAP = {"valign": "top", "text_wrap": True}
_LEFT = {**_WRAP, "align": "left"}
_RIGHT = {**_WRAP, "align": "right"}
_HEAD = {**_FRAME, "bold": True, "valign": "vcenter", "text_wrap": True}


def _filled(colour: str) -> dict[str, object]:
    return {"pattern": 1, "bg_color": colour}


_STYLES: dict[str, Mapping[str, object]] = {
    "heading": {**_HEAD, **_filled("#EDEFF3")},
    "our_heading": {**_HEAD, **_filled("#FBF3DC")},
    "known": {**_FRAME, **_LEFT, **_filled("#EDEFF3")},
    "kept": {**_FRAME, **_LEFT, **_filled("#EDEFF3"), "locked": False},
    "kept_hours": {**_FRAME, **_RIGHT, **_filled("#EDEFF3"), "locked": False},
    "input": {**_FRAME, **_LEFT, **_filled("#FFFFFF"), "locked": False},
    "input_hours": {**_FRAME, **_RIGHT, **_filled("#FFFFFF"), "locked": False},
    "open": {"locked": False},
    "faulty": {**_RED_FRAME, **_LEFT, **_filled("#F8CFCB"), "bold": True, "locked": False},
    "text": {**_FRAME, **_WRAP},
    "held": {**_FRAME, **_WRAP, "italic": True},
    "invisible": {},
    "guide": _WRAP,
    "title": {"bold": True, "font_size": 16, **_WRAP},
}
_PORTRAIT = Paper()
_SAID = 120  # characters of a page's header


@dataclass(frozen=True)
class LayoutColumn:
    """One column: its heading, its field (None where nothing is read), its width in characters.

    ``ours``: we fill it in to inform; its heading looks different. ``hours``: it holds hours. ``mark``: what the heading shows
    behind its text, which stays as it is.
    """

    heading: str
    field: Field | None = None
    width: int = 20
    ours: bool = False
    hours: bool = False
    mark: str = ""

    @property
    def name(self) -> str:
        """The name of its field, or its heading where it has none."""
        return self.field.name if self.field else self.heading


def field_columns(kind: str) -> list[LayoutColumn]:
    """The columns of a table of ``kind`` (contract §4), in the order of the template: « * » marks those that are mandatory."""
    return [
        LayoutColumn(
            field.headings[kind],
            field,
            _WIDTHS[field.name],
            hours=field.kind is FieldKind.HOURS,
            mark=_mark(field, kind),
        )
        for field in fields_of(kind)
    ]


def _mark(field: Field, kind: str) -> str:
    if kind in field.mandatory:
        return "*"
    return "(*)" if kind == ABSENCES and field.name in _EITHER else ""


def styles(book: Book) -> dict[str, Style]:
    """The styles of our cells in ``book``, by name."""
    return {name: book.style(**{"locked": True, **properties}) for name, properties in _STYLES.items()}


def input_format(field: Field | None, value: CellValue) -> str:
    """The number format that keeps what is typed next as it is: an identifier as text, a date as a date."""
    if field is None or (value is not None and not isinstance(value, str)):
        return "0" if field and field.kind in (FieldKind.KEY, FieldKind.PERSON) and isinstance(value, int) else ""
    if field.kind in (FieldKind.KEY, FieldKind.PERSON, FieldKind.TEXT):
        return "@"
    return "dd/mm/yyyy" if field.kind is FieldKind.DATE else ""


def write_headings(sheet: BookSheet, columns: Sequence[LayoutColumn], styles: Mapping[str, Style], frozen: int) -> None:
    """Write the headings in the first row and set the widths; freeze that row and the first ``frozen`` columns."""
    for index, column in enumerate(columns):
        style = styles["our_heading" if column.ours else "heading"]
        # The mark is only shown: the heading is read, reported and compared without it.
        sheet.put(0, index, column.heading, style, f'@" {column.mark}"' if column.mark else "")
    sheet.widths(column.width for column in columns)
    sheet.height(0, max(45, row_height(*((f"{column.heading} {column.mark}", column.width - 2) for column in columns))))
    sheet.freeze(1, frozen)


def lock_headings(sheet: BookSheet, columns: Sequence[LayoutColumn], styles: Mapping[str, Style]) -> None:
    """Protect the headings alone, without a password; below the rows that are written, cells keep what is typed as it is."""
    formats = (input_format(column.field, None) for column in columns)
    sheet.keep((column.width for column in columns), styles["open"], formats)
    sheet.protect()


def set_up_sheet(sheet: BookSheet, columns: int, last: int, words: Wording, of_whom: str = "") -> None:
    """Filter the rows down to ``last``; print on A4 landscape, one page wide, with the headings and its number on each page.

    ``of_whom``: whose it is, above each page.
    """
    sheet.filter(last, columns - 1)
    header = f"&L{in_header(cut(of_whom, _SAID))}" if of_whom else ""
    footer = f"&L&A&C{words('classeur.personnel')}&R{words('classeur.page', page='&P', pages='&N')}"
    paper = Paper(landscape=True, side=0.4, end=0.6, edge=0.3, header=header, footer=footer, first_row_again=True)
    sheet.print_on(paper)


Choices = Mapping[str, Mapping[tuple[str, ...], list[int]]]
"""Name of a column → the values that would do → the rows (from 1) for which they would."""


def add_help(
    sheet: BookSheet,
    columns: Sequence[LayoutColumn],
    last: int,
    words: Wording,
    choices: Choices | None = None,
    *,
    kept: int = 0,
    known: Set[str] = frozenset(),
) -> None:
    """Add to the rows down to ``last`` messages that say how to fill each cell, and drop-down lists (motifs, oui/non).

    ``choices``: lists that differ from row to row. Nothing is forbidden: a value that is not in a list, a day outside the period
    of the DSF or to come, hours that are not above zero or more than what is left, are only warned of. So is a change of the
    columns ``known``, in the first ``kept`` rows.
    """
    for index, column in enumerate(columns):
        if column.field is None:
            continue
        title, message = column.heading[:32], words(f"saisie.{column.name}")[:255]
        # From the heading on: formulas mean its row, and it is the one row that nobody can delete.
        others = set(range(last + 1))
        if kept and column.name in known:
            sheet.help([(1, kept)], index, title, message, _NEVER, _warning(words, "connu"))
            others.difference_update(range(1, kept + 1))
        for values, rows in (choices or {}).get(column.name, {}).items():
            sheet.help(
                [(row, row) for row in rows], index, title, message, OneOf(list(values)), _warning(words, "liste")
            )
            others.difference_update(rows)
        wanted, warned = _wanted(columns, index)
        sheet.help(_spans(others), index, title, message, wanted, _warning(words, warned) if warned else None)


def _spans(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Rows as first and last of each run of them."""
    spans: list[tuple[int, int]] = []
    for row in sorted(rows):
        if spans and row == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], row)
        else:
            spans.append((row, row))
    return spans


_NEVER = Formula("=FALSE")


def _warning(words: Wording, name: str) -> tuple[str, str]:
    return words(f"classeur.{name}_titre"), words(f"classeur.{name}_erreur")


def _wanted(columns: Sequence[LayoutColumn], index: int) -> tuple[OneOf | Days | Formula | None, str]:
    """What is typed without a warning in a column, and which warning says so."""
    field = columns[index].field
    kind = field.kind if field else None
    if kind is FieldKind.MOTIF:
        return OneOf(REASONS), "liste"
    if kind is FieldKind.YES_NO:
        return OneOf(["oui", "non"]), "liste"
    places = {column.name: f"${column_letter(at)}1" for at, column in enumerate(columns)}
    if kind is FieldKind.DATE:
        return _days(places, columns[index].name), "date"
    if kind is FieldKind.HOURS:
        typed = f"${column_letter(index)}1"
        limit = places.get(informative.RESTE) or places.get(informative.OUVERTES)
        most = f"IF(ISNUMBER({limit}),{limit},{_MOST_HOURS})" if limit else str(_MOST_HOURS)
        return Formula(f"=AND({typed}>0,OR(ISTEXT({typed}),{typed}<={most}))"), "heures"
    return None, ""


def _days(places: Mapping[str, str], name: str) -> Days:
    """From the first day of the DSF to its last, where the row shows them; an end not before its start."""
    first, last = f"DATE({FIRST_YEAR},1,1)", "TODAY()"
    if name in ("date_debut", "date_fin") and informative.DEBUT in places:
        first = f"IF(ISNUMBER({places[informative.DEBUT]}),{places[informative.DEBUT]},{first})"
        last = f"IF(ISNUMBER({places[informative.FIN]}),{places[informative.FIN]},{last})"
    if name == "date_fin" and "date_debut" in places:
        first = f"IF(ISNUMBER({places['date_debut']}),{places['date_debut']},{first})"
    return Days(f"={first}", f"={last}")


def write_declarant(book: Book, styles: Mapping[str, Style], values: Mapping[str, str], words: Wording) -> BookSheet:
    """Write the sheet « Déclarant » (contract §4) with ``values`` by key; the template's version does not show."""
    sheet = book.add_sheet(DECLARANT_SHEET)
    sheet.widths((24, 44))
    rows = ("SIRET", "Pour le compte de", "Contact")
    for row, name in enumerate(rows):
        sheet.put(row, 0, name, styles["heading"])
        sheet.put(row, 1, values.get(name), styles["known" if name == "SIRET" else "input"], "@")
    end = len(rows)
    if ORIGIN in values:
        sheet.put(end, 0, ORIGIN, styles["heading"])
        sheet.put(end, 1, values[ORIGIN], styles["known"], "@")
        end += 1
    for column, value in enumerate(("Version du modèle", VERSION)):
        sheet.put(end, column, value, styles["invisible"], ";;;")
    for row, key in ((1, "pour_le_compte_de"), (2, "contact")):
        sheet.help([(row, row)], 1, rows[row], words(f"saisie.{key}")[:255])
    sheet.print_on(_PORTRAIT)
    return sheet


def write_guide(
    book: Book,
    styles: Mapping[str, Style],
    title: str,
    steps: Iterable[str],
    motifs: Sequence[tuple[str, str, str]],
    words: Wording,
) -> BookSheet:
    """Write the sheet « Mode d'emploi »: what to do, then the motifs (code, label, proof) that the drop-down lists show."""
    sheet = book.add_sheet(GUIDE)
    sheet.hide_grid()
    sheet.widths((40, 10, 46))
    sheet.put(0, 0, title, styles["title"], last=2)
    sheet.height(0, 21 * wrapped_lines(title, 52))
    row = 1
    for row, step in enumerate(steps, 2):
        sheet.put(row, 0, step, styles["guide"], last=2)
        sheet.height(row, row_height((step, 96)))
    _write_motifs(sheet, styles, motifs, row + 2, words)
    book.name_rows(REASONS, sheet, row + 3, row + max(len(motifs), 1) + 2)
    sheet.print_on(_PORTRAIT)
    return sheet


def _write_motifs(
    sheet: BookSheet, styles: Mapping[str, Style], motifs: Sequence[tuple[str, str, str]], row: int, words: Wording
) -> None:
    """Write the table of motifs with its headings on ``row``."""
    for column, name in enumerate(("motifs", "code", "piece")):
        sheet.put(row, column, words(f"classeur.guide_{name}"), styles["heading"])
    for at, (code, label, proof) in enumerate(motifs, row + 1):
        for column, value in enumerate((label, code, proof)):
            sheet.put(at, column, value, styles["text"])
        sheet.height(at, row_height((label, 40), (proof, 46)))


def row_height(*texts: tuple[object, int]) -> float:
    """Points that a row needs to show each text in a column of its width (characters); Excel allows 409."""
    lines = max((wrapped_lines(str(text), width) for text, width in texts), default=1)
    return min(13.0 * lines + 3, 409)


def wrapped_lines(text: str, width: int) -> int:
    """Lines that ``text`` takes in a column of ``width`` characters, words kept whole."""
    width = max(width, 4)
    return sum(1 + len(part) // width for part in text.split("\n")) if "\n" in text else 1 + len(text) // width
