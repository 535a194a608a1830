"""What one cell of an ods holds: the value its type announces, unless the file says another thing of it.

The type decides, then the format it is shown through. A cell of which the file says two things has no value.
"""

import re
from datetime import date, datetime, time, timedelta

from pipeline.cells import formats
from pipeline.cells.formats import Timed
from pipeline.cells.model import Cell, ErrorCell, FormulaCell, ShownCell
from pipeline.reading.odfxml import Attributes
from schemas.noticed import Noticed

Value = str | int | float | bool | date | datetime | time | timedelta | ShownCell | ErrorCell | None

_DURATION = re.compile(r"(-?)P(?:(\d{1,7})D)?T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:[.,](\d+))?S)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?", re.ASCII)
_ERROR_TEXT = re.compile(r"#[A-ZÉ0-9/]+[!?]?|Err:\d+")
_VALUE, _DATE, _TIME = "office:value", "office:date-value", "office:time-value"
_BOOLEAN, _STRING = "office:boolean-value", "office:string-value"
_ALL = frozenset((_VALUE, _DATE, _TIME, _BOOLEAN))
_OTHERS = {
    **{kind: _ALL - {_VALUE} for kind in ("float", "percentage", "currency")},
    **{"date": _ALL - {_DATE}, "time": _ALL - {_TIME}, "boolean": _ALL - {_BOOLEAN}, "string": _ALL, "": _ALL},
}
"""Type → the values that a cell of this type has no use for."""
_DAY_ZERO = datetime(1899, 12, 31)  # as in a workbook of 1900: a time over 24 h is one of the first days of that year
_A_DAY = timedelta(days=1)
_CALC_TYPE = "calcext:value-type"
_MORE = _ALL | {_STRING, "table:formula"}


class _ContradictionError(Exception):
    """The file says two things of this cell."""


def is_plain_text(attributes: Attributes) -> bool:
    """Whether the cell is a text and nothing besides, as most are: what stands in it is what it holds."""
    return (
        attributes.get("office:value-type") == "string"
        and attributes.get(_CALC_TYPE, "string") == "string"
        and attributes.keys().isdisjoint(_MORE)
    )


def cell_value(attributes: Attributes, text: str, code: str | None, day_zero: date) -> Cell:
    """Return the cell as typed, None where it holds nothing.

    ``text``: what stands in it. ``code``: how it is shown (``odfstyles``), None where nothing is said of it. ``day_zero``: what
    the dates of the file count from.
    """
    kind = attributes.get("office:value-type", "")
    formula = "table:formula" in attributes
    if attributes.get(_CALC_TYPE) == "error" or (formula and _ERROR_TEXT.fullmatch(text)):
        return ErrorCell(text or "#N/A")
    try:
        value = _typed(kind, attributes, text, code, day_zero)
    except (_ContradictionError, KeyError, ValueError, OverflowError):
        return _contradictory(attributes, text)
    if formula and not kind:
        return FormulaCell(value or None)
    return FormulaCell(value) if formula else None if value == "" else value


def _contradictory(attributes: Attributes, text: str) -> ErrorCell:
    said = [text, *(attributes[name] for name in (*sorted(_ALL), _STRING) if name in attributes)]
    return ErrorCell(" / ".join(dict.fromkeys(filter(None, said))), Noticed.CONTRADICTORY)


def _typed(
    kind: str, attributes: Attributes, text: str, code: str | None, day_zero: date
) -> str | int | float | bool | date | datetime | time | timedelta | ShownCell:
    others = _OTHERS.get(kind)
    if others is None or attributes.get(_CALC_TYPE, kind) != kind:
        return _of_no_type(attributes, text)
    if not others.isdisjoint(attributes):
        raise _ContradictionError
    match kind:
        case "string" | "":
            return _string(attributes, text, code)
        case "date":
            return _date(attributes[_DATE], code)
        case "time":
            return _time(_duration(attributes[_TIME]), code)
        case "boolean":
            return _boolean(attributes[_BOOLEAN])
    return _number(_as_float(attributes[_VALUE]), text, code, day_zero)


def _of_no_type(attributes: Attributes, text: str) -> str:
    """A type that is not known, or none: such a cell holds nothing, and must not say that it does."""
    if text.strip() or not _ALL.isdisjoint(attributes) or attributes.get(_STRING):
        raise _ContradictionError
    return ""


def _string(attributes: Attributes, text: str, code: str | None) -> str:
    """The text of the cell. Where its format adds to it what is shown, the text itself stands apart."""
    own = attributes.get(_STRING)
    if not own:
        return text
    if text and " ".join(own.split()) != " ".join(text.split()) and (code is None or "@" not in code or code == "@"):
        raise _ContradictionError
    return own


def _boolean(text: str) -> bool | ShownCell:
    """``true`` or ``false``; LibreOffice writes the number where a cell that shows VRAI holds another one."""
    if text in ("true", "false"):
        return text == "true"
    number = _as_float(text)
    return bool(number) if number in (0, 1) else ShownCell(number, None)


def _as_float(text: str) -> float:
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def _number(
    number: float, text: str, code: str | None, day_zero: date
) -> float | bool | ShownCell | date | datetime | time | timedelta:
    """The number, or the time or day that its format makes of it, as a workbook of Excel has them.

    Of a yes or no that LibreOffice took from an xlsx, its ods holds the number, and the word that it shows.
    """
    if code is None or formats.always_plain(code):
        return bool(number) if number in (0, 1) and text.isalpha() else number
    clock = formats.clock(number, code)
    if clock is None:
        return formats.as_shown(number, code)
    if clock is Timed.ELAPSED or (clock is Timed.DATE and "y" not in code):
        return _time(timedelta(days=number), code)
    moment = datetime.combine(day_zero, time()) + timedelta(milliseconds=round(number * 86_400_000))
    return moment.date() if moment.time() == time() else moment


def _date(text: str, code: str | None) -> date | datetime:
    if code is not None and not formats.has_clock(code):
        raise _ContradictionError
    if _DAY.fullmatch(text):
        return date.fromisoformat(text)
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError
    moment = datetime.fromisoformat(found[1]) + timedelta(microseconds=int((found[2] or "0")[:6].ljust(6, "0")))
    return moment.date() if moment.time() == time() else moment


def _time(length: timedelta, code: str | None) -> time | datetime | timedelta:
    """A time of day where it is less than a day, as workbooks of Excel have it, else a duration.

    Only a format that counts hours beyond 24 shows a longer one, or one below zero; through another, 26:30 shows as 02:30 and
    is a moment of the first days, which has two readings.
    """
    clock = Timed.DATE if code is None else formats.clock(length / _A_DAY, code)
    if clock is None:
        raise _ContradictionError
    if timedelta() <= length < _A_DAY:
        return (datetime.min + length).time()
    return length if clock is Timed.ELAPSED else _DAY_ZERO + length


def _duration(text: str) -> timedelta:
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
    return -length if sign else length
