"""Texts made alike: what is the same is found the same, what differs stays apart, and folding twice changes nothing."""

import unicodedata

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.extracts import STATUTS_VALIDES, is_validated
from schemas.folding import folded, key, keys, plain, tidy, unspaced, words
from tests.schemas.rules.good import fires, hours

EVERY = (tidy, key, plain, unspaced, folded)
letters = st.text(st.characters(categories=["L", "N", "P", "S", "Z", "M"]), max_size=12) | st.text(max_size=12)


@pytest.mark.parametrize("fold", [tidy, plain, unspaced, folded])
@given(text=letters)
@example(text="℡ ß ẞ ŉ ﬁ İ ı")
@example(text="ᾳ\u0345 \u0345a")
def test_what_is_folded_stays_as_it_is(fold, text: str) -> None:  # type: ignore[no-untyped-def]
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(max_codepoint=0x24F), max_size=12))
def test_a_key_is_its_own_key(text: str) -> None:
    assert key(key(text)) == key(text)


@given(letters)
def test_composed_or_not_is_the_same(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert all(fold(decomposed) == fold(text) for fold in EVERY)
    assert words(decomposed) == words(text)


@given(letters)
def test_each_keeps_no_more_than_the_one_before(text: str) -> None:
    assert unspaced(tidy(text)) == unspaced(text)
    assert folded(plain(text)) == folded(unspaced(text)) == folded(text)
    assert frozenset(map(folded, words(text))) == words(text)


@given(st.text(st.characters(max_codepoint=127), max_size=12))
def test_plain_ascii_takes_the_same_way_as_any_text(text: str) -> None:
    assert folded(f"{text}é") == f"{folded(text)}e"
    assert plain(f"{text}é") == f"{plain(text)}e"


def test_what_each_leaves_out() -> None:
    text = " Validée\u00a0 par Pôle-emploi "
    assert tidy(text) == "Validée par Pôle-emploi"
    assert key(text) == "validée par pôle-emploi"
    assert plain(tidy(text)) == "validee par pole-emploi"
    assert unspaced(text) == "valideeparpole-emploi"
    assert folded(text) == "valideeparpoleemploi"
    assert words(text) == {"validee", "par", "pole", "emploi"}


def test_keys_of_a_column_are_the_key_of_each() -> None:
    column = pd.Series([" D-1", None, "d-1", "É 2"], dtype="str")
    assert keys(column).fillna("").tolist() == ["d-1", "", "d-1", "é 2"]


STATUSES = [
    *STATUTS_VALIDES,
    "Validée par Pôle-emploi",
    "VALIDEE PAR POLE EMPLOI",
    " validée\u00a0par  France  Travail.",
    "Non validée par France Travail",
    "Validée",
    "En cours de contrôle",
]


@pytest.mark.parametrize("status", STATUSES)
def test_the_rule_and_the_template_agree_on_what_is_validated(status: str) -> None:
    line = hours({"statut": status, "statut_plie": folded(status)})
    assert (fires("REF-02", line) == []) is is_validated(status)


def test_a_hyphen_does_not_undo_a_validation() -> None:
    assert is_validated("Validée par Pôle-emploi")
