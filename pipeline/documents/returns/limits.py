"""What comes back for one deposit has limits, as what is read has: the most useful is kept, the rest is counted and said first.

Source: spec §7. Everything is kept as long as it fits, and then nothing here changes a byte. Beyond, ``Room`` is filled with what
is the most useful to who corrects the file (``model``), and ``coupe`` in rapport.json counts what is left out. Nothing is lost by
it: the whole original, corrected and dropped again, works as well.
"""

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline import jsonfile
from pipeline.documents.wording import cut

MOST = 20_000_000
"""Bytes that come back for one deposit: rapport.html, rapport.json and a-corriger.xlsx together."""
PAGE = 2_000_000
"""Bytes of them that the page may take; ``view.ROOM`` sees to it."""
FRAME = 200_000
"""Bytes of the workbook around its lines: styles, drop-down lists, instructions."""
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

# What a part of the workbook takes once packed, beside its texts, at most (tests/documents/returns/test_limits.py).
_ROW, _CELL, _TEXT, _COMMENT = 60, 10, 10, 120


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


class Packed:
    """What lines take in the workbook: at most, and close to it, for their texts are packed here as they will be there."""

    def __init__(self) -> None:
        self._texts: set[str] = set()
        self._packer = zlib.compressobj()
        self._comments = 0

    def line(self, cells: Iterable[Mapping[str, Any]], faults: Iterable[Mapping[str, Any]] = ()) -> int:
        """Bytes of one line: its cells, what to do, its comments."""
        typed = list(cells)
        size = _ROW + _CELL * len(typed) + self.texts(typed)
        for fault in faults:
            said = self._size(cut(f"{fault['titre']}{fault['message']}{fault['geste']}", SAID))
            size += said
            if self._comments < COMMENTS:
                size, self._comments = size + said + _COMMENT, self._comments + 1
        return size

    def texts(self, cells: Iterable[Mapping[str, Any]]) -> int:
        """Bytes of what stands in ``cells``: numbers, and texts that are not there yet."""
        values = [cell["v"] for cell in cells]
        new = [text for text in dict.fromkeys(v for v in values if isinstance(v, str)) if text not in self._texts]
        self._texts.update(new)
        numbers = [str(v) for v in values if not isinstance(v, str)]
        return _TEXT * len(new) + self._size("".join([*new, *numbers]))

    def _size(self, text: str) -> int:
        data = self._packer.compress(text.encode("utf-8", "replace")) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        return len(data) + len(data) // 16  # the marks between texts make them pack a little worse


def blank_cells(rows: int, columns: int) -> int:
    """Bytes that ``rows`` of ``columns`` take in the workbook beside their texts."""
    return rows * columns * _CELL


def weight(report: Mapping[str, Any]) -> int:
    """Lines, findings and cells of a report: what it costs to have it in memory."""
    cells = sum(len(line.get("cellules", ())) + len(line.get("autres", ())) for line in report["lignes"])
    return len(report["lignes"]) + len(report["constats"]) + cells
