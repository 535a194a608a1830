"""Numbers of workbooks, with what their formats make of them: days, times, durations, or what is shown."""

import re
import struct
from collections.abc import Container, Mapping, Sequence

from pipeline.cells.formats import BUILTIN, GENERAL, LONGEST_CODE, always_plain, has_clock, typed
from pipeline.cells.model import Cell, ErrorCell, ShownCell
from pipeline.reading.sheets import unreadable

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
"""Error codes of both binary formats."""

_MOST_KNOWN = 100_000
_REAL = struct.Struct("<d")
_TRUSTED = re.compile(
    r"General|(?:#,##)?0(?:\.0+)?|h{1,2}:mm(?::ss)?|\[h{1,2}\]:mm(?::ss)?|d{1,2}[/.-]m{1,2}[/.-]yy(?:yy)?(?: h{1,2}:mm)?(?:;@)?"
)
"""Formats so common that every reader takes them for what they are."""


class Formats:
    """What the formats of a workbook make of its numbers.

    A cell names its style, a style names its format. ``codes``: the formats that the workbook itself writes, by number;
    ``styles``: the number of the format of each style; ``reader_knows``: numbers under which the fast reader sees them.
    """

    def __init__(
        self,
        styles: Sequence[int],
        codes: Mapping[int, str],
        reader_knows: Container[int] = range(1 << 16),
        *,
        epoch_1904: bool = False,
    ) -> None:
        if any(len(code) > LONGEST_CODE for code in codes.values()):
            raise unreadable("damaged_workbook")
        self._epoch = epoch_1904
        found = {style: codes.get(number, BUILTIN.get(number, GENERAL)) for style, number in enumerate(styles)}
        self.untrusted = {
            style
            for style, code in found.items()
            if styles[style] in codes and not (styles[style] in reader_knows and _TRUSTED.fullmatch(code))
        }
        """Styles of which the fast reader may think otherwise: it must be given their numbers plain."""
        self.looks = {style: code for style, code in found.items() if not always_plain(code)}
        """Style → format, of those that may show a number otherwise than the fast reader gives it."""
        self.watched = {style for style, code in self.looks.items() if style in self.untrusted or not has_clock(code)}
        """Styles of ``looks`` whose numbers above zero the fast reader may take for something else, too."""
        self._known: dict[tuple[int, float], Cell] = {}

    def cell(self, style: int, value: float) -> Cell:
        """Return the cell of ``value`` in ``style``."""
        code = self.looks.get(style)
        if code is None:
            return value
        key = style, value
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = typed(value, code, epoch_1904=self._epoch)
        return self._known[key]

    def corrected(self, style: int, value: float) -> Cell:
        """Return the cell of ``value`` in ``style``, None where the fast reader gives the same."""
        cell = self.cell(style, value)
        plain = (
            isinstance(cell, int | float) if style in self.untrusted else not isinstance(cell, ErrorCell | ShownCell)
        )
        return None if plain else cell


def rk_number(value: int) -> float:
    """Return the number that 32 bits hold: a whole one or half a real one, perhaps in hundredths."""
    number: float
    if value & 2:
        number = value >> 2
    else:
        (number,) = _REAL.unpack(struct.pack("<Q", (value & 0xFFFFFFFC) << 32))
    if not value & 1:
        return number
    return number // 100 if value & 2 and not number % 100 else number / 100
