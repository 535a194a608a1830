"""Small tables of tricky cells in xlsx, by those who write it: what was put in is read, or the cell is refused."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.browser import libreoffice_all
from tests.reading.tricky import ALL_CELLS, COMMON_CELLS, UNHURRIED, Computed, Table, check, drawn, tables
from tests.reading.writers import with_openpyxl, with_xlsxwriter, workbooks

TABLES = tables(ALL_CELLS) | tables(COMMON_CELLS, hides=False)


@UNHURRIED
@given(TABLES, st.booleans(), st.booleans())
def test_xlsxwriter_gives_what_was_put_in_or_nothing(table: Table, in_streams: bool, rich: bool) -> None:
    check(with_xlsxwriter(table, in_streams=in_streams, rich=rich), table)


def _not_computed(written: Any, means: Any) -> Any:
    """openpyxl saves no result with a formula."""
    return None if isinstance(written, Computed) else means


@UNHURRIED
@given(TABLES)
def test_openpyxl_gives_what_was_put_in_or_nothing(table: Table) -> None:
    check(with_openpyxl(table), table.meaning(_not_computed))


def test_libreoffice_gives_what_was_put_in_or_nothing(tmp_path: Path) -> None:
    put_in = drawn(tables(ALL_CELLS, most=12) | tables(COMMON_CELLS, hides=False), 40)
    saved = libreoffice_all(workbooks(put_in, tmp_path / "put in"), "xlsx", tmp_path)
    for path, table in zip(saved, put_in, strict=True):
        check(path.read_bytes(), table)
