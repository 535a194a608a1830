"""Loss of power: what was never flushed is lost, renames that were not flushed are undone (reliability B9).

A model of a disk stands in for the real thing: it watches the labels, keeps what each flush made durable, and rebuilds the
workspace as the worst loss would leave it: a folder's entries are kept apart, so a rename may even be there twice. SQLite's own
promise is taken as given (its file is kept as it is): what is proved is that nothing *we* do before a commit is needed after it
without being durable, and that nothing is seen that the ledger may forget.
"""

import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline import disk
from pipeline.commands import verify
from pipeline.intake.retire import retire
from pipeline.intake.scan import scan
from pipeline.ledger.records import Decision
from pipeline.publishing import outbox
from pipeline.workspace import Workspace
from tests.bounded import some
from tests.world import SETTINGS, TITULAIRE, decisions, names, workspace
from tests.world.inbox import take_one

Node = tuple[int, bool]
"""An inode, and whether it is a folder."""


def node(path: Path) -> Node:
    found = path.lstat()
    return found.st_ino, stat.S_ISDIR(found.st_mode)


@dataclass
class Durable:
    """What would be on the disk: entries of folders and bytes of files, by inode and kind (a new folder may get the inode
    of a file that was removed)."""

    root: Path
    entries: dict[Node, dict[str, Node]] = field(default_factory=dict)
    contents: dict[Node, bytes] = field(default_factory=dict)
    due: tuple[str, tuple[Path, ...]] = ("", ())

    def __post_init__(self) -> None:
        for path in [self.root, *self.root.rglob("*")]:
            self.keep(path)

    def keep(self, path: Path) -> None:
        """``path`` was flushed."""
        if not path.exists():
            return
        if path.is_dir():
            self.entries[node(path)] = {entry.name: node(entry) for entry in path.iterdir()}
        else:
            self.contents[node(path)] = path.read_bytes()

    def watch(self, label: str, *paths: Path) -> None:
        """A step is announced: the one before is done. Only flushes make durable."""
        before, done = self.due
        if before.endswith((": fsync", ": syncfs")):
            everything = before.endswith("syncfs")
            for path in [self.root, *self.root.rglob("*")] if everything else done:
                self.keep(path)
        if before.endswith(": committed") or label.endswith(": begin"):
            self.keep(self.root / "var" / "registre.sqlite")
        self.due = (label, paths)

    def rebuild(self, target: Path, folder: Node | None = None) -> None:
        """Write the durable state to ``target``."""
        target.mkdir(exist_ok=True)
        for name, inner in self.entries.get(folder or node(self.root), {}).items():
            if inner[1]:
                self.rebuild(target / name, inner)
            else:
                (target / name).write_bytes(self.contents.get(inner, b""))


class PowerLoss(BaseException):
    """The light goes out."""


def wave(space: Workspace) -> None:
    """One deposit: taken, decided, emitted, removed; then the report of the run."""
    with decisions.opened(space) as book:
        found = scan(space, SETTINGS, book)
        run = decisions.begin(book)
        for arrival in found.ready:
            snapshot = take_one(space, arrival)
            assert snapshot
            given = decisions.deposit(
                "D1",
                sha256=snapshot.sha256,
                chemin=arrival.chemin,
                identite=arrival.identite,
                mtime_ns=arrival.mtime_ns,
            )
            item = decisions.complement("DSF-1-C01", "D1", (decisions.absence(),))
            tokens = decisions.stage(space, book, item, returns=(given,))
            book.commit(Decision(run, (given,), (item,), tokens), book.head())
            outbox.release(space, book)
            retire(space, book)


def steps(space: Workspace) -> int:
    seen = []
    disk.reached = lambda label, *_: seen.append(label)
    wave(space)
    return len(seen)


@pytest.mark.parametrize("each", some([False, True]), ids=lambda each: "fsync" if each else "syncfs")
def test_B09_power_is_lost_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, each: bool) -> None:
    monkeypatch.setattr(disk, "reached", disk.reached)
    monkeypatch.setattr(disk, "MANY", 1 << 30 if each else 1)
    first = workspace(tmp_path / "modele")
    (first.deposits / TITULAIRE).mkdir()
    (first.deposits / TITULAIRE / "a.csv").write_bytes(b"x;y\n")
    with decisions.opened(first):
        pass
    total = steps(Workspace(Path(shutil.copytree(first.root, tmp_path / "compte"))))
    assert total > 40
    for at in range(1, total + 1):
        place = Path(shutil.copytree(first.root, tmp_path / f"avant-{at}"))
        durable, count = Durable(place), 0

        def lose(label: str, *paths: Path) -> None:
            nonlocal count
            count += 1
            durable.watch(label, *paths)  # noqa: B023 - called before the next turn
            if count == at:  # noqa: B023
                raise PowerLoss

        disk.reached = lose
        with pytest.raises(PowerLoss):
            wave(Workspace(place))
        disk.reached = lambda *_: None
        after = Workspace(tmp_path / f"apres-{at}")
        durable.rebuild(after.root)
        for source in (after.deposits / TITULAIRE).iterdir():
            os.utime(source, ns=(0, (place / "inbox/depots" / TITULAIRE).stat().st_mtime_ns))
        seen_before = set(names(place / "outbox" / TITULAIRE)) if (place / "outbox" / TITULAIRE).exists() else set()
        wave_again(after, at)
        found = verify.verify(after, SETTINGS)
        assert [e for e in found.erreurs if "n'a pas les mêmes lignes" not in e] == [], (at, found.erreurs)
        assert found.comptes["complements"] == found.comptes["absences"] == 1, at
        assert seen_before <= set(names(after.outbox / TITULAIRE)), (at, "something seen was forgotten")
        emitted = {str(Path(name).parent) for name in names(after.outbox / TITULAIRE)}
        assert emitted == {"dsf/DSF-1-C01", "retours/D1"}, (at, "something decided was never emitted")
        assert {p.read_bytes() for p in after.originals.iterdir()} == {b"x;y\n"}, at
        shutil.rmtree(place)
        shutil.rmtree(after.root)


def wave_again(space: Workspace, at: int) -> None:
    """The next run: what was decided is emitted; what was not is decided; a source that came back is a deposit of its own."""
    with decisions.opened(space) as book:
        assert book.staged() == [], at
        decided = book.head().seq
    if not decided:
        wave(space)
