"""What `deploy/` holds is sound, as far as tools can tell without the machine it is for; docs/planification.md says the same."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
import yaml

from pipeline.cli import Exit, main
from tests.world import World

ROOT = Path(__file__).parents[2]
DEPLOY, PAGE = ROOT / "deploy", ROOT / "docs" / "planification.md"
SYSTEMD = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in SYSTEMD if path.suffix == ".service"]
PROGRAM = "/opt/dsf/bin/dsf"
ANALYZE = shutil.which("systemd-analyze") or ""
needs_systemd = pytest.mark.skipif(not ANALYZE, reason="no systemd-analyze here: .ci/run installs it")


def is_a_command(words: list[str]) -> None:
    """A verb of the program, with options that it has."""
    verb = main.commands[words[0]]
    assert isinstance(verb, click.Command)
    known = {name for option in verb.params for name in option.opts}
    assert {word for word in words if word.startswith("-")} <= known


def rows(first: str) -> list[list[str]]:
    """The rows of the table of the page whose first heading is ``first``."""
    tables = re.findall(rf"^\| {first} \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(tables) == 1
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in tables[0].splitlines()]


def settings(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


# --- systemd ----------------------------------------------------------------------------------------------------------


@needs_systemd
def test_systemd_finds_nothing_to_say(tmp_path: Path) -> None:
    here = shlex.quote(str(Path(sys.executable).with_name("dsf")))
    for unit in SYSTEMD:
        (tmp_path / unit.name).write_text(unit.read_text("utf-8").replace(PROGRAM, here), "utf-8")
    command = [ANALYZE, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_is_little_exposed(unit: Path) -> None:
    command = [ANALYZE, "security", "--offline=true", "--threshold=30", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LANG": "C.UTF-8"})
    (level,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert float(level) <= 3.0 and done.returncode == 0


def test_the_services_live_in_one_sandbox() -> None:
    blocks = {
        re.findall(r"^# Rien de plus.*?\n\n|^# Rien de plus.*\Z", path.read_text("utf-8"), re.M | re.S)[0].strip()
        for path in SERVICES
    }
    assert len(blocks) == 1


def test_units_name_each_other_commands_and_codes_that_are_there() -> None:
    for unit in SYSTEMD:
        found = settings(unit)
        if unit.suffix == ".timer":
            assert unit.with_suffix(".service").exists() and found["WantedBy"] == ["timers.target"]
            continue
        (typed,) = found["ExecStart"]
        program, *words = shlex.split(typed)
        assert program == PROGRAM
        is_a_command(words)
    told = {row[0].strip("`"): row[1:] for row in rows("unité \\| `SuccessExitStatus`")}
    for unit in SERVICES:
        codes = [" ".join(settings(unit).get(name, [])) for name in ("SuccessExitStatus", "RestartPreventExitStatus")]
        assert told[unit.name] == codes
        assert {int(code) for code in " ".join(codes).split()} <= set(Exit)
    assert len(told) == len(SERVICES)


@pytest.mark.sweep
@needs_systemd
def test_a_run_asks_the_system_for_nothing_that_the_sandbox_refuses(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "sweep" not in request.config.getoption("-m") or not shutil.which("strace"):
        pytest.skip("strace is slow: make sweep does it")
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    world.hours("h.csv", {})
    world.absence("a.csv", {})
    monkeypatch.setenv("DSF_DELAI_STABILITE", "0")
    trace, run = tmp_path / "trace", [sys.executable, "-m", "pipeline.cli", "run", "-w", str(world.workspace.root)]
    subprocess.run(["strace", "-f", "-qq", "-o", str(trace), *run], check=True, capture_output=True)
    lines = trace.read_text("utf-8", "replace").splitlines()
    asked = {found[1] for line in lines if (found := re.match(r"\d+\s+(?:<\.\.\. )?(\w+)", line))}
    assert "renameat2" in asked and asked - allowed("@system-service") == set()
    assert [line for line in lines if "PROT_WRITE|PROT_EXEC" in line] == [], "MemoryDenyWriteExecute"


def allowed(group: str) -> set[str]:
    """The calls of a group of systemd's, and of the groups in it."""
    told = subprocess.run([ANALYZE, "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    names = [line.strip() for line in told.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*(allowed(name) if name.startswith("@") else {name} for name in names))


# --- cron, Kubernetes, containers -------------------------------------------------------------------------------------


def test_the_lines_of_cron_run_what_there_is() -> None:
    text = (DEPLOY / "cron" / "dsf").read_text("utf-8")
    assert text.endswith("\n") and "%" not in text
    jobs = [line for line in text.splitlines() if line[:1].isdigit()]
    assert len(jobs) == 3
    for job in jobs:
        *times, account, command = job.split(None, 6)
        assert all(re.fullmatch(r"\*|\d{1,2}", time) for time in times) and account == "dsf"
        program, *words = shlex.split(command.partition(">")[0])
        assert program == PROGRAM
        is_a_command(words)


def test_the_job_for_kubernetes_is_one_and_never_two() -> None:
    job: Any = yaml.safe_load((DEPLOY / "kubernetes" / "cronjob.yaml").read_text("utf-8"))
    kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)
    assert job["spec"]["concurrencyPolicy"] == "Forbid" and job["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    is_a_command(container["args"])
    assert pod["restartPolicy"] == "Never" and pod["securityContext"]["runAsNonRoot"]
    user = re.findall(r"^USER (\d+):\d+$", (DEPLOY / "Containerfile").read_text("utf-8"), re.MULTILINE)
    assert [str(pod["securityContext"]["runAsUser"])] == user
    spoilt = yaml.safe_load(yaml.safe_dump(job).replace("backoffLimit", "backofLimit"))
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(spoilt, kubernetes_validate.latest_version(), strict=True)


def test_the_image_is_built_from_its_context_alone() -> None:
    path = DEPLOY / "Containerfile"
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    text = path.read_text("utf-8")
    assert (
        text.count("pip install") == text.count("--no-index") == 2 and "--require-hashes -r requirements.lock" in text
    )
    prepared = PAGE.read_text("utf-8")
    for source in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
        assert all(name in prepared for name in source.split())
    assert "USER 10001:10001" in text.rpartition("FROM ")[2], "not root"


def test_nothing_here_names_an_outside_address() -> None:
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    assert len(files) > 7
    assert [path.name for path in files if re.search(r"\w+://", path.read_text("utf-8"))] == []


# --- the page ---------------------------------------------------------------------------------------------------------


def test_every_exit_code_says_what_a_scheduler_does() -> None:
    told = {int(row[0]): row for row in rows("code")}
    assert {code: row[1].strip("`") for code, row in told.items()} == {one.value: one.name for one in Exit}
    assert all(len(row) == 5 and all(row) for row in told.values())
    lists = {row[0]: {int(n) for n in re.findall(r"\d+", row[1])} for row in rows("liste")}
    normal, again, alarm = lists.values()
    assert normal | again | alarm == set(Exit) and not (normal & again or normal & alarm or again & alarm)


def test_what_the_page_copies_is_there() -> None:
    for name in re.findall(r"\bdeploy/[\w*./-]+\w", PAGE.read_text("utf-8")):
        assert list(ROOT.glob(name)), name
