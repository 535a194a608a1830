"""What a number format shows of a number, as far as one may be sure of it. Pure; knows no file. Source: contract §4.

A number format is what a spreadsheet program keeps beside a number to show it: ``0.00``, ``dd/mm/yyyy``, ``"S"00``. An
identifier typed as a number is what its author sees, so it is read as shown, or not at all.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from functools import lru_cache

from pipeline.cells.model import Cell, ErrorCell, ShownCell
from pipeline.cells.text import DIGITS_OF_A_NUMBER, number

Number = int | float

GENERAL = "General"
BUILTIN: dict[int, str] = {
    **{0: GENERAL, 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?"},
    **{13: "# ??/??", 14: "mm-dd-yy", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM"},
    **{20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm", 37: "#,##0 ;(#,##0)", 38: "#,##0 ;[Red](#,##0)"},
    **{39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;[Red](#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mmss.0"},
    **{48: "##0.0E+0", 49: "@"},
}
"""The formats that a workbook may use by number without writing them. Others are what the workbook says, else ``General``."""


HASHES = "########"
"""What Excel shows of a number that is no day and no time: below zero, or beyond the year 9999."""
_MILLISECONDS = 86_400_000  # of a day
_DAYS = 2_958_466  # 1 January 10000, in days of 1900
_DAYS_1900_TO_1904 = 1462
_LONGEST = 10**6  # days


class Timed(Enum):
    """How a date format shows a number."""

    DATE = "date"  # a day, a time of day, or both
    ELAPSED = "elapsed"  # a duration: hours beyond 24 go on counting


_TOKENS = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|\[(?P<bracket>[^\]]*)\]|_(?P<width>.)|\*(?P<fill>.)|'
    r"(?P<general>general|standard)|(?P<clock>am/pm|a/p|[ymdhs]+)|(?P<era>[gb]+|e(?![+-]))|(?P<exponent>e[+-])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9.]+(?:E[+-]?[0-9]+)?)", re.IGNORECASE)
_COLOUR = re.compile(r"black|blue|cyan|green|magenta|red|white|yellow|color ?[0-9]+", re.IGNORECASE)
_CURRENCY = re.compile(r"\$([^-]*)(?:-0*([0-9A-Fa-f]{0,6}))?")
LONGEST_CODE = 255
"""Characters of a format that Excel opens."""
_MOST_CODES = 4096  # kept in mind
_PLACES = frozenset("0#?")
_BEHIND_ZERO = "~"
"""A place for a digit if there is one, behind a zero: Excel shows a zero there, LibreOffice nothing."""
_AS_IT_IS = frozenset(" $€£¥+-():^&'~{}<>=°\u00a0\u202f")
"""Signs that show themselves without quotes."""
_SPACES = frozenset(" \u00a0\u2009\u202f")
_TEXT_SIGN = "@"
_WIDEST_GENERAL = 10**11
"""From here on ``General`` shows an exponent."""


@dataclass
class _Section:
    """One part of a format code, of those that ``;`` sets apart.

    ``pieces``: the digits' places and the texts between them, in order. ``decimals``: places behind the decimal point.
    ``sure``: nothing in it is beyond us.
    """

    pieces: list[tuple[bool, str]]  # whether it is a digit's place; that sign, or the text
    decimals: int = 0
    point: bool = False
    grouped: bool = False
    exponent: bool = False
    general: bool = False
    clock: Timed | None = None
    condition: tuple[str, float] | None = None
    sure: bool = True

    def places(self) -> int:
        """How many digits have a place of their own."""
        return sum(is_place for is_place, _ in self.pieces)

    def texts(self) -> str:
        """Everything it adds to the digits but spaces."""
        return "".join(c for is_place, text in self.pieces if not is_place for c in text if c not in _SPACES)


@lru_cache(_MOST_CODES)
def sections(code: str) -> tuple[_Section, ...]:
    """Return the parts of ``code``: for numbers above zero, below, and zero; a part with a condition is for what meets it."""
    if len(code) > LONGEST_CODE:
        return (_Section([], sure=False),)
    parts: list[list[re.Match[str]]] = [[]]
    for token in _TOKENS.finditer(code):
        if token["other"] == ";":
            parts.append([])
        else:
            parts[-1].append(token)
    found = [_section(part) for part in parts]
    if len(found) > 1 and any(t["other"] == _TEXT_SIGN for t in parts[-1]):
        found.pop()  # what it does to texts
    return tuple(found[:3])


def _section(tokens: list[re.Match[str]]) -> _Section:
    section = _Section([])
    for token in tokens:
        _take(section, token.lastgroup or "", token)
    zero = False
    for i, (is_place, sign) in enumerate(section.pieces):
        zero = zero or (is_place and sign == "0")
        if is_place and zero and sign != "0":
            section.pieces[i] = (True, _BEHIND_ZERO)
    return section


def _take(section: _Section, group: str, token: re.Match[str]) -> None:
    text = token[group]
    match group:
        case "quoted" | "escaped":
            section.pieces.append((False, text))
        case "bracket":
            _take_bracket(section, text)
        case "width":
            section.pieces.append((False, " "))
        case "fill":
            section.sure = section.sure and text in _SPACES
        case "general":
            section.general = True
            _take_whole(section)
        case "clock" | "era":
            section.clock = section.clock or Timed.DATE
        case "exponent":
            section.exponent = True
        case _:
            _take_sign(section, text)


def _take_sign(section: _Section, sign: str) -> None:
    if sign in _PLACES and section.point:
        section.decimals += 1
    elif sign in _PLACES:
        section.pieces.append((True, sign))
    elif sign == ".":
        section.point = True
    elif sign == ",":
        section.grouped = True
        section.pieces.append((False, ","))
    elif sign == _TEXT_SIGN:
        section.exponent = True  # as there: the number itself, and with a text beside it programs differ
        _take_whole(section)
    elif sign in _AS_IT_IS:
        section.pieces.append((False, sign))
    else:
        section.sure = False  # percent, fraction, a letter that some program takes for itself


def _take_whole(section: _Section) -> None:
    """A sign that stands for the whole number: nothing else may."""
    section.sure = section.sure and not section.places()
    section.pieces.append((True, "0"))


def _take_bracket(section: _Section, text: str) -> None:
    if _ELAPSED.fullmatch(text):
        section.clock = Timed.ELAPSED
    elif found := _CONDITION.fullmatch(text):
        try:
            section.condition = found[1], float(found[2])
        except ValueError:
            section.sure = False
    elif (found := _CURRENCY.fullmatch(text)) and len(found[2] or "") <= 4:
        section.pieces.append((False, found[1]))  # a longer locale writes the digits of another script
    elif text.upper() in ("$-F400", "$-F800"):  # time and day as the system writes them
        section.clock = section.clock or Timed.DATE
    elif not _COLOUR.fullmatch(text):
        section.sure = False


_MEETS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
}


def _section_of(value: Number, parts: tuple[_Section, ...]) -> int | None:
    """Place of the part that shows ``value``; None where programs may differ."""
    if any(part.condition for part in parts):
        for i, part in enumerate(parts):
            if part.condition is None:
                return i if i == len(parts) - 1 else None
            if _MEETS[part.condition[0]](value, part.condition[1]):
                return i
        return None
    if value < 0 and len(parts) > 1:
        return 1
    return 2 if value == 0 and len(parts) > 2 else 0


@lru_cache(_MOST_CODES)
def has_clock(code: str) -> bool:
    """Whether ``code`` shows some numbers, if not all, as dates or times."""
    return any(part.clock for part in sections(code))


def clock(value: Number, code: str) -> Timed | None:
    """Return how ``code`` shows ``value`` when it makes a date or a time of it, None when it shows a number."""
    if not has_clock(code):
        return None
    parts = sections(code)
    place = _section_of(value, parts)
    if place is None:  # between two, a time is the one of which another unit would change what is read
        return next(part.clock for part in parts if part.clock)
    return parts[place].clock


@lru_cache(_MOST_CODES)
def always_plain(code: str) -> bool:
    """Whether ``code`` shows every number by its own digits, as ``General`` does: no number need be looked at."""
    parts = sections(code)
    return len(parts) == 1 and _plain_section(parts[0]) and (parts[0].general or parts[0].exponent)


@lru_cache(_MOST_CODES)
def plain_above_zero(code: str) -> bool:
    """Whether ``code`` shows every whole number above zero by its own digits, as ``0.00`` does: such numbers need no look."""
    parts = sections(code)
    part = parts[0]
    zeros = sum(is_place and sign in ("0", _BEHIND_ZERO) for is_place, sign in part.pieces)
    return _plain_section(part) and zeros <= 1 and not any(other.condition for other in parts)


def _plain_section(part: _Section) -> bool:
    return part.sure and part.clock is None and not part.texts().replace(",", "") and _shows_digits(part)


def _shows_digits(part: _Section) -> bool:
    return part.places() > 0 and not _scales(part)


def _scales(part: _Section) -> bool:
    """Whether a comma behind the last place divides the number by a thousand."""
    after = [text for is_place, text in part.pieces[_last_place(part) + 1 :]]
    return part.grouped and "," in after


def _last_place(part: _Section) -> int:
    return max((i for i, (is_place, _) in enumerate(part.pieces) if is_place), default=-1)


def typed(value: Number, code: str, *, epoch_1904: bool = False) -> Cell:
    """Return the cell of ``value`` shown through ``code``: a day, a time, a duration, the number, or what is shown of it."""
    kind = clock(value, code)
    return as_shown(value, code) if kind is None else moment(value, kind, epoch_1904=epoch_1904)


def moment(value: Number, kind: Timed, *, epoch_1904: bool = False) -> Cell:
    """Return ``value``, a count of days, as a duration, a time, a day or both; an error where Excel has none to show."""
    if kind is Timed.ELAPSED or (epoch_1904 and -1 < value < 0):
        held = abs(value) < _LONGEST
        return timedelta(milliseconds=round(value * _MILLISECONDS)) if held else ErrorCell(HASHES)
    if not 0 <= value < _DAYS - (_DAYS_1900_TO_1904 if epoch_1904 else 0):
        return ErrorCell(HASHES)
    days, rest = divmod(round(value * _MILLISECONDS), _MILLISECONDS)
    clock_time = (datetime.min + timedelta(milliseconds=rest)).time()
    if days == 0:
        return clock_time
    # In days of 1900 there is a 29 February that never was: number 60.
    first = date(1904, 1, 1) if epoch_1904 else date(1899, 12, 31 if days < 60 else 30)
    day = first + timedelta(days=days)
    return day if clock_time == time() else datetime.combine(day, clock_time)


def as_shown(value: Number, code: str) -> Number | ShownCell:
    """Return ``value`` where ``code`` shows it by its own digits, else what it shows.

    Grouping, decimals of a whole number and exponents are its own digits. Zeros and texts around a whole number are shown;
    anything else (percent, a rounded number, a sign or a condition turned into text) is a ``ShownCell`` that shows None.
    ``code`` shows no date of it (``clock``).
    """
    if always_plain(code) or (value > 0 and plain_above_zero(code) and float(value).is_integer()):
        return value
    plain = number(value)
    if plain is None or abs(value) >= 10**DIGITS_OF_A_NUMBER:
        return value  # its last digits are lost, which is said wherever it is read as text
    parts = sections(code)
    place = _section_of(value, parts)
    text = None if place is None else _text(value, parts[place], signed=place == 0 or len(parts) == 1)
    if text is not None and "".join(c for c in text if c not in _SPACES) == plain:
        return value
    return ShownCell(value, text if value >= 0 else None)


def _text(value: Number, part: _Section, *, signed: bool) -> str | None:
    """What ``part`` shows of ``value``, None where that is not sure, or not all of the number."""
    if not part.sure or part.clock or not _shows_digits(part):
        return None
    sign = "-" if value < 0 and signed else ""
    exact = abs(Decimal(number(value) or 0))
    if part.exponent or (part.general and not part.texts()):
        return None if part.texts() else f"{sign}{exact}"
    if part.general and exact >= _WIDEST_GENERAL:
        return None
    rounded = exact.quantize(Decimal(1).scaleb(-part.decimals), rounding=ROUND_HALF_UP)
    if rounded != exact:
        return None
    whole = int(exact)
    digits = _filled(str(whole) if whole else "", part)
    if digits is None:
        return None
    if part.grouped:
        digits = digits if digits.replace(",", "").strip() == str(whole) else ""
        digits = digits.replace(",", "")
    if not digits.strip() or (part.point and "".join(digits.split()) != str(whole)):
        return None  # nothing is shown, or a text with a decimal mark, which is not the same everywhere
    decimals = f"{exact - whole}"[1:].rstrip("0").rstrip(".") if exact != whole else ""
    return f"{sign}{digits}{decimals}"


def _filled(digits: str, part: _Section) -> str | None:
    """The whole ``digits`` in the places of ``part``, from the right; the first place takes all that are left.

    None where programs differ.
    """
    shown: list[str] = []
    left, places = digits, part.places()
    for is_place, sign in reversed(part.pieces):
        if not is_place:
            shown.append(sign)
            continue
        places -= 1
        taken = left[-1:] if places else left
        left = left[: len(left) - len(taken)]
        if not taken and sign == _BEHIND_ZERO:
            return None
        shown.append(taken or {"0": "0", "?": " ", "#": ""}[sign])
    return "".join(reversed(shown))
