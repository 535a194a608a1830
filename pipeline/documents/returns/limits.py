"""What comes back for one deposit has limits, as what is read has: the most useful is kept, the rest is counted and said first.

Source: contract §7. Everything is kept as long as it fits, and then nothing here changes a byte. Beyond, ``Room`` is filled
with what
is the most useful to who corrects the file (``model``), and ``coupe`` in rapport.json counts what is left out. Nothing is lost by
it: the whole original, corrected and dropped again, works as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from pipeline import jsonfile
from pipeline.documents.wording import cut

MOST = 20_000_000
"""Bytes that come back for one deposit: rapport.html, rapport.json and the workbook to correct."""
PAGE = 1_500_000
"""Bytes of them that the page may take; ``view.ROOM`` sees to it."""
FRAME = 500_000
"""Bytes of the workbook around its lines: styles, drop-down lists, instructions, what is known of the trainees."""
LINES = MOST - PAGE - FRAME
"""Bytes for rapport.json, and for the lines of the workbook."""

LONGEST = 32_767
"""Characters of a text that are kept: what a cell of a spreadsheet holds."""
COLUMNS = 4_000
"""The sender's own columns that a sheet of the workbook may have: with ours, fewer than spreadsheet programs allow."""

COMMENTS = 3_000
"""The most cells with a comment: each is a drawing, and a spreadsheet program takes long to open thousands of them."""
SAID = 1_500
"""Characters of « Que faire », or of a comment."""

BLANK = {"t": "s", "v": ""}
"""A cell of the workbook with nothing in it; it takes room all the same."""

# What a part of the workbook takes at most once packed, beside its texts (tests/documents/returns/test_limits.py).
_ROW, _CELL, _NUMBER, _TEXT, _COMMENT = 30, 8, 10, 8, 60
_MARKS = 100  # around a cell before it is packed, at most
_WINDOW = 32_000  # how far back packing finds a text again


def kept_text(text: str) -> str:
    """``text``, cut where no cell would hold it."""
    return cut(text, LONGEST)


def in_json(entry: object, depth: int = 2) -> int:
    """Bytes that ``entry`` takes in rapport.json, ``depth`` levels deep: its comma and indentation included."""
    data = jsonfile.dumps(entry)
    return len(data) + depth * data.count(b"\n") + 1


class Room:
    """Bytes left for a deposit. Once an entry does not fit, none of the later ones does: what is kept is kept in order."""

    def __init__(self, left: int) -> None:
        self.left = left

    def takes(self, size: int) -> bool:
        """Take ``size`` bytes; False where there are not enough left, and from then on."""
        if self.left >= 0:
            self.left -= size
        return self.left >= 0


class WorkbookSize:
    """Bytes that lines take in the workbook, at most: as if no text could be packed; one that stood shortly before is free."""

    def __init__(self) -> None:
        self._written = 0
        self._texts: dict[str, int] = {}
        self._comments = 0

    def line(self, cells: Iterable[Mapping[str, Any]], faults: Sequence[Mapping[str, Any]] = ()) -> int:
        """Bytes of one line: what to do, its cells, its comments."""
        said = [cut(f"{fault['titre']} {fault['message']} {fault['geste']}", SAID) for fault in faults]
        commented = said[: max(COMMENTS - self._comments, 0)]
        self._comments += len(commented)
        comments = sum(_COMMENT + _bytes(text) for text in commented)
        expected = self._text("\n".join(fault["attendu"] for fault in faults))
        return _ROW + self._text("\n".join(said)) + expected + sum(map(self._cell, cells)) + comments

    def _cell(self, cell: Mapping[str, Any]) -> int:
        value = cell["v"]
        if isinstance(value, str):
            return _CELL + self._text(value)
        self._written += _MARKS
        return _CELL + _NUMBER

    def _text(self, text: str) -> int:
        before, self._texts[text] = self._texts.get(text), self._written
        self._written += _MARKS + _bytes(escape(text, quote=False))
        if before is not None and self._written - before < _WINDOW:
            return 0
        return _TEXT + _bytes(text)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def left_out(report: Mapping[str, Any], name: str) -> int:
    """How many of what ``coupe`` calls ``name`` are left out of a report."""
    return int(report.get("coupe", {}).get(name, 0))


def to_correct(report: Mapping[str, Any]) -> tuple[int, int]:
    """Lines that the workbook has, and rejected and held ones that there are."""
    whole = report["comptes"]["rejetees"] + report["comptes"]["retenues"]
    return whole - left_out(report, "lignes_a_corriger"), whole


def weight(report: Mapping[str, Any]) -> int:
    """Lines, findings and cells of a report: what it costs to have it in memory."""
    cells = sum(len(line.get("cellules", ())) + len(line.get("autres", ())) for line in report["lignes"])
    return len(report["lignes"]) + len(report["constats"]) + cells
