"""Trials: a file in `<SIRET>-essai` is told what would become of it, and nothing that comes later is changed by it."""

import json
import os
import shutil
import signal
from datetime import date
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from pipeline import disk, tasks
from pipeline.cli import Exit, main
from pipeline.commands import history, verify
from pipeline.reading import ReadOptions, read
from tests.bounded import every, some
from tests.crash import memo
from tests.crash.scenario import in_process
from tests.world import DISPENSATEUR, SETTINGS, TITULAIRE, World, by_verdict, codes, deposits, names

ESSAI = f"{TITULAIRE}-essai"
ONLY_TRIED = ("essai", "non_verifie")
OF_THE_DEPOSIT = ("depot", "complements", "recu_le", "lignes")
"""Keys of a report that name what was issued, or when it came."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two absences and two DSF, on plans with hours to spare."""
    second = {"id_absence": "A2", "date_debut": "2025-02-05", "date_fin": "2025-02-05"}
    return World(tmp_path / "ws").add_dsf(absences=[{}, second]).add_dsf("DSF-2").write_extracts()


def trials(world: World, siret: str = TITULAIRE) -> list[dict[str, Any]]:
    """What came back for the trials of an organisation, by the name of the file."""
    found = [json.loads(p.read_text()) for p in world.workspace.outbox.glob(f"{siret}/essais/*/rapport.json")]
    return sorted(found, key=lambda report: report["fichier"])


def pages(world: World) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in world.workspace.outbox.glob("*/essais/*/rapport.html")]


def of_organisations(world: World) -> dict[str, bytes]:
    """Everything that organisations got, but for what came back for trials."""
    outbox = world.workspace.outbox
    kept = [name for name in names(outbox) if name.split("/")[0].isdigit() and "/essais/" not in name]
    return {name: (outbox / name).read_bytes() for name in kept}


# --- judged as if it were dropped now ---------------------------------------------------------------------------------

MIXED = (
    {},
    {"date_debut": "11/02/2025", "numero_dsf": "DSF-2"},
    {"date_debut": "12/02/2025", "numero_dsf": "DSF-2", "heures": "sept"},
    {"date_debut": "13/02/2025", "nom": "Autre"},
    {"date_debut": "13/02/2025", "numero_dsf": "DSF-9"},
)


@pytest.mark.parametrize("politique", some(["dsf", "ligne", "depot"]))
def test_a_trial_gets_the_verdicts_that_the_same_file_gets_for_good(world: World, politique: str) -> None:
    content = world.hours("a.csv", *MIXED, folder=ESSAI).read_bytes()
    world.run(politique=politique)
    world.drop("a.csv", content)
    world.run(politique=politique)
    (tried,), real = trials(world), world.report()
    assert by_verdict(tried) == by_verdict(real) and len(set(by_verdict(real).values())) > 1
    for report in (tried, real):
        for line in report["lignes"]:
            line["complement"] = ""
        assert report.pop("run") and report.pop("recu_le") and report.pop("depot")
        for complement in report["complements"]:
            complement["numero"] = ""
    assert {name: tried.pop(name) for name in ONLY_TRIED} == {"essai": True, "non_verifie": {}}
    assert tried == real


def test_a_trial_names_no_complement_and_reserves_none(world: World) -> None:
    world.absence("a.csv", {}, {"id_absence": "A2"}, folder=ESSAI)
    outcome = world.run()
    (tried,) = trials(world)
    assert by_verdict(tried) == {2: "acceptee", 3: "acceptee"} and tried["etat"] == "accepte"
    assert [(c["numero"], c["lignes"], c["heures_valorisees"]) for c in tried["complements"]] == [("", 2, 14)]
    assert world.complements() == {} and outcome.view["complements"] == []
    assert "DSF-1-C01" not in json.dumps(tried) + "".join(pages(world))


def test_a_trial_is_judged_after_the_deposits_of_its_run_and_alone(world: World) -> None:
    world.absence("a.csv", {}, folder=ESSAI)
    world.absence("b.csv", {}, folder=f"{TITULAIRE}-Essai")
    world.absence("c.csv", {"id_absence": "A2"}, {}, folder=ESSAI)
    world.absence("reel.csv", {})
    world.run()
    first, second, third = trials(world)
    assert by_verdict(first) == by_verdict(second) == {2: "deja_prise"}, "the deposit came first, whatever its time"
    assert by_verdict(third) == {2: "acceptee", 3: "deja_prise"}, "no other trial stands in its way"
    assert list(world.complements()) == ["DSF-1-C01"]


@pytest.mark.parametrize(
    ("folder", "tried"),
    [
        (f"{TITULAIRE}-essai", True),
        (f"{TITULAIRE}-ESSAI", True),
        (f"{TITULAIRE}-essais", False),
        (f"{TITULAIRE}-essai-2", False),
        (f"{TITULAIRE}-mon-essai", False),
        (f"{TITULAIRE}/essai", False),
        ("essai", False),
    ],
)
def test_that_label_and_no_other_makes_a_trial(world: World, folder: str, tried: bool) -> None:
    world.hours("sous/a.csv", {}, folder=folder)
    outcome = world.run(organisme=TITULAIRE)
    assert (len(trials(world)), len(outcome.view["depots"])) == ((1, 0) if tried else (0, 1))
    if tried:
        assert trials(world)[0]["fichier"] == "sous/a.csv"


# --- and nothing later is changed -------------------------------------------------------------------------------------


def test_a_deposit_after_a_trial_of_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for tried in (False, True):
        world = World(tmp_path / str(tried)).add_dsf().add_dsf("DSF-2").write_extracts()
        content = {"h.csv": deposits.hours(*MIXED), "a.csv": deposits.absences({})}
        if tried:
            for name, text in content.items():
                world.drop(name, text, ESSAI)
        world._dropped = 2
        world.run()
        for name, text in content.items():
            world.drop(name, text)
        world.run()
        world.drop("encore.csv", content["h.csv"])
        world.run()
        made.append(of_organisations(world) | {"verdicts": verdict_rows(world)})
    assert made[0] == made[1]
    warned = [name for name, data in made[0].items() if name.endswith(".json") and b"AVT-07" in data]
    assert len(warned) == 1, "the copy of the deposit, not what was tried before"


def verdict_rows(world: World) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(world.workspace.reports.glob("*/verdicts.csv")))


def test_a_trial_among_deposits_changes_none_of_their_bytes(tmp_path: Path) -> None:
    made = []
    for tried in (False, True):
        world = World(tmp_path / str(tried)).add_dsf(siret_dispensateur=DISPENSATEUR).write_extracts()
        world.hours("a.csv", {}, {"date_debut": "11/02/2025", "heures": "sept"})
        if tried:
            world.hours("essai.csv", {}, {"date_debut": "14/02/2025"}, folder=ESSAI)
            world.hours("essai.csv", {"date_debut": "12/02/2025"}, folder=f"{DISPENSATEUR}-essai")
        world._dropped = 3
        world.hours("b.csv", {"date_debut": "12/02/2025"}, folder=DISPENSATEUR)
        outcome = world.run()
        made.append(of_organisations(world) | {"verdicts": verdict_rows(world)})
        assert [d["fichier"] for d in outcome.view["depots"]] == ["a.csv", "b.csv"]
    assert made[0] == made[1]


def test_the_original_is_archived_and_the_source_leaves_the_inbox(world: World) -> None:
    path = world.hours("a.csv", {}, folder=ESSAI)
    sha = disk.hash_of(path)
    world.run()
    assert not path.exists() and disk.hash_of(world.workspace.originals / sha) == sha
    outcome = world.run()
    assert "essais" not in outcome.view, "it is not taken again"


# --- what others may be told ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("theirs", "asked"), [("1", "7"), ("299", "7"), ("299", "90")])
def test_a_trial_learns_nothing_of_anothers_hours_and_says_what_it_does_not_ask(
    tmp_path: Path, theirs: str, asked: str
) -> None:
    world, other = World(tmp_path), {"siret_titulaire": DISPENSATEUR, "siret_dispensateur": DISPENSATEUR}
    world.add_dsf(absences=())
    world.add_dsf("DSF-2", sequences=({"heures_realisees": theirs},), absences=(), **other).write_extracts()
    lines = ({"heures": asked, "date_fin": "28/02/2025"}, {"heures": "sept", "code_sequence": "S9"})
    world.hours("a.csv", *lines, folder=ESSAI)
    world.run(politique="ligne")
    (tried,) = trials(world)
    assert by_verdict(tried) == {2: "acceptee", 3: "rejetee"}
    assert codes(tried)[2] == [] and tried["non_verifie"] == {"REF-13": 1}
    assert "REF-13" in pages(world)[0]


def test_where_the_plan_is_the_depositors_own_a_trial_asks_everything(world: World) -> None:
    world.hours("a.csv", {"heures": "390", "date_debut": "01/01/2025", "date_fin": "31/03/2025"}, folder=ESSAI)
    world.run()
    (tried,) = trials(world)
    assert "REF-13" in codes(tried)[2] and tried["non_verifie"] == {}


# --- what comes back --------------------------------------------------------------------------------------------------


def test_the_page_says_first_that_it_is_a_trial(world: World, browser: Any) -> None:
    from tests.browser import opened, violations

    world.hours("a.csv", *MIXED, folder=ESSAI)
    world.run()
    (path,) = world.workspace.outbox.glob("*/essais/*/rapport.html")
    for width in (360, 1280):
        with opened(browser, path, width) as (page, wrong):
            assert not wrong and violations(page) == []
            assert page.title().startswith("ESSAI")
            text = page.locator("main").inner_text()
            assert text.startswith("ESSAI") and "Seraient acceptées" in text and "Seraient rejetées" in text
            assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (({},), "Tout serait accepté"),
        (({}, {"heures": "sept", "numero_dsf": "DSF-2"}), "Une partie serait à reprendre"),
        (({"heures": "sept"},), "rien ne serait accepté"),
    ],
)
def test_every_state_is_told_as_what_would_be(world: World, lines: tuple[deposits.Line, ...], said: str) -> None:
    world.hours("a.csv", *lines, folder=ESSAI)
    world.run()
    (page,) = pages(world)
    assert said in page
    for word in ("définitive", "Vos DSF", "Acceptées<", "Rejetées<", "Retenues<", "est accepté<"):
        assert word not in page


def test_a_refused_trial_is_told_so_and_has_no_row_in_verdicts(world: World) -> None:
    world.drop("x.pdf", b"%PDF-1.4", ESSAI)
    outcome = world.run(langue="en")
    assert trials(world)[0]["etat"] == "refuse" and "would be refused" in pages(world)[0]
    assert world.verdicts(outcome.run) == [] and outcome.view["depots"] == []


def test_the_workbook_to_correct_is_marked_and_reads_like_another(world: World) -> None:
    world.hours("a.csv", *MIXED, folder=ESSAI)
    world.run()
    (path,) = world.workspace.outbox.glob("*/essais/*/a-corriger*.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book["Heures complémentaires"]
    todo = [row[0].value for row in sheet.iter_rows(min_row=2) if row[0].value]
    assert todo and all(text.startswith("ESSAI") for text in todo)
    assert book["Mode d'emploi"]["A1"].value.startswith("ESSAI")
    assert "ESSAI" in sheet.oddFooter.right.text
    assert sum(len(table.rows) for table in read(path, ReadOptions(siret=TITULAIRE)).tables) == len(todo)


# --- counted apart ----------------------------------------------------------------------------------------------------


def test_trials_are_counted_apart_wherever_a_run_is_told(world: World) -> None:
    world.hours("a.csv", {})
    world.hours("b.csv", {"date_debut": "11/02/2025"}, {"date_debut": "12/02/2025", "heures": "x"}, folder=ESSAI)
    arguments = ["run", "-w", str(world.workspace.root), "--as-of", "2025-06-30", "--json", "--fail-on-reject"]
    done = CliRunner(env={"DSF_DELAI_STABILITE": "0", "DSF_PROCESSUS": "1"}).invoke(main, arguments)
    assert done.exit_code == Exit.DONE, done.output
    answer = json.loads(done.stdout)
    assert answer["depots"] == answer["comptes"]["lues"] == answer["comptes"]["acceptees"] == 1
    assert (answer["essais"]["depots"], answer["essais"]["comptes"]["lues"]) == (1, 2)
    folder = world.workspace.reports / answer["run"]
    run = json.loads((folder / "run.json").read_text())
    assert run["comptes"]["lues"] == len(run["depots"]) == 1 and run["regles"] == {}
    assert [(one["comptes"]["rejetees"], one["heures"]["lues"]) for one in run["essais"]] == [(1, 7.0)]
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert f"../../{TITULAIRE}/essais/{run['essais'][0]['depot']}/rapport.html" in page
    assert [row["fichier"] for row in world.verdicts(answer["run"])] == ["a.csv"]


def test_the_history_shows_a_trial_as_one_and_verify_knows_its_folder(world: World) -> None:
    world.hours("a.csv", {}, folder=ESSAI)
    world.run()
    (folder,) = (world.workspace.outbox / TITULAIRE / "essais").iterdir()
    (told,) = history.history(world.workspace, SETTINGS, depot=folder.name)
    assert told["essai"] and told["fichier"] == "a.csv" and told["reference"]
    assert "essayé   a.csv" in "\n".join(history.lines([told]))
    assert history.history(world.workspace, SETTINGS, dsf="DSF-1") == []
    found = verify.verify(world.workspace, SETTINGS)
    assert found.ok and found.remarques == [] and found.comptes["essais"] == 1 and found.comptes["depots"] == 0
    (folder / "rapport.json").write_text("{}")
    shutil.copytree(folder, folder.with_name("autre"))
    assert len(verify.verify(world.workspace, SETTINGS).erreurs) == 2


def test_the_archived_original_of_a_trial_is_one_that_the_ledger_knows(world: World) -> None:
    world.hours("a.csv", {}, folder=ESSAI)
    world.run()
    world.workspace.witness.unlink()
    (world.workspace.originals / ".essai.1.0").write_bytes(b"left by a run that was killed while it tried the disk")
    assert verify.verify(world.workspace, SETTINGS, renew_witness=True).ok


# --- killed -----------------------------------------------------------------------------------------------------------


def test_killed_at_any_label_the_next_run_ends_as_if_nothing_had_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("pipeline.run"), "work", SimpleNamespace(engine=in_process))
    memory = memo.remembering(tmp_path / "memo")  # what is judged writes nothing, and is the same each time
    monkeypatch.setattr(tasks, "judged", memory["judged"])
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    world.run()
    world.hours("b.csv", {}, {"heures": "sept"}, folder=ESSAI)
    labels: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(disk, "reached", lambda label, *_: labels.append(label))
        wanted = ended(tmp_path, "whole")
    names = sorted(Path(name).name for name in wanted)
    assert names[0].startswith("a-corriger-") and names[1:] == ["rapport.html", "rapport.json"]
    for at in sorted({labels.index(label) + 1 for label in labels})[:: every(2)]:
        assert killed(tmp_path, at) == -signal.SIGKILL, labels[at - 1]
        assert ended(tmp_path, "killed") == wanted, f"{labels[at - 1]} #{at}"


def killed(root: Path, at: int) -> int:
    """A run over a copy of the workspace, in a child that dies at its ``at``-th label."""
    copied(root, "killed")
    pid = os.fork()
    if pid == 0:
        count = 0

        def reached(_label: str, *_: Path) -> None:
            nonlocal count
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)

        disk.reached = reached
        World(root / "killed").run()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def copied(root: Path, name: str) -> None:
    shutil.rmtree(root / name, ignore_errors=True)
    shutil.copytree(root / "ws", root / name)


def ended(root: Path, name: str) -> dict[str, bytes]:
    """What stands in the outbox after one more run (the reports of runs apart), with nothing left and nothing contradicted."""
    if not (root / name).exists():
        copied(root, name)
    world = World(root / name)
    world.run()
    found = verify.verify(world.workspace, SETTINGS)
    assert (found.erreurs, found.remarques) == ([], [])
    assert names(world.workspace.deposits) == [] and list(world.workspace.spool.iterdir()) == []
    return {n: (world.workspace.outbox / n).read_bytes() for n in names(world.workspace.outbox) if n[0].isdigit()}


# --- and with the rest of the product ---------------------------------------------------------------------------------


def test_a_run_of_another_day_numbers_its_trials_anew(world: World) -> None:
    for day in (date(2025, 6, 30), date(2025, 6, 30), date(2025, 7, 1)):
        world.hours("a.csv", {}, folder=ESSAI)
        world.run(day=day)
    numbers = sorted(report["depot"] for report in trials(world))
    stem = numbers[0].removesuffix("-essai")
    assert numbers == [f"{stem}-essai", f"{stem}-essai-2", f"{stem.replace('06-30', '07-01')}-essai"]
