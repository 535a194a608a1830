"""The reference stays what was loaded, or everything stops: nothing is decided on one that has lost or changed a file (H4)."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import ledger, reference
from pipeline.commands import verify
from pipeline.commands.check import check
from pipeline.errors import Halt
from pipeline.reference import StoreError
from tests.world import DAY, SETTINGS, TITULAIRE, World, codes, extracts

PARQUET = ("dsf", "sequences", "absences", "courant", "completees")
READ = ("sequences", "absences", "courant", "completees")
"""What look-ups read of the newest load."""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that has judged with two extracts: the newer one says that A1 is completed. One deposit on A1 waits."""
    made = World(tmp_path_factory.mktemp("jugé"))
    for day, said in (("2025-06-01", "non"), ("2025-06-20", "oui")):
        lost = [{"deja_complementee": said}, {"id_absence": "A2", "date_debut": "2025-02-10", "date_fin": "2025-02-10"}]
        made.forget().add_dsf(date_extraction=day, absences=lost).write_extracts()
        made.hours(f"{day}.csv", {"date_debut": "11/02/2025" if said == "oui" else "10/02/2025"})
        made.run()
    made.absence("a.csv", {})
    return made.workspace.root


@pytest.fixture
def world(judged: Path, tmp_path: Path) -> World:
    shutil.copytree(judged, tmp_path / "ws")
    return World(tmp_path / "ws")


def newest(world: World) -> Path:
    return max(world.workspace.reference.iterdir())


def flip(path: Path) -> None:
    """One bit in the first page of data: most of these files can still be read."""
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)


def decided(world: World) -> int:
    with ledger.open(world.workspace, SETTINGS) as book:
        return book.head().depots


def stops(world: World) -> str:
    """The sentence of a run that stops with 1, before anything is decided or leaves the inbox."""
    before, waiting = decided(world), sorted(world.workspace.deposits.rglob("*.csv"))
    with pytest.raises(Halt) as stopped:
        world.run()
    assert stopped.value.exit_code == 1
    assert (decided(world), sorted(world.workspace.deposits.rglob("*.csv"))) == (before, waiting)
    return str(stopped.value)


def contradictions(world: World) -> list[str]:
    return verify.verify(world.workspace, SETTINGS).erreurs


def test_H4_a_run_stops_where_the_newest_load_it_judged_with_is_lost(world: World) -> None:
    lost = newest(world)
    shutil.rmtree(lost)
    assert lost.name in stops(world)
    assert [text for text in contradictions(world) if lost.name in text]


def test_H4_a_lost_load_is_mended_by_loading_its_files_again(world: World) -> None:
    lost = newest(world)
    shutil.rmtree(lost)
    stops(world)
    (again,) = extracts.load(world.workspace, [world.workspace.var / "extraits" / lost.name])
    assert again.load is not None and again.load.nom == lost.name
    world.run()
    assert codes(world.report()) == {2: ["REF-10"]}
    assert contradictions(world) == []


def test_H4_a_load_is_missed_even_where_another_one_has_taken_its_place(world: World) -> None:
    lost = newest(world)
    shutil.rmtree(lost)
    world.forget().add_dsf("DSF-2").write_extracts()
    assert lost.name in stops(world)
    extracts.load(world.workspace)
    assert lost.name in stops(world)
    extracts.load(world.workspace, [world.workspace.var / "extraits" / lost.name])
    world.run()
    assert codes(world.report()) == {2: ["REF-10"]}


def test_H4_a_run_stops_where_the_whole_reference_is_lost(world: World) -> None:
    shutil.rmtree(world.workspace.reference)
    assert "var/reference" in stops(world)


@pytest.mark.parametrize("table", READ)
def test_H4_a_flipped_bit_stops_the_run_and_verify_names_load_and_file(world: World, table: str) -> None:
    path = newest(world) / f"{table}.parquet"
    flip(path)
    said = stops(world)
    assert path.name in said and path.parent.name in said
    (contradiction,) = contradictions(world)
    assert path.name in contradiction and path.parent.name in contradiction


@pytest.mark.parametrize("table", READ)
def test_H4_a_missing_file_stops_the_run(world: World, table: str) -> None:
    path = newest(world) / f"{table}.parquet"
    path.unlink()
    assert f"{path.name} du chargement {path.parent.name} manque" in stops(world)


@pytest.mark.parametrize("table", PARQUET)
def test_H4_verify_sees_each_file_of_each_load_whether_look_ups_read_it_or_not(world: World, table: str) -> None:
    path = min(world.workspace.reference.iterdir()) / f"{table}.parquet"
    flip(path)
    (contradiction,) = contradictions(world)
    assert f"{path.name} du chargement {path.parent.name}" in contradiction


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sha256", "0" * 64),
        ("date_extraction", "2025-06-19T00:00:00"),
        ("ordre", 7),
        ("schema_version", 1),
        ("stockes", 3),
    ],
)
def test_H4_a_manifest_that_is_not_ours_stops_the_run(world: World, key: str, value: object) -> None:
    path = newest(world) / "load.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    assert path.parent.name in stops(world)
    assert [text for text in contradictions(world) if path.parent.name in text]


def test_H4_nothing_is_built_on_a_damaged_reference(world: World) -> None:
    flip(newest(world) / "courant.parquet")
    world.forget().add_dsf("DSF-2").write_extracts()
    before = sorted(world.workspace.reference.iterdir())
    with pytest.raises(StoreError, match=r"courant\.parquet"):
        extracts.load(world.workspace)
    assert sorted(world.workspace.reference.iterdir()) == before


def test_H4_check_says_nothing_on_a_damaged_reference(world: World) -> None:
    path = world.workspace.deposits / TITULAIRE / "a.csv"
    flip(newest(world) / "absences.parquet")
    with pytest.raises(StoreError, match=r"absences\.parquet"):
        check(world.workspace, SETTINGS, path, TITULAIRE, DAY)


@pytest.fixture
def opened(world: World) -> Iterator[reference.Reference]:
    """A reference that was sound when it was opened, whose file is cut while it is in use."""
    known = reference.open(world.workspace)
    known.check()
    path = newest(world) / "sequences.parquet"
    path.write_bytes(path.read_bytes()[:100])
    yield known


def test_H4_a_file_that_breaks_in_the_middle_of_a_run_is_a_halt_and_no_verdict(opened: reference.Reference) -> None:
    for ask in (lambda: opened.facts(["dsf-1"]), lambda: opened.of_organisation(TITULAIRE)):
        with pytest.raises(StoreError, match="dsf verify") as stopped:
            ask()
        assert isinstance(stopped.value, Halt) and stopped.value.exit_code == 1


def test_H4_a_run_on_the_terminal_ends_with_1_and_one_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from pipeline.cli import main

    monkeypatch.setenv("DSF_DELAI_STABILITE", "0")
    flip(newest(world) / "absences.parquet")
    done = CliRunner().invoke(main, ["run", "--as-of", "2025-06-30", "-w", str(world.workspace.root)])
    assert done.exit_code == 1
    assert done.stderr.startswith("dsf : Le fichier absences.parquet") and done.stderr.count("\n") == 1
