"""Deposits on shared storage: settled, fetched from one version, removed only as they were."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import ledger, storage
from pipeline.disk import hash_of
from pipeline.errors import StoreHalt
from pipeline.intake.retire import remove
from pipeline.intake.scan import Scan, scan
from pipeline.intake.take import take
from pipeline.ledger import Source
from pipeline.storage import sftp as sftp_store
from pipeline.storage import store_of
from pipeline.workspace import Workspace
from tests.storage.shelf import OnS3, OnSftp, SharedWorld, Shelf
from tests.world import OTHER, TITULAIRE, inbox, names, workspace
from tests.world.inbox import PATIENT, Time

A = f"depots/{TITULAIRE}/a.csv"
TIME = 1_750_000_000


class Desk:
    """An inbox on a shelf, looked at by a clock that tests turn."""

    def __init__(self, root: Path, shelf: Shelf) -> None:
        self.shelf, self.time = shelf, Time()
        self.settings = shelf.settings("depots", delai_stabilite=PATIENT.delai_stabilite)
        self._opened = storage.opened(workspace(root), self.settings)
        self.space = self._opened.__enter__()

    def close(self) -> None:
        self._opened.__exit__(None, None, None)

    def scan(self, **changes: object) -> Scan:
        settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        with ledger.open(self.space, settings) as book:
            return scan(self.space, settings, book, clock=self.time.clock())

    def ready(self) -> list[str]:
        return [arrival.fichier for arrival in self.scan().ready]


@pytest.fixture
def desk(tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(sftp_store, "PAUSE", 0)
    made = Desk(tmp_path / "ws", shelf)
    yield made
    made.close()


def source(space: Workspace, scanned: Scan) -> Source:
    (snapshot,) = take(space, scanned.ready)
    assert snapshot and hash_of(snapshot.original) == snapshot.sha256
    return replace(inbox.source(snapshot), depot="D1")


# --- arrival ----------------------------------------------------------------------------------------------------------


def test_A01_a_file_that_is_still_written_waits(desk: Desk) -> None:
    desk.shelf.put(A, b"x;y\n", TIME)
    desk.time.during.append(lambda: desk.shelf.put(A, b"x;y\n1;2\n", TIME))
    assert desk.ready() == []
    assert desk.ready() == ["a.csv"]


def test_A07_a_workbook_without_its_end_waits(desk: Desk) -> None:
    book = inbox.workbook()
    desk.shelf.put(A.replace("csv", "xlsx"), book[:-30])
    assert desk.ready() == []
    desk.shelf.put(A.replace("csv", "xlsx"), book)
    assert desk.ready() == ["a.xlsx"]


def test_names_say_what_is_no_deposit_as_in_a_folder(desk: Desk) -> None:
    for path in (
        *(A, f"depots/{TITULAIRE}-antenne/sous/b.csv", f"depots/{TITULAIRE}/c.csv.part", f"depots/{TITULAIRE}/~$a.csv"),
        *("depots/12345678901234/d.csv", "depots/seul.csv", f"depots/{TITULAIRE}/.cache/e.csv"),
    ):
        desk.shelf.put(path, b"x;y\n")
    found = desk.scan(organisme=OTHER)
    assert {(arrival.siret, arrival.fichier) for arrival in found.ready} == {
        (TITULAIRE, "sous/b.csv"),
        (OTHER, "seul.csv"),
    }
    waiting, left = dict(found.waiting), dict(found.left)
    assert f"inbox/{A}" in waiting, "its lock file is beside it"
    assert f"inbox/depots/{TITULAIRE}/c.csv.part" in waiting
    assert "hors d'un dossier" in left["inbox/depots/12345678901234/d.csv"]
    assert f"inbox/depots/{TITULAIRE}/.cache" in left


def test_A22_what_was_put_behind_our_back_is_seen(desk: Desk) -> None:
    desk.ready()
    desk.shelf.put(A, b"x;y\n")
    assert desk.ready() == ["a.csv"]


def test_A23_overwritten_between_the_look_and_the_fetch_waits(desk: Desk) -> None:
    desk.shelf.put(A, b"x;y\n1;2\n", TIME)
    scanned = desk.scan()
    desk.shelf.put(A, b"x;y\n3;4\n", TIME + 1)
    assert take(desk.space, scanned.ready) == [None]
    assert not list(desk.space.originals.iterdir())


def test_A23_the_same_time_and_size_do_not_hide_another_content(desk: Desk) -> None:
    """Whole seconds: only S3 can tell before it is fetched; SFTP tells before it is removed."""
    desk.shelf.put(A, b"x;y\n1;2\n", TIME)
    known = source(desk.space, desk.scan())
    desk.shelf.put(A, b"x;y\n3;4\n", TIME)
    assert not remove(desk.space, known)
    assert desk.shelf.read(A) == b"x;y\n3;4\n" and desk.shelf.names("depots") == [f"{TITULAIRE}/a.csv"]


# --- its way out ------------------------------------------------------------------------------------------------------


def test_a_source_leaves_as_it_was_archived(desk: Desk) -> None:
    desk.shelf.put(A, b"x;y\n")
    known = source(desk.space, desk.scan())
    assert remove(desk.space, known)
    assert desk.shelf.names() == []
    assert not remove(desk.space, known), "gone already is well"


def test_a_source_stays_while_the_archive_has_not_its_bytes(desk: Desk) -> None:
    desk.shelf.put(A, b"x;y\n")
    known = source(desk.space, desk.scan())
    (desk.space.originals / known.sha256).write_bytes(b"rouille")
    assert not remove(desk.space, known)
    assert desk.shelf.read(A) == b"x;y\n"


def test_H13_what_is_saved_again_meanwhile_stays(sftp: object, tmp_path: Path) -> None:
    """Between the private name and the removal its sender saves a new file under the old name."""
    desk = Desk(tmp_path / "ws", OnSftp(sftp))  # type: ignore[arg-type]
    desk.shelf.put(A, b"x;y\n", TIME)
    known = source(desk.space, desk.scan())
    place = desk.shelf.server.root / A  # type: ignore[attr-defined]

    def seen(act: str) -> None:
        if act == "remove" and not place.exists():
            place.write_bytes(b"neuf\n")

    desk.shelf.server.seen = seen  # type: ignore[attr-defined]
    assert remove(desk.space, known)
    assert place.read_bytes() == b"neuf\n" and desk.ready() == ["a.csv"]
    desk.close()


def test_A19_the_server_dies_at_every_act_of_a_removal(
    sftp: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sftp_store, "PAUSE", 0)
    desk = Desk(tmp_path / "ws", OnSftp(sftp))  # type: ignore[arg-type]
    server = desk.shelf.server  # type: ignore[attr-defined]
    for at in range(1, 12):
        for after in (False, True):
            desk.shelf.put(A, b"x;y\n", TIME)
            known = source(desk.space, desk.scan())
            server.cut(at, after=after)
            remove(desk.space, known)
            server.heal()
            assert list((server.root / "depots" / TITULAIRE).iterdir()) == [], (at, after)
    desk.close()


# --- a store that does not answer -------------------------------------------------------------------------------------


def test_A19_a_server_that_dies_while_we_list_read_or_rename_leaves_nothing_half_taken(
    sftp: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For good at each act of a run: a halt, then the next run ends as if nothing had happened."""
    monkeypatch.setattr(sftp_store, "PAUSE", 0)
    world = SharedWorld(tmp_path / "ws", OnSftp(sftp))  # type: ignore[arg-type]
    server = world.shelf.server  # type: ignore[attr-defined]
    world.add_dsf().write_extracts().hours("a.csv", {})
    server.cut(25, after=False, once=False)
    with pytest.raises(StoreHalt, match="ne répond pas"):
        world.run()
    server.heal()
    outcome = world.run()
    assert len(outcome.view["depots"]) == 1 and list(world.complements()) == ["DSF-1-C01"]
    assert world.shelf.names("depots") == []


def test_A19_a_server_that_is_not_there_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sftp_store, "PAUSE", 0)
    store = sftp_store.Sftp("sftp://dsf@127.0.0.1:1/depots")
    with pytest.raises(StoreHalt, match=r"sftp://127\.0\.0\.1:1/depots ne répond pas"):
        list(store.walk(20))
    store.close()


def test_A19_s3_that_refuses_a_listing_halts(s3: object, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "ws", OnS3(s3))  # type: ignore[arg-type]
    desk.shelf.put(A, b"x;y\n")
    desk.shelf.server.rule = lambda *_: "403 AccessDenied"  # type: ignore[attr-defined]
    with pytest.raises(StoreHalt, match="refuse notre compte"):
        desk.scan()
    desk.close()


def test_A21_an_inbox_without_any_folder_is_a_missing_mount(sftp: object, tmp_path: Path) -> None:
    from pipeline.errors import DiskHalt

    world = SharedWorld(tmp_path / "ws", OnSftp(sftp))  # type: ignore[arg-type]
    world.add_dsf().write_extracts().hours("a.csv", {})
    world.run()
    assert world.run().view["depots"] == [], "an organisation's folder stands there, empty"
    world.shelf.take("depots")
    with pytest.raises(DiskHalt, match="montage vide"):
        world.run()


def test_a_host_whose_key_is_not_known_is_refused(sftp: object, tmp_path: Path) -> None:
    shelf = OnSftp(sftp)  # type: ignore[arg-type]
    shelf.settings("depots")
    (tmp_path / "vide").write_text("")
    store = sftp_store.Sftp(shelf.server.address("depots"), str(tmp_path / "vide"), str(shelf.server.key))
    with pytest.raises(StoreHalt, match="clé du serveur"):
        list(store.walk(20))
    store.close()


def test_a_key_that_the_server_does_not_know_is_refused(sftp: object, tmp_path: Path) -> None:
    import asyncssh

    shelf = OnSftp(sftp)  # type: ignore[arg-type]
    shelf.settings("depots")
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(tmp_path / "autre"))
    store = sftp_store.Sftp(shelf.server.address("depots"), str(shelf.server.hosts), str(tmp_path / "autre"))
    with pytest.raises(StoreHalt, match="refuse notre compte"):
        list(store.walk(20))
    store.close()


def test_a_file_that_the_settings_name_and_that_is_not_there_is_said(sftp: object, tmp_path: Path) -> None:
    settings = OnSftp(sftp).settings("depots")  # type: ignore[arg-type]
    for name in ("hotes", "cle", "autorite"):
        missing = replace(settings, stockage=replace(settings.stockage, **{name: "perdu"}))
        with (
            pytest.raises(StoreHalt, match=rf"stockage\.{name} est introuvable : perdu"),
            storage.opened(workspace(tmp_path / "ws"), missing),
        ):
            pass


def test_a_key_with_a_passphrase_is_no_crash(sftp: object, tmp_path: Path) -> None:
    import asyncssh

    shelf = OnSftp(sftp)  # type: ignore[arg-type]
    shelf.settings("depots")
    key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
    key.write_private_key(str(tmp_path / "autre"), "pkcs8-pem", passphrase="secret")
    store = sftp_store.Sftp(shelf.server.address("depots"), str(shelf.server.hosts), str(tmp_path / "autre"))
    with pytest.raises(StoreHalt, match="refuse notre compte"):
        list(store.walk(20))
    store.close()


# --- hostile names ----------------------------------------------------------------------------------------------------


def test_G01_keys_that_are_no_paths_are_left_alone_and_the_others_served(s3: object, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "ws", OnS3(s3))  # type: ignore[arg-type]
    for key in (f"depots/{TITULAIRE}//b.csv", f"depots/{TITULAIRE}/../c.csv", f"depots/{TITULAIRE}-x/d\\e.csv"):
        desk.shelf.put(key, b"x;y\n")
    desk.shelf.put(f"depots/{OTHER}/a.csv", b"x;y\n")
    found = desk.scan()
    assert [(arrival.siret, arrival.fichier) for arrival in found.ready] == [(OTHER, "a.csv")]
    assert dict(found.waiting) == {f"inbox/depots/{TITULAIRE}": "dossier illisible pour le moment"}
    assert [path for path, _ in found.left] == [f"inbox/depots/{TITULAIRE}-x/d\\e.csv"]
    desk.close()


def test_G01_an_empty_folder_of_a_console_is_no_deposit_and_an_empty_file_is(s3: object, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "ws", OnS3(s3))  # type: ignore[arg-type]
    desk.shelf.put(f"depots/{TITULAIRE}/", b"")
    desk.shelf.put(f"depots/{OTHER}/vide.xlsx", b"")
    found = desk.scan()
    assert [arrival.fichier for arrival in found.ready] == ["vide.xlsx"] and found.left == ()
    desk.close()


def test_G04_links_and_odd_files_are_left_alone(sftp: object, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "ws", OnSftp(sftp))  # type: ignore[arg-type]
    folder = desk.shelf.server.root / "depots" / TITULAIRE  # type: ignore[attr-defined]
    folder.mkdir(parents=True)
    (folder / "lien.csv").symlink_to("/etc/passwd")
    (folder / "dossier").symlink_to("/etc")
    (tmp_path / "distant/depots" / TITULAIRE / b"\xff.csv".decode(errors="surrogateescape")).write_bytes(b"x;y\n")
    found = desk.scan()
    assert [arrival.fichier for arrival in found.ready] == ["\udcff.csv"]
    assert all("lien symbolique" in why for _, why in found.left) and len(found.left) == 2
    known = source(desk.space, found)
    assert remove(desk.space, known), "its name is given back as it came"
    desk.close()


# --- nobody is named --------------------------------------------------------------------------------------------------


def test_G11_no_log_names_anybody(tmp_path: Path, shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    """Not ours, nor those of the libraries at their most talkative; a server sees the names that senders gave, and no others."""
    world = SharedWorld(tmp_path / "ws", shelf)
    world.add_dsf(sequences=[{"nom": "CANARIVOLANT"}]).write_extracts()
    world.hours("CANARIVOLANT.csv", {"nom": "CANARIVOLANT"})
    with caplog.at_level(logging.DEBUG):
        world.run()
    ours = [record for record in caplog.records if not record.name.startswith(("werkzeug", "boto", "urllib3", "moto"))]
    assert list(world.complements()) and not any("CANARIVOLANT" in record.getMessage() for record in ours)
    assert names(world.workspace.var / "spool") == []
    there = world.shelf.names("outbox")
    there += [path for _, path in world.shelf.server.requests if "/outbox" in path] if isinstance(shelf, OnS3) else []
    assert there and not any("CANARIVOLANT" in path for path in there)


def test_a_pickled_workspace_connects_for_itself(desk: Desk) -> None:
    import pickle

    desk.shelf.put(A, b"x;y\n")
    copy = pickle.loads(pickle.dumps(desk.space))
    store = store_of(copy, "depots")
    assert store and [entry.path for entry in store.walk(20)] == [f"{TITULAIRE}/a.csv"]
    store.close()
