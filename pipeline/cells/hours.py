"""Hours, in all the forms people write, as whole hundredths of an hour. No binary float arithmetic. Source: contract §4."""

import re
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from pipeline.cells import text as texts
from pipeline.cells.model import Cell

MAX_HUNDREDTHS = 9_999_999
"""Beyond 99 999,99 h a cell holds something else than hours."""

_SPACES = re.compile(r"\s+")
_UNIT = r"(?:h|hr|hrs|heure|heures)"
_DECIMAL = re.compile(rf"([+-]?)(\d+)(?:[.,](\d+))? ?{_UNIT}?", re.ASCII)
_CLOCK = re.compile(rf"([+-]?)(\d+) ?(?:{_UNIT}|:) ?(\d+) ?(?:min|mn|m|minutes)?", re.ASCII)
_CLOCK_SECONDS = re.compile(r"([+-]?)(\d+):(\d\d):(\d\d)", re.ASCII)
_MINUTES = re.compile(r"(\d+) ?(?:min|mn|minutes)", re.ASCII)
_GROUPED = re.compile(rf"([+-]?)(\d{{1,3}}(?:([ .,])\d{{3}})(?:\3\d{{3}})*)(?:([.,])(\d+))? ?{_UNIT}?", re.ASCII)

Read = tuple[int | None, str]
_UNREADABLE: Read = (None, "")


def read_hours(cell: Cell) -> Read:
    """Return ``cell`` as hundredths of an hour and a note, or (None, note) where it cannot be read.

    Half a hundredth rounds up. The note lists the readings the value may have, separated by `` / ``: for a refused value,
    the forms to type instead; for an accepted one such as ``3,30``, what else its author may have meant (3 h 30).
    """
    if isinstance(cell, bool):
        return _UNREADABLE
    if isinstance(cell, int | float):
        return _from_number(cell)
    if isinstance(cell, timedelta):
        return _bounded(_from_seconds(cell))
    if isinstance(cell, time):
        return _bounded(_from_seconds(timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second)))
    if isinstance(cell, datetime) and cell.year <= 1904:
        return None, _both_clocks(cell)
    return _from_text(cell) if isinstance(cell, str) else _UNREADABLE


def _round(hours: Decimal) -> int:
    return int((hours * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _bounded(hundredths: int, note: str = "") -> Read:
    return (hundredths, note) if abs(hundredths) <= MAX_HUNDREDTHS else _UNREADABLE


def _from_number(number: float) -> Read:
    if not abs(number) <= MAX_HUNDREDTHS:  # which NaN is not
        return _UNREADABLE
    # Fifteen digits are what the spreadsheet shows: the noise of its binary sums stands behind them.
    hours = Decimal(format(number, ".15g"))
    return _bounded(_round(hours), _minutes_note(hours))


def _from_seconds(duration: timedelta) -> int:
    # A spreadsheet keeps a time as a fraction of a day, so its last microseconds are noise.
    tenths = Decimal(duration // timedelta(microseconds=1)).scaleb(-5).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return _round(tenths / 36000)


def _both_clocks(cell: datetime) -> str:
    """Both readings of a time over 24 h in a cell that shows the time of day: 26:30 shows as 02:30."""
    rounded = cell + timedelta(milliseconds=500)
    day = (rounded - datetime(1899, 12, 31)).days if cell.year < 1904 else (rounded - datetime(1904, 1, 1)).days
    if not 0 < day < 60 or (rounded.hour == 0 and rounded.minute == 0):
        return ""
    return f"{rounded.hour} h {rounded.minute:02d} / {day * 24 + rounded.hour} h {rounded.minute:02d}"


def _minutes_note(hours: Decimal) -> str:
    """Both readings of a number whose decimals look like minutes: 3,30 → ``3,30 h / 3 h 30``."""
    whole, rest = divmod(abs(hours) * 100, 100)
    if rest != rest.to_integral_value() or not 0 < rest < 60:
        return ""
    return f"{whole},{int(rest):02d} h / {whole} h {int(rest):02d}"


def _from_text(text: str) -> Read:
    text = _SPACES.sub(" ", text).strip().lower().replace("\u2212", "-")
    grouped = _GROUPED.fullmatch(text)
    if grouped:
        return _from_grouped(grouped)
    if found := _DECIMAL.fullmatch(text):
        sign, whole, decimals = found[1], found[2], found[3] or ""
        if len(whole) > 9 or len(decimals) > 30:
            return _UNREADABLE
        hours = Decimal(f"{sign}{whole}.{decimals or 0}")
        return _bounded(_round(hours), _minutes_note(hours))
    if found := _CLOCK.fullmatch(text):
        return _from_clock(found[1], found[2], found[3], "0")
    if found := _CLOCK_SECONDS.fullmatch(text):
        return _from_clock(*found.groups())
    if found := _MINUTES.fullmatch(text):
        return None, _clock_text(int(found[1][:6]))
    return _UNREADABLE


def _from_grouped(found: re.Match[str]) -> Read:
    """``1 234,5`` has one reading. ``1.234`` has two: a thousand and more, or one and a quarter or so."""
    sign, digits, separator, mark, decimals = found.groups()
    whole = digits.replace(separator, "")
    if len(whole) > 9 or (mark == separator and mark is not None):
        return _UNREADABLE
    one_group = len(whole) <= 6
    if separator != " " and mark is None and one_group and not digits.startswith("0"):
        small = _round(Decimal(digits.replace(separator, ".")))
        return None, f"{sign}{texts.hours_to_type(small)} / {sign}{whole} h"
    if separator != " " and mark is None and one_group:
        return _bounded(_round(Decimal(sign + digits.replace(separator, "."))))
    if digits.startswith("0"):
        return _UNREADABLE
    hours = Decimal(f"{sign}{whole}.{decimals or 0}")
    return _bounded(_round(hours), _minutes_note(hours))


def _from_clock(sign: str, hours: str, minutes: str, seconds: str) -> Read:
    if len(hours) > 6:
        return _UNREADABLE
    if len(minutes) == 1:  # 7h5: five minutes, or the five of fifty
        return None, f"{sign}{int(hours)} h 0{minutes}" + (
            f" / {sign}{int(hours)} h {minutes}0" if minutes < "6" else ""
        )
    if len(minutes) != 2 or minutes >= "60" or seconds >= "60":
        return _UNREADABLE
    total = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return _bounded(_from_seconds(-total if sign == "-" else total))


def _clock_text(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02d}"
