"""What the operator puts on shared storage, and what the verbs say of it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline.commands import dry_run, extract, run, status, template, verify, watch
from pipeline.errors import NotInstalled
from pipeline.intake.extracts import files_under
from pipeline.settings import Storage
from pipeline.wave import silent
from tests.servers.s3 import S3Server
from tests.storage.shelf import OnS3, SharedWorld, Shelf
from tests.world import DAY, TITULAIRE, names

ALL = ("depots", "extraits", "saisies", "outbox")


@pytest.fixture
def world(tmp_path: Path, shelf: Shelf) -> SharedWorld:
    """Everything that may lie elsewhere does."""
    made = SharedWorld(tmp_path / "ws", shelf, *ALL)
    made.add_dsf().write_extracts().hours("a.csv", {})
    return made


def test_a_whole_workspace_on_shared_storage(world: SharedWorld) -> None:
    world.run()
    assert list(world.complements()) == ["DSF-1-C01"] and world.report()["code_retour"] == 0
    for part in ("depots", "extraits"):
        assert world.shelf.names(part) == [], "loaded, decided: they leave"
    assert len(names(world.workspace.var / "extraits")) == 3 and files_under([world.workspace.extracts]) == []
    (world.workspace.entered / "mars.csv").write_text("numero;numero_kairos;date_saisie\nDSF-1-C01;88123;30/06/2025\n")
    suivi = world.run().view["suivi"]
    assert suivi["comptes"]["saisies"] == 1, suivi
    assert world.shelf.names("saisies") == [] and names(world.workspace.entered_archive) == ["mars.csv"]
    assert names(world.workspace.deposits) == [] and not list(world.workspace.var.glob("*.tmp"))


def test_a_watch_sees_what_has_settled_there_and_brings_nothing(world: SharedWorld) -> None:
    world.send()
    there = {sight[0] for sight in watch.look(world.workspace, world.settings()).settled}
    assert {path.rpartition("/")[0] for path in there} == {f"inbox/depots/{TITULAIRE}", "stockage/extraits"}
    assert names(world.workspace.extracts) == [] and len(world.shelf.names("extraits")) == 3
    world.run()
    assert watch.look(world.workspace, world.settings()) == watch.Seen(frozenset())


def test_an_extract_that_is_refused_stays_until_it_is_replaced_there(world: SharedWorld) -> None:
    world.send()
    (name,) = (name for name in world.shelf.names("extraits") if "absences" in name)
    good = world.shelf.read(f"extraits/{name}")
    world.shelf.put(f"extraits/{name}", good.replace(b"non", b"peut-etre"), 1_750_000_100)
    with pytest.raises(Exception, match="Aucun extrait"):
        world.run()
    assert len(world.shelf.names("extraits")) == 3
    world.shelf.put(f"extraits/{name}", good, 1_750_000_200)
    assert list(world.run().view["depots"])
    assert world.shelf.names("extraits") == []


def test_a_file_of_this_machine_is_not_taken_for_one_of_theirs(world: SharedWorld) -> None:
    world.send()
    here = world.workspace.extracts / "lisez-moi.csv"
    here.write_bytes(b"a;b\n")
    world.shelf.put("extraits/lisez-moi.csv", b"c;d\n")
    world.run()
    assert here.read_bytes() == b"a;b\n" and world.shelf.names("extraits") == ["lisez-moi.csv"]


def test_a_file_that_was_taken_back_there_goes_here_too(world: SharedWorld) -> None:
    world.run()
    world.shelf.put("extraits/notes.csv", b"a;b\n")
    world.run()
    assert names(world.workspace.extracts) == ["notes.csv"]
    world.shelf.take("extraits/notes.csv")
    world.run()
    assert names(world.workspace.extracts) == []


def test_what_is_not_archived_is_never_removed_there(world: SharedWorld) -> None:
    """Somebody removed the local copy by hand: it is brought again."""
    world.run()
    world.shelf.put("extraits/notes.csv", b"a;b\n")
    world.run()
    (world.workspace.extracts / "notes.csv").unlink()
    world.run()
    assert names(world.workspace.extracts) == ["notes.csv"] and world.shelf.names("extraits") == ["notes.csv"]


def test_extract_load_brings_what_stands_there(world: SharedWorld) -> None:
    world.send()
    (result,) = extract.load(world.workspace, [], force=False, day=DAY, settings=world.settings())
    assert result.load and world.shelf.names("extraits") == []


def test_status_says_what_stands_there_and_takes_nothing(world: SharedWorld) -> None:
    world.send()
    said = status.state(world.workspace, world.settings())
    assert said["prets"] == [f"inbox/depots/{TITULAIRE}/a.csv"]
    assert len([one for one in said["attente"] if one["chemin"].startswith("inbox/extraits/")]) == 3
    assert world.shelf.names("depots") and len(world.shelf.names("extraits")) == 3


def test_a_dry_run_changes_nothing_there(world: SharedWorld) -> None:
    world.send()
    before = world.shelf.names()
    with dry_run.double(world.workspace, world.settings()) as copy:
        outcome = run.run_all(copy, dry_run.for_double(world.workspace, world.settings()), DAY, silent)
        assert len(outcome.view["complements"]) == 1
    assert world.shelf.names() == before


def test_templates_and_pages_are_put_there(world: SharedWorld) -> None:
    world.run()
    done = template.for_all(world.workspace, world.settings(), date(2025, 7, 1), silent)
    assert TITULAIRE in done.made and done.blocked == ()
    assert {f"{TITULAIRE}/index.html", f"{TITULAIRE}/modele-{TITULAIRE}.xlsx"} <= set(world.shelf.names("outbox"))
    assert f"modele-{TITULAIRE}.xlsx".encode() in world.shelf.read(f"outbox/{TITULAIRE}/index.html")


def test_verify_looks_there(world: SharedWorld) -> None:
    world.run()
    settings = world.settings()
    assert verify.verify(world.workspace, settings).erreurs == []
    (key,) = (name for name in world.shelf.names("outbox") if name.endswith("C01.json"))
    good = world.shelf.read(f"outbox/{key}")
    world.shelf.put(f"outbox/{key}", b"{}")
    assert len(verify.verify(world.workspace, settings).erreurs) == 1
    world.shelf.put(f"outbox/{key}", good)
    world.shelf.put(f"outbox/{TITULAIRE}/dsf/DSF-9-C01/DSF-9-C01.json", b"{}")
    assert "DSF-9-C01" in verify.verify(world.workspace, settings).erreurs[0]
    world.shelf.take(f"outbox/{TITULAIRE}/dsf")
    assert verify.verify(world.workspace, settings).ok, "what a receiver took away is no error"


def test_the_witness_is_renewed_there(world: SharedWorld) -> None:
    world.run()
    world.shelf.take("outbox/.temoin.json")
    assert verify.verify(world.workspace, world.settings(), renew_witness=True).ok
    assert b"registre" in world.shelf.read("outbox/.temoin.json")


def test_addresses_are_shown_without_the_account(world: SharedWorld) -> None:
    settings = replace(world.settings(), origines={"stockage.outbox": "dsf.toml"})
    ((_, value, _),) = settings.chosen()
    assert "@" not in value and value.endswith("/outbox")


@pytest.mark.parametrize(("address", "extra"), [("sftp://h/x", "sftp"), ("s3://seau", "s3")])
def test_a_missing_library_is_said_with_what_to_install(
    world: SharedWorld, monkeypatch: pytest.MonkeyPatch, address: str, extra: str
) -> None:
    import sys

    from pipeline import storage

    for name in ("pipeline.storage.sftp", "pipeline.storage.s3"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    monkeypatch.setitem(sys.modules, "obstore", None)
    settings = replace(world.settings(), stockage=Storage(outbox=address))
    with (
        pytest.raises(NotInstalled, match=rf"dsf-complementaire\[{extra}\]") as halt,
        storage.opened(world.workspace, settings),
    ):
        pass
    assert halt.value.exit_code == 2


def test_D08_the_operator_is_asked_and_answers_by_the_path_that_was_said(
    tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = SharedWorld(tmp_path / "ws", OnS3(s3))
    world.add_dsf().write_extracts().hours("a.csv", {})
    s3.rule = lambda method, path, _headers: "cut" if method == "PUT" and path.endswith("C01.json") else ""
    (said,) = world.run().owed
    s3.rule = lambda *_: ""
    monkeypatch.chdir(world.workspace.root)
    assert run.retried(world.workspace, world.settings(), [Path(said[0])]) == (said[0],)
    assert said in [tuple(one.values()) for one in status.state(world.workspace, world.settings())["a_reprendre"]]
    outcome = run.run(world.workspace, world.settings(), DAY, silent, retry=(said[0],), dry_run=False)
    world.fetch()
    assert outcome.owed == () and list(world.complements()) == ["DSF-1-C01"]
