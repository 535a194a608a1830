"""The progress is on stderr: bars while a person watches (a real terminal, by ``pty``), plain lines otherwise."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline.run  # noqa: F401 - the module, where the front door has the function
from pipeline.commands.progress import progress
from tests.world import DAY, SETTINGS, TITULAIRE, World

chain = sys.modules["pipeline.run"]
PERSONAL = re.compile(r"\.csv|Dupont|1234567", re.IGNORECASE)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    for number in range(3):
        world.hours(f"h{number}.csv", {"date_debut": f"1{number}/02/2025"})
    return world


def command(world: World, *typed: str) -> list[str]:
    return [sys.executable, "-m", "pipeline.cli", *typed, "-w", str(world.workspace.root)]


ENVIRON = {**os.environ, "DSF_DELAI_STABILITE": "0", "DSF_PROCESSUS": "1", "TERM": "xterm", "COLUMNS": "100"}


def watched(world: World, *typed: str) -> tuple[bytes, str]:
    """(stdout, what a person sees on stderr), stderr being a terminal."""
    leader, follower = pty.openpty()
    with subprocess.Popen(command(world, *typed), stdout=subprocess.PIPE, stderr=follower, env=ENVIRON) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                block = os.read(leader, 65_536)
            except OSError:  # the other end is closed
                break
            if not block:
                break
            shown += block
        assert process.stdout is not None
        answer = process.stdout.read()
    os.close(leader)
    assert process.returncode == 0, shown
    return answer, shown.decode()


def test_a_person_who_watches_sees_each_step_its_count_and_its_time(world: World) -> None:
    answer, shown = watched(world, "run", "--as-of", "2025-06-30", "--json")
    assert answer.startswith(b"{") and answer.endswith(b"}\n"), "the answer is on stdout, alone"
    for step in ("extraits", "inventaire", "lecture", "jugement", "rendu", "émission", "rapport"):
        assert step in shown
    assert "3/3" in shown and re.search(r"\d:\d\d:\d\d", shown)
    assert shown.count("\x1b[2K") > 3, "the bars are drawn again, and taken away"
    assert not PERSONAL.search(shown)


@pytest.mark.parametrize("typed", [("verify",), ("template", "--all"), ("extract", "load")])
def test_other_long_commands_show_theirs(world: World, typed: tuple[str, ...]) -> None:
    if typed[0] != "extract":
        world.run()
    shown = watched(world, *typed)[1]
    assert {"verify": "archive", "template": "modèles", "extract": "extraits"}[typed[0]] in shown


def test_otherwise_it_is_plain_lines_in_the_language(world: World) -> None:
    done = subprocess.run(
        command(world, "run", "--as-of", "2025-06-30", "--lang", "en"),
        env=ENVIRON,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines() == [
        *("extracts", "inventory", "reading 0/3", "reading 3/3", "judging 0/3", "judging 3/3"),
        *("writing 1/6", "writing 6/6", "emitting", "report"),
    ]
    assert f"outbox/{TITULAIRE}" not in done.stderr


def test_plain_lines_are_few_however_often_a_step_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as told:
        for done in range(10_001):
            told("pas", done, 10_000)
    assert capsys.readouterr().err.splitlines() == [f"pas {done}/10000" for done in range(0, 10_001, 1_000)]


def test_waves_are_one_bar(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a night is cut: judging is of all that is ready, writing goes on from wave to wave."""
    monkeypatch.setattr(chain, "LINES", 1)
    monkeypatch.setattr(chain, "BATCH", 1)
    told: list[tuple[str, int, int]] = []
    chain.run(world.workspace, SETTINGS, DAY, lambda *step: told.append((str(step[0]), *step[1:])))
    assert [counts for name, *counts in told if name == "lecture"] == [[0, 3], [1, 3], [2, 3], [3, 3]]
    assert [counts for name, *counts in told if name == "jugement"] == [[0, 3], [1, 3], [1, 3], [2, 3], [2, 3], [3, 3]]
    assert [counts for name, *counts in told if name == "rendu"] == [[n, n + n % 2] for n in range(1, 7)]
