"""How texts are made alike before they are compared, sorted or shown: one function for each need.

From what keeps the most to what keeps the least: ``tidy`` (shown), ``key`` (numbers), ``plain`` (names, sorted),
``unspaced`` (values of a closed list), ``folded`` (headings, statuses, reasons). Each gives back what it gave.
Source: spec §3, §4.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a child that reads deposits has no use for pandas
    import pandas as pd

_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[^a-z0-9]+")


def tidy(text: str) -> str:
    """``text`` in NFC, trimmed, each run of spaces (NBSP, thin spaces, line breaks) one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def key(text: str) -> str:
    """The form under which two numbers of DSF, convention, PIF, séquence, absence or DE are the same number.

    Tidy and without case; all else counts, for such a number is opaque.
    """
    return tidy(text).casefold()


def keys(texts: "pd.Series[str]") -> "pd.Series[str]":
    """``key`` over a column of texts; missing stays missing. Each distinct text is folded once."""
    distinct: Iterable[str] = texts.dropna().unique()
    return texts.map({text: key(text) for text in distinct}).astype("str")


def plain(text: str) -> str:
    """``text`` without case and accents: « Édouard » sorts beside « Edouard »."""
    if text.isascii():
        return text.lower()
    letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return letters.casefold()


def unspaced(text: str) -> str:
    """``plain`` without any space, punctuation kept: « Inter médiaire » → intermediaire, « oui? » is not « oui »."""
    return "".join(plain(text).split())


def folded(text: str) -> str:
    """``plain``, letters and digits only: « Validée par Pôle-emploi » → valideeparpoleemploi."""
    if text.isascii():
        return _NEITHER_LETTER_NOR_DIGIT.sub("", text.lower())
    return "".join(c for c in plain(text) if c.isalnum())


def words(name: str) -> frozenset[str]:
    """The words of a name, each ``folded``, whatever their order: « Marie-Ève Le Goff » → marie, eve, le, goff."""
    return frozenset("".join(c if c.isalnum() else " " for c in plain(name)).split())
