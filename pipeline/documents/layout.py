"""The layout of the workbook an organisation fills in; what comes back to be corrected has the same one."""

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
from pipeline.documents.wording import Words
from schemas.fields import DECLARANT_SHEET, FIELDS, Field, FieldKind, fields_of

VERSION = "1"
"""Of the template: written in the sheet « Déclarant », where it does not show (a hidden row would be told to the sender)."""

GUIDE = "Mode d'emploi"

REASONS = "motifs_acceptes"
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
class Column:
    """One column: its heading, its field (None for one that is not read), its width in signs."""

    titre: str
    champ: str | None = None
    largeur: int = 20
    ours: bool = False
    """Ours to inform: its heading is drawn apart."""

    @property
    def field(self) -> Field | None:
        return FIELDS[self.champ] if self.champ else None


def field_columns(nature: str) -> list[Column]:
    """The columns of spec §4, in its order."""
    return [Column(field.headings[nature], field.name, _WIDTHS[field.name]) for field in fields_of(nature)]


class Styles:
    """The looks of a workbook's cells, each made once: a style made anew for every cell costs more than the cell."""

    def __init__(self, book: Workbook) -> None:
        self._sheet = book.create_sheet("styles")
        self._made: dict[str, StyleArray] = {}
        self._looks: dict[tuple[str, str, bool], StyleArray] = {}
        grey, white, sand = _fill("FFEDEFF3"), _fill("FFFFFFFF"), _fill("FFFBF3DC")
        head = {
            "font": Font(name=FONT, size=SIZE, bold=True),
            "alignment": Alignment(wrap_text=True, vertical="center"),
        }
        wrap = Alignment(vertical="top", wrap_text=True)
        left = Alignment(horizontal="left", vertical="top", wrap_text=True)
        font = Font(name=FONT, size=SIZE)
        self._make("entete", fill=grey, border=_FRAME, **head)
        self._make("entete_ours", fill=sand, border=_FRAME, **head)
        self._make("connu", font=font, fill=grey, border=_FRAME, alignment=left)
        self._make("saisie", font=font, fill=white, border=_FRAME, alignment=left, protection=Protection(locked=False))
        red = Border(left=_RED, right=_RED, top=_RED, bottom=_RED)
        faulty = {"font": Font(name=FONT, size=SIZE, bold=True), "fill": _fill("FFF8CFCB"), "border": red}
        self._make("faux", alignment=left, protection=Protection(locked=False), **faulty)
        self._make("texte", font=font, border=_FRAME, alignment=wrap)
        self._make("attend", font=Font(name=FONT, size=SIZE, italic=True), border=_FRAME, alignment=wrap)
        self._make("invisible", font=font)
        self._make("guide", font=font, alignment=wrap)
        self._make("titre", font=Font(name=FONT, bold=True, size=16))
        self._make("gras", font=Font(name=FONT, size=SIZE, bold=True), alignment=wrap)
        book.remove(self._sheet)

    def _make(self, name: str, **parts: object) -> None:
        cell = self._sheet.cell(len(self._made) + 1, 1)
        for part, value in parts.items():
            setattr(cell, part, value)
        self._made[name] = cell._style

    def put(self, cell: Cell | MergedCell, value: xlsx.Value, style: str, number_format: str = "") -> None:
        """Put ``value`` in ``cell`` with the look ``style``; a date or duration has its own format unless one is given."""
        xlsx.put(cell, value)
        if not number_format and isinstance(value, date | timedelta):
            number_format = cell.number_format
        cell._style = self._look(style, number_format, bool(cell.quotePrefix))  # type: ignore[union-attr]

    def _look(self, style: str, number_format: str, quoted: bool) -> StyleArray:
        look = self._looks.get((style, number_format, quoted))
        if look is None:
            model = self._sheet.cell(1, 1)
            model._style = copy(self._made[style])
            model.quotePrefix = quoted
            if number_format:
                model.number_format = number_format
            look = self._looks[style, number_format, quoted] = model._style
        return look


def input_format(field: Field | None, value: xlsx.Value) -> str:
    """The number format in which what is typed next stays what it is: an identifier a text, a date a date."""
    if field is None or (value is not None and not isinstance(value, str)):
        return "0" if field and field.kind in (FieldKind.KEY, FieldKind.PERSON) and isinstance(value, int) else ""
    if field.kind in (FieldKind.KEY, FieldKind.PERSON, FieldKind.TEXT):
        return "@"
    return "dd/mm/yyyy" if field.kind is FieldKind.DATE else ""


def heading(sheet: Worksheet, columns: Sequence[Column], styles: Styles, frozen: int) -> None:
    """The heading row, frozen with the first ``frozen`` columns."""
    for index, column in enumerate(columns, 1):
        styles.put(sheet.cell(1, index), column.titre, "entete_ours" if column.ours else "entete")
        sheet.column_dimensions[get_column_letter(index)].width = column.largeur
    sheet.row_dimensions[1].height = 45
    sheet.freeze_panes = sheet.cell(2, frozen + 1).coordinate


def finish(sheet: Worksheet, columns: int, last: int, words: Words) -> None:
    """Filter over all rows; A4 landscape, as wide as one page, the headings on each page, and its number."""
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


def validate(sheet: Worksheet, columns: Sequence[Column], last: int, words: Words) -> None:
    """Drop-down lists for motifs and oui/non, and for each cell to fill a message that says how. Nothing is forbidden."""
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
        rule.promptTitle, rule.prompt = column.titre[:32], words(f"saisie.{column.champ}")[:255]
        letter = get_column_letter(index)
        rule.add(f"{letter}2:{letter}{max(last, 2)}")
        sheet.add_data_validation(rule)


def protect(sheet: Worksheet) -> None:
    """Known cells cannot be typed over by mistake; there is no password, and sorting, filtering and widening stay allowed."""
    guard = sheet.protection
    guard.sheet = True
    guard.formatColumns = guard.formatRows = guard.formatCells = guard.sort = guard.autoFilter = False


def declarant(book: Workbook, styles: Styles, values: Mapping[str, str], words: Words) -> Worksheet:
    """The sheet « Déclarant » of spec §4; ``values`` by key. The version does not show."""
    sheet: Worksheet = book.create_sheet(DECLARANT_SHEET)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 44
    rows = ("SIRET", "Pour le compte de", "Contact")
    for row, name in enumerate(rows, 1):
        styles.put(sheet.cell(row, 1), name, "entete")
        styles.put(sheet.cell(row, 2), values.get(name) or None, "connu" if name == "SIRET" else "saisie", "@")
    for column, value in enumerate(("Version du modèle", VERSION), 1):
        styles.put(sheet.cell(len(rows) + 1, column), value, "invisible", ";;;")
    for row, key in ((2, "pour_le_compte_de"), (3, "contact")):
        rule = DataValidation(allow_blank=True, showInputMessage=True)
        rule.promptTitle, rule.prompt = rows[row - 1], words(f"saisie.{key}")[:255]
        rule.add(f"B{row}")
        sheet.add_data_validation(rule)
    _paper(sheet, "portrait")
    return sheet


def guide(
    book: Workbook,
    styles: Styles,
    title: str,
    steps: Iterable[str],
    motifs: Sequence[tuple[str, str, str]],
    words: Words,
) -> Worksheet:
    """The sheet « Mode d'emploi »: what to do, then the motifs (code, libellé, pièce), which the drop-down lists show."""
    sheet: Worksheet = book.create_sheet(GUIDE)
    sheet.sheet_view.showGridLines = False
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 40, 10
    sheet.column_dimensions["C"].width = 46
    styles.put(sheet.cell(1, 1), title, "titre")
    row = 2
    for row, step in enumerate(steps, 3):
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=3)
        styles.put(sheet["A"][row - 1], step, "guide")
        sheet.row_dimensions[row].height = height((step, 96))
    row += 2
    for column, name in enumerate(("motifs", "code", "piece"), 1):
        styles.put(sheet.cell(row, column), words(f"classeur.guide_{name}"), "entete")
    for code, label, proof in motifs:
        row += 1
        for column, value in enumerate((label, code, proof), 1):
            styles.put(sheet.cell(row, column), value, "texte")
        sheet.row_dimensions[row].height = height((label, 40), (proof, 46))
    first = row - len(motifs) + 1
    area = f"{quote_sheetname(GUIDE)}!$A${first}:$A${max(row, first)}"
    book.defined_names[REASONS] = DefinedName(REASONS, attr_text=area)
    _paper(sheet, "portrait")
    return sheet


def _paper(sheet: Worksheet, orientation: Literal["portrait", "landscape"]) -> None:
    """A4, as wide as one page, as long as it takes."""
    sheet.page_setup.orientation = orientation
    sheet.page_setup.paperSize = 9
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def height(*texts: tuple[object, int]) -> float:
    """Points that a row needs to show each text wrapped at its column's width in signs; Excel allows 409."""
    lines = max((_wrapped(str(text), width) for text, width in texts), default=1)
    return min(13.0 * lines + 3, 409)


def _wrapped(text: str, width: int) -> int:
    """Lines that ``text`` takes: a column of 10 holds about 10 signs, words kept whole."""
    return sum(1 + len(part) // max(width, 4) for part in text.split("\n"))
