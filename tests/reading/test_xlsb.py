"""xlsb, record by record: what stands there, or a refusal; never another value. Source: [MS-XLSB]."""

import datetime as dt
import struct
from pathlib import Path

import pytest

from pipeline.cells.formats import HASHES
from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from pipeline.reading import ReadOptions, read
from schemas.noticed import Noticed
from tests.hostile import build
from tests.hostile.outcome import cells, limit, refused, rows, values
from tests.reading.xlsb import cell, record, rk, row, short, wide, xlsb

HEADINGS: list[Cell] = list(build.HEADINGS)
HOURS = 7  # column


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "depot.xlsb"


def test_cells_errors_formulas_and_hidden_rows(path: Path) -> None:
    path.write_bytes(
        xlsb(
            row(3, HEADINGS),
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
    whole = xlsb(row(1, HEADINGS))
    path.write_bytes(whole)
    assert read(path, ReadOptions()).tables
    path.write_bytes(xlsb(row(1, HEADINGS), b"\x06\xff\xff\xff\x7f"))
    assert refused(read(path, ReadOptions()), "damaged_content")


def line(**changes: object) -> list[Cell | bytes]:
    return [*build.line(**changes)]  # type: ignore[list-item]


def one(path: Path, made: bytes, code: str = "General", **changes: bool) -> list[Cell]:
    """The hours of a table of one line, written by the record ``made``, of style 1, which is ``code``."""
    blank = record(1, struct.pack("<II", HOURS - 1, 0))
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, line(c6=blank, c7=made)), codes=[code], **changes))
    return cells(read(path, ReadOptions()), "heures")


@pytest.mark.parametrize(
    ("code", "value", "found"),
    [
        ("h:mm", 0.3125, dt.time(7, 30)),
        ("[h]:mm", 1.25, dt.timedelta(hours=30)),
        ("[h]:mm", 1, dt.timedelta(days=1)),
        ("h:mm", -0.85, ErrorCell(HASHES)),
        ("h:mm", -1, ErrorCell(HASHES)),
        ("dd/mm/yyyy", 45356, dt.date(2024, 3, 5)),
        ("0.00", 7.5, 7.5),
        ('"S"00', 7, 7),
        ("0%", 0.07, 0.07),
    ],
)
def test_numbers_through_their_formats(path: Path, code: str, value: float, found: Cell) -> None:
    assert one(path, cell(HOURS, value, 1), code) == [found]
    assert one(path, short(16, struct.pack("<d", value), 1), code) == [found]
    computed = one(path, cell(HOURS, FormulaCell(value), 1), code)
    assert computed == [found if isinstance(found, ErrorCell) else FormulaCell(found)]
    if float(value).is_integer():
        assert one(path, rk(HOURS, int(value), 1), code) == [found]
        assert one(path, rk(HOURS, int(value) * 100, 1, hundredths=True), code) == [found]
        assert one(path, short(13, struct.pack("<i", int(value) << 2 | 2), 1), code) == [found]


def test_both_epochs(path: Path) -> None:
    assert one(path, cell(HOURS, 45356 - 1462, 1), "dd/mm/yyyy", epoch_1904=True) == [dt.date(2024, 3, 5)]
    assert one(path, cell(HOURS, -0.25, 1), "h:mm", epoch_1904=True) == [dt.timedelta(hours=-6)]


def test_identifiers_are_read_as_shown(path: Path) -> None:
    codes = ["00000000", '"S"00', "0%"]
    shown = line(c1=cell(1, 123456, 1), c4=rk(4, 3, 2), c8=cell(8, 0.5, 3))
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, shown), codes=codes))
    reading = read(path, ReadOptions())
    assert [values(reading, f) for f in ("identifiant_de", "code_sequence", "reference_justificatif")] == [
        ["00123456"],
        ["S03"],
        [None],
    ]
    assert [o.code for o in reading.observations] == ["shown_numbers", "shown_numbers"]


def test_short_cells_stand_beside_the_one_before(path: Path) -> None:
    texts = [short(17, wide(str(text))) for text in build.line()[1:5]]
    made = [cell(0, "DSF-1"), *texts, cell(5, "05/03/2024"), short(12), short(13, struct.pack("<i", 750 << 2 | 3))]
    made += [short(18, struct.pack("<I", 0)), short(15, b"\x01")]
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, made), row(3, [short(14, b"\x17"), *line()[1:]]), strings=["FE-9"]))
    reading = read(path, ReadOptions())
    assert values(reading, "numero_dsf") == ["DSF-1", None]
    assert cells(reading, "numero_dsf")[1] == ErrorCell("#REF!")
    assert values(reading, "heures") == [750, 750]
    assert values(reading, "reference_justificatif") == ["FE-9", "FE-1"]
    assert values(reading, "commentaire") == ["VRAI", None]


def test_rich_text_in_a_cell(path: Path) -> None:
    made = record(62, struct.pack("<II", 2, 0) + b"\x01" + wide("DUPRÉ") + struct.pack("<IHH", 1, 0, 0))
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, line(c2=made))))
    assert values(read(path, ReadOptions()), "nom") == ["DUPRÉ"]


def test_macros_of_excel_4_beside_a_sound_sheet(path: Path) -> None:
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, line()), macros=True))
    reading = read(path, ReadOptions())
    assert rows(reading) == [2]
    assert [o.code for o in reading.observations] == ["macros"]


def test_what_cannot_be_trusted_is_refused(path: Path) -> None:
    for made in (
        record(7, struct.pack("<III", 7, 0, 5)),
        record(5, struct.pack("<II", 7, 0) + b"\0"),
        cell(1 << 14, 1),
    ):
        path.write_bytes(xlsb(row(1, HEADINGS), row(2, line(c7=made))))
        assert refused(read(path, ReadOptions()), "damaged_content") or refused(
            read(path, ReadOptions()), "damaged_sheet"
        )
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, line()), row(1 << 21, line())))
    assert refused(read(path, ReadOptions()), "damaged_content")


def test_columns_are_counted_however_far(path: Path) -> None:
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, [cell(500, 1)])))
    assert limit(read(path, ReadOptions())) == "colonnes"
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, [*line(), cell(499, 1)])))
    assert rows(read(path, ReadOptions())) == [2]


def test_a_far_cell_costs_nothing(path: Path) -> None:
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, line()), row(1 << 20, line())))
    assert rows(read(path, ReadOptions())) == [2, 1 << 20]


def test_what_merged_cells_hide_is_not_read_and_said(path: Path) -> None:
    merged = record(177, struct.pack("<I", 1)) + record(176, struct.pack("<IIII", 1, 2, HOURS, HOURS)) + record(178)
    path.write_bytes(xlsb(row(1, HEADINGS), row(2, line(c7=7.5)), row(3, line(c7=3.5)), after=merged))
    reading = read(path, ReadOptions())
    assert cells(reading, "heures") == [7.5, None]
    assert [(o.code, o.value) for o in reading.observations] == [("merged_cells", "H3")]
