"""Second look at the XML of a workbook: errors, formulas, hidden rows and bounds, which the fast reader skips in silence.

Only sheets in which ``archive`` saw a mark are looked at. Values stay those of the fast reader. DOCTYPE is refused.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from pipeline.cells.model import Cell
from pipeline.reading.numbers import Formats
from pipeline.reading.sheets import Region, unreadable
from schemas.fields import column_number

Place = tuple[int, int]
"""Row and column of a cell, 0-based."""

_REGION = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7}):([A-Za-z]{1,3})([0-9]{1,7})", re.ASCII)
_REFERENCE = re.compile(r"([A-Za-z]{1,7})([0-9]{1,9})", re.ASCII)


@dataclass
class Marks:
    """What was seen in one sheet. Places are (row, column), 0-based; ``hidden_rows`` count from 1.

    ``formulas``: place → whether a value was saved with it. ``values``: what stands at a place where the fast reader says
    something else. ``sure``: height and width that the fast reader must reach, else it has lost cells. ``height``, ``width``,
    ``cells``: of the cells with content. ``widest``: the first of those that are furthest to the right. ``ordered``: whether each
    cell stands behind the one before, by rows. ``filled``: how many have a value.
    ``merged``: regions of merged cells.
    """

    errors: dict[Place, str] = field(default_factory=dict)
    formulas: dict[Place, bool] = field(default_factory=dict)
    values: dict[Place, Cell] = field(default_factory=dict)
    hidden_rows: list[int] = field(default_factory=list)
    sure: tuple[int, int] = (0, 0)
    widest: Place = (0, 0)
    ordered: bool = True
    filled: int = 0
    merged: list[Region] = field(default_factory=list)
    height: int = 0
    width: int = 0
    cells: int = 0

    def count(self, place: Place) -> None:
        """Count one cell that holds something."""
        self.cells += 1
        self.height = max(self.height, place[0] + 1)
        if place[1] >= self.width:
            self.width, self.widest = place[1] + 1, place


def parse(
    pieces: Iterator[bytes],
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
    namespaces: str | None = None,
) -> None:
    """Run expat over ``pieces``. Raises ``RefusedError`` for what is not plain XML.

    ``namespaces``: what stands between the namespace and the local part of a name; None leaves names as they are written.
    """

    def refuse(*_arguments: Any) -> None:
        raise unreadable("doctype")

    parser = expat.ParserCreate(namespace_separator=namespaces)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    if end is not None:
        parser.EndElementHandler = end
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise unreadable("damaged_content") from None


class SheetScan:
    """Handlers for the XML of an xlsx sheet; they fill ``marks``.

    ``formats``: what those of the workbook make of a number. ``every``: keep every number, not only those of which the fast
    reader may make something else.
    """

    def __init__(self, formats: Formats, *, every: bool) -> None:
        self.marks = Marks()
        self._formats = formats
        self._every = every
        self._last: Place = (-1, -1)
        self._style = 0
        self._row = -1
        self._place: Place = (0, -1)
        self._type = ""
        self._formula = self._content = self._inside = False
        self._text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Open an element: a row, a cell, its formula, its value."""
        name = name.rpartition(":")[2]
        if name == "c":
            self._start_cell(attributes)
        elif name in ("v", "is"):
            self._inside = self._content = True
        elif name == "f":
            self._formula = self._content = True
        elif name == "mergeCell":
            found = _REGION.fullmatch(attributes.get("ref", ""))
            if found is not None:
                left, top, right, bottom = found.groups()
                self.marks.merged.append((int(top) - 1, column_number(left), int(bottom) - 1, column_number(right)))
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) - 1 if number.isdecimal() and len(number) < 10 else self._row + 1
            self._place = (self._row, -1)
            if attributes.get("hidden") in ("1", "true") or attributes.get("zeroHeight") in ("1", "true"):
                self.marks.hidden_rows.append(self._row + 1)

    def text(self, text: str) -> None:
        """Add ``text`` to the value of the cell."""
        if self._inside:
            self._text.append(text)

    def end(self, name: str) -> None:
        """Close an element; a cell that holds anything is counted and marked."""
        name = name.rpartition(":")[2]
        if name in ("v", "is"):
            self._inside = False
        elif name == "c" and self._content:
            value = "".join(self._text)
            self.marks.count(self._place)
            self.marks.filled += value != ""
            if self._type == "e":
                self.marks.errors[self._place] = value.strip() or "#N/A"
                return
            if self._formula:
                self.marks.formulas[self._place] = value != "" or self._type == "str"
            if value and self._type in ("", "n"):
                self._number(value)

    def _number(self, text: str) -> None:
        """Keep a number of which the fast reader may make something else than its format."""
        formats = self._formats
        try:
            value = float(text)
        except ValueError:
            raise unreadable("damaged_content") from None
        if self._every or self._style in formats.watched or (value < 0 and self._style in formats.looks):
            self.marks.values[self._place] = formats.cell(self._style, value)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        found = _REFERENCE.fullmatch(attributes.get("r", ""))
        row, column = self._place
        self._place = (int(found[2]) - 1, column_number(found[1])) if found else (row, column + 1)
        if self._place < (0, 0):
            raise unreadable("damaged_content")
        self.marks.ordered &= self._place > self._last
        self._last = self._place
        self._type = attributes.get("t", "")
        self._style = _whole(attributes.get("s", ""))
        self._formula = self._content = self._inside = False
        self._text = []


def _whole(text: str) -> int:
    """The whole number that an attribute says, 0 where it says none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def scan_sheet(pieces: Iterator[bytes], formats: Formats, *, every: bool = False) -> Marks:
    """Look through the XML of one xlsx sheet, as ``SheetScan`` says. Raises ``RefusedError``."""
    scan = SheetScan(formats, every=every)
    parse(pieces, scan.start, scan.end, scan.text)
    return scan.marks


def scan_styles(pieces: Iterator[bytes], *, epoch_1904: bool) -> Formats:
    """Return the number formats of an xlsx from its styles. Raises ``RefusedError``."""
    codes: dict[int, str] = {}
    styles: list[int] = []
    inside = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        local = name.rpartition(":")[2]
        if local == "numFmt" and "formatCode" in attributes:
            codes[_whole(attributes.get("numFmtId", ""))] = attributes["formatCode"]
        elif local == "cellXfs":
            inside = True
        elif local == "xf" and inside:
            styles.append(_whole(attributes.get("numFmtId", "")))

    def end(name: str) -> None:
        nonlocal inside
        if name.rpartition(":")[2] == "cellXfs":
            inside = False

    parse(pieces, start, end)
    return Formats(styles, codes, epoch_1904=epoch_1904)
