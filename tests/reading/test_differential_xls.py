"""Small tables of tricky cells in xls (formats under any number, formulas) and xlsb: what was put in is read, or nothing."""

import random
import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.cells.model import ErrorCell, FormulaCell
from pipeline.reading.numbers import rk_number
from tests.reading.tricky import ALL_CELLS, PLAIN_CELLS, UNHURRIED, Laid, Table, check, tables
from tests.reading.xls import edited, record, records, stream, xls
from tests.reading.xlsb import cell, row, xlsb

FORMAT, XF, NUMBER, RK, FORMULA = 0x041E, 0x00E0, 0x0203, 0x027E, 0x0006
NUMBERS = [*range(5, 14), *range(14, 64), *range(100, 110), *range(164, 390), 1000]
XLS_CELLS = {
    epoch: {kind: cases | st.just((FormulaCell("1+1"), None)) for kind, cases in cells.items()}
    for epoch, cells in PLAIN_CELLS.items()
}


def _renumbered(data: bytes, order: list[int]) -> bytes:
    """``data`` with its formats under other numbers, all different, and different from those it uses without writing them."""
    used = {struct.unpack_from("<H", content, 2)[0] for _, kind, content in records(stream(data)) if kind == XF}
    order = [number for number in order if number not in used]
    moved: dict[int, int] = {}

    def change(kind: int, content: bytes) -> bytes | None:
        if kind == FORMAT:
            (number,) = struct.unpack_from("<H", content)
            moved[number] = order[len(moved)]
            return record(kind, struct.pack("<H", moved[number]) + content[2:])
        if kind == XF:
            (number,) = struct.unpack_from("<H", content, 2)
            return record(kind, content[:2] + struct.pack("<H", moved.get(number, number)) + content[4:])
        return None

    return edited(data, change)


def _computed(data: bytes) -> bytes:
    """``data`` with each number as the result of a formula."""

    def change(kind: int, content: bytes) -> bytes | None:
        if kind not in (NUMBER, RK):
            return None
        value = (
            struct.unpack_from("<d", content, 6)[0]
            if kind == NUMBER
            else rk_number(struct.unpack_from("<i", content, 6)[0])
        )
        return record(FORMULA, content[:6] + struct.pack("<dHI", value, 0, 0) + b"\x03\0\x1e\x01\0")

    return edited(data, change)


def _in_xls(cell: Laid) -> object:
    return FormulaCell(cell.formula[1:]) if cell.formula else (cell.value, cell.code)


def _in_xlsb(table: Table) -> bytes:
    lines = [table.cells(line) for line in table.lines]
    codes = sorted({cell.code for cells in lines for cell in cells})
    styles = {code: style for style, code in enumerate(codes, 1)}
    rows = []
    for number, cells in enumerate(table.grid(), 1):
        hidden = number in table.rows and table.hidden[table.rows.index(number)]
        made = [cell(i, _result(laid), styles.get(laid.code, 0)) for i, laid in enumerate(cells)]
        rows.append(row(number, made, hidden=hidden))
    return xlsb(*rows, codes=codes, epoch_1904=table.epoch_1904)


def _result(laid: Laid) -> Any:
    return FormulaCell(laid.value) if laid.formula and not isinstance(laid.value, ErrorCell) else laid.value


@UNHURRIED
@given(tables(XLS_CELLS, epochs=[False], hides=False), st.none() | st.integers(0, 10**6), st.booleans())
def test_xls_gives_what_was_put_in_or_nothing(table: Table, seed: int | None, computed: bool) -> None:
    headings, *rows = [[_in_xls(cell) for cell in row] for row in table.grid()]
    data = xls(*rows, headings=headings)
    if seed is not None:
        data = _renumbered(data, random.Random(seed).sample(NUMBERS, 60))
    if computed and not any(isinstance(value, FormulaCell) for cells in rows for value in cells):
        data = _computed(data)
    check(data, table)


@UNHURRIED
@given(tables(ALL_CELLS))
def test_xlsb_gives_what_was_put_in_or_nothing(table: Table) -> None:
    check(_in_xlsb(table), table)
