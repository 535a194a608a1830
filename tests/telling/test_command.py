"""The command after a run: a real one, told what the run has done, once, whatever goes wrong; it stops nothing."""

import json
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipeline import journal
from pipeline.cli import Exit, main
from pipeline.ledger import announcing
from pipeline.settings import Noticing, Settings
from pipeline.settings.telling import PASSWORD
from pipeline.telling import command
from tests.telling.test_journal import events, names
from tests.world import SETTINGS, World

TOLD = """
import json, os, sys
told = {"stdin": json.load(sys.stdin), "argv": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ)}
with open("appris.jsonl", "a") as file: print(json.dumps(told), file=file)
sys.exit(int(open("code").read()) if os.path.exists("code") else 0)
"""


HANGS = "/bin/sh -c 'echo $$ > pid; sleep 600 & sleep 600'"


def states(group: str) -> Iterator[str]:
    """The state of each process of a group."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of = path.read_text().rpartition(")")[2].split()[:3]
            if of == group:
                yield state


class Listener:
    """A workspace whose settings name a script of ours."""

    def __init__(self, root: Path, script: str = TOLD, **chosen: Any) -> None:
        self.world = World(root)
        self.workspace = self.world.workspace
        (root / "apres.py").write_text(script, encoding="utf-8")
        typed = shlex.join([sys.executable, "apres.py", "a b", "; rm -rf $HOME"])
        self.settings: Settings = replace(SETTINGS, avis=Noticing(**{"commande": typed, "secondes": 20} | chosen))

    def tell(self, run: str = "2025-06-30-1") -> bool:
        with journal.opened(self.workspace, self.settings):
            return command.after_run(self.workspace, self.settings, run, json.dumps({"run": run}).encode())

    def told(self) -> list[dict[str, Any]]:
        path = self.workspace.root / "appris.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def fails(self, code: int) -> None:
        (self.workspace.root / "code").write_text(str(code))


@pytest.fixture
def listener(tmp_path: Path) -> Listener:
    return Listener(tmp_path / "ws")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again without waiting."""
    monkeypatch.setattr(announcing, "PATIENCE", timedelta())


def test_it_is_told_the_run_without_a_shell_and_without_our_secret(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "secret")
    assert listener.tell()
    (told,) = listener.told()
    assert told["stdin"] == {"run": "2025-06-30-1"} and told["argv"] == ["a b", "; rm -rf $HOME"]
    assert told["cwd"] == str(listener.workspace.root) and PASSWORD not in told["env"]
    assert (told["env"]["PASSAGE_DSF"], told["env"]["ESPACE_DSF"]) == ("2025-06-30-1", str(listener.workspace.root))
    assert command.waiting(listener.workspace) == 0 and names(events(listener.world)) == ["commande_finie"]


def test_what_it_was_not_told_waits_for_the_next_run_and_comes_first(listener: Listener, at_once: None) -> None:
    listener.fails(3)
    assert not listener.tell("2025-06-30-1") and command.waiting(listener.workspace) == 1
    assert not listener.tell("2025-06-30-2") and command.waiting(listener.workspace) == 2
    listener.fails(0)
    assert listener.tell("2025-06-30-3") and command.waiting(listener.workspace) == 0
    runs = [one["stdin"]["run"][-1] for one in listener.told()]
    assert runs == ["1", "1", "2", "1", "2", "3"]
    codes = [one.get("code") for one in events(listener.world)]
    assert codes == [3, 3, 3, None, None, None]


def test_it_is_given_up_in_the_end_and_not_tried_again_too_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener(tmp_path / "ws", essais=2)
    listener.fails(1)
    assert not listener.tell("2025-06-30-1")
    listener.fails(0)
    assert listener.tell("2025-06-30-2") and command.waiting(listener.workspace) == 1, (
        "a quarter of an hour has not passed"
    )
    listener.fails(1)
    monkeypatch.setattr(announcing, "PATIENCE", timedelta())
    assert not listener.tell("2025-06-30-3")
    told = [(one["evenement"], one["run"][-1]) for one in events(listener.world)][-3:]
    assert told == [("commande_echouee", "1"), ("commande_abandonnee", "1"), ("commande_echouee", "3")]
    assert command.waiting(listener.workspace) == 1


def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "ws", commande=HANGS, secondes=1)
    assert not listener.tell()
    begun = listener.workspace.root / "pid"  # not there on a machine so busy that a shell takes a second to begin
    group = begun.read_text().strip() if begun.exists() else ""
    for _ in range(200):  # what is killed dies when it is next looked at
        if set(states(group)) <= {"Z"}:
            break
        time.sleep(0.05)
    assert set(states(group)) <= {"Z"}, "dead, whoever is to bury them"
    (told,) = events(listener.world)
    assert (told["code"], told["faute"]) == (124, "TimeoutExpired")


def test_one_that_is_not_there_or_misspelt_is_said(tmp_path: Path) -> None:
    for wrong in ("/nulle/part --x", "'pas fermé", "."):
        listener = Listener(tmp_path / str(len(wrong)), commande=wrong)
        assert not listener.tell()
        assert [one["code"] for one in events(listener.world)] == [127]


def test_it_is_killed_with_us_and_told_again(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the disk stands in the middle: the try is counted, the file is there."""
    monkeypatch.setattr(command, "_ended", lambda *_: (_ for _ in ()).throw(SystemExit()))
    with pytest.raises(SystemExit):
        listener.tell()
    assert [path.name for path in listener.workspace.notices.iterdir()] == ["2025-06-30-1.1.json"]
    monkeypatch.undo()
    monkeypatch.setattr(announcing, "PATIENCE", timedelta())
    assert listener.tell("2025-06-30-2") and [one["stdin"]["run"][-1] for one in listener.told()] == ["1", "2"]


def dsf(listener: Listener, *typed: str) -> Result:
    environ = {"DSF_DELAI_STABILITE": "0", "DSF_PROCESSUS": "1", "DSF_AVIS_COMMANDE": listener.settings.avis.commande}
    return CliRunner().invoke(main, [*typed, "-w", str(listener.workspace.root)], env=environ)


def test_dsf_run_tells_it_what_it_prints_and_a_failure_changes_no_exit_code(listener: Listener) -> None:
    listener.world.add_dsf().write_extracts().hours("h.csv", {})
    assert dsf(listener, "run", "--dry-run", "--as-of", "2025-06-30").exit_code == Exit.DONE and listener.told() == []
    listener.fails(9)
    done = dsf(listener, "run", "--as-of", "2025-06-30", "--json")
    assert done.exit_code == Exit.DONE and "avis.commande a échoué" in done.stderr
    assert "commande_echouee" in names(events(listener.world)) and "commande_echouee" not in done.stderr
    assert listener.told()[0]["stdin"] == json.loads(done.stdout)
    told = json.loads(dsf(listener, "status", "--json").stdout)["avis"]
    assert told == {"attente": 0, "abandonnes": 0, "sans_adresse": 0, "commande": 1}
    said = dsf(listener, "status").stdout
    assert "avis.commande échoue : 1 passage ne lui a pas été transmis" in said
    assert "Avis : 1 passage à transmettre à la commande" in said
