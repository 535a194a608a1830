"""What a night of the whole country would cost, on paper: `python -m bench.scale [--measure]`. The tables of docs/scale.md.

``--measure`` runs a night of some thousands of lines in this process and times each kind of work apart. The simulation then plays
nights of 20 million lines wave by wave, as ``pipeline.wave`` does: what one machine must do by itself (ask, write, commit, emit)
happens beside what workers do, except that a wave begins once the one before it is committed and has left.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from time import perf_counter
from typing import Any
from unittest import mock

from bench.made import AS_OF, Night
from bench.nights import workspace
from pipeline.run import LINES, run
from pipeline.settings import Settings
from pipeline.workspace import Workspace

NATION = 20_000_000
"""Lines of a national night: every organisation on one evening. Deposits of 100 lines, three DSF each, as in ``made.Night``."""
NIGHT = 8 * 3600
"""Seconds from the evening to the morning."""
PUT, PUTS = 3350.0, 0.1
"""Microseconds that a put to S3 takes where 16 are under way at once; puts a line (ten files for a deposit of a hundred)."""


@dataclass(frozen=True)
class Costs:
    """Microseconds a line, of one core of the machine that they were measured on.

    ``rest``: what is in no other: closing and opening what travels, looking through the inbox, pages. ``octets``: bytes a line
    that go to workers and come back. ``start``: seconds that a night takes whatever its size.
    """

    # Of workers: any number of cores, on any number of machines.
    read: float
    judge: float
    render: float
    # Of the machine that runs: one core.
    take: float
    ask: float
    write: float
    commit: float
    emit: float
    rest: float
    octets: float
    start: float

    @property
    def spread(self) -> float:
        """What workers do."""
        return self.read + self.judge + self.render


MEASURED = Costs(
    read=61.6,
    judge=173.0,
    render=395.8,
    take=4.2,
    ask=6.8,
    write=22.3,
    commit=15.3,
    emit=11.4,
    rest=43.1,
    octets=3602.4,
    start=1.0,
)
"""On one core of an AMD EPYC, 400 deposits of 100 lines, 30/11/2026."""

_TIMED = {
    # where a kind of work is called from → which it is
    "pipeline.tasks.read": "read",
    "pipeline.tasks.judged": "judge",
    "pipeline.tasks.returns_rendered": "render",
    "pipeline.tasks.sheets_rendered": "render",
    "pipeline.run.take": "take",
    "pipeline.wave.ask": "ask",
    "pipeline.wave.parts": "ask",
    "pipeline.wave.spool.write": "write",
    "pipeline.wave.spool.harden": "write",
    "pipeline.ledger.Ledger.commit": "commit",
    "pipeline.wave.outbox.release": "emit",
    "pipeline.wave.retire": "emit",
}


@contextmanager
def timed() -> Iterator[Counter[str]]:
    """Seconds spent in each kind of work meanwhile."""
    spent: Counter[str] = Counter()

    def timer(kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            start = perf_counter()
            result = real(*args, **options)
            spent[kind] += perf_counter() - start
            if kind in ("read", "judge", "render"):
                spent["octets"] += len(args[-1]) + len(result)
            return result

        return call

    with ExitStack() as stack:
        for name, kind in _TIMED.items():
            patch = mock.patch(name)
            real, _ = patch.get_original()  # type: ignore[attr-defined]
            patch.new = timer(kind, real)  # type: ignore[attr-defined]
            stack.enter_context(patch)
        yield spent


def measure(deposits: int) -> Costs:
    """Run a night in this process and say what each kind of work cost."""
    large, small = (_clocked(Night(deposits=size, rows=200_000)) for size in (deposits, deposits // 4))
    lines = {"large": deposits * 100, "small": deposits // 4 * 100}
    a_line = {name: large.spent.get(name, 0.0) / lines["large"] * 1e6 for name in (f.name for f in fields(Costs))}
    rest = (large.unexplained - small.unexplained) / (lines["large"] - lines["small"])
    start = small.unexplained - rest * lines["small"]
    found = Costs(**{**a_line, "rest": rest * 1e6, "octets": a_line["octets"] / 1e6, "start": start})
    return Costs(**{name: round(value, 1) for name, value in vars(found).items()})


@dataclass(frozen=True)
class _Clocked:
    """Seconds (and ``octets``) of each kind of work, and those that are in none."""

    spent: Mapping[str, float]
    unexplained: float


def _clocked(night: Night) -> _Clocked:
    with workspace(night, "processus = 1\n") as root, timed() as spent:
        begun = perf_counter()
        run(Workspace(root), Settings.of(root), AS_OF)
        whole = perf_counter() - begun
    return _Clocked(dict(spent), whole - sum(seconds for kind, seconds in spent.items() if kind != "octets"))


@dataclass(frozen=True)
class Played:
    """A night: its length in seconds, how much of it each resource was at work (1: all of it), bytes a second on the network."""

    seconds: float
    workers: float
    driver: float
    network: float

    @property
    def full(self) -> str:
        """What there is not enough of."""
        return "les cœurs de calcul" if self.workers >= self.driver else "la machine qui conduit"


def play(costs: Costs, lines: int, cores: int) -> Played:
    """One night with ``cores`` workers beside one machine that drives."""
    total = work = mine = 0.0
    for first in range(0, lines, LINES):
        wave = min(LINES, lines - first)
        spread, begin = wave * costs.spread / 1e6, wave * costs.take / 1e6
        beside = wave * (costs.ask + costs.write + costs.rest) / 1e6
        end = wave * (costs.commit + costs.emit) / 1e6
        total += begin + max(spread / cores, beside) + end
        work += spread / cores
        mine += begin + beside + end
    total += costs.start
    return Played(total, work / total, mine / total, lines * costs.octets / total)


def enough(costs: Costs, lines: int, drivers: int = 1) -> int | None:
    """The least number of cores with which the night ends in time; None: no number does. ``drivers``: workspaces side by side."""
    share = -(-lines // drivers)
    if play(costs, share, 1 << 20).seconds > NIGHT:
        return None
    return next(n for n in range(1, 1 << 20) if play(costs, share, n).seconds <= NIGHT) * drivers


def tables(costs: Costs) -> str:
    """What docs/scale.md shows, in French."""
    rows = [
        "| nuits nationales | cœurs de calcul | durée | au travail : calcul, conduite | réseau | ce qui manque d'abord |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for nations in (1, 10, 100):
        for cores in (2, 8, 32, 128):
            played = play(costs, nations * NATION, cores)
            busy = f"{played.workers:.0%}, {played.driver:.0%}".replace("%", " %")
            figures = f"{_hours(played.seconds)} | {busy} | {played.network / 1e6:.0f} Mo/s"
            rows.append(f"| {nations} | {cores} | {figures} | {played.full} |")
    rows += [
        "",
        "| nuits nationales | outbox | espaces de travail | cœurs de calcul, en tout, pour finir en 8 h |",
        "| --- | --- | --- | --- |",
    ]
    for nations in (1, 10, 100):
        for outbox, emit in (("dossier", costs.emit), ("S3", PUTS * PUT)):
            one = replace(costs, emit=emit)
            drivers = next(n for n in range(1, 1 << 12) if enough(one, nations * NATION, n))
            rows.append(f"| {nations} | {outbox} | {drivers} | {enough(one, nations * NATION, drivers)} |")
    return "\n".join(rows)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h".replace(".", ",")


def main() -> None:
    """Print the costs, then the tables."""
    parser = argparse.ArgumentParser(prog="bench.scale")
    parser.add_argument("--measure", action="store_true", help="time a night here, instead of what is written down")
    costs = measure(400) if parser.parse_args().measure else MEASURED
    print(costs)
    print(tables(costs))


if __name__ == "__main__":
    main()
