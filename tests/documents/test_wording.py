"""The catalogue of texts: both languages, the same things said, numbers and dates as each language has them."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.documents import wording
from pipeline.documents.wording import NARROW, NBSP, Wording, catalogue, french

ROOT = Path(wording.__file__).parent


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_a_text_says_the_same_in_both_languages(key: str) -> None:
    texts = catalogue()[key]
    assert set(texts) == {"fr", "en"} and all(text.strip() for text in texts.values())
    assert placeholders(texts["fr"]) == placeholders(texts["en"])
    assert ("||" in texts["fr"]) == ("||" in texts["en"])


def test_every_text_asked_for_is_in_the_catalogue() -> None:
    sources = [*ROOT.rglob("*.py"), *ROOT.rglob("*.jinja")]
    asked = {
        key
        for source in sources
        for key in re.findall(r"(?:mot|words)\(\s*[\"']([a-z_]+\.[a-z_0-9]+)[\"']", source.read_text(encoding="utf-8"))
    }
    # A name that ends with _ is completed by a state or a policy: at least one such text must be there.
    whole = {key for key in asked if not key.endswith("_")}
    assert whole and whole <= set(catalogue())
    assert all(any(known.startswith(key) for known in catalogue()) for key in asked - whole)


TRIAL = sorted(key for key in catalogue() if key.partition(".")[0].endswith("_essai"))


@pytest.mark.parametrize("key", TRIAL)
def test_a_text_of_trials_takes_the_place_of_one_with_the_same_values(key: str) -> None:
    usual = catalogue()[key.replace("_essai.", ".", 1)]
    assert placeholders(catalogue()[key]["fr"]) <= placeholders(usual["fr"])
    assert ("||" in catalogue()[key]["fr"]) == ("||" in usual["fr"])
    section, _, name = key.replace("_essai.", ".", 1).partition(".")
    values = dict.fromkeys({*placeholders(usual["fr"]), "n"}, 2)
    tried, real = (Wording("fr", trial=trial)(f"{section}.{name}", **values) for trial in (True, False))
    assert tried != real


def test_french_counts_zero_as_one_and_english_does_not() -> None:
    fr, en = Wording("fr"), Wording("en")
    assert [fr("mots.n_lignes", n=n) for n in (0, 1, 2)] == ["0 ligne", "1 ligne", "2 lignes"]
    assert [en("mots.n_lignes", n=n) for n in (0, 1, 2)] == ["0 lines", "1 line", "2 lines"]


COUNTED = sorted(key for key, texts in catalogue().items() if any("{n}" in text for text in texts.values()))
THINGS = {
    "fr": "ligne fichier heure cause règle dépôt organisme complément erreur jour page colonne tableau stagiaire",
    "en": "line file hour cause rule deposit organisation fault day page column table trainee",
}
WORDS = {langue: re.compile(rf"\b(?:{'|'.join(words.split())})(s?)\b") for langue, words in THINGS.items()}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("key", COUNTED)
def test_every_counted_sentence_reads_right_with_0_1_and_2_things(key: str, language: str) -> None:
    """The word that follows the number agrees with it; nothing is left to the reader as « ligne(s) »."""
    words = Wording(language)
    values = dict.fromkeys(placeholders(catalogue()[key][language]), "x")
    for n in (0, 1, 2):
        told = words(key, **(values | {"n": n}))
        assert "(s)" not in told and "||" not in told and "{" not in told
        after = re.search(rf"(?<![\w,]){n}\s(?:\w+\s)?", told)
        if after and (word := WORDS[language].match(told, after.end())):
            one = n < 2 if language == "fr" else n == 1
            assert bool(word[1]) is not one, told


def test_a_quoted_text_keeps_its_apostrophe_and_a_sentence_has_a_curved_one() -> None:
    assert french("L'élève « d'Artagnan » n'est pas là.") == f"L’élève «{NARROW}d'Artagnan{NARROW}» n’est pas là."


def test_numbers_hours_and_dates_read_as_people_write_them() -> None:
    fr, en = Wording("fr"), Wording("en")
    assert fr.hours(Decimal("1234.5")) == f"1{NARROW}234,50" and en.hours(Decimal("1234.5")) == "1,234.50"
    assert fr.number(1_000_000) == f"1{NARROW}000{NARROW}000"
    assert fr.day("2025-03-05") == "05/03/2025" and fr.long_date(date(2025, 3, 1)) == f"1er{NBSP}mars{NBSP}2025"
    assert fr.moment("2025-03-05T09:04:00Z") == f"05/03/2025 à 10{NARROW}h{NARROW}04"


def test_rows_become_ranges_and_a_long_list_is_counted() -> None:
    fr = Wording("fr")
    assert fr.rows([51, *range(12, 49)]) == "lignes 12 à 48 et 51"
    assert fr.rows([7]) == "ligne 7" and fr.rows([7, 8]) == "lignes 7 et 8"
    assert fr.rows(range(2, 30, 2), limit=2) == "lignes 2, 4 et 12 autres"


def test_french_spaces_stand_where_typography_wants_them() -> None:
    assert wording.french("« a » : b ; c ! 7 h") == f"«{NARROW}a{NARROW}»{NBSP}: b{NARROW}; c{NARROW}! 7{NARROW}h"
