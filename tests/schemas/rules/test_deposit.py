"""FIC: each rule speaks of its own fault of the file, and of no other."""

import pytest

from pipeline.cells.model import Etat
from schemas.rule import OBSERVATIONS
from schemas.rules import CATALOGUE
from tests.schemas.rules.good import fires, observed

STATES = {
    "FIC-01": Etat.FICHIER_ILLISIBLE,
    "FIC-02": Etat.MOT_DE_PASSE,
    "FIC-03": Etat.LIMITE,
    "FIC-04": Etat.AUCUNE_TABLE,
    "FIC-05": Etat.COLONNE_MANQUANTE,
    "FIC-06": Etat.COLONNE_DOUBLE,
    "FIC-07": Etat.AUCUNE_LIGNE,
    "FIC-08": Etat.DECLARANT_AUTRE,
    "FIC-09": Etat.DECLARANT_INUTILISABLE,
}


@pytest.mark.parametrize(("code", "etat"), STATES.items())
def test_the_rule_of_the_file_fires_on_its_fault_alone(code: str, etat: Etat) -> None:
    assert fires(code, observed(etat, ligne=0, ligne_id=-1)) == [0]
    for other in set(Etat) - {etat}:
        assert fires(code, observed(other)) == []


def test_everything_reading_can_notice_is_some_rules_business() -> None:
    silent = [
        etat for etat in Etat if not any(fires(rule.code, observed(etat)) for rule in CATALOGUE.over(OBSERVATIONS))
    ]
    assert silent == []
