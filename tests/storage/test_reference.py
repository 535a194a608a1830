"""Loads that several machines share: put once made, fetched where they are missing, compared by hash before they are seen."""

from pathlib import Path

import pytest

from pipeline import reference
from pipeline.disk import hash_of
from pipeline.reference import StoreError
from pipeline.workspace import Workspace
from tests.storage.shelf import SharedWorld, Shelf
from tests.world import names


@pytest.fixture
def first(tmp_path: Path, shelf: Shelf) -> SharedWorld:
    """A machine that has loaded two extracts."""
    world = SharedWorld(tmp_path / "une", shelf, "reference")
    world.add_dsf().write_extracts().hours("a.csv", {})
    world.run()
    world.forget().add_dsf("DSF-2", date_extraction="2025-06-20").write_extracts()
    world.run()
    return world


def loads(space: Workspace) -> dict[str, str]:
    """Every stored file with its hash."""
    return {name: hash_of(space.reference / name) for name in names(space.reference)}


def test_another_machine_takes_over(first: SharedWorld, tmp_path: Path) -> None:
    """It has the ledger, not the reference: the run would stop, were it not fetched before anything is decided."""
    second = SharedWorld(tmp_path / "deux", first.shelf, "reference")
    (second.workspace.var / "registre.sqlite").write_bytes(first.workspace.ledger.read_bytes())
    for path in first.workspace.outbox.rglob("*"):
        if path.is_file():
            place = second.workspace.outbox / path.relative_to(first.workspace.outbox)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    second.hours("b.csv", {"numero_dsf": "DSF-2"})
    assert len(second.run().view["complements"]) == 1 and "DSF-2-C01" in second.complements()
    assert loads(second.workspace) == loads(first.workspace) and len(loads(first.workspace)) == 12


def test_what_is_there_already_is_not_put_again(first: SharedWorld) -> None:
    before = {name: first.shelf.read(f"reference/{name}") for name in first.shelf.names("reference")}
    first.run()
    assert {name: first.shelf.read(f"reference/{name}") for name in first.shelf.names("reference")} == before


def test_a_damaged_load_is_not_taken(first: SharedWorld, tmp_path: Path) -> None:
    (name,) = (n for n in first.shelf.names("reference") if n.startswith("000002") and n.endswith("/dsf.parquet"))
    data = first.shelf.read(f"reference/{name}")
    first.shelf.put(f"reference/{name}", data[:-9] + b"x" + data[-8:])
    second = SharedWorld(tmp_path / "deux", first.shelf, "reference")
    with pytest.raises(StoreError, match="abîmé"):
        second.run()
    assert [path.name[:6] for path in sorted(second.workspace.reference.iterdir()) if path.name[0] != "."] == ["000001"]
    with pytest.raises(StoreError, match="abîmé"):
        second.run()


def test_a_load_whose_list_is_missing_is_none(first: SharedWorld, tmp_path: Path) -> None:
    """On S3 its files appear one by one, the list of them last."""
    (name,) = (n for n in first.shelf.names("reference") if n.startswith("000002") and n.endswith("load.json"))
    first.shelf.take(f"reference/{name}")
    second = SharedWorld(tmp_path / "deux", first.shelf, "reference")
    second.hours("b.csv", {})
    second.run()
    assert {one.partition("-")[0] for one in loads(second.workspace)} == {"000001"}


def test_two_stories_are_not_mixed(first: SharedWorld, tmp_path: Path) -> None:
    second = SharedWorld(tmp_path / "deux", first.shelf)
    second.add_dsf("DSF-9").write_extracts().run()
    second.parts = ("reference",)
    with pytest.raises(StoreError, match="même histoire"):
        second.run()
    assert len(reference.open(second.workspace).loads()) == 1
