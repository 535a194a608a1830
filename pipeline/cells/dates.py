"""Dates, in the forms that have one reading. A two-digit year or a month-first order is never guessed. Source: contract §4."""

import re
from datetime import date, datetime, time, timedelta

from pipeline.cells import text as texts
from pipeline.cells.model import Cell

FIRST_YEAR = 1950
"""A date before it comes from a damaged serial number (0, 60, negative), never from a training."""
LAST_YEAR = 2100

_SERIALS_1900 = range(41300, 50100)
"""Bare numbers that are a day count and nothing else (2013 to 2037): beyond, 30524 may be 03/05/24 run together."""
_DAYS_1900_TO_1904 = 1462

_DAY_FIRST = re.compile(r"(\d{1,2}) ?([/.-]) ?(\d{1,2}) ?\2 ?(\d{1,4})", re.ASCII)
_ISO = re.compile(r"(\d{4})([/.-])(\d{1,2})\2(\d{1,2})", re.ASCII)
_CLOCK = re.compile(r"(.*?)[ t](\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?", re.ASCII)
_WORDS = re.compile(r"(?:[a-z]+ )?(\d{1,2})(?:er)?[ -]([a-zéû]+)\.?[ -](\d{4})")
_MONTHS = ("jan", "fév", "mar", "avr", "mai", "jui", "jul", "aoû", "sep", "oct", "nov", "déc")

Read = tuple[date | None, str]
_UNREADABLE: Read = (None, "")


def read_date(cell: Cell, *, epoch_1904: bool = False) -> Read:
    """Return ``cell`` as a date and a note, or (None, note) where it cannot be read.

    The note is empty, or holds the form to type instead, as dd/mm/yyyy, or the month that has no such day, as yyyy-mm. A time of
    day other than midnight is refused: 23:00 may be the next day in another time zone. ``epoch_1904``: bare numbers count days
    from 1904.
    """
    if isinstance(cell, datetime):
        return _within(cell.date()) if cell.time() == time() else (None, texts.day(cell.date()))
    if isinstance(cell, date):
        return _within(cell)
    if isinstance(cell, bool):
        return _UNREADABLE
    if isinstance(cell, int | float):
        return _from_serial(cell, epoch_1904)
    return _from_text(cell) if isinstance(cell, str) else _UNREADABLE


def _within(day: date) -> Read:
    return (day, "") if FIRST_YEAR <= day.year <= LAST_YEAR else _UNREADABLE


def _from_serial(number: float, epoch_1904: bool) -> Read:
    if number != int(number) if abs(number) < 1e9 else True:
        return _UNREADABLE
    serial = int(number) + (_DAYS_1900_TO_1904 if epoch_1904 else 0)
    if serial not in _SERIALS_1900:
        return _UNREADABLE
    return date(1899, 12, 30) + timedelta(days=serial), ""


def _from_text(text: str) -> Read:
    text = " ".join(text.split()).lower()
    clock = _CLOCK.fullmatch(text)
    if clock:
        day, note = _from_text(clock[1]) if not _CLOCK.fullmatch(clock[1]) else _UNREADABLE
        midnight = not any(int(part) for part in clock.groups()[1:] if part)
        return (day, note) if midnight or day is None else (None, texts.day(day))
    if found := _DAY_FIRST.fullmatch(text):
        return _from_parts(found[4], found[3], found[1])
    if found := _ISO.fullmatch(text):
        return _from_parts(found[1], found[3], found[4])
    if found := _WORDS.fullmatch(text):
        return None, _words_note(found)
    return _UNREADABLE


def _from_parts(year: str, month: str, day: str) -> Read:
    if len(year) == 4:
        read = _date(int(year), int(month), int(day))
        if read is not None:
            return _within(read)
        month_first = _date(int(year), int(day), int(month))  # 02/13/2025: no month 13, so the month came first
        return None, texts.day(month_first) if month_first else _month_without(int(year), int(month), int(day))
    if len(year) == 2:
        # The form to use, not a guess: its author sees whether the century is right.
        full = _date(2000 + int(year), int(month), int(day))
        return None, texts.day(full) if full else ""
    return _UNREADABLE


def _month_without(year: int, month: int, day: int) -> str:
    """The month of a day that it does not have, such as 31/04/2025."""
    possible = FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and 28 < day <= 31
    return f"{year}-{month:02d}" if possible else ""


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _words_note(found: re.Match[str]) -> str:
    word = found[2]
    prefix = {
        "juillet": "jul",
        "juil": "jul",
        "fev": "fév",
        "fevrier": "fév",
        "aout": "aoû",
        "decembre": "déc",
        "dec": "déc",
    }
    stem = prefix.get(word, word[:3])
    if stem not in _MONTHS:
        return ""
    day = _date(int(found[3]), _MONTHS.index(stem) + 1, int(found[1]))
    return texts.day(day) if day else ""
