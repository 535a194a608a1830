"""A restored, empty or foreign ledger over an outbox that has received more: the run stops and says what to do."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.commands import verify
from pipeline.errors import StateHalt
from pipeline.publishing import outbox, witness
from pipeline.workspace import Workspace
from tests.world import SETTINGS, TITULAIRE, World, decisions, extracts, names, workspace


def emitted(space: Workspace, numero: str, name: str) -> None:
    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), numero, decisions.absence(name))
        outbox.release(space, book)


def refused(space: Workspace, sentence: str) -> None:
    before = names(space.outbox)
    with pytest.raises(StateHalt, match=sentence) as halt, decisions.opened(space):
        pass
    assert halt.value.exit_code == 1
    assert "Restaurez" in str(halt.value)
    assert names(space.outbox) == before


def test_C12_a_ledger_restored_from_a_backup_stops_the_run(tmp_path: Path) -> None:
    space = workspace(tmp_path / "ws")
    emitted(space, "DSF-1-C01", "A1")
    shutil.copy(space.ledger, tmp_path / "backup")
    emitted(space, "DSF-1-C02", "A2")
    shutil.copy(tmp_path / "backup", space.ledger)
    refused(space, "en retard")


def test_C12_an_empty_ledger_over_an_outbox_stops_the_run(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    emitted(space, "DSF-1-C01", "A1")
    space.ledger.unlink()
    refused(space, "autre registre")
    space.witness.unlink()
    refused(space, "contient des DSF")


def test_C12_an_outbox_without_its_witness_stops_the_run(tmp_path: Path) -> None:
    """An outbox that is not mounted looks like this."""
    space = workspace(tmp_path)
    emitted(space, "DSF-1-C01", "A1")
    shutil.rmtree(space.outbox)
    space.outbox.mkdir()
    refused(space, "remontez-le")


def test_C12_a_ledger_that_went_another_way_stops_the_run(tmp_path: Path) -> None:
    space = workspace(tmp_path / "ws")
    emitted(space, "DSF-1-C01", "A1")
    shutil.copytree(space.root, tmp_path / "autre")
    emitted(Workspace(tmp_path / "autre"), "DSF-1-C02", "A2")
    emitted(space, "DSF-1-C02", "A3")
    shutil.copy(tmp_path / "autre" / "outbox" / ".temoin.json", space.witness)
    refused(space, "même histoire")


def test_C12_a_witness_nobody_can_read_stops_the_run(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    emitted(space, "DSF-1-C01", "A1")
    space.witness.write_bytes(b"{")
    refused(space, "illisible")


def test_C13_two_installations_on_one_outbox_stop_the_second(tmp_path: Path) -> None:
    first, second = workspace(tmp_path / "un"), workspace(tmp_path / "deux")
    emitted(first, "DSF-1-C01", "A1")
    shutil.rmtree(second.outbox)
    second.outbox.symlink_to(first.outbox)
    refused(second, "autre registre")


def test_C13_two_workspaces_on_one_ledger_stop_the_second(tmp_path: Path) -> None:
    """Both were set up before anything left, with one dsf.toml and the same extracts. To the second, what the first is about to
    emit would be gone, which means emitted."""
    shared = replace(SETTINGS, ledger=f"sqlite:///{tmp_path / 'commun.sqlite'}")
    first, second = workspace(tmp_path / "un"), workspace(tmp_path / "deux")
    for space in (first, second):
        extracts.stored(space, "0" * 64)
        with decisions.opened(space, shared):
            pass
    with decisions.opened(first, shared) as book:
        decisions.decide(first, book, decisions.begin(book), "DSF-1-C01", decisions.absence("A1"))
        outbox.release(first, book)
        decisions.decide(first, book, decisions.begin(book), "DSF-1-C02", decisions.absence("A2"))
    with pytest.raises(StateHalt, match="par une autre outbox"), decisions.opened(second, shared):
        pass
    with decisions.opened(first, shared):
        pass
    assert (first.outbox / TITULAIRE / "dsf" / "DSF-1-C02").is_dir()


def test_C03_a_witness_that_an_overtaken_run_wrote_again_is_well(tmp_path: Path) -> None:
    """It had read the head before the other one emitted, and wakes up after."""
    space = workspace(tmp_path)
    emitted(space, "DSF-1-C01", "A1")
    before = space.witness.read_bytes()
    emitted(space, "DSF-1-C02", "A2")
    for path in (space.witness, space.second_witness):
        path.write_bytes(before)
    emitted(space, "DSF-1-C03", "A3")
    assert witness.read(space).seq == 3


def test_a_witness_behind_the_ledger_is_well(tmp_path: Path) -> None:
    """Killed between the commit and the renewal: nothing of that commit has been seen by anybody."""
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
    with decisions.opened(space) as book:
        assert witness.read(space).seq == 1
        assert book.staged() == []
    assert (space.outbox / TITULAIRE / "dsf" / "DSF-1-C01").is_dir()


def test_the_witness_is_ahead_of_whatever_a_receiver_can_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = workspace(tmp_path)
    seen = []

    def watch(label: str, *_: Path) -> None:
        if names(space.outbox / TITULAIRE) if (space.outbox / TITULAIRE).exists() else False:
            seen.append((label, witness.read(space).publications))

    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        monkeypatch.setattr("pipeline.disk.reached", watch)
        outbox.release(space, book)
    assert seen and all(publications == 2 for _, publications in seen)


def test_the_ledger_is_one_file_that_can_be_copied_when_no_run_is_on(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    emitted(space, "DSF-1-C01", "A1")
    assert sorted(p.name for p in space.var.glob("registre*")) == ["registre.sqlite"]
    with closing(sqlite3.connect(space.ledger)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    ledger.open(space, SETTINGS).close()


# --- the second witness, and the archive ------------------------------------------------------------------------------


def archived(space: Workspace, content: bytes) -> str:
    sha = sha256(content).hexdigest()
    (space.originals / sha).write_bytes(content)
    return sha


def restored(space: Workspace, backup: Path) -> None:
    """Two complements were issued; the ledger is that of after the first; whoever emptied the outbox took its witness along."""
    for number, name in (("DSF-1-C01", "A1"), ("DSF-1-C02", "A2")):
        with decisions.opened(space) as book:
            run = decisions.begin(book)
            sha = archived(space, name.encode())
            decisions.decide(space, book, run, number, decisions.absence(name), sha256=sha)
            outbox.release(space, book)
            book.finish_run(run)
        if not backup.exists():
            shutil.copy(space.ledger, backup)
    shutil.copy(backup, space.ledger)
    shutil.rmtree(space.outbox)
    space.outbox.mkdir()


def test_H08_an_old_ledger_is_known_by_the_archive_and_no_witness_is_renewed_for_it(tmp_path: Path) -> None:
    """Even with the second witness gone: the archive holds an original that this ledger never knew."""
    space = workspace(tmp_path / "ws")
    restored(space, tmp_path / "backup")
    (space.var / "temoin.json").unlink(missing_ok=True)
    found = verify.verify(space, SETTINGS, renew_witness=True)
    assert not found.ok and not space.witness.exists()
    assert any("jamais connu" in text for text in found.erreurs), found.erreurs
    refused(space, "manque")


def test_H08_an_old_ledger_is_known_by_the_second_witness(tmp_path: Path) -> None:
    """Though every original is one that it knows: the second complement came of the same bytes as the first."""
    space = workspace(tmp_path / "ws")
    restored(space, tmp_path / "backup")
    (space.originals / sha256(b"A2").hexdigest()).unlink()
    found = verify.verify(space, SETTINGS, renew_witness=True)
    assert not found.ok and not space.witness.exists()
    assert any("en retard" in text or "manque" in text for text in found.erreurs), found.erreurs


def test_H08_a_new_ledger_over_an_emptied_outbox_stops_the_run(tmp_path: Path) -> None:
    space = workspace(tmp_path / "ws")
    emitted(space, "DSF-1-C01", "A1")
    space.ledger.unlink()
    shutil.rmtree(space.outbox)
    space.outbox.mkdir()
    refused(space, "autre registre")


def test_H08_a_witness_is_renewed_though_a_killed_run_had_archived_what_it_did_not_decide(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    world.hours("a.csv", {})
    world.run()
    space, content = world.workspace, world.hours("b.csv", {"date_debut": "11/02/2025"}).read_bytes()
    book = ledger.open(space, SETTINGS)
    book.begin_attempts([(TITULAIRE, archived(space, content))])
    book.close()  # as a death
    space.witness.unlink()
    assert verify.verify(space, SETTINGS, renew_witness=True).ok
    assert len(world.run().view["depots"]) == 1


def test_H08_both_witnesses_say_the_same(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    emitted(space, "DSF-1-C01", "A1")
    assert space.witness.read_bytes() == space.second_witness.read_bytes()
    space.second_witness.unlink()  # a workspace of an earlier version
    emitted(space, "DSF-1-C02", "A2")
    assert space.witness.read_bytes() == space.second_witness.read_bytes()
