"""AVT: worth a look; the line passes."""

import pytest

from schemas.rule import WARNS
from schemas.rules import CATALOGUE
from schemas.rules.warning import same_person
from tests.schemas.rules.good import deposit, fires, hours, observed


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        (("Le Goff", "Zoé"), ("LE-GOFF", "ZOE")),
        (("Zoé", "Le Goff"), ("LE GOFF", "ZOE")),
        (("Exemple", "Alix"), ("EXEMPLE-MODELE", "Alix")),
        (("Exemple Modèle", "Alix"), ("Modele", "Alix")),
        (("", "Alix"), ("EXEMPLE", "Alix")),
        (("Exemple", ""), ("EXEMPLE", "Alix")),
        (("Exemple", "Alix"), ("", "")),
    ],
)
def test_avt_01_name_is_the_trainees(typed: tuple[str, str], known: tuple[str, str]) -> None:
    assert same_person(*typed, *known)


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        (("Autre", "Alix"), ("EXEMPLE", "Alix")),
        (("Exemple", "Camille"), ("EXEMPLE", "Alix")),
        (("Alix", ""), ("EXEMPLE", "Alix")),
    ],
)
def test_avt_01_name_of_someone_else(typed: tuple[str, str], known: tuple[str, str]) -> None:
    assert not same_person(*typed, *known)


def test_avt_01_fires_on_the_line() -> None:
    assert fires("AVT-01", hours()) == []
    assert fires("AVT-01", hours({"nom": "Autre"})) == [0]
    assert fires("AVT-01", hours({"nom": "Autre", "nom_connu": None})) == []


def test_avt_02_hours_fit_the_days() -> None:
    assert fires("AVT-02", hours({"heures": 2000})) == []
    assert fires("AVT-02", hours({"heures": 2025})) == [0]
    assert fires("AVT-02", hours({"heures": None})) == []
    assert fires("AVT-02", hours({"heures": 2025, "date_fin": "2025-01-01"})) == []  # LIG-05 says it


def test_avt_03_trainee_was_there() -> None:
    assert fires("AVT-03", hours()) == []
    assert fires("AVT-03", hours({"absence_chevauchee": "03/02/2025 – 03/02/2025"})) == [0]
    assert fires("AVT-03", hours({"absence_chevauchee": "x", "date_fin": "2025-01-01"})) == []


def test_avt_04_dates_do_not_overlap_those_issued() -> None:
    assert fires("AVT-04", hours()) == []
    assert fires("AVT-04", hours({"emission_chevauchee": ""})) == [0]
    assert fires("AVT-04", hours({"emission_chevauchee": "", "date_fin": "2025-01-01"})) == []


@pytest.mark.parametrize("etat", ["formule", "colonne_ignoree", "total_ecarte", "encodage", "lecture"])
def test_avt_05_reading_worth_a_look(etat: str) -> None:
    assert fires("AVT-05", observed(etat)) == [0]
    assert fires("AVT-05", observed("erreur")) == []


def test_avt_06_depositor_acts_for_itself() -> None:
    assert fires("AVT-06", deposit()) == []
    assert fires("AVT-06", deposit(dispensateurs_tiers="55210055400013")) == [0]


def test_avt_07_content_is_new() -> None:
    assert fires("AVT-07", deposit()) == []
    assert fires("AVT-07", deposit(meme_contenu_depot="2025-06-30-aaaa", meme_contenu_date="30/06/2025")) == [0]


def test_warnings_do_not_reject() -> None:
    assert {rule.code for rule in CATALOGUE.values() if rule.severity == WARNS} == {f"AVT-{n:02d}" for n in range(1, 8)}
