"""A file that the disk has no room for is known before a byte of it is copied (reliability H12)."""

import os
from pathlib import Path

import pytest

from pipeline import disk
from pipeline.commands import dry_run, status
from pipeline.intake import walk
from tests.world import DISPENSATEUR, SETTINGS, World, by_verdict

MB = 1_000_000


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ws").add_dsf(siret_dispensateur=DISPENSATEUR).write_extracts()


def sparse(world: World, name: str, size: int) -> Path:
    """A file that claims ``size`` bytes and has none."""
    path = world.drop(name, b"")
    times = path.stat()
    with path.open("r+b") as file:
        file.truncate(size)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return path


def copied(world: World) -> int:
    return sum(path.stat().st_size for path in world.workspace.originals.iterdir())


def test_H12_what_there_is_no_room_for_waits_with_the_reason_and_the_others_pass(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "room", lambda _folder: 200 * MB)
    big = sparse(world, "gros.xlsx", 150 * MB)
    world.hours("b.csv", {})
    outcome = world.run()
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}]
    assert big.exists() and copied(world) < MB
    ((path, why),) = outcome.owed
    assert path.endswith("gros.xlsx") and "place" in why and "150 Mo" in why
    assert {"chemin": path, "raison": why} in outcome.view["attente"]
    seen = status.state(world.workspace, SETTINGS)
    assert seen["prets"] == [] and [item["chemin"] for item in seen["a_reprendre"]] == [path]
    monkeypatch.setattr(disk, "room", lambda _folder: 2_000 * MB)
    assert world.run().owed == ()
    assert [found["code"] for found in world.reports()[0]["constats"]] == ["FIC-03"] and not big.exists()


def test_H12_several_files_do_not_share_the_same_room(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fits alone, all together would fill the disk: every night again, for everybody."""
    monkeypatch.setattr(disk, "room", lambda _folder: 100 * MB)
    for name in ("a.xlsx", "b.xlsx", "c.xlsx"):
        sparse(world, name, 45 * MB)
    assert len(world.run().owed) == 2
    assert copied(world) == 45 * MB


def test_H12_a_giant_is_never_copied_and_is_said(world: World) -> None:
    giant = sparse(world, "film.xlsx", walk.GIANT + 1)
    world.hours("b.csv", {})
    outcome = world.run()
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}]
    assert giant.exists() and copied(world) < MB
    (left,) = outcome.view["laisses"]
    assert left["chemin"].endswith("film.xlsx") and "trop gros" in left["raison"]


def test_H12_a_dry_run_copies_no_giant_either_and_says_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "room", lambda _folder: 200 * MB)
    sparse(world, "gros.xlsx", 150 * MB)
    sparse(world, "film.xlsx", walk.GIANT + 1)
    with dry_run.double(world.workspace, SETTINGS) as copy:
        blocks = sum(path.stat().st_blocks for path in copy.deposits.rglob("*"))
        assert blocks * 512 < MB
        from pipeline import run
        from tests.world import DAY

        tried = run(copy, dry_run.for_double(world.workspace, SETTINGS), DAY)
    done = world.run()
    assert (tried.view["attente"], tried.view["laisses"]) == (done.view["attente"], done.view["laisses"])


def test_H12_our_own_draft_is_swept_before_the_disk_is_tried(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Left by a run that was killed while it copied; as long as it lies there nothing can be written."""
    draft = world.workspace.originals / "copie-0.4242.tmp"
    draft.write_bytes(b"half a file")
    world.hours("b.csv", {})
    real = disk.write_new

    def full(path: Path, data: bytes, label: str) -> None:
        if draft.exists():
            raise OSError(28, "No space left on device")
        real(path, data, label)

    monkeypatch.setattr(disk, "write_new", full)
    world.run()
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}]
