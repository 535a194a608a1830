"""Times that no calendar has: shown as far as one goes, in the order that they claim, served (reliability H11)."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.world import DISPENSATEUR, TITULAIRE, World, by_verdict

YEAR = 31_556_952 * 1_000_000_000
SINCE = 1970


def at(year: int) -> int:
    return (year - SINCE) * YEAR


@pytest.fixture(params=["disk", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Two file systems: one keeps some centuries, the other whatever it is told."""
    if request.param == "disk":
        yield tmp_path
        return
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("no file system in memory here")
    made = Path(mkdtemp(prefix="temps-", dir="/dev/shm"))
    yield made
    shutil.rmtree(made)


def test_H11_files_of_any_time_are_served(place: Path) -> None:
    world = World(place / "ws").add_dsf().write_extracts()
    years = (-5000, 1500, 1677, 1969, 2262, 2300, 9999, 10_000, 200_000)
    for day, year in enumerate(years, 10):
        os.utime(world.hours(f"an {year}.csv", {"date_debut": f"{day}/02/2025"}), ns=(0, at(year)))
    outcome = world.run(delai_stabilite=0.1)
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}] * len(years)
    assert all(len(report["recu_le"]) == len("2025-06-30T00:00:00Z") for report in world.reports())
    assert list((world.workspace.deposits / TITULAIRE).iterdir()) == []
    assert outcome.view["laisses"] == outcome.view["attente"] == []
    assert world.run().view["depots"] == []


@pytest.mark.parametrize(("early", "late"), [(2300, 2400), (1200, 1600)])
def test_H11_first_come_first_served_by_the_times_that_files_claim(place: Path, early: int, late: int) -> None:
    world = World(place / "ws").add_dsf(siret_dispensateur=DISPENSATEUR).write_extracts()
    second = world.absence("a.csv", {})
    first = world.absence("z.csv", {}, folder=DISPENSATEUR)
    os.utime(second, ns=(0, at(late)))
    os.utime(first, ns=(0, at(early)))
    if first.stat().st_mtime_ns >= second.stat().st_mtime_ns:
        pytest.skip("this file system does not keep such times")
    world.run()
    assert by_verdict(world.report(DISPENSATEUR)) == {2: "acceptee"}
    assert by_verdict(world.report()) == {2: "rejetee"}
