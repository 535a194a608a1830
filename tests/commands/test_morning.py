"""`dsf status` says first what needs somebody today, or that nothing does; then how the house stands."""

import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import ledger
from pipeline.bilingual import in_language
from pipeline.commands import housekeeping, morning, status
from pipeline.commands.backup import back_up
from pipeline.commands.verify import verify
from tests.world import DAY, OTHER, SETTINGS, TITULAIRE, World, workspace

Change = Callable[[dict[str, Any]], object]


def quiet() -> dict[str, Any]:
    """A state in which nobody has anything to do."""
    ages = [{"etat": e, "jours": j, "complements": 0} for e in ("emises", "saisies", "vues") for j in (7, 30, 90, None)]
    none = {"total": 0, "lignes": []}
    return {
        "registre": {"conforme": True, "lu": True, "raison": ""},
        "soins": {"sauvegarde": None, "verification": None},
        "disque": {"libres": 10**10, "jours": None},
        "inacheve": "",
        "a_reprendre": [],
        "laisses": [],
        "prets": [],
        "runs": [{"jours": 400}],
        "suivi": {"introuvables": none, "debloques": none, "par_age": ages},
        "retenues": [{"jours": j, "lignes": 0} for j in (7, 30, 90, None)],
        "retours": none,
        "avis": {"attente": 0, "abandonnes": 0, "sans_adresse": 0, "commande": 0},
    }


def aged(etat: str, **by_age: int) -> Change:
    def change(state: dict[str, Any]) -> None:
        for one in state["suivi"]["par_age"]:
            if one["etat"] == etat:
                one["complements"] = by_age.get(f"d{one['jours'] or ''}", 0)

    return change


def held(state: dict[str, Any]) -> None:
    for one, lines in zip(state["retenues"], (5, 5, 2, 1), strict=True):
        one["lignes"] = lines


NEEDED: dict[str, tuple[Change, int, str]] = {
    "registre": (lambda s: s["registre"].update(conforme=False, raison="Tout va mal."), 1, "Tout va mal."),
    "verification": (lambda s: s["soins"].update(verification={"jours": 0, "conforme": False}), 1, "contradictions"),
    "disque": (lambda s: s["disque"].update(jours=29), 1, "10 Go sur le disque : 29 jours"),
    "inacheve": (lambda s: s.update(inacheve="2025-06-30-1"), 1, "2025-06-30-1 n'est pas terminé"),
    "reprendre": (lambda s: s.update(a_reprendre=[{}]), 1, "1 dépôt ou dossier n'a pas pu"),
    "laisses": (lambda s: s.update(laisses=[{}, {}]), 2, "2 fichiers sont laissés"),
    "passage": (lambda s: s.update(prets=["x"], runs=[{"jours": 3}]), 1, "il y a 3 jours, et 1 dépôt attend"),
    "introuvables": (lambda s: s["suivi"].update(introuvables={"total": 2}), 2, "ne sont plus dans l'extrait"),
    "saisir": (aged("emises", d7=9, d30=1, d90=1, d=1), 3, "3 DSF complémentaires attendent depuis plus de 7 jours"),
    "voir": (aged("saisies", d7=9, d30=9, d90=1), 1, "1 DSF complémentaire, saisie il y a plus de 30 jours"),
    "retenues": (held, 3, "3 lignes justes sont retenues depuis plus de 30 jours"),
    "redeposer": (lambda s: s["suivi"].update(debloques={"total": 1}), 1, "1 DSF n'est plus bloquée"),
    "retours": (lambda s: s.update(retours={"total": 1, "lignes": [{}]}), 1, "1 organisme n'a pas pris"),
    "sauvegarde": (lambda s: s["soins"].update(sauvegarde={"jours": 8}), 1, "il y a 8 jours : dsf backup"),
    "avis": (lambda s: s["avis"].update(abandonnes=2), 2, "le courriel ne les atteint pas"),
    "adresses": (lambda s: s["avis"].update(sans_adresse=1), 1, "faute d'adresse"),
    "commande": (lambda s: s["avis"].update(commande=1), 1, "avis.commande échoue : 1 passage"),
    "verification, long ago": (
        lambda s: s["soins"].update(verification={"jours": 36, "conforme": True}),
        1,
        "depuis 36 jours : dsf verify",
    ),
}
WELL: dict[str, Change] = {
    "a disk that lasts": lambda s: s["disque"].update(jours=30),
    "deposits since yesterday": lambda s: s.update(prets=["x"], runs=[{"jours": 2}]),
    "deposits before the first run": lambda s: s.update(prets=["x"], runs=[]),
    "issued this week": aged("emises", d7=9),
    "typed this month": aged("saisies", d7=9, d30=9),
    "seen long ago": aged("vues", d=9),
    "a backup of last week": lambda s: s["soins"].update(sauvegarde={"jours": 7}),
    "compared last month": lambda s: s["soins"].update(verification={"jours": 35, "conforme": True}),
    "what waits by itself": lambda s: s.update(attente=[{}]),
    "mail that is tried again": lambda s: s["avis"].update(attente=3),
}


@pytest.mark.parametrize("subject", NEEDED)
def test_what_needs_somebody_is_said_with_its_number(subject: str) -> None:
    state = quiet()
    change, number, sentence = NEEDED[subject]
    change(state)
    (point,) = morning.to_do(state)
    assert (point["sujet"], point["nombre"]) == (subject.partition(",")[0], number)
    assert sentence in point["texte"]
    assert subject == "registre" or in_language(point["texte"], "en") != point["texte"]
    assert list(morning.lines([point])) == ["À faire aujourd'hui :", f"  - {point['texte']}"]


@pytest.mark.parametrize("case", WELL)
def test_what_needs_nobody_is_not_said(case: str) -> None:
    state = quiet()
    WELL[case](state)
    assert morning.to_do(state) == []
    assert list(morning.lines([])) == ["Rien à faire aujourd'hui."]


def test_the_most_pressing_comes_first() -> None:
    state = quiet()
    wanted = [subject for subject in NEEDED if "," not in subject]
    for subject in wanted:
        NEEDED[subject][0](state)
    state["soins"] = {"sauvegarde": {"jours": 8}, "verification": {"jours": 0, "conforme": False}}
    assert [point["sujet"] for point in morning.to_do(state)] == wanted


# --- from a real workspace --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with an accepted, a held and a rejected line, of two organisations."""
    made = World(tmp_path_factory.mktemp("matin") / "ws").add_dsf().add_dsf("DSF-2")
    made.add_dsf("DSF-3", siret_titulaire=OTHER, siret_dispensateur=OTHER).write_extracts()
    made.hours("bon.csv", {})
    made.hours("tenu.csv", {"numero_dsf": "DSF-2"}, {"numero_dsf": "DSF-2", "date_debut": "mars"})
    made.hours("autre.csv", {"numero_dsf": "DSF-3"}, folder=OTHER)
    made.run()
    return made.workspace.root


@pytest.fixture
def world(model: Path, tmp_path: Path) -> World:
    return World(Path(shutil.copytree(model, tmp_path / "ws")))


def on(world: World, days: int) -> dict[str, Any]:
    """The state so many days after the run."""
    return status.state(world.workspace, SETTINGS, day=DAY + timedelta(days=days))


def test_a_new_workspace_has_nothing_to_do(tmp_path: Path) -> None:
    seen = status.state(workspace(tmp_path), SETTINGS)
    assert seen["a_faire"] == [] and next(status.lines(seen, tmp_path)) == "Rien à faire aujourd'hui."


def test_held_lines_and_runs_have_their_age(world: World) -> None:
    seen = on(world, 0)
    assert [(one["jours"], one["lignes"]) for one in seen["retenues"]] == [(7, 1), (30, 0), (90, 0), (None, 0)]
    assert [point["sujet"] for point in seen["a_faire"]] == []
    seen = on(world, 40)
    assert [(one["jours"], one["lignes"], str(one["heures"])) for one in seen["retenues"]][2] == (90, 1, "7.00")
    assert [point["sujet"] for point in seen["a_faire"]] == ["saisir", "retenues"]
    (run,) = seen["runs"]
    assert run["run"] == "2025-06-30-1" and 0 <= run["secondes"] < 600
    told = list(status.lines(seen, world.workspace.root))
    assert any("1 depuis 90 jours au plus (7,00 h)" in line for line in told), told
    assert any("3 dépôts" in line and "terminé en " in line for line in told)


def test_who_takes_returns_away_and_has_left_some_is_named_and_who_reads_in_place_is_not(world: World) -> None:
    assert on(world, 7)["retours"] == {"total": 0, "lignes": []}, "nobody has taken anything"
    taken = min((world.workspace.outbox / TITULAIRE / "retours").iterdir())
    shutil.rmtree(taken)
    assert on(world, 6)["retours"]["total"] == on(world, 91)["retours"]["total"] == 0
    seen = on(world, 7)
    assert seen["retours"] == {
        "total": 1,
        "lignes": [{"siret": TITULAIRE, "retours": 1, "depuis": "2025-06-30", "jours": 7}],
    }
    assert [point["sujet"] for point in seen["a_faire"]] == ["retours"]
    assert any(
        f"retours non pris : {TITULAIRE}, 1 retour, il y a 7 jours" in line for line in status.lines(seen, taken)
    )


def test_the_disk_is_told_by_part_with_what_came_within_a_month(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {one["partie"]: one for one in on(world, 0)["disque"]["parties"]}
    assert set(parts) == {"registre", "originaux", "reference", "extraits", "outbox"}
    originals = [path.stat().st_size for path in world.workspace.originals.iterdir()]
    assert parts["originaux"] == {"partie": "originaux", "octets": sum(originals), "complet": True}
    assert parts["registre"]["octets"] == world.workspace.ledger.stat().st_size
    for folder in (world.workspace.var, world.workspace.outbox):
        for path in folder.rglob("*"):
            os.utime(path, (0, 0))
    old = on(world, 0)["disque"]
    assert (old["croissance"], old["jours"]) == (0, None)
    new = world.workspace.originals / ("1" * 64)
    new.write_bytes(b"x" * 5000)
    grown = status.state(world.workspace, SETTINGS)["disque"]
    assert grown["croissance"] == 5000 and grown["jours"] == grown["libres"] * 30 // 5000
    monkeypatch.setattr(housekeeping, "MOST", 1)
    parts = {one["partie"]: one for one in on(world, 0)["disque"]["parties"]}
    assert not parts["originaux"]["complet"]
    assert any("originaux plus de" in line for line in status.lines(on(world, 0), world.workspace.root))


def test_a_ledger_that_contradicts_its_outbox_comes_first(world: World) -> None:
    witness = world.workspace.witness
    witness.write_text(witness.read_text().replace('"seq": ', '"seq": 9'))
    seen = on(world, 40)
    assert seen["a_faire"][0]["sujet"] == "registre" and "en retard sur l'outbox" in seen["a_faire"][0]["texte"]
    assert not any(line.startswith("Registre :") for line in status.lines(seen, world.workspace.root))


def test_a_large_ledger_is_not_read_whole_each_morning(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "QUICK", 10)
    monkeypatch.setattr(ledger.Ledger, "check", lambda _: pytest.fail("it was read"))
    seen = on(world, 0)
    assert seen["registre"] == {"conforme": True, "lu": False, "raison": ""}
    assert any("trop grand" in line for line in status.lines(seen, world.workspace.root))


def test_the_last_backup_and_the_last_check_are_known(world: World, tmp_path: Path) -> None:
    today = date.today()
    assert on(world, 0)["soins"] == {"sauvegarde": None, "verification": None}
    back_up(world.workspace, SETTINGS, tmp_path / "s")
    next(world.workspace.originals.iterdir()).write_bytes(b"")
    verify(world.workspace, SETTINGS)
    seen = status.state(world.workspace, SETTINGS, day=today + timedelta(days=8))
    assert seen["soins"]["sauvegarde"]["dossier"] == str(tmp_path / "s") and seen["soins"]["sauvegarde"]["jours"] in (
        8,
        9,
    )
    assert seen["soins"]["verification"]["conforme"] is False
    assert {"sauvegarde", "verification"} <= {point["sujet"] for point in seen["a_faire"]}
    told = "\n".join(status.lines(seen, world.workspace.root))
    assert f"dans {tmp_path / 's'}" in told and "avec des contradictions" in told
    world.workspace.last_backup.write_text("{")
    assert on(world, 0)["soins"]["sauvegarde"] is None
