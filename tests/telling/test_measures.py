"""Measures: counters that add up to what the ledger has, whatever becomes of the file; alerts that name what there is."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import ledger
from pipeline.errors import NoReference
from pipeline.settings import Measuring, SettingError
from pipeline.telling.measures import METRICS
from tests.telling.test_journal import events, names
from tests.world import DAY, SETTINGS, TITULAIRE, World

ALERTS = Path(__file__).parents[2] / "deploy" / "alertes.yml"
FILE = Measuring("var/dsf.prom")


class Measured(World):
    """A World whose runs write measures."""

    @property
    def path(self) -> Path:
        return self.workspace.var / "dsf.prom"

    def run(self, day: date = DAY, **settings: Any) -> Any:
        return super().run(day, **{"mesures": FILE} | settings)

    def measures(self) -> dict[str, float]:
        """As Prometheus reads them."""
        lines = [line for line in self.path.read_text("utf-8").splitlines() if not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Measured]:
    """One deposit accepted, one with a rejected line, one refused, one tried."""
    made = Measured(tmp_path / "ws")
    made.add_dsf().write_extracts()
    made.hours("a.csv", {})
    made.hours("b.csv", {"heures": "sept", "date_debut": "11/02/2025"})
    made.drop("c.pdf", b"%PDF-1.4")
    made.hours("d.csv", {}, folder=f"{TITULAIRE}-essai")
    made.run()
    return made


def test_what_a_run_has_done_is_counted(world: Measured) -> None:
    before, told = datetime.now(UTC).timestamp(), world.measures()
    assert {
        'dsf_depots_total{etat="traite"}': 2,
        'dsf_depots_total{etat="refuse"}': 1,
        'dsf_depots_total{etat="essai"}': 1,
        'dsf_lignes_total{verdict="acceptees"}': 1,
        'dsf_lignes_total{verdict="rejetees"}': 1,
        'dsf_heures_total{verdict="acceptees"}': 7,
        'dsf_constats_total{code="LIG-07"}': 1,
        'dsf_complements{age="7",etat="emises"}': 1,
        'dsf_complements_heures{age="7",etat="emises"}': 7,
        'dsf_complements{age="plus",etat="vues"}': 0,
        'dsf_complements_age_jours{etat="emises"}': 0,
        'dsf_fichiers{etat="a_reprendre"}': 0,
        "dsf_extrait_age_jours": (DAY - date(2025, 6, 1)).days,
        "dsf_passages_total": 1,
        "dsf_dernier_code": 0,
    }.items() <= told.items()
    assert 0 <= before - told["dsf_dernier_succes_timestamp_seconds"] < 3600
    assert told['dsf_duree_secondes{etape="jugement"}'] > 0
    assert {name.partition("{")[0] for name in told} == set(METRICS) and "_created" not in world.path.read_text()
    assert [path.name for path in world.workspace.var.glob("*.prom*")] == ["dsf.prom"]
    assert len([name for name in told if TITULAIRE in name]) == 0, "whose they are is in the reports"
    if promtool := shutil.which("promtool"):
        done = subprocess.run(
            [promtool, "check", "metrics"], input=world.path.read_bytes(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout


def test_counters_add_up_whatever_becomes_of_the_file(world: Measured) -> None:
    old = world.path.read_bytes()
    world.hours("e.csv", {"date_debut": "12/02/2025"})
    world.run(mesures=Measuring())  # killed before it had written them, as far as the file knows
    assert world.path.read_bytes() == old
    world.run()
    whole = world.measures()
    assert whole["dsf_passages_total"] == 3 and whole['dsf_lignes_total{verdict="acceptees"}'] == 2
    assert whole['dsf_heures_total{verdict="acceptees"}'] == 14 and whole['dsf_depots_total{etat="essai"}'] == 1
    grown = {name: value for name, value in whole.items() if "_total" in name}
    for lost in (
        world.path.unlink,
        lambda: world.path.write_text("dsf_autre 1\n"),
        lambda: world.path.write_bytes(b"\xff{"),
    ):
        lost()
        world.run()
        again = {name: value for name, value in world.measures().items() if "_total" in name}
        grown["dsf_passages_total"] += 1
        assert again == grown
    with ledger.open(world.workspace, SETTINGS) as book:
        assert book.tally().passages == grown["dsf_passages_total"]
        assert book.tally(after=book.tally().passages).lignes["acceptees"] == 0


def test_a_file_of_another_ledger_begins_anew(world: Measured, tmp_path: Path) -> None:
    other = Measured(tmp_path / "autre")
    other.add_dsf().write_extracts()
    world.path.write_text(world.path.read_text().replace("dsf_passages_total 1.0", "dsf_passages_total 90.0"))
    other.path.write_bytes(world.path.read_bytes())
    other.run()
    assert other.measures()["dsf_passages_total"] == 1 and other.measures()['dsf_depots_total{etat="traite"}'] == 0


def test_a_run_that_is_stopped_says_so_and_the_rest_stays(world: Measured) -> None:
    before = world.measures()
    with pytest.raises(SettingError):
        world.run(motifs="absent.csv")
    told = world.measures()
    assert told["dsf_dernier_code"] == 2
    changed = {name for name in told if told[name] != before[name]}
    assert changed == {"dsf_dernier_code", "dsf_derniere_tentative_timestamp_seconds"}
    (world.workspace.extracts / "dsf-faux.csv").write_text("numero_dsf\nx\n")
    world.run()
    told = world.measures()
    assert told["dsf_dernier_code"] == 1 and told["dsf_passages_total"] == 2, "an extract was refused: it went through"
    assert told["dsf_dernier_succes_timestamp_seconds"] == before["dsf_dernier_succes_timestamp_seconds"]


def test_the_first_run_of_all_may_be_stopped(tmp_path: Path) -> None:
    world = Measured(tmp_path / "ws")
    with pytest.raises(NoReference):
        world.run()
    assert set(world.measures()) == {"dsf_dernier_code", "dsf_derniere_tentative_timestamp_seconds"}
    world.add_dsf().write_extracts().run()
    assert world.measures()["dsf_passages_total"] == 1


def test_a_file_that_cannot_be_written_stops_nothing_and_is_said(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf().write_extracts()
    (tmp_path / "plein").write_text("no folder")
    world.run(mesures=Measuring(str(tmp_path / "plein" / "dsf.prom")))
    assert "passage_fini" in names(events(world)) and "mesures_refusees" in names(events(world))


# --- alerts -----------------------------------------------------------------------------------------------------------


def test_alerts_name_metrics_and_labels_that_there_are() -> None:
    (group,) = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    asked = "\n".join(rule["expr"] for rule in group["rules"])
    for name, labels in re.findall(r"\b(dsf_\w+)(?:\{(\w+)=)?", asked):
        assert name in METRICS and labels in ("", *METRICS[name].labels)
    assert len(group["rules"]) >= 8
    for etat in re.findall(r'etat="(\w+)"', asked):
        assert etat in ("a_reprendre", "emises", "saisies", "abandonnes")


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here: .ci/run installs it")
def test_promtool_finds_nothing_to_say_of_the_alerts() -> None:
    done = subprocess.run(["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
