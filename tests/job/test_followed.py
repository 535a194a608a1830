"""After a complement has left: what a later extract shows of it, what it misses, and what it lets pass that was not before."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline import ledger
from tests.world import SETTINGS, World, extracts

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
