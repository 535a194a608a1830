"""Group E of reliability.md: hostile containers. Each is read in a child with its limits; the parent lives on."""

import io
import struct
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from pipeline.reading import ReadOptions, read
from pipeline.settings import Limits
from pipeline.work.children import Children
from schemas.noticed import Noticed
from tests.children import children, readings
from tests.hostile import build
from tests.hostile.conftest import Cost, Reader
from tests.hostile.outcome import limit, meanings, noticed, refused, rows, values

FIXTURES = Path(__file__).parent.parent / "reading" / "fixtures"
FAST = 2.0  # seconds of CPU for a refused file


def test_E01_zip_bomb_is_refused_by_its_true_size(read_file: Reader, cost: Cost) -> None:
    bomb = build.xlsx(build.table(build.line()), extra={"xl/sharedStrings.xml": b"<sst>" + b"A" * 450_000_000})
    assert limit(read_file(bomb)) == "octets_decompresses"
    assert cost(bomb) < FAST


def test_E01_directory_that_hides_the_size_is_refused(read_file: Reader) -> None:
    data = build.xlsx(build.table(build.line()), extra={"xl/media/a.bin": b"\0" * 5_000_000})
    lying = data.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 50))
    assert lying != data
    assert refused(read_file(lying), "damaged_file")


@pytest.mark.parametrize("reference", ["XFD1048576", "A1048576", "XFD1"])
def test_E02_far_cell_costs_nothing(read_file: Reader, cost: Cost, reference: str) -> None:
    number = int(reference.lstrip("XFDA"))
    far = f'<row r="{number}"><c r="{reference}"><v>1</v></c></row>'
    first = "".join([build.row(1, list(build.HEADINGS)), build.row(2, build.line())])
    data = build.xlsx(build.sheet(first + far if number > 2 else far + build.row(2, build.line())))
    reading = read_file(data)
    assert cost(data) < FAST
    if reference.startswith("A"):
        assert rows(reading) == [2]
    else:
        assert limit(reading) == "colonnes"


def test_E02_far_cell_out_of_order_kills_a_child_only(read_file: Reader, pool: Children, tmp_path: Path) -> None:
    rows_xml = '<row r="900000"><c r="ZZ900000"><v>1</v></c></row>' + "".join(
        f'<row r="{i}">{build.cell(f"A{i}", "x" * 50)}</row>' for i in range(1, 1500)
    )
    good = tmp_path / "bon.csv"
    good.write_text(build.csv_text(build.line()))
    far = tmp_path / "loin.xlsx"
    far.write_bytes(build.xlsx(build.sheet(rows_xml)))
    before, hostile, after = readings(pool, [(path, ReadOptions()) for path in (good, far, good)])
    assert limit(hostile) in ("memoire", "colonnes")
    assert rows(before) == rows(after) == [2]


def test_E03_false_count_of_shared_strings(read_file: Reader) -> None:
    strings = f'<sst xmlns="{build.MAIN}" count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>'
    assert refused(read_file(build.xlsx(build.table(), extra={"xl/sharedStrings.xml": strings})), "false_count")


def test_E04_ods_that_repeats_rows_and_columns(read_file: Reader) -> None:
    cell = (
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="string"><text:p>x</text:p>'
        "</table:table-cell>"
    )
    wide = build.ods(f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>')
    assert limit(read_file(wide, "a.ods")) == "colonnes"
    blank = build.ods(
        build.ods_row(list(build.HEADINGS))
        + build.ods_row(build.line())
        + '<table:table-row table:number-rows-repeated="1048573"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert rows(read_file(blank, "b.ods")) == [2]


def test_E05_ods_line_repeated(read_file: Reader) -> None:
    def repeated(times: int) -> bytes:
        attributes = f'table:number-rows-repeated="{times}"'
        return build.ods(build.ods_row(list(build.HEADINGS)) + build.ods_row(build.line(), attributes))

    # Three equal lines are three lines: DBL-01 tells them.
    assert rows(read_file(repeated(3), "a.ods")) == [2, 3, 4]
    assert limit(read_file(repeated(200_001), "b.ods")) == "lignes"


def test_E06_dimension_that_lies_is_not_believed(read_file: Reader) -> None:
    for dimension in ("A1:A1", "A1:XFD1048576"):
        lines = [build.line(c0=f"DSF-{i}") for i in range(9)]
        data = build.table(*lines).replace("<sheetData>", f'<dimension ref="{dimension}"/><sheetData>')
        assert len(rows(read_file(build.xlsx(data)))) == 9


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;">]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://example.org/a.dtd">',
    ],
    ids=["billion-laughs", "xxe", "external-dtd"],
)
def test_E07_doctype_is_refused_in_every_format(read_file: Reader, before: str) -> None:
    text = build.table(build.line()).removeprefix('<?xml version="1.0"?>')
    assert refused(read_file(build.xlsx(before + text)), "doctype")
    assert refused(read_file(build.xlsx(('<?xml version="1.0" encoding="UTF-16"?>' + before + text).encode("utf-16"))))
    content = build.ods(build.ods_row(build.line()))
    archive = zipfile.ZipFile(io.BytesIO(content))
    xml = archive.read("content.xml").decode().replace('<?xml version="1.0"?>', '<?xml version="1.0"?>' + before)
    assert refused(
        read_file(build.zipped({"mimetype": archive.read("mimetype"), "content.xml": xml}), "a.ods"), "doctype"
    )


def test_E08_zip_within_a_zip_is_no_workbook(read_file: Reader) -> None:
    inner = build.xlsx(build.table(build.line()))
    assert refused(read_file(build.zipped({"depot.xlsx": inner})), "archive")


def test_E08_too_many_parts(read_file: Reader) -> None:
    extra = {f"xl/media/{i}.bin": b"" for i in range(10_001)}
    assert refused(read_file(build.xlsx(build.table(build.line()), extra=extra)), "many_parts")


def test_E08_two_parts_of_one_name(read_file: Reader) -> None:
    buffer = io.BytesIO(build.xlsx(build.table(build.line())))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/worksheets/SHEET1.xml", build.table(build.line(c7="99")))
    assert refused(read_file(buffer.getvalue()), "double_parts")


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "C:/x", "xl\\..\\..\\x"])
def test_E08_part_names_that_leave_the_archive(read_file: Reader, name: str) -> None:
    assert refused(read_file(build.xlsx(build.table(build.line()), extra={name: b"x"})), "part_name")


def test_E08_parts_that_overlap(read_file: Reader) -> None:
    data = bytearray(build.xlsx(build.table(build.line())))
    directory = [i for i in range(len(data)) if data.startswith(b"PK\x01\x02", i)]
    first = bytes(data[directory[0] + 42 : directory[0] + 46])
    data[directory[1] + 42 : directory[1] + 46] = first  # the second part begins where the first one does
    assert refused(read_file(bytes(data)))


EXTENSIONS = ("depot.xlsx", "depot.xls", "depot.ods", "depot.csv", "depot.pdf")
CONTENTS = {
    "html": b"<html><body><table><tr><td>a</td></tr></table></body></html>",
    "pdf": b"%PDF-1.7\n1 0 obj",
    "xml": b'<?xml version="1.0"?><Workbook/>',
    "image": b"\x89PNG\r\n\x1a\n",
    "rtf": b"{\\rtf1 abc}",
    "database": b"SQLite format 3\x00",
    "archive": b"7z\xbc\xaf\x27\x1c",
    "parquet": b"PAR1abcd",
    "sylk": b'ID;PCALCOOO32\nC;X1;Y1;K"Num\xc3\xa9ro DSF"\nE\n',
    "dif": b'TABLE\n0,1\n"a"\nVECTORS\n0,2\n""\n',
    "dbase": b"\x03\x7d\x03\x0a\1\0\0\0\x41\0\x0b\0" + bytes(20) + b"NUMERO_DSF\0C" + bytes(20) + b"\r 41C0000123\x1a",
    "numbers": build.zipped({"Index/Document.iwa": b"\0", "Metadata/Properties.plist": b"bplist00"}),
    "onenote": b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3",
    "works": b"\xff\0\2\0\4\4\5\x54",
    "lotus": b"\0\0\2\0\6\4\6\0\x08\0",
    "flat_ods": b'<?xml version="1.0" encoding="UTF-8"?>\n\n<office:document>',
    "xml_2003": b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?><Workbook/>',
    "web_archive": b"From: <x@localhost>\r\nSubject: Feuille1\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n",
    "word_document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + "WordDocument".encode("utf-16-le"),
    "old_xls": b"\x09\4\6\0\0\0\x10\0\0\0",
    "presentation": build.zipped({"ppt/presentation.xml": "<p/>"}),
}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_E09_content_decides_not_the_name(read_file: Reader, name: str) -> None:
    for code, content in CONTENTS.items():
        assert refused(read_file(content, name), code)
    for kind in ("xlsx", "ods", "xls", "csv"):
        reading = read_file((FIXTURES / f"libreoffice.{kind}").read_bytes(), name)
        assert reading.format == kind
        assert rows(reading)[:5] == [4, 5, 6, 7, 8]


def test_E09_empty_file(read_file: Reader) -> None:
    reading = read_file(b"")
    assert refused(reading, "empty")
    assert reading.observations[0].code == "empty"


def test_E10_password(read_file: Reader) -> None:
    ods = build.ods(build.ods_row(build.line()), manifest="<manifest:encryption-data xmlns:manifest='m'/>")
    assert noticed(read_file(ods, "a.ods")) == [Noticed.PASSWORD]
    archive = bytearray(build.xlsx(build.table(build.line())))
    for i in range(len(archive)):
        if archive.startswith(b"PK\x01\x02", i):
            archive[i + 8] |= 1
    assert noticed(read_file(bytes(archive))) == [Noticed.PASSWORD]
    xls = bytearray((FIXTURES / "libreoffice.xls").read_bytes())
    start = xls.index(b"\x09\x08\x10\x00")
    after = start + 4 + struct.unpack_from("<H", xls, start + 2)[0]
    xls[after : after + 2] = b"\x2f\x00"  # the record after the first one becomes FILEPASS
    assert noticed(read_file(bytes(xls), "a.xls")) == [Noticed.PASSWORD]


def test_E11_macros_links_and_objects_are_left_alone_and_said(read_file: Reader) -> None:
    extra: dict[str, bytes | str] = {
        "xl/vbaProject.bin": b"\0" * 100,
        "xl/externalLinks/externalLink1.xml": '<externalLink Target="http://192.0.2.1/x"/>',
        "xl/embeddings/oleObject1.bin": b"\0",
    }
    reading = read_file(build.xlsx(build.table(build.line()), extra=extra))
    assert reading.format == "xlsm"
    assert rows(reading) == [2]
    assert noticed(reading) == [Noticed.WORTH_A_LOOK] * 3


def test_E11_no_formula_is_ever_computed(read_file: Reader) -> None:
    dde = '<c r="I2" t="str"><f>cmd|\'/c calc\'!A1</f><v>x</v></c>'
    reading = read_file(build.xlsx(build.table(build.line(c8=dde))))
    assert values(reading, "reference_justificatif") == ["x"]
    assert meanings(reading, "reference_justificatif")[0].noticed == (Noticed.FORMULA,)


@pytest.mark.parametrize("offset", [0x2C, 0x40, 0x48])
def test_E12_xls_with_false_counts(read_file: Reader, offset: int) -> None:
    data = (FIXTURES / "libreoffice.xls").read_bytes()
    assert refused(read_file(build.patched(data, offset, 0x7FFFFFFF), "a.xls"), "false_count")


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls", "csv"])
def test_E13_cut_anywhere_is_never_accepted_in_part(kind: str, tmp_path: Path) -> None:
    data = (FIXTURES / f"libreoffice.{kind}").read_bytes()
    path = tmp_path / f"a.{kind}"
    path.write_bytes(data)
    whole = read(path, ReadOptions())
    for size in range(64, len(data), 64 if kind == "csv" else 256):
        path.write_bytes(data[:size])
        reading = read(path, ReadOptions())
        if kind == "csv":
            # A cut between two lines cannot be told; what is read must be lines of the original.
            assert values(reading, "heures") == values(whole, "heures")[: len(rows(reading))]
        elif reading.tables:
            assert values(reading, "heures") == values(whole, "heures")


def test_E14_many_sheets_styles_and_merges(read_file: Reader, cost: Cost) -> None:
    assert limit(read_file(build.xlsx(*[build.sheet("")] * 51))) == "feuilles"
    merges = "".join(f'<mergeCell ref="L{i}:M{i}"/>' for i in range(1, 50_000))
    styles = f'<styleSheet xmlns="{build.MAIN}"><numFmts>' + "".join(
        f'<numFmt numFmtId="{i}" formatCode="{"[h]" * 30}{"0" * 50}"/>' for i in range(200, 20_000)
    )
    heavy = build.table(build.line()).replace("</sheetData>", f"</sheetData><mergeCells>{merges}</mergeCells>")
    extra = {"xl/styles.xml": styles + "</numFmts></styleSheet>", "xl/comments1.xml": "<c>" + "x" * 30_000_000 + "</c>"}
    data = build.xlsx(heavy, extra=extra)
    assert rows(read_file(data)) == [2]
    assert cost(data) < 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a" * 3_000_000, "endless_line"),
        ('"' * 100_001, "quote"),
        (build.csv_text(build.line(c8="F\0E")), "null_character"),
        (build.csv_text(build.line(c9="x" * 200_000)), "endless_cell"),
    ],
    ids=["long-line", "only-quotes", "nul", "long-field"],
)
def test_E15_csv_beyond_reason(read_file: Reader, cost: Cost, text: str, code: str) -> None:
    reading = read_file(text.encode(), "a.csv")
    assert cost(text.encode(), "a.csv") < FAST
    assert refused(reading, code, row=reading.observations[0].row)


def test_E15_csv_of_millions_of_blank_rows(read_file: Reader, cost: Cost) -> None:
    blank, few = b"\n" * 20_000_000, build.csv_text(build.line()).encode() + b";;\n" * 500_000
    assert limit(read_file(blank, "a.csv")) == "lignes"
    assert rows(read_file(few, "a.csv")) == [2]
    assert cost(blank, "a.csv") < FAST and cost(few, "a.csv") < FAST


def test_E15_csv_with_too_many_columns(read_file: Reader) -> None:
    assert limit(read_file((";".join(["x"] * 501) + "\n").encode(), "a.csv")) == "colonnes"
    assert noticed(read_file((";".join(["x"] * 500) + "\n").encode(), "a.csv")) == [Noticed.NO_TABLE]


class Hanging(Children):
    """Its children hang on an empty file."""

    def _start(self, pool: Any, source: Any) -> Any:
        if source[0].data:
            return super()._start(pool, source)
        return pool.schedule(time.sleep, args=(600,), timeout=self._limits.secondes)


def test_E16_reader_that_hangs_is_killed(tmp_path: Path) -> None:
    hanging, good = tmp_path / "a.xlsx", tmp_path / "bon.csv"
    hanging.write_bytes(b"")
    good.write_text(build.csv_text(build.line()))
    with children(1, Limits(secondes=1), Hanging) as readers:
        hung, fine = readings(readers, [(hanging, ReadOptions()), (good, ReadOptions())])
    assert limit(hung) == "secondes"
    assert rows(fine) == [2]


def test_E17_one_reader_decides_and_shows(read_file: Reader) -> None:
    # What is shown is the very cell that was judged; a file that is two workbooks at once has no reading.
    both = build.parts(build.table(build.line())) | {"content.xml": "<a/>"}
    assert refused(read_file(build.zipped(both)))
    reading = read_file(build.xlsx(build.table(build.line(c7=7.5))))
    (column,) = [c for c in reading.tables[0].columns if c.field == "heures"]
    assert column.cells == (7.5,)
    assert [meaning.value for meaning in column.meanings] == [750]


def test_E17_stored_checksum_is_not_the_only_guard(read_file: Reader) -> None:
    data = build.zipped(build.parts(build.table(build.line())), zipfile.ZIP_STORED)
    altered = data.replace(b"7,5", b"9,5")
    assert zlib.crc32(data) != zlib.crc32(altered)
    assert refused(read_file(altered))


@pytest.mark.parametrize("name", sorted(build.parts(build.table(build.line()))))
def test_a_part_that_is_not_what_its_sum_says_refuses_the_file(read_file: Reader, name: str) -> None:
    """Whatever part it is: readers do not look at the sums of parts that they do not read to the end."""
    made = build.zipped(build.parts(build.table(build.line())), zipfile.ZIP_STORED)
    entry = zipfile.ZipFile(io.BytesIO(made)).getinfo(name)
    at = entry.header_offset + 30 + len(name) + 40
    damaged = made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :]
    assert refused(read_file(damaged), "damaged_file")
