"""How texts are made alike before they are compared, sorted or shown: one function for each need.

From the one that keeps most to the one that keeps least: ``tidy`` (to show), ``key`` (numbers), ``plain`` (names, to
sort), ``unspaced`` (values of a closed list), ``folded`` (headings, statuses, reasons). Source: contract §3, §4.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a child that reads deposits has no use for pandas
    import pandas as pd

_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[^a-z0-9]+")


def tidy(text: str) -> str:
    """Return ``text`` in NFC and trimmed, each run of spaces (NBSP, thin spaces, line breaks) made one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def key(text: str) -> str:
    """Return the form in which two numbers of DSF, convention, PIF, séquence, absence or DE are the same number.

    Tidied, without case. Everything else counts: such a number is opaque.
    """
    return tidy(text).casefold()


def keys(texts: "pd.Series[str]") -> "pd.Series[str]":
    """Return ``key`` of each text of a column; missing stays missing. Each distinct text is folded once."""
    distinct: Iterable[str] = texts.dropna().unique()
    return texts.map({text: key(text) for text in distinct}).astype("str")


def plain(text: str) -> str:
    """Return ``text`` without case and accents: « Édouard » sorts beside « Edouard »."""
    if text.isascii():
        return text.lower()
    letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return letters.casefold()


def unspaced(text: str) -> str:
    """Return ``plain`` without spaces, punctuation kept: « Inter médiaire » → intermediaire; « oui? » is not « oui »."""
    return "".join(plain(text).split())


def folded(text: str) -> str:
    """Return the letters and digits of ``plain``: « Validée par Pôle-emploi » → valideeparpoleemploi."""
    if text.isascii():
        return _NEITHER_LETTER_NOR_DIGIT.sub("", text.lower())
    return "".join(c for c in plain(text) if c.isalnum())


def words(name: str) -> frozenset[str]:
    """Return the words of a name, each ``folded``, in no order: « Marie-Ève Le Goff » → marie, eve, le, goff."""
    return frozenset("".join(c if c.isalnum() else " " for c in plain(name)).split())
