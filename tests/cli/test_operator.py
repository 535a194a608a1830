"""What the operator meets first: the wrong folder, settings to begin with, paths that open, a timeline, templates for all."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from pipeline import lock, settings
from pipeline.cli import Exit, main
from pipeline.commands.init import settings_file
from pipeline.settings import Settings
from schemas.rules import CATALOGUE
from tests.world import DISPENSATEUR, OTHER, TITULAIRE, World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("DSF_DELAI_STABILITE", "0")
    monkeypatch.setenv("DSF_PROCESSUS", "1")
    return World(tmp_path / "ws")


def dsf(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "-w", str(world.workspace.root)])


def run(world: World, *arguments: str) -> Result:
    return dsf(world, "run", "--as-of", "2025-06-30", *arguments)


def test_in_the_wrong_folder_w_comes_before_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(main, ["status"]).stderr
    assert "Ce dossier n'est pas un espace de travail" in said
    assert 0 < said.index("-w DOSSIER") < said.index("dsf init")
    (tmp_path / "inbox").mkdir()
    said = CliRunner().invoke(main, ["status"]).stderr
    assert 0 < said.index("(-w)") < said.index("dsf init"), "a folder that has an inbox, and not ours"


def test_dsf_alone_shows_its_help() -> None:
    done = CliRunner().invoke(main, [])
    assert done.exit_code == Exit.USAGE and "Usage :" in done.output


# --- settings to begin with -------------------------------------------------------------------------------------------


def uncommented(text: str) -> str:
    lines = [re.match(r"# ((?:\[|\"?[\w-]+\"? = ).*)", line) for line in text.splitlines()]
    return "\n".join(line[1] for line in lines if line)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_settings_of_a_new_workspace_are_all_there_at_their_defaults(language: str, tmp_path: Path) -> None:
    text = settings_file(language)
    values = tomllib.loads(uncommented(text)) | tomllib.loads(text)
    known = {name: set(inner or ()) for name, (inner, _) in settings._TABLES.items()}
    assert set(values) == set(settings._READERS) | set(known)
    for table in ("limites", "ouverture"):
        assert set(values[table]) == known[table]
    assert values.pop("severites") == {"AVT-02": "rejet"}
    codes = frozenset(CATALOGUE)
    (tmp_path / "dsf.toml").write_text(text, encoding="utf-8")
    assert settings.load(tmp_path, codes=codes, environ={}) == Settings(langue=language)
    assert settings.load(tmp_path / "x", codes=codes, environ={}, options=values) == Settings(langue=language)


def test_each_setting_says_what_it_means() -> None:
    for language in ("fr", "en"):
        bare = [
            line
            for line in settings_file(language).splitlines()
            if line.startswith("# ") and " = " in line and line.count("# ") < 2
        ]
        assert bare == ["# ESF = 2021-03-01", "# ESP = 2021-11-22", '# "AVT-02" = "rejet"'], "their table says it"


# --- paths, answers ---------------------------------------------------------------------------------------------------


def test_paths_open_from_where_one_stands(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {})
    (world.workspace.deposits / "hors.csv").write_text("x")
    elsewhere = tmp_path / "ailleurs"
    elsewhere.mkdir()
    for here, expected in (
        (world.workspace.root, "outbox/"),
        (tmp_path, "ws/outbox/"),
        (elsewhere, f"{tmp_path}/ws/outbox/"),
    ):
        monkeypatch.chdir(here)
        told = run(world).stdout
        (report,) = re.findall(r"rapport : (\S+)", told)
        assert report.startswith(expected) and Path(report).is_file()
        (left,) = re.findall(r"laissé de côté : (\S+hors\.csv)", told)
        assert Path(left).is_file()
        assert left in dsf(world, "status").stdout


def test_status_says_what_the_next_run_will_take(world: World) -> None:
    world.add_dsf().write_extracts().hours("h.csv", {})
    (world.workspace.entered / "liste.csv").write_text("numero,numero_kairos,date_saisie\n")
    told = dsf(world, "status").stdout
    assert "1 dépôt prêt, 0 en attente, 0 laissé de côté" in told
    assert "h.csv (sera pris au prochain passage)" in told
    assert "liste.csv (sera lue au prochain passage)" in told
    run(world)
    assert "2025-06-30-1 : 1 dépôt, 1 ligne lue (7,00 h), 1 acceptée (7,00 h)" in dsf(world, "status").stdout


def test_run_lists_what_came_back_for_a_script_to_notify_of(world: World) -> None:
    world.add_dsf().write_extracts()
    world.hours("bon.csv", {})
    world.drop("refus.pdf", b"%PDF-1.4")
    world.hours("essai.csv", {"date_debut": "12/02/2025"}, folder=f"{TITULAIRE}-essai")
    assert json.loads(run(world, "--dry-run", "--json").stdout)["retours"] == []
    told = json.loads(run(world, "--json").stdout)["retours"]
    assert [(one["fichier"], one["etat"], one["essai"]) for one in told] == [
        ("bon.csv", "accepte", False),
        ("refus.pdf", "refuse", False),
        ("essai.csv", "accepte", True),
    ]
    for one in told:
        folder = world.workspace.root / one["dossier"]
        assert folder.parts[-3] == one["siret"] and folder.name == one["depot"]
        report = json.loads((folder / "rapport.json").read_text(encoding="utf-8"))
        for name in ("fichier", "etat", "comptes"):
            assert report[name] == one[name]


def test_run_says_where_the_reports_are_of_what_is_to_correct_the_costliest_first(world: World) -> None:
    world.add_dsf().write_extracts()
    world.hours("bon.csv", {})
    world.hours("peu.csv", {"date_debut": "mars"})
    world.hours("beaucoup.csv", *({"date_debut": f"{day}/02/2025", "date_fin": "01/02/2025"} for day in (11, 12, 13)))
    told = re.findall(r"à corriger : (\S+/rapport\.html) \((\w+\.csv) : (.*)\)", run(world).stdout)
    assert [(name, said) for _, name, said in told] == [
        ("beaucoup.csv", "3 lignes lues (21,00 h), 3 rejetées (21,00 h)"),
        ("peu.csv", "1 ligne lue (7,00 h), 1 rejetée (7,00 h)"),
    ]
    assert all(Path(path).is_file() for path, _, _ in told)


# --- history ----------------------------------------------------------------------------------------------------------


def test_history_is_a_timeline_with_files_and_hours_and_no_folded_keys(world: World) -> None:
    world.add_dsf().write_extracts()
    world.absence("mars absences.csv", {})
    run(world)
    world.hours("avril heures.csv", {}, {"date_debut": "11/02/2025", "heures": "sept"})
    dsf(world, "run", "--as-of", "2025-07-02")
    dsf(world, "entered", "DSF-1-C01", "--kairos", "K-7", "--on", "2025-07-01")
    told = dsf(world, "history", "--dsf", "DSF-1").stdout
    days = [line[:20].split() for line in told.splitlines() if line[:1].isdigit()]
    assert days == [
        ["30/06/2025", "déposé"],
        ["30/06/2025", "émise"],
        ["01/07/2025", "saisie"],
        ["02/07/2025", "déposé"],
    ]
    assert "mars absences.csv, par Les Ateliers d'Essai (73282932000074), dépôt 2025-06-30-" in told
    assert "ligne 2 : absence A1 du 03/02/2025 au 04/02/2025, séquence S1, 7,00 h" in told
    assert "DSF-1-C01, numéro Kairos K-7" in told
    assert "2 lignes lues (7,00 h), 1 rejetée (0,00 h), 1 retenue (7,00 h)" in told
    assert "constats : LIG-07 × 1" in told
    assert not re.search(r"cle_|a1\b|s1\b|1234567a|700\b", told)
    (first, _) = json.loads(dsf(world, "history", "--dsf", "DSF-1", "--json").stdout)["depots"]
    (made,) = first["complements"]
    assert (made["saisie_le"], made["numero_kairos"], made["vue_le"]) == ("2025-07-01", "K-7", "")
    assert dsf(world, "history", "--dsf", "DSF-9").stdout == "Rien n'est connu sous ce numéro.\n"


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_rule_is_told_on_an_example(code: str) -> None:
    for language in ("fr", "en"):
        told = CliRunner().invoke(main, ["rules", code, "--lang", language])
        assert told.exit_code == Exit.DONE, told.exception
        assert not re.search(r"[{}]", told.stdout)
        assert len(told.stdout.splitlines()) >= 3


def test_the_list_of_rules_has_one_line_each_without_places() -> None:
    lines = CliRunner().invoke(main, ["rules"]).stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(CATALOGUE)
    assert not any("{" in line for line in lines)


# --- templates --------------------------------------------------------------------------------------------------------


def test_a_template_without_extracts_says_so_and_is_4(world: World, tmp_path: Path) -> None:
    for typed in (["-s", TITULAIRE, "-o", str(tmp_path / "t.xlsx")], ["--all"]):
        done = dsf(world, "template", *typed)
        assert done.exit_code == Exit.NO_REFERENCE
        assert "inbox/extraits" in done.stderr
    assert not (tmp_path / "t.xlsx").exists()


def template_of(world: World, siret: str) -> Path:
    return world.workspace.outbox / siret / f"modele-{siret}.xlsx"


def test_each_organisation_with_something_to_complete_gets_its_template(world: World) -> None:
    world.add_dsf(siret_dispensateur=DISPENSATEUR)
    world.add_dsf("DSF-2", statut="En cours", siret_titulaire=OTHER, siret_dispensateur=OTHER).write_extracts()
    run(world)
    assert not list(world.workspace.outbox.glob("*/modele-*.xlsx")), "a run makes none"
    done = dsf(world, "template", "--all", "--as-of", "2025-06-30")
    assert done.exit_code == Exit.DONE and done.stdout.startswith("2 modèles à jour dans ")
    assert [p.name for p in sorted(world.workspace.outbox.glob("*/modele-*.xlsx"))] == sorted(
        f"modele-{siret}.xlsx" for siret in (TITULAIRE, DISPENSATEUR)
    )
    told = [cell for row in load_workbook(template_of(world, TITULAIRE))["Absences justifiées"].values for cell in row]
    assert "DSF-1" in told and "A1" in told
    before = {path: path.stat().st_ino for path in world.workspace.outbox.glob("*/modele-*.xlsx")}
    assert dsf(world, "template", "--all", "--as-of", "2025-06-30").exit_code == Exit.DONE
    assert {path: path.stat().st_ino for path in before} == before, "what has not changed stays"
    world.absence("a.csv", {})
    run(world)
    dsf(world, "template", "--all", "--as-of", "2025-06-30")
    assert template_of(world, TITULAIRE).stat().st_ino != before[template_of(world, TITULAIRE)], (
        "replaced, not written over"
    )
    told = [cell for row in load_workbook(template_of(world, TITULAIRE))["Absences justifiées"].values for cell in row]
    assert "A1" not in told, "it is completed"
    assert list(world.workspace.spool.iterdir()) == []


def test_templates_wait_for_the_lock_and_a_place_that_is_taken_stops_one_alone(world: World) -> None:
    world.add_dsf(siret_dispensateur=DISPENSATEUR).write_extracts()
    run(world)
    with lock.locked(world.workspace):
        assert dsf(world, "template", "--all").exit_code == Exit.BUSY
    (world.workspace.outbox / TITULAIRE).write_bytes(b"mine")
    done = dsf(world, "template", "--all")
    assert done.exit_code == Exit.FAILURE
    assert f"outbox/{TITULAIRE}/modele-{TITULAIRE}.xlsx (" in done.stdout
    assert template_of(world, DISPENSATEUR).is_file()
    assert (world.workspace.outbox / TITULAIRE).read_bytes() == b"mine"
    (world.workspace.outbox / TITULAIRE).unlink()
    template_of(world, TITULAIRE).mkdir(parents=True)
    assert dsf(world, "template", "--all").exit_code == Exit.FAILURE
    assert template_of(world, TITULAIRE).is_dir()


@pytest.mark.parametrize("typed", [["--all", "-s", TITULAIRE], ["--all", "--dsf", "DSF-1"], ["--all", "-o", "x"], []])
def test_one_or_all(world: World, typed: list[str]) -> None:
    assert dsf(world, "template", *typed).exit_code == Exit.USAGE


def test_every_example_is_of_a_place_that_a_rule_has() -> None:
    from pipeline.commands.rule_examples import EXAMPLES, OF_RULE

    texts = {
        code: " ".join(
            text
            for language in ("fr", "en")
            for words in rule.words(language).values()
            for text in (words.constat, words.geste, words.attendu)
        )
        for code, rule in CATALOGUE.items()
    }
    every = " ".join(texts.values())
    assert [name for name in EXAMPLES if f"{{{name}}}" not in every] == []
    for place, values in OF_RULE.items():
        code, _, variant = place.partition("/")
        assert not variant or variant in CATALOGUE[code].words("fr"), place
        assert [name for name in values if f"{{{name}}}" not in texts[code]] == [], place
