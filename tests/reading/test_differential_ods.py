"""Small tables of tricky cells in ods, by LibreOffice: what was put in is read, or the cell is refused."""

from pathlib import Path
from typing import Any

from tests.browser import libreoffice_all
from tests.reading.tricky import ALL_CELLS, check, drawn, laid, tables
from tests.reading.writers import workbooks


def _in_ods(written: Any, means: Any) -> Any:
    """LibreOffice shows -7:30 as 16:30 through ``h:mm``, whatever its days count from: it is refused."""
    value, code, _ = laid(written)
    below = isinstance(value, int | float) and value < 0
    return None if below and "h:mm" in code and "[h" not in code else means


def test_libreoffice_gives_what_was_put_in_or_nothing(tmp_path: Path) -> None:
    put_in = drawn(tables(ALL_CELLS, most=12), 40)
    saved = libreoffice_all(workbooks(put_in, tmp_path / "put in"), "ods", tmp_path)
    for path, table in zip(saved, put_in, strict=True):
        check(path.read_bytes(), table.meaning(_in_ods))
