"""REF: each rule passed, broken, silent on a blank, and silent after the rules that come before it."""

from tests.schemas.rules.good import OTHER, SIRET, absences, fires, hours

UNKNOWN = {
    "dsf_connue": False,
    "statut": None,
    "statut_plie": None,
    "nature_pliee": None,
    "ouverture": None,
    "siret_dispensateur": None,
    "siret_titulaire": None,
    "periode_debut": None,
    "periode_fin": None,
    "de_connu": None,
    "sequence_connue": None,
}


def test_ref_01_organisation_has_this_dsf() -> None:
    assert fires("REF-01", hours()) == []
    assert fires("REF-01", hours(UNKNOWN)) == [0]
    assert fires("REF-01", hours({**UNKNOWN, "cle_dsf": None})) == []


def test_ref_02_dsf_is_validated() -> None:
    assert fires("REF-02", hours({"statut_plie": "valideeparpoleemploi"})) == []
    assert fires("REF-02", hours({"statut": "En cours", "statut_plie": "encours"})) == [0]
    assert fires("REF-02", hours(UNKNOWN)) == []


def test_ref_03_dsf_is_intermediaire() -> None:
    assert fires("REF-03", hours()) == []
    assert fires("REF-03", hours({"nature_pliee": "finale"})) == [0]
    assert fires("REF-03", hours(UNKNOWN)) == []


def test_ref_04_session_type_is_open() -> None:
    assert fires("REF-04", hours({"date_run": "2021-03-01"})) == []
    assert fires("REF-04", hours({"date_run": "2021-02-28"})) == [0]
    assert fires("REF-04", hours(UNKNOWN)) == []


def test_ref_05_acting_for_the_dispensateur_of_the_dsf() -> None:
    holder = {"siret_titulaire": SIRET, "siret_dispensateur": OTHER}
    assert fires("REF-05", hours({**holder, "pour_le_compte_de": OTHER})) == []
    assert fires("REF-05", hours({**holder, "pour_le_compte_de": SIRET})) == [0]
    assert fires("REF-05", hours({"siret_titulaire": OTHER, "pour_le_compte_de": SIRET})) == [0]  # not its titulaire
    assert fires("REF-05", hours(holder)) == []


def test_ref_06_trainee_is_on_the_dsf() -> None:
    assert fires("REF-06", hours()) == []
    assert fires("REF-06", hours({"de_connu": False})) == [0]
    assert fires("REF-06", hours({"de_connu": None})) == []
    assert fires("REF-06", hours({"de_connu": False, "identifiant_de": "12"})) == []  # malformed: LIG-03 says it


def test_ref_07_sequence_is_in_the_pif() -> None:
    assert fires("REF-07", hours()) == []
    assert fires("REF-07", hours({"sequence_connue": False})) == [0]
    assert fires("REF-07", hours({"sequence_connue": None})) == []
    assert fires("REF-07", hours({"sequence_connue": False, "de_connu": False})) == []


def test_ref_08_hours_are_within_the_period() -> None:
    assert fires("REF-08", hours({"date_debut": "2025-01-01", "date_fin": "2025-03-31"})) == []
    assert fires("REF-08", hours({"date_debut": "2024-12-31"})) == [0]
    assert fires("REF-08", hours({"date_fin": "2025-04-01"})) == [0]
    assert fires("REF-08", hours({"date_fin": None})) == []
    assert fires("REF-08", absences({"date_debut": "2024-12-31"})) == []
    assert fires("REF-08", hours({"date_debut": "2024-12-31", "de_connu": False})) == [0]


def test_ref_09_absence_is_found() -> None:
    assert fires("REF-09", absences()) == []
    for state in ("introuvable", "ambigue", "dates"):
        assert fires("REF-09", absences({"absence_etat": state})) == [0]
    assert fires("REF-09", absences({"absence_etat": None})) == []
    assert fires("REF-09", absences({"absence_etat": "introuvable", "sequence_connue": False})) == []


def test_ref_10_absence_was_never_completed() -> None:
    assert fires("REF-10", absences()) == []
    assert fires("REF-10", absences({"deja_complementee": True})) == [0]
    assert fires("REF-10", absences({"prise_complement": "DSF-1-C01", "prise_siret": OTHER})) == [0]
    assert fires("REF-10", absences({"cle_absence_trouvee": None, "deja_complementee": True})) == []


def test_ref_11_hours_fit_the_absence() -> None:
    assert fires("REF-11", absences()) == []
    assert fires("REF-11", absences({"heures": 725})) == [0]
    assert fires("REF-11", absences({"heures": None})) == []
    assert fires("REF-11", absences({"heures": 725, "deja_complementee": True})) == []


def test_ref_12_no_hour_is_lost_unasked() -> None:
    assert fires("REF-12", absences()) == []
    assert fires("REF-12", absences({"heures": 675})) == [0]
    assert fires("REF-12", absences({"heures": 675, "reliquat_abandonne": False})) == [0]
    assert fires("REF-12", absences({"heures": 675, "reliquat_abandonne": True})) == []
    assert fires("REF-12", absences({"heures": None})) == []
    assert fires("REF-12", absences({"heures": -100})) == []  # said by LIG-08


def test_ref_13_hours_fit_the_pif() -> None:
    assert fires("REF-13", hours({"heures": 5000})) == []
    assert fires("REF-13", hours({"heures": 5025})) == [0]
    assert fires("REF-13", hours({"heures_reste": None, "heures": 9000})) == []


def test_ref_13_every_line_of_the_group_fails() -> None:
    later = {"date_debut": "2025-02-05", "date_fin_lue": "2025-02-05"}
    assert fires("REF-13", hours({"heures": 2500}, {**later, "heures": 2500})) == []
    assert fires("REF-13", hours({"heures": 2500}, {**later, "heures": 2525})) == [0, 1]
    assert fires("REF-13", hours({"heures": 2500}, {**later, "heures": 2525, "deja_prise": True})) == []
    assert fires("REF-13", hours({"heures": 2500}, {**later, "heures": 2525, "depot": 1})) == []
    # Whatever else is wrong with a line, its hours count; a negative one takes nothing away from the others.
    assert fires("REF-13", hours({"heures": 2500}, {**later, "heures": 2525, "date_fin": "2025-01-01"})) == [0, 1]
    assert fires("REF-13", hours({"heures": 5025}, {**later, "heures": -2500})) == [0]


def test_ref_13_is_silent_where_the_hours_were_issued_before() -> None:
    assert fires("REF-13", hours({"heures": 5025, "emises_complement": "DSF-1-C01"})) == []


def test_ref_01_silences_every_other_rule_of_the_reference() -> None:
    foreign = {**UNKNOWN, "emises_complement": "X-C01", "deja_complementee": True, "absence_etat": None}
    for code in [f"REF-{n:02d}" for n in range(2, 15)] + ["DBL-02", "DBL-03"]:
        assert fires(code, hours(foreign, foreign)) == []
        assert fires(code, absences(foreign, foreign)) == []


def test_ref_14_dsf_is_as_it_was_completed() -> None:
    for lines in (hours, absences):
        assert fires("REF-14", lines()) == []
        assert fires("REF-14", lines({"dsf_changee": True}, {})) == [0]
        assert fires("REF-14", lines({"dsf_changee": True, "cle_dsf": None})) == []
        assert fires("REF-14", lines({"pif_change": True}, {})) == [0]
