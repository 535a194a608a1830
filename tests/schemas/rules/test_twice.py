"""DBL: what is there twice."""

from pipeline.judging import findings
from schemas.rules import CATALOGUE
from tests.schemas.rules.good import absences, fires, hours

NEXT_DAY = {"date_debut": "2025-02-05", "date_fin": "2025-02-05", "date_fin_lue": "2025-02-05"}


def test_dbl_01_hours_line_stands_once() -> None:
    assert fires("DBL-01", hours({}, NEXT_DAY)) == []
    assert fires("DBL-01", hours({}, {}, NEXT_DAY)) == [0, 1]
    assert fires("DBL-01", hours({}, {"heures": 350})) == [0, 1]  # the key says it, not the hours
    assert fires("DBL-01", hours({}, {"heures": None})) == []
    assert fires("DBL-01", hours({}, {"depot": 1})) == []
    assert fires("DBL-01", hours({}, {"deja_prise": True})) == []


def test_dbl_02_absence_stands_once() -> None:
    assert fires("DBL-02", absences({}, {"cle_absence_trouvee": "a2"})) == []
    assert fires("DBL-02", absences({}, {"id_absence": None})) == [0, 1]
    assert fires("DBL-02", absences({"cle_absence_trouvee": None}, {"cle_absence_trouvee": None})) == []
    assert fires("DBL-02", absences({}, {"deja_prise": True})) == []


def test_dbl_03_hours_were_not_issued_before() -> None:
    assert fires("DBL-03", hours()) == []
    assert fires("DBL-03", hours({"emises_complement": "DSF-1-C01"})) == [0]
    assert fires("DBL-03", hours({"emises_complement": "DSF-1-C01", "sequence_connue": False})) == []


def test_each_line_of_a_group_names_the_others() -> None:
    lines = hours({}, {}, {"feuille": "Autre"})
    rule = CATALOGUE["DBL-01"]
    assert rule.facts is not None
    failing = lines[findings.broken([rule], lines)["DBL-01", "numero_dsf"]]
    assert list(rule.facts(lines, failing)["autres_lignes"]) == ["6, Autre 7", "5, Autre 7", "Feuille 5, Feuille 6"]
