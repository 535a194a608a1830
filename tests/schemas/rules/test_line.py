"""LIG: each rule passed, broken, and silent on a blank."""

import pandas as pd
import pytest

from schemas.rules import CATALOGUE
from tests.schemas.rules.good import absences, bit, fires, hours, observed


@pytest.mark.parametrize(
    "field", ["numero_dsf", "identifiant_de", "code_sequence", "date_debut", "heures", "reference_justificatif"]
)
def test_lig_01_a_mandatory_cell_of_an_hours_line_is_filled(field: str) -> None:
    assert fires("LIG-01", hours()) == []
    assert fires("LIG-01", hours({field: None})) == [0]
    assert (
        fires("LIG-01", hours({field: None, "abimes": bit(field)})) == []
    )  # there, but unreadable: said by another rule


@pytest.mark.parametrize("field", ["motif", "date_justificatif"])
def test_lig_01_a_mandatory_cell_of_an_absence_line_is_filled(field: str) -> None:
    assert fires("LIG-01", absences()) == []
    assert fires("LIG-01", absences({field: None})) == [0]
    assert fires("LIG-01", hours({field: None})) == []


def test_lig_01_an_absence_is_named_by_its_identifier_or_by_both_dates() -> None:
    assert fires("LIG-01", absences({"id_absence": None})) == []
    assert fires("LIG-01", absences({"id_absence": None, "date_fin": None})) == [0]
    assert fires("LIG-01", absences({"date_debut": None, "date_fin": None})) == []
    assert fires("LIG-01", absences({"id_absence": None, "date_fin": None, "abimes": bit("date_fin")})) == []


def test_lig_02_cells_are_values() -> None:
    assert fires("LIG-02", observed("formule")) == []
    assert fires("LIG-02", observed("erreur", valeur="#REF!")) == [0]
    assert fires("LIG-02", observed("non_calcule")) == [0]


@pytest.mark.parametrize("good", ["1234567A", "12345678", "12345678901", "0123456789Z"])
def test_lig_03_identifier_has_a_known_form(good: str) -> None:
    assert fires("LIG-03", hours({"identifiant_de": good})) == []


@pytest.mark.parametrize("bad", ["123456A", "1234567890", "123456789Z", "A1234567", "1234567é", "123456789012"])
def test_lig_03_identifier_of_another_form_is_refused(bad: str) -> None:
    assert fires("LIG-03", hours({"identifiant_de": bad})) == [0]
    assert fires("LIG-03", hours({"identifiant_de": None})) == []


def test_lig_04_dates_can_be_read() -> None:
    assert fires("LIG-04", observed("date_illisible", valeur="3/25")) == [0]
    assert fires("LIG-04", observed("heures_illisibles")) == []


def test_lig_05_end_is_not_before_start() -> None:
    assert fires("LIG-05", hours({"date_fin": "2025-02-03"})) == []
    assert fires("LIG-05", hours({"date_fin": "2025-02-02"})) == [0]
    assert fires("LIG-05", hours({"date_fin": None})) == []


@pytest.mark.parametrize("field", ["date_debut", "date_fin", "date_justificatif"])
def test_lig_06_dates_are_past(field: str) -> None:
    assert fires("LIG-06", absences({field: "2025-06-30"})) == []
    assert fires("LIG-06", absences({field: "2025-07-01"})) == [0]
    assert fires("LIG-06", absences({field: None})) == []


def test_lig_07_hours_can_be_read() -> None:
    assert fires("LIG-07", observed("heures_illisibles", valeur="sept")) == [0]
    assert fires("LIG-07", observed("date_illisible")) == []


def test_lig_08_hours_are_above_zero() -> None:
    assert fires("LIG-08", hours({"heures": 1})) == []
    assert fires("LIG-08", hours({"heures": 0})) == [0]
    assert fires("LIG-08", hours({"heures": -700})) == [0]
    assert fires("LIG-08", hours({"heures": None})) == []


def test_lig_09_hours_are_a_multiple_of_the_step() -> None:
    assert fires("LIG-09", hours({"heures": 725})) == []
    assert fires("LIG-09", hours({"heures": 733})) == [0]
    assert fires("LIG-09", hours({"heures": None})) == []
    assert fires("LIG-09", hours({"heures": -10})) == []  # said by LIG-08


def test_lig_09_all_that_remains_of_an_absence_may_be_turned() -> None:
    assert fires("LIG-09", absences({"heures": 733, "heures_non_financables": 733})) == []
    assert fires("LIG-09", absences({"heures": 733, "heures_non_financables": 734})) == [0]
    assert fires("LIG-09", absences({"heures": 733, "heures_non_financables": None})) == [0]


def test_lig_10_reason_is_known_and_has_its_course() -> None:
    assert fires("LIG-10", absences()) == []
    assert fires("LIG-10", absences({"motif": "Piscine", "motif_code": None, "motif_en_cours": None})) == [0]
    assert fires("LIG-10", absences({"motif_en_cours": False})) == [0]
    assert fires("LIG-10", absences({"motif": None, "motif_code": None, "motif_en_cours": None})) == []


def test_lig_11_reason_makes_the_absence_payable() -> None:
    assert fires("LIG-11", absences()) == []
    assert fires("LIG-11", absences({"motif": "INJ", "motif_code": "INJ", "motif_financable": False})) == [0]
    assert fires("LIG-11", absences({"motif": "Piscine", "motif_code": None, "motif_financable": None})) == []


def test_lig_12_no_social_security_number() -> None:
    assert fires("LIG-12", observed("nir", valeur="•••")) == [0]
    assert fires("LIG-12", observed("formule")) == []


def test_lig_13_texts_are_short_and_plain() -> None:
    assert fires("LIG-13", observed("texte_trop_long")) == [0]
    assert fires("LIG-13", observed("caractere_interdit")) == [0]
    assert fires("LIG-13", observed("nir")) == []


def test_lig_14_yes_or_no_can_be_read() -> None:
    assert fires("LIG-14", observed("oui_non_illisible", valeur="peut-être")) == [0]
    assert fires("LIG-14", observed("nir")) == []


@pytest.mark.parametrize(
    ("detail", "valeur", "variant", "said"),
    [
        ("", "hier", "", "ne peut pas être lue."),
        ("05/03/2025", "5 mars 2025", "detail", "Si c'est bien le 05/03/2025"),
        ("05/03/2025", "05/03/25", "annee", "l'année n'a que deux chiffres"),
        ("2025-04", "31/04/2025", "jour", "n'existe pas : avril 2025 a 30 jours."),
        ("2025-02", "29/02/2025", "jour", "n'existe pas : février 2025 a 28 jours."),
    ],
)
def test_LIG_04_says_why_a_date_cannot_be_read(detail: str, valeur: str, variant: str, said: str) -> None:
    frame = observed("date_illisible", detail=detail, valeur=valeur)
    rule = CATALOGUE["LIG-04"]
    assert rule.facts is not None
    facts = rule.facts(frame, frame).iloc[0]
    words = rule.fr[facts["variante"]]
    told = f"{words.constat} {words.geste}".format(valeur=valeur, detail=detail, **facts)
    assert facts["variante"] == variant and said in told


def test_LIG_06_waits_for_a_date_that_is_near_and_asks_for_another_where_it_is_far() -> None:
    days = (pd.Timestamp("2025-07-03"), pd.Timestamp("2026-07-03"))
    frame = hours(*({"date_debut": day, "date_run": pd.Timestamp("2025-06-30")} for day in days)).assign(
        champ="date_debut"
    )
    rule = CATALOGUE["LIG-06"]
    assert rule.facts is not None
    facts = rule.facts(frame, frame)
    assert facts["variante"].tolist() == ["proche", ""]
    assert [rule.remedy_of(variant) for variant in facts["variante"]] == ["attendre", "corriger"]
    assert facts["des"].dt.strftime("%Y-%m-%d").fillna("").tolist() == ["2025-07-03", ""]
