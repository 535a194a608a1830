"""What a wave asks: right answers, fixed types, and a price that does not follow the age of the ledger."""

import sqlite3
from contextlib import closing
from datetime import date
from itertools import count
from pathlib import Path

import pandas as pd

from pipeline import ledger
from pipeline.ledger.records import Decision
from tests.world import DAY, OTHER, SETTINGS, TITULAIRE, decisions, workspace

TYPES = {"heures": "int64", "date_debut": "datetime64[s]", "date_fin": "datetime64[s]", "date": "datetime64[s]"}


def test_entries_come_by_dsf_and_hours_by_convention_too(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        decisions.decide(space, book, run, "DSF-1-C01", decisions.absence("A1"), decisions.hours(10))
        decisions.decide(space, book, run, "DSF-2-C01", decisions.hours(11, "DSF-2"))
        mine = book.entries(["dsf-1"], [])
        assert mine.absences["complement"].tolist() == ["DSF-1-C01"]
        assert mine.heures[["cle_dsf", "heures", "siret"]].values.tolist() == [["dsf-1", 700, TITULAIRE]]
        both = book.entries(["dsf-1"], ["conv-1"])
        assert both.heures["cle_dsf"].tolist() == ["dsf-1", "dsf-2"], "each once, in the order of the keys"
        assert both.heures["date"].tolist() == [pd.Timestamp(DAY)] * 2
        nothing = book.entries(["dsf-9"], ["conv-9"])
        for full, empty in ((both.absences, nothing.absences), (both.heures, nothing.heures)):
            assert empty.empty
            for frame in (full, empty):
                assert {name: str(frame[name].dtype) for name in frame if name in TYPES} == {
                    name: TYPES[name] for name in frame if name in TYPES
                }
            assert list(full.columns) == list(empty.columns)


def test_seen_tells_the_first_deposit_and_numbers_like_those_in_use(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        run = decisions.begin(book)
        for n in (1, 2, 3):
            decisions.decide(space, book, run, f"DSF-{n}-C01", decisions.absence("A1", f"DSF-{n}"), sha256="c" * 64)
        assert book.seen([(TITULAIRE, "c" * 64), (OTHER, "c" * 64)]) == {
            (TITULAIRE, "c" * 64): ("D-DSF-1-C01", date(2025, 6, 30))
        }
        assert book.numbers_like(["D-DSF-2", "X"]) == {"D-DSF-2-C01"}
        assert book.numbers_like([]) == set()


def test_C21_an_old_ledger_answers_as_fast_as_a_young_one(tmp_path: Path) -> None:
    """300 000 entries here; 5 million in ``bench/safety.py``. Keys drive the search: SQLite takes no more steps for it."""
    space = workspace(tmp_path)

    def steps(keys: list[str]) -> int:
        """Steps of SQLite's own machine, in hundreds."""
        ticks = count()
        with ledger.open(space, SETTINGS) as book:
            with book.reading() as connection:
                connection.connection.driver_connection.set_progress_handler(lambda: next(ticks) and None, 100)
            assert len(book.entries(keys, []).absences) == 0
        return next(ticks)

    keys = [f"x-{n}" for n in range(5_000)]
    young = steps(keys)
    with decisions.opened(space) as book:
        decisions.decide(space, book, decisions.begin(book), "DSF-1-C01")
    with closing(sqlite3.connect(space.ledger)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        rows = ((f"d-{n // 10}", f"p-{n}", "s", "a") for n in range(300_000))
        connection.executemany(
            "INSERT INTO absences VALUES (?, ?, ?, ?, '2025-01-01', '2025-01-01', 700, 1, 'f', 1, 0)", rows
        )
        connection.commit()
    assert young > 100
    assert steps(keys) < 1.1 * young


def test_the_newest_load_that_was_judged_with_is_known(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    with decisions.opened(space) as book:
        assert book.newest_extract() is None
        run = decisions.begin(book)
        for names in (["000001-a", "000003-c"], ["000002-b", "000004-d", "000003-c"], []):
            used = tuple({"nom": n, "date_extraction": "2025-06-01", "sha256": n[-1] * 64} for n in names)
            book.commit(Decision(run, (decisions.deposit(f"D{len(names)}"),), (), (), used), book.head())
        assert book.newest_extract() == ("000004-d", "d" * 64)
