"""Disks that are full, read-only, without inodes, or the wrong ones: exit 1, a sentence, nothing lost, the next run finishes.

Small file systems in memory are mounted for it, which needs root; elsewhere these tests are skipped and say so.
"""

import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline import errors, ledger, lock
from pipeline.errors import Busy, DiskHalt
from pipeline.publishing import preflight
from pipeline.workspace import Workspace
from tests.crash import scenario
from tests.crash.client import Bench, files, problems
from tests.world import DISPENSATEUR, SETTINGS, workspace

mounts = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("mount"), reason="mounting a small file system needs root"
)


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"mounting a small file system is not allowed here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def run(made: Bench, place: Path, **limits: int) -> tuple[int, str]:
    """One run; its exit code and what it said."""
    log = made.root / "dit"
    log.unlink(missing_ok=True)
    code = made.ask(root=str(place), log=str(log), **limits)
    said = log.read_text()
    assert scenario.CANARY not in said
    return code, said


def finishes(made: Bench, place: Path) -> None:
    """The next run ends well, and everything is there."""
    code, said = run(made, place)
    assert code == 0, said
    assert problems(made, place) == []


def template(made: Bench, place: Path) -> Path:
    """A copy of the bench's workspace at ``place``."""
    return Path(shutil.copytree(made.root / "modele", place))


@mounts
@pytest.mark.parametrize("free", [0, 24, 96])
def test_B03_a_full_disk(made: Bench, tmp_path: Path, free: int) -> None:
    """Filled until ``free`` KB are left, so that the run ends at different steps."""
    with mounted(tmp_path / "disque", "size=8m") as disk:
        place = template(made, disk / "ws")
        room = os.statvfs(disk)
        filler = disk / "rempli"
        filler.write_bytes(b"\0" * max(0, room.f_bavail * room.f_bsize - free * 1024))
        code, said = run(made, place)
        assert code == 1 and "Libérez de la place" in said, said
        filler.unlink()
        finishes(made, place)


@mounts
def test_H12_a_file_larger_than_the_disk_waits_with_the_reason_and_the_rest_is_done(
    made: Bench, tmp_path: Path
) -> None:
    with mounted(tmp_path / "disque", "size=200m") as disk:
        place = template(made, disk / "ws")
        giant = place / "inbox/depots" / DISPENSATEUR / "gros.xlsx"
        for size in (500_000_000, 2_000_000_000):
            giant.touch()
            os.truncate(giant, size)
            code, said = run(made, place)
            assert code == 0, said
            assert giant.stat().st_size == size and os.statvfs(disk).f_bavail * 4096 > 150_000_000
            with ledger.open(Workspace(place), SETTINGS) as book:
                view = book.run_view(book.past_runs(1)[-1]["run"])
            (said_of,) = [one for one in (*view["attente"], *view["laisses"]) if one["chemin"].endswith("gros.xlsx")]
            assert "Mo" in said_of["raison"]
        giant.unlink()
        code, said = run(made, place)
        assert code == 0, said
        assert [said for said in problems(made, place) if "run.json" not in said] == [], "run.json tells of the file"


@mounts
def test_H12_a_disk_that_our_own_draft_has_filled_is_freed_before_it_is_tried(made: Bench, tmp_path: Path) -> None:
    with mounted(tmp_path / "disque", "size=8m") as disk:
        place = template(made, disk / "ws")
        room = os.statvfs(disk)
        draft = place / "var/originaux/copie-0.4242.tmp"
        draft.write_bytes(b"\0" * (room.f_bavail * room.f_bsize))
        finishes(made, place)
        assert not draft.exists()


@mounts
def test_B04_no_room_for_reports(made: Bench, tmp_path: Path) -> None:
    """Reports stand on the outbox's own disk here: with it full nothing is decided, and nothing is lost."""
    place = template(made, tmp_path / "ws")
    with mounted(place / "outbox" / "rapports", "size=4k") as disk:
        code, said = run(made, place)
        assert code == 1 and "même système de fichiers" in said, said
        assert list(disk.iterdir()) == []
    finishes(made, place)


@mounts
def test_B06_an_outbox_or_an_archive_that_is_read_only(made: Bench, tmp_path: Path) -> None:
    with mounted(tmp_path / "disque", "size=16m") as disk:
        place = template(made, disk / "ws")
        before = len(files(place))
        remount(disk, "ro")
        code, said = run(made, place)
        assert code == 1 and "lecture seule" in said, said
        remount(disk, "rw")
        assert len(files(place)) == before, "nothing was decided"
        finishes(made, place)


@mounts
def test_B07_no_inodes_left(made: Bench, tmp_path: Path) -> None:
    with mounted(tmp_path / "disque", "size=16m,nr_inodes=4096") as disk:
        place = template(made, disk / "ws")
        remount(disk, f"nr_inodes={4096 - os.statvfs(disk).f_favail + 12}")
        code, said = run(made, place)
        assert code == 1 and "Libérez de la place" in said, said
        remount(disk, "nr_inodes=4096")
        finishes(made, place)


@pytest.mark.parametrize("limit", [{"file_size": 6000}, {"more_files": 1}, {"more_files": 2}])
def test_B07_B08_limits_of_the_process(made: Bench, tmp_path: Path, limit: dict[str, int]) -> None:
    place = template(made, tmp_path / "ws")
    code, said = run(made, place, **limit)
    assert code == 1 and said.startswith("dsf : "), said
    finishes(made, place)


@pytest.mark.parametrize("number", ["EDQUOT", "ENOSPC", "EROFS", "EACCES", "EPERM", "EIO", "ENFILE", "EXDEV", "ESTALE"])
def test_B08_each_refusal_has_a_sentence_that_says_what_to_do(number: str) -> None:
    said = str(errors.disk_halt(OSError(getattr(errno, number), "x", "/srv/DUPONT Jean.xlsx"), "outbox"))
    assert "outbox" in said and "DUPONT" not in said and said.endswith(".")
    assert ("Rien n'est perdu" in said) or number == "EXDEV"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: refused rights are swept by strace instead")
def test_B06_an_outbox_without_the_right_to_write(made: Bench, tmp_path: Path) -> None:
    place = template(made, tmp_path / "ws")
    (place / "outbox").chmod(0o500)
    code, said = run(made, place)
    (place / "outbox").chmod(0o750)
    assert code == 1 and "droit" in said
    finishes(made, place)


@mounts
def test_B10_spool_and_outbox_on_two_disks(made: Bench, tmp_path: Path) -> None:
    place = template(made, tmp_path / "ws")
    with mounted(place / "var" / "spool", "size=4m"):
        code, said = run(made, place)
        assert code == 1 and "même système de fichiers" in said, said
    finishes(made, place)


def test_B10_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    space.outbox.rename(tmp_path / "parti")
    with pytest.raises(DiskHalt, match=r"outbox est absent.*remontez-le"), ledger.open(space, SETTINGS) as book:
        preflight.check(space, book)


def test_B16_one_run_at_a_time(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with lock.locked(space):
        with pytest.raises(Busy) as busy, lock.locked(space):
            pass
        assert busy.value.exit_code == 5
    with lock.locked(space):
        pass


def test_B18_nothing_is_open_to_others_even_under_umask_0(made: Bench, tmp_path: Path) -> None:
    place = template(made, tmp_path / "ws")
    (place / "var").chmod(0o755)
    (place / "var" / "spool").chmod(0o777)
    code, said = run(made, place, umask=0)
    assert code == 0, said
    space = Workspace(place)
    assert stat.S_IMODE(space.var.stat().st_mode) == stat.S_IMODE(space.spool.stat().st_mode) == 0o700
    for path in (*space.outbox.glob("*/dsf/**/*"), *space.outbox.glob("*/retours/**/*"), *space.originals.iterdir()):
        wanted = 0o750 if path.is_dir() else 0o640
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
