"""How many points a text takes on paper: spreadsheet programs do not fit the height of merged cells."""

import unicodedata
from functools import cache, lru_cache

from pipeline.documents.clerk.styles import CellStyle

_WIDTHS = {
    character: thousandths / 1000
    for thousandths, characters in {
        222: "ijl'’",
        278: " !,./:;[\\]|ftI·\u00a0",
        340: '-()r{}"`°«»',
        500: "ckvsxyzJ*",
        584: "+<=>~",
        611: "FTZ",
        667: "&ABEKPSVXY",
        722: "CDHNRUw",
        778: "GOQ",
        833: "mM",
        944: "W%",
        1015: "@—…",
    }.items()
    for character in characters
}


_SHORT = 100  # characters of a text whose lines are remembered: headings and labels come again on every sheet


def text_height(text: str, room: float, style: CellStyle) -> float:
    """Points of height that ``text`` takes, wrapped in ``room`` points of width."""
    lines = (_lines if len(text) > _SHORT else _remembered_lines)(text, room, style)
    return round(lines * style.size * 1.275 + 2, 1)


@cache
def _character_width(character: str) -> float:
    """Width of one character of Arial, in parts of its size.

    Accents add nothing; a character that Arial does not have counts as wide.
    """
    plain = unicodedata.normalize("NFD", character)[0]
    return _WIDTHS.get(plain, 0.556 if ord(plain) < 0x250 else 1.0)


def _width(text: str, style: CellStyle) -> float:
    """Width of ``text`` in points, a little generous: programs differ."""
    return sum(map(_character_width, text)) * style.size * (1.12 if style.bold else 1.04)


def _lines(text: str, room: float, style: CellStyle) -> int:
    """Lines that ``text`` takes in ``room`` points, broken between words, and inside words that are too long."""
    if _width(text, style) <= room:
        return 1
    count, used = 1, 0.0
    for word in text.split(" "):
        width = _width(word, style)
        blank = _width(" ", style) if used else 0.0
        if used + blank + width <= room:
            used += blank + width
            continue
        count += 1 if used else 0
        extra = int(width // room)
        count, used = count + extra, width - extra * room
    return count


_remembered_lines = lru_cache(maxsize=5_000)(_lines)
