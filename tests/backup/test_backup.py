"""A backup has all that a workspace needs, and a restored one goes on, or halts where it must. `tests/crash` interrupts it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import ledger
from pipeline.backup.shelf import Shelf
from pipeline.cli import Exit, main
from pipeline.commands import status
from pipeline.commands.backup import BackupTaken, back_up
from pipeline.commands.move import move
from pipeline.commands.restore import BackupRestored, restore
from pipeline.commands.verify import verify
from pipeline.errors import Busy, StateHalt
from pipeline.publishing import outbox
from pipeline.run import run
from pipeline.settings import Settings, Storage
from pipeline.workspace import Workspace
from tests.servers.postgres import Server
from tests.world import DAY, SETTINGS, TITULAIRE, World, decisions, names, workspace

MOTIFS = "code,libelle,financable,piece_attendue,valide_du,valide_au\nSYN,Mandat syndical,oui,Convocation,,\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One complement issued; a list noted, motifs of its own, a key that nobody else may have."""
    made = (
        World(tmp_path_factory.mktemp("modele") / "ws")
        .add_dsf(absences=[{"id_absence": f"A{n}"} for n in (1, 2, 3)])
        .write_extracts()
    )
    root = made.workspace.root
    (root / "nos-motifs.csv").write_text(MOTIFS, encoding="utf-8")
    (root / "cles").mkdir()
    (root / "cles" / "sftp").write_text("LE SECRET", encoding="utf-8")
    (root / "dsf.toml").write_text('motifs = "nos-motifs.csv"\ndelai_stabilite = 0\nprocessus = 1\n', encoding="utf-8")
    made.absence("a.csv", {"id_absence": "A1", "motif": "SYN"})
    made.run(motifs="nos-motifs.csv")
    (made.workspace.entered / "l.csv").write_text("numero,numero_kairos,date_saisie\nDSF-1-C01,K-1,2025-06-30\n")
    made.run(motifs="nos-motifs.csv")
    return root


@pytest.fixture
def world(model: Path, tmp_path: Path) -> World:
    return World(Path(shutil.copytree(model, tmp_path / "ws")))


def settings(space: Workspace) -> Settings:
    return Settings.of(space.root)


def taken(space: Workspace, folder: Path, most: int = 0) -> BackupTaken:
    return back_up(space, settings(space), folder, most=most)


def come_back(folder: Path, target: Path, outbox_of: Workspace | None = None) -> BackupRestored:
    """Restore where the outbox has survived, or where nothing has."""
    target.mkdir()
    if outbox_of:
        shutil.copytree(outbox_of.outbox, target / "outbox")
    return restore(folder, target)


# --- whole, and no more -----------------------------------------------------------------------------------------------


def kept(space: Workspace) -> set[str]:
    """The files of a workspace but those of inbox, outbox and journal."""
    return {name for name in names(space.root) if not name.startswith(("inbox/", "outbox/", "var/journal/"))}


def test_what_comes_back_is_what_was_there_but_for_inbox_outbox_journal_and_keys(world: World, tmp_path: Path) -> None:
    space, folder = world.workspace, tmp_path / "sauvegardes"
    (space.root / "adresses.csv").write_text("siret,adresse\n", encoding="utf-8")
    (tmp_path / "ailleurs.csv").write_text("champ,titre\n", encoding="utf-8")
    read = settings(space)
    given = replace(read, stockage=Storage(cle="cles/sftp"), avis=replace(read.avis, adresses="adresses.csv"))
    done = back_up(space, replace(given, synonymes="../ailleurs.csv"), folder)
    assert done.ok and done.saved.cles == ("cles/sftp",) and done.saved.ailleurs == ("../ailleurs.csv",)
    assert any("cles/sftp" in line and "secret" in line for line in done.lines())
    back = come_back(folder, tmp_path / "neuf")
    assert back.ok, back.next
    new = back.restored.workspace
    gone = {"var/run.lock", "var/sauvegarde.json", "cles/sftp"}
    before = kept(space) - gone
    assert kept(new) - {"var/verification.json"} == before
    assert {"nos-motifs.csv", "adresses.csv", "dsf.toml", "var/saisies/l.csv"} <= before
    same = before - {"var/registre.sqlite"}
    assert {n: (new.root / n).read_bytes() for n in same} == {n: (space.root / n).read_bytes() for n in same}
    assert not any(b"LE SECRET" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert [path.stat().st_mode & 0o077 for path in (new.var, folder, folder / "fichiers")] == [0, 0, 0]


def test_a_key_is_never_in_it_though_a_setting_names_it_twice(world: World, tmp_path: Path) -> None:
    (world.workspace.root / "nos-motifs.csv").replace(world.workspace.root / "cles" / "motifs")
    given = replace(settings(world.workspace), motifs="cles/motifs", stockage=Storage(cle="cles/../cles/motifs"))
    back_up(world.workspace, given, tmp_path / "s")
    (name,) = Shelf(tmp_path / "s").names()
    assert not {path for path in Shelf(tmp_path / "s").read(name).fichiers if "cles" in path}


def test_a_restored_workspace_goes_on_with_its_outbox(world: World, tmp_path: Path) -> None:
    taken(world.workspace, tmp_path / "s")
    back = come_back(tmp_path / "s", tmp_path / "neuf", world.workspace)
    assert back.ok and any("`dsf run` reprend" in line for line in back.next)
    assert any("inbox/" in line for line in back.next)
    again = World(tmp_path / "neuf")
    again.absence("a.csv", {"id_absence": "A1", "motif": "SYN"})
    again.absence("b.csv", {"id_absence": "A1"}, {"id_absence": "A2"})
    again.run(motifs="nos-motifs.csv", politique="ligne")
    assert sorted(again.complements()) == ["DSF-1-C01", "DSF-1-C02"]
    assert [line["verdict"] for line in again.reports()[-2]["lignes"]] == ["deja_prise"]
    assert verify(again.workspace, settings(again.workspace)).ok


def test_without_an_outbox_it_says_what_to_do_and_no_run_takes_place_before(world: World, tmp_path: Path) -> None:
    taken(world.workspace, tmp_path / "s")
    back = come_back(tmp_path / "s", tmp_path / "neuf")
    assert back.ok and any("dsf verify --renew-witness" in line for line in back.next)
    again = World(tmp_path / "neuf")
    again.absence("b.csv", {"id_absence": "A2"})
    with pytest.raises(StateHalt, match="manque alors que"):
        again.run()
    assert verify(again.workspace, SETTINGS, renew_witness=True).ok
    again.run()
    assert sorted(again.complements()) == ["DSF-1-C02"]


def test_an_older_one_halts_before_the_outbox_that_has_seen_more(world: World, tmp_path: Path) -> None:
    taken(world.workspace, tmp_path / "s")
    world.absence("b.csv", {"id_absence": "A2"})
    world.run()
    back = come_back(tmp_path / "s", tmp_path / "neuf", world.workspace)
    assert not back.ok
    (said,) = [line for line in back.next if "en retard sur l'outbox" in line]
    assert "Ne lancez pas `dsf run`" in said and "plus récente" in said
    assert any("DSF-1-C02 n'est pas connu du registre" in line for line in back.lines())
    with pytest.raises(StateHalt, match="en retard"):
        World(tmp_path / "neuf").run()


def test_originals_that_nobody_decided_stay_out_so_that_a_witness_can_be_renewed(world: World, tmp_path: Path) -> None:
    (world.workspace.originals / sha256(b"?").hexdigest()).write_bytes(b"?")
    taken(world.workspace, tmp_path / "s")
    back = come_back(tmp_path / "s", tmp_path / "neuf")
    assert verify(back.restored.workspace, SETTINGS, renew_witness=True).ok


# --- on the way out ---------------------------------------------------------------------------------------------------


def waiting(world: World) -> Workspace:
    """Another complement is committed and waits, for its place is taken."""
    (world.workspace.outbox / TITULAIRE / "dsf" / "DSF-1-C02").mkdir()
    world.absence("b.csv", {"id_absence": "A2"})
    world.run()
    return world.workspace


def test_a_complement_that_waited_comes_back_in_doubt_and_leaves_only_when_asked(world: World, tmp_path: Path) -> None:
    space = waiting(world)
    taken(space, tmp_path / "s")
    (space.outbox / TITULAIRE / "dsf" / "DSF-1-C02").rmdir()
    back = come_back(tmp_path / "s", tmp_path / "neuf", space)
    assert back.ok and any("1 DSF complémentaire était sur le départ" in line for line in back.next)
    again = World(tmp_path / "neuf")
    again.drop("c.csv")
    outcome = again.run()
    assert sorted(again.complements()) == ["DSF-1-C01"]
    ((place, why),) = outcome.owed
    assert place == f"outbox/{TITULAIRE}/dsf/DSF-1-C02" and "on ne sait pas" in why and "--retry" in why
    assert status.state(again.workspace, SETTINGS)["a_reprendre"][0]["chemin"] == place
    assert run(again.workspace, SETTINGS, DAY, retry=[place]).owed == ()
    assert sorted(again.complements()) == ["DSF-1-C01", "DSF-1-C02"]
    assert verify(again.workspace, SETTINGS).ok


def test_one_that_left_after_all_is_found_in_its_place(world: World, tmp_path: Path) -> None:
    space = waiting(world)
    taken(space, tmp_path / "s")
    (space.outbox / TITULAIRE / "dsf" / "DSF-1-C02").rmdir()
    with ledger.open(space, SETTINGS) as book:
        assert len(outbox.recover(space, book).emis) == 1
    back = come_back(tmp_path / "s", tmp_path / "neuf", space)
    assert back.ok
    World(tmp_path / "neuf").drop("c.csv")
    outcome = World(tmp_path / "neuf").run()
    assert outcome.owed == () and verify(back.restored.workspace, SETTINGS).ok
    assert names(back.restored.workspace.spool) == []


def test_a_return_that_waited_leaves_by_itself(world: World, tmp_path: Path) -> None:
    space = world.workspace
    (space.outbox / TITULAIRE / "retours").rename(tmp_path / "ailleurs")
    (space.outbox / TITULAIRE / "retours").write_bytes(b"")
    world.drop("c.csv")
    world.run()
    taken(space, tmp_path / "s")
    (space.outbox / TITULAIRE / "retours").unlink()
    back = come_back(tmp_path / "s", tmp_path / "neuf", space)
    assert back.restored.backup.doute == ()
    again = World(tmp_path / "neuf")
    again.drop("d.csv")
    again.run()
    assert len(again.reports()) == 2


# --- one after another ------------------------------------------------------------------------------------------------


def test_only_what_is_new_is_copied_and_the_oldest_go(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    first = taken(world.workspace, folder).saved
    assert first.nouveaux == first.fichiers
    world.hours("h.csv", {})
    world.run()
    second = taken(world.workspace, folder).saved
    assert (second.fichiers - first.fichiers, second.nouveaux) == (1, 2), "the ledger, and an original"
    third = taken(world.workspace, folder, 2).saved
    assert third.supprimees == 1 and Shelf(folder).names() == [second.nom, third.nom]
    held = {kept.sha256 for name in Shelf(folder).names() for kept in Shelf(folder).read(name).fichiers.values()}
    assert set(names(folder / "fichiers")) == held
    assert come_back(folder / f"{second.nom}.json", tmp_path / "neuf", world.workspace).restored.nom == second.nom


def test_what_cannot_be_kept_is_said_and_no_older_backup_goes(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    first = taken(world.workspace, folder).saved
    original = next(world.workspace.originals.iterdir())
    original.write_bytes(b"autre")
    done = taken(world.workspace, folder, 1)
    assert not done.ok and done.saved.fautes == ((f"var/originaux/{original.name}", "n'a plus son contenu d'origine"),)
    assert Shelf(folder).names() == [first.nom, done.saved.nom]
    assert restore(folder / f"{first.nom}.json", tmp_path / "neuf").ok


def test_a_ledger_that_knows_less_than_the_last_backup_is_not_put_over_it(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.workspace.root, tmp_path / "avant")
    world.absence("b.csv", {"id_absence": "A2"})
    world.run()
    taken(world.workspace, tmp_path / "s")
    with pytest.raises(StateHalt, match=r"en retard sur la dernière sauvegarde"):
        taken(Workspace(tmp_path / "avant"), tmp_path / "s")
    with pytest.raises(StateHalt, match="autre espace de travail"):
        taken(workspace(tmp_path / "autre"), tmp_path / "s")
    assert len(Shelf(tmp_path / "s").names()) == 1


def test_a_backup_lies_elsewhere_and_one_is_taken_at_a_time(world: World, tmp_path: Path) -> None:
    with pytest.raises(StateHalt, match="ailleurs"):
        taken(world.workspace, world.workspace.root / "var" / "s")
    with Shelf(tmp_path / "s").opened():
        draft = tmp_path / "s" / "fichiers" / "copie-0.tmp"
        draft.write_bytes(b"on its way")
        with pytest.raises(Busy):
            taken(world.workspace, tmp_path / "s")
        assert draft.exists(), "who is refused leaves it to who is at work"
    assert not draft.exists()


# --- damaged, in the way ----------------------------------------------------------------------------------------------


SPOILED: dict[str, Callable[[bytes], bytes | None]] = {
    "gone": lambda _: None,
    "cut": lambda data: data[:-1],
    "flipped": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
}


def test_a_damaged_backup_is_refused_with_the_place_and_the_one_to_take(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    first = taken(world.workspace, folder).saved.nom
    with ledger.open(world.workspace, SETTINGS) as book:
        assert book.enter("DSF-1-C01", kairos="K-2", day=DAY)
    second = taken(world.workspace, folder).saved.nom
    kept_ledger = Shelf(folder).read(second).fichiers["var/registre.sqlite"].sha256
    content, listed = folder / "fichiers" / kept_ledger, folder / f"{second}.json"
    for path, place in ((content, f"var/registre.sqlite (fichiers/{kept_ledger})"), (listed, "sa liste")):
        sound = path.read_bytes()
        for how in ("gone", "cut", "flipped") if path == content else ("cut", "flipped"):
            path.unlink(missing_ok=True)
            if (data := SPOILED[how](sound)) is not None:
                path.write_bytes(data)
            with pytest.raises(StateHalt) as refused:
                restore(folder, tmp_path / "neuf")
            said = str(refused.value)
            assert place in said and "Rien n'est restauré" in said and first in said, how
            assert names(tmp_path / "neuf" if (tmp_path / "neuf").exists() else tmp_path / "rien") == []
        path.write_bytes(sound)
    assert restore(folder / f"{first}.json", tmp_path / "neuf").restored.nom == first


def test_a_restore_writes_over_nothing(world: World, tmp_path: Path) -> None:
    taken(world.workspace, tmp_path / "s")
    with pytest.raises(StateHalt, match="contient déjà un espace de travail"):
        restore(tmp_path / "s", world.workspace.root)
    new = tmp_path / "neuf"
    assert CliRunner().invoke(main, ["init", str(new)]).exit_code == Exit.DONE
    with pytest.raises(StateHalt, match=r"autre dsf\.toml"):
        restore(tmp_path / "s", new)
    (new / "dsf.toml").unlink()
    assert restore(tmp_path / "s", new).ok
    with pytest.raises(StateHalt, match="pas de sauvegarde"):
        restore(new, tmp_path / "encore")


def test_a_list_that_somebody_wrote_leads_nowhere_else(world: World, tmp_path: Path) -> None:
    taken(world.workspace, tmp_path / "s")
    shelf = Shelf(tmp_path / "s")
    backup = shelf.read(shelf.names()[-1])
    some = next(iter(backup.fichiers.values()))
    for path in ("../dehors", "/tmp/dehors", "var/../../dehors"):
        shelf.write(replace(backup, fichiers={path: some}))
        with pytest.raises(StateHalt, match="sa liste"):
            restore(tmp_path / "s", tmp_path / "neuf")
    assert not (tmp_path / "dehors").exists()


# --- on a server, and as it is typed ----------------------------------------------------------------------------------


def test_a_ledger_on_a_server_is_in_it_and_goes_back_to_one(tmp_path: Path, postgres: Server) -> None:
    space = workspace(tmp_path / "ws")
    address = postgres.url(postgres.database())
    there = replace(SETTINGS, ledger=address)
    (space.root / "dsf.toml").write_text(f'ledger = "{address}"\n', encoding="utf-8")
    with decisions.opened(space, there) as book:
        sha = sha256(b"A1").hexdigest()
        (space.originals / sha).write_bytes(b"A1")
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01", decisions.absence("A1"), sha256=sha)
        outbox.release(space, book)
    assert any("PostgreSQL" in line for line in back_up(space, there, tmp_path / "s").lines())
    back = come_back(tmp_path / "s", tmp_path / "neuf", space)
    assert back.ok and any("ledger move" in line for line in back.next)
    new, anew = back.restored.workspace, replace(SETTINGS, ledger=postgres.url(postgres.database()))
    assert move(new, SETTINGS, anew.ledger).found.ok
    with ledger.open(new, anew) as book:
        assert book.head().seq == 1


def test_as_it_is_typed(world: World, tmp_path: Path) -> None:
    root, folder, new = str(world.workspace.root), str(tmp_path / "s"), str(tmp_path / "neuf")
    done = CliRunner().invoke(main, ["backup", folder, "--keep", "3", "-w", root])
    assert done.exit_code == Exit.DONE and f"dsf restore {folder} NOUVEAU_DOSSIER" in done.stdout
    told = json.loads(CliRunner().invoke(main, ["backup", folder, "-w", root, "--json"]).stdout)
    assert (told["version"], told["type"], told["nouveaux"]) == (1, "backup", 1)
    back = CliRunner().invoke(main, ["restore", folder, new])
    assert back.exit_code == Exit.DONE and "chacun comparé à son empreinte" in back.stdout, back.output
    told = json.loads(CliRunner().invoke(main, ["restore", folder, f"{new}-2", "--json", "--lang", "en"]).stdout)
    assert told["type"] == "restore" and told["conforme"] is True and any("outbox" in one for one in told["a_faire"])
    assert CliRunner().invoke(main, ["restore", folder, new]).exit_code == Exit.FAILURE
