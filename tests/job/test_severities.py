"""What the operator's severities may do, and what they never may (reliability H6)."""

from datetime import date
from pathlib import Path

import pytest

from tests.world import DISPENSATEUR, TITULAIRE, World, by_verdict, codes, deposits
from tests.world.extracts import BY_ANOTHER

NIR = "1 85 05 78 006 084 91"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_H6_same_content_set_to_reject_rejects_all_lines_of_the_copy(world: World) -> None:
    world.add_dsf().write_extracts()
    path = world.hours("a.csv", {"heures": "sept"}, {"date_debut": "11/02/2025", "numero_dsf": "DSF-9"})
    content = path.read_bytes()
    world.run()
    world.drop("copie.csv", content)
    world.run(severites={"AVT-07": "rejet"})
    report = world.report()
    assert report["fichier"] == "copie.csv" and by_verdict(report) == {2: "rejetee", 3: "rejetee"}
    assert all("AVT-07" in found for found in codes(report).values())


def test_H6_acting_for_another_set_to_reject_rejects_all_lines(world: World) -> None:
    world.add_dsf(**BY_ANOTHER).write_extracts().hours("a.csv", {}, {"date_debut": "11/02/2025"})
    world.run(severites={"AVT-06": "rejet"})
    assert by_verdict(world.report()) == {2: "rejetee", 3: "rejetee"}
    assert codes(world.report()) == {2: ["AVT-06"], 3: ["AVT-06"]}
    assert world.complements() == {}


def test_H6_an_ignored_column_set_to_reject_rejects_all_lines_and_the_workbook_says_why(world: World) -> None:
    world.add_dsf().write_extracts()
    text = deposits.hours({}, {"date_debut": "11/02/2025"}).replace("Commentaire\r\n", "Commentaire;À nous\r\n")
    world.drop("a.csv", text.replace("Feuille 12;\r\n", "Feuille 12;;x\r\n"))
    world.run(severites={"AVT-05": "rejet"})
    assert by_verdict(world.report()) == {2: "rejetee", 3: "rejetee"}
    import openpyxl

    path = next(world.workspace.outbox.glob("*/retours/*/a-corriger-*.xlsx"))
    told = openpyxl.load_workbook(path)["Heures complémentaires"]["A2"].value
    assert told and "À nous" in told


def test_H6_a_line_taken_before_stays_taken_whatever_rejects_its_deposit(world: World) -> None:
    world.add_dsf().write_extracts()
    content = world.hours("a.csv", {}).read_bytes()
    world.run()
    world.drop("copie.csv", content)
    world.run(severites={"AVT-07": "rejet"})
    assert by_verdict(world.report()) == {2: "deja_prise"}


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("LIG-13", {"reference_justificatif": "x" * 201}),
        ("LIG-07", {"heures": "sept"}),
        ("LIG-04", {"date_debut": "mars"}),
        ("LIG-02", {"reference_justificatif": "#REF!"}),
        ("LIG-12", {"reference_justificatif": NIR}),
        ("LIG-01", {"reference_justificatif": ""}),
    ],
)
def test_H6_a_softened_rule_still_rejects_a_line_that_cannot_be_written_and_that_alone(
    world: World, code: str, line: dict[str, str]
) -> None:
    world.add_dsf().write_extracts().hours("a.csv", line, {"date_debut": "11/02/2025"})
    world.run(severites={code: "avertissement"}, politique="ligne")
    assert by_verdict(world.report()) == {2: "rejetee", 3: "acceptee"}
    assert codes(world.report())[2] == [code]


@pytest.mark.parametrize(
    ("code", "line"), [("LIG-13", {"commentaire": "x" * 501}), ("LIG-12", {"nom": NIR, "prenom": ""})]
)
def test_H6_a_softened_rule_lets_pass_what_a_complement_can_do_without(
    world: World, code: str, line: dict[str, str]
) -> None:
    world.add_dsf().write_extracts().hours("a.csv", line)
    world.run(severites={code: "avertissement"})
    assert by_verdict(world.report()) == {2: "acceptee"}
    assert codes(world.report()) == {2: [code]}


def test_H6_a_softened_finding_does_not_keep_a_line_from_being_taken_before(world: World) -> None:
    world.add_dsf().write_extracts().hours("a.csv", {"commentaire": "x" * 501})
    world.run(severites={"LIG-13": "avertissement"})
    world.hours("b.csv", {"commentaire": "y" * 501})
    world.run(severites={"LIG-13": "avertissement"})
    assert by_verdict(world.report()) == {2: "deja_prise"}


@pytest.mark.parametrize("line", [{"nom": NIR}, {"prenom": NIR}, {"nom": NIR, "prenom": "Zoé"}, {"commentaire": NIR}])
def test_H17_a_social_security_number_is_shown_nowhere_again(world: World, line: dict[str, str]) -> None:
    world.add_dsf().write_extracts().hours("a.csv", line)
    world.run()
    assert codes(world.report()) == {2: ["LIG-12"]}, "AVT-01 does not compare what stands there"
    bare = NIR.replace(" ", "")
    for path in world.workspace.outbox.rglob("*"):
        if path.is_file() and path.suffix != ".xlsx":
            text = path.read_text(encoding="utf-8").replace(" ", "").replace("\u202f", "")
            assert bare not in text, path


def test_end_before_start_is_said_once(world: World) -> None:
    world.add_dsf().write_extracts().hours("a.csv", {"date_debut": "10/02/2025", "date_fin": "01/12/2024"})
    world.run()
    assert codes(world.report()) == {2: ["LIG-05"]}


# --- whose data it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "folder", ["7328293200007", "73282932000075", "732829320000740", "73282932000O74", "732829320 antenne"]
)
def test_H7_a_folder_with_a_slip_in_its_siret_is_nobodys(world: World, folder: str) -> None:
    world.add_dsf().write_extracts().hours("a.csv", {}, folder=folder)
    outcome = world.run(organisme=TITULAIRE)
    assert outcome.view["depots"] == []
    assert [item["chemin"] for item in outcome.view["laisses"]] == [f"inbox/depots/{folder}/a.csv"]


def test_H7_a_folder_of_another_kind_is_the_organisations_of_the_setting(world: World) -> None:
    world.add_dsf().write_extracts().hours("a.csv", {}, folder="mars 2025")
    assert world.run(organisme=TITULAIRE).view["depots"][0]["siret"] == TITULAIRE


# --- sounding out another's hours -------------------------------------------------------------------------------------


def shared(world: World, remaining: str) -> None:
    """DSF-1 of the titulaire and DSF-2 of somebody else, on one plan: ``remaining`` is what the other one leaves."""
    plan = {"heures_prevues": "400"}
    theirs = {"siret_titulaire": DISPENSATEUR, "siret_dispensateur": DISPENSATEUR}
    used = f"{300 - float(remaining):g}"
    world.add_dsf(sequences=(plan,), absences=())
    world.add_dsf("DSF-2", sequences=({**plan, "heures_realisees": used},), absences=(), **theirs).write_extracts()


@pytest.mark.parametrize("asked", ["7", "90"])
def test_H19_a_line_that_would_not_be_accepted_learns_nothing_of_anothers_hours(world: World, asked: str) -> None:
    shared(world, "8")
    world.hours("a.csv", {"heures": asked, "date_fin": "28/02/2025"}, {"date_debut": "11/02/2025", "heures": "sept"})
    world.run()
    assert codes(world.report()) == {2: [], 3: ["LIG-07"]}
    assert by_verdict(world.report()) == {2: "retenue", 3: "rejetee"}


def test_H19_a_line_with_another_fault_learns_nothing_either(world: World) -> None:
    shared(world, "8")
    world.hours("a.csv", {"heures": "90", "date_debut": "10/02/2024", "date_fin": "28/02/2024"})
    world.run(politique="ligne")
    assert codes(world.report()) == {2: ["REF-08"]}


def test_H19_lines_that_ask_too_much_together_still_fail(world: World) -> None:
    shared(world, "8")
    world.hours("a.csv", {"heures": "5"}, {"heures": "5", "date_debut": "11/02/2025"})
    world.run()
    assert codes(world.report()) == {2: ["REF-13"], 3: ["REF-13"]}
    assert "8" not in world.report()["constats"][0]["message"].replace("10,00", "")


def test_H19_where_all_hours_are_the_depositors_own_everything_is_said_at_once(world: World) -> None:
    world.add_dsf(sequences=({"heures_prevues": "120"},), absences=()).write_extracts()
    world.hours("a.csv", {"heures": "90", "date_fin": "28/02/2025"}, {"date_debut": "11/02/2025", "heures": "sept"})
    world.run(day=date(2025, 6, 30))
    assert codes(world.report()) == {2: ["REF-13"], 3: ["LIG-07"]}
