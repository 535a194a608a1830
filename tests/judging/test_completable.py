"""What a template offers: what is left of a plan only where it tells of nobody else, and absences that nothing has completed."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline import ledger, nomenclature, reference
from pipeline.judging.completable import Completable, completable
from pipeline.judging.context import Context
from tests.world import DAY, DISPENSATEUR, OTHER, SETTINGS, TITULAIRE, World, extracts

THEIRS = {"siret_titulaire": OTHER, "siret_dispensateur": OTHER}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def offered(world: World, siret: str = TITULAIRE, **settings: Any) -> Completable:
    chosen = replace(SETTINGS, **settings)
    renames = nomenclature.renames(world.workspace.root, chosen.correspondances)
    with ledger.open(world.workspace, chosen) as book:
        return completable(Context(chosen, DAY, reference.open(world.workspace), book, (), renames), siret)


def left(rows: Completable, numero: str = "DSF-1") -> list[int | None]:
    mine = rows.sequences[rows.sequences["numero_dsf"] == numero]["heures_reste"]
    return [None if value is None else int(value) for value in mine.astype("object").where(mine.notna(), None)]


def test_what_is_left_is_what_ref_13_lets_pass(world: World) -> None:
    world.add_dsf().add_dsf("DSF-2", absences=[], sequences=[{"heures_realisees": "50,25"}]).write_extracts()
    world.hours("h.csv", {"heures": "10"})
    world.run()
    rest = 40000 - 10000 - 700 - 5025 - 1000
    assert left(offered(world)) == left(offered(world), "DSF-2") == [rest]
    world.hours("more.csv", {"date_debut": "11/02/2025", "heures": f"{rest / 100 + 0.25:.2f}"})
    world.hours("rest.csv", {"date_debut": "11/02/2025", "heures": f"{rest / 100:.2f}"})
    world.run(severites={"AVT-02": "avertissement"})
    assert [report["etat"] for report in world.reports()] == ["accepte", "rejete", "accepte"]
    assert left(offered(world)) == [0]


def test_nothing_below_zero_is_left(world: World) -> None:
    world.add_dsf(sequences=[{"heures_prevues": "20"}]).write_extracts()
    world.run()
    assert left(offered(world)) == [0]


def test_hours_of_others_in_the_plan_are_never_told(world: World) -> None:
    world.add_dsf().add_dsf("DSF-2", absences=[], **THEIRS).write_extracts()
    world.run()
    assert left(offered(world)) == [None] and left(offered(world, OTHER), "DSF-2") == [None]


def test_hours_that_another_organisation_added_to_the_plan_are_never_told(world: World) -> None:
    world.add_dsf(siret_dispensateur=DISPENSATEUR).write_extracts()
    world.run()
    assert left(offered(world)) == left(offered(world, DISPENSATEUR)) == [29300], "both may complete it"
    world.hours("h.csv", {}, folder=DISPENSATEUR)
    world.run()
    assert len(world.complements(DISPENSATEUR)) == 1
    assert left(offered(world)) == [None]
    assert left(offered(world, DISPENSATEUR)) == [28600]


def test_another_plan_of_others_hides_nothing(world: World) -> None:
    world.add_dsf().add_dsf("DSF-2", absences=[], sequences=[{"numero_pif": "PIF-2"}], **THEIRS).write_extracts()
    world.run()
    assert left(offered(world)) == [29300]


def test_what_cannot_be_counted_is_not_told(world: World) -> None:
    """The séquence that hours were added to is no longer there: REF-14."""
    world.add_dsf().write_extracts()
    world.hours("h.csv", {})
    world.run()
    moved = {"code_sequence": "S9"}
    world.forget().add_dsf(sequences=[moved], absences=[moved], date_extraction="2025-06-20").write_extracts()
    assert extracts.load(world.workspace, force=True)[0].is_new
    assert left(offered(world)) == [None]


def test_the_period_is_that_of_the_dsf(world: World) -> None:
    world.add_dsf().write_extracts()
    world.run()
    (row,) = offered(world).sequences.to_dict("records")
    assert (row["periode_debut"].date(), row["periode_fin"].date()) == (date(2025, 1, 1), date(2025, 3, 31))


def test_absences_that_the_extract_or_the_ledger_completed_are_not_offered(world: World) -> None:
    many = [{"id_absence": "A1"}, {"id_absence": "A2", "deja_complementee": "oui"}, {"id_absence": "A3"}]
    world.add_dsf(absences=many).write_extracts()
    world.absence("a.csv", {"id_absence": "A3"})
    world.run()
    rows = offered(world).absences
    assert rows["id_absence"].tolist() == ["A1"] and rows["nom"].tolist() == ["EXEMPLE"]


def test_an_absence_that_was_completed_under_another_name_is_not_offered(world: World) -> None:
    world.add_dsf().write_extracts()
    world.absence("a.csv", {})
    world.run()
    world.forget().add_dsf(absences=[{"id_absence": "B1"}], date_extraction="2025-06-20").write_extracts()
    head = "champ;numero_dsf;identifiant_de;ancien;nouveau;source;date"
    told = world.workspace.root / "correspondances.csv"
    told.write_text(f"{head}\nid_absence;;;A1;B1;FT;\n", encoding="utf-8")
    world.run(correspondances=told.name)
    assert offered(world).absences["id_absence"].tolist() == ["B1"]
    assert offered(world, correspondances=told.name).absences.empty
