"""`dsf replay`: nothing differs where nothing was changed, whatever came since; what a change changes is told line by line."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipeline import ledger, replay, tasks
from pipeline.cli import Exit, main
from pipeline.commands import replay as verb
from pipeline.judging import parts
from pipeline.ledger import migrations, schema
from pipeline.reference import Reference, StoreError
from schemas.rules import CATALOGUE
from tests.bounded import LONG
from tests.conftest import on_postgresql
from tests.crash.scenario import in_process
from tests.servers.postgres import Server
from tests.simulation.play import Play
from tests.world import DAY, DISPENSATEUR, SETTINGS, TITULAIRE, World

LATER = date(2025, 7, 7)
NIGHTS = 30 if LONG else 2


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading needs no child here: nothing is hostile."""
    monkeypatch.setattr(replay, "work", SimpleNamespace(engine=in_process))


def nights(root: Path) -> World:
    """Two nights: deposits that meet in one wave and across, an absence that an extract has shown since, a trial, a refusal."""
    world = World(root)
    world.add_dsf("DSF-1", siret_dispensateur=DISPENSATEUR).add_dsf("DSF-2", numero_convention="C-2").write_extracts()
    first = world.hours("heures.csv", {}, {"date_debut": "11/02/2025", "heures": "7,5"}).read_bytes()
    world.hours("encore.csv", {"heures": "8"}, {"date_debut": "12/02/2025"})
    world.absence("absence.csv", {"id_absence": "A1"})
    world.absence("autre.csv", {"id_absence": "A1"}, folder=DISPENSATEUR)
    world.hours("essai.csv", {"numero_dsf": "DSF-2"}, folder=f"{TITULAIRE}-essai")
    world.drop("vide.csv", b"")
    world.run()
    done = [{"id_absence": "A1", "deja_complementee": "oui"}]
    world.forget().add_dsf("DSF-1", siret_dispensateur=DISPENSATEUR, absences=done, date_extraction="2025-07-05")
    world.write_extracts()
    world.drop("de-nouveau.csv", first)
    world.hours(
        "deux.csv", {"numero_dsf": "DSF-2"}, {"numero_dsf": "DSF-2", "date_debut": "13/02/2025", "heures": "7,33"}
    )
    world.hours("trop.csv", {"date_debut": "14/02/2025", "date_fin": "31/03/2025", "heures": "280"})  # 278,5 h are left
    world.run(LATER)
    return world


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> World:
    return nights(tmp_path_factory.mktemp("rejeu") / "ws")


@pytest.fixture
def world(done: World, tmp_path: Path) -> World:
    """``done``, to be changed."""
    shutil.copytree(done.workspace.root, tmp_path / "ws")
    return World(tmp_path / "ws")


def again(world: World, since: date | None = None, **settings: Any) -> dict[str, Any]:
    tally = verb.replayed(world.workspace, replace(SETTINGS, **settings), since, lambda *_: None)
    return {**verb.data(tally, since), "exit": tally.exit, "dit": list(verb.lines(tally))}


def changed(found: dict[str, Any]) -> dict[tuple[int, int], tuple[str, str]]:
    """(place of its deposit among those changed, row) → verdicts then and now."""
    return {
        (place, line["ligne"]): (line["avant"]["verdict"], line["maintenant"]["verdict"])
        for place, one in enumerate(found["ecarts"])
        for line in one["lignes"]
    }


@contextmanager
def other_rule(code: str, *, passes: Any) -> Iterator[None]:
    """A rule that is changed on purpose."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CATALOGUE, code, replace(CATALOGUE[code], passes=passes))
        yield


def test_nothing_differs_where_nothing_was_changed_whatever_came_since(done: World) -> None:
    found = again(done)
    assert found["ecarts"] == [] and found["exit"] == Exit.DONE
    assert found["depots"]["rejoues"] == 8, "the trial is none"
    assert found["dit"][-1] == "Aucun verdict ne changerait."


def test_a_changed_rule_changes_its_lines_and_no_others(done: World) -> None:
    """heures.csv has 7,5 h on one of its lines. What encore.csv and de-nouveau.csv met of it stays as it was issued."""
    with other_rule("LIG-09", passes=lambda lines, *_: lines["heures"] % 100 == 0):
        found = again(done)
    assert found["exit"] == Exit.REJECTIONS
    assert changed(found) == {(0, 2): ("acceptee", "retenue"), (0, 3): ("acceptee", "rejetee")}
    assert found["heures"] == {"gagnees": 0, "perdues": Decimal("14.5")}
    assert found["regles"] == [
        {"code": "LIG-09", "en_plus": {"lignes": 1, "heures": 7.5}, "en_moins": {"lignes": 0, "heures": 0}}
    ]
    assert found["verdicts"][0] == {"avant": "acceptee", "maintenant": "rejetee", "lignes": 1, "heures": 7.5}


def test_a_rule_that_is_lifted_gives_its_hours(done: World) -> None:
    with other_rule("LIG-09", passes=lambda lines, *_: lines["heures"] > 0):
        found = again(done)
    assert changed(found) == {(0, 2): ("retenue", "acceptee"), (0, 3): ("rejetee", "acceptee")}
    assert found["heures"] == {"gagnees": Decimal("14.33"), "perdues": 0}


def test_settings_of_today_count_as_of_the_day_of_each_run(done: World) -> None:
    found = again(done, ouverture={"ESF": date(2025, 7, 1), "ESP": date(2025, 7, 1)})
    runs = {one["run"] for one in found["ecarts"]}
    assert runs == {f"{DAY}-1"}, "later it was open"


def test_only_runs_since(done: World) -> None:
    assert again(done, since=date(2026, 1, 1))["depots"]["rejoues"] == 0


def test_what_was_typed_since_is_not_known(world: World) -> None:
    """Hours said to be typed before the date of an extract no longer count: they did when trop.csv was judged."""
    with ledger.open(world.workspace, SETTINGS) as book:
        for one in book.followed():
            book.enter(one.numero, kairos="K", day=date(2025, 6, 30))
    assert again(world)["ecarts"] == []


def test_a_name_that_changed_since_is_still_the_old_one(world: World) -> None:
    rows = "champ,numero_dsf,identifiant_de,ancien,nouveau,source,date\n"
    rows += "identifiant_de,,,1234567A,12345678901,FT,2025-08-01\n"
    (world.workspace.root / "noms.csv").write_text(rows)
    assert again(world, correspondances="noms.csv")["ecarts"] == []


def test_an_original_that_is_gone_or_changed_is_said_and_what_met_it_is_judged_as_it_was(world: World) -> None:
    with ledger.open(world.workspace, SETTINGS) as book:
        shas = {row.fichier: row.sha256 for row in book.deposits()}
    (world.workspace.originals / shas["absence.csv"]).unlink()  # that of autre.csv as well
    place = world.workspace.originals / shas["deux.csv"]
    place.chmod(0o600)
    place.write_bytes(b"autre chose\n")
    found = again(world)
    assert found["non_rejoues"] == {"original_absent": 2, "original_change": 1, "extrait_absent": 0, "faute": 0}
    assert found["ecarts"] == [] and found["exit"] == Exit.DONE and found["depots"]["rejoues"] == 5
    assert "Non rejoué : 2 originaux ne sont plus dans l'archive." in found["dit"]


def test_a_fault_of_ours_is_of_its_deposit_alone(done: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tasks.judge

    def fails(terms: Any, deposits: Any, asked: Any) -> Any:
        if any(one.fichier == "encore.csv" for one in deposits):
            raise KeyError("CANARI")
        return whole(terms, deposits, asked)

    monkeypatch.setattr(tasks, "judge", fails)
    found = again(done)
    assert found["non_rejoues"]["faute"] == 1 and found["exit"] == Exit.FAILURE and found["depots"]["rejoues"] == 7
    assert "CANARI" not in str(found) and "KeyError" in found["depots_non_rejoues"][0]["detail"]


def test_read_otherwise_it_is_told_by_line_or_by_hours(done: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading that gives other hours under the same verdict is a change too."""
    whole = tasks.judge

    def half(terms: Any, deposits: Any, asked: Any) -> Any:
        decided = whole(terms, deposits, asked)
        lines = decided.settled.lines
        return replace(decided, settled=replace(decided.settled, lines=lines.assign(heures=lines["heures"] // 2)))

    monkeypatch.setattr(tasks, "judge", half)
    found = again(done)
    assert found["exit"] == Exit.REJECTIONS and found["lignes"]["autres_verdicts"] == 0
    assert found["heures"]["perdues"] > 0
    assert any("d'autres heures" in line for line in found["dit"])


def test_lists_are_cut_and_counts_are_not(done: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with other_rule("LIG-09", passes=lambda lines, *_: lines["heures"] < 0):
        whole = again(done)
        tally = verb.Differences(room=2)
        for one in replay.replay(done.workspace, SETTINGS):
            tally.add(one)
    cut = verb.data(tally, None)
    listed = [line for one in cut["ecarts"] for line in one["lignes"]]
    assert len(listed) == 2 and cut["lignes"] == whole["lignes"] and cut["heures"] == whole["heures"]
    assert cut["coupe"]["lignes"] == sum(len(one["lignes"]) for one in whole["ecarts"]) - 2
    assert cut["coupe"]["depots"] == len(whole["ecarts"]) - len(cut["ecarts"])


def test_nothing_is_written_and_the_command_says_it_in_both_languages(
    done: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(done.workspace.root)
    monkeypatch.setenv("DSF_PAS_HEURES", "1")
    done_in_english = dsf(done, "--lang", "en")
    assert "would have another verdict" in done_in_english.stdout and done_in_english.exit_code == Exit.REJECTIONS
    said = json.loads(dsf(done, "--json", "--since", "2025-07-07").stdout)
    assert (said["type"], said["depuis"], said["depots"]["rejoues"]) == ("replay", "2025-07-07", 3)
    assert dsf(done, "--since", "hier").exit_code == Exit.USAGE
    assert content(done.workspace.root) == before


def test_a_ledger_of_an_older_program_is_brought_up_to_date_in_the_copy_alone(
    done: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = done.workspace.ledger.read_bytes()
    monkeypatch.setattr(migrations, "STEPS", {**migrations.STEPS, schema.SCHEMA: lambda _connection: None})
    monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA + 1)
    assert again(done, since=LATER)["depots"]["rejoues"] == 3
    assert done.workspace.ledger.read_bytes() == before


def dsf(world: World, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["replay", *arguments, "-w", str(world.workspace.root)])


def content(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(root.rglob("*"))
    }


def test_a_ledger_on_a_server_is_replayed_in_a_copy(tmp_path: Path, postgres: Server) -> None:
    with on_postgresql(postgres):
        world = nights(tmp_path / "ws")
        assert again(world, pas_heures=100)["lignes"]["autres_verdicts"] == 2


def test_names_that_changed_between_runs_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many runs over extracts that rename trainees, séquences, plans, conventions and absences, as soon as somebody says so."""
    world = Play(tmp_path, 4)
    for night in range(NIGHTS):
        world.renamed_extract()
        world.mend()
        world.deposit()
        world.to_the_brim()
        world.night()
        if night % 3 == 2:
            world.clerk()
    monkeypatch.setattr(parts, "LEAST", 1)
    monkeypatch.setattr(replay, "work", SimpleNamespace(engine=lambda given: wide(in_process(given))))
    tally = verb.replayed(world.workspace, world.settings, None, lambda *_: None)
    assert tally.changed == [] and tally.deposits["rejoues"] > 2 * NIGHTS


def wide(engine: Any) -> Any:
    """As if several were at work at once: parts are as small as they may be."""
    engine.width = 3
    return engine


def test_a_reference_that_no_longer_has_an_extract_is_said(done: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reference, "as_of", lambda *_: None)
    found = again(done)
    assert found["non_rejoues"]["extrait_absent"] == 8 and found["depots"]["rejoues"] == 0


def test_it_stops_where_the_reference_is_not_what_was_loaded(world: World) -> None:
    (next(world.workspace.reference.glob("000001*")) / "sequences.parquet").write_bytes(b"PAR1")
    with pytest.raises(StoreError):
        again(world)
