"""When a file has settled: two looks, by our own clock (reliability, group A)."""

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pipeline import ledger
from pipeline.errors import DiskHalt
from pipeline.intake.retire import retire
from pipeline.intake.scan import Scan, scan
from pipeline.intake.settled import INCOMPLETE_HOLDS, SECOND, Clock
from pipeline.intake.take import take
from pipeline.settings import Settings
from tests.world import OTHER, TITULAIRE, decisions
from tests.world.inbox import PATIENT, QUIET, Inbox, workbook


@pytest.fixture
def box(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def test_A01_a_file_is_ready_when_a_second_look_finds_it_unchanged(box: Inbox) -> None:
    box.drop()
    assert box.ready() == ["a.csv"]
    assert box.time.slept == [QUIET]
    assert box.ready(Settings(delai_stabilite=0)) == ["a.csv"] and len(box.time.slept) == 1, "0 takes it at once"


def test_A01_a_file_that_grows_meanwhile_waits_and_is_told(box: Inbox) -> None:
    path = box.drop()
    box.time.during.append(lambda: path.write_bytes(b"x;y\nz;z\n"))
    scan = box.scan()
    assert scan.ready == () and scan.waiting == ((f"inbox/depots/{TITULAIRE}/a.csv", "en cours d'écriture, ou retiré"),)
    assert box.ready() == ["a.csv"]


def test_A01_a_slow_writer_is_taken_once_and_whole(box: Inbox) -> None:
    """A real file and the real clock; the writer goes on whenever a scan rests between its two looks."""
    path, settings = box.drop(content=b"x" * 1024), Settings(delai_stabilite=0.05, processus=1)
    left = [b"x" * 1024] * 7

    def rest(seconds: float) -> None:
        if left:
            with path.open("ab") as file:
                file.write(left.pop())
        time.sleep(seconds)

    taken = []
    while not taken or left:
        with ledger.open(box.workspace, settings) as book:
            ready = scan(box.workspace, settings, book, clock=Clock(sleep=rest)).ready
        taken += [box.take(arrival) for arrival in ready]
    whole = sha256(b"x" * 8192).hexdigest()
    assert [snapshot.sha256 for snapshot in taken if snapshot] == [whole]


def test_A01_a_look_of_an_earlier_run_counts_and_nothing_is_slept(box: Inbox) -> None:
    path = box.drop()
    box.time.during.append(lambda: os.utime(path))
    assert box.ready() == []
    box.time.now += QUIET + 1
    box.scan()  # seen as it is now
    slept = len(box.time.slept)
    assert box.ready() == ["a.csv"] and len(box.time.slept) in (slept, slept + 1)


def test_A02_A07_a_workbook_without_its_end_waits_then_is_taken_as_it_is(box: Inbox) -> None:
    data = workbook()
    path = box.drop("a.xlsx", data[: len(data) // 2])
    assert box.scan().waiting[0][1].startswith("incomplet")
    box.time.now += 3600
    assert box.ready() == []
    path.write_bytes(data)
    assert box.ready() == ["a.xlsx"], "the rest came: a file like any other"
    path.write_bytes(data[:-30])
    assert box.ready() == []
    box.time.now += INCOMPLETE_HOLDS / SECOND
    assert box.ready() == ["a.xlsx"], "its sender is gone: it gets a report"


def test_A03_the_time_of_the_file_says_nothing(box: Inbox) -> None:
    path = box.drop()
    os.utime(path, (1_000_000_000, 1_000_000_000))

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"more")
        os.utime(path, (1_000_000_000, 1_000_000_000))

    box.time.during.append(grow)
    assert box.ready() == []


def test_A04_an_older_file_that_arrives_later_is_found(box: Inbox) -> None:
    os.utime(box.drop("neuf.csv"), (2e9, 2e9))
    assert box.ready() == ["neuf.csv"]
    os.utime(box.drop("vieux.csv"), (1e9, 1e9))
    assert box.ready() == ["vieux.csv", "neuf.csv"], "in the order of their times"


PARTIAL = [
    "a.part",
    "a.xlsx.filepart",
    "a.tmp",
    "a.crdownload",
    "a.!ut",
    "a.incomplete",
    "a.swp",
    ".nfs000012ab",
    "x.smbdeleteAAA1",
]


@pytest.mark.parametrize("name", PARTIAL)
def test_A05_names_of_uploads_under_way_wait(box: Inbox, name: str) -> None:
    box.drop(name)
    scan = box.scan()
    assert scan.ready == () and [path for path, _ in scan.waiting] == [f"inbox/depots/{TITULAIRE}/{name}"]


def test_A06_an_upload_in_two_packets_under_its_final_name(box: Inbox) -> None:
    path = box.drop(content=b"first;")
    box.time.during.append(lambda: path.write_bytes(b"first;second\n"))
    assert box.ready() == []
    assert box.ready() == ["a.csv"]


OFFICE = [
    "~$a.xlsx",
    ".~lock.a.ods#",
    "~WRD0001.tmp",
    "8B3D7F00",
    ".DS_Store",
    "._a.xlsx",
    "Thumbs.db",
    "desktop.ini",
    ".cache",
]


@pytest.mark.parametrize("name", OFFICE)
def test_A08_working_files_of_other_programs_are_left_and_said(box: Inbox, name: str) -> None:
    box.drop(name)
    scan = box.scan()
    assert scan.ready == () and len(scan.left) + len(scan.waiting) == 1


def test_A08_a_date_is_not_taken_for_a_working_file(box: Inbox) -> None:
    box.drop("20250630")
    assert box.ready() == ["20250630"]


@pytest.mark.parametrize(
    ("name", "lock"), [("a.xlsx", "~$a.xlsx"), ("facture.xlsx", "~$cture.xlsx"), ("a.ods", ".~lock.a.ods#")]
)
def test_A08_a_file_somebody_has_open_waits_for_a_day_at_most(box: Inbox, name: str, lock: str) -> None:
    box.drop(name, workbook())
    held = box.drop(lock)
    os.utime(held)
    assert [path for path, _ in box.scan().waiting] == [f"inbox/depots/{TITULAIRE}/{name}"]
    old = time.time() - 25 * 3600
    os.utime(held, (old, old))
    assert box.ready() == [name]
    held.unlink()
    assert box.ready() == [name]


def test_A09_a_file_saved_again_between_look_and_read_waits(box: Inbox) -> None:
    """Excel writes another file and renames it over the first."""
    path = box.drop()
    (arrival,) = box.scan().ready
    box.drop("neuf.csv", b"x;z\n").rename(path)
    assert box.take(arrival) is None
    assert box.archived() == []


def test_A09_a_file_saved_again_while_it_is_read_waits(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    path = box.drop()
    (arrival,) = box.scan().ready

    def save(label: str, *_: Path) -> None:
        if label == "originaux: copy":
            path.write_bytes(b"quite another content\n")

    monkeypatch.setattr("pipeline.disk.reached", save)
    assert box.take(arrival) is None
    assert box.archived() == []


def test_A10_A11_the_same_bytes_are_archived_once_whoever_sends_them(box: Inbox) -> None:
    box.drop("a.csv")
    box.drop("sous/b.csv")
    box.drop("c.csv", folder=OTHER)
    scan = box.scan()
    assert {(a.siret, a.fichier) for a in scan.ready} == {
        (TITULAIRE, "a.csv"),
        (TITULAIRE, "sous/b.csv"),
        (OTHER, "c.csv"),
    }
    taken = take(box.workspace, scan.ready)
    assert len({snapshot.sha256 for snapshot in taken if snapshot}) == 1 == len(box.archived())


def test_A12_a_correction_under_the_same_name_is_a_new_arrival(box: Inbox) -> None:
    path = box.drop()
    first = box.take(box.scan().ready[0])
    path.write_bytes(b"x;corrected\n")
    second = box.take(box.scan().ready[0])
    assert first and second and first.sha256 != second.sha256 and len(box.archived()) == 2


def test_A13_an_empty_file_is_taken_once_it_has_settled(box: Inbox) -> None:
    path = box.drop(content=b"")
    box.time.during.append(lambda: path.write_bytes(b""))
    assert box.ready() in ([], ["a.csv"])
    (arrival,) = box.scan().ready
    snapshot = box.take(arrival)
    assert snapshot and snapshot.sha256 == sha256(b"").hexdigest()


def test_A14_a_file_withdrawn_meanwhile_is_no_fault(box: Inbox) -> None:
    gone, kept = box.drop("a.csv"), box.drop("b.csv")
    scan = box.scan()
    gone.unlink()
    taken = take(box.workspace, scan.ready)
    assert [snapshot and snapshot.arrival.fichier for snapshot in taken] == [None, "b.csv"]
    assert kept.exists()


def decided(box: Inbox) -> tuple[Path, str]:
    """A deposit taken and decided; its source, still in the inbox, and its number."""
    path = box.drop()
    snapshot = box.take(box.scan().ready[0])
    assert snapshot
    arrival = snapshot.arrival
    with decisions.opened(box.workspace) as book:
        place = {
            "chemin": arrival.chemin,
            "identite": arrival.identite,
            "octets": arrival.octets,
            "mtime_ns": arrival.mtime_ns,
        }
        decisions.decide(box.workspace, book, decisions.begin(book), "DSF-1-C01", sha256=snapshot.sha256, **place)
    return path, "D-DSF-1-C01"


def test_a_decided_source_leaves_and_is_never_taken_again(box: Inbox) -> None:
    path, _ = decided(box)
    scan = box.scan()
    assert (scan.ready, scan.waiting, scan.left) == ((), (), ()) and path.exists()
    with ledger.open(box.workspace, PATIENT) as book:
        assert retire(box.workspace, book) == ()
        assert book.sources() == []
    assert not path.exists()


def replaced(path: Path) -> None:
    path.write_bytes(b"a new one\n")


def same_size_and_time(path: Path) -> None:
    seen = path.stat()
    path.write_bytes(b"z;y\n")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def another_file(path: Path) -> None:
    path.rename(path.with_name("old"))
    path.write_bytes(b"x;y\n")
    path.with_name("old").unlink()


@pytest.mark.parametrize("change", [replaced, same_size_and_time, another_file])
def test_A15_a_source_that_is_no_longer_what_was_archived_stays(box: Inbox, change: Callable[[Path], None]) -> None:
    path, _ = decided(box)
    change(path)
    with ledger.open(box.workspace, PATIENT) as book:
        retire(box.workspace, book)
    assert path.exists()
    assert box.ready() == ["a.csv"], "it is a new arrival"


def test_nothing_leaves_that_is_not_archived(box: Inbox) -> None:
    path, _ = decided(box)
    for original in box.workspace.originals.iterdir():
        original.unlink()
    with ledger.open(box.workspace, PATIENT) as book:
        retire(box.workspace, book)
    assert path.exists()


def test_A17_a_very_long_folder_is_walked_once(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is listed once, each file looked at once and none opened: what a share of the network makes us wait for."""
    for n in range(5_000):
        (box.folder / f"{n}.csv").touch()
    asked: Counter[str] = Counter()

    def counted(call: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **options: Any) -> Any:
            asked[call] += 1
            return real(*args, **options)

        return ask

    with monkeypatch.context() as patched:
        for call in ("listdir", "stat", "open"):
            patched.setattr(os, call, counted(call, getattr(os, call)))
        assert len(box.scan(Settings(delai_stabilite=0)).ready) == 5_000
    assert asked["listdir"] == 2, "inbox/depots and the organisation's folder"
    assert 5_000 <= asked["stat"] < 5_050
    assert asked["open"] < 50


@pytest.mark.parametrize("error", [16, 13, 5, 116], ids=["EBUSY", "EACCES", "EIO", "ESTALE"])
def test_A20_a_share_that_refuses_for_now_is_tried_again(
    box: Inbox, error: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.drop()
    (arrival,) = box.scan().ready
    real = os.open

    def refuse(path: object, *args: object, **options: object) -> int:
        if path == "a.csv":
            raise OSError(error, os.strerror(error))
        return real(path, *args, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        assert box.take(arrival) is None
    assert box.ready() == ["a.csv"]
    assert box.take(arrival)


def test_A21_a_share_that_is_not_mounted_is_not_an_empty_inbox(box: Inbox) -> None:
    decided(box)
    shutil.rmtree(box.workspace.deposits)
    with pytest.raises(DiskHalt, match="absent"):
        box.scan()
    box.workspace.deposits.mkdir()
    with pytest.raises(DiskHalt, match="montage vide"):
        box.scan()
    box.folder.mkdir()
    assert box.ready() == []


def test_A21_a_new_workspace_may_be_empty(tmp_path: Path) -> None:
    box = Inbox(tmp_path)
    box.folder.rmdir()
    assert box.scan() == Scan()


@pytest.mark.parametrize("jump", [-86_400.0, 10 * 365 * 86_400.0, 3_600.0])
def test_B13_the_calendar_may_jump_without_ripening_a_file(box: Inbox, jump: float) -> None:
    path = box.drop()
    box.time.during.append(lambda: path.write_bytes(b"x;yy\n"))
    assert box.ready() == []
    box.time.during.append(lambda: None)
    box.scan(sleep=False)
    box.time.calendar += jump
    box.time.now += 1
    assert box.scan(sleep=False).ready == (), "one second has passed, whatever the calendar says"


def test_B13_across_a_restart_the_calendar_counts_but_never_backwards(box: Inbox) -> None:
    path = box.drop()
    box.time.during.append(lambda: os.utime(path, (1e9, 1e9)))
    box.scan()
    box.time.during.append(lambda: path.chmod(0o600))
    box.time.reboot(elapsed=-3_600)
    assert box.scan(sleep=False).ready == ()
    box.time.reboot(elapsed=3_600 * 3)
    box.scan()
    assert box.ready() == ["a.csv"]


def test_status_looks_without_waiting_or_noting(box: Inbox) -> None:
    box.drop()
    before = box.workspace.ledger.exists()
    scan = box.scan(sleep=False)
    assert not before and scan.ready == () and "à l'instant" in scan.waiting[0][1]
    with ledger.open(box.workspace, PATIENT) as book:
        assert book.looks() == {}
