"""Whole runs, as an operator starts them, beside what they are measured against. Each row is a ratio within one run."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import made
from bench.made import AS_OF, Night
from bench.measure import Cost, cost, dsf, python
from pipeline.workspace import Workspace
from schemas.fields import ABSENCES
from tests.servers.postgres import server


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, the figures, the target, whether it is met; ``beside``: CPU, wall, load."""

    name: str
    figures: str
    target: str
    met: bool
    beside: str


@contextmanager
def workspace(night: Night, settings: str = "processus = 2\n") -> Iterator[Path]:
    """A workspace in which a night waits: its extract, and its deposits."""
    with tempfile.TemporaryDirectory(prefix="dsf-bench-") as name:
        root = Path(name) / "atelier"
        place = Workspace(root)
        place.create()
        (root / "dsf.toml").write_text(f"delai_stabilite = 0\n{settings}")
        made.write_extract(place.extracts, night)
        made.write_deposits(place.deposits, night)
        yield root


@contextmanager
def copy(root: Path) -> Iterator[Path]:
    """A double of a workspace, to be run over."""
    with tempfile.TemporaryDirectory(prefix="dsf-bench-", dir=root.parent) as name:
        target = Path(name) / "double"
        shutil.copytree(root, target, copy_function=shutil.copy2)
        yield target


def run(root: Path) -> Cost:
    """`dsf run` in a workspace."""
    return cost(dsf("run", "--workspace", root, "--as-of", AS_OF.isoformat()))


def run_over(root: Path) -> Cost:
    """`dsf run` in a double of a workspace, which stays as it is."""
    with copy(root) as double:
        return run(double)


def report(root: Path) -> dict[str, Any]:
    """run.json of the last run."""
    found: dict[str, Any] = json.loads(sorted((root / "outbox/rapports").glob("*/run.json"))[-1].read_text())
    return found


def least(measures: list[Cost]) -> Cost:
    """The least of several rounds, each figure for itself: what the work costs, whoever else is on the machine."""
    return Cost(
        min(one.cpu for one in measures),
        min(one.wall for one in measures),
        min(one.peak for one in measures),
        max(one.load for one in measures),
    )


def by_turns(rounds: int, *measures: Callable[[], Cost]) -> list[Cost]:
    """The least of each, measured in turn."""
    found: list[list[Cost]] = [[] for _ in measures]
    for _ in range(rounds):
        for measure, costs in zip(measures, found, strict=True):
            costs.append(measure())
    return [least(costs) for costs in found]


def said(**costs: Cost) -> str:
    """Costs, to stand beside a ratio."""
    parts = [f"{name} {one.cpu:.1f} s CPU, {one.wall:.1f} s wall, {one.peak} MiB" for name, one in costs.items()]
    return " · ".join([*parts, f"load {max(one.load for one in costs.values()):.1f}"])


def against_naive(night: Night, rounds: int) -> list[Row]:
    """The night, and what a pandas user makes of it; the verdicts of both are the same, line by line."""
    with workspace(night) as root:
        verdicts = root.parent / "ours.csv"

        def ours() -> Cost:
            with copy(root) as double:
                spent = run(double)
                shutil.copy(next(double.glob("outbox/rapports/*/verdicts.csv")), verdicts)
            return spent

        def naive(*options: str) -> Cost:
            with tempfile.TemporaryDirectory(prefix="dsf-bench-") as out:
                spent = cost(python("-m", "bench.naive", root, out, *options))
                cost(python("-m", "bench.naive", "--same", verdicts, Path(out) / "verdicts.csv"))
            return spent

        mine, theirs, better = by_turns(rounds, ours, naive, lambda: naive("--looks-first"))
    name = f"night of {night.deposits} deposits × {night.lines} lines, extract of {night.rows:,} rows: {{}} ÷ dsf"
    return [
        _ratio(name.format("naive"), theirs, mine, 8),
        _ratio(name.format("naive that looks up its DSF first"), better, mine, 0),
    ]


def _ratio(name: str, theirs: Cost, mine: Cost, target: float) -> Row:
    cpu, wall = theirs.cpu / mine.cpu, theirs.wall / mine.wall
    wanted = f"≥ {target} ×" if target else ""
    return Row(
        name, f"{cpu:.1f} × CPU, {wall:.1f} × wall", wanted, min(cpu, wall) >= target, said(dsf=mine, naive=theirs)
    )


def against_floor(night: Night, rounds: int) -> Row:
    """The night, and the least that reading its files and writing its bytes can cost."""
    with workspace(night) as root, copy(root) as first:
        run(first)
        cost(python("-m", "bench.floor", "pack", first / "outbox", root.parent / "pack"))

        def floor() -> Cost:
            with tempfile.TemporaryDirectory(prefix="dsf-bench-") as out:
                return cost(python("-m", "bench.floor", "run", root, root.parent / "pack", Path(out) / "x", 2))

        mine, least_of_all = by_turns(rounds, lambda: run_over(root), floor)
    ratio = mine.cpu / least_of_all.cpu
    met = ratio <= 20 and mine.peak <= 1200
    name = f"night of {night.deposits} deposits: dsf ÷ floor; largest process"
    return Row(name, f"{ratio:.1f} ×; {mine.peak} MiB", "≤ 20 ×; ≤ 1200 MiB", met, said(dsf=mine, floor=least_of_all))


def on_postgresql(night: Night, rounds: int) -> Row:
    """The night with its ledger in PostgreSQL on this machine, and in SQLite; the server's own work is in the wall's time."""
    with workspace(night) as root, server() as running:

        def there() -> Cost:
            with copy(root) as double:
                with (double / "dsf.toml").open("a") as settings:
                    settings.write(f'ledger = "{running.url(running.database())}"\n')
                return run(double)

        here, afar = by_turns(rounds, lambda: run_over(root), there)
    ratio = afar.wall / here.wall
    name = f"night of {night.deposits} deposits × {night.lines} lines: ledger in PostgreSQL ÷ in SQLite"
    figures = f"{ratio:.2f} × wall, {afar.cpu / here.cpu:.2f} × CPU of ours"
    return Row(name, figures, "≤ 1.2 ×", ratio <= 1.2, said(postgresql=afar, sqlite=here))


def one_organisation(deposits: int) -> Row:
    """Deposits of one organisation, one after the other, on the same 30 DSF."""
    night = Night(deposits=deposits, dsf=30, share=deposits, holders=1, rows=2_000)
    with workspace(night) as root:
        spent = run(root)
        seconds = report(root)["durees"]["jugement"]
    name = f"{deposits} deposits of one organisation on the same 30 DSF: judging"
    return Row(name, f"{seconds:.1f} s", "≤ 10 s for 500", seconds <= 10, said(dsf=spent))


def two_processes(night: Night, rounds: int) -> Row:
    """The same night in one process and in two."""
    with workspace(night) as root:

        def in_processes(count: int) -> Cost:
            (root / "dsf.toml").write_text(f"delai_stabilite = 0\nprocessus = {count}\n")
            return run_over(root)

        one, two = by_turns(rounds, lambda: in_processes(1), lambda: in_processes(2))
    gain = one.wall / two.wall
    name = f"night of {night.deposits} deposits: two processes against one"
    return Row(name, f"{gain:.2f} ×", "≥ 1.75 ×", gain >= 1.75, said(one=one, two=two))


def growth(sizes: list[int]) -> Row:
    """What a line costs, however many there are: CPU of a run less that of an empty one."""
    per_line = []
    for lines in sizes:
        night = Night(deposits=max(1, lines // 100), rows=max(60, lines // 100 * 60), faulty=10)
        with workspace(night) as root:
            with copy(root) as double:
                shutil.rmtree(double / "inbox/depots")
                (double / "inbox/depots").mkdir()
                nothing = run(double)
            whole = run(root)
        per_line.append((whole.cpu - nothing.cpu) / lines * 1000)
    shown = " · ".join(f"{lines:,}: {one:.2f} ms" for lines, one in zip(sizes, per_line, strict=True))
    spread = max(per_line) / min(per_line)
    return Row("cost of a line, by lines", f"{shown} (× {spread:.2f})", "within 15 %", spread <= 1.15, "")


def big(lines: int, rounds: int) -> list[Row]:
    """One xlsx of clean lines beside calamine alone, then the same with every line faulty."""
    dsf_count = -(-lines // 100)
    night = Night(deposits=1, lines=lines, dsf=dsf_count, holders=1, rows=dsf_count * made.ROWS)
    with workspace(night) as root:
        (path,) = root.rglob("*.xlsx")
        spent = _big_costs(root, path, rounds)
        clean, check, alone = spent
        bad = [(kind, line | {"motif" if kind == ABSENCES else "heures": 0}) for kind, line in made.lines_of(0, night)]
        made.write_workbook(path, bad)
        with copy(root) as double:
            faulty = run(double)
            (back,) = double.glob("outbox/*/retours/*")
            size = sum(one.stat().st_size for one in back.iterdir()) / 1e6
    ratio, checked, worse = clean.cpu / alone.cpu, check.cpu / alone.cpu, faulty.cpu / clean.cpu
    return [
        Row(
            f"one xlsx of {lines:,} lines: run, check ÷ calamine; largest process",
            f"{ratio:.1f} ×, {checked:.1f} ×; {clean.peak} MiB",
            "≤ 25 ×, ≤ 10 ×; ≤ 1200 MiB",
            ratio <= 25 and checked <= 10 and max(clean.peak, check.peak) <= 1200,
            said(run=clean, check=check, calamine=alone),
        ),
        Row(
            "the same, every line faulty ÷ clean; largest process; what comes back",
            f"{worse:.2f} ×; {faulty.peak} MiB; {size:.1f} MB",
            "≤ 1.5 ×; ≤ 1200 MiB; ≤ 20 MB",
            worse <= 1.5 and faulty.peak <= 1200 and size <= 20,
            said(run=faulty),
        ),
    ]


_CALAMINE = "import sys; from bench.reading import calamine; from pathlib import Path; calamine(Path(sys.argv[1]))"
_NOTHING = "import sys; from bench.reading import calamine; from pathlib import Path"


def _big_costs(root: Path, path: Path, rounds: int) -> list[Cost]:
    """Of a run, of a check, and of calamine alone without the start of Python."""
    with copy(root) as loaded:
        cost(dsf("extract", "load", "--workspace", loaded))

        def of_check() -> Cost:
            day = AS_OF.isoformat()
            return cost(
                dsf("check", path, "--siret", path.parent.name, "--workspace", loaded, "--as-of", day), allowed=(0, 3)
            )

        clean, check, alone, start = by_turns(
            rounds,
            lambda: run_over(loaded),
            of_check,
            lambda: cost(python("-c", _CALAMINE, path)),
            lambda: cost(python("-c", _NOTHING)),
        )
    return [clean, check, Cost(alone.cpu - start.cpu, alone.wall - start.wall, alone.peak, alone.load)]
