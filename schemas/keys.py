"""How numbers are compared: opaque text, trimmed, without regard to case. Source: spec §3."""

import unicodedata
from collections.abc import Iterable

import pandas as pd


def key(text: str) -> str:
    """The form under which two numbers of DSF, convention, PIF, séquence, absence or DE are the same number."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


def keys(texts: "pd.Series[str]") -> "pd.Series[str]":
    """``key`` over a column of texts; missing stays missing. Each distinct text is folded once."""
    distinct: Iterable[str] = texts.dropna().unique()
    return texts.map({text: key(text) for text in distinct}).astype("str")
