"""Series of deposits that sound out REF-13: who asks again and again with other hours is shown, who corrects is not."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pipeline.judging.soundings import DAYS, LEAST
from tests.world import DAY, OTHER, TITULAIRE, World, codes

THEIRS = {"siret_titulaire": OTHER, "siret_dispensateur": OTHER}
PROBES = ("60", "30", "15", "7,5")
"""Hours that a plan with 3 h left refuses."""


def shared(root: Path, **whose: str) -> World:
    """Of a plan of 400 h, 107 are declared on DSF-1 and 290 on DSF-2, which is somebody else's: 3 h are left."""
    world = World(root).add_dsf()
    world.add_dsf("DSF-2", absences=(), sequences=({"heures_realisees": "290"},), **(whose or THEIRS))
    return world.write_extracts()


def asks(world: World, hours: str, day: date = DAY, *beside: dict[str, str], **settings: Any) -> list[dict[str, Any]]:
    """One deposit that asks for so many hours, judged on ``day``; the series that its run shows."""
    line = {"heures": hours, "date_debut": "01/02/2025", "date_fin": "28/02/2025"}
    world.hours(f"{day}-{hours}-{settings}.csv", line, *beside)
    found: list[dict[str, Any]] = world.run(day, **settings).view["suivi"]["sondages"]["lignes"]
    assert "REF-13" in codes(world.report())[2] or hours == "3"
    return found


def test_the_same_line_with_other_hours_four_times_is_a_series(tmp_path: Path) -> None:
    world = shared(tmp_path)
    shown = [asks(world, hours, DAY + timedelta(days=n)) for n, hours in enumerate(PROBES)]
    assert shown[:-1] == [[]] * (LEAST - 1)
    assert shown[-1] == [
        {
            "siret": TITULAIRE,
            "raison_sociale": "Les Ateliers d'Essai",
            "numero_dsf": "DSF-1",
            "depots": 4,
            "heures": [6000, 3000, 1500, 750],
            "du": DAY.isoformat(),
            "au": (DAY + timedelta(days=3)).isoformat(),
            "depot": world.report()["depot"],
        }
    ]


def test_it_is_still_shown_once_the_answer_was_paid_for(tmp_path: Path) -> None:
    world = shared(tmp_path)
    for hours in PROBES:
        asks(world, hours)
    (row,) = asks(world, "3")
    assert list(world.complements()) == ["DSF-1-C01"]
    assert row["depots"] == 4


def test_who_corrects_twice_makes_no_series_and_who_drops_the_same_again_neither(tmp_path: Path) -> None:
    world = shared(tmp_path)
    assert [asks(world, hours) for hours in PROBES[:3]] == [[], [], []]
    assert [asks(world, PROBES[2], DAY + timedelta(days=n)) for n in (1, 2, 3)] == [[], [], []]


def test_four_times_in_more_than_thirty_days_make_none(tmp_path: Path) -> None:
    world, days = shared(tmp_path), (0, DAYS - 1, DAYS, DAYS + 1)
    assert [asks(world, hours, DAY + timedelta(days=n)) for n, hours in zip(days, PROBES, strict=True)] == [[]] * 4
    (row,) = asks(world, "4", DAY + timedelta(days=DAYS + 1))
    assert row["heures"] == [3000, 1500, 750, 400]


def test_where_the_plan_is_ones_own_nothing_is_sounded_out(tmp_path: Path) -> None:
    world = shared(tmp_path, siret_titulaire=TITULAIRE, siret_dispensateur=TITULAIRE)
    assert [asks(world, hours) for hours in PROBES] == [[]] * 4
    assert "3,00 h" in world.report()["constats"][-1]["message"], "the report says what is left"


def test_what_something_else_rejects_too_asks_nothing(tmp_path: Path) -> None:
    """The others' hours are on a DSF of the depositor's, who may know them: REF-13 is asked whatever else is wrong."""
    world = shared(tmp_path, siret_titulaire=TITULAIRE, siret_dispensateur=OTHER)
    for hours in PROBES:
        late = {"heures": hours, "date_debut": "01/02/2025", "date_fin": "30/04/2025"}
        world.hours(f"{hours}.csv", late)
        found = world.run().view["suivi"]["sondages"]["lignes"]
        assert {"REF-08", "REF-13"} <= set(codes(world.report())[2])
    assert found == []


def test_a_series_is_of_one_organisation_and_one_dsf(tmp_path: Path) -> None:
    world = World(tmp_path).add_dsf().add_dsf("DSF-3", absences=())
    world.add_dsf("DSF-2", absences=(), sequences=({"heures_realisees": "190"},), **THEIRS).write_extracts()
    for hours, numero in zip(PROBES, ("DSF-1", "DSF-3", "DSF-1", "DSF-3"), strict=True):
        line = {"numero_dsf": numero, "heures": hours, "date_debut": "01/02/2025", "date_fin": "28/02/2025"}
        world.hours(f"{hours}.csv", line)
        assert world.run().view["suivi"]["sondages"]["total"] == 0
        assert "REF-13" in codes(world.report())[2]
