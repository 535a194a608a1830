"""The states of a token, one by one (the table at the head of ``pipeline.publishing.spool``)."""

import ast
import errno
import os
import shutil
import threading
from pathlib import Path

import pytest

from pipeline import disk
from pipeline.errors import DiskHalt, StateHalt
from pipeline.ledger.records import Folder
from pipeline.publishing import outbox, spool
from pipeline.workspace import Workspace
from tests.crash.receiver import receive
from tests.world import SETTINGS, TITULAIRE, decisions, names, workspace

CIBLE = f"{TITULAIRE}/dsf/DSF-1-C01"


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return workspace(tmp_path)


def committed(space: Workspace) -> Path:
    """One complement and its return STAGED; the token of the complement."""
    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        return space.spool / book.staged()[0].nom


def test_written_but_never_committed_is_swept(space: Workspace) -> None:
    with decisions.opened(space) as book:
        token = spool.stage(space, Folder("dsf", CIBLE, {"a.json": b"{}"}), book.fence)
    with decisions.opened(space):
        assert not (space.spool / token.nom).exists()
    assert names(space.outbox) == [".temoin.json"]


def test_D11_staged_is_renamed_by_the_next_run_with_the_very_same_bytes(space: Workspace) -> None:
    token = committed(space)
    before = {path.name: path.read_bytes() for path in token.iterdir()}
    with decisions.opened(space) as book:
        assert book.staged() == []
        assert before == {"DSF-1-C01.json": book.complement("DSF-1-C01").payload}  # type: ignore[union-attr]
    assert {path.name: path.read_bytes() for path in (space.outbox / CIBLE).iterdir()} == before


def test_D01_a_token_that_is_gone_was_emitted_and_is_never_written_again(space: Workspace, tmp_path: Path) -> None:
    token = committed(space)
    target = space.outbox / CIBLE
    target.parent.mkdir(parents=True)
    token.rename(target)  # killed right after the rename
    receive(space.outbox, tmp_path / "emporte")
    with decisions.opened(space) as book:
        assert book.staged() == []
    assert not target.exists()
    receive(space.outbox, tmp_path / "emporte")
    assert [name for name in names(tmp_path / "emporte") if "double" in name] == []


def test_D02_a_place_that_is_taken_stops_everything_and_is_not_touched(space: Workspace) -> None:
    """By another complement of that number: one that this ledger does not know was issued. Other things: see test_places."""
    token, other = committed(space), space.outbox / CIBLE / "DSF-1-C01.json"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"{}")
    with pytest.raises(StateHalt, match=r"DSF-1-C01.*déjà prise"), decisions.opened(space):
        pass
    assert names(space.outbox / CIBLE) == [other.name] and other.read_bytes() == b"{}" and token.exists()
    shutil.rmtree(other.parent)
    with decisions.opened(space) as book:
        assert book.staged() == []


def test_D03_no_reader_ever_sees_half_a_folder(space: Workspace) -> None:
    """A receiver polls as fast as it can: a folder it sees has all its files, whole."""
    seen, stop = [], threading.Event()

    def poll() -> None:
        while not stop.is_set():
            for folder in list(space.outbox.glob("*/dsf/*")):
                seen.append({path.name: path.stat().st_size for path in folder.iterdir()})

    receiver = threading.Thread(target=poll)
    receiver.start()
    try:
        with decisions.opened(space) as book:
            for n in range(5):
                data = {"a.json": b"a" * 300_000, "b.xlsx": b"b" * 300_000}
                token = spool.stage(space, Folder("dsf", f"{TITULAIRE}/dsf/{n}", data), book.fence)
                book.finish_run(decisions.begin(book), [token])
                outbox.release(space, book)
    finally:
        stop.set()
        receiver.join()
    assert all(sizes == {"a.json": 300_000, "b.xlsx": 300_000} for sizes in seen)


def test_D10_files_leave_by_our_own_disk_room_only() -> None:
    """fsspec's local « transactions » copy across disks without fsync; nothing in the product uses them (nor shutil.move)."""
    for path in Path("pipeline").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert "fsspec" not in imported, path
        assert not called & {"shutil.move", "os.replace", "os.rename"}, path


def test_D13_a_return_goes_the_same_way_as_a_complement(space: Workspace) -> None:
    committed(space)
    with decisions.opened(space):
        pass
    assert (space.outbox / TITULAIRE / "retours" / "D-DSF-1-C01" / "rapport.json").exists()


def test_D15_a_token_deleted_by_hand_is_presumed_emitted_and_said(space: Workspace, tmp_path: Path) -> None:
    token = committed(space)
    shutil.rmtree(token)
    with decisions.opened(space, SETTINGS) as book:
        assert book.staged() == []
    assert not (space.outbox / CIBLE).exists()


def test_D15_what_was_emitted_without_being_seen_is_told(space: Workspace) -> None:
    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        shutil.rmtree(space.spool / book.staged()[0].nom)
        done = outbox.release(space, book)
    assert done.absents == (CIBLE,)


def test_B17_a_token_that_rotted_stops_everything(space: Workspace) -> None:
    token = committed(space)
    (path,) = token.iterdir()
    data = bytearray(path.read_bytes())
    data[3] ^= 1
    path.write_bytes(data)
    with pytest.raises(StateHalt, match="abîmé"), decisions.opened(space):
        pass
    assert not (space.outbox / CIBLE).exists()


def test_B11_without_noreplace_it_looks_then_renames(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_renameat2", lambda *_: errno.EINVAL)
    committed(space)
    other = space.outbox / CIBLE / "DSF-1-C01.json"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"{}")
    with pytest.raises(StateHalt, match="déjà prise"), decisions.opened(space):
        pass
    assert other.read_bytes() == b"{}"
    shutil.rmtree(other.parent)
    with decisions.opened(space):
        pass
    assert names(space.outbox / CIBLE) == ["DSF-1-C01.json"]


def test_B12_a_rename_whose_answer_was_lost_happened(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS and SMB send again what was done already: the second time the source is not found."""
    real = disk._renameat2

    def twice(source: Path, target: Path) -> int:
        real(source, target)
        return real(source, target)

    committed(space)
    monkeypatch.setattr(disk, "_renameat2", twice)
    with decisions.opened(space) as book:
        assert book.staged() == []
    assert names(space.outbox / CIBLE) == ["DSF-1-C01.json"]


def test_not_found_is_not_taken_for_emitted_when_the_folder_above_went_away(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that removes empty folders must not make us lose a complement."""
    tidied = []

    def tidy(label: str, *paths: Path) -> None:
        if label == "outbox: rename" and "dsf" in paths[-1].parts and not tidied:
            tidied.append(shutil.rmtree(space.outbox / TITULAIRE))

    committed(space)
    with monkeypatch.context() as patched:
        patched.setattr(disk, "reached", tidy)
        with decisions.opened(space) as book:
            assert book.staged() == []
    assert tidied and names(space.outbox / CIBLE) == ["DSF-1-C01.json"]


def test_B05_a_failed_fsync_is_never_tried_again_on_the_same_file(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fail(handle: int) -> None:
        tried.append(os.fstat(handle).st_ino)
        raise OSError(errno.EIO, "input/output error")

    with decisions.opened(space) as book:
        with monkeypatch.context() as patched:
            patched.setattr(disk.os, "fsync", fail)
            with pytest.raises(DiskHalt, match="entrée-sortie"):
                spool.stage(space, Folder("dsf", CIBLE, {"a.json": b"{}"}), book.fence)
        assert len(tried) == len(set(tried)) == 1
        first = book.fence
    with decisions.opened(space) as book:
        assert book.fence > first
        token = spool.stage(space, Folder("dsf", CIBLE, {"a.json": b"{}"}), book.fence)
        assert token.nom.endswith(f".{book.fence}")
        assert [path.name for path in space.spool.iterdir()] == [token.nom], "the failed one is swept, not reused"


def test_a_flush_that_cannot_say_errors_is_not_used(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    monkeypatch.setattr(disk, "_fsync", flushed.append)
    monkeypatch.setattr(disk, "_reports_errors", lambda: False)
    paths = [space.spool / str(n) for n in range(disk.MANY)]
    for path in paths:
        path.write_bytes(b"")
    disk.flush(paths, "essai")
    assert flushed == paths
    monkeypatch.undo()
    monkeypatch.setattr(disk, "_fsync", flushed.append)
    disk.flush(paths, "essai")
    assert flushed == paths, "from here on one flush of the whole file system does"


@pytest.mark.parametrize("cible", ["../x", "/etc/x", "a/../../b", "a/.cache", "a\\b", ""])
def test_G01_no_target_leaves_the_outbox(space: Workspace, cible: str) -> None:
    with pytest.raises(ValueError, match="inside the outbox"):
        spool.write(space, Folder("dsf", cible, {"a": b""}), 1)
    with pytest.raises(ValueError, match="plain name"):
        spool.write(space, Folder("dsf", "a/b", {"../a": b""}), 1)
