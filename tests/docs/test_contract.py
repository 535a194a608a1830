"""docs/contract.md is true of the code: its tables name all that there is, and nothing else."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import click
import openpyxl
import pytest
from click.testing import CliRunner

from pipeline import journal, ledger, nomenclature, settings
from pipeline.cli import main
from pipeline.commands.console import Exit
from pipeline.documents.returns import limits
from pipeline.intake import entered
from pipeline.judging import verdicts_csv
from pipeline.judging.verdicts import VERDICTS
from pipeline.settings import PROTECTED, Limits, Settings
from pipeline.telling.measures import METRICS
from pipeline.workspace import Workspace
from schemas.extract_rules import RULES
from schemas.extracts import TABLES
from schemas.fields import ABSENCES, FIELDS, HEURES, SHEETS
from schemas.rules import CATALOGUE
from tests.docs.page import PAGE, section, table, tables, titles
from tests.world import DAY, OTHER, SETTINGS, TITULAIRE, World, deposits, extracts

CODES = frozenset(CATALOGUE)
SECTIONS = [
    "1 The world",
    "2 Folders",
    "3 Initial DSF extracts",
    "4 Deposits",
    "5 Rules",
    "6 Complementary DSF",
    "7 What comes back",
    "8 Commands",
    "9 Promises",
    "10 Settings",
    "11 Promised, not built yet",
]


def test_the_sections_keep_their_numbers() -> None:
    assert titles() == SECTIONS


def test_links_lead_somewhere() -> None:
    text = PAGE.read_text(encoding="utf-8")
    anchors = {"#" + re.sub(r"[^a-z0-9 ]", "", title.lower()).replace(" ", "-") for title in titles()}
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert [link for link in links if link not in anchors and not PAGE.with_name(link).exists()] == []


# --- 2 Folders --------------------------------------------------------------------------------------------------------


def test_every_path_of_a_workspace_stands_in_2(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    names = [name for name, value in vars(Workspace).items() if isinstance(value, property)]
    known = {str(getattr(workspace, name).relative_to(tmp_path)) for name in names}
    assert known <= {path.rstrip("/") for path in table(2, "path").column("path")}


def test_a_run_leaves_what_stands_in_2_and_nothing_else(world: World) -> None:
    paths = table(2, "path").column("path")
    leaves = [path for path in paths if not any(other != path and other.startswith(path) for other in paths)]
    forms = {path: re.sub(r"<\w+>", "[^/]+", re.escape(path)) + (".+" if path.endswith("/") else "") for path in leaves}
    root = world.workspace.root
    files = [
        str(path.relative_to(root)) for top in ("outbox", "var") for path in (root / top).rglob("*") if path.is_file()
    ]
    met = {name: {path for path, form in forms.items() if re.fullmatch(form, name)} for name in files}
    assert [name for name in files if not met[name]] == []
    assert {path for path in leaves if path.startswith("outbox/")} <= set().union(*met.values())


# --- 3 Initial DSF extracts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_an_extract_stands_in_3(name: str) -> None:
    page = table(3, "column", under=f"`{name}`")
    assert page.column("column") == [column.name for column in TABLES[name]]
    assert page.column("blank") == ["no" if column.mandatory else "yes" for column in TABLES[name]]


def test_every_rule_of_an_extract_stands_in_3() -> None:
    assert table(3, "code").column("code") == list(RULES)


# --- 4 Deposits -------------------------------------------------------------------------------------------------------


def test_every_field_of_a_deposit_stands_in_4_under_its_headings() -> None:
    page = table(4, "field")
    assert page.column("field") == list(FIELDS)
    for kind in (HEURES, ABSENCES):
        wanted = [field.headings.get(kind, "") + (" *" if kind in field.mandatory else "") for field in FIELDS.values()]
        assert page.column(SHEETS[kind]) == wanted


def test_every_motif_stands_in_4() -> None:
    known = [(m.code, m.libelle, "oui" if m.financable else "non") for m in nomenclature.motifs(Path())]
    assert list(table(4, "code").rows) == known


# --- 5 Rules ----------------------------------------------------------------------------------------------------------


def test_every_rule_stands_in_5_with_its_lock() -> None:
    written = [code for one in tables(5) if one.headings[0] == "code" for code in one.column("code")]
    assert written == [f"{code} 🔒" if code in PROTECTED else code for code in CATALOGUE]


def test_codes_named_anywhere_are_rules_or_promised() -> None:
    for number in range(1, 11):
        named = set(re.findall(r"\b(?:FIC|LIG|REF|DBL|AVT)-\d\d\b", section(number)))
        assert named <= set(CATALOGUE), f"§{number}"


def test_what_a_rule_silences_stands_in_5() -> None:
    silent: dict[str, list[str]] = {}
    for rule in CATALOGUE.values():
        for other in rule.after:
            silent.setdefault(other, []).append(rule.code)
    page = table(5, "fires")
    assert dict(zip(page.column("fires"), map(str.split, page.column("silent")), strict=True)) == silent


def test_verdicts_and_policies_stand_in_5() -> None:
    assert table(5, "verdict").column("verdict") == list(VERDICTS)
    policies = table(5, "politique").column("`politique`")
    with pytest.raises(settings.SettingError, match=rf"Attendu : {' ou '.join(map(repr, policies))}\."):
        settings.load(Path(), codes=CODES, environ={}, options={"politique": "autre"})


# --- 6 Complementary DSF ----------------------------------------------------------------------------------------------


def schema_objects(schema: Mapping[str, Any], of: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Path of each object of a JSON Schema, and its keys."""
    schema = of[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "properties" in schema:
        yield path or "(root)", list(schema["properties"])
        for name, inner in schema["properties"].items():
            yield from schema_objects(inner, of, f"{path}.{name}".lstrip("."))
    elif "items" in schema:
        yield from schema_objects(schema["items"], of, f"{path}[]")


def test_every_key_of_the_json_stands_in_6() -> None:
    schema = json.loads(resources.files("schemas").joinpath("complement.schema.json").read_text(encoding="utf-8"))
    assert table(6, "object").codes("keys") == dict(schema_objects(schema, schema["$defs"]))


def test_every_column_of_a_list_of_what_was_typed_stands_in_6() -> None:
    written = [name for cell in table(6, "column").column("column") for name in cell.split()]
    assert written == list(entered.COLUMNS)


# --- 7 What comes back ------------------------------------------------------------------------------------------------


def test_every_key_of_rapport_json_stands_in_7(world: World) -> None:
    page = table(7, "object", under="For one deposit").codes("keys")
    tried = [json.loads(p.read_text(encoding="utf-8")) for p in world.workspace.outbox.glob("*/essais/*/rapport.json")]
    assert {path: set(keys) for path, keys in page.items()} == objects([*world.reports(), *tried], page)
    assert all(not {"essai", "non_verifie"} & report.keys() for report in world.reports())


def test_every_key_of_run_json_stands_in_7(world: World) -> None:
    page = table(7, "object", under="For one run").codes("keys")
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in world.workspace.reports.glob("*/run.json")]
    assert {path: set(keys) for path, keys in page.items()} == objects(runs, page)


def test_every_column_of_verdicts_csv_stands_in_7() -> None:
    assert table(7, "column").column("column") == list(verdicts_csv.COLUMNS)


# --- 8 Commands -------------------------------------------------------------------------------------------------------

Command = tuple[str, click.Command]


def commands(group: click.Group = main, name: str = "dsf") -> Iterator[Command]:
    """Every command as it is typed, with its arguments."""
    for verb, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {verb}")
        else:
            pieces = command.collect_usage_pieces(click.Context(command))
            yield " ".join([name, verb, *(piece for piece in pieces if piece != "[OPTIONS]")]), command


def options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


def long(option: click.Option) -> str:
    return next(name for name in option.opts if name.startswith("--"))


def test_every_command_stands_in_8_with_its_options() -> None:
    assert table(8, "command").codes("options") == {
        typed: [long(option) for option in options(command)] for typed, command in commands()
    }


def test_every_option_stands_in_8_with_its_short_form() -> None:
    known = {long(o): [n for n in o.opts if n != long(o)] for _, command in commands() for o in options(command)}
    known |= {long(o): [] for o in options(main)}
    short, name = sorted(main.make_context("dsf", [], resilient_parsing=True).help_option_names, key=len)
    assert table(8, "option").codes("short") == known | {name: [short]}


def test_every_key_of_status_json_stands_in_8(world: World) -> None:
    at = ["--workspace", str(world.workspace.root)]
    for verb in (["verify"], ["backup", str(world.workspace.root.parent / "sauvegardes")]):
        CliRunner().invoke(main, [*verb, *at])
    seen = json.loads(CliRunner().invoke(main, ["status", "--json", *at]).stdout)
    seen["retours"]["lignes"] += housekeeping_row()
    seen["reglages"] += [{"cle": "", "valeur": "", "origine": ""}]
    page = table(8, "object").codes("keys")
    assert {path: set(keys) for path, keys in page.items()} == objects([seen], page)
    assert {point["sujet"] for point in seen["a_faire"]} <= set(re.findall(r"`(\w+)`", section(8)))


def housekeeping_row() -> list[dict[str, Any]]:
    return [{"siret": "", "retours": 1, "depuis": "", "jours": 7}]


def test_every_exit_code_stands_in_8() -> None:
    page = table(8, "exit")
    numbers = dict(zip(page.column("name"), map(int, page.column("exit")), strict=True))
    assert numbers == {one.name: one.value for one in Exit}


# --- 10 Settings ------------------------------------------------------------------------------------------------------


def keys() -> Iterator[str]:
    """Every key that the program knows, as it is written in ``dsf.toml``."""
    inner: dict[str, tuple[str, ...]] = {name: known or ("<CODE>",) for name, (known, _) in settings._TABLES.items()}
    assert inner["limites"] == tuple(field.name for field in fields(Limits))
    assert inner["ouverture"] == tuple(Settings().ouverture)
    for field in fields(Settings):
        if field.name in inner:
            yield from (f"{field.name}.{name}" for name in inner[field.name])
        elif field.compare:  # the others say where a value came from
            yield field.name


def loaded(folder: Path, text: str) -> Settings:
    (folder / "dsf.toml").write_text(text, encoding="utf-8")
    return settings.load(folder, codes=CODES, environ={})


def test_every_setting_stands_in_10() -> None:
    assert table(10, "key").column("key") == list(keys())


def test_the_defaults_of_10_are_those_of_the_program(tmp_path: Path) -> None:
    page = table(10, "key")
    given = [
        (key, value) for key, value in zip(page.column("key"), page.column("default"), strict=True) if value != "none"
    ]
    for key, value in given:
        assert loaded(tmp_path, f"{key} = {value}") == Settings(), key
    assert {key.partition(".")[0] for key in set(keys()) - dict(given).keys()} == {"severites"}


def test_the_example_of_10_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", section(10), re.DOTALL)
    assert loaded(tmp_path, example) != Settings()
    variables = re.findall(r"`(DSF_[A-Z_]+)`", section(10))
    samples = {"POLITIQUE": "ligne", "OCTETS": "1", "ESF": "2022-01-01", "AVT_02": "rejet", "MOT_DE_PASSE": ""}
    environ = {name: next(v for end, v in samples.items() if name.endswith(end)) for name in variables}
    assert settings.load(tmp_path, codes=CODES, environ=environ).limites.octets == 1


def test_every_event_and_field_of_the_journal_stands_in_10() -> None:
    page = table(10, "event")
    assert page.codes("fields") == {name: list(event.champs) for name, event in journal.EVENTS.items()}
    assert page.column("niveau") == [event.niveau for event in journal.EVENTS.values()]
    assert table(10, "log field").column("log field") == list(journal.FIELDS)


def test_every_metric_stands_in_10_with_its_labels() -> None:
    assert table(10, "metric").codes("labels") == {name: list(one.labels) for name, one in METRICS.items()}


# --- 11 Promised, not built yet ---------------------------------------------------------------------------------------


def test_what_11_promises_is_not_there_yet() -> None:
    verbs = re.findall(r"^- (`dsf .*`)\.$", section(11), re.MULTILINE)
    for typed in re.findall(r"`dsf ([^`]+)`", " ".join(verbs)):
        assert CliRunner().invoke(main, [*typed.split(), "--help"]).exit_code == Exit.USAGE, f"dsf {typed} is there: §8"
    for code in re.findall(r"^- ([A-Z]{3}-\d\d): ", section(11), re.MULTILINE):
        assert code not in CATALOGUE, f"{code} is there: §5"


# --- a run that leaves one of everything ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A file taken whole, one with a rejected and a held line, one refused, one with a column of its own, one tried, one
    left outside, four that sound out REF-13.

    Then one complement is typed, one is not, and a newer extract misses what was completed and lets a line pass. A workbook to
    correct comes back as it was. At last a file comes back cut short.
    """
    made = World(tmp_path_factory.mktemp("contrat")).add_dsf().add_dsf("DSF-2")
    made.add_dsf("DSF-7", numero_convention="CONV-2")
    theirs = {"siret_titulaire": OTHER, "siret_dispensateur": OTHER, "sequences": ({"heures_realisees": "290"},)}
    made.add_dsf("DSF-8", numero_convention="CONV-2", absences=(), **theirs).write_extracts()
    made.hours("bon.csv", {})
    made.hours("a-revoir.csv", {"numero_dsf": "DSF-2", "heures": "sept"}, {"numero_dsf": "DSF-2"})
    made.drop("refuse.pdf", b"%PDF-1.4")
    for folder in (TITULAIRE, f"{TITULAIRE}-essai"):
        made.drop("sans-table.csv", b"a;b\r\n1;2\r\n", folder)
    made.drop("libelle.csv", deposits.hours({}), f"{TITULAIRE}-libelle")
    own = deposits.hours({"date_debut": "mars"}).replace("Commentaire\r\n", "Commentaire;À nous\r\n")
    made.drop("colonne.csv", own.replace("Feuille 12;\r\n", "Feuille 12;;oui\r\n"))
    made.hours("essai.csv", {"date_debut": "12/02/2025"}, {"date_debut": "mars"}, folder=f"{TITULAIRE}-essai")
    made.drop("en-cours.csv.part", b"N")
    (made.workspace.deposits / "hors-dossier.csv").write_text("?", encoding="utf-8")
    made.hours("trop-tot.csv", {"numero_dsf": "DSF-5"})
    made.hours("encore.csv", {"date_debut": "12/02/2025"})
    for hours in ("60", "30", "15", "7"):
        made.hours(f"sondage-{hours}.csv", {"numero_dsf": "DSF-7", "heures": hours, "date_fin": "28/02/2025"})
    made.run()
    with ledger.open(made.workspace, SETTINGS) as book:
        assert book.enter("DSF-1-C01", kairos="K-1", day=DAY)
    renamed = ({"code_sequence": "S9"},)
    made.forget().add_dsf(sequences=renamed, absences=renamed, date_extraction="2025-06-20").add_dsf("DSF-5")
    extracts.load(made.write_extracts().workspace, force=True)
    made.run()
    book = openpyxl.load_workbook(next(made.workspace.outbox.glob("*/retours/*/a-corriger-*.xlsx")))
    back = BytesIO()
    book.save(back)
    made.drop("corrige.xlsx", back.getvalue())
    made.run()
    made.hours("long.csv", *[{"numero_dsf": "DSF-9"}] * 9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "LINES", 9_000)
        made.run()
    typed = ["template", "--all", "--as-of", DAY.isoformat(), "-w", str(made.workspace.root)]
    assert CliRunner().invoke(main, typed).exit_code == Exit.DONE
    return made


def objects(found: Any, wanted: Mapping[str, object]) -> dict[str, set[str]]:
    """The keys of the objects met in ``found`` at the paths ``wanted``."""
    keys: dict[str, set[str]] = {}

    def look(value: Any, path: str) -> None:
        if isinstance(value, dict):
            keys.setdefault(path or "(root)", set()).update(value)
            for name, inner in value.items():
                look(inner, f"{path}.{name}".lstrip("."))
        elif isinstance(value, list):
            for inner in value:
                look(inner, f"{path}[]")

    for one in found:
        look(one, "")
    return {path: keys[path] for path in wanted if path in keys}
