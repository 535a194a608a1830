"""Lists in inbox/saisies: what a run notes, what it leaves and why, and that no list is lost on its way to the archive."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline import ledger
from pipeline.cli import main
from pipeline.intake import entered
from pipeline.run import Outcome
from tests.world import SETTINGS, World, names

DAY = date(2025, 7, 10)
HEAD = "numero,numero_kairos,date_saisie\n"
GOOD = HEAD + "DSF-1-C01,K-1,2025-07-01\nDSF-2-C01,K-2,02/07/2025\n"
HALF = HEAD + "DSF-1-C01,K-1,2025-07-01\nDSF-9-C01,K-9,2025-07-01\n"


class Dies(BaseException):
    """Stands in for the death of the process."""


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two complements, issued on 30 June."""
    made = World(tmp_path_factory.mktemp("saisies")).add_dsf().add_dsf("DSF-2").write_extracts()
    made.hours("h.csv", {}, {"numero_dsf": "DSF-2", "date_debut": "11/02/2025"})
    made.run()
    return made.workspace.root


@pytest.fixture
def world(issued: Path, tmp_path: Path) -> World:
    """``issued``, to be changed."""
    shutil.copytree(issued, tmp_path / "ws")
    return World(tmp_path / "ws")


def take(world: World) -> dict[str, str]:
    """What a run does with lists, without the rest of it: those it leaves, and why."""
    with ledger.open(world.workspace, SETTINGS) as book:
        entered.put_back(world.workspace)
        lists = entered.scan_entered(world.workspace, SETTINGS, book)
        return dict(entered.note_entered(world.workspace, SETTINGS, book, lists.settled, DAY))


def put(world: World, text: str | bytes, name: str = "liste.csv") -> Path:
    path = world.workspace.entered / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def typed(world: World) -> dict[str, tuple[str, date | None]]:
    with ledger.open(world.workspace, SETTINGS) as book:
        return {one.numero: (one.numero_kairos, one.saisie_le) for one in book.followed()}


BOTH = {"DSF-1-C01": ("K-1", date(2025, 7, 1)), "DSF-2-C01": ("K-2", date(2025, 7, 2))}
NEITHER = {"DSF-1-C01": ("", None), "DSF-2-C01": ("", None)}


def left(outcome: Outcome) -> dict[str, str]:
    return {item["chemin"]: item["raison"] for item in outcome.view["laisses"]}


def test_a_list_is_noted_and_archived_unchanged(world: World) -> None:
    put(world, GOOD)
    assert left(world.run(DAY)) == {}
    assert typed(world) == BOTH
    assert names(world.workspace.entered) == []
    assert (world.workspace.entered_archive / "liste.csv").read_text() == GOOD


def test_a_wrong_row_keeps_its_list_in_the_inbox_and_nobody_waits_for_it(world: World) -> None:
    path = put(world, HALF)
    first = left(world.run(DAY))
    assert first["inbox/saisies/liste.csv"].startswith("ligne 3 : numéro inconnu du registre")
    assert typed(world)["DSF-1-C01"] == ("K-1", date(2025, 7, 1))
    assert left(world.run(DAY)) == first, "said as long as it stands there"
    path.write_text(GOOD)
    assert left(world.run(DAY)) == {}
    assert typed(world) == BOTH
    assert names(world.workspace.entered_archive) == ["liste.csv"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("DSF-1-C01,K-1,juillet", "date_saisie illisible"),
        ("DSF-1-C01,K-1,01/07/25", "date_saisie illisible"),
        ("DSF-1-C01,K-1,", "date_saisie illisible"),
        ("DSF-1-C01,K-1,2025-06-29", "antérieure à l'émission"),
        ("DSF-1-C01,K-1,2025-07-11", "dans l'avenir"),
        ("DSF-1-C02,K-1,2025-07-01", "numéro inconnu"),
        (",K-1,2025-07-01", "numéro inconnu"),
        ("DSF-1-C01," + "K" * 101 + ",2025-07-01", "trop long"),
    ],
)
def test_every_wrong_row_says_its_line_and_why(world: World, row: str, why: str) -> None:
    put(world, HEAD + "DSF-2-C01,K-2,2025-07-02\n" + row + "\n")
    reason = take(world)["inbox/saisies/liste.csv"]
    assert reason.startswith("ligne 3 : ")
    assert why in reason
    assert typed(world) == {**NEITHER, "DSF-2-C01": BOTH["DSF-2-C01"]}


def test_a_list_that_stays_takes_back_no_correction(world: World) -> None:
    put(world, HALF)
    take(world)
    with ledger.open(world.workspace, SETTINGS) as book:
        book.enter("DSF-1-C01", kairos="K-7", day=DAY)
    take(world)
    assert typed(world)["DSF-1-C01"] == ("K-7", DAY)


def test_nothing_in_the_archive_is_written_over(world: World) -> None:
    texts = [GOOD, HEAD + "DSF-1-C01,K-3,2025-07-03\n", GOOD]
    for text in texts:
        put(world, text)
        take(world)
    assert {path.name: path.read_text() for path in world.workspace.entered_archive.iterdir()} == {
        "liste.csv": texts[0],
        "liste-2.csv": texts[1],
    }, "the same bytes once"


def test_what_is_saved_again_while_it_is_archived_is_read_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(world, GOOD)
    later = HEAD + "DSF-1-C01,K-8,2025-07-08\n"

    def saves(label: str, *paths: Path) -> None:
        if label == "saisies: rename" and paths[0] == path:
            path.write_text(later)

    monkeypatch.setattr("pipeline.disk.reached", saves)
    take(world)
    assert path.read_text() == later
    monkeypatch.undo()
    take(world)
    assert typed(world)["DSF-1-C01"] == ("K-8", date(2025, 7, 8))
    assert sorted(path.read_text() for path in world.workspace.entered_archive.iterdir()) == sorted([GOOD, later])


def test_a_death_at_any_step_loses_no_list_and_says_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of the archive, and of the ledger while lists are noted."""
    at, met = 0, 1
    while met > 0:
        met = 0

        def reached(label: str, *_: Path, at: int = at) -> None:
            nonlocal met
            if label.startswith("saisies: "):
                met += 1
                if met > at:
                    raise Dies

        text = HEAD + f"DSF-1-C01,K-{at},2025-07-01\n"
        put(world, text, "liste.csv")
        monkeypatch.setattr("pipeline.disk.reached", reached)
        try:
            take(world)
            met = 0
        except Dies:
            pass
        monkeypatch.undo()
        take(world)
        assert typed(world)["DSF-1-C01"][0] == f"K-{at}"
        assert names(world.workspace.entered) == []
        archived = [path.read_text() for path in world.workspace.entered_archive.iterdir()]
        assert archived.count(text) == 1
        at += 1
    assert at > 6
    with ledger.open(world.workspace, SETTINGS) as book:
        assert book.counts()["saisies"] == at


def test_a_dry_run_notes_nothing_and_takes_no_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSF_DELAI_STABILITE", "0")
    monkeypatch.setenv("DSF_PROCESSUS", "1")
    path = put(world, HALF)
    where = ["-w", str(world.workspace.root)]
    done = CliRunner().invoke(main, ["run", "--dry-run", "--as-of", "2025-07-10", "--json", *where])
    assert [item["chemin"] for item in json.loads(done.stdout)["laisses"]] == ["inbox/saisies/liste.csv"]
    assert path.read_text() == HALF
    assert typed(world) == NEITHER


def test_status_says_which_lists_wait_and_which_row_is_wrong(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSF_DELAI_STABILITE", "0")
    put(world, GOOD, "a.csv")
    put(world, HALF, "b.csv")
    put(world, "?", "c.csv")
    (world.workspace.entered / "d.csv").symlink_to(world.workspace.root / "dsf.toml")
    where = ["-w", str(world.workspace.root)]
    seen = json.loads(CliRunner().invoke(main, ["status", "--json", *where]).stdout)
    assert seen["saisies_en_attente"] == ["inbox/saisies/a.csv"]
    said = {item["chemin"]: item["raison"] for item in seen["laisses"]}
    assert said["inbox/saisies/b.csv"].startswith("ligne 3 : numéro inconnu")
    assert "colonnes attendues" in said["inbox/saisies/c.csv"]
    assert "lien symbolique" in said["inbox/saisies/d.csv"]
    assert "b.csv (ligne 3 : numéro inconnu" in CliRunner().invoke(main, ["status", *where]).stdout
    assert typed(world) == NEITHER
