"""What reading says in words beyond a rule's own: one code, the same thing said in both languages, never a sentence in a cell."""

import re
from pathlib import Path
from string import Formatter

import pandas as pd
import pytest

import pipeline
from pipeline.judging import findings
from pipeline.judging.frames import Frames
from pipeline.settings import Settings
from schemas.noticed import NOTES, UNREADABLE
from tests.schemas.rules.good import observed

SOURCES = [path.read_text(encoding="utf-8") for path in Path(pipeline.__file__).parent.rglob("*.py")]
EVERY = {**UNREADABLE, **NOTES}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def messages(langue: str, etat: str, **changes: object) -> list[str]:
    """What a report in ``langue`` says of one observation."""
    nothing = pd.DataFrame()
    frames = Frames(nothing, observed(etat, **changes), nothing, ())
    return list(findings.on_observations(frames, Settings(langue=langue))["message"])


@pytest.mark.parametrize("code", EVERY)
def test_a_text_has_both_languages_and_needs_what_an_observation_has(code: str) -> None:
    french, english = EVERY[code]
    assert french and english
    assert placeholders(french) == placeholders(english) <= set(observed("").columns)


@pytest.mark.parametrize("code", EVERY)
def test_every_code_is_one_that_reading_gives(code: str) -> None:
    assert any(f'"{code}"' in source for source in SOURCES)


def test_every_code_that_reading_gives_has_its_text() -> None:
    asked = {
        (name, code)
        for source in SOURCES
        for name, code in re.findall(r'(?<!journal\.)\b(unreadable|note)\("(\w+)"', source)
    }
    assert asked
    assert [code for name, code in asked if code not in (UNREADABLE if name == "unreadable" else NOTES)] == []


@pytest.mark.parametrize("code", [code for code in UNREADABLE if code != "empty"])
def test_a_file_that_cannot_be_read_says_why(code: str) -> None:
    for langue, opening in (
        ("fr", "Ce fichier ne peut pas être lu comme un tableau"),
        ("en", "This file cannot be read as a spreadsheet"),
    ):
        why = EVERY[code][langue == "en"].format(ligne=5, feuille="Mars")
        (said,) = messages(langue, "fichier_illisible", precision=code, ligne=5, feuille="Mars", detail="ValueError")
        assert said == f"{opening} ({why})."


def test_an_empty_file_has_words_of_its_own() -> None:
    (said,) = messages("fr", "fichier_illisible", precision="empty")
    assert said == "Ce fichier est vide (0 octet) : l'envoi a sans doute été interrompu."


@pytest.mark.parametrize("code", NOTES)
def test_a_reading_worth_a_look_is_said_in_the_language_of_the_report(code: str) -> None:
    for langue in ("fr", "en"):
        (said,) = messages(langue, "lecture", precision=code, feuille="Mars", ligne=5, valeur="5-9")
        assert said == EVERY[code][langue == "en"].format(feuille="Mars", ligne=5, valeur="5-9") + "."


def test_a_value_that_looks_like_a_sentence_of_ours_stays_a_value() -> None:
    heading = UNREADABLE["pdf"][0]
    (said,) = messages("en", "colonne_manquante", attendu="Numéro DSF", detail=heading)
    assert said.endswith(f"the nearest heading is “{heading}”.")
