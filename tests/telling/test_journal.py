"""The journal: every event in its form, never a name, kept within bounds, and in nobody's way."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from pipeline import journal, pages
from pipeline.cli import Exit, main
from pipeline.errors import Halt, NoReference
from pipeline.judging import facts
from pipeline.settings import Journaling, Measuring, SettingError
from pipeline.settings.telling import LEVELS
from tests.world import DAY, SETTINGS, TITULAIRE, World

ROOT = Path(__file__).parents[2]
NAME, IDENTIFIER = "Zzcanari", "7654321C"


def events(world: World, folder: str = "var/journal") -> list[dict[str, Any]]:
    """What the journal has, in its order; every line is an object with what each has."""
    told = []
    for path in sorted((world.workspace.root / folder).iterdir()):
        for line in path.read_text(encoding="ascii").splitlines():
            one = json.loads(line)
            assert list(one)[:3] == ["ts", "niveau", "evenement"]
            event = journal.EVENTS[one["evenement"]]
            assert one["niveau"] == event.niveau and set(one) - {"ts", "niveau", "evenement"} <= set(event.champs)
            assert datetime.fromisoformat(one["ts"]).utcoffset() == UTC.utcoffset(None)
            told.append(one)
    return told


def names(told: list[dict[str, Any]]) -> list[str]:
    return [one["evenement"] for one in told]


# --- what is in it ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> World:
    with pytest.MonkeyPatch.context() as patch:
        return played(tmp_path_factory.mktemp("journal"), patch)


def played(root: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Everything that may go wrong in a workspace where all that people type is somebody's name."""
    world = World(root / "ws")
    person = {"identifiant_de": IDENTIFIER, "nom": NAME.upper(), "prenom": NAME}
    world.add_dsf(sequences=[person], absences=[{"identifiant_de": IDENTIFIER}], intitule=NAME)
    with pytest.raises(NoReference):
        world.run()
    world.write_extracts()
    (world.workspace.extracts / f"dsf-{NAME}.csv").write_text(f"numero_dsf\n{NAME}\n")
    world.hours(f"{NAME}.csv", {"identifiant_de": IDENTIFIER, "nom": NAME}, folder=f"{TITULAIRE}-{NAME}")
    world.hours(f"essai {NAME}.csv", {"identifiant_de": IDENTIFIER}, folder=f"{TITULAIRE}-essai")
    world.hours("b.csv", {"identifiant_de": NAME, "code_sequence": NAME, "commentaire": NAME * 100})
    world.drop(f"{NAME}.xlsx", b"PK\x03\x04" + NAME.encode())
    world.drop(f"{NAME}.part", NAME)
    (world.workspace.entered / f"{NAME}.csv").write_text(f"numero;{NAME}\n")
    real = facts.join

    def join(lines: pd.DataFrame, *others: Any) -> pd.DataFrame:
        if (lines["prenom"] == "faute").any():
            raise KeyError(NAME)
        return real(lines, *others)

    monkeypatch.setattr(facts, "join", join)
    world.hours("faute.csv", {"identifiant_de": IDENTIFIER, "prenom": "faute", "nom": NAME})
    world.run(mesures=Measuring(f"{NAME}/dsf.prom"))
    with monkeypatch.context() as patch, pytest.raises(ValueError, match=NAME):
        patch.setattr(pages, "renew", lambda *_: int(NAME))
        world.run()
    with pytest.raises(SettingError):
        world.run(motifs=f"{NAME}.csv")
    return world


def test_a_whole_story_is_told_and_nobody_named(story: World) -> None:
    root = story.workspace.root
    for typed in (["verify"], ["backup", str(root.with_name("sauvegarde"))]):
        done = CliRunner().invoke(main, [*typed, "-w", str(root)])
        assert done.exit_code == Exit.DONE, done.output
    told = events(story)
    elsewhere = ("surveillance_", "avis_", "adresses_", "commande_")  # told of by tests of their own
    assert {one for one in journal.EVENTS if not one.startswith(elsewhere)} - set(names(told)) == {
        "verification_arretee",
        "sauvegarde_arretee",
    }
    text = json.dumps(told, ensure_ascii=False)
    for secret in (NAME, NAME.upper(), NAME.lower(), IDENTIFIER, "faute.csv", str(story.workspace.root)):
        assert secret not in text
    assert journal.HIDDEN not in text, "every value was of its form"


def test_a_run_can_be_followed_by_its_number_and_a_deposit_by_its_own(story: World) -> None:
    told = events(story)
    every = [one for one in told if one["evenement"] == "depot_decide"]
    assert {one["depot"] for one in every if not one["essai"]} == {one["depot"] for one in story.reports()}
    ended = [one for one in told if one["evenement"] == "passage_fini"]
    (whole,) = [one for one in ended if one["depots"]]
    decided = [one for one in every if one["run"] == whole["run"]]
    assert (len(decided), whole["depots"], whole["refuses"], whole["essais"]) == (4, 3, 1, 1)
    assert whole["comptes"]["lues"] == 2 and whole["heures"]["acceptees"] == 7 and whole["complements"] == 1
    assert whole["a_reprendre"] == 1 and whole["durees"]["jugement"] > 0
    accepted = next(one for one in decided if one["comptes"]["acceptees"] and not one["essai"])
    assert accepted["heures"]["acceptees"] == 7 and accepted["complements"] == 1
    rejected = next(one for one in decided if one["comptes"]["rejetees"])
    assert set(rejected["codes"]) >= {"LIG-03", "LIG-13"}
    (aside,) = {one["faute"] for one in told if one["evenement"] == "depot_ecarte"}
    assert aside.startswith("KeyError (test_journal.py:")
    stopped = [(one["code"], one["faute"].split()[0]) for one in told if one["evenement"] == "passage_arrete"]
    assert stopped == [(4, "NoReference"), (1, "ValueError"), (2, "SettingError")]


def test_what_is_not_of_its_form_is_not_written(tmp_path: Path) -> None:
    world = World(tmp_path)
    with journal.opened(world.workspace, SETTINGS):
        journal.note("depot_ecarte", run=NAME, siret=int(TITULAIRE), sha256=f"{'0' * 64}\n", faute=f"KeyError({NAME})")
        journal.note("passage_fini", comptes={NAME: 1}, durees={"lecture": "1"}, depots=True, date=None)
        for wrong in ({"fichier": "a.csv"}, {"nom": NAME}):
            with pytest.raises(ValueError, match="passage_fini"):
                journal.note("passage_fini", **wrong)
        with pytest.raises(KeyError):
            journal.note("autre_chose")
    first, second = events(world)
    assert {value for name, value in (first | second).items() if name not in ("ts", "niveau", "evenement")} == {
        journal.HIDDEN
    }
    assert "date" not in second


def test_every_event_is_written_somewhere_and_has_fields_that_are_known() -> None:
    source = "".join(path.read_text("utf-8") for path in sorted((ROOT / "pipeline").rglob("*.py")))
    assert set(re.findall(r'journal\.(?:note|ending)\(\s*"(\w+)"', source)) == set(journal.EVENTS)
    fields = [field for event in journal.EVENTS.values() for field in event.champs]
    assert set(fields) == set(journal.FIELDS)
    assert {event.niveau for event in journal.EVENTS.values()} == set(LEVELS)


# --- where it is ------------------------------------------------------------------------------------------------------


def write(world: World, **chosen: Any) -> None:
    with journal.opened(world.workspace, replace(SETTINGS, journal=Journaling(**chosen))):
        journal.note("surveillance_attend", pause=10)
        journal.note("surveillance_echec", code=1, pause=10)
        journal.note("passage_arrete", **journal.stopped_by(Halt("")))


def test_it_stands_where_the_settings_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path / "ws")
    for level, count in zip(LEVELS, (3, 2, 1), strict=True):
        write(world, dossier=level, niveau=level)
        assert len(events(world, level)) == count
    write(world, dossier=str(tmp_path / "ailleurs"))
    assert len(list((tmp_path / "ailleurs").iterdir())) == 1
    write(world, dossier="")
    assert capsys.readouterr().err == "" and not world.workspace.journal.exists()
    write(world, dossier="-")
    assert [json.loads(line)["evenement"] for line in capsys.readouterr().err.splitlines()] == [
        "surveillance_attend",
        "surveillance_echec",
        "passage_arrete",
    ]
    journal.note("passage_arrete", code=1, secondes=1.23456)
    assert capsys.readouterr().err == "", "nowhere, once it is over"


def test_months_go_and_bytes_have_a_bound(tmp_path: Path) -> None:
    world = World(tmp_path)
    folder = world.workspace.journal
    folder.mkdir()
    now = datetime.now(UTC).year * 12 + datetime.now(UTC).month - 1
    month = [f"{one // 12}-{one % 12 + 1:02}" for one in range(now, now - 4, -1)]
    for name in (*month, f"{month[1]}-2", f"{month[1]}-10"):
        (folder / f"{name}.jsonl").write_bytes(b"{}\n" * 70_000)
    (folder / "a-nous.jsonl").write_bytes(b"x" * 2_000_000)
    write(world, mois=3, octets=900_000)
    kept = {path.name for path in folder.iterdir()} - {"a-nous.jsonl"}
    assert kept == {
        f"{name}.jsonl" for name in (month[0], f"{month[0]}-2", f"{month[1]}-2", f"{month[1]}-10", month[1])
    }
    write(world, mois=3, octets=500_000)
    assert f"{month[1]}.jsonl" not in {path.name for path in folder.iterdir()}, "the oldest goes first"
    assert (folder / "a-nous.jsonl").exists(), "what is not ours stays"
    assert len((folder / f"{month[0]}-2.jsonl").read_text().splitlines()) == 6, "a file that is full is closed"


def test_a_journal_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    world.hours("h.csv", {})
    world.workspace.journal.write_text("in its place")
    assert world.run().view["complements"] == ["DSF-1-C01"]


def test_a_dry_run_leaves_no_trace_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSF_DELAI_STABILITE", "0")
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    typed = ["run", "--dry-run", "--as-of", DAY.isoformat(), "-w", str(world.workspace.root)]
    assert CliRunner().invoke(main, typed).exit_code == Exit.DONE
    assert not world.workspace.journal.exists()
