"""Each rule of an extract: a wrong one is refused whole, with file, line, column, value and code; nothing stays."""

from collections.abc import Callable

import pytest

from pipeline import reference
from pipeline.reference import ExtractReport
from pipeline.workspace import Workspace
from schemas.extract_rules import RULES
from tests.reference.good import CANARY, good
from tests.world import extracts
from tests.world.extracts import Tables

Change = Callable[[Tables], object]


def cell(table: str, row: int, column: str, value: str) -> Change:
    return lambda tables: tables[table][row].update({column: value})


def refused(workspace: Workspace, tables: Tables) -> ExtractReport:
    extracts.write_csv(workspace.extracts, tables)
    (result,) = extracts.load(workspace)
    assert result.error is not None
    assert result.load is None
    assert not reference.open(workspace).known()
    assert list(workspace.reference.iterdir()) == []
    assert len(list(workspace.extracts.iterdir())) == len(tables), "a refused extract stays where it is"
    assert CANARY not in str(result.error)
    assert "1234567" not in str(result.error)
    return result.error.report


# code, what is wrong, (table, line, column, value) of the only finding
CASES = [
    ("EXT-06", lambda t: t.update(dsf=[], sequences=[], absences=[]), ("dsf", 0, "", "")),
    ("EXT-07", cell("dsf", 1, "numero_convention", "  "), ("dsf", 3, "numero_convention", "  ")),
    ("EXT-07", cell("sequences", 2, "heures_prevues", ""), ("sequences", 4, "heures_prevues", "")),
    ("EXT-07", cell("absences", 0, "deja_complementee", "\u00a0"), ("absences", 2, "deja_complementee", "\u00a0")),
    ("EXT-08", cell("dsf", 0, "periode_debut", "03/2025"), ("dsf", 2, "periode_debut", "03/2025")),
    ("EXT-08", cell("dsf", 0, "date_validation", "31/02/2025"), ("dsf", 2, "date_validation", "31/02/2025")),
    ("EXT-08", cell("absences", 0, "date_fin", "2025-03-04 10:30"), ("absences", 2, "date_fin", "2025-03-04 10:30")),
    ("EXT-09", cell("sequences", 0, "heures_prevues", "7h30"), ("sequences", 2, "heures_prevues", "7h30")),
    ("EXT-09", cell("sequences", 0, "heures_prevues", "7.333"), ("sequences", 2, "heures_prevues", "7.333")),
    ("EXT-09", cell("sequences", 0, "heures_realisees", "1e3"), ("sequences", 2, "heures_realisees", "1e3")),
    ("EXT-10", cell("sequences", 0, "heures_realisees", "-1,5"), ("sequences", 2, "heures_realisees", "-1,5")),
    ("EXT-11", cell("dsf", 0, "siret_titulaire", "73282932000075"), ("dsf", 2, "siret_titulaire", "73282932000075")),
    ("EXT-12", cell("dsf", 0, "type_session", "EPS"), ("dsf", 2, "type_session", "EPS")),
    ("EXT-12", cell("dsf", 0, "nature", "Solde"), ("dsf", 2, "nature", "Solde")),
    ("EXT-13", cell("absences", 0, "deja_complementee", "oui?"), ("absences", 2, "deja_complementee", "oui?")),
    ("EXT-14", cell("sequences", 1, "nom", "Zzyzx\x07"), ("sequences", 3, "nom", "Zzyzx\x07")),
    ("EXT-15", cell("dsf", 0, "periode_fin", "31/12/2024"), ("dsf", 2, "periode_fin", "31/12/2024")),
    ("EXT-15", cell("absences", 0, "date_fin", "2025-02-02"), ("absences", 2, "date_fin", "2025-02-02")),
    ("EXT-20", lambda t: t["dsf"].append(extracts.dsf(" dsf-1 ")), ("dsf", 4, "numero_dsf", "dsf-1")),
    ("EXT-20", lambda t: t["sequences"].append(t["sequences"][2]), ("sequences", 5, "code_sequence", "S2")),
    (
        "EXT-21",
        lambda t: t["sequences"].append(extracts.sequence("D-9")),
        ("sequences", 5, "numero_dsf", "D-9"),
    ),
    (
        "EXT-22",
        lambda t: t["absences"].append(extracts.absence(id_absence="A9", code_sequence="S9")),
        ("absences", 4, "code_sequence", "S9"),
    ),
    (
        "EXT-23",
        cell("absences", 1, "heures_non_financables", "3,49"),
        ("sequences", 3, "heures_absence_non_financables", "10.50"),
    ),
]


@pytest.mark.parametrize(("code", "change", "place"), CASES, ids=[f"{c}-{p[0]}-{p[2]}" for c, _, p in CASES])
def test_one_fault_is_one_finding(
    workspace: Workspace, code: str, change: Change, place: tuple[str, int, str, str]
) -> None:
    tables = good()
    change(tables)
    report = refused(workspace, tables)
    found = [(p.code, p.fichier, p.ligne, p.colonne, p.valeur) for p in report.problemes]
    assert found == [(code, f"{place[0]}.csv", *place[1:])]
    assert report.comptes == {code: 1}
    for langue in ("fr", "en"):
        assert report.problemes[0].message(langue)


def test_the_same_absence_twice_is_named_with_its_first_row(workspace: Workspace) -> None:
    tables = good()
    tables["absences"].append(extracts.absence(id_absence="a1", heures_non_financables="0"))
    (problem,) = refused(workspace, tables).problemes
    assert (problem.code, problem.ligne, problem.detail) == ("EXT-20", 4, "2")


def test_ext_01_not_a_workbook(workspace: Workspace) -> None:
    (workspace.extracts / "x.xlsx").write_bytes(b"PK\x03\x04 but nothing else")
    (result,) = extracts.load(workspace)
    assert result.error is not None
    assert set(result.error.report.comptes) == {"EXT-01"}


def test_ext_01_not_a_text_that_can_be_decoded(workspace: Workspace) -> None:
    extracts.write_csv(workspace.extracts, good())
    (workspace.extracts / "absences.csv").write_bytes(b"numero_dsf;\x81\x81\xff\n")
    (result,) = extracts.load(workspace)
    assert result.error is not None
    assert "EXT-01" in result.error.report.comptes


def test_ext_02_a_table_is_missing(workspace: Workspace) -> None:
    tables = good()
    del tables["absences"]
    report = refused(workspace, tables)
    assert [(p.code, p.detail) for p in report.problemes] == [("EXT-02", "absences")]


def test_ext_02_a_sheet_is_missing(workspace: Workspace) -> None:
    tables = good()
    del tables["absences"]
    extracts.write_xlsx(workspace.extracts / "e.xlsx", tables)
    (result,) = extracts.load(workspace)
    assert result.error is not None
    assert [(p.code, p.detail) for p in result.error.report.problemes] == [("EXT-02", "absences")]


def test_ext_03_a_column_is_missing(workspace: Workspace) -> None:
    tables = good()
    for row in tables["sequences"]:
        del row["numero_pif"]
    report = refused(workspace, tables)
    assert [(p.code, p.fichier, p.colonne) for p in report.problemes] == [("EXT-03", "sequences.csv", "numero_pif")]


def test_ext_04_a_column_twice(workspace: Workspace) -> None:
    tables = good()
    for row in tables["absences"]:
        row["Type_Absence"] = row["type_absence"]
    report = refused(workspace, tables)
    assert [(p.code, p.fichier, p.colonne) for p in report.problemes] == [("EXT-04", "absences.csv", "type_absence")]


def test_ext_05_a_row_of_another_width(workspace: Workspace) -> None:
    extracts.write_csv(workspace.extracts, good())
    path = workspace.extracts / "absences.csv"
    path.write_bytes(path.read_bytes() + b"DSF-1;1234567A;S1\r\n")
    (result,) = extracts.load(workspace)
    assert result.error is not None
    assert [(p.code, p.ligne) for p in result.error.report.problemes] == [("EXT-05", 4)]


def test_ext_30_is_in_test_history() -> None:
    tested = {code for code, *_ in CASES} | {"EXT-01", "EXT-02", "EXT-03", "EXT-04", "EXT-05", "EXT-30"}
    assert tested == set(RULES)


def test_all_faults_are_told_at_once_and_counted_exactly_where_the_list_is_cut(workspace: Workspace) -> None:
    tables = good()
    tables["sequences"] += [
        extracts.sequence(code_sequence=f"T{i}", heures_prevues="x", nom=f"{CANARY}nom") for i in range(1000)
    ]
    tables["dsf"][0]["nature"] = "?"
    report = refused(workspace, tables)
    assert report.comptes == {"EXT-09": 1000, "EXT-12": 1}
    assert report.total == 1001
    assert report.coupe
    assert len(report.problemes) < 1001
    assert report.problemes[0].code == "EXT-12"


def test_a_personal_value_is_marked(workspace: Workspace) -> None:
    tables = good()
    tables["sequences"][0]["identifiant_de"] = ""
    assert refused(workspace, tables).problemes[0].personnel
