"""Each rule of an extract: a wrong one is refused whole, with file, line, column, value and code; nothing stays."""

from collections.abc import Callable

import openpyxl
import pytest

from pipeline import reference
from pipeline.reference import ExtractReport
from pipeline.workspace import Workspace
from schemas.extract_rules import NOTES, RULES
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
    ("EXT-16", cell("absences", 0, "id_absence", "1,23457E+17"), ("absences", 2, "id_absence", "1,23457E+17")),
    ("EXT-16", cell("dsf", 0, "numero_convention", "1e+15"), ("dsf", 2, "numero_convention", "1e+15")),
    ("EXT-17", cell("dsf", 1, "date_extraction", "01/08/2025 00:00"), ("dsf", 3, "date_extraction", "01/08/2025 00:00")),
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
    ("EXT-24", lambda t: t["dsf"].append(extracts.dsf("DSF-9")), ("dsf", 4, "numero_dsf", "DSF-9")),
    ("EXT-32", cell("sequences", 1, "libelle_sequence", "Chargé d’accueil €".encode().decode("cp1252")),
     ("sequences", 3, "libelle_sequence", "ChargÃ© dâ€™accueil â‚¬")),
    ("EXT-32", cell("sequences", 1, "nom", f"{CANARY}Ã¨vre"), ("sequences", 3, "nom", f"{CANARY}Ã¨vre")),
]  # fmt: skip


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


def test_ext_03_quotes_the_nearest_heading_but_no_person(workspace: Workspace) -> None:
    tables = good()
    for row in tables["sequences"]:
        row["numéro du pif"] = row.pop("numero_pif")
        row["noms"] = row.pop("nom")
    problems = refused(workspace, tables).problemes
    assert [(p.colonne, p.valeur, p.personnel) for p in problems] == [
        ("nom", "noms", True),
        ("numero_pif", "numéro du pif", False),
    ]


def test_ext_30_is_in_test_history() -> None:
    tested = {code for code, *_ in CASES} | {"EXT-01", "EXT-02", "EXT-03", "EXT-04", "EXT-05", "EXT-30"}
    assert tested | {"EXT-18", "EXT-31"} == set(RULES)


# --- damaged on the way (H5) ------------------------------------------------------------------------------------------


def spoiled(
    workspace: Workspace, table: str, change: Callable[[bytes], bytes], **dialect: str
) -> list[tuple[str, int]]:
    """(code, row) of what is found once the bytes of one file were changed."""
    extracts.write_csv(workspace.extracts, good(), **dialect)
    path = workspace.extracts / f"{table}.csv"
    path.write_bytes(change(path.read_bytes()))
    (result,) = extracts.load(workspace)
    return [(p.code, p.ligne) for p in result.error.report.problemes] if result.error else []


@pytest.mark.parametrize("dialect", [{}, {"encoding": "utf-16"}, {"encoding": "cp1252", "end": "\n"}], ids=str)
def test_H5_an_extract_cut_in_its_last_cell_is_refused(workspace: Workspace, dialect: dict[str, str]) -> None:
    width = 2 if dialect.get("encoding") == "utf-16" else 1
    ends = len(dialect.get("end", "\r\n")) * width
    assert spoiled(workspace, "absences", lambda data: data[: -ends - width], **dialect)[-1] == ("EXT-31", 3)


def test_H5_an_extract_cut_at_a_row_is_refused_where_its_line_end_is_gone(workspace: Workspace) -> None:
    assert spoiled(workspace, "absences", lambda data: data.removesuffix(b"\r\n")) == [("EXT-31", 3)]


def test_H5_an_extract_cut_after_a_row_leaves_a_dsf_without_sequence(workspace: Workspace) -> None:
    def first_row_only(data: bytes) -> bytes:
        return b"".join(data.splitlines(keepends=True)[:2])

    assert ("EXT-24", 3) in spoiled(workspace, "sequences", first_row_only)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_whole_csv_is_no_cut_one(workspace: Workspace, end: str, encoding: str) -> None:
    assert spoiled(workspace, "absences", lambda data: data, end=end, encoding=encoding) == []


def test_H5_utf8_and_cp1252_in_one_csv_are_refused_at_each_cell(workspace: Workspace) -> None:
    """The file as a whole is no UTF-8, so it is read as cp1252: what was UTF-8 in it shows."""

    def mixed(data: bytes) -> bytes:
        head, second, third, rest = data.split(b"\r\n", 3)
        third = third.replace(b"Tableur", "Entraîné".encode())
        return b"\r\n".join([head, second.replace(b"Tableur", "Élève".encode("cp1252")), third, rest])

    assert spoiled(workspace, "sequences", mixed) == [("EXT-32", 3)]


@pytest.mark.parametrize(
    "name", ["LEFÈVRE", "JOÃO", "Conceição", "«\u00a0SANTÉ\u00a0»", "Œuvre", "Ångström", "CHÂTEAU", "É’"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_right_letters_are_not_taken_for_mixed_encodings(workspace: Workspace, name: str, encoding: str) -> None:
    assert spoiled(workspace, "sequences", lambda data: data.replace(b"Tableur", name.encode(encoding))) == []


def test_H5_force_takes_what_may_be_right_all_the_same_and_changes_none_of_it(workspace: Workspace) -> None:
    tables = good()
    tables["sequences"][1]["libelle_sequence"] = "LefÃ¨vre"
    extracts.write_csv(workspace.extracts, tables)
    path = workspace.extracts / "absences.csv"
    path.write_bytes(path.read_bytes().rstrip())
    (refusal,) = extracts.load(workspace)
    assert refusal.error is not None and refusal.error.report.comptes == {"EXT-31": 1, "EXT-32": 1}
    (result,) = extracts.load(workspace, force=True)
    assert result.load is not None and result.load.force
    facts = reference.open(workspace).facts(["dsf-1"])
    assert "LefÃ¨vre" in facts.sequences["libelle_sequence"].tolist()
    assert len(facts.absences) == 2


def test_H5_force_takes_nothing_that_is_wrong(workspace: Workspace) -> None:
    tables = good()
    tables["dsf"][0]["date_extraction"] = "2052-06-30"
    extracts.write_csv(workspace.extracts, tables)
    (result,) = extracts.load(workspace, force=True)
    assert result.error is not None and set(result.error.report.comptes) == {"EXT-17"}


def test_H5_an_extraction_of_the_day_itself_is_no_early_one(workspace: Workspace) -> None:
    tables = good()
    tables["dsf"][0]["date_extraction"] = f"{extracts.LOADED.isoformat()} 23:59:59"
    extracts.write_csv(workspace.extracts, tables)
    assert extracts.load(workspace)[0].is_new


def two_sheets(workspace: Workspace, name: str) -> ExtractReport | None:
    book = openpyxl.load_workbook(extracts.write_xlsx(workspace.extracts / "e.xlsx", good()))
    book.create_sheet(name).append(["numero_dsf"])
    book.save(workspace.extracts / "e.xlsx")
    (result,) = extracts.load(workspace)
    return result.error.report if result.error else None


def test_H5_two_sheets_of_one_kind_are_refused(workspace: Workspace) -> None:
    report = two_sheets(workspace, "Séquences")
    assert report is not None
    assert [(p.code, p.fichier, p.feuille, p.valeur) for p in report.problemes] == [
        ("EXT-18", "e.xlsx", "sequences", "sequences, Séquences")
    ]


@pytest.mark.parametrize("name", ["Lisez-moi", "sequences 2024", "Feuil1"])
def test_a_sheet_that_is_no_table_of_ours_is_left_alone(workspace: Workspace, name: str) -> None:
    assert two_sheets(workspace, name) is None


def test_every_sentence_is_there_in_both_languages() -> None:
    for rule in (RULES | NOTES).values():
        french, english = (rule.text(langue, "2025-06-30") for langue in ("fr", "en"))
        assert french and english and french != english
        assert rule.forced == ("--force" in french) == ("--force" in english)


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
