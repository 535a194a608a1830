"""The catalogue as a whole: the list of the contract, both languages, no placeholder that nothing fills."""

from string import Formatter

import pytest

from pipeline.settings import PROTECTED
from schemas.rule import DEPOSITS, LINES, OBSERVATIONS, Rule
from schemas.rules import CATALOGUE
from tests.schemas.rules.good import absences, deposit, hours, observed

SPEC = [
    *[f"FIC-{n:02d}" for n in range(1, 10)],
    *[f"LIG-{n:02d}" for n in range(1, 15)],
    *[f"REF-{n:02d}" for n in range(1, 15)],
    *[f"DBL-{n:02d}" for n in range(1, 4)],
    *[f"AVT-{n:02d}" for n in range(1, 8)],
]


def test_the_catalogue_is_the_list_of_the_contract_in_its_order() -> None:
    assert list(CATALOGUE) == SPEC
    assert set(SPEC) >= PROTECTED


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=lambda rule: rule.code)
def test_a_rule_says_why_what_and_what_to_do_in_both_languages(rule: Rule) -> None:
    assert rule.reason
    assert set(rule.fr) == set(rule.en)
    for words in (*rule.fr.values(), *rule.en.values()):
        assert words.constat.strip().endswith(".")
        assert words.geste.strip().endswith(".")


@pytest.mark.parametrize("rule", CATALOGUE.values(), ids=lambda rule: rule.code)
def test_every_placeholder_is_filled(rule: Rule) -> None:
    frames = {LINES: (hours(), absences()), OBSERVATIONS: (observed("erreur"),), DEPOSITS: (deposit(),)}[rule.over]
    for frame in frames:
        known = {*frame.columns, "valeur", "titre", "colonne", "champ", "lieu"}
        if rule.facts is not None and (rule.nature is None or frame["nature"].iloc[0] == rule.nature):
            asked = frame.assign(champ=rule.cells[0] if rule.cells else "heures")
            known |= set(rule.facts(asked, asked).columns)
        elif rule.nature is not None:
            continue
        for words in (*rule.fr.values(), *rule.en.values()):
            for text in (words.constat, words.geste, words.attendu):
                assert {name for _, name, _, _ in Formatter().parse(text) if name} <= known
