"""What is handed over: a wheel that needs nothing of this repository, the same from each build; a bill, a manual, completion."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from docs import make_sbom
from pipeline.cli import main
from pipeline.cli.start import SHELLS
from pipeline.commands import manual
from pipeline.commands.language import in_that_language
from tests.world import TITULAIRE, deposits, extracts

ROOT = Path(__file__).parents[2]


def tracked(*under: str) -> list[str]:
    told = subprocess.run(["git", "ls-files", "-z", *under], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in told.stdout.split("\0") if name and (ROOT / name).is_file()]


def built(place: Path) -> Path:
    """The wheel of a copy of the repository, made as `make wheel` makes it."""
    for name in tracked("pipeline", "schemas", "pyproject.toml", "README.md", "LICENSE"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, place / name)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", "dist"]
    environ = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(command, cwd=place, env=environ, check=True, capture_output=True)
    (wheel,) = (place / "dist").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("un"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bin/`` of a fresh environment: the wheel, and the libraries that are here already; nothing of this repository."""
    fresh = tmp_path_factory.mktemp("neuf")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", fresh], check=True)
    (site,) = fresh.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")  # its own .pth files are not read
    install = ["install", "--quiet", "--no-deps", "--no-index", "--ignore-installed", "--no-compile", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", str(fresh / "bin" / "python"), *install], check=True)
    return fresh / "bin"


def typed(script: str, installed: Path, home: Path) -> str:
    """What a shell answers that knows the fresh environment alone."""
    environ = {"HOME": str(home), "PATH": f"{installed}:/usr/bin:/bin", "LANG": "C.UTF-8", "DSF_PROCESSUS": "1"}
    environ["DSF_DELAI_STABILITE"] = "0"
    done = subprocess.run(
        ["bash", "-ec", script], cwd=home, env=environ, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- the wheel --------------------------------------------------------------------------------------------------------


def test_two_builds_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    again = built(tmp_path)
    assert again.name == wheel.name and again.read_bytes() == wheel.read_bytes()


def test_the_wheel_has_every_file_of_the_program_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside == set(tracked("pipeline", "schemas"))
    assert {"pipeline/documents/wording.toml", "schemas/complement.schema.json"} <= inside


def test_it_works_where_this_repository_is_not(installed: Path, tmp_path: Path) -> None:
    where = typed(
        "python -c 'import pipeline, schemas; print(pipeline.__file__, schemas.__file__)'", installed, tmp_path
    )
    assert all(path.startswith(str(installed.parent)) for path in where.split())
    (tmp_path / "mars.csv").write_text(deposits.hours({}, {"date_debut": "mars"}), encoding="utf-8")
    extracts.write_xlsx(tmp_path / "extrait.xlsx", extracts.whole("DSF-1"))
    told = typed(
        f"""
        dsf init travail && cp extrait.xlsx travail/inbox/extraits/
        mkdir travail/inbox/depots/{TITULAIRE} && cp mars.csv travail/inbox/depots/{TITULAIRE}/
        dsf run -w travail --as-of 2025-06-30
        """,
        installed,
        tmp_path,
    )
    assert "2 lignes lues" in told
    outbox = tmp_path / "travail" / "outbox"
    assert list(outbox.glob("*/retours/*/rapport.html")) and list(outbox.glob("*/retours/*/a-corriger-*.xlsx"))
    assert (outbox / "rapports" / "index.html").is_file()


@pytest.mark.sweep
def test_the_demo_runs_where_this_repository_is_not(
    installed: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if "sweep" not in request.config.getoption("-m"):
        pytest.skip("it takes half a minute: make sweep does it")
    told = typed("dsf demo && cd demo && dsf template --all && dsf rules REF-13 && dsf man manuel", installed, tmp_path)
    pages = re.findall(r"^  .*?(demo/\S+)$", told, re.MULTILINE)
    assert pages and all((tmp_path / page).is_file() for page in pages)


# --- the bill of materials --------------------------------------------------------------------------------------------


def test_the_bill_has_all_that_the_lock_has_and_is_the_same_each_time() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made = make_sbom.bill(project, lock, 1_700_000_000)
    assert json.dumps(made) == json.dumps(make_sbom.bill(project, lock, 1_700_000_000))
    parts = made["components"]
    assert [f"{one['name']}=={one['version']}" for one in parts] == re.findall(r"^([a-z0-9]\S+)", lock, re.MULTILINE)
    assert sorted(h["content"] for one in parts for h in one["hashes"]) == sorted(re.findall(r"sha256:(\w+)", lock))
    assert len({one["bom-ref"] for one in parts}) == len(parts)
    (needs,) = made["dependencies"]
    assert len({ref.partition("@")[0] for ref in needs["dependsOn"]}) == len(project["dependencies"])


def test_another_lock_has_another_bill() -> None:
    pin = "abc==1.0 \\\n    --hash=sha256:" + "0" * 64
    project = {"name": "x", "version": "1", "license": "MIT", "dependencies": ["abc>=1"]}
    one, other = (make_sbom.bill(project, text, 0) for text in (pin, pin.replace("1.0", "1.1")))
    assert one["serialNumber"] != other["serialNumber"] and one["dependencies"][0]["dependsOn"] == ["pkg:pypi/abc@1.0"]


# --- the manual -------------------------------------------------------------------------------------------------------


def commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, group
    for verb, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name}-{verb}")
        else:
            yield f"{name}-{verb}", command


def test_every_command_has_its_page_with_every_option_in_both_languages(tmp_path: Path) -> None:
    written = {str(path.relative_to(tmp_path)) for path in manual.write(main, tmp_path)}
    every = dict(commands(main, "dsf"))
    assert written == {f"{folder}/{name}.1" for folder in ("man1", "fr/man1") for name in every}
    for name, command in every.items():
        french, english = ((tmp_path / place / f"{name}.1").read_text() for place in ("fr/man1", "man1"))
        for option in command.params:
            if isinstance(option, click.Option):
                assert all(text.replace("-", r"\-") in page for text in option.opts for page in (french, english)), name
        assert '.SH "NOM"' in french and '.SH "NAME"' in english and "Affiche cette aide" not in english
    refs = re.findall(r"\\fB(\S+)\\fR\(1\)", "".join(path.read_text() for path in tmp_path.rglob("*.1")))
    assert {ref.replace(r"\-", "-") for ref in refs} <= set(every)


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_a_manual_page_is_read_without_a_warning(tmp_path: Path) -> None:
    paths = [path for path in manual.write(main, tmp_path) if path.stem in ("dsf", "dsf-backup", "dsf-completion")]
    for path in paths:
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", "-K", "utf8", str(path)], capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        shown = re.sub(r"\x1b\[\d*m|.\x08", "", done.stdout)
        if path.stem == "dsf-completion":
            assert "dsf completion bash\n" in shown and "~/.local/share/bash-completion/completions/dsf" in shown


def test_what_looks_like_roff_is_shown_as_it_is() -> None:
    @click.command(cls=manual.Verb, fr=".de piège \\fB ' ~", help=".de trap")
    def piege() -> None: ...

    with in_that_language("fr"):
        context = click.Context(piege, info_name="dsf")
        lines = list(manual._page(piege, context, ["dsf"]))
    assert r"\&.de piège \efB \(aq \(ti" in lines
    assert not [line for line in lines if line.startswith((".de", "'"))]


# --- completion -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_is_written_for_each_shell(shell: str, installed: Path, tmp_path: Path) -> None:
    assert "_DSF_COMPLETE" in typed(f"dsf completion {shell}", installed, tmp_path)


def test_bash_completes_commands_and_options(installed: Path, tmp_path: Path) -> None:
    script = """
        eval "$(dsf completion bash)"
        complete -p dsf
        ask() { COMP_WORDS=(dsf "$@"); COMP_CWORD=$#; COMPREPLY=(); _dsf_completion dsf; echo "${COMPREPLY[@]}"; }
        ask st; ask run --dr; ask ledger m
    """
    said = typed(script, installed, tmp_path).splitlines()
    assert said[0].endswith("dsf") and said[1:] == ["status", "--dry-run", "move"]
