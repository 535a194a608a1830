"""The same workspace on a disk, on SFTP and on S3: same verdicts, same bytes of JSON and CSV."""

import json
from pathlib import Path

import pytest

from tests.crash.client import outputs
from tests.storage.shelf import SharedWorld, Shelf
from tests.world import DISPENSATEUR, OTHER, TITULAIRE, World, deposits

TIMES = ("durees", "debut", "fin")


def cases(world: World) -> World:
    """Two organisations and a stranger: accepted, rejected, held and taken lines, refused files, a trial, a correction."""
    absences = [
        {"id_absence": f"A{n}", "date_debut": f"2025-02-{n:02d}", "date_fin": f"2025-02-{n:02d}"} for n in range(1, 5)
    ]
    world.add_dsf("DSF-1", absences=absences, siret_dispensateur=DISPENSATEUR)
    world.add_dsf("DSF/2 é", absences=absences[:1])
    world.write_extracts()
    first = world.hours("heures été.csv", {}, {"date_debut": "11/02/2025"}, {"numero_dsf": "DSF/2 é"})
    world.absence("absences.csv", {"id_absence": "A1"}, {"id_absence": "A2"})
    world.absence(
        *("dispensateur.csv", {"id_absence": "A2"}, {"id_absence": "A3"}, {"id_absence": "A4", "heures": "sept"}),
        folder=DISPENSATEUR,
    )
    world.drop("encore/heures.csv", first.read_bytes())
    world.drop("vide.xlsx", b"")
    world.drop("essai.csv", deposits.hours({"date_debut": "12/02/2025"}), folder=f"{TITULAIRE}-essai")
    world.hours("autre.csv", {}, folder=OTHER)
    world.drop("perdu.csv", b"x;y\n", folder="sans-siret")
    return world


def played(world: World) -> dict[str, bytes]:
    """What a first run gives, then one over a second batch."""
    cases(world).run()
    world.absence("suite.csv", {"id_absence": "A3"}, {"id_absence": "A4"}, folder=f"{DISPENSATEUR}-antenne")
    world.run()
    return outputs(world.workspace.outbox)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """On the local disk."""
    return played(World(tmp_path_factory.mktemp("ici")))


def test_the_bytes_are_those_of_a_local_disk(tmp_path: Path, shelf: Shelf, here: dict[str, bytes]) -> None:
    world = SharedWorld(tmp_path, shelf)
    there = played(world)
    assert sorted(there) == sorted(here)
    data = [name for name in here if name.endswith((".json", ".csv"))]
    assert len(data) > 10 and [name for name in data if there[name] != here[name]] == []
    view = json.loads(here[next(name for name in here if name.endswith("run.json"))])
    assert view["laisses"], "what is left alone is said"
    assert world.shelf.names("depots") == ["sans-siret/perdu.csv"]
    # Pages and workbooks are made of the same, but for the seconds that a run took.
    differ = [name for name in here if there[name] != here[name]]
    assert all(name.startswith("rapports/") for name in differ), differ
