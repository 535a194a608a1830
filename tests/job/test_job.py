"""The main job, end to end: verdicts, policies, numbers, what the ledger remembers."""

from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

from tests.world import DISPENSATEUR, OTHER, TITULAIRE, World, by_verdict, codes


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ws")


def simple(world: World) -> World:
    return world.add_dsf().write_extracts()


def test_a_good_deposit_becomes_one_complement_per_dsf(world: World) -> None:
    world.add_dsf().add_dsf("DSF-2", absences=[{"id_absence": "A1"}]).write_extracts()
    world.hours("h.csv", {}, {"date_debut": "11/02/2025", "heures": "3,5"}, {"numero_dsf": "dsf-2"})
    world.absence("a.csv", {})
    outcome = world.run()
    assert outcome.view["complements"] == ["DSF-1-C01", "DSF-2-C01", "DSF-1-C02"]
    first = world.complements()["DSF-1-C01"]
    assert first["totaux"] == {"heures_complementaires": 10.5, "heures_valorisees": 0.0, "demandeurs": 1}
    assert first["dsf_initiale"]["numero"] == "DSF-1"
    assert world.complements()["DSF-1-C02"]["totaux"]["heures_valorisees"] == 7.0
    assert not list((world.workspace.deposits / TITULAIRE).iterdir())
    assert len(list(world.workspace.originals.iterdir())) == 2


def test_one_rejected_line_holds_its_dsf_and_says_which(world: World) -> None:
    world.add_dsf().add_dsf("DSF-2").write_extracts()
    world.hours("h.csv", {}, {"date_debut": "11/02/2025", "heures": "sept"}, {"numero_dsf": "DSF-2"})
    world.run()
    report = world.report()
    assert by_verdict(report) == {2: "retenue", 3: "rejetee", 4: "acceptee"}
    assert report["lignes"][0]["attend"] == [{"feuille": "", "ligne": 3}]
    assert list(world.complements()) == ["DSF-2-C01"]


@pytest.mark.parametrize(
    ("politique", "verdicts"),
    [
        ("ligne", ["acceptee", "rejetee", "acceptee"]),
        ("dsf", ["retenue", "rejetee", "acceptee"]),
        ("depot", ["retenue", "rejetee", "retenue"]),
    ],
)
def test_the_policy_says_what_a_rejected_line_holds(world: World, politique: str, verdicts: list[str]) -> None:
    world.add_dsf().add_dsf("DSF-2").write_extracts()
    world.hours("h.csv", {}, {"date_debut": "11/02/2025", "heures": "sept"}, {"numero_dsf": "DSF-2"})
    world.run(politique=politique)
    assert list(by_verdict(world.report()).values()) == verdicts


def test_a_line_without_a_dsf_holds_no_other(world: World) -> None:
    simple(world).hours("h.csv", {}, {"numero_dsf": "", "date_debut": "11/02/2025"})
    world.run()
    assert by_verdict(world.report()) == {2: "acceptee", 3: "rejetee"}


def test_the_corrected_whole_original_gets_the_rest_and_keeps_what_it_had(world: World) -> None:
    simple(world).hours("h.csv", {}, {"date_debut": "11/02/2025", "heures": "sept"})
    world.run(politique="ligne")
    world.hours("h.csv", {}, {"date_debut": "11/02/2025", "heures": "7"})
    world.run(politique="ligne")
    report = world.report()
    assert by_verdict(report) == {2: "deja_prise", 3: "acceptee"}
    assert report["lignes"][0]["complement"] == "DSF-1-C01"
    assert report["lignes"][1]["complement"] == "DSF-1-C02"


def test_the_same_file_twice_does_no_harm(world: World) -> None:
    simple(world).absence("a.csv", {})
    world.run()
    world.absence("a.csv", {})
    outcome = world.run()
    report = world.report()
    assert by_verdict(report) == {2: "deja_prise"}
    assert [c["code"] for c in report["constats"]] == ["AVT-07"]
    assert outcome.view["complements"] == []
    assert report["depot"].endswith("-2")


def test_a_redropped_absence_named_by_its_dates_is_known_whatever_became_of_the_extract(world: World) -> None:
    dated = {"id_absence": "", "date_debut": "03/02/2025", "date_fin": "04/02/2025"}
    simple(world).absence("a.csv", dated)
    world.run()
    world.forget().add_dsf(absences=[], date_extraction="2025-06-02").write_extracts()
    world.absence("b.csv", dated | {"reference_justificatif": "Autre"})
    world.run()
    assert by_verdict(world.report()) == {2: "deja_prise"}


def test_other_hours_for_what_was_taken_are_refused(world: World) -> None:
    simple(world).hours("h.csv", {})
    world.absence("a.csv", {})
    world.run()
    world.hours("h.csv", {"heures": "6"})
    world.absence("a.csv", {"heures": "6", "reliquat_abandonne": "oui"})
    world.run()
    late = world.reports()[-2:]
    assert [codes(report) for report in late] == [{2: ["DBL-03"]}, {2: ["REF-10"]}]
    assert "DSF-1-C01" in late[0]["constats"][0]["message"]
    assert "DSF-1-C02" in late[1]["constats"][0]["message"]


def test_a_file_refused_for_want_of_an_extract_passes_once_it_is_there(world: World) -> None:
    world.add_dsf("DSF-0").write_extracts()
    world.hours("h.csv", {})
    world.run()
    assert codes(world.report()) == {2: ["REF-01"]}
    world.add_dsf().write_extracts()
    world.hours("h.csv", {})
    world.run()
    assert by_verdict(world.report()) == {2: "acceptee"}


def shared(world: World) -> World:
    """A DSF that a titulaire and its dispensateur may both complete."""
    return world.add_dsf(siret_dispensateur=DISPENSATEUR, raison_sociale_dispensateur="Autre Centre").write_extracts()


@pytest.mark.parametrize("together", [True, False])
def test_of_two_organisations_the_first_gets_the_absence_and_the_second_learns_nothing(
    world: World, together: bool
) -> None:
    shared(world).absence("a.csv", {}, folder=DISPENSATEUR)
    if not together:
        world.run()
    world.absence("a.csv", {"reference_justificatif": "Autre pièce"}, folder=TITULAIRE)
    world.run()
    assert by_verdict(world.report(DISPENSATEUR)) == {2: "acceptee"}
    refused = world.report(TITULAIRE)
    assert codes(refused) == {2: ["REF-10"]}
    assert "C01" not in str(refused)
    assert "Arrêt 3" not in str(refused)
    assert "2025-06-30" not in refused["constats"][0]["message"]


def test_A11_the_same_bytes_from_two_organisations_are_decided_apart_and_neither_learns_of_the_other(
    world: World,
) -> None:
    content = shared(world).absence("a.csv", {}, folder=DISPENSATEUR).read_bytes()
    world.drop("a.csv", content, TITULAIRE)
    world.run()
    first, second = world.report(DISPENSATEUR), world.report(TITULAIRE)
    assert by_verdict(first) == {2: "acceptee"} and first["sha256"] == second["sha256"]
    assert codes(second) == {2: ["REF-10"]}, "not AVT-07: that file was dropped by somebody else"
    assert first["depot"] not in str(second) and second["depot"] not in str(first) and "C01" not in str(second)


def test_A18_one_organisation_that_floods_keeps_nobody_from_this_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("pipeline.run"), "BATCH", 8)
    monkeypatch.setattr(import_module("pipeline.run"), "LINES", 8)
    shared(world)
    for number in range(40):
        world.hours(f"{number}.csv", {"date_debut": "10/02/2025", "heures": f"{number}"}, folder=TITULAIRE)
    world.absence("a.csv", {}, folder=DISPENSATEUR)
    world.run()
    assert by_verdict(world.report(DISPENSATEUR)) == {2: "acceptee"} and len(world.reports()) == 40


def test_a_dsf_of_someone_else_reads_exactly_like_one_that_does_not_exist(world: World) -> None:
    world.add_dsf("DSF-1", siret_titulaire=OTHER, siret_dispensateur=OTHER).add_dsf("DSF-2").write_extracts()
    world.hours("h.csv", {"numero_dsf": "DSF-1"}, folder=TITULAIRE)
    world.hours("i.csv", {"numero_dsf": "DSF-9"}, folder=TITULAIRE)
    world.run()
    one, other = (
        {k: v for k, v in report.items() if k not in ("depot", "fichier", "sha256", "recu_le")}
        for report in world.reports()
    )
    assert str(one).replace("DSF-1", "DSF-9") == str(other)


def test_a_titulaire_acts_for_its_dispensateur_and_both_are_named(world: World) -> None:
    shared(world).hours("h.csv", {})
    world.run()
    report = world.report()
    (warning,) = [c for c in report["constats"] if c["code"] == "AVT-06"]
    assert TITULAIRE in warning["message"]
    assert DISPENSATEUR in warning["message"]
    declarant = world.complements()["DSF-1-C01"]["declarant"]
    assert declarant == {"siret": TITULAIRE, "qualite": "TITULAIRE", "pour_le_compte_de": DISPENSATEUR}


def test_the_pif_counts_every_dsf_of_the_convention_and_the_ledger(world: World) -> None:
    # 400 h planned; 100 + 7 declared on DSF-1, 290 on DSF-2: 3 h remain.
    world.add_dsf().add_dsf(
        "DSF-2",
        sequences=[{"heures_realisees": "290"}],
        absences=[],
        periode_debut="2025-04-01",
        periode_fin="2025-05-31",
    ).write_extracts()
    world.hours("a.csv", {"heures": "3,25"})
    world.hours("b.csv", {"heures": "2"})
    world.hours("c.csv", {"heures": "1,25", "date_debut": "12/02/2025"})
    world.hours("d.csv", {"heures": "1", "numero_dsf": "DSF-2", "date_debut": "02/04/2025"})
    world.run()
    assert [codes(report) for report in world.reports()] == [{2: ["REF-13"]}, {2: []}, {2: ["REF-13"]}, {2: []}]
    assert "3,00 h" in world.reports()[0]["constats"][0]["message"]
    assert "1,00 h" in world.reports()[2]["constats"][0]["message"]


def test_the_remaining_hours_of_the_pif_are_said_only_where_they_are_the_depositors_own(world: World) -> None:
    other = {"siret_titulaire": OTHER, "siret_dispensateur": OTHER}
    world.add_dsf().add_dsf("DSF-2", absences=[], sequences=[{"heures_realisees": "290"}], **other).write_extracts()
    world.hours("a.csv", {"heures": "3,25"})
    world.run()
    (finding,) = world.report()["constats"]
    assert finding["code"] == "REF-13"
    assert "3,00" not in str(finding)


def test_first_come_first_served_by_time_then_path(world: World) -> None:
    simple(world)
    late = world.absence("a.csv", {"reference_justificatif": "tardif"})
    early = world.absence("b.csv", {"reference_justificatif": "premier"})
    import os

    os.utime(early, ns=(1, 1))
    world.run()
    made = world.complements()["DSF-1-C01"]
    absence = made["demandeurs"][0]["sequences"][0]["absences"][0]
    assert absence["justificatif"]["reference"] == "premier"
    assert not late.exists()


def test_hours_are_exact_hundredths(world: World) -> None:
    simple(world).hours(
        "h.csv",
        {"heures": "0,1", "date_debut": "05/02/2025"},
        {"heures": "0,2", "date_debut": "06/02/2025"},
        {"heures": "0,7", "date_debut": "07/02/2025"},
    )
    world.run(pas_heures=1)
    assert world.report()["heures"]["acceptees"] == 1.0
    raw = next(world.workspace.outbox.glob("*/dsf/*/*.json")).read_text()
    assert '"heures_complementaires": 1.00' in raw
    assert '"heures": 0.10' in raw


def test_severities_may_be_softened_but_never_into_the_impossible(world: World) -> None:
    simple(world).hours("h.csv", {"heures": "0,1"}, {"date_debut": "11/02/2025", "heures": ""})
    world.run(severites={"LIG-09": "avertissement", "LIG-01": "avertissement"}, politique="ligne")
    report = world.report()
    assert by_verdict(report) == {2: "acceptee", 3: "rejetee"}
    assert {c["code"]: c["severite"] for c in report["constats"]} == {"LIG-09": "avertissement", "LIG-01": "rejet"}


def test_twice_in_one_deposit_stays_refused_even_softened(world: World) -> None:
    simple(world).hours("h.csv", {}, {"heures": "3"})
    world.absence("a.csv", {}, {})
    world.run(severites={"DBL-01": "avertissement", "DBL-02": "avertissement"})
    assert [by_verdict(report) for report in world.reports()] == [{2: "rejetee", 3: "rejetee"}] * 2


def test_a_warning_may_be_made_to_reject(world: World) -> None:
    simple(world).hours("h.csv", {"nom": "Quelconque"})
    world.run(severites={"AVT-01": "rejet"})
    assert by_verdict(world.report()) == {2: "rejetee"}


def test_a_refused_file_is_one_row_and_a_short_report(world: World) -> None:
    simple(world).drop("x.xlsx", b"not a workbook \x00\x01")
    outcome = world.run()
    (row,) = world.verdicts(outcome.run)
    assert (row["feuille"], row["ligne"], row["verdict"], row["codes"]) == ("", "0", "rejetee", "FIC-01")
    assert world.report()["etat"] == "refuse"
    folder = next((world.workspace.outbox / TITULAIRE / "retours").iterdir())
    assert sorted(p.name for p in folder.iterdir()) == ["rapport.html", "rapport.json"]


def test_verdicts_name_a_dsf_only_when_it_is_the_depositors(world: World) -> None:
    simple(world).hours("h.csv", {"numero_dsf": " dsf-1 "}, {"numero_dsf": "DSF-9", "date_debut": "11/02/2025"})
    outcome = world.run()
    rows = world.verdicts(outcome.run)
    assert [row["numero_dsf"] for row in rows] == ["DSF-1", ""]
    assert [row["fichier"] for row in rows] == ["h.csv", "h.csv"]


def test_the_reasons_and_headings_of_the_operator_are_used(world: World) -> None:
    simple(world)
    (world.workspace.root / "motifs.csv").write_text(
        "code,libelle,financable,piece_attendue,valide_du,valide_au\nGEL,Gel du campus,oui,Avis,2025-01-01,2025-02-28\n"
        "MAL,Maladie,non,Rien,2000-01-01,\n",
        encoding="utf-8",
    )
    (world.workspace.root / "titres.csv").write_text("champ,titre\nheures,Temps rendu\n", encoding="utf-8")
    content = world.absence("a.csv", {"motif": "gel du campus"}).read_text()
    world.drop("a.csv", content.replace("Heures à valoriser", "Temps rendu"))
    world.absence("b.csv", {"motif": "MAL"})
    world.run(motifs="motifs.csv", synonymes="titres.csv")
    assert [codes(report) for report in world.reports()] == [{2: []}, {2: ["LIG-11", "REF-10"]}]


def test_the_page_over_all_runs_says_which_rules_fail_together(world: World) -> None:
    world.add_dsf(nature="FINALE", statut="En cours d'instruction").write_extracts()
    world.hours("h.csv", *({"date_debut": f"{day}/02/2025"} for day in range(10, 20)))
    world.run()
    page = (world.workspace.reports / "index.html").read_text(encoding="utf-8")
    assert "échouent ensemble" in page
    together = page[page.index("échouent ensemble") :]
    assert "REF-02" in together
    assert "REF-03" in together


def test_an_unvalidated_final_dsf_says_both_at_once(world: World) -> None:
    world.add_dsf(nature="FINALE", statut="En cours d'instruction").write_extracts()
    world.hours("h.csv", {"nom": "Quelconque"})
    world.run(date(2025, 6, 30))
    assert codes(world.report()) == {2: ["AVT-01", "REF-02", "REF-03"]}
