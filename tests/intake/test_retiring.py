"""Sources leave the inbox: never a byte that is not archived, whatever senders do meanwhile (reliability H13, H15)."""

import os
import shutil
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline import disk, ledger
from pipeline.intake.arrival import Snapshot
from pipeline.intake.retire import PRIVATE, retire
from tests.intake.test_settling import decided
from tests.world import SETTINGS, TITULAIRE, World, by_verdict, decisions
from tests.world.inbox import Inbox


@pytest.fixture
def box(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def retired(box: Inbox) -> None:
    with ledger.open(box.workspace, SETTINGS) as book:
        retire(box.workspace, book)
        assert book.sources() == []


def saved_as_excel_does(path: Path) -> None:
    """Another file, renamed over the first."""
    path.with_name("~neuf.tmp").write_bytes(b"saved again\n")
    path.with_name("~neuf.tmp").rename(path)


def saved_in_place(path: Path) -> None:
    path.write_bytes(b"saved again\n")


@pytest.mark.parametrize("save", [saved_as_excel_does, saved_in_place])
@pytest.mark.parametrize("step", ["inbox: rename", "inbox: unlink"])
def test_H13_what_is_saved_again_while_its_source_is_removed_stays(
    box: Inbox, monkeypatch: pytest.MonkeyPatch, save: Callable[[Path], None], step: str
) -> None:
    path, _ = decided(box)
    saved = []

    def reached(label: str, *_: Path) -> None:
        if label == step and not saved:
            saved.append(save(path))

    monkeypatch.setattr(disk, "reached", reached)
    retired(box)
    assert saved
    assert [p.read_bytes() for p in box.folder.iterdir()] == [b"saved again\n"]
    assert box.ready() == ["a.csv"], "it is a new arrival, under its own name"


def test_H13_a_name_taken_meanwhile_loses_neither_file(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source was changed just before it was hidden, and its sender saves a third version: both wait for the next run."""
    path, _ = decided(box)
    steps = iter(["change it"])

    def reached(label: str, *_: Path) -> None:
        if label == "inbox: rename" and next(steps, ""):
            seen = path.stat()
            path.write_bytes(b"z;y\n")
            os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))

    real = disk.rename_inside

    def rename(folder: int, name: str, new: str, label: str) -> None:
        real(folder, name, new, label)
        if new.startswith("."):
            path.write_bytes(b"third\n")

    monkeypatch.setattr(disk, "reached", reached)
    monkeypatch.setattr(disk, "rename_inside", rename)
    retired(box)
    assert {p.read_bytes() for p in box.folder.iterdir()} == {b"z;y\n", b"third\n"}
    assert len(box.ready()) == 2


def test_H13_nothing_is_lost_in_a_loop_of_saves(box: Inbox) -> None:
    """A sender saves a new version each time the old one has gone, as fast as it can."""
    path, versions, stop = box.folder / "a.csv", 0, threading.Event()

    def save() -> None:
        nonlocal versions
        while not stop.is_set():
            if not path.exists():
                versions += 1
                path.write_bytes(f"x;{versions}\n".encode())

    sender = threading.Thread(target=save)
    sender.start()
    try:
        for _ in range(8):
            with ledger.open(box.workspace, SETTINGS) as book:
                for arrival in box.scan(SETTINGS).ready:
                    snapshot = box.take(arrival)
                    if snapshot:
                        _decide(box, book, snapshot)
                retire(box.workspace, book)
    finally:
        stop.set()
        sender.join()
    assert versions > 4
    kept = {p.name for p in box.workspace.originals.iterdir()}
    kept |= {sha256(p.read_bytes()).hexdigest() for p in box.folder.iterdir()}
    assert {sha256(f"x;{n}\n".encode()).hexdigest() for n in range(1, versions + 1)} <= kept


def _decide(box: Inbox, book: ledger.Ledger, snapshot: Snapshot) -> None:
    arrival, number = snapshot.arrival, f"DSF-{book.head().seq + 1}"
    place = {name: getattr(arrival, name) for name in ("chemin", "identite", "octets", "mtime_ns")}
    entry, run_name = decisions.absence("A1", number), decisions.begin(book)
    decisions.decide(box.workspace, book, run_name, f"{number}-C01", entry, sha256=snapshot.sha256, **place)


def test_H13_a_private_name_left_by_a_kill_is_removed_by_the_next_run(box: Inbox) -> None:
    path, number = decided(box)
    path.rename(path.with_name(PRIVATE.format(depot=number)))
    retired(box)
    assert list(box.folder.iterdir()) == []


def test_H13_a_private_name_that_holds_something_else_is_put_back(box: Inbox) -> None:
    path, number = decided(box)
    path.with_name(PRIVATE.format(depot=number)).write_bytes(b"not archived\n")
    path.unlink()
    retired(box)
    assert [(p.name, p.read_bytes()) for p in box.folder.iterdir()] == [("a.csv", b"not archived\n")]


def test_H13_a_source_that_may_not_be_removed_keeps_its_name_and_is_said(
    box: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = decided(box)
    real = os.unlink

    def refuse(name: str, *, dir_fd: int | None = None) -> None:
        if dir_fd is not None:
            raise PermissionError(1, "no")
        real(name)

    monkeypatch.setattr("pipeline.intake.retire.os.unlink", refuse)
    with ledger.open(box.workspace, SETTINGS) as book:
        ((said, _),) = retire(box.workspace, book)
        assert len(book.sources()) == 1
    assert said.endswith("a.csv") and [p.name for p in box.folder.iterdir()] == ["a.csv"]
    monkeypatch.undo()
    retired(box)
    assert not path.exists()


# --- folders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["inbox: unlink", "inbox: fsync"])
def test_H15_a_subfolder_that_its_sender_takes_away_does_not_stop_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    world.hours("mars/a.csv", {})
    world.hours("b.csv", {"date_debut": "11/02/2025"})
    gone = []

    def reached(label: str, *_: Path) -> None:
        if label == step and not gone:
            gone.append(shutil.rmtree(world.workspace.deposits / TITULAIRE / "mars"))

    monkeypatch.setattr(disk, "reached", reached)
    world.run()
    assert gone and [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}] * 2


def deep(world: World, content: bytes) -> int:
    """A deposit so deep that no path leads to it; the length of the path that does not."""
    name, folder = "d" * 250, os.open(world.workspace.deposits / TITULAIRE, os.O_RDONLY)
    for _ in range(17):
        os.mkdir(name, dir_fd=folder)
        folder, above = os.open(name, os.O_RDONLY, dir_fd=folder), folder
        os.close(above)
    handle = os.open("profond.csv", os.O_WRONLY | os.O_CREAT, dir_fd=folder)
    os.write(handle, content)
    os.close(handle)
    os.close(folder)
    return 17 * len(name)


def test_H15_a_deposit_at_a_path_over_4096_is_served_like_another(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    given = world.hours("b.csv", {})
    assert deep(world, given.read_bytes().replace(b"10/02/2025", b"11/02/2025")) > 4096
    world.run()
    assert [by_verdict(report) for report in world.reports()] == [{2: "acceptee"}] * 2
    assert world.run().view["depots"] == [], "and its source has left"
