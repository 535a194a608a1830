"""The real run over shared storage, killed at its steps; the server dying at its acts; a receiver that takes all at once.

The oracle is that of the crash sweep, against what a run on a local disk gives.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from pipeline import ledger
from pipeline.publishing import outbox
from pipeline.workspace import Workspace
from tests.bounded import every
from tests.crash.client import Bench, bench, problems
from tests.storage.shelf import OnS3, OnSftp, Shelf, fetch, send

STEP = every(700)
"""Every n-th step of a run is its last; 1 takes them all (`make sweep`)."""
PARTS = ("depots", "outbox")
KEYS = ("rapport.json",)


@pytest.fixture(scope="module")
def s3_first(s3_server: object) -> object:
    """Its environment is there before the bench starts, whose children inherit it."""
    return s3_server


@pytest.fixture(scope="module")
def made(s3_first: object) -> Iterator[Bench]:
    with bench() as running:
        yield running


class Trial:
    """One workspace on the shelf: its runs, and what a receiver took."""

    def __init__(self, made: Bench, shelf: Shelf, place: Path) -> None:
        self.made, self.shelf, self.place = made, shelf, place
        self.settings = shelf.settings(*PARTS)
        self.taken: dict[str, bytes] = {}
        self.doubles: list[str] = []
        self.looking = threading.Lock()
        rows = [f'{name} = "{value}"' for name, value in asdict(self.settings.stockage).items()]
        (place / "dsf.toml").write_text("\n".join(["[stockage]", *rows, ""]))
        send(shelf, "depots", place / "inbox" / "depots")
        send(shelf, "outbox", place / "outbox")  # the witness of the template's first run is there

    def run(self, **order: object) -> int:
        return self.made.ask(root=str(self.place), **order)

    def receive(self) -> None:
        """Take every complement and return that has appeared; one look at a time, though requests come at once."""
        with self.looking:
            self._receive()

    def _receive(self) -> None:
        for name in self.shelf.names("outbox"):
            folder, _, file = name.rpartition("/")
            kind, number = (*folder.split("/"), "", "")[1:3]
            if kind in ("dsf", "retours") and file in (*KEYS, f"{number}.json"):
                for inner in self.shelf.names(f"outbox/{folder}"):
                    if f"{folder}/{inner}" in self.taken:
                        self.doubles.append(f"{folder}/{inner}")
                    self.taken[f"{folder}/{inner}"] = self.shelf.read(f"outbox/{folder}/{inner}")
                self.shelf.take(f"outbox/{folder}")

    def problems(self) -> list[str]:
        """What is wrong once the last run is over."""
        fetch(self.shelf, "outbox", self.place / "outbox")
        fetch(self.shelf, "depots", self.place / "inbox" / "depots")
        bad = problems(self.made, self.place, self.taken)
        return bad + [f"twice: {name}" for name in self.doubles]

    def doubtful(self) -> list[str]:
        """Places of the outbox that a person is asked about."""
        workspace = Workspace(self.place)
        with ledger.open(workspace, self.settings) as book:
            return list(outbox.in_doubt(workspace, book))

    def answered(self) -> None:
        """The receiver is asked: what it has not got is to leave; what it has got counts as emitted once that is said."""
        workspace = Workspace(self.place)
        with ledger.open(workspace, self.settings) as book:
            for place, publication in outbox.in_doubt(workspace, book).items():
                if any(name.startswith(f"{publication.cible}/") for name in self.taken):
                    (workspace.spool / f"{publication.nom}.engage").rename(workspace.spool / f"{publication.nom}.emis")
                else:
                    outbox.try_again(workspace, book, [place])


@pytest.fixture
def trials(made: Bench, shelf: Shelf) -> Iterator[Callable[[], Iterator[Trial]]]:
    def each() -> Iterator[Trial]:
        while True:
            for part in PARTS:
                shelf.take(part)
            with made.workspace() as place:
                yield Trial(made, shelf, place)

    yield each


def steps(trial: Trial) -> int:
    """How many steps an uninterrupted run announces."""
    labels = trial.made.root / "labels-there"
    assert trial.run(labels=str(labels)) == 0, trial.made.log()[-2000:]
    assert trial.problems() == []
    return len(labels.read_text().splitlines())


@pytest.mark.sweep
def test_B01_killed_at_every_step(trials: Callable[[], Iterator[Trial]]) -> None:
    each = trials()
    total = steps(next(each))
    bad = []
    for at in range(1, total + 1, STEP):
        trial = next(each)
        code = trial.run(at=at)
        again = trial.run()
        doubt = trial.doubtful()
        trial.answered()
        again = trial.run() if doubt else again
        found = trial.problems() + ([] if code == -9 else ["not killed"])
        if doubt:
            # Killed between the note that it begins and the put. The report of that run said so.
            found = [one for one in found if not one.endswith("/run.json")]
            found += [] if isinstance(trial.shelf, OnS3) else ["in doubt"]
        if found or again:
            bad.append(f"#{at}: {again} {doubt} {found[:4]}")
    assert total > 150 and bad == []


@pytest.mark.sweep
def test_D01_D08_killed_while_a_receiver_takes_all_at_once(trials: Callable[[], Iterator[Trial]]) -> None:
    """On SFTP nothing is missing nor twice. On S3 nothing is twice, and whatever is not certain is asked about."""
    each = trials()
    trial = next(each)
    total = steps(trial)
    bad = []
    for at in range(1 + STEP // 2, total + 1, STEP):
        trial = next(each)
        greedy(trial)
        trial.run(at=at)
        again = trial.run()
        doubt = trial.doubtful()
        if doubt and isinstance(trial.shelf, OnSftp):
            bad.append(f"#{at}: in doubt on SFTP: {doubt}")
        trial.answered()
        again = again and trial.run()
        patient(trial)
        if found := trial.problems():
            bad.append(f"#{at}: {again} {doubt} {found[:4]}")
    assert bad == []


def greedy(trial: Trial) -> None:
    """From now on a receiver looks at every act of the server."""
    if isinstance(trial.shelf, OnSftp):
        trial.shelf.server.seen = lambda act: trial.receive() if act in ("rename", "lstat", "open") else None
    elif isinstance(trial.shelf, OnS3):

        def rule(_method: str, _path: str, _headers: object) -> str:
            trial.receive()
            return ""

        trial.shelf.server.rule = rule


def patient(trial: Trial) -> None:
    """It has seen enough."""
    trial.receive()
    if isinstance(trial.shelf, OnSftp):
        trial.shelf.server.seen = lambda _act: None
    elif isinstance(trial.shelf, OnS3):
        trial.shelf.server.rule = lambda *_: ""


@pytest.mark.sweep
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_D09_A19_the_server_dies_at_every_act_of_a_run(made: Bench, sftp: object, after: bool) -> None:
    shelf = OnSftp(sftp)  # type: ignore[arg-type]
    with made.workspace() as place:
        trial = Trial(made, shelf, place)
        assert trial.run() == 0
        acts = len(shelf.server.acts)
    bad = []
    for at in range(1 + 30 * after, acts + 1, 3 * STEP - 2):
        for part in PARTS:
            shelf.take(part)
        with made.workspace() as place:
            trial = Trial(made, shelf, place)
            shelf.server.cut(at, after=after, once=False)
            code = trial.run()
            shelf.server.heal()
            again = trial.run()
            if (found := trial.problems()) or again or code not in (0, 1):
                bad.append(f"{at}: {code} {again} {found[:4]}")
    assert acts > 200 and bad == []


@pytest.mark.sweep
def test_D06_every_answer_of_a_run_is_lost_in_turn(made: Bench, s3: object) -> None:
    """The request is done and nobody hears of it."""
    shelf = OnS3(s3)  # type: ignore[arg-type]
    with made.workspace() as place:
        trial = Trial(made, shelf, place)
        shelf.server.requests.clear()
        assert trial.run() == 0
        total = len(shelf.server.requests)
    bad = []
    for at in range(1, total + 1, max(1, STEP // 4)):
        for part in PARTS:
            shelf.take(part)
        with made.workspace() as place:
            trial = Trial(made, shelf, place)
            shelf.server.requests.clear()
            shelf.server.rule = lambda *_, at=at: "lost" if len(shelf.server.requests) == at else ""
            code = trial.run()
            shelf.server.rule = lambda *_: ""
            again = trial.run()
            if (found := trial.problems()) or again or code not in (0, 1):
                bad.append(f"{at}: {code} {again} {found[:4]}")
    assert total > 60 and bad == []
