"""The table of docs/performance.md, as ratios in one run: `python -m bench [--full] [--only WORD]`; ten minutes if not full."""

import argparse
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import engines, extract, nights, pages, peer, reading, safety, small
from bench.made import Night
from bench.nights import Row

Measure = Callable[[], Row | list[Row]]


def short() -> dict[str, Measure]:
    """Every row at a size that a person waits for."""
    return {
        "naive": lambda: nights.against_naive(Night(deposits=100, rows=500_000), 1),
        "floor": lambda: nights.against_floor(Night(deposits=200, rows=500_000), 1),
        "organisation": lambda: nights.one_organisation(100),
        "big": lambda: nights.big(40_000, 1),
        "extract": lambda: [extract.against_duckdb(2_000_000, 1, ordered=order) for order in (True, False)],
        "growth": lambda: nights.growth([10_000, 40_000]),
        "processes": lambda: nights.two_processes(Night(deposits=200, rows=20_000), 1),
        "parts": lambda: engines.judging_in_parts(Night(deposits=400, rows=24_000)),
        "dask": lambda: engines.on_dask(Night(deposits=200, rows=20_000), 1),
        "ledger": lambda: safety.old_ledger(Night(deposits=100, rows=6_000), 200_000, 2),
        "postgresql": lambda: nights.on_postgresql(Night(deposits=200, rows=20_000), 2),
        "durability": lambda: safety.durability(Night(deposits=100, rows=6_000), 2),
        "commands": lambda: small.commands(3),
        "documents": small.documents,
        "reading": lambda: reading.against_calamine(50_000),
        "pages": pages.against_bare,
        "frictionless": lambda: peer.against_frictionless(50_000, 1),
    }


def full() -> dict[str, Measure]:
    """Every row at the size its target was set for."""
    return short() | {
        "naive": lambda: nights.against_naive(Night(), 1),
        "floor": lambda: nights.against_floor(Night(deposits=2_000), 1),
        "organisation": lambda: nights.one_organisation(500),
        "big": lambda: nights.big(200_000, 1),
        "extract": lambda: [extract.against_duckdb(10_000_000, 1, ordered=order) for order in (True, False)],
        "growth": lambda: nights.growth([20_000, 200_000, 1_000_000]),
        "ledger": lambda: safety.old_ledger(Night(rows=24_000), 5_000_000, 2),
        "parts": lambda: engines.judging_in_parts(Night(deposits=2_000, rows=120_000)),
        "dask": lambda: engines.on_dask(Night(deposits=1_000, rows=60_000), 2),
        "processes": lambda: nights.two_processes(Night(deposits=1_000, rows=60_000), 2),
        "postgresql": lambda: nights.on_postgresql(Night(deposits=1_000, rows=60_000), 2),
    }


def machine() -> str:
    """What the figures were measured on."""
    cpu = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    return f"{cpu.partition(':')[2].strip()}, Python {platform.python_version()}, {datetime.now(UTC):%d/%m/%Y}"


def main(arguments: Sequence[str]) -> int:
    """Print the table, row by row as it is measured."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    asked = parser.parse_args(arguments)
    print(f"{machine()}\n\n| measure | value | target | |\n| --- | --- | --- | --- |", flush=True)
    beside = []
    for name, measure in (full() if asked.full else short()).items():
        if asked.only and name not in asked.only:
            continue
        found = measure()
        for row in found if isinstance(found, list) else [found]:
            met = ("yes" if row.met else "**no**") if asked.full else ""  # targets are for the full sizes
            print(f"| {row.name} | {row.figures} | {row.target} | {met} |", flush=True)
            beside.append(f"- {row.name}: {row.beside}")
    print("\n" + "\n".join(beside))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
