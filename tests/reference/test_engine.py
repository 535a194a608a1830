"""DuckDB as the reference uses it: bounded, without network, and silent."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline.errors import Interrupted
from pipeline.reference import StoreError, engine
from pipeline.reference.engine import connect
from pipeline.signals import obeyed


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("enable_progress_bar", False),
        ("autoinstall_known_extensions", False),
        ("autoload_known_extensions", False),
        ("threads", 2),
    ],
)
def test_settings(setting: str, wanted: object) -> None:
    with connect() as connection:
        assert connection.fetch(f"SELECT current_setting('{setting}') AS value").to_pylist() == [{"value": wanted}]


def test_what_does_not_fit_is_spilled_and_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MEMORY", "64MB")
    folder = engine.spill(tmp_path)
    with connect(folder) as connection:
        connection.execute("CREATE TABLE t AS SELECT hash(i) AS h FROM range(20000000) r(i)")
        assert folder.exists()
    assert list(tmp_path.iterdir()) == []
    assert engine.spill(tmp_path) != folder


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_in_the_middle_of_a_query_is_a_stop_and_no_fault(number: signal.Signals) -> None:
    """DuckDB looks at signals between two tasks, which may take minutes, and swallows what the handler raises.

    This query would take an hour: that the test ends is that the query was cut.
    """
    timer = threading.Timer(0.3, os.kill, (os.getpid(), number))
    timer.start()
    with pytest.raises(Interrupted), obeyed(), connect() as connection:
        connection.fetch(
            "SELECT count(*) FROM range(1000000) a, range(20000000) b WHERE a.range * 7 % 13 = b.range % 11"
        )
    timer.join()


def test_what_duckdb_refuses_is_a_halt_that_quotes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "zzsecret.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(StoreError, match="dsf verify") as stopped, connect() as connection:
        connection.fetch(f"SELECT * FROM read_parquet('{path}')")
    assert "zzsecret" not in str(stopped.value) and stopped.value.__cause__ is None


def test_what_a_killed_process_spilled_is_removed(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    stale = tmp_path / f"{engine.SPILL}{int(gone.stdout)}-0"
    mine = tmp_path / f"{engine.SPILL}{os.getpid()}-0"
    for folder in (stale, mine):
        folder.mkdir()
    engine.remove_spilled(tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == [mine.name]
