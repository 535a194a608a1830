"""What the reviewer is told is still open: of what was ever rejected, held or refused, what nobody has dropped again since."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.world import DAY, DISPENSATEUR, TITULAIRE, World
from tests.world.extracts import BY_ANOTHER

JULY = date(2025, 7, 10)
BAD = {"heures": "sept"}
HELD = {"date_debut": "11/02/2025", "heures": "3,5"}
OTHER_DSF = {"numero_dsf": "DSF-2"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path).add_dsf().add_dsf("DSF-2", absences=(), **BY_ANOTHER).write_extracts()


def told(world: World, day: date = DAY) -> dict[str, Any]:
    """What a run on ``day`` says is open."""
    ouvert = world.run(day).view["suivi"]["ouvert"]
    assert isinstance(ouvert, dict)
    return ouvert


def by(rows: list[dict[str, Any]], key: str) -> dict[str, tuple[int, int, int]]:
    """Lines, hours and refused files of the rows that have any."""
    found = {row[key]: (row["lignes"], row["heures"], row["refuses"]) for row in rows}
    return {name: counts for name, counts in found.items() if any(counts)}


def test_it_is_counted_by_what_to_do_by_deposit_by_organisation_and_by_rule(world: World) -> None:
    world.hours("a.csv", BAD, HELD)
    world.hours("b.csv", {**OTHER_DSF, "heures": "7,1", "nom": "Autre"}, folder=DISPENSATEUR)  # and AVT-01
    world.drop("refuse.pdf", b"%PDF-1.4")
    ouvert = told(world)
    assert by(ouvert["suites"], "suite") == {
        "corriger": (2, 710, 0),
        "retenue": (1, 350, 0),
        "refuse": (0, 0, 1),
    }
    assert by(ouvert["organismes"], "siret") == {TITULAIRE: (2, 350, 1), DISPENSATEUR: (1, 710, 0)}
    assert by(ouvert["regles"], "code") == {"LIG-07": (1, 0, 0), "LIG-09": (1, 710, 0), "FIC-01": (0, 0, 1)}
    listed = ouvert["depots"]["lignes"]
    assert [(row["fichier"], row["codes"]) for row in listed] == [
        ("b.csv", "LIG-09"),
        ("a.csv", "LIG-07"),
        ("refuse.pdf", "FIC-01"),
    ], "most hours first; who knows no hours comes after"
    assert {row["juge_le"] for row in listed} == {DAY.isoformat()}


def test_what_is_dropped_again_is_open_no_longer_and_the_rest_grows_older(world: World) -> None:
    world.hours("a.csv", BAD, HELD)
    world.hours("b.csv", {**OTHER_DSF, "heures": "7,1"})
    assert told(world)["depots"]["total"] == 2
    world.hours("a.csv", {}, HELD)
    ouvert = told(world, JULY)
    assert [(row["fichier"], row["jours"]) for row in ouvert["depots"]["lignes"]] == [("b.csv", 10)]
    assert by(ouvert["suites"], "suite") == {"corriger": (1, 710, 0)}
    assert [row["depuis"] for row in ouvert["organismes"]] == [DAY.isoformat()]


def test_a_long_list_of_deposits_is_cut_and_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.judging.follow_up.LISTED", 2)
    for n in range(3):
        world.hours(f"{n}.csv", {**BAD, "date_debut": f"1{n}/02/2025"})
    ouvert = told(world)
    assert (ouvert["depots"]["total"], len(ouvert["depots"]["lignes"])) == (3, 2)
    assert by(ouvert["suites"], "suite") == {"corriger": (3, 0, 0)}, "counts are exact"


def test_nobody_is_named(world: World) -> None:
    world.hours("a.csv", {**BAD, "nom": "Introuvable", "identifiant_de": "7654321B"})
    said = str(told(world))
    assert "Introuvable" not in said and "7654321B" not in said
