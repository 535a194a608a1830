"""The outbox on shared storage: each state of a token, lost answers, a receiver that is quicker than we are."""

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath

import pytest

from pipeline import ledger, storage
from pipeline.errors import StateHalt, StoreHalt
from pipeline.ledger import Ledger, Word
from pipeline.ledger.records import Folder
from pipeline.publishing import outbox, spool, witness
from pipeline.storage import sftp as sftp_store
from pipeline.workspace import Workspace
from tests.bounded import every
from tests.storage.shelf import OnS3, OnSftp, Shelf, begun, looked_at
from tests.world import TITULAIRE, decisions, workspace

DSF = f"{TITULAIRE}/dsf/DSF-1-C01"
RETURN = f"{TITULAIRE}/retours/D-DSF-1-C01"
BOTH = [f"{DSF}/DSF-1-C01.json", f"{RETURN}/rapport.json"]
STEP = every(31)
"""Every n-th act of a release is the last one; 1 takes them all."""
KEY = f"outbox/{BOTH[0]}"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits between two tries."""
    monkeypatch.setattr(sftp_store, "PAUSE", 0)


@pytest.fixture
def decided(tmp_path: Path, shelf: Shelf) -> Iterator[tuple[Workspace, Ledger]]:
    """One deposit with one complement, committed and not yet released."""
    settings = shelf.settings("outbox")
    with begun(tmp_path / "ws", settings) as (space, book):
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        yield space, book


def empty(space: Workspace) -> bool:
    return not list(space.spool.iterdir())


def test_what_was_decided_leaves_once(decided: tuple[Workspace, Ledger], shelf: Shelf) -> None:
    space, book = decided
    assert list(outbox.release(space, book).emis) == [DSF, RETURN]
    assert shelf.names("outbox") == BOTH
    assert empty(space) and book.staged() == [] and outbox.blocked(space, book) == ()
    assert witness.read(space).publications == 2
    assert outbox.release(space, book).emis == ()


def test_D01_what_a_receiver_took_is_not_written_again(decided: tuple[Workspace, Ledger], shelf: Shelf) -> None:
    space, book = decided
    outbox.release(space, book)
    shelf.take(f"outbox/{DSF}")
    shelf.take(f"outbox/{RETURN}")
    outbox.recover(space, book)
    assert shelf.names("outbox") == []


def test_D02_another_complement_of_this_number_stops_everything(
    decided: tuple[Workspace, Ledger], shelf: Shelf
) -> None:
    space, book = decided
    shelf.put(KEY, b"{}")
    with pytest.raises(StateHalt, match="déjà prise"):
        outbox.release(space, book)
    assert shelf.read(KEY) == b"{}", "nothing is written over"
    assert len(book.staged()) == 2


def test_D02_a_place_that_is_taken_by_something_else_stops_only_its_own(
    decided: tuple[Workspace, Ledger], shelf: Shelf
) -> None:
    space, book = decided
    shelf.put(f"outbox/{BOTH[1]}", b"notes")
    outbox.release(space, book)
    ((path, why),) = outbox.blocked(space, book)
    assert path == f"outbox/{RETURN}" and "prise par autre chose" in why
    assert shelf.read(f"outbox/{BOTH[1]}") == b"notes"
    shelf.take(f"outbox/{RETURN}")
    outbox.release(space, book)
    assert shelf.names("outbox") == BOTH and book.staged() == []


def test_a_place_that_holds_the_very_bytes_is_done(decided: tuple[Workspace, Ledger], shelf: Shelf) -> None:
    space, book = decided
    (token,) = space.spool.glob("DSF-1-C01.*")
    shelf.put(KEY, (token / "DSF-1-C01.json").read_bytes())
    outbox.release(space, book)
    assert book.staged() == [] and empty(space)


def test_a_workbook_stands_there_before_the_file_that_receivers_wait_for(tmp_path: Path, shelf: Shelf) -> None:
    with begun(tmp_path / "ws", shelf.settings("outbox")) as (space, book):
        files = {"rapport.json": b"{}", "rapport.html": b"<p>", "a-corriger.xlsx": b"PK"}
        token = spool.stage(space, Folder("rapport", "rapports/r", files), book.fence)
        book.finish_run(decisions.begin(book), [token])
        outbox.release(space, book)
    assert shelf.names("outbox/rapports/r") == sorted(files)
    if isinstance(shelf, OnS3):
        puts = [path for method, path in shelf.server.requests if method == "PUT"]
        assert puts[-1].endswith("/r/rapport.json")


def test_pages_are_replaced_in_one_step_and_only_when_they_changed(tmp_path: Path, shelf: Shelf) -> None:
    with begun(tmp_path / "ws", shelf.settings("outbox")) as (space, book):
        assert outbox.put(space, TITULAIRE, "index.html", b"un", book.fence) == ""
        assert outbox.put(space, TITULAIRE, "index.html", b"deux", book.fence) == ""
        assert shelf.read(f"outbox/{TITULAIRE}/index.html") == b"deux"
        if isinstance(shelf, OnS3):
            shelf.server.requests.clear()
            assert outbox.put(space, TITULAIRE, "index.html", b"deux", book.fence) == ""
            assert [method for method, _ in shelf.server.requests] == ["GET"]


def test_C12_an_outbox_that_lost_its_witness_stops_the_run(decided: tuple[Workspace, Ledger], shelf: Shelf) -> None:
    space, book = decided
    outbox.release(space, book)
    shelf.take("outbox/.temoin.json")
    with pytest.raises(StateHalt, match="manque"):
        witness.check(space, book)


def test_a_token_on_its_way_to_shared_storage_is_not_taken_for_one_that_left_here(
    decided: tuple[Workspace, Ledger], shelf: Shelf
) -> None:
    """The operator has changed the setting while it was begun."""
    space, book = decided
    (nom,) = (p.nom for p in book.staged() if p.genre == "dsf")
    spool.begin(space, [nom])
    here = Workspace(space.root)
    here.create()
    outbox.release(here, book)
    assert [p.nom for p in book.staged()] == [nom] and spool.is_begun(space, nom)


# --- S3 ---------------------------------------------------------------------------------------------------------------


def puts(shelf: OnS3) -> int:
    return sum(method == "PUT" and path.endswith(BOTH[0]) for method, path in shelf.server.requests)


def answer(shelf: OnS3, said: str, *, taken: bool = False) -> None:
    """The answer of the door to the put that is the emission; ``taken``: a receiver takes it before anybody else looks."""

    def rule(method: str, path: str, _headers: object) -> str:
        if path.endswith(BOTH[0]) and taken and method == "GET" and puts(shelf):
            shelf.take(KEY)
        return said if method == "PUT" and path.endswith(BOTH[0]) else ""

    shelf.server.rule = rule


@pytest.fixture
def on_s3(s3: object, tmp_path: Path) -> Iterator[tuple[OnS3, Workspace, Ledger]]:
    shelf = OnS3(s3)  # type: ignore[arg-type]
    with begun(tmp_path / "ws", shelf.settings("outbox")) as (space, book):
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        yield shelf, space, book


def test_D06_a_put_whose_answer_is_lost_is_looked_up_and_not_repeated(on_s3: tuple[OnS3, Workspace, Ledger]) -> None:
    shelf, space, book = on_s3
    answer(shelf, "lost")
    outbox.release(space, book)
    assert puts(shelf) == 1 and shelf.names("outbox") == BOTH
    assert book.staged() == [] and empty(space)


def test_D06_another_content_under_our_name_halts(on_s3: tuple[OnS3, Workspace, Ledger]) -> None:
    """It came between our look and our put."""
    shelf, space, book = on_s3

    def rule(method: str, path: str, _headers: object) -> str:
        if method == "PUT" and path.endswith(BOTH[0]):
            shelf.put(KEY, b"{}")
        return ""

    shelf.server.rule = rule
    with pytest.raises(StateHalt, match="déjà prise"):
        outbox.release(space, book)
    assert shelf.read(KEY) == b"{}"


@pytest.mark.parametrize("said", ["503 SlowDown", "409 ConditionalRequestConflict", "403 AccessDenied"])
def test_D06_a_server_that_says_no_leaves_no_doubt(on_s3: tuple[OnS3, Workspace, Ledger], said: str) -> None:
    shelf, space, book = on_s3
    answer(shelf, said)
    outbox.release(space, book)
    assert not outbox.in_doubt(space, book) and [path for path, _ in outbox.blocked(space, book)] == [f"outbox/{DSF}"]
    shelf.server.rule = lambda *_: ""
    outbox.release(space, book)
    assert shelf.names("outbox") == BOTH and book.staged() == []


def test_D07_a_store_that_ignores_conditions_is_refused_before_anything(tmp_path: Path, s3: object) -> None:
    shelf = OnS3(s3)  # type: ignore[arg-type]
    shelf.server.rule = lambda *_: "ignore"
    with (
        pytest.raises(StoreHalt, match="If-None-Match"),
        begun(tmp_path / "ws", shelf.settings("outbox")),
    ):
        pass
    assert shelf.bucket.objects.all() and shelf.names() == []


def test_D08_what_was_taken_before_we_knew_is_in_doubt_and_not_put_again(on_s3: tuple[OnS3, Workspace, Ledger]) -> None:
    shelf, space, book = on_s3
    answer(shelf, "lost", taken=True)
    for _ in range(3):
        outbox.recover(space, book)
    assert puts(shelf) == 1 and BOTH[0] not in shelf.names("outbox")
    assert BOTH[1] in shelf.names("outbox"), "the others leave"
    ((path, why),) = outbox.blocked(space, book)
    assert path == f"outbox/{DSF}" and f"--retry outbox/{DSF}" in why and "dsf entered" in why


def test_D08_somebody_says_that_it_never_arrived(on_s3: tuple[OnS3, Workspace, Ledger]) -> None:
    shelf, space, book = on_s3
    answer(shelf, "cut")
    outbox.release(space, book)
    shelf.server.rule = lambda *_: ""
    outbox.try_again(space, book, [f"outbox/{DSF}", "outbox/inconnu"])
    outbox.release(space, book)
    assert shelf.names("outbox") == BOTH and book.staged() == [] and empty(space)


def test_D08_what_was_typed_has_arrived(on_s3: tuple[OnS3, Workspace, Ledger]) -> None:
    shelf, space, book = on_s3
    answer(shelf, "lost", taken=True)
    outbox.release(space, book)
    book.enter_all([Word("DSF-1-C01", "88123", date(2025, 7, 1))])
    outbox.release(space, book)
    assert puts(shelf) == 1 and book.staged() == [] and empty(space)


def test_D08_killed_between_the_put_and_its_note(on_s3: tuple[OnS3, Workspace, Ledger]) -> None:
    """The next run finds it there; taken away meanwhile, it is in doubt."""
    shelf, space, book = on_s3
    (nom,) = (p.nom for p in book.staged() if p.genre == "dsf")
    data = (space.spool / nom / "DSF-1-C01.json").read_bytes()
    spool.begin(space, [nom])
    shelf.put(KEY, data)
    outbox.recover(space, book)
    assert puts(shelf) == 0 and book.staged() == []


# --- SFTP -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def on_sftp(sftp: object, tmp_path: Path) -> Iterator[tuple[OnSftp, Workspace, Ledger]]:
    shelf = OnSftp(sftp)  # type: ignore[arg-type]
    with begun(tmp_path / "ws", shelf.settings("outbox")) as (space, book):
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        yield shelf, space, book


def test_B12_a_rename_whose_answer_was_lost_is_found_done(on_sftp: tuple[OnSftp, Workspace, Ledger]) -> None:
    """And a receiver has taken what it brought: a token that is gone has left."""
    shelf, space, book = on_sftp
    acts = shelf.server.acts

    def seen(act: str) -> None:
        if act == "rename" and acts.count("rename") == 1:
            shelf.server.cut(0, after=True)
        elif "rename" in acts and not taken:
            taken.extend(shelf.names("outbox"))
            for name in taken:
                shelf.take(f"outbox/{PurePosixPath(name).parent}")

    taken: list[str] = []
    shelf.server.seen = seen
    outbox.release(space, book)
    assert book.staged() == [] and empty(space) and not list((shelf.server.root / "outbox/.dsf-spool").glob("[!.]*"))
    assert taken and sorted([*taken, *shelf.names("outbox")]) == sorted(BOTH)


def test_D09_an_empty_folder_in_its_place_is_not_passed_over(on_sftp: tuple[OnSftp, Workspace, Ledger]) -> None:
    """posix-rename would replace it in silence."""
    shelf, space, book = on_sftp
    (shelf.server.root / "outbox" / DSF).mkdir(parents=True)
    outbox.release(space, book)
    ((path, why),) = outbox.blocked(space, book)
    assert path == f"outbox/{DSF}" and "prise" in why
    assert shelf.names("outbox") == [BOTH[1]]


def test_D09_a_folder_that_a_receiver_makes_at_the_last_instant_is_not_passed_over(
    on_sftp: tuple[OnSftp, Workspace, Ledger],
) -> None:
    """Between our look and the rename: a plain one refuses, posix-rename would replace it in silence."""
    shelf, space, book = on_sftp

    def seen(act: str) -> None:
        if act in ("rename", "posix_rename") and any("C01" in name for name in shelf.names("outbox/.dsf-spool")):
            (shelf.server.root / "outbox" / DSF).mkdir(parents=True, exist_ok=True)

    shelf.server.seen = seen
    outbox.release(space, book)
    assert [path for path, _ in outbox.blocked(space, book)] == [f"outbox/{DSF}"]
    assert not list((shelf.server.root / "outbox" / DSF).iterdir())


def test_D09_a_link_in_the_receivers_folder_leads_nowhere(on_sftp: tuple[OnSftp, Workspace, Ledger]) -> None:
    shelf, space, book = on_sftp
    elsewhere = shelf.server.root / "ailleurs"
    elsewhere.mkdir()
    (shelf.server.root / "outbox" / TITULAIRE).mkdir()
    (shelf.server.root / "outbox" / TITULAIRE / "dsf").symlink_to(elsewhere)
    outbox.release(space, book)
    assert [path for path, _ in outbox.blocked(space, book)] == [f"outbox/{DSF}"] and not list(elsewhere.iterdir())


def test_D09_without_our_own_folder_a_token_that_is_gone_proves_nothing(
    on_sftp: tuple[OnSftp, Workspace, Ledger],
) -> None:
    """An outbox that is not mounted on the server looks like this."""
    shelf, space, book = on_sftp
    (nom,) = (p.nom for p in book.staged() if p.genre == "dsf")
    spool.begin(space, [nom])
    shelf.take("outbox/.dsf-spool")
    outbox.recover(space, book)
    assert list(outbox.in_doubt(space, book)) == [f"outbox/{DSF}"]


def count_acts(shelf: OnSftp, root: Path) -> int:
    with begun(root, shelf.settings("outbox")) as (space, book):
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        shelf.server.acts.clear()
        outbox.release(space, book)
    shelf.take("outbox")
    return len(shelf.server.acts)


@pytest.mark.sweep
@pytest.mark.parametrize("greedy", [False, True], ids=["patient", "greedy"])
@pytest.mark.parametrize("once", [True, False], ids=["once", "for good"])
def test_D09_the_server_dies_at_every_act(sftp: object, tmp_path: Path, once: bool, greedy: bool) -> None:
    shelf = OnSftp(sftp)  # type: ignore[arg-type]
    acts = count_acts(shelf, tmp_path / "count")
    bad = []
    for at in range(1 + (once + 2 * greedy) % STEP, acts + 1, STEP):
        for after in (False, True):
            got: list[str] = []
            root = tmp_path / f"{at}-{after}"
            settings = shelf.settings("outbox")
            with begun(root, settings) as (space, book):
                decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
                shelf.server.seen = (lambda _act, got=got: _receive(shelf, got)) if greedy else lambda _act: None
                shelf.server.cut(at, after=after, once=once)
                try:
                    outbox.release(space, book)
                    halted = False
                except StoreHalt:
                    halted = True
            shelf.server.heal()
            with looked_at(root, settings) as (space, book):
                outbox.recover(space, book)
                _receive(shelf, got)
                if halted is once or sorted(got) != BOTH or book.staged() or not empty(space):
                    bad.append(f"{at} {'after' if after else 'before'}: {halted} {got} {outbox.blocked(space, book)}")
            shelf.server.seen = lambda _act: None
            shelf.take("outbox")
    assert acts > 20 and bad == []


def _receive(shelf: OnSftp, got: list[str]) -> None:
    """Take every folder that stands there, at once."""
    for cible in (DSF, RETURN):
        place = shelf.server.root / "outbox" / cible
        if place.exists():
            got += [f"{cible}/{path.name}" for path in place.iterdir()]
            shelf.take(f"outbox/{cible}")


# --- no other way -----------------------------------------------------------------------------------------------------


def test_D10_nothing_goes_through_a_layer_that_hides_which_rename_happens() -> None:
    pipeline = Path(outbox.__file__).parents[1]
    used = [
        path.name for path in pipeline.rglob("*.py") if re.search(r"\b(fsspec|s3fs|smart_open)\b", path.read_text())
    ]
    assert used == []


# --- another machine --------------------------------------------------------------------------------------------------


def test_a_token_of_another_machine_is_not_taken_for_one_that_left(tmp_path: Path, shelf: Shelf) -> None:
    """Both work on one ledger; the first was stopped between the commit and the emission."""
    settings = shelf.settings("outbox", ledger=f"sqlite:///{tmp_path / 'registre.sqlite'}")
    with begun(tmp_path / "une", settings) as (space, book):
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
    with storage.opened(workspace(tmp_path / "deux"), settings) as space, ledger.open(space, settings) as book:
        outbox.recover(space, book)
        waits = dict(outbox.blocked(space, book))
        assert set(waits) == {f"outbox/{DSF}", f"outbox/{RETURN}"} and all(
            "autre machine" in why for why in waits.values()
        )
        assert shelf.names("outbox") == [] and len(book.staged()) == 2
    with looked_at(tmp_path / "une", settings) as (space, book):
        outbox.recover(space, book)
        assert shelf.names("outbox") == BOTH and book.staged() == [] and empty(space)


def test_what_another_machine_emitted_is_found_in_its_place(tmp_path: Path, shelf: Shelf) -> None:
    """It was stopped before the ledger knew."""
    settings = shelf.settings("outbox", ledger=f"sqlite:///{tmp_path / 'registre.sqlite'}")
    with begun(tmp_path / "une", settings) as (space, book):
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        staged = {p.cible: space.spool / p.nom for p in book.staged()}
        for cible, token in staged.items():
            for path in token.iterdir():
                shelf.put(f"outbox/{cible}/{path.name}", path.read_bytes())
    with storage.opened(workspace(tmp_path / "deux"), settings) as space, ledger.open(space, settings) as book:
        outbox.recover(space, book)
        assert book.staged() == [] and outbox.blocked(space, book) == ()


def test_a_spool_restored_from_a_backup_proves_nothing(decided: tuple[Workspace, Ledger], shelf: Shelf) -> None:
    space, book = decided
    for path in space.spool.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    outbox.release(space, book)
    assert len(book.staged()) == 2 and len(outbox.blocked(space, book)) == 2 and shelf.names("outbox") == []
