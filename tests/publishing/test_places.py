"""Receivers do as they like in their folders: what they make impossible waits and is said, the rest leaves (reliability H14)."""

import errno
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline import disk, ledger
from pipeline.commands import status
from pipeline.intake import names
from pipeline.publishing import outbox
from pipeline.workspace import Workspace
from tests.world import DAY, DISPENSATEUR, SETTINGS, TITULAIRE, World, decisions, workspace

CIBLE = f"{TITULAIRE}/dsf/DSF-1-C01"


def number(path: Path) -> str:
    """The number that the deposit at ``path`` gets."""
    siret = names.depositor(path.parent.name)
    content = sha256(path.read_bytes()).hexdigest()
    return f"{DAY}-{sha256(f'{siret} {content}'.encode()).hexdigest()[:8]}"


def test_H14_a_receiver_that_takes_the_place_of_a_return_stops_that_return_alone(tmp_path: Path) -> None:
    world = World(tmp_path / "ws").add_dsf(siret_dispensateur=DISPENSATEUR).write_extracts()
    mine = world.hours("a.csv", {})
    world.hours("b.csv", {"date_debut": "11/02/2025"}, folder=DISPENSATEUR)
    taken = world.workspace.outbox / TITULAIRE / "retours" / number(mine)
    wanted = str(taken.relative_to(world.workspace.root))
    taken.mkdir(parents=True)
    (taken / "mien").write_bytes(b"mine")
    outcome = world.run()
    assert [report["comptes"]["acceptees"] for report in world.reports(DISPENSATEUR)] == [1]
    assert set(world.complements()) | set(world.complements(DISPENSATEUR)) == {"DSF-1-C01", "DSF-1-C02"}
    ((path, why),) = outcome.owed
    assert path == wanted and "prise" in why
    assert {"chemin": path, "raison": why} in outcome.view["laisses"]
    assert (taken / "mien").read_bytes() == b"mine" and len(list(taken.iterdir())) == 1
    assert [item["chemin"] for item in status.state(world.workspace, SETTINGS)["a_reprendre"]] == [path]
    assert world.run().owed == outcome.owed, "it waits as long as that lasts"
    (taken / "mien").unlink()
    taken.rmdir()
    assert world.run().owed == ()
    assert [report["comptes"]["acceptees"] for report in world.reports()] == [1]


def plain_file(space: Workspace) -> None:
    (space.outbox / TITULAIRE).mkdir()
    (space.outbox / TITULAIRE / "dsf").write_bytes(b"")


def link_elsewhere(space: Workspace) -> None:
    (space.outbox / TITULAIRE).mkdir()
    (space.root / "ailleurs").mkdir()
    (space.outbox / TITULAIRE / "dsf").symlink_to(space.root / "ailleurs")


def link_to_nothing(space: Workspace) -> None:
    (space.outbox / TITULAIRE).mkdir()
    (space.outbox / TITULAIRE / "dsf").symlink_to("nulle-part")


def empty_folder(space: Workspace) -> None:
    (space.outbox / CIBLE).mkdir(parents=True)


def pipe_in_the_place(space: Workspace) -> None:
    """Reading it would hold the run for ever."""
    (space.outbox / CIBLE).mkdir(parents=True)
    os.mkfifo(space.outbox / CIBLE / "tube")


def pipe_named_like_ours(space: Workspace) -> None:
    (space.outbox / CIBLE).mkdir(parents=True)
    os.mkfifo(space.outbox / CIBLE / "rapport.json")


@pytest.mark.parametrize(
    "obstacle",
    [plain_file, link_elsewhere, link_to_nothing, empty_folder, pipe_in_the_place, pipe_named_like_ours],
    ids=lambda obstacle: obstacle.__name__,
)
def test_H14_whatever_stands_in_the_way_the_others_leave(tmp_path: Path, obstacle: Callable[[Workspace], None]) -> None:
    space = workspace(tmp_path)
    for _ in range(2):
        with decisions.opened(space) as book:
            if not book.publications():
                obstacle(space)
                run = decisions.begin(book)
                decisions.decide(space, book, run, "DSF-1-C01")
                decisions.decide(space, book, run, "DSF-2-C01", decisions.absence("A1", "DSF-2"), siret=DISPENSATEUR)
            outbox.release(space, book)
            assert [p.cible for p in book.staged()] == [CIBLE]
            assert [path for path, _ in outbox.blocked(space, book)] == [f"outbox/{CIBLE}"]
            assert (space.spool / book.staged()[0].nom).exists(), "and it is not swept"
    assert (space.outbox / DISPENSATEUR / "dsf" / "DSF-2-C01").is_dir()
    assert not (space.root / "ailleurs" / "DSF-1-C01").exists()


@pytest.mark.parametrize("number", ["EXDEV", "EACCES", "ENOTDIR", "ELOOP"])
def test_H14_a_place_that_the_system_refuses_is_the_receiver_s_affair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    real = disk._renameat2

    def refuse(source: Path, target: Path, *where: int) -> int:
        return getattr(errno, number) if str(target).endswith(CIBLE) else real(source, target, *where)

    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
        monkeypatch.setattr(disk, "_renameat2", refuse)
        done = outbox.release(space, book)
        assert done.emis == (f"{TITULAIRE}/retours/D-DSF-1-C01",)
        monkeypatch.undo()
        assert outbox.release(space, book).emis == (CIBLE,)
    with ledger.open(space, SETTINGS) as book:
        assert outbox.blocked(space, book) == ()
