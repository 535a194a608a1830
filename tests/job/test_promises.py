"""What holds over any workspace: counts add up, waves and workers change nothing, nothing of a person leaks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.judging import parts
from pipeline.ledger import Head, Ledger
from pipeline.ledger.records import Decision
from tests.bounded import LONG
from tests.world import DISPENSATEUR, OTHER, TITULAIRE, World

run_room = import_module("pipeline.run")  # the package has the function under that name

# A failing workspace is shown as it was found: shrinking it would take a run of the job for each step.
PHASES = [Phase.explicit, Phase.generate]
SIRETS = (TITULAIRE, DISPENSATEUR, OTHER)
HOURS = st.sampled_from(["7", "3,5", "7h20", "0", "-1", "sept", "", "150", "0,1", "#REF!"])
LINE = st.fixed_dictionaries(
    {
        "numero_dsf": st.sampled_from(["DSF-1", "dsf-2", "DSF-3", "DSF-9", ""]),
        "identifiant_de": st.sampled_from(["1234567A", "7654321B", "12", ""]),
        "code_sequence": st.sampled_from(["S1", "S2", "S9"]),
        "date_debut": st.sampled_from(["10/02/2025", "11/02/2025", "32/02/2025", "01/01/2030", ""]),
        "heures": HOURS,
    }
)
ABSENCE_LINE = st.fixed_dictionaries(
    {
        "numero_dsf": st.sampled_from(["DSF-1", "dsf-2", "DSF-9"]),
        "id_absence": st.sampled_from(["A1", "A2", "A9", ""]),
        "heures": HOURS,
        "motif": st.sampled_from(["MAL", "INJ", "?", ""]),
        "reliquat_abandonne": st.sampled_from(["", "oui", "bof"]),
    }
)
DEPOSITS = st.lists(
    st.tuples(
        st.sampled_from(SIRETS),
        st.one_of(
            st.tuples(st.just("hours"), st.lists(LINE, min_size=0, max_size=5)),
            st.tuples(st.just("absence"), st.lists(ABSENCE_LINE, min_size=0, max_size=4)),
        ),
    ),
    min_size=1,
    max_size=6,
)


def build(root: Path, deposits: list[tuple[str, tuple[str, list[dict[str, str]]]]]) -> World:
    """A titulaire, its dispensateur, and a third organisation with a DSF of the same convention."""
    world = World(root)
    people = [
        {},
        {"identifiant_de": "7654321B", "nom": "MODELE", "prenom": "Noa", "numero_pif": "PIF-2"},
        {"code_sequence": "S2"},
    ]
    absences = [{"id_absence": "A1"}, {"id_absence": "A2", "date_debut": "2025-02-10", "date_fin": "2025-02-11"}]
    world.add_dsf("DSF-1", sequences=people, absences=absences, siret_dispensateur=DISPENSATEUR)
    world.add_dsf("DSF-2", sequences=[{"heures_realisees": "80"}], absences=[{"id_absence": "A1"}])
    world.add_dsf(
        "DSF-3", sequences=[{"heures_realisees": "2"}], absences=[], siret_titulaire=OTHER, siret_dispensateur=OTHER
    )
    world.write_extracts()
    for number, (siret, (kind, lines)) in enumerate(deposits):
        getattr(world, kind)(f"{number}.csv", *lines, folder=siret)
    return world


def emitted(world: World) -> dict[str, bytes]:
    """Every JSON and CSV of the outbox; of run.json all but the times."""
    found = {}
    for path in sorted(world.workspace.outbox.rglob("*.*")):
        if path.suffix not in (".json", ".csv") or path.name.startswith("."):
            continue
        data = path.read_bytes()
        if path.name == "run.json":
            view = json.loads(data)
            for name in ("durees", "debut", "fin"):
                view.pop(name, None)
            data = json.dumps(view, sort_keys=True).encode()
        found[str(path.relative_to(world.workspace.outbox))] = data
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("worlds")


@settings(
    max_examples=8 if LONG else 3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=PHASES,
)
@given(deposits=DEPOSITS, politique=st.sampled_from(["dsf", "ligne", "depot"]))
def test_lines_and_hours_read_are_those_of_the_four_verdicts(
    folder: Path, deposits: list[tuple[str, tuple[str, list[dict[str, str]]]]], politique: str
) -> None:
    world = build(folder / f"{len(list(folder.iterdir()))}", deposits)
    outcome = world.run(politique=politique)
    taken = 0
    for siret in SIRETS:
        for report in world.reports(siret):
            for what in ("comptes", "heures"):
                parts = [report[what][name] for name in ("acceptees", "rejetees", "retenues", "deja_prises")]
                assert round(sum(parts) * 100) == round(report[what]["lues"] * 100)
            assert report["comptes"]["lues"] == len(report["lignes"])
            # Hours again, from the lines themselves.
            assert round(sum(line["heures"] or 0 for line in report["lignes"]) * 100) == round(
                report["heures"]["lues"] * 100
            )
            taken += report["comptes"]["acceptees"]
    issued = [line for siret in SIRETS for c in world.complements(siret).values() for line in lines_of(c)]
    assert len(issued) == len(set(issued)) == taken
    rows = world.verdicts(outcome.run)
    assert sum(row["verdict"] == "acceptee" for row in rows) == taken


def lines_of(complement: dict) -> list[tuple[str, ...]]:  # type: ignore[type-arg]
    """The keys of what a complement completes: no two complements may share one."""
    dsf = complement["dsf_initiale"]["numero"]
    keys: list[tuple[str, ...]] = []
    for person in complement["demandeurs"]:
        for sequence in person["sequences"]:
            place = (dsf, person["identifiant_de"], sequence["code"])
            keys += [(*place, a["id_absence"]) for a in sequence["absences"]]
            keys += [(*place, line["date_debut"], line["date_fin"]) for line in sequence["lignes"]]
    return keys


@settings(
    max_examples=5 if LONG else 2,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=PHASES,
)
@given(deposits=DEPOSITS)
def test_a_wave_decides_what_one_deposit_after_another_would(
    folder: Path, deposits: list[tuple[str, tuple[str, list[dict[str, str]]]]]
) -> None:
    name = f"{len(list(folder.iterdir()))}"
    together = build(folder / f"{name}-a", deposits)
    together.run()
    apart = build(folder / f"{name}-b", deposits)
    with pytest.MonkeyPatch.context() as patch:
        chain = import_module("pipeline.run")  # by that name the package gives its function
        patch.setattr(chain, "LINES", 1)
        patch.setattr(chain, "BATCH", 1)
        apart.run()
    in_parts = build(folder / f"{name}-c", deposits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "MOST", 1)
        in_parts.run()
    assert emitted(together) == emitted(apart) == emitted(in_parts)


def test_however_a_wave_is_cut_complements_leave_first_in_deposit_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A return that says « émise » is never seen before what it speaks of."""
    left: list[list[str]] = []
    commit = Ledger.commit

    def noting(book: Ledger, decision: Decision, head: Head) -> None:
        left.append([token.cible for token in decision.tokens])
        commit(book, decision, head)

    monkeypatch.setattr(Ledger, "commit", noting)
    for lines in (1, 1_000):
        world = World(tmp_path / f"{lines}").add_dsf("DSF-1").add_dsf("DSF-2", numero_convention="CONV-2")
        world.write_extracts()
        for day, numero in enumerate(("DSF-2", "DSF-1", "dsf-2"), 11):
            world.hours(f"{day}.csv", {"numero_dsf": numero, "date_debut": f"{day}/02/2025"})
        monkeypatch.setattr(parts, "MOST", lines)
        world.run()
    assert left[0] == left[1]
    assert [cible.split("/")[1] for cible in left[0]] == ["dsf"] * 3 + ["retours"] * 3
    assert [cible.split("/")[2] for cible in left[0][:3]] == ["DSF-2-C01", "DSF-1-C01", "DSF-2-C02"]


def test_workers_and_hash_seeds_change_no_byte(tmp_path: Path) -> None:
    deposits = [
        (
            TITULAIRE,
            ("hours", [{"heures": "7"}, {"heures": "7h20", "date_debut": "11/02/2025"}, {"numero_dsf": "DSF-2"}]),
        ),
        (DISPENSATEUR, ("absence", [{"id_absence": "A1"}, {"id_absence": "A2", "motif": "?"}])),
        (TITULAIRE, ("absence", [{"id_absence": "A1"}])),
        (OTHER, ("hours", [{"numero_dsf": "DSF-3"}, {}])),
    ]
    outputs = []
    for processes, seed in ((1, "0"), (2, "1"), (2, "4242")):
        world = build(tmp_path / seed, deposits)  # type: ignore[arg-type]
        command = [sys.executable, "-W", "error", "-m", "pipeline.cli", "run", "-w", str(world.workspace.root)]
        environ = {**os.environ, "PYTHONHASHSEED": seed, "DSF_PROCESSUS": str(processes), "DSF_DELAI_STABILITE": "0"}
        done = subprocess.run(
            [*command, "--as-of", "2025-06-30"], env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        outputs.append(emitted(world))
    assert outputs[0] == outputs[1] == outputs[2]
    assert any(name.endswith("verdicts.csv") for name in outputs[0])


CANARY = "Zzcanari"
CANARY_DE = "7654321C"


def test_no_name_nor_identifier_of_a_person_in_logs_and_run_files(tmp_path: Path) -> None:
    world = World(tmp_path / "ws")
    person = {"identifiant_de": CANARY_DE, "nom": CANARY.upper(), "prenom": CANARY}
    world.add_dsf(sequences=[person], absences=[{"id_absence": "A1", "identifiant_de": CANARY_DE}]).write_extracts()
    lines = [
        {"identifiant_de": CANARY_DE, "nom": CANARY},
        {"identifiant_de": CANARY_DE, "nom": CANARY, "heures": CANARY, "date_debut": CANARY},
        {"identifiant_de": CANARY, "code_sequence": CANARY, "commentaire": CANARY * 100},
        {"identifiant_de": CANARY_DE, "nom": "Autre", "date_debut": "11/02/2025", "heures": "9999"},
    ]
    world.hours("h.csv", *lines)
    world.drop("x.csv", f"{CANARY};{CANARY_DE}\n")
    world.drop("y.xlsx", b"PK\x03\x04" + CANARY.encode())
    command = [sys.executable, "-m", "pipeline.cli", "run", "-w", str(world.workspace.root), "--as-of", "2025-06-30"]
    environ = {**os.environ, "DSF_DELAI_STABILITE": "0"}
    done = subprocess.run([*command, "--json"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = [done.stdout, done.stderr]
    for path in world.workspace.reports.rglob("*"):
        if path.is_file():
            seen.append(path.read_text(encoding="utf-8"))
    for text in seen:
        assert CANARY.casefold() not in text.casefold()
        assert CANARY_DE not in text
    assert CANARY_DE in json.dumps(world.reports())  # it is in the sender's own report, where it belongs
