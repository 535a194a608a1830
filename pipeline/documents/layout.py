"""The layout of the workbook an organisation fills in; the workbook that comes back to be corrected has it too."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.documents import xlsx
from pipeline.documents.wording import Wording
from schemas.fields import DECLARANT_SHEET, Field, FieldKind, fields_of

VERSION = "1"
"""Version of the template. The sheet « Déclarant » holds it unseen: a hidden row would be reported to the sender."""

GUIDE = "Mode d'emploi"
"""Name of the sheet that says what to do."""

REASONS = "motifs_acceptes"
"""Name of the range of accepted motifs, which the drop-down lists show."""

FONT = "Arial"
SIZE = 10
_WIDTHS = {
    "numero_dsf": 13, "identifiant_de": 13, "nom": 15, "prenom": 13, "code_sequence": 11, "id_absence": 11,
    "date_debut": 11, "date_fin": 11, "heures": 16, "motif": 16, "reference_justificatif": 15,
    "date_justificatif": 11, "reliquat_abandonne": 11, "commentaire": 20,
}  # fmt: skip
_INK = Side(style="thin", color="FF8A8F99")
_FRAME = Border(left=_INK, right=_INK, top=_INK, bottom=_INK)
_RED = Side(style="medium", color="FF9B1C1C")


def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", start_color=colour, end_color=colour)


@dataclass(frozen=True)
class LayoutColumn:
    """One column: its heading, its field (None where nothing is read), its width in characters.

    ``ours``: we fill it in to inform; its heading looks different.
    """

    heading: str
    field: Field | None = None
    width: int = 20
    ours: bool = False

    @property
    def name(self) -> str:
        """The name of its field, or its heading where it has none."""
        return self.field.name if self.field else self.heading


def field_columns(kind: str) -> list[LayoutColumn]:
    """The columns of a table of ``kind`` (contract §4), in the order of the template."""
    return [LayoutColumn(field.headings[kind], field, _WIDTHS[field.name]) for field in fields_of(kind)]


class Styles:
    """The styles of the cells of one workbook. Each is made once: making one for every cell costs more than the cell."""

    def __init__(self, book: Workbook) -> None:
        self._sheet = book.create_sheet("styles")
        self._made: dict[str, StyleArray] = {}
        self._variants: dict[tuple[str, str, bool], StyleArray] = {}
        grey, white, sand = _fill("FFEDEFF3"), _fill("FFFFFFFF"), _fill("FFFBF3DC")
        head = {
            "font": Font(name=FONT, size=SIZE, bold=True),
            "alignment": Alignment(wrap_text=True, vertical="center"),
        }
        wrap = Alignment(vertical="top", wrap_text=True)
        left = Alignment(horizontal="left", vertical="top", wrap_text=True)
        font = Font(name=FONT, size=SIZE)
        self._make("heading", fill=grey, border=_FRAME, **head)
        self._make("our_heading", fill=sand, border=_FRAME, **head)
        self._make("known", font=font, fill=grey, border=_FRAME, alignment=left)
        self._make("input", font=font, fill=white, border=_FRAME, alignment=left, protection=Protection(locked=False))
        red = Border(left=_RED, right=_RED, top=_RED, bottom=_RED)
        faulty = {"font": Font(name=FONT, size=SIZE, bold=True), "fill": _fill("FFF8CFCB"), "border": red}
        self._make("faulty", alignment=left, protection=Protection(locked=False), **faulty)
        self._make("text", font=font, border=_FRAME, alignment=wrap)
        self._make("held", font=Font(name=FONT, size=SIZE, italic=True), border=_FRAME, alignment=wrap)
        self._make("invisible", font=font)
        self._make("guide", font=font, alignment=wrap)
        self._make("title", font=Font(name=FONT, bold=True, size=16))
        book.remove(self._sheet)

    def _make(self, name: str, **parts: object) -> None:
        cell = self._sheet.cell(len(self._made) + 1, 1)
        for part, value in parts.items():
            setattr(cell, part, value)
        self._made[name] = cell._style

    def put(self, cell: Cell | MergedCell, value: xlsx.CellValue, style: str, number_format: str = "") -> None:
        """Put ``value`` in ``cell`` in the style of that name; a date or duration has its own format unless one is given.

        Raises ``KeyError`` for a style that is not made in ``__init__``.
        """
        xlsx.put(cell, value)
        if not number_format and isinstance(value, date | timedelta):
            number_format = cell.number_format
        cell._style = self._variant(style, number_format, bool(cell.quotePrefix))  # type: ignore[union-attr]

    def _variant(self, style: str, number_format: str, quoted: bool) -> StyleArray:
        variant = self._variants.get((style, number_format, quoted))
        if variant is None:
            sample = self._sheet.cell(1, 1)
            sample._style = copy(self._made[style])
            sample.quotePrefix = quoted
            if number_format:
                sample.number_format = number_format
            variant = self._variants[style, number_format, quoted] = sample._style
        return variant


def input_format(field: Field | None, value: xlsx.CellValue) -> str:
    """The number format that keeps what is typed next as it is: an identifier as text, a date as a date."""
    if field is None or (value is not None and not isinstance(value, str)):
        return "0" if field and field.kind in (FieldKind.KEY, FieldKind.PERSON) and isinstance(value, int) else ""
    if field.kind in (FieldKind.KEY, FieldKind.PERSON, FieldKind.TEXT):
        return "@"
    return "dd/mm/yyyy" if field.kind is FieldKind.DATE else ""


def write_headings(sheet: Worksheet, columns: Sequence[LayoutColumn], styles: Styles, frozen: int) -> None:
    """Write the headings in row 1 and set the widths; freeze that row and the first ``frozen`` columns."""
    for index, column in enumerate(columns, 1):
        styles.put(sheet.cell(1, index), column.heading, "our_heading" if column.ours else "heading")
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    sheet.row_dimensions[1].height = 45
    sheet.freeze_panes = sheet.cell(2, frozen + 1).coordinate


def set_up_sheet(sheet: Worksheet, columns: int, last: int, words: Wording) -> None:
    """Filter the rows down to ``last``; print on A4 landscape, one page wide, with the headings and its number on each page."""
    sheet.auto_filter.ref = f"A1:{get_column_letter(columns)}{max(last, 2)}"
    _paper(sheet, "landscape")
    sheet.print_title_rows = "1:1"
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.6
    sheet.page_margins.header = sheet.page_margins.footer = 0.3
    footer = HeaderFooterItem(
        left=_HeaderFooterPart("&A"), right=_HeaderFooterPart(words("classeur.page", page="&P", pages="&N"))
    )
    sheet.HeaderFooter.oddFooter = footer


def add_help(sheet: Worksheet, columns: Sequence[LayoutColumn], last: int, words: Wording) -> None:
    """Add to the rows down to ``last`` drop-down lists (motifs, oui/non) and messages that say how to fill each cell.

    Nothing is forbidden: a value that is not in a list is only warned of.
    """
    for index, column in enumerate(columns, 1):
        if column.field is None:
            continue
        rule = DataValidation(allow_blank=True, showInputMessage=True, errorStyle="warning")
        if column.field.kind is FieldKind.MOTIF:
            rule.type, rule.formula1 = "list", REASONS
        elif column.field.kind is FieldKind.YES_NO:
            rule.type, rule.formula1 = "list", '"oui,non"'
        if rule.type:
            rule.showErrorMessage = True
            rule.errorTitle, rule.error = words("classeur.liste_titre"), words("classeur.liste_erreur")
        rule.promptTitle, rule.prompt = column.heading[:32], words(f"saisie.{column.name}")[:255]
        letter = get_column_letter(index)
        rule.add(f"{letter}2:{letter}{max(last, 2)}")
        sheet.add_data_validation(rule)


def protect(sheet: Worksheet) -> None:
    """Lock the known cells against mistakes, without a password; sorting, filtering and formatting stay allowed."""
    guard = sheet.protection
    guard.sheet = True
    guard.formatColumns = guard.formatRows = guard.formatCells = guard.sort = guard.autoFilter = False


def write_declarant(book: Workbook, styles: Styles, values: Mapping[str, str], words: Wording) -> None:
    """Write the sheet « Déclarant » (contract §4) with ``values`` by key; the template's version does not show."""
    sheet: Worksheet = book.create_sheet(DECLARANT_SHEET)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 44
    rows = ("SIRET", "Pour le compte de", "Contact")
    for row, name in enumerate(rows, 1):
        styles.put(sheet.cell(row, 1), name, "heading")
        styles.put(sheet.cell(row, 2), values.get(name) or None, "known" if name == "SIRET" else "input", "@")
    for column, value in enumerate(("Version du modèle", VERSION), 1):
        styles.put(sheet.cell(len(rows) + 1, column), value, "invisible", ";;;")
    for row, key in ((2, "pour_le_compte_de"), (3, "contact")):
        rule = DataValidation(allow_blank=True, showInputMessage=True)
        rule.promptTitle, rule.prompt = rows[row - 1], words(f"saisie.{key}")[:255]
        rule.add(f"B{row}")
        sheet.add_data_validation(rule)
    _paper(sheet, "portrait")


def write_guide(
    book: Workbook,
    styles: Styles,
    title: str,
    steps: Iterable[str],
    motifs: Sequence[tuple[str, str, str]],
    words: Wording,
) -> None:
    """Write the sheet « Mode d'emploi »: what to do, then the motifs (code, label, proof) that the drop-down lists show."""
    sheet: Worksheet = book.create_sheet(GUIDE)
    sheet.sheet_view.showGridLines = False
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 40, 10
    sheet.column_dimensions["C"].width = 46
    styles.put(sheet.cell(1, 1), title, "title")
    row = 2
    for row, step in enumerate(steps, 3):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=3)
        styles.put(sheet["A"][row - 1], step, "guide")
        sheet.row_dimensions[row].height = row_height((step, 96))
    _write_motifs(sheet, styles, motifs, row + 2, words)
    _paper(sheet, "portrait")


def _write_motifs(
    sheet: Worksheet, styles: Styles, motifs: Sequence[tuple[str, str, str]], row: int, words: Wording
) -> None:
    """Write the table of motifs with its headings on ``row``, and name the range of their labels ``REASONS``."""
    for column, name in enumerate(("motifs", "code", "piece"), 1):
        styles.put(sheet.cell(row, column), words(f"classeur.guide_{name}"), "heading")
    for code, label, proof in motifs:
        row += 1
        for column, value in enumerate((label, code, proof), 1):
            styles.put(sheet.cell(row, column), value, "text")
        sheet.row_dimensions[row].height = row_height((label, 40), (proof, 46))
    first = row - len(motifs) + 1
    area = f"{quote_sheetname(GUIDE)}!$A${first}:$A${max(row, first)}"
    assert sheet.parent is not None
    sheet.parent.defined_names[REASONS] = DefinedName(REASONS, attr_text=area)


def _paper(sheet: Worksheet, orientation: Literal["portrait", "landscape"]) -> None:
    """Print on A4, one page wide and as many pages long as it takes."""
    sheet.page_setup.orientation = orientation
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def row_height(*texts: tuple[object, int]) -> float:
    """Points that a row needs to show each text in a column of its width (characters); Excel allows 409."""
    lines = max((wrapped_lines(str(text), width) for text, width in texts), default=1)
    return min(13.0 * lines + 3, 409)


def wrapped_lines(text: str, width: int) -> int:
    """Lines that ``text`` takes in a column of ``width`` characters, words kept whole."""
    return sum(1 + len(part) // max(width, 4) for part in text.split("\n"))
