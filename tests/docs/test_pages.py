"""README, its French twin and the operator's guide are true: what they tell to type works, in a fresh folder, line by line."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pipeline.cli import main
from pipeline.commands.console import Exit
from tests.world import DISPENSATEUR, TITULAIRE, deposits, extracts

ROOT = Path(__file__).parents[2]
README, TWIN, GUIDE = ROOT / "README.md", ROOT / "README.fr.md", ROOT / "docs" / "exploitation.md"
MACHINES, SCHEDULE = ROOT / "docs" / "plusieurs-machines.md", ROOT / "docs" / "planification.md"
PAGES = [README, TWIN, GUIDE]


def blocks(page: Path, language: str = "sh") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def bare(block: str) -> list[str]:
    """Its lines without their comments."""
    return [line.split("  #")[0].rstrip() for line in block.splitlines()]


# --- typed for real ---------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of an operator who has an extract of Kairos and a file from an organisation."""
    tables = extracts.whole("DSF-1", siret_dispensateur=DISPENSATEUR)
    (tmp_path / "kairos").mkdir()
    extracts.write_xlsx(tmp_path / "kairos" / "extrait.xlsx", tables)
    (tmp_path / "recus").mkdir()
    (tmp_path / "recus" / "mars.csv").write_text(deposits.hours({}), encoding="utf-8")
    return tmp_path


def typed(script: str, home: Path, *path: Path) -> str:
    """What a shell answers that runs ``script`` in ``home``, and stops at the first line that fails."""
    known = os.pathsep.join(map(str, (*path, Path(sys.executable).parent, "/usr/bin", "/bin")))
    environ = {"HOME": str(home), "PATH": known, "LANG": "C.UTF-8", "DSF_PROCESSUS": "1"}
    done = subprocess.run(
        ["bash", "-ec", script], cwd=home, env=environ, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_to_the_end(script: str, home: Path, work: str) -> None:
    told = typed(script, home)
    assert "Extrait extrait.xlsx : 000001-" in told and "2 modèles à jour dans outbox/<SIRET>/" in told
    assert "pour voir : rien n'est enregistré" in told and "à saisir dans Kairos 1" in told
    outbox = home / work / "outbox"
    assert (outbox / TITULAIRE / f"modele-{TITULAIRE}.xlsx").is_file()
    assert (outbox / TITULAIRE / "dsf" / "DSF-1-C01" / "DSF-1-C01.xlsx").is_file()
    assert list((outbox / TITULAIRE / "retours").glob("*/rapport.html"))
    assert list((outbox / "rapports").glob("*/index.html"))
    assert not (home / work / "inbox" / "depots" / TITULAIRE / "mars.csv").exists()


def test_what_the_readme_types_works(home: Path) -> None:
    _install, demo, use = blocks(README)
    told = typed(demo, home)
    for page in re.findall(r"^  .*?(demo/\S+)$", told, re.MULTILINE):
        assert (home / page).is_file(), "where it says to look"
    run_to_the_end(use, home, "work")
    assert "Conforme." in typed("cd work && dsf verify", home)


def test_what_the_guide_types_works(home: Path) -> None:
    script = "".join(block for block in blocks(GUIDE) if block.strip() != "dsf demo")  # the README's
    run_to_the_end(script, home, "travail")


@pytest.mark.sweep
def test_the_readme_installs_in_a_fresh_environment(home: Path, request: pytest.FixtureRequest) -> None:
    if "sweep" not in request.config.getoption("-m"):
        pytest.skip("it takes a minute: make sweep does it")
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, names):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes((ROOT / name).read_bytes())
    install, _demo, use = blocks(README)
    told = typed(install + "command -v dsf\n" + use, home)
    assert str(home / ".venv" / "bin" / "dsf") in told


# --- named as it is ---------------------------------------------------------------------------------------------------


def commands(page: Path) -> Iterator[str]:
    """Every `dsf …` of a page, in a block or in a sentence."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```(?:sh|console|cron)\n(.*?)```", text, re.DOTALL):
        for line in bare(block):
            yield from (m[1].split(" >")[0] for m in re.finditer(r"(?:^|[/ ])(dsf [^|&]+)", line))
    for code in re.findall(r"`(dsf [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        yield code.removesuffix(" …")


@pytest.mark.parametrize("page", [*PAGES, MACHINES, SCHEDULE], ids=lambda page: page.name)
def test_every_command_that_a_page_names_is_there_with_its_options(page: Path) -> None:
    found = list(commands(page))
    assert len(found) >= 8
    for text in found:
        words = shlex.split(text)[1:]
        while words[:1] == ["--lang"]:
            words = words[2:]
        command: click.Command = main
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            assert words[0] in command.commands, text
            command = command.commands[words.pop(0)]
        known = {name for option in command.params for name in option.opts} | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known, text


def test_the_twins_type_and_show_the_same() -> None:
    for language in ("sh", "console"):
        assert [bare(block) for block in blocks(README, language)] == [bare(block) for block in blocks(TWIN, language)]
    pictures = [re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8")) for page in (README, TWIN)]
    assert pictures[0] == pictures[1] and len(pictures[0]) == 3
    titles = [len(re.findall(r"^#+ ", page.read_text(encoding="utf-8"), re.MULTILINE)) for page in (README, TWIN)]
    assert titles[0] == titles[1]


@pytest.mark.parametrize("page", [*PAGES, MACHINES, SCHEDULE], ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_exit_code_is_told(page: Path) -> None:
    told = re.findall(r"^\| (\d+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number in told] == [one.value for one in Exit]


def test_what_the_guide_says_one_sees_is_what_the_program_says() -> None:
    """Each quotation of « Que faire quand… », the parts around its dots, stands in a text of the program."""
    source = " ".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "pipeline").rglob("*.py")))
    texts = re.sub(r'"\s*\n\s*f?"', "", source)
    rows = GUIDE.read_text(encoding="utf-8").split("## 5.")[1].split("## 6.")[0]
    quoted = [
        text for text in re.findall(r"^\| (.*?) \|", rows, re.MULTILINE) for text in re.findall(r"« ([^»]+) »", text)
    ]
    assert len(quoted) > 7
    for quotation in quoted:
        if quotation.endswith("?"):
            continue  # a question that somebody asks
        for part in filter(None, (piece.strip() for piece in quotation.replace("Ce dossier", "").split("…"))):
            assert part in texts, quotation
