"""xls, record by record: what stands there, or a refusal; never another value. Source: [MS-XLS]."""

import datetime as dt
import io
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlwt  # type: ignore[import-untyped]

from pipeline.cells.formats import HASHES
from pipeline.cells.model import Cell, ErrorCell, FormulaCell, ShownCell
from pipeline.reading import ReadOptions, read
from pipeline.reading.compound import packed
from pipeline.reading.model import Reading
from schemas.noticed import Noticed
from tests.hostile import build
from tests.hostile.outcome import cells, noticed, refused, rows, values
from tests.reading.xls import edited, embedding, record, stream, xls

Read = Callable[[bytes], Reading]
CELL = 0x0203
HOURS = 7  # column


@pytest.fixture
def reading(tmp_path: Path) -> Read:
    def of(data: bytes) -> Reading:
        path = tmp_path / "depot.xls"
        path.write_bytes(data)
        return read(path, ReadOptions())

    return of


def number(column: int, style: int, value: float) -> bytes:
    return record(CELL, struct.pack("<HHHd", 1, column, style, value))


def rk(column: int, style: int, value: int, *, hundredths: bool = False) -> bytes:
    return record(0x027E, struct.pack("<HHHi", 1, column, style, value << 2 | 2 | hundredths))


def half(value: float) -> int:
    return struct.unpack("<Q", struct.pack("<d", value))[0] >> 32 & ~3


def formula(column: int, style: int, result: bytes, flags: int = 0) -> bytes:
    return record(6, struct.pack("<HHH8sHI", 1, column, style, result, flags, 0) + b"\x03\0\x1e\x01\0")


def instead(data: bytes, column: int, made: Callable[[int], bytes]) -> bytes:
    """``data`` with the number in that column of row 2 replaced by what ``made`` gives for its style."""

    def change(kind: int, content: bytes) -> bytes | None:
        is_it = kind in (CELL, 0x027E) and struct.unpack_from("<HH", content) == (1, column)
        return made(struct.unpack_from("<H", content, 4)[0]) if is_it else None

    return edited(data, change)


def with_cell(made: Callable[[int], bytes], code: str = "h:mm", **line: object) -> bytes:
    """A table of one line whose hours are the record that ``made`` gives for the style of ``code``."""
    return instead(xls([*build.line(c7=(0.123, code), **line)]), HOURS, made)  # type: ignore[arg-type]


def with_chart(data: bytes, value: float) -> bytes:
    """``data`` with a chart that hangs in the sheet, just before the cells that follow the hours of row 2."""
    chart = record(0x0809, struct.pack("<HH", 0x0600, 0x0020) + bytes(12))
    chart += number(HOURS, 0, value) + record(0x000A)

    def change(kind: int, content: bytes) -> bytes | None:
        return record(kind, content) + chart if kind == CELL and content[:4] == b"\1\0\7\0" else None

    return edited(data, change)


def under(own: int, code: str, data: bytes) -> bytes:
    """``data`` whose only format of hours stands under the number ``own`` and is ``code``."""
    found: list[bytes] = []

    def change(kind: int, content: bytes) -> bytes | None:
        if kind == 0x041E and b"h:mm" in content:
            found.append(content[:2])
            return record(kind, struct.pack("<HHB", own, len(code), 0) + code.encode())
        if kind == 0x00E0 and content[2:4] in found:
            return record(kind, content[:2] + struct.pack("<H", own) + content[4:])
        return None

    return edited(data, change)


LATE = -20.5 / 24
NEGATIVE = {
    "number": lambda style: number(HOURS, style, LATE),
    "rk": lambda style: rk(HOURS, style, -1),
    "rk in hundredths": lambda style: rk(HOURS, style, -85, hundredths=True),
    "rk of half a number": lambda style: record(0x027E, struct.pack("<HHHI", 1, HOURS, style, half(-0.25))),
    "several": lambda style: record(0x00BD, struct.pack("<HHHiH", 1, HOURS, style, -1 << 2 | 2, HOURS)),
    "formula": lambda style: formula(HOURS, style, struct.pack("<d", LATE)),
}


@pytest.mark.parametrize("made", NEGATIVE.values(), ids=NEGATIVE)
@pytest.mark.parametrize("code", ["h:mm", "hh:mm:ss", "dd/mm/yyyy", "[>=1]h:mm;hh:mm"])
def test_a_negative_time_is_what_excel_shows(reading: Read, made: Callable[[int], bytes], code: str) -> None:
    found = reading(with_cell(made, code))
    assert cells(found, "heures") == [ErrorCell(HASHES)]
    assert [c.meanings[0].noticed for c in found.tables[0].columns if c.field == "heures"] == [
        (Noticed.SPREADSHEET_ERROR,)
    ]


@pytest.mark.parametrize(
    ("code", "value", "cell", "hundredths"),
    [
        ("h:mm", 0.3125, dt.time(7, 30), 750),
        ("[h]:mm", -0.125, dt.timedelta(hours=-3), -300),
        ("[h]:mm", 1, dt.timedelta(days=1), 2400),
        ("[h]:mm:ss", 1.25, dt.timedelta(hours=30), 3000),
        ("0.00", 7.5, 7.5, 750),
        ("0", 7.5, 7.5, 750),
        ('0" h"', 7, 7, 700),
        ("0%", 0.5, 0.5, 50),
        ('[=0]"-";[h]:mm', 0.25, dt.timedelta(hours=6), 600),
        ("[<1]h:mm;0.00", 0.25, dt.time(6), 600),
        ("[<1]h:mm;0.00", 7.5, 7.5, 750),
        ('"S"00', 3, 3, 300),
    ],
)
def test_hours_through_every_format(reading: Read, code: str, value: float, cell: Cell, hundredths: int) -> None:
    found = reading(xls([*build.line(c7=(value, code))]))
    assert (cells(found, "heures"), values(found, "heures")) == ([cell], [hundredths])


@pytest.mark.parametrize("own", [14, 20, 27, 32, 36, 46, 50, 55, 58, 63, 164, 382, 383, 1000])
@pytest.mark.parametrize(("code", "cell"), [("h:mm", dt.time(6)), ("[h]:mm", dt.timedelta(hours=6)), ("0.00", 0.25)])
def test_a_format_is_what_the_workbook_says_under_any_number(reading: Read, own: int, code: str, cell: Cell) -> None:
    data = under(own, code, xls([*build.line(c7=(0.25, "\\ h:mm"))]))
    assert cells(reading(data), "heures") == [cell]


BLANK = b"\x03\0\0\0\0\0\xff\xff"


def test_a_formula_that_nobody_computed_is_no_blank(reading: Read) -> None:
    found = reading(xls([*build.line(c6=FormulaCell("F2"))]))
    assert cells(found, "date_fin") == [FormulaCell(None)]


def test_an_empty_result_of_a_program_that_computes_is_blank(reading: Read) -> None:
    beside = formula(9, 0, struct.pack("<d", 3.0))
    assert cells(reading(with_cell(lambda s: formula(HOURS, s, BLANK) + beside)), "heures") == [FormulaCell("")]
    told = edited(
        with_cell(lambda s: formula(HOURS, s, BLANK)),
        lambda k, c: record(0x01C1, bytes(8)) + record(k) if k == 10 else None,
    )
    assert values(reading(told), "heures") == [None]
    assert cells(reading(with_cell(lambda s: formula(HOURS, s, BLANK, 2) + beside)), "heures") == [FormulaCell(None)]
    assert cells(reading(with_cell(lambda s: formula(HOURS, s, bytes(8), 2))), "heures") == [FormulaCell(None)]
    assert cells(reading(with_cell(lambda s: formula(HOURS, s, bytes(8)), "0")), "heures") == [FormulaCell(0)]


def test_a_text_that_a_formula_promises_and_does_not_give(reading: Read) -> None:
    text = b"\0\0\0\0\0\0\xff\xff"
    assert cells(reading(with_cell(lambda s: formula(HOURS, s, text))), "heures") == [FormulaCell(None)]
    given = record(0x0207, b"\x03\0\0" + b"7,5")
    assert cells(reading(with_cell(lambda s: formula(HOURS, s, text) + given)), "heures") == [FormulaCell("7,5")]
    cut = record(0x0207, b"\x05\0\0" + b"7,5") + record(0x003C, b"\00 h")
    assert refused(reading(with_cell(lambda s: formula(HOURS, s, text) + cut)), "unread_cells")


def test_identifiers_are_read_as_shown(reading: Read) -> None:
    line = build.line(c1=(123456, "00000000"), c4=(3, '"S"00'), c8=(0.5, "0%"), c9=(FormulaCell("1"), "000"))
    found = reading(xls([*line], [*build.line()]))
    assert cells(found, "identifiant_de") == ["00123456", "1234567A"]
    assert cells(found, "code_sequence") == ["S03", "S1"]
    assert cells(found, "reference_justificatif")[0] == ShownCell(0.5, None)
    assert [(o.code, o.value) for o in found.observations] == [("shown_numbers", "B"), ("shown_numbers", "E")]


def test_a_chart_in_a_sheet_is_no_cell(reading: Read) -> None:
    found = reading(with_chart(xls([*build.line(c7=7.5)]), 99.0))
    assert values(found, "heures") == [750]
    assert values(found, "reference_justificatif") == ["FE-1"]  # written after the chart


def test_a_sheet_that_is_cut_short(reading: Read) -> None:
    data = stream(xls([*build.line()]))
    assert rows(reading(packed(data))) == [2]
    assert refused(reading(packed(data[: data.rindex(record(0x000A))])))


def test_a_text_that_the_list_of_texts_has_not(reading: Read) -> None:
    data = with_cell(lambda s: record(0x00FD, struct.pack("<HHHI", 1, HOURS, 0, 10_000)))
    assert refused(reading(data), "unread_cells")


def test_the_workbook_at_the_root_is_the_one(reading: Read) -> None:
    inner = xls([*build.line(c7=99, c8="ailleurs")], sheet="Autre")
    found = reading(embedding(xls([*build.line(c7=7.5)]), inner))
    assert [table.sheet for table in found.tables] == ["Heures"]
    assert values(found, "heures") == [750]


@pytest.mark.parametrize("place", [*range(8, 24), 0x18, 0x1A, 0x22, 0x38])
def test_a_container_that_is_odd_and_whole(reading: Read, place: int) -> None:
    """Identifiers, versions and the like, which programs forget to write: Excel opens these."""
    data = embedding(xls([*build.line(c7=7.5)]), xls([*build.line(c7=99)]))
    found = reading(data[:place] + b"\x07" + data[place + 1 :])
    assert values(found, "heures") == [750]


@pytest.mark.parametrize("size", [10, 5000, 10**8])
def test_a_size_that_is_not_true(reading: Read, size: int) -> None:
    """What the directory says of the stream's size is not what tells where the cells end."""
    data = embedding(xls([*build.line(c7=7.5)]), xls([*build.line(c7=99)]))
    at = data.rindex("Workbook".encode("utf-16-le")) + 120
    found = reading(data[:at] + struct.pack("<I", size) + data[at + 4 :])
    assert refused(found) if size == 10 else values(found, "heures") == [750]


@pytest.mark.parametrize("kind", [0x0200, 0x00FC])
def test_counts_that_would_ask_for_all_memory(reading: Read, kind: int) -> None:
    huge = edited(
        xls([*build.line(c7=7.5)]), lambda k, c: record(k, b"\xff\xff\xff\x7f" * 2 + c[8:]) if k == kind else None
    )
    found = reading(huge)
    assert refused(found, "false_count") if kind == 0x00FC else values(found, "heures") == [750]


@pytest.mark.parametrize("kind", [0x0018, 0x0017, 0x00EB, 0x00E5])
def test_an_odd_record_that_says_nothing_of_the_cells(reading: Read, kind: int) -> None:
    """A name, a reference, a picture, a merge that the fast reader would choke on."""
    odd = record(kind, b"\xff\xff\xff")
    found = reading(edited(xls([*build.line(c7=7.5)]), lambda k, c: odd + record(k, c) if k == 10 else None))
    assert values(found, "heures") == [750]


def test_two_sheets_of_one_name(reading: Read) -> None:
    book = xlwt.Workbook()
    for name in ("Mars", "Avril"):
        page = book.add_sheet(name)
        for column, title in enumerate(build.HEADINGS):
            page.write(0, column, title)
    out = io.BytesIO()
    book.save(out)
    renamed = out.getvalue().replace(b"\x05\0Avril", b"\x04\0Mars\0")
    assert Noticed.NO_LINE in noticed(reading(out.getvalue()))
    assert refused(reading(renamed), "double_sheets")


def test_macros_of_excel_4_beside_a_sound_sheet(reading: Read) -> None:
    book = xlwt.Workbook()
    for name in ("Heures", "Macro"):
        page = book.add_sheet(name)
        for line, row in enumerate((build.HEADINGS, build.line())):
            for column, value in enumerate(row):
                page.write(line, column, value)
    out = io.BytesIO()
    book.save(out)
    data = out.getvalue()
    at = data.index(b"\x05\0Macro") - 1
    found = reading(data[:at] + b"\x01" + data[at + 1 :])
    assert rows(found) == [2]
    assert [o.code for o in found.observations] == ["macros"]


def test_rich_text_of_excel_5(reading: Read) -> None:
    """Excel 5 writes a text with several fonts in a record that the fast reader skips."""

    def old(kind: int, content: bytes) -> bytes | None:
        if kind == 0x0809:
            return record(kind, b"\x00\x05" + content[2:8])
        if kind == 0x00FD and struct.unpack_from("<HH", content)[0] == 0:
            text = build.HEADINGS[struct.unpack_from("<HH", content)[1]].encode("cp1252")
            return record(0x0204, content[:6] + struct.pack("<H", len(text)) + text)
        if kind == 0x00FD:
            text = f"é{struct.unpack_from('<HH', content)[1]}".encode("cp1252")
            return record(0x00D6, content[:6] + struct.pack("<H", len(text)) + text + b"\x01\0\0")
        if kind == 0x0085:
            return record(kind, content[:6] + bytes([len(content) - 8]) + content[8:])
        if kind in (0x041E, 0x0031, 0x0293, 0x00FC):
            return b""
        return record(kind, b"\xe4\x04") if kind == 0x0042 else None

    found = reading(edited(xls([*build.line(c7=7.5)]), old))
    assert cells(found, "nom") == ["é2"]
    assert values(found, "heures") == [750]


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_writes_what_we_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(list(build.HEADINGS))
    page.append(
        [
            123456,
            3,
            "NOM",
            '=""',
            '="S"&1',
            dt.date(2024, 3, 5),
            '=IF(F2="","",F2)',
            0.3125,
            '=IF(F2="","x","")',
            "=1/8",
        ]
    )
    for column, code in enumerate(
        ['"DSF-"0', "0000000\\A", "", "", "", "dd/mm/yyyy", "dd/mm/yyyy", "h:mm", "", "h:mm"], 1
    ):
        page.cell(2, column).number_format = code or "General"
    book.save(tmp_path / "a.xlsx")
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xls"]
    subprocess.run(
        [*command, "--outdir", str(tmp_path), str(tmp_path / "a.xlsx")], check=True, capture_output=True, timeout=120
    )
    found = read(tmp_path / "a.xls", ReadOptions())
    assert [values(found, f) for f in ("numero_dsf", "identifiant_de", "prenom", "code_sequence")] == [
        ["DSF-123456"],
        ["0000003A"],
        [None],
        ["S1"],
    ]
    day = dt.date(2024, 3, 5)
    assert [values(found, f) for f in ("date_debut", "date_fin", "heures")] == [[day], [day], [750]]
    assert [values(found, f) for f in ("reference_justificatif", "commentaire")] == [[None], ["03:00"]]


def test_what_merged_cells_hide_is_not_read_and_said(reading: Read) -> None:
    merged = record(0x00E5, struct.pack("<H4H", 1, 1, 2, HOURS - 1, HOURS))
    made = xls([*build.line(c6="", c7=7.5)], [*build.line(c7=3.5)])
    found = reading(edited(made, lambda kind, content: record(kind, content) + merged if kind == 0x0200 else None))
    assert cells(found, "heures") == [None, None]
    assert [(o.code, o.value) for o in found.observations] == [("merged_cells", "H2")]
