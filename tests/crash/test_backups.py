"""A backup while a run is on, at each of its steps; one that is killed, or finds no room; a restore that is killed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from pipeline import disk
from pipeline.backup.shelf import Shelf
from pipeline.commands.restore import restore
from pipeline.publishing import witness
from pipeline.workspace import Workspace
from tests.bounded import LONG
from tests.crash import scenario
from tests.crash.client import Bench, outputs, problems
from tests.crash.tally import some
from tests.crash.test_disks import mounted, mounts
from tests.world import names

TELLING = ("ledger: committed", "outbox: rename", "remplacement: rename")
"""Steps around which the view of a backup and what it copies may be of different instants."""


def steps_of(made: Bench, kinds: int) -> list[int]:
    """Steps of the run to look at: of so many kinds of ``TELLING``, one in the middle of the run each."""
    if LONG:
        return list(some(len(made.labels), 1))
    places = {kind: [n for n, label in enumerate(made.labels, 1) if label == kind] for kind in TELLING[:kinds]}
    return [found[len(found) // 2] for found in places.values() if found]


def whole(folder: Path) -> list[str]:
    """Every backup of a folder, each of which comes back."""
    for name in Shelf(folder).names():
        back = folder.parent / f"essai-{name}"
        assert restore(folder / f"{name}.json", back).ok
        shutil.rmtree(back)
    return Shelf(folder).names()


def one_more(made: Bench, place: Path, folder: Path) -> None:
    """The next backup is taken, and comes back."""
    assert made.ask(root=str(place), verb="back_up", backups=str(folder)) == 0, made.log()
    assert whole(folder)


def wrong(made: Bench, place: Path) -> list[str]:
    """As ``problems``; a report that was made while something waited says so, and what waits lies in the spool."""
    return [
        one
        for one in problems(made, place)
        if one != "the spool is not empty" and not one.startswith("differs: rapports/")
    ]


@contextmanager
def elsewhere(made: Bench) -> Iterator[Path]:
    """Another place in memory, as quick as the bench."""
    aside = made.root / "ailleurs"
    aside.mkdir()
    try:
        yield aside
    finally:
        shutil.rmtree(aside)


def lost_now(place: Path, then: Path) -> None:
    """Nothing of the workspace survives but what people see: the very files of its inbox, and its outbox."""
    shutil.copytree(place / "inbox", then / "inbox", copy_function=os.link)
    shutil.copytree(place / "outbox", then / "outbox")
    shutil.rmtree(place / "inbox")


def test_C12_a_backup_at_any_step_of_a_run_from_which_another_machine_goes_on(made: Bench) -> None:
    """The machine is lost at that very step: the run ends elsewhere as it would have ended here."""
    for at in steps_of(made, 3):
        with made.workspace() as place, elsewhere(made) as aside:
            folder, then = aside / "sauvegarde", aside / "alors"

            def meanwhile(place: Path = place, folder: Path = folder, then: Path = then) -> None:
                scenario.back_up(place, folder)
                lost_now(place, then)

            made.ask_while(meanwhile, root=str(place), at=at, then="SIGKILL")
            step = f"{made.labels[at - 1]} #{at}"
            doubt = [f"outbox/{cible}" for cible in restore(folder, then).restored.backup.doute]
            assert made.ask(root=str(then)) == 0, (step, made.log())
            found = wrong(made, then)
            assert {said.rpartition("/")[0] for said in found} == {f"missing: {p[len('outbox/') :]}" for p in doubt}, (
                step
            )
            if doubt:  # whoever receives says that they never came
                assert made.ask(root=str(then), retry=doubt) == 0
                assert wrong(made, then) == [], step


def test_C12_a_backup_at_any_step_of_a_run_halts_before_what_has_left_since(made: Bench) -> None:
    """The run goes on; the machine is lost later. The backup has disturbed nothing."""
    for at in steps_of(made, 2):
        with made.workspace() as place, elsewhere(made) as aside:
            folder, later = aside / "sauvegarde", aside / "apres"
            done = made.ask_while(partial(scenario.back_up, place, folder), root=str(place), at=at)
            assert done == 0 and problems(made, place) == [], (at, made.log())
            shutil.copytree(place / "outbox", later / "outbox")
            after, back = witness.read(Workspace(place)), restore(folder, later)
            behind = back.restored.backup.temoin.publications < after.publications
            assert back.ok is not behind, at
            if behind:
                assert made.ask(root=str(later)) == 1 and "en retard" in made.log(), at


def test_C12_a_run_that_ends_while_a_backup_copies_changes_nothing_in_it(
    made: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is seen, then a whole run takes place, then files are copied: some have come meanwhile, some have left."""
    for at in (0, *steps_of(made, 1)):
        with made.workspace() as place, elsewhere(made) as aside:
            if at:
                made.ask(root=str(place), at=at)
            ended = []

            def reached(label: str, *_: Path, place: Path = place, ended: list[int] = ended) -> None:
                if label == "sauvegarde: copy" and not ended:
                    ended.append(made.ask(root=str(place)))

            with monkeypatch.context() as patch:
                patch.setattr(disk, "reached", reached)
                scenario.back_up(place, aside / "s")
            assert ended == [0] and problems(made, place) == []
            back = restore(aside / "s", aside / "neuf")
            assert back.ok and back.restored.backup.doute == (), "what was staged has left meanwhile"
            shutil.copytree(place / "outbox", aside / "apres" / "outbox")
            assert not restore(aside / "s", aside / "apres").ok


def test_C12_a_backup_that_is_killed_at_any_step_leaves_whole_ones_only(made: Bench, tmp_path: Path) -> None:
    labels = tmp_path / "etapes"
    with made.workspace() as place:
        assert made.ask(root=str(place)) == 0
        order = {"root": str(place), "verb": "back_up", "backups": str(tmp_path / "s0")}
        assert made.ask(**order, labels=str(labels)) == 0, made.log()
        steps = labels.read_text().splitlines()
        assert any("sauvegarde: rename" in step for step in steps)
        for at in sorted({*some(len(steps), 1 if LONG else 60), *range(len(steps) - 4, len(steps) + 1)}):
            folder = tmp_path / f"s{at}"
            assert made.ask(**order | {"backups": str(folder)}, at=at) == -9
            assert whole(folder) in ([], Shelf(folder).names()[:1])
            one_more(made, place, folder)
            assert not [name for name in names(folder) if name.endswith(".tmp")]
        assert problems(made, place) == []


def test_C12_a_restore_that_is_killed_at_any_step_is_begun_again(made: Bench, tmp_path: Path) -> None:
    labels = tmp_path / "etapes"
    with made.workspace() as place:
        assert made.ask(root=str(place)) == 0
        one_more(made, place, tmp_path / "s")
        order = {"verb": "give_back", "backups": str(tmp_path / "s")}
        assert made.ask(**order, root=str(tmp_path / "n0"), labels=str(labels)) == 0, made.log()
        wanted = names(tmp_path / "n0" / "var")
        for at in some(len(labels.read_text().splitlines()), 1 if LONG else 37):
            new = tmp_path / f"n{at}"
            assert made.ask(**order, root=str(new), at=at) == -9
            if not (new / "var" / "registre.sqlite").exists():
                assert names(new / "var") == [], "all of it or nothing"
                assert made.ask(**order, root=str(new)) == 0, made.log()
            assert names(new / "var") == wanted and names(new / ".restauration") == []


@mounts
def test_B03_a_full_disk_under_a_backup(made: Bench, tmp_path: Path) -> None:
    with made.workspace() as place, mounted(tmp_path / "disque", "size=2m") as disk:
        assert made.ask(root=str(place)) == 0
        order = {"root": str(place), "verb": "back_up", "backups": str(disk / "s")}
        one_more(made, place, disk / "s")
        filler = disk / "rempli"
        for free in (0, 40_000):
            room = os.statvfs(disk)
            filler.write_bytes(b"\0" * (room.f_bavail * room.f_bsize - free))
            log = tmp_path / f"dit-{free}"
            assert made.ask(**order, log=str(log)) == 1
            assert "Libérez de la place" in log.read_text() and "sauvegarde" in log.read_text(), log.read_text()
            assert len(Shelf(disk / "s").names()) == 1
            filler.unlink()
        one_more(made, place, disk / "s")
        assert len(Shelf(disk / "s").names()) == 2
        assert outputs(place / "outbox")
