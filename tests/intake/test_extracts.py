"""Extracts settle as deposits do, by our own clock, and each is looked at on its own."""

from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.intake.extracts import OperatorFiles, scan_extracts
from pipeline.settings import Settings
from tests.world import SETTINGS, TITULAIRE
from tests.world.inbox import PATIENT, QUIET, Inbox


@pytest.fixture
def box(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def look(box: Inbox, settings: Settings = PATIENT, *, sleep: bool = True) -> OperatorFiles:
    with ledger.open(box.workspace, settings) as book:
        return scan_extracts(box.workspace, settings, book, clock=box.time.clock(), sleep=sleep)


def put(box: Inbox, name: str, data: bytes = b"numero_dsf\n") -> Path:
    path = box.workspace.extracts / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_an_extract_at_rest_is_taken_after_one_short_sleep(box: Inbox) -> None:
    path = put(box, "dsf.csv")
    assert look(box).settled == (path,)
    assert box.time.slept == [QUIET]


def test_an_extract_that_grows_meanwhile_waits_and_is_taken_by_a_later_run(box: Inbox) -> None:
    path = put(box, "dsf.csv")
    box.time.during.append(lambda: path.write_bytes(b"numero_dsf\nD-1\n"))
    seen = look(box)
    assert (seen.settled, seen.arriving) == ((), (path,))
    assert seen.waiting[0][1].startswith("en cours d")
    box.time.now += QUIET
    look(box)
    box.time.now += QUIET
    assert look(box).settled == (path,)


def test_an_old_time_does_not_make_an_extract_settled(box: Inbox) -> None:
    """Copies keep the times of their originals while they still grow."""
    import os

    path = put(box, "dsf.csv")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert look(box, sleep=False).arriving == (path,)


def test_looking_at_extracts_forgets_no_deposit_and_the_other_way_round(box: Inbox) -> None:
    box.drop("a.csv")
    path = put(box, "dsf.csv")

    def spoil() -> None:
        (box.folder / "a.csv").write_bytes(b"more\n")
        path.write_bytes(b"more\n")

    box.time.during.append(spoil)
    box.scan()
    look(box)
    with ledger.open(box.workspace, PATIENT) as book:
        known = set(book.looks())
    assert f"inbox/depots/{TITULAIRE}/a.csv" in known
    box.time.now += QUIET
    assert box.ready() == ["a.csv"]


def test_uploads_wait_and_what_is_no_file_is_left_with_the_reason(box: Inbox) -> None:
    put(box, "dsf.csv.part")
    put(box, "~$dsf.xlsx")
    put(box, "LISEZMOI.txt")
    put(box, ".gitkeep")
    (box.workspace.extracts / "lien.csv").symlink_to("/etc/hostname")
    seen = look(box, SETTINGS)
    assert (seen.settled, seen.arriving) == ((), ())
    assert [Path(path).name for path, _ in seen.waiting] == ["dsf.csv.part"]
    assert sorted(Path(path).name for path, _ in seen.left) == ["lien.csv", "~$dsf.xlsx"]
