"""`dsf watch` as a service runs it: a real process over a real workspace, dropped into, stopped, killed and begun again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline import ledger, lock
from pipeline.cli import Exit
from pipeline.commands import verify, watch
from pipeline.commands.watch import Pace, Seen
from pipeline.intake.scan import settled_by_now
from tests.world import SETTINGS, TITULAIRE, World
from tests.world.inbox import PATIENT, QUIET, Inbox

ONE, TWO = ("a", "1", 1, 1), ("b", "2", 1, 1)
WATCH = """
import sys
from pipeline.commands import watch
watch.SHORTEST = watch.LONGEST_BUSY = 0.3
from pipeline.cli import main
main()
"""
"""A look every third of a second: tests have less time than nights."""
CALENDAR = """
import time
_time, _day = time.time, {path!r}
time.time = lambda: _time() + 86400 * int(open(_day).read())
"""
"""A calendar clock that a test turns, days at a time, under every process of the watch."""


# --- when to look, when to run ----------------------------------------------------------------------------------------


def test_looking_takes_a_twentieth_of_the_time_and_at_least_ten_seconds_pass() -> None:
    assert [watch.interval(cost) for cost in (0.001, 0.5, 0.7, 30)] == [10, 10, 14, 600]


def test_what_has_settled_is_a_reason_for_one_run() -> None:
    pace, seen = Pace(), Seen(frozenset({ONE}))
    assert not pace.wants_run(Seen(frozenset()), 0)
    assert pace.wants_run(seen, 0)
    pace.done(seen)
    assert not pace.wants_run(seen, 10), (
        "a refused extract, a list with a slip: it stays, and the next run says the same"
    )
    assert pace.wants_run(Seen(frozenset({ONE, TWO})), 20)
    assert pace.wants_run(Seen(frozenset({("a", "1", 2, 2)})), 20), "it was saved again"


def test_a_fault_that_repeats_is_tried_less_and_less_often_and_at_once_with_something_new() -> None:
    pace, seen, now, pauses = Pace(), Seen(frozenset({ONE})), 0.0, []
    for _ in range(9):
        assert pace.wants_run(seen, now)
        pauses.append(pace.failed(seen, now, watch.LONGEST))
        assert not pace.wants_run(seen, now + pauses[-1] - 1)
        now += pauses[-1]
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    assert pace.wants_run(Seen(frozenset({ONE, TWO})), now - 1)
    pace.done(seen)
    assert not pace.wants_run(seen, now + 10_000)
    assert pace.failed(seen, now, watch.LONGEST) == 10, "it begins anew"


def test_a_run_that_was_cut_short_is_finished_without_anything_new() -> None:
    pace, seen = Pace(), Seen(frozenset(), unfinished=True)
    assert pace.wants_run(seen, 0)
    pace.failed(seen, 0, watch.LONGEST_OWED)
    assert not pace.wants_run(seen, 9) and pace.wants_run(seen, 10)


def test_while_another_run_is_on_nothing_is_tried() -> None:
    pace, seen = Pace(), Seen(frozenset({ONE}))
    pace.busy(0)
    assert not pace.wants_run(Seen(frozenset({ONE, TWO})), 9)
    assert pace.wants_run(seen, 10)


def test_a_look_counts_for_the_run_which_then_need_not_wait(tmp_path: Path) -> None:
    box = Inbox(tmp_path)
    box.drop()

    def look() -> list[str]:
        with ledger.open(box.workspace, PATIENT) as book:
            return [one.fichier for one in settled_by_now(box.workspace, PATIENT, book, clock=box.time.clock())]

    assert look() == []
    box.time.now += QUIET
    assert look() == ["a.csv"] == box.ready() and box.time.slept == []
    path = box.drop()
    path.write_bytes(b"x;y\nz;z\n")
    assert look() == [], "it was saved again: it is looked at anew"


def test_looks_need_no_more_memory_however_many(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from pipeline.commands import watch
watch.SHORTEST = 0
one = watch.Watch(Path({str(tmp_path)!r}))
held = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096
from pipeline.workspace import Workspace
space = Workspace(one.root)
space.create()
for number in range(40):
    (space.deposits / "{TITULAIRE}").mkdir(exist_ok=True)
    (space.deposits / "{TITULAIRE}" / f"{{number}}.csv.part").write_text("x")
for _ in range(150): one._round(space)
before = held()
for _ in range(150): one._round(space)
print(held() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 3_000_000, "ten thousand bytes a look would make ninety megabytes a day"


# --- a service --------------------------------------------------------------------------------------------------------


class Service:
    """A watch in a process of its own, and what it has said so far."""

    def __init__(self, root: Path, said: Path) -> None:
        self.root, self._said, self._process = root, said, None
        self._day = root.parent / "jours"
        self.days(0)
        (root.parent / "sitecustomize.py").write_text(CALENDAR.format(path=str(self._day)))
        self.begin()

    def begin(self) -> None:
        known = dict(os.environ) | {"PYTHONPATH": str(self.root.parent), "DSF_PROCESSUS": "1"}
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-c", WATCH, "watch", "-w", str(self.root)],
                env=known | {"DSF_DELAI_STABILITE": "0.5"},
                stdout=subprocess.DEVNULL,
                stderr=said,
            )

    def days(self, number: int) -> None:
        """The calendar is ``number`` days ahead."""
        draft = self._day.with_suffix(".tmp")
        draft.write_text(str(number))
        draft.rename(self._day)

    @property
    def said(self) -> str:
        return self._said.read_text(encoding="utf-8")

    def sent(self, number: int) -> int:
        """What it ends with after a signal."""
        self._process.send_signal(number)
        return self._process.wait(120)

    def ends(self) -> int:
        return self._process.wait(120)

    def until(self, holds: Callable[[], object]) -> None:
        for _ in range(1_200):
            if holds():
                return
            assert self._process.poll() is None, self.said
            time.sleep(0.1)
        pytest.fail(f"it never happened: {self.said}")


@contextmanager
def service(tmp_path: Path, world: World) -> Iterator[Service]:
    made = Service(world.workspace.root, tmp_path / "dit.txt")
    try:
        yield made
    finally:
        if made._process.poll() is None:
            made.sent(signal.SIGKILL)


def taken(world: World) -> list[str]:
    """The files that came back, in their order."""
    return [report["fichier"] for report in world.reports()]


def dates(world: World) -> set[str]:
    """The dates of the runs that have their report."""
    return {path.name[:10] for path in world.workspace.reports.iterdir() if path.is_dir()}


def test_a_service_over_its_days(tmp_path: Path) -> None:
    """A folder is missing, another run is on, there is no extract: each is said, and mended under it. A deposit settles, a day
    passes; killed, begun again; stopped within a run, begun again; a setting is wrong."""
    world = World(tmp_path / "ws").add_dsf()
    away = world.workspace.deposits.rename(tmp_path / "ailleurs")
    with service(tmp_path, world) as one:
        one.until(lambda: "Le dossier inbox/depots est absent" in one.said)
        with lock.locked(world.workspace):
            away.rename(world.workspace.deposits)
            world.hours("lundi.csv", {})
            one.until(lambda: "Un autre passage est en cours" in one.said)
        one.until(lambda: "code 4. Nouvel essai" in one.said)
        world.write_extracts()
        one.until(lambda: taken(world) == ["lundi.csv"])
        one.days(1)
        for name, number, ended in (("mercredi.csv", 9, -9), ("jeudi.csv", 15, Exit.INTERRUPTED)):
            before = one.said.count("lecture")
            world.hours(name, {"date_debut": f"{number}/03/2025", "date_fin": ""})
            one.until(lambda: one.said.count("lecture") > before)  # noqa: B023 - asked here and now
            assert one.sent(number) == ended
            one.begin()
            one.until(lambda: name in taken(world) and len(dates(world)) == 2)  # noqa: B023
        assert len(dates(world)) == 2, "a day has passed"
        assert dates(world) <= {(date.today() + timedelta(days=n)).isoformat() for n in range(3)}
        assert "Arrêt demandé" in one.said
        (world.workspace.root / "dsf.toml").write_text("politique = 'aucune'\n")
        assert one.ends() == Exit.USAGE and "Réglage politique" in one.said
    with lock.locked(world.workspace):
        pass  # no run is left behind
    told = [json.loads(line) for path in world.workspace.journal.iterdir() for line in path.read_text().splitlines()]
    assert {f"surveillance_{one}" for one in ("commence", "attend", "echec", "finie")} <= {
        one["evenement"] for one in told
    }
    assert sorted(taken(world)) == ["jeudi.csv", "lundi.csv", "mercredi.csv"]
    assert len(world.complements()) == 3 and verify.verify(world.workspace, SETTINGS).ok
