"""One language a command: French by default, English by `--lang`, by the environment or by the workspace; never both."""

import ast
import inspect
import pickle
import re
import string
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click import core, exceptions, formatting, parser, types
from click.testing import CliRunner, Result

from pipeline import lock
from pipeline.bilingual import Text, in_language, joined, said
from pipeline.cli import Exit, main
from pipeline.commands.language import CLICK, Option, Verb
from tests.world import TITULAIRE, World

ROOT = Path(__file__).parents[2]


def dsf(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def verbs(group: click.Group = main, name: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Verb]]:
    for verb, command in group.commands.items():
        assert isinstance(command, Verb)
        yield (*name, verb), command
        if isinstance(command, click.Group):
            yield from verbs(command, (*name, verb))


VERBS = {" ".join(path): command for path, command in verbs()} | {"": main}
ENGLISH = re.compile(r"(?<!-)\b(the|this|of|and|options:|usage:|examples|error|nothing|default)\b", re.IGNORECASE)
FRENCH = re.compile(
    r"\b(le|la|les|des|du|une|est|pas|ce|cet|qui|rien|aucune?|lignes|dépôts?|sera|dans|sous|jour|essai|attendu|exemples?)\b"
    r"|\b[ldnsc]'|« ",
    re.IGNORECASE,
)


# --- help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", VERBS)
def test_the_help_is_all_in_one_language(typed: str) -> None:
    french = dsf(*typed.split(), "--help")
    english = dsf("--lang", "en", *typed.split(), "--help")
    assert (french.exit_code, english.exit_code) == (Exit.DONE, Exit.DONE)
    assert ENGLISH.findall(french.stdout) == []
    assert "Usage :" in french.stdout and "Affiche cette aide" in french.stdout
    assert FRENCH.findall(english.stdout.replace("dsf demo essai", "")) == []
    assert "Usage:" in english.stdout and "Show this message" in english.stdout


@pytest.mark.parametrize("typed", VERBS)
def test_every_verb_and_option_has_both(typed: str) -> None:
    command = VERBS[typed]
    texts = [command._text, *command.examples.values()]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert isinstance(parameter, Option), parameter.name
            texts.append(parameter._text)
    for text in texts:
        assert text and text.en and str(text) != text.en, text


@pytest.mark.parametrize("typed", VERBS)
def test_what_an_example_types_is_a_command_with_its_options(typed: str) -> None:
    """Parsed by click to the end; what it would do is another test's."""
    for example in VERBS[typed].examples:
        program, *arguments = example.split()
        assert program == "dsf"
        command: click.Command = main
        while isinstance(command, click.Group):
            command = command.commands[arguments.pop(0)]
        context = click.Context(command)
        _, left, _ = command.make_parser(context).parse_args(arguments)
        assert left == [], example


# --- click ------------------------------------------------------------------------------------------------------------


def test_each_sentence_of_click_that_we_say_in_french_is_still_one_of_click() -> None:
    source = "".join(inspect.getsource(module) for module in (core, exceptions, formatting, parser, types))
    source += inspect.getsource(click.decorators)
    constants = {
        node.value
        for node in ast.walk(ast.parse(source.replace("from __future__ import annotations", "")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert [text for text in CLICK if text not in constants] == []


@pytest.mark.parametrize(
    ("typed", "french", "english"),
    [
        ("runn", "Commande inconnue : runn.", "No such command 'runn'"),
        ("run --dri-run", "Option inconnue : --dri-run.", "No such option '--dri-run'"),
        ("check", "Il manque l'argument", "Missing argument"),
        ("check pyproject.toml", "Il manque l'option", "Missing option"),
        ("check nulle-part.xlsx -s 73282932000074", "n'existe pas", "does not exist"),
        ("check pipeline -s 73282932000074", "est un dossier ; un fichier est attendu", "is a directory"),
        ("status en trop", "Arguments en trop", "unexpected extra arguments"),
        ("status --json=1", "ne prend pas de valeur", "does not take a value"),
        ("demo --seed x", "n'est pas un nombre entier", "is not a valid integer"),
        ("run --as-of", "demande une valeur", "requires an argument"),
        ("run --as-of demain", "une date comme", "a date like"),
        ("rules REF-99", "règle inconnue", "unknown rule"),
        ("history", "donnez --dsf ou --depot", "give --dsf or --depot"),
        ("template", "donnez --siret", "give --siret"),
        ("-w", "Option inconnue : -w.", "No such option '-w'"),
    ],
)
def test_usage_errors_are_in_the_language(
    typed: str, french: str, english: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    in_french, in_english = dsf(*typed.split()), dsf("--lang", "en", *typed.split())
    assert in_french.exit_code == in_english.exit_code == Exit.USAGE
    assert french in in_french.stderr and "Erreur : " in in_french.stderr
    assert english in in_english.stderr and "Error: " in in_english.stderr
    assert ENGLISH.findall(in_french.stderr) == []


def test_a_language_that_is_none_is_a_usage_error() -> None:
    refused = dsf("rules", "--lang", "de")
    assert refused.exit_code == Exit.USAGE and "Valeur refusée pour '--lang'" in refused.stderr


# --- which ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("DSF_DELAI_STABILITE", "0")
    monkeypatch.setenv("DSF_PROCESSUS", "1")
    return World(tmp_path / "ws")


def language_of(*arguments: str) -> str:
    return {"Erreur": "fr", "Error:": "en"}[
        next(word for word in dsf(*arguments).stderr.split() if word[:5] in ("Erreu", "Error"))
    ]


def test_the_option_wins_over_the_environment_and_that_over_the_workspace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = world.workspace.root
    at = ("-w", str(root))
    assert language_of("history", *at) == "fr"
    (root / "dsf.toml").write_text('langue = "en"\n', encoding="utf-8")
    assert language_of("history", *at) == language_of("history", f"--workspace={root}") == "en"
    monkeypatch.chdir(root)
    assert language_of("history") == "en"
    monkeypatch.setenv("DSF_LANGUE", "fr")
    assert language_of("history") == "fr"
    assert language_of("history", "--lang", "en") == language_of("--lang=en", "history") == "en"
    monkeypatch.setenv("DSF_LANGUE", "de")
    assert language_of("history") == "en", "what is no language is a setting error, said in that of the workspace"
    (root / "dsf.toml").write_text("langue = \n", encoding="utf-8")
    assert language_of("history") == "fr"


def test_the_option_is_the_setting_of_this_command(world: World) -> None:
    """Reports too: one language."""
    world.add_dsf().write_extracts().hours("h.csv", {"heures": "sept"})
    dsf("run", "--as-of", "2025-06-30", "--lang", "en", "-w", str(world.workspace.root))
    assert world.report()["langue"] == "en"
    world.hours("h.csv", {"heures": "huit"})
    dsf("run", "--as-of", "2025-06-30", "-w", str(world.workspace.root))
    assert {report["langue"] for report in world.reports()} == {"en", "fr"}


def test_what_stops_a_command_is_in_the_language(world: World) -> None:
    root = str(world.workspace.root)
    with lock.locked(world.workspace):
        assert "Another run is on" in dsf("run", "--lang", "en", "-w", root).stderr
        assert "Un autre passage est en cours" in dsf("run", "-w", root).stderr
    (world.workspace.root / "dsf.toml").write_text("langues = 'fr'\n", encoding="utf-8")
    assert dsf("run", "--lang", "en", "-w", root).stderr.startswith("dsf: Unknown setting: langues (dsf.toml).")
    assert dsf("run", "-w", root).stderr.startswith("dsf : Réglage inconnu : langues (dsf.toml).")


def test_whole_answers_are_in_english(world: World) -> None:
    """Over a world with one of everything; what is data (names of files, headings, numbers) is put aside."""
    root = world.workspace.root
    at = ("--lang", "en", "-w", str(root))
    world.add_dsf().add_dsf("DSF-2", statut="En cours").write_extracts()
    world.absence("abs.csv", {})
    world.hours("h.csv", {"heures": "sept"}, {"date_debut": "11/02/2025"})
    world.hours("b.csv", {"numero_dsf": "DSF-2"})
    world.hours("t.csv", {}, folder=f"{TITULAIRE}-essai")
    world.drop("x.csv.part")
    (world.workspace.deposits / "hors.csv").write_text("x")
    (world.workspace.extracts / "notes.pdf").write_bytes(b"%PDF-1.7")
    told = [dsf("status", *at), dsf("run", "--as-of", "2025-06-30", *at), dsf("status", *at), dsf("verify", *at)]
    told += [dsf("entered", "DSF-1-C01", "--on", "2025-07-01", *at), dsf("history", "--dsf", "DSF-1", *at)]
    world.hours("h.csv", {"heures": "sept"})
    file = str(world.workspace.deposits / TITULAIRE / "h.csv")
    told += [dsf("check", file, "-s", TITULAIRE, *at), dsf("extract", "list", *at), dsf("extract", "load", *at)]
    told += [dsf("extract", "show", "DSF-1", *at), dsf("template", "--all", *at), dsf("extract", "show", "DSF-9", *at)]
    told += [dsf("rules", *at[:2]), dsf("init", str(root / "autre"), *at[:2])]
    for one in told:
        assert one.exception is None or isinstance(one.exception, SystemExit)
        text = (one.stdout + one.stderr).replace(str(root), "")
        text = re.sub(
            r"Les Ateliers d'Essai|avertissement|« sept »|En cours|Pour le compte de|raison_sociale\S*|-essai/",
            "",
            text,
        )
        assert FRENCH.findall(text) == [], text


def test_a_refused_extract_is_told_in_the_language(world: World) -> None:
    folder, at = world.workspace.extracts, ("-w", str(world.workspace.root))
    world.add_dsf(type_session="XXX", absences=[{"deja_complementee": "peut"}]).write_extracts()
    (folder / "sequences.csv").write_bytes((folder / "sequences.csv").read_bytes() + b"a;b\r\n")
    for language, wanted, other in (
        ("fr", "cellules, 11 attendues", "expected"),
        ("en", "cells, 11 expected", "attendu"),
    ):
        for typed in (("extract", "load"), ("extract", "load", "--json"), ("run",)):
            done = dsf(*typed, "--as-of", "2025-06-30", "--lang", language, *at)
            assert wanted in done.stdout + done.stderr or typed == ("run",), done.stdout
            assert other not in done.stdout.lower()
            assert "ESF ou ESP" not in done.stdout or language == "fr"


# --- the texts themselves ---------------------------------------------------------------------------------------------


def sources() -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_sentences_of_a_text_take_the_same_values() -> None:
    found = 0
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text" and len(node.args) == 2:
                fr, en = (ast.literal_eval(a) if isinstance(a, ast.Constant) else None for a in node.args)
                if fr is not None and en is not None:
                    found += 1
                    assert places(fr) == places(en), f"{path.name}:{node.lineno}"
    assert found > 200


def test_nothing_that_stops_a_command_has_one_language_alone() -> None:
    halts = {
        "Halt",
        "Busy",
        "DiskHalt",
        "LedgerHalt",
        "StateHalt",
        "HeadMoved",
        "NoReference",
        "SettingError",
        "StoreError",
    }
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in halts:
                assert not any(isinstance(a, ast.Constant | ast.JoinedStr) for a in node.args), f"{path}:{node.lineno}"


def test_a_text_is_its_french_and_keeps_its_english_through_a_process() -> None:
    text = Text("{n} dépôt||{n} dépôts", "{n} deposit||{n} deposits")
    assert [str(text.fill(n=n)) for n in (0, 1, 2)] == ["0 dépôt", "1 dépôt", "2 dépôts"]
    assert [text.fill(n=n).en for n in (0, 1, 2)] == ["0 deposits", "1 deposit", "2 deposits"]
    again = pickle.loads(pickle.dumps(text.fill(n=2)))
    assert (again, again.en) == ("2 dépôts", "2 deposits")
    whole = joined([text.fill(n=1), "x"]).then(Text("Fin.", "End."))
    assert (str(whole), whole.en) == ("1 dépôt, x Fin.", "1 deposit, x End.")
    assert in_language({"a": [("p", whole)]}, "en") == {"a": [["p", "1 deposit, x End."]]}
    assert said("plain", "en") == "plain"
