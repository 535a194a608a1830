"""xlsb: no free program writes it, so a small one is made here record by record. Source: [MS-XLSB]."""

import struct
from pathlib import Path

import pytest

from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from pipeline.reading import ReadOptions, read
from schemas.noticed import Noticed
from tests.hostile import build
from tests.hostile.outcome import cells, refused, rows

DATE_STYLE = 1


def record(kind: int, content: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(content)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return head + size + content


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def cell(column: int, value: Cell) -> bytes:
    head = struct.pack("<II", column, 0)
    match value:
        case str():
            return record(6, head + wide(value))
        case bool():
            return record(4, head + bytes([value]))
        case ErrorCell():
            return record(3, head + b"\x17")
        case FormulaCell(value=float() as number):
            return record(9, head + struct.pack("<d", number) + b"\0\0" + struct.pack("<I", 0))
        case int() | float():
            return record(5, head + struct.pack("<d", value))
    return b""


def row(number: int, values: list[Cell], *, hidden: bool = False) -> bytes:
    head = struct.pack("<IIH", number - 1, 0, 300) + bytes([0, 0x10 if hidden else 0, 0]) + struct.pack("<I", 0)
    return record(0, head) + b"".join(cell(i, v) for i, v in enumerate(values) if v not in ("", None))


def xlsb(*lines: bytes) -> bytes:
    sheet = (
        record(129)
        + record(148, struct.pack("<IIII", 0, 99, 0, 20))
        + record(145)
        + b"".join(lines)
        + record(146)
        + record(130)
    )
    book = record(131) + record(153, struct.pack("<III", 0, 0, 0)) + record(143)
    book += record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Heures")) + record(144) + record(132)
    made = build.parts(build.sheet(""))
    relations = str(made["xl/_rels/workbook.xml.rels"]).replace("sheet1.xml", "sheet1.bin")
    return build.zipped(
        {
            "[Content_Types].xml": str(made["[Content_Types].xml"]).replace("workbook.xml", "workbook.bin"),
            "_rels/.rels": str(made["_rels/.rels"]).replace("workbook.xml", "workbook.bin"),
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": relations,
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "depot.xlsb"


def test_cells_errors_formulas_and_hidden_rows(path: Path) -> None:
    headings: list[Cell] = list(build.HEADINGS)
    path.write_bytes(
        xlsb(
            row(3, headings),
            row(4, [*build.line(c7=7.5)]),  # type: ignore[list-item]
            row(5, [*build.line(c7=FormulaCell(3.5), c8=ErrorCell("#REF!"))], hidden=True),  # type: ignore[list-item]
        )
    )
    reading = read(path, ReadOptions())
    assert reading.format == "xlsb"
    assert rows(reading) == [4, 5]
    assert cells(reading, "heures") == [7.5, FormulaCell(3.5)]
    assert cells(reading, "reference_justificatif") == ["FE-1", ErrorCell("#REF!")]
    assert [o.noticed for o in reading.observations] == [Noticed.WORTH_A_LOOK]


def test_cut_record(path: Path) -> None:
    whole = xlsb(row(1, list(build.HEADINGS)))
    path.write_bytes(whole)
    assert read(path, ReadOptions()).tables
    path.write_bytes(xlsb(row(1, list(build.HEADINGS)), b"\x06\xff\xff\xff\x7f"))
    assert refused(read(path, ReadOptions()), "damaged_sheet")
