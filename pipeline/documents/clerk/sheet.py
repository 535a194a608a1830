"""One long sheet laid out for A4 paper: rows of merged cells with heights of our own, and page breaks where they hurt least.

Neither Excel nor LibreOffice repeats the headings of a table that stands in the middle of a sheet. So each row knows what
is said again above it on a new page, and every page break is ours.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from pipeline.documents.clerk.measure import text_height
from pipeline.documents.clerk.styles import BODY, CellStyle

COLUMNS = (36, 204, 194, 86, 92, 86)
"""Widths in pixels (96 an inch); 698 together, A4 between margins of 10 mm has 718."""
LAST = len(COLUMNS) - 1
"""The last column, counted from 0."""
BOX = "☐"
"""A box to tick."""
TO_FILL = ""
"""A text that the clerk writes."""
PAGE = 728.0
"""Points of height used on a page, of the 751 between the margins: programs differ by a few points a page."""
TALLEST = 409.0
"""Points: the most that Excel gives a row."""


class Span(NamedTuple):
    """A value over the columns ``first`` to ``last`` (counted from 0, both included)."""

    first: int
    last: int
    value: str | int | Decimal | None
    style: CellStyle = BODY

    @property
    def height(self) -> float:
        """Points of height that the value takes; 0 where there is none."""
        if self.value is None:
            return 0.0
        room = sum(COLUMNS[self.first : self.last + 1]) * 0.75 - 5 - 7 * self.style.indent
        return text_height(self.value if isinstance(self.value, str) else "", room, self.style)


class PrintedRow(NamedTuple):
    """One row, ``height`` points high. ``glued``: it stays on the page of the next row.

    ``again``: rows repeated above it where it opens a page.
    """

    spans: tuple[Span, ...]
    height: float
    glued: bool = False
    again: tuple["PrintedRow", ...] = ()


def row(*spans: Span, glued: bool = False, again: Sequence[PrintedRow] = (), at_least: float = 0.0) -> PrintedRow:
    """A row of ``spans``, high enough for every text of it, and ``at_least`` so many points high."""
    height = min(TALLEST, max(at_least, *(span.height for span in spans)))
    return PrintedRow(spans, height, glued, tuple(again))


BLANK = row(Span(0, 0, None), at_least=9)
"""Some room between two blocks."""


def readable(text: str) -> str:
    """``text`` of a sender on one line, without the characters that nobody sees: some would turn the words around."""
    if text.isprintable():
        return text
    spaced = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return "".join(c for c in spaced if unicodedata.category(c) != "Cf")


def paginate(rows: Iterable[PrintedRow], repeated: float) -> list[list[PrintedRow]]:
    """``rows`` cut into pages. ``repeated``: points of the rows that stand above every page.

    A row that opens a page has its ``again`` rows above it. Glued rows stay with the next row, unless together they take
    more than half a page.
    """
    pages: list[list[PrintedRow]] = [[]]
    room, used = PAGE - repeated, 0.0
    for chunk in _chunks(rows, room):
        height = sum(one.height for one in chunk)
        if used + height > room and pages[-1]:
            if chunk == [BLANK]:
                continue
            opening = list(chunk[0].again)
            pages.append(opening)
            used = sum(one.height for one in opening)
        pages[-1].extend(chunk)
        used += height
    return pages


def _chunks(rows: Iterable[PrintedRow], room: float) -> Iterable[list[PrintedRow]]:
    """Rows that stay together on one page."""
    chunk: list[PrintedRow] = []
    for one in rows:
        chunk.append(one)
        if not one.glued or sum(part.height for part in chunk) > room / 2:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
