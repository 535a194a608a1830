"""How a sentence says a number of things, days, and months, in French and English: rules and documents say them alike."""

from datetime import date
from decimal import Decimal

import pandas as pd

MONTHS = {
    "fr": ("janvier février mars avril mai juin juillet août septembre octobre novembre décembre").split(),
    "en": ("January February March April May June July August September October November December").split(),
}


def is_one(count: float | Decimal, langue: str) -> bool:
    """Whether ``count`` things are said in the singular: French says so of anything below two, English of one alone."""
    return bool(-2 < count < 2) if langue == "fr" else count == 1


def form(text: str, count: float | Decimal, langue: str) -> str:
    """« un || plusieurs »: the form of ``text`` for ``count``; a text without ``||`` is its only form."""
    one, parted, many = text.partition("||")
    if not parted:
        return text
    return one.strip() if is_one(count, langue) else many.strip()


def days(first: date | None, last: date | None, langue: str) -> str:
    """« le 21/04/2025 », « du 21/04/2025 au 25/04/2025 », « depuis le… », « jusqu'au… »; in English without its article."""
    start, end = (f"{day:%d/%m/%Y}" if day else "" for day in (first, last))
    if start == end:
        return f"le {start}" if langue == "fr" else start
    if start and end:
        return f"du {start} au {end}" if langue == "fr" else f"{start} to {end}"
    if start:
        return f"depuis le {start}" if langue == "fr" else f"since {start}"
    return f"jusqu'au {end}" if langue == "fr" else f"until {end}"


def spans(first: "pd.Series[pd.Timestamp]", last: "pd.Series[pd.Timestamp]", langue: str) -> "pd.Series[str]":
    """``days`` of two columns of dates, none of them missing."""
    said = [days(start, end, langue) for start, end in zip(first, last, strict=True)]
    return pd.Series(said, index=first.index, dtype="str")
