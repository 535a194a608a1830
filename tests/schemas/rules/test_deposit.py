"""FIC: each rule speaks of its own fault of the file, and of no other."""

import pytest

from schemas.noticed import Noticed
from schemas.rule import OBSERVATIONS
from schemas.rules import CATALOGUE
from tests.schemas.rules.good import fires, observed

STATES = {
    "FIC-01": Noticed.FILE_UNREADABLE,
    "FIC-02": Noticed.PASSWORD,
    "FIC-03": Noticed.BEYOND_LIMIT,
    "FIC-04": Noticed.NO_TABLE,
    "FIC-05": Noticed.COLUMN_MISSING,
    "FIC-06": Noticed.COLUMN_TWICE,
    "FIC-07": Noticed.NO_LINE,
    "FIC-08": Noticed.DECLARANT_IS_ANOTHER,
    "FIC-09": Noticed.DECLARANT_UNUSABLE,
}


@pytest.mark.parametrize(("code", "etat"), STATES.items())
def test_the_rule_of_the_file_fires_on_its_fault_alone(code: str, etat: Noticed) -> None:
    assert fires(code, observed(etat, ligne=0, ligne_id=-1)) == [0]
    for other in set(Noticed) - {etat}:
        assert fires(code, observed(other)) == []


def test_everything_reading_can_notice_is_some_rules_business() -> None:
    silent = [
        etat for etat in Noticed if not any(fires(rule.code, observed(etat)) for rule in CATALOGUE.over(OBSERVATIONS))
    ]
    assert silent == []
