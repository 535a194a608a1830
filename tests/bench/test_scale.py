"""What docs/scale.md says is what the simulation plays from the costs that are written down."""

from dataclasses import replace
from pathlib import Path

from bench import scale
from bench.scale import MEASURED, NATION, enough, play, tables


def test_the_page_shows_what_the_simulation_plays() -> None:
    page = (Path(__file__).parents[2] / "docs/scale.md").read_text(encoding="utf-8")
    assert tables(MEASURED) in page


def test_every_kind_of_work_was_measured() -> None:
    assert min(vars(MEASURED).values()) > 0
    assert set(scale._TIMED.values()) == vars(MEASURED).keys() - {"octets", "rest", "start"}


def test_more_cores_help_until_the_machine_that_drives_is_full() -> None:
    nights = [play(MEASURED, NATION, 1 << n) for n in range(12)]
    assert sorted((night.seconds for night in nights), reverse=True) == [night.seconds for night in nights]
    assert nights[0].workers > 0.9 and nights[-1].workers < 0.1
    assert nights[-1].driver > 0.9
    assert all(night.workers <= 1 and night.driver <= 1 for night in nights)


def test_enough_is_the_least_that_ends_in_time() -> None:
    cores = enough(MEASURED, 10 * NATION)
    assert cores
    assert play(MEASURED, 10 * NATION, cores).seconds <= scale.NIGHT < play(MEASURED, 10 * NATION, cores - 1).seconds
    assert enough(replace(MEASURED, commit=1e6), NATION) is None, "no number of cores helps where one must do it all"
    assert enough(replace(MEASURED, commit=1e6), NATION, 1 << 12) is not None
