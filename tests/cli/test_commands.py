"""Each command as its user types it: what it says, what it ends with."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline import lock
from pipeline.cli import Exit, main
from tests.world import DISPENSATEUR, TITULAIRE, World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("DSF_DELAI_STABILITE", "0")
    monkeypatch.setenv("DSF_PROCESSUS", "1")
    return World(tmp_path / "ws")


def dsf(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "-w", str(world.workspace.root)])


def run(world: World, *arguments: str) -> Result:
    return dsf(world, "run", "--as-of", "2025-06-30", *arguments)


def test_init_makes_a_workspace_and_leaves_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "neuf"
    assert CliRunner().invoke(main, ["init", str(folder)]).exit_code == Exit.DONE
    (folder / "dsf.toml").write_text('langue = "en"\n')
    again = CliRunner().invoke(main, ["init", str(folder)])
    assert again.exit_code == Exit.DONE
    assert (folder / "dsf.toml").read_text() == 'langue = "en"\n'
    assert (folder / "inbox/depots").is_dir()


def test_a_folder_that_is_no_workspace_is_2_and_stays_empty(tmp_path: Path) -> None:
    for command in ("run", "status", "verify"):
        done = CliRunner().invoke(main, [command, "-w", str(tmp_path)])
        assert done.exit_code == Exit.USAGE
        assert "dsf init" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_run_without_a_reference_is_4_and_leaves_the_deposits(world: World) -> None:
    path = world.hours("h.csv", {})
    done = run(world)
    assert done.exit_code == Exit.NO_REFERENCE
    assert "inbox/extraits" in done.stderr
    assert path.exists()


def test_run_says_counts_and_the_report(world: World) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {}, {"date_debut": "11/02/2025", "heures": "sept"})
    done = run(world)
    assert done.exit_code == Exit.DONE
    assert "outbox/rapports/2025-06-30-1/index.html" in done.stdout
    assert "14,00" not in done.stdout
    assert "7,00" in done.stdout


def test_run_json_is_one_versioned_object_and_nothing_else(world: World) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {}, {"date_debut": "11/02/2025", "heures": "sept"})
    done = run(world, "--json")
    answer = json.loads(done.stdout)
    assert answer["version"] == 1
    assert answer["comptes"] == {"lues": 2, "acceptees": 0, "rejetees": 1, "retenues": 1, "deja_prises": 0}


def test_run_fail_on_reject_is_3(world: World) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {"heures": "sept"})
    assert run(world, "--fail-on-reject").exit_code == Exit.REJECTIONS
    world.hours("h.csv", {})
    assert run(world, "--fail-on-reject").exit_code == Exit.DONE


def test_a_refused_extract_is_1_and_the_deposits_are_judged_all_the_same(world: World) -> None:
    world.add_dsf().write_extracts()
    assert dsf(world, "extract", "load").exit_code == Exit.DONE
    world.hours("h.csv", {})
    world.add_dsf("DSF-2", type_session="XXX").write_extracts()
    done = run(world)
    assert done.exit_code == Exit.FAILURE
    assert "refusé" in done.stdout
    assert world.report()["comptes"]["acceptees"] == 1


def test_dry_run_changes_nothing_and_says_what_a_run_then_does(world: World) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {}, {"date_debut": "11/02/2025"})
    before = snapshot(world.workspace.root)
    tried = json.loads(run(world, "--dry-run", "--json").stdout)
    after = snapshot(world.workspace.root)
    assert after == before
    done = json.loads(run(world, "--json").stdout)
    for name in ("comptes", "heures", "complements", "run", "depots"):
        assert tried[name] == done[name]
    assert done["complements"] == ["DSF-1-C01"]


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_a_second_run_at_the_same_time_is_5(world: World) -> None:
    world.add_dsf().write_extracts()
    with lock.locked(world.workspace):
        assert run(world).exit_code == Exit.BUSY


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('langues = "fr"', "langues"),
        ('langue = "de"', "langue"),
        ("[severites]\n'REF-01' = 'avertissement'", "REF-01"),
        ("[severites]\n'REF-99' = 'rejet'", "REF-99"),
        ("pas_heures = 0", "pas_heures"),
        ("[limites]\noctet = 3", "octet"),
        ('organisme = "123"', "organisme"),
        ("langue = ", "TOML"),
    ],
)
def test_a_bad_setting_is_2_and_is_named(world: World, text: str, said: str) -> None:
    (world.workspace.root / "dsf.toml").write_text(text)
    done = run(world)
    assert done.exit_code == Exit.USAGE
    assert said in done.stderr


def test_settings_come_from_the_file_then_the_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {"heures": "0,1"}, {"heures": "0,5", "date_debut": "11/02/2025"})
    (world.workspace.root / "dsf.toml").write_text(
        'politique = "ligne"\npas_heures = 1\n[severites]\n"LIG-09" = "rejet"\n'
    )
    monkeypatch.setenv("DSF_PAS_HEURES", "0,25")
    monkeypatch.setenv("DSF_LIMITES_LIGNES", "100")
    run(world)
    assert [line["verdict"] for line in world.report()["lignes"]] == ["rejetee", "acceptee"]


def test_check_says_every_finding_records_nothing_and_ends_with_3(world: World, tmp_path: Path) -> None:
    world.add_dsf().write_extracts()
    dsf(world, "extract", "load")
    path = world.hours("h.csv", {"heures": "sept", "date_debut": "32/01/2025"})
    before = snapshot(world.workspace.root)
    done = dsf(world, "check", str(path), "--siret", TITULAIRE, "--as-of", "2025-06-30")
    assert done.exit_code == Exit.REJECTIONS
    assert "[LIG-07]" in done.stdout
    assert "[LIG-04]" in done.stdout
    assert {k: v for k, v in snapshot(world.workspace.root).items() if "registre" not in k} == {
        k: v for k, v in before.items() if "registre" not in k
    }
    english = dsf(world, "check", str(path), "--siret", TITULAIRE, "--as-of", "2025-06-30", "--lang", "en")
    assert "cannot be read" in english.stdout
    good = world.hours("g.csv", {})
    assert dsf(world, "check", str(good), "-s", TITULAIRE, "--as-of", "2025-06-30").exit_code == Exit.DONE


def test_a_bad_siret_is_2(world: World) -> None:
    path = world.hours("h.csv", {})
    assert dsf(world, "check", str(path), "--siret", "12345678901234").exit_code == Exit.USAGE


def test_template_of_someone_elses_dsf_reads_like_an_unknown_one(world: World, tmp_path: Path) -> None:
    world.add_dsf().write_extracts()
    dsf(world, "extract", "load")
    out = tmp_path / "t.xlsx"
    assert dsf(world, "template", "-s", TITULAIRE, "-o", str(out)).exit_code == Exit.DONE
    assert out.stat().st_size > 1000
    foreign = dsf(world, "template", "-s", DISPENSATEUR, "--dsf", "DSF-1", "-o", str(out))
    unknown = dsf(world, "template", "-s", DISPENSATEUR, "--dsf", "DSF-9", "-o", str(out))
    assert foreign.exit_code == unknown.exit_code == Exit.FAILURE
    assert foreign.stderr == unknown.stderr


def test_status_names_what_waits_and_what_was_left(world: World) -> None:
    world.add_dsf().write_extracts()
    world.hours("h.csv", {})
    (world.workspace.deposits / "perdu.csv").write_text("x")
    seen = json.loads(dsf(world, "status", "--json").stdout)
    assert seen["prets"] == [f"inbox/depots/{TITULAIRE}/h.csv"]
    assert [item["chemin"] for item in seen["laisses"]] == ["inbox/depots/perdu.csv"]
    assert "perdu.csv" in dsf(world, "status").stdout


def docx(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")


STRANGERS: dict[str, Callable[[Path], object]] = {
    "dsf.csv": lambda path: path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
    "sequences.png": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    "absences.csv": lambda path: path.write_bytes(b""),
    "dsf.xlsx": docx,
    "notes.txt": lambda path: path.write_text("à faire\n"),
    "lien.csv": lambda path: path.symlink_to("/etc/hostname"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_H5_what_is_no_extract_is_named_by_run_and_status_with_the_reason(world: World, name: str) -> None:
    world.add_dsf().write_extracts()
    dsf(world, "extract", "load")
    STRANGERS[name](world.workspace.extracts / name)
    seen = json.loads(dsf(world, "status", "--json").stdout)["laisses"]
    done = run(world, "--json")
    assert done.exit_code == Exit.DONE
    for items in (seen, json.loads(done.stdout)["laisses"]):
        assert [item["chemin"] for item in items] == [f"inbox/extraits/{name}"]
        assert items[0]["raison"]
    assert f"inbox/extraits/{name}" in dsf(world, "status").stdout
    assert (world.workspace.extracts / name).is_symlink() or (world.workspace.extracts / name).exists()


def test_H5_an_extract_that_lacks_a_table_is_named_by_run_and_status(world: World) -> None:
    world.add_dsf().write_extracts()
    dsf(world, "extract", "load")
    (world.workspace.extracts / "dsf.csv").write_text("numero_dsf\n")
    (item,) = json.loads(dsf(world, "status", "--json").stdout)["laisses"]
    assert item["chemin"] == "inbox/extraits/dsf.csv" and "sequences, absences" in item["raison"]
    done = run(world)
    assert done.exit_code == Exit.FAILURE
    assert done.stdout.count("[EXT-02]") == 2


def test_H5_an_extract_of_tomorrow_is_refused_by_the_date_of_the_run(world: World) -> None:
    world.add_dsf(date_extraction="2025-07-01").write_extracts()
    assert run(world).exit_code == Exit.NO_REFERENCE
    refused = dsf(world, "extract", "load", "--as-of", "2025-06-30")
    assert refused.exit_code == Exit.FAILURE
    assert "dsf.csv ligne 2 date_extraction « 2025-07-01 »" in refused.stdout and "[EXT-17]" in refused.stdout
    assert dsf(world, "extract", "load", "--as-of", "2025-07-01").exit_code == Exit.DONE


def test_older_dsf_are_said_and_not_refused(world: World) -> None:
    world.add_dsf().write_extracts()
    dsf(world, "extract", "load")
    world.forget().add_dsf(date_extraction="2025-05-01").write_extracts()
    done = dsf(world, "extract", "load", "--json")
    assert done.exit_code == Exit.DONE
    (extract,) = json.loads(done.stdout)["extraits"]
    assert (extract["etat"], [note["code"] for note in extract["remarques"]]) == ("charge", ["EXT-40"])


def test_status_and_run_say_what_is_to_be_typed_seen_mended_and_dropped_again(world: World) -> None:
    whole = [{}, {"id_absence": "A2", "date_debut": "2025-02-10", "date_fin": "2025-02-10"}]
    world.add_dsf(absences=whole).add_dsf("DSF-2", statut="En cours").write_extracts()
    world.absence("a.csv", {})
    world.hours("h.csv", {})
    world.hours("b.csv", {"numero_dsf": "DSF-2"})
    run(world)
    assert dsf(world, "entered", "DSF-1-C02", "--kairos", "K-2", "--on", "2025-07-01").exit_code == Exit.DONE
    whole[0] = {"id_absence": "A9"}
    world.forget().add_dsf(absences=whole, date_extraction="2025-07-05").add_dsf("DSF-2", date_extraction="2025-07-05")
    world.write_extracts()
    done = dsf(world, "run", "--as-of", "2025-07-10", "--json")
    said = json.loads(done.stdout)["suivi"]
    assert said["comptes"] == {"emises": 1, "saisies": 1, "vues": 0}
    assert said == json.loads((world.workspace.reports / "2025-07-10-1/run.json").read_text())["suivi"]
    seen = json.loads(dsf(world, "status", "--json").stdout)["suivi"]
    for suivi in (said, seen):
        assert len(suivi.pop("par_age")) == 12
        for listed in (suivi["a_saisir"], suivi["a_voir"], suivi["ouvert"]["depots"]):
            for row in listed["lignes"]:
                row.pop("jours")
    assert seen == said
    text = dsf(world, "status").stdout
    for sentence in (
        "DSF complémentaires : à saisir dans Kairos 1, saisies et pas encore vues 1, vues dans un extrait 0",
        "  à saisir : DSF-1-C01, émise le 30/06/2025, il y a ",
        "  saisie, pas vue : DSF-1-C02, saisie le 01/07/2025 sous le numéro K-2, il y a ",
        "  introuvable : DSF DSF-1, complément DSF-1-C01, séquence S1 : l'absence A1 du 03/02/2025 au 04/02/2025 (REF-14",
        "  à redéposer : DSF DSF-2, 1 ligne, 7,00 h, plus retenue par REF-02 depuis un extrait, dépôt 2025-06-30-",
    ):
        assert sentence in text
        assert sentence.partition("il y a")[0] in dsf(world, "run", "--dry-run", "--as-of", "2025-07-10").stdout


def test_history_says_who_when_and_from_which_row(world: World) -> None:
    world.add_dsf().write_extracts()
    world.absence("a.csv", {})
    run(world)
    trail = json.loads(dsf(world, "history", "--dsf", "dsf-1", "--absence", "a1", "--json").stdout)["depots"]
    (deposit,) = trail
    assert deposit["siret"] == TITULAIRE
    assert deposit["complements"][0]["absences"][0]["ligne"] == 2
    assert deposit["versions"]["regles"]
    assert "7,00" in dsf(world, "history", "--depot", deposit["depot"]).stdout
    assert dsf(world, "history").exit_code == Exit.USAGE


def test_verify_sees_a_changed_file(world: World) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {})
    run(world)
    assert dsf(world, "verify").exit_code == Exit.DONE
    next(world.workspace.outbox.glob("*/dsf/*/*.json")).write_text("{}")
    assert dsf(world, "verify").exit_code == Exit.FAILURE


def test_a_lost_witness_stops_the_run_until_a_person_vouches_for_it(world: World) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {})
    run(world)
    world.workspace.witness.unlink()
    stopped = run(world)
    assert stopped.exit_code == Exit.FAILURE
    assert "--renew-witness" in stopped.stderr
    assert dsf(world, "verify").exit_code == Exit.FAILURE
    assert dsf(world, "verify", "--renew-witness").exit_code == Exit.DONE
    assert run(world).exit_code == Exit.DONE


def test_reissue_writes_the_same_bytes(world: World, tmp_path: Path) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {})
    run(world)
    done = dsf(world, "reissue", "DSF-1-C01", "-o", str(tmp_path / "r"))
    assert done.exit_code == Exit.DONE
    for path in (world.workspace.outbox / TITULAIRE / "dsf/DSF-1-C01").iterdir():
        assert (tmp_path / "r" / path.name).read_bytes() == path.read_bytes()
    assert dsf(world, "reissue", "DSF-1-C02").exit_code == Exit.FAILURE


def test_rules_lists_the_catalogue_and_one_of_it() -> None:
    listed = json.loads(CliRunner().invoke(main, ["rules", "--json"]).stdout)["regles"]
    assert len(listed) == 47
    assert "perdues" in CliRunner().invoke(main, ["rules", "ref-12"]).stdout
    assert CliRunner().invoke(main, ["rules", "REF-99"]).exit_code == Exit.USAGE


def test_the_demo_does_not_write_over_anything(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    assert CliRunner().invoke(main, ["demo", str(tmp_path)]).exit_code == Exit.USAGE


def test_names_from_outside_cannot_drive_the_terminal(world: World) -> None:
    world.add_dsf().write_extracts()
    (world.workspace.deposits / "\x1b[31mrouge\n.csv").write_text("x")
    shown = dsf(world, "status").stdout
    assert "\x1b" not in shown
    assert "rouge\\n.csv" in shown


def test_every_command_of_the_contract_is_there() -> None:
    wanted = {"init", "demo", "extract", "run", "check", "template", "status", "history", "verify", "reissue", "rules"}
    assert wanted <= set(main.commands)
    assert os.EX_OK == Exit.DONE


def test_G14_a_password_in_a_setting_is_never_repeated(world: World) -> None:
    (world.workspace.root / "dsf.toml").write_text('ledger = "postgresql+psycopg://user:zzsecret@127.0.0.1:1/base"\n')
    done = run(world)
    assert done.exit_code == Exit.FAILURE
    assert "ledger" in done.stderr
    assert "zzsecret" not in done.stderr + done.stdout
