"""DuckDB as the reference uses it: bounded, without network, and silent."""

import pytest

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
