"""`python -m bench.safety`: what exactly-once costs an uninterrupted run, and what an old ledger costs a wave.

The same run over the same deposits, with and without durability (fsync, syncfs, SQLite's own), in turn; the best of each. Then
the questions of a wave with 200 000 keys, against a ledger of 5 million entries.
"""

import argparse
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from unittest import mock

from pipeline import disk, ledger
from pipeline.settings import Settings
from tests.world import World, decisions, workspace

LINES = 25


def prepare(root: Path, deposits: int) -> None:
    """``deposits`` files of ``LINES`` good lines, each on a DSF of its own."""
    world = World(root)
    for n in range(deposits):
        world.add_dsf(f"DSF-{n}", absences=[], sequences=[{"numero_pif": f"PIF-{n}", "heures_prevues": "2000"}])
    world.write_extracts()
    for n in range(deposits):
        lines = [{"numero_dsf": f"DSF-{n}", "date_debut": f"{1 + k:02d}/02/2025"} for k in range(LINES)]
        world.hours(f"{n}.csv", *lines)


@contextmanager
def without_durability() -> Iterator[None]:
    """Nothing is flushed: neither our files nor the database's."""
    real = sqlite3.connect

    class Careless(sqlite3.Connection):
        def execute(self, sql: str, *args: object) -> sqlite3.Cursor:  # type: ignore[override]
            return super().execute("PRAGMA synchronous=OFF" if sql == "PRAGMA synchronous=EXTRA" else sql, *args)  # type: ignore[arg-type]

    def connect(*args: object, **options: object) -> sqlite3.Connection:
        return real(*args, **{**options, "factory": Careless})  # type: ignore[no-any-return, call-overload]

    with (
        mock.patch.object(disk, "flush", lambda *_: None),
        mock.patch("sqlite3.dbapi2.connect", connect),
        mock.patch("sqlite3.connect", connect),
    ):
        yield


@contextmanager
def as_it_is() -> Iterator[None]:
    """The product's own way."""
    yield


def one(template: Path, place: Path, processes: int) -> float:
    """Seconds of one whole run over a fresh copy."""
    shutil.copytree(template, place)
    world = World(place)
    start = time.perf_counter()
    world.run(processus=processes)
    spent = time.perf_counter() - start
    shutil.rmtree(place)
    return spent


def durability(root: Path, deposits: int, times: int, processes: int) -> None:
    """Print both ways and the difference."""
    prepare(root / "modele", deposits)
    ways = {"with fsync": as_it_is, "without": without_durability}
    best = dict.fromkeys(ways, float("inf"))
    for n in range(times + 1):
        for name, way in ways.items():
            with way():
                spent = one(root / "modele", root / "essai", processes)
            if n:  # the first of each warms up
                best[name] = min(best[name], spent)
    for name, spent in best.items():
        print(f"{deposits} deposits of {LINES} lines, {name:<12}{spent:>8.2f} s")
    print(f"durability costs {100 * (best['with fsync'] / best['without'] - 1):.1f} %")


def old_ledger(root: Path, entries: int, keys: int) -> None:
    """Print what the questions of a wave cost against a ledger of that many entries."""
    space = workspace(root / "ancien")
    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
    with closing(sqlite3.connect(space.ledger)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        half = entries // 2
        some = ((f"d-{n // 50:06d}", f"p-{n % 50}", "s", "a") for n in range(half))
        connection.executemany("INSERT INTO absences VALUES (?,?,?,?,'2025-01-01','2025-01-01',700,1,'f',1)", some)
        others = ((f"d-{n // 50:06d}", f"p-{n % 50}", "s", f"c-{n // 500}") for n in range(half))
        connection.executemany(
            "INSERT INTO heures VALUES (?,?,?,'2025-01-01','2025-01-01',700,?,'pif',1,'f',1)", others
        )
        connection.commit()
    print(f"ledger of {entries} entries: {space.ledger.stat().st_size / 1e6:.0f} MB")
    asked = [f"x-{n}" for n in range(keys - 2_000)] + [f"d-{n:06d}" for n in range(2_000)]
    with ledger.open(space, Settings()) as book:
        for title, question in (
            (f"entries of {keys} DSF, 2 000 of them known", lambda: book.entries(asked, [])),
            ("entries of 400 conventions (200 000 rows)", lambda: book.entries([], [f"c-{n}" for n in range(400)])),
            (f"ranks of {keys} DSF", lambda: book.ranks(asked)),
            ("integrity check", book.check),
        ):
            start = time.perf_counter()
            question()
            print(f"{title:<48}{time.perf_counter() - start:>8.2f} s")


def main(arguments: list[str] | None = None) -> int:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deposits", type=int, default=400)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--entries", type=int, default=5_000_000)
    parser.add_argument("--keys", type=int, default=200_000)
    options = parser.parse_args(arguments)
    root = Path(mkdtemp(prefix="surete-", dir=Path.cwd() / "var" if (Path.cwd() / "var").is_dir() else None))
    try:
        durability(root, options.deposits, options.times, options.processes)
        if options.entries:
            old_ledger(root, options.entries, options.keys)
    finally:
        shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
