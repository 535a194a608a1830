"""What exactly-once costs an uninterrupted night, and what an old ledger costs one."""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from unittest import mock

from bench import made
from bench.made import Night
from bench.measure import Cost, cost, python
from bench.nights import Row, by_turns, copy, run, run_over, said, workspace
from pipeline import disk
from pipeline.settings import Settings
from pipeline.workspace import Workspace

_KEYS = "cle_dsf, cle_de, cle_sequence, date_debut, date_fin, heures, complement, feuille, ligne"
chain = import_module("pipeline.run")  # by that name the package gives its function


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


def fill(ledger_path: Path, entries: int) -> None:
    """Put ``entries`` absences and hours of other DSF into a ledger that has a complement already, as if it had issued them."""
    with closing(sqlite3.connect(ledger_path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        half = entries // 2
        some = ((f"d-{n // 50:06d}", f"p-{n % 50}", "s", "a") for n in range(half))
        connection.executemany(
            f"INSERT INTO absences ({_KEYS}, cle_absence) VALUES (?,?,?,'2025-01-01','2025-01-01',700,1,'f',1,?)", some
        )
        others = ((f"d-{n // 50:06d}", f"p-{n % 50}", "s", f"c-{n // 500}") for n in range(half))
        connection.executemany(
            f"INSERT INTO heures ({_KEYS}, cle_convention, cle_pif) VALUES (?,?,?,'2025-01-01','2025-01-01',700,1,'f',1,?,'pif')",
            others,
        )
        connection.commit()


def old_ledger(night: Night, entries: int, rounds: int) -> Row:
    """The same night against the ledger of one deposit, and against one of millions of entries."""
    with workspace(night) as root:
        waiting = root.parent / "depots"
        (root / "inbox/depots").rename(waiting)
        (root / "inbox/depots").mkdir()
        made.write_deposits(root / "inbox/depots", replace(night, deposits=1, faulty=0))
        run(root)
        shutil.rmtree(root / "inbox/depots")
        waiting.rename(root / "inbox/depots")
        with copy(root) as old:
            fill(old / "var/registre.sqlite", entries)

            young, aged = by_turns(rounds, lambda: run_over(root), lambda: run_over(old))
    more = aged.cpu / young.cpu - 1
    name = f"a night on a ledger of {entries:,} entries instead of an empty one"
    return Row(name, f"{100 * more:+.1f} % CPU", "< 5 %", more < 0.05, said(young=young, old=aged))


def durability(night: Night, rounds: int) -> Row:
    """The same night in one process, with and without a single flush to the disk."""
    with workspace(night) as root:

        def over(way: str) -> Cost:
            with copy(root) as double:
                return cost(python("-m", "bench.safety", way, double))

        safe, careless = by_turns(rounds, lambda: over("safe"), lambda: over("careless"))
    more = safe.wall / careless.wall - 1
    name = f"what durability (fsync) costs a night of {night.deposits} deposits"
    return Row(name, f"{100 * more:+.1f} % wall", "< 15 %", more < 0.15, said(with_fsync=safe, without=careless))


if __name__ == "__main__":
    with nullcontext() if sys.argv[1] == "safe" else without_durability():
        chain.run(Workspace(Path(sys.argv[2])), Settings(delai_stabilite=0, processus=1), made.AS_OF)
