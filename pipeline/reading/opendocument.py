"""ods: one pass over content.xml that keeps only cells with content, whatever the repeats claim.

An ods says « 16 384 blank cells » in one element: a reader that expands it can be made to ask for any amount of memory. Only
what LibreOffice shows as a sheet is one: tables of other workbooks, of links and of scenarios are in the file as well.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date

from pipeline.cells.model import Cell
from pipeline.reading.model import Observation
from pipeline.reading.odfcells import cell_value, is_plain_text
from pipeline.reading.odfstyles import NumberStyles, read_styles
from pipeline.reading.odfxml import Attributes, Spot, Walker, walk
from pipeline.reading.sheets import Sheet, beyond, note, unreadable
from pipeline.settings import Limits
from schemas.fields import column_letter

_SPACES = re.compile(r"[ \t\r\n]+")
_REPEAT = "table:number-columns-repeated"
_LAST_ROW = 1_048_576
_OTHER_WORKBOOK = re.compile(r"'[a-z][a-z0-9+.-]*:.*'#.*", re.IGNORECASE | re.DOTALL)
"""Name of the table where LibreOffice keeps rows of another workbook that formulas refer to: ``'file:///a.ods'#Sheet1``."""
_DAY_ZERO, _DAY_ZERO_1904 = date(1899, 12, 30), date(1904, 1, 1)
_NOT_SHEETS = (
    "table:tracked-changes",
    "table:data-pilot-tables",
    "table:content-validations",
    "table:label-ranges",
    "table:named-expressions",
    "table:database-ranges",
    "table:consolidation",
)
_NOT_ROWS = ("table:table", "table:shapes", "office:", "draw:", "text:", "table:named-expressions", "calcext:")
_NOT_TEXT = ("table:", "office:", "draw:", "dr3d:", "svg:", "presentation:", "?:")
_NOT_WORDS = (*_NOT_TEXT, "text:ruby-text", "text:note", "text:hidden-", "text:script", "text:toc-mark")
_NOWHERE = Spot(strict=True)


class Content(Walker):
    """Handlers for the XML of content.xml; they fill ``sheets``, and raise ``RefusedError`` beyond the limits."""

    def __init__(self, limits: Limits, styles: NumberStyles) -> None:
        super().__init__(_places(self, styles))
        self.sheets: list[Sheet] = []
        self.notes: list[Observation] = []
        self.day_zero = _DAY_ZERO
        self._limits = limits
        self._styles = styles
        self._numbers: list[int] = []
        self._rows: list[list[Cell]] = []
        self._hidden: list[int] = []
        self._row = self._column = 0
        self._cells: list[Cell] = []
        self._cell: Attributes = {}
        self._row_style = ""
        self._column_ends: list[int] = []
        self._column_styles: list[str] = []
        self._covered: dict[int, tuple[int, int]] = {}  # column → first and last row that merged cells hide there
        self._repeat_row = 1
        self._is_sheet = True
        self._hides = ""  # the first cell with content that merged cells hide

    @property
    def epoch_1904(self) -> bool:
        """Whether bare numbers count days from 1904."""
        return self.day_zero == _DAY_ZERO_1904

    def linked(self, _attributes: Attributes) -> None:
        """Say that the file holds what other files said."""
        said = note("external_links")
        if said not in self.notes:
            self.notes.append(said)

    def null_date(self, attributes: Attributes) -> None:
        """Keep what the dates of the file count from."""
        text = attributes.get("table:date-value", "")[:10]
        if text not in (str(_DAY_ZERO), str(_DAY_ZERO_1904)):
            raise unreadable("odd_epoch")
        self.day_zero = date.fromisoformat(text)

    def start_table(self, attributes: Attributes) -> None:
        """Open a sheet."""
        name = attributes.get("table:name", "")
        self._is_sheet = _OTHER_WORKBOOK.fullmatch(name) is None
        if not self._is_sheet:
            self._place = _NOWHERE
            self.linked(attributes)
            return
        if len(self.sheets) >= self._limits.feuilles:
            raise beyond("feuilles", len(self.sheets) + 1, self._limits.feuilles)
        hidden = attributes.get("table:style-name", "") in self._styles.hidden
        self.sheets.append(Sheet(name, [], [], hidden=hidden))
        self._row, self._numbers, self._rows, self._hidden = 0, [], [], []
        self._column_ends, self._column_styles, self._covered, self._hides = [], [], {}, ""

    def scenario(self, _attributes: Attributes) -> None:
        """Forget the sheet: it is what might have stood in another one, and no program shows it."""
        self._is_sheet = False
        self.sheets.pop()
        self._above[-1] = (_NOWHERE, None)

    def end_table(self) -> None:
        """Close a sheet."""
        if not self._is_sheet:
            return
        sheet = self.sheets[-1]
        sheet.numbers, sheet.rows, sheet.hidden_rows = self._numbers, self._rows, tuple(self._hidden)
        sheet.hides = self._hides

    def start_column(self, attributes: Attributes) -> None:
        """Keep the style of the cells of some columns that have none of their own."""
        repeat = _count(attributes, "table:number-columns-repeated")
        self._column_ends.append((self._column_ends[-1] if self._column_ends else 0) + repeat)
        self._column_styles.append(attributes.get("table:default-cell-style-name", ""))

    def start_row(self, attributes: Attributes) -> None:
        """Open a row, or some that are alike."""
        self._repeat_row = _count(attributes, "table:number-rows-repeated")
        self._column, self._cells = 0, []
        self._row_style = attributes.get("table:default-cell-style-name", "")
        if attributes.get("table:visibility", "visible") != "visible" and self._repeat_row < _LAST_ROW:
            self._hidden += range(self._row + 1, self._row + 1 + min(self._repeat_row, self._limits.lignes))

    def end_row(self) -> None:
        """Close a row: where it holds anything it goes to its sheet."""
        first, repeat = self._row + 1, self._repeat_row
        self._row += repeat
        if not self._cells:
            return
        if repeat > self._limits.lignes or self._row > _LAST_ROW:
            raise beyond("lignes", repeat, self._limits.lignes, sheet=self.sheets[-1].name, row=first)
        # The rows repeated are one list: they are only read.
        self._numbers += range(first, first + repeat)
        self._rows += [self._cells] * repeat

    def start_cell(self, attributes: Attributes) -> None:
        """Open a cell, or some that are alike."""
        self._cell, self.words = attributes, []

    def start_paragraph(self, _attributes: Attributes) -> None:
        """Listen to a paragraph of the cell."""
        if self.words:
            self.words.append("\n")
        self.listening = True

    def end_paragraph(self) -> None:
        """Stop listening."""
        self.listening = False

    def blanks(self, attributes: Attributes) -> None:
        """Some spaces."""
        self.words.append(" " * min(_count(attributes, "text:c"), 1000))

    def text(self, text: str) -> None:
        """Hear ``text``; line ends of the XML are spaces."""
        if self.listening and not self._skip:
            self.words.append(text if text.isprintable() else _SPACES.sub(" ", text))

    def end_cell(self) -> None:
        """Close a cell: what it holds goes to its row."""
        attributes = self._cell
        repeat = 1 if _REPEAT not in attributes else _count(attributes, _REPEAT)
        if self.words or "office:value-type" in attributes or _holds(attributes):
            self._put(attributes, "".join(self.words), repeat)
        if "table:number-columns-spanned" in attributes or "table:number-rows-spanned" in attributes:
            self._span(attributes)
        self._column += repeat

    def _put(self, attributes: Attributes, text: str, repeat: int) -> None:
        """Add to the row what the cell holds, once for each column it stands for: their styles may differ."""
        column, cells = self._column, self._cells
        value = self._value(attributes, text, column)
        if value is None:
            return
        self._check_width(column + repeat)
        for place in range(column, column + repeat):
            if self._covered and self._is_hidden(place):
                continue
            if place > column:
                value = self._value(attributes, text, place)
            if len(cells) < place:
                cells += [None] * (place - len(cells))
            cells.append(value)

    def _check_width(self, end: int) -> None:
        if end > self._limits.colonnes:
            sheet, row, place = self.sheets[-1].name, self._row + 1, column_letter(min(end, 1 << 14) - 1)
            raise beyond("colonnes", end, self._limits.colonnes, sheet=sheet, row=row, column=place)

    def _value(self, attributes: Attributes, text: str, column: int) -> Cell:
        if text and is_plain_text(attributes):
            return text
        style = attributes.get("table:style-name", "") or self._row_style or self._column_style(column)
        return cell_value(attributes, text, self._styles.code(style), self.day_zero)

    def _column_style(self, column: int) -> str:
        place = bisect_right(self._column_ends, column)
        return self._column_styles[place] if place < len(self._column_styles) else ""

    def _span(self, attributes: Attributes) -> None:
        """Keep which cells a merged one hides: those under it in its columns, and all of them in its other columns."""
        width, height = (_count(attributes, f"table:number-{way}-spanned") for way in ("columns", "rows"))
        for column in range(self._column, min(self._column + width, self._limits.colonnes)):
            self._covered[column] = (self._row + (column == self._column), self._row + height - 1)

    def _is_hidden(self, column: int) -> bool:
        """Whether a merged cell hides this one, which holds something: no program shows it."""
        first, last = self._covered.get(column, (1, 0))
        hidden = first <= self._row <= last
        if hidden and not self._hides:
            self._hides = f"{column_letter(column)}{self._row + 1}"
        return hidden


def _places(content: Content, styles: NumberStyles) -> Spot:
    """What matters where in content.xml. Elements that are not known are looked through, as LibreOffice does."""
    root, body, spreadsheet = (
        Spot(("office:scripts", "office:font-face-decls")),
        Spot(strict=True),
        Spot(_NOT_SHEETS),
    )
    table, row, cell, words = Spot(_NOT_ROWS), Spot(), Spot(_NOT_TEXT), Spot(_NOT_WORDS)
    root.add("office:automatic-styles", styles.place(content, shared=False))
    root.add("office:body", body)
    body.add("office:spreadsheet", spreadsheet)
    spreadsheet.add("table:null-date", Spot(), content.null_date)
    spreadsheet.add("table:dde-links", Spot(strict=True), content.linked)
    spreadsheet.add("table:table", table, content.start_table, content.end_table)
    table.add("table:scenario", Spot(strict=True), content.scenario)
    table.add("table:table-column", Spot(), content.start_column)
    table.add("table:table-row", row, content.start_row, content.end_row)
    for group in ("columns", "header-columns", "column-group", "rows", "header-rows", "row-group"):
        table.add(f"table:table-{group}", table)
    for name in ("table:table-cell", "table:covered-table-cell"):
        row.add(name, cell, content.start_cell, content.end_cell)
    for name in ("text:p", "text:h"):
        cell.add(name, words, content.start_paragraph, content.end_paragraph)
    words.add("text:s", Spot(), content.blanks)
    words.add("text:tab", Spot(), lambda _: content.words.append("\t"))
    words.add("text:line-break", Spot(), lambda _: content.words.append("\n"))
    return root


def read_content(pieces: Iterator[bytes], style_pieces: Iterator[bytes], limits: Limits) -> Content:
    """Read the sheets of an ods from its content.xml and its styles.xml (no piece: it has none). Raises ``RefusedError``."""
    styles = NumberStyles()
    first = next(style_pieces, b"")
    if first:
        root = Spot()
        walker = Walker(root)
        read_styles(walker, root, styles)
        walk(_again(first, style_pieces), walker)
    content = Content(limits, styles)
    walk(pieces, content)
    if not content.sheets:
        raise unreadable("other_document")
    return content


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _holds(attributes: Attributes) -> bool:
    return "table:formula" in attributes or any(
        name.endswith("-value") or name == "office:value" for name in attributes
    )


def _count(attributes: Attributes, name: str) -> int:
    text = attributes.get(name, "1")
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 12 else 1
