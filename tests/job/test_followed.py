"""After a complement has left: what a later extract shows of it, what it misses, and what it lets pass that was not before."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline import ledger
from tests.world import DISPENSATEUR, OTHER, SETTINGS, TITULAIRE, World, extracts

JULY, AUGUST = date(2025, 7, 10), date(2025, 8, 10)
LATER = "2025-07-05"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def again(world: World, numero: str = "DSF-1", **changes: Any) -> None:
    """A newer extract of one DSF, loaded even where it removes most of what was known."""
    world.forget().add_dsf(numero, date_extraction=LATER, **changes).write_extracts()
    assert extracts.load(world.workspace, force=True)[0].is_new


def states(world: World) -> dict[str, str]:
    with ledger.open(world.workspace, SETTINGS) as book:
        return {one.numero: one.state for one in book.followed()}


def seen_on(world: World, numero: str) -> date | None:
    with ledger.open(world.workspace, SETTINGS) as book:
        one = book.follow(numero)
    assert one is not None
    return one.vue_le


def test_an_extract_shows_what_was_typed_and_says_it_once(world: World) -> None:
    world.add_dsf().write_extracts()
    world.hours("h.csv", {})
    world.absence("a.csv", {})
    world.run()
    world.run(JULY)
    assert states(world) == {"DSF-1-C01": "emise", "DSF-1-C02": "emise"}, "the same extract shows nothing new"
    again(world, absences=({"deja_complementee": "oui"},))
    world.run(JULY)
    assert states(world) == {"DSF-1-C01": "emise", "DSF-1-C02": "vue"}
    world.forget().add_dsf(date_extraction="2025-08-01", absences=(), sequences=({"heures_realisees": "107"},))
    extracts.load(world.write_extracts().workspace, force=True)
    world.run(AUGUST)
    assert states(world) == {"DSF-1-C01": "vue", "DSF-1-C02": "vue"}
    assert (seen_on(world, "DSF-1-C01"), seen_on(world, "DSF-1-C02")) == (AUGUST, JULY)


def test_the_word_of_the_clerk_is_not_what_makes_it_seen(world: World) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {})
    world.run()
    with ledger.open(world.workspace, SETTINGS) as book:
        book.enter("DSF-1-C01", kairos="K-1", day=date(2025, 7, 1))
    again(world)
    world.run(JULY)
    assert states(world) == {"DSF-1-C01": "saisie"}


def told(world: World, day: date = JULY, **settings: Any) -> dict[str, Any]:
    """What a run with nothing to do says of complements after they have left."""
    suivi = world.run(day, **settings).view["suivi"]
    assert isinstance(suivi, dict)
    return suivi


def test_what_is_issued_typed_and_seen_is_counted_and_listed_with_its_age(world: World) -> None:
    for numero in ("DSF-1", "DSF-2", "DSF-3"):
        world.add_dsf(numero)
    world.write_extracts()
    world.hours("h.csv", *({"numero_dsf": f"DSF-{n}", "date_debut": f"1{n}/02/2025"} for n in (1, 2, 3)))
    world.run()
    with ledger.open(world.workspace, SETTINGS) as book:
        book.enter("DSF-2-C01", kairos="K-2", day=date(2025, 7, 3))
    again(world, "DSF-3", sequences=({"heures_realisees": "107"},))
    suivi = told(world)
    assert suivi["comptes"] == {"emises": 1, "saisies": 1, "vues": 1}
    aged = {(one["etat"], one["jours"]): one["heures"] for one in suivi["par_age"] if one["complements"]}
    assert aged == {("emises", 30): 700, ("saisies", 7): 700, ("vues", 7): 700}
    assert [one["jours"] for one in suivi["par_age"]] == [7, 30, 90, None] * 3
    whose = {"siret": TITULAIRE, "raison_sociale": "Les Ateliers d'Essai", "emis_le": "2025-06-30"}
    assert suivi["a_saisir"] == {"total": 1, "lignes": [{**whose, "numero": "DSF-1-C01", "jours": 10}]}
    typed = {**whose, "numero": "DSF-2-C01", "saisie_le": "2025-07-03", "numero_kairos": "K-2", "jours": 7}
    assert suivi["a_voir"] == {"total": 1, "lignes": [typed]}


def test_the_oldest_come_first_and_a_long_list_is_cut_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.judging.follow_up.LISTED", 2)
    for day, numero in enumerate(("DSF-3", "DSF-1", "DSF-2"), 1):
        world.add_dsf(numero).write_extracts().hours("h.csv", {"numero_dsf": numero, "date_debut": f"1{day}/02/2025"})
        world.run(date(2025, 7, day))
    listed = told(world)["a_saisir"]
    assert listed["total"] == 3
    assert [row["numero"] for row in listed["lignes"]] == ["DSF-3-C01", "DSF-1-C01"]


def test_what_REF_14_misses_is_said_without_the_trainee(world: World) -> None:
    world.add_dsf(absences=({}, {"id_absence": "A2", "date_debut": "2025-02-10", "date_fin": "2025-02-10"}))
    world.write_extracts().absence("a.csv", {})
    world.hours("h.csv", {})
    world.run()
    assert told(world)["introuvables"] == {"total": 0, "lignes": []}
    again(world, sequences=({"code_sequence": "S9"},), absences=({"code_sequence": "S9"},))
    common = {"numero_dsf": "DSF-1", "code_sequence": "S1"}
    hours = {"complement": "DSF-1-C02", "id_absence": "", "date_debut": "2025-02-10", "date_fin": "2025-02-10"}
    absence = {"complement": "DSF-1-C01", "id_absence": "A1", "date_debut": "2025-02-03", "date_fin": "2025-02-04"}
    listed = told(world)["introuvables"]
    assert listed == {"total": 2, "lignes": [{**common, **absence}, {**common, **hours}]}
    assert "1234567" not in str(told(world))
    told_so = "champ,numero_dsf,identifiant_de,ancien,nouveau,source,date\ncode_sequence,DSF-1,,S1,S9,FT,\n"
    (world.workspace.root / "correspondances.csv").write_text(told_so, encoding="utf-8")
    assert told(world, correspondances="correspondances.csv")["introuvables"]["total"] == 0


def test_a_complement_that_was_seen_is_missed_only_where_a_line_asks_for_it(world: World) -> None:
    world.add_dsf().write_extracts().absence("a.csv", {})
    world.run()
    again(world, absences=({"deja_complementee": "oui"},))
    world.run(JULY)
    assert states(world) == {"DSF-1-C01": "vue"}
    world.forget().add_dsf(date_extraction="2025-07-20", absences=({"id_absence": "A9"},)).write_extracts()
    assert told(world, AUGUST)["introuvables"]["total"] == 0
    world.hours("h.csv", {})
    assert told(world, AUGUST)["introuvables"]["total"] == 1


def test_what_keeps_a_line_from_passing_is_listed_first(world: World) -> None:
    world.add_dsf().add_dsf("DSF-2").write_extracts()
    world.absence("a.csv", {}, {"numero_dsf": "DSF-2"})
    world.run()
    renamed = {"date_extraction": LATER, "absences": ({"id_absence": "A9"},)}
    world.forget().add_dsf(**renamed).add_dsf("DSF-2", **renamed).write_extracts()
    extracts.load(world.workspace, force=True)
    assert [row["numero_dsf"] for row in told(world)["introuvables"]["lignes"]] == ["DSF-1", "DSF-2"]
    world.hours("h.csv", {"numero_dsf": "DSF-2"})
    assert [row["numero_dsf"] for row in told(world)["introuvables"]["lignes"]] == ["DSF-2", "DSF-1"]


class Dies(BaseException):
    """Stands in for the death of the process."""


def test_a_run_that_died_is_told_as_of_its_own_date(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {})
    world.run()

    def dies(*_: object) -> None:
        raise Dies

    monkeypatch.setattr("pipeline.documents.overview.files", dies)
    with pytest.raises(Dies):
        world.run(JULY)
    monkeypatch.undo()
    world.run(AUGUST)
    ages = {}
    for path in sorted(world.workspace.reports.glob("*/run.json")):
        view = json.loads(path.read_text())
        ages[view["date"]] = [row["jours"] for row in view["suivi"]["a_saisir"]["lignes"]]
    assert ages == {"2025-06-30": [0], "2025-07-10": [10], "2025-08-10": [41]}


LIFTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "REF-01": ({"numero_dsf": "DSF-2"}, {}),
    "REF-02": ({}, {"statut": "En cours de validation"}),
}


@pytest.mark.parametrize("code", LIFTS)
def test_what_an_extract_lets_pass_is_said_by_organisation_and_nothing_is_issued(world: World, code: str) -> None:
    line, before = LIFTS[code]
    world.add_dsf(**before).write_extracts()
    world.hours("h.csv", line, {**line, "date_debut": "11/02/2025", "heures": "3,5"})
    assert world.run().view["suivi"]["debloques"]["total"] == 0
    numero = line.get("numero_dsf", "DSF-1")
    again(world, numero)
    suivi = told(world)
    depot = world.report()["depot"]
    assert suivi["debloques"]["lignes"] == [
        {
            "siret": TITULAIRE,
            "raison_sociale": "Les Ateliers d'Essai",
            "numero_dsf": numero,
            "codes": code,
            "lignes": 2,
            "heures": 1050,
            "depot": depot,
        }
    ]
    assert world.complements() == {}
    world.hours("de-nouveau.csv", line)
    assert told(world)["debloques"]["total"] == 0, "the organisation has spoken of that DSF again"
    assert list(world.complements()) == [f"{numero}-C01"]


def test_what_REF_14_kept_is_let_pass_by_a_correspondance(world: World) -> None:
    world.add_dsf().write_extracts().absence("a.csv", {})
    world.run()
    again(world, absences=({"id_absence": "A9"},))
    world.hours("h.csv", {})
    assert told(world)["debloques"]["total"] == 0
    told_so = "champ,numero_dsf,identifiant_de,ancien,nouveau,source,date\nid_absence,,,A1,A9,FT,\n"
    (world.workspace.root / "correspondances.csv").write_text(told_so, encoding="utf-8")
    (row,) = told(world, correspondances="correspondances.csv")["debloques"]["lignes"]
    assert (row["codes"], row["lignes"], row["heures"]) == ("REF-14", 1, 700)


def test_what_REF_14_kept_of_a_plan_is_let_pass_once_the_other_dsf_is_told(world: World) -> None:
    """Its own DSF shows everything: what keeps the line is missing on another."""
    for number in ("DSF-1", "DSF-2"):
        world.add_dsf(number, absences=())
    world.write_extracts().hours("h.csv", {})
    world.run()
    world.forget()
    for number in ("DSF-1", "DSF-2"):
        sequence = {"identifiant_de": "7654321B"}
        world.add_dsf(number, date_extraction=LATER, sequences=(sequence,), absences=())
    extracts.load(world.write_extracts().workspace, force=True)
    world.hours("waits.csv", {"numero_dsf": "DSF-2", "identifiant_de": "7654321B"})
    following = told(world)
    assert following["debloques"]["total"] == 0
    assert [row["numero_dsf"] for row in following["introuvables"]["lignes"]] == ["DSF-1"]
    told_so = "champ,numero_dsf,identifiant_de,ancien,nouveau,source,date\nidentifiant_de,,,1234567A,7654321B,FT,\n"
    (world.workspace.root / "correspondances.csv").write_text(told_so, encoding="utf-8")
    (row,) = told(world, correspondances="correspondances.csv")["debloques"]["lignes"]
    assert (row["numero_dsf"], row["codes"]) == ("DSF-2", "REF-14")


@pytest.mark.parametrize(
    "changes",
    [
        {"nature": "Finale"},
        {"statut": "Rejetée"},
        {"siret_titulaire": OTHER, "siret_dispensateur": OTHER},
        {"type_session": "ESP"},
    ],
    ids=["finale", "not validated", "somebody else's", "a session that is not open"],
)
def test_an_extract_that_still_keeps_a_line_is_not_said_to_let_it_pass(world: World, changes: dict[str, str]) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {"numero_dsf": "DSF-2"})
    world.run()
    again(world, "DSF-2", **changes)
    assert told(world, ouverture={"ESF": JULY, "ESP": AUGUST})["debloques"]["total"] == 0


def test_what_an_extract_validates_and_REF_14_then_keeps_is_not_let_pass(world: World) -> None:
    """The complement was seen long ago: nobody but the line that waits would look at this DSF again."""
    world.add_dsf().write_extracts().absence("a.csv", {})
    world.run()
    again(world, absences=({"deja_complementee": "oui"},), statut="En cours")
    world.hours("h.csv", {})
    assert told(world)["comptes"]["vues"] == 1
    world.forget().add_dsf(date_extraction="2025-07-20", absences=({"id_absence": "A9"},)).write_extracts()
    suivi = told(world, AUGUST)
    assert (suivi["debloques"]["total"], suivi["introuvables"]["total"]) == (0, 1)


def test_an_organisation_is_let_pass_for_what_it_asked_itself(world: World) -> None:
    world.add_dsf().write_extracts()
    world.hours("h.csv", {"numero_dsf": "DSF-2"}, folder=DISPENSATEUR)
    world.run()
    world.hours("h.csv", {"numero_dsf": "DSF-2"})
    world.run()
    again(world, "DSF-2")
    assert [row["siret"] for row in told(world)["debloques"]["lignes"]] == [TITULAIRE]
