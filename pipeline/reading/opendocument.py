"""ods: one pass over content.xml that keeps only cells with content, whatever the repeats claim.

An ods says « 16 384 blank cells » in one element: a reader that expands it can be made to ask for any amount of memory.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from pipeline.reading.sheets import Sheet, beyond, unreadable
from pipeline.reading.xmlscan import parse
from pipeline.settings import Limits

_DURATION = re.compile(r"(-?)P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?", re.ASCII)
_ERROR_TEXT = re.compile(r"#[A-ZÉ0-9/]+[!?]?|Err:\d+")
_SPACES = re.compile(r"[ \t\r\n]+")
_LAST_ROW = 1_048_576
_NUMBERS = ("float", "percentage", "currency")


class Content:
    """Handlers for the XML of content.xml; they fill ``sheets``, and raise ``RefusedError`` beyond the limits."""

    def __init__(self, limits: Limits) -> None:
        self.sheets: list[Sheet] = []
        self.epoch_1904 = False
        self._limits = limits
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._depth = 0  # of tables: one inside a cell is not a sheet
        self._skip = 0  # inside a comment or a drawing
        self._numbers: list[int] = []
        self._rows: list[list[Cell]] = []
        self._hidden: list[int] = []
        self._row = self._column = 0
        self._cells: list[Cell] = []
        self._cell: dict[str, str] | None = None
        self._repeat_row = 1
        self._paragraphs: list[str] = []
        self._in_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Open an element: a table, a row, a cell, a text; or skip what stands in a comment or a drawing."""
        local = name.rpartition(":")[2]
        if self._skip or local in ("annotation", "shapes", "forms", "frame", "tracked-changes"):
            self._skip += 1
        elif local in ("table-cell", "covered-table-cell"):
            if self._depth == 1:
                self._cell, self._paragraphs = attributes, []
        elif local == "p" and self._cell is not None:
            self._in_text = True
            self._paragraphs.append("")
        elif local in ("s", "tab", "line-break") and self._in_text:
            blanks = {"s": " " * min(_count(attributes, "text:c"), 1000), "tab": "\t", "line-break": "\n"}
            self._paragraphs[-1] += blanks[local]
        elif local == "table-row" and self._depth == 1:
            self._start_row(attributes)
        elif local == "table":
            self._start_table(attributes)
        elif local == "style":
            self._style = attributes.get("style:name", "")
        elif local == "table-properties" and attributes.get("table:display") == "false":
            self._hidden_styles.add(self._style)
        elif local == "null-date":
            self.epoch_1904 = attributes.get("table:date-value", "").startswith("1904")

    def text(self, text: str) -> None:
        """Add ``text`` to the paragraph of the cell."""
        if self._in_text and not self._skip:
            self._paragraphs[-1] += _SPACES.sub(" ", text)

    def end(self, name: str) -> None:
        """Close an element: a cell goes to its row, a row to its sheet."""
        if self._skip:
            self._skip -= 1
            return
        local = name.rpartition(":")[2]
        if local == "p":
            self._in_text = False
        elif local in ("table-cell", "covered-table-cell"):
            if self._depth == 1 and self._cell is not None:
                self._end_cell(self._cell)
            self._cell = None
        elif local == "table-row" and self._depth == 1:
            self._end_row()
        elif local == "table":
            self._depth -= 1
            if self._depth == 0:
                sheet = self.sheets[-1]
                sheet.numbers, sheet.rows = self._numbers, self._rows
                sheet.hidden_rows = tuple(self._hidden)

    def _start_table(self, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > 1:
            return
        if len(self.sheets) >= self._limits.feuilles:
            raise beyond("feuilles", len(self.sheets) + 1, self._limits.feuilles)
        hidden = attributes.get("table:style-name", "") in self._hidden_styles
        self.sheets.append(Sheet(attributes.get("table:name", ""), [], [], hidden=hidden))
        self._row, self._numbers, self._rows, self._hidden = 0, [], [], []

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._repeat_row = _count(attributes, "table:number-rows-repeated")
        self._column, self._cells = 0, []
        if attributes.get("table:visibility", "visible") != "visible" and self._repeat_row < _LAST_ROW:
            self._hidden += range(self._row + 1, self._row + 1 + min(self._repeat_row, self._limits.lignes))

    def _end_row(self) -> None:
        first, repeat = self._row + 1, self._repeat_row
        self._row += repeat
        if not self._cells:
            return
        if repeat > self._limits.lignes or self._row > _LAST_ROW:
            raise beyond("lignes", repeat, self._limits.lignes, sheet=self.sheets[-1].name)
        # The rows repeated are one list: they are only read.
        self._numbers += range(first, first + repeat)
        self._rows += [self._cells] * repeat

    def _end_cell(self, attributes: dict[str, str]) -> None:
        repeat = _count(attributes, "table:number-columns-repeated")
        value = _value(attributes, "\n".join(self._paragraphs))
        if value is None:
            self._column += repeat
            return
        if self._column + repeat > self._limits.colonnes:
            raise beyond("colonnes", self._column + repeat, self._limits.colonnes, sheet=self.sheets[-1].name)
        self._cells += [None] * (self._column - len(self._cells)) + [value] * repeat
        self._column += repeat


def read_content(pieces: Iterator[bytes], limits: Limits) -> Content:
    """Read the sheets of an ods from its content.xml. Raises ``RefusedError``."""
    content = Content(limits)
    parse(pieces, content.start, content.end, content.text)
    if not content.sheets:
        raise unreadable("other_document")
    return content


def _count(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 12 else 1


def _value(attributes: dict[str, str], text: str) -> Cell:
    """The cell as typed, None where it holds nothing."""
    kind = attributes.get("office:value-type", "")
    formula = "table:formula" in attributes
    if attributes.get("calcext:value-type") == "error" or (formula and _ERROR_TEXT.fullmatch(text)):
        return ErrorCell(text or "#N/A")
    if formula and not kind:
        return FormulaCell(text or None)
    plain = _plain(kind, attributes, text)
    return FormulaCell(plain) if formula else None if plain == "" else plain


def _plain(kind: str, attributes: dict[str, str], text: str) -> str | float | bool | date | time | timedelta:
    try:
        if kind in _NUMBERS:
            return float(attributes["office:value"])
        if kind == "date":
            return _date(attributes["office:date-value"])
        if kind == "time":
            return _duration(attributes["office:time-value"])
    except (KeyError, ValueError, OverflowError):
        return text
    if kind == "boolean":
        return attributes.get("office:boolean-value") == "true"
    return attributes.get("office:string-value", text)


def _date(text: str) -> date | datetime:
    if "T" not in text:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return moment.date() if moment.time() == time() and moment.tzinfo is None else moment


def _duration(text: str) -> time | timedelta:
    """A time of day where it is less than a day, as workbooks of Excel have it, else a duration."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError
    sign, days, hours, minutes, seconds, fraction = found.groups()
    length = timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "0")[:6].ljust(6, "0")),
    )
    if sign or length >= timedelta(days=1):
        return -length if sign else length
    return (datetime.min + length).time()
