"""DuckDB as the reference uses it: bounded, without network, and silent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.reference import engine
from pipeline.reference.engine import connect


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
        assert connection.execute("SELECT current_setting(?)", [setting]).fetchall() == [(wanted,)]


def test_what_does_not_fit_is_spilled_and_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MEMORY", "64MB")
    folder = engine.spill(tmp_path)
    with connect(folder) as connection:
        connection.execute("CREATE TABLE t AS SELECT hash(i) AS h FROM range(20000000) r(i)")
        assert folder.exists()
    assert list(tmp_path.iterdir()) == []
    assert engine.spill(tmp_path) != folder


def test_what_a_killed_process_spilled_is_removed(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    stale = tmp_path / f"{engine.SPILL}{int(gone.stdout)}-0"
    mine = tmp_path / f"{engine.SPILL}{os.getpid()}-0"
    for folder in (stale, mine):
        folder.mkdir()
    engine.remove_stale(tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == [mine.name]
