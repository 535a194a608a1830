"""xlsx, from the file dropped to what is emitted: what a cell shows is what is declared, or the line says why not."""

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from schemas.fields import HEURES, fields_of
from tests.hostile import build
from tests.job.test_read_xls import emitted, line
from tests.world import World, codes

HEADINGS = [field.headings[HEURES] for field in fields_of(HEURES)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ws").add_dsf(sequences=[{}, {"code_sequence": "S03"}]).write_extracts()


def written(*, epoch_1904: bool = False, **changes: object) -> bytes:
    """A workbook of one line; a pair is a number and its format."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "date_1904": epoch_1904})
    page = book.add_worksheet()
    page.write_row(0, 0, HEADINGS)
    for column, value in enumerate(line(**changes)):
        if isinstance(value, tuple):
            page.write_number(1, column, value[0], book.add_format({"num_format": value[1]}))
        else:
            page.write(1, column, value)
    book.close()
    return buffer.getvalue()


def run(world: World, data: bytes) -> dict[int, list[str]]:
    world.drop("a.xlsx", data)
    world.run()
    found: dict[int, list[str]] = codes(world.report())
    return found


def noted(world: World) -> list[str]:
    return [finding["message"] for finding in world.report()["constats"] if finding["code"] == "AVT-05"]


@pytest.mark.parametrize("code", ["h:mm", "hh:mm:ss", "[$-40C]h:mm"])
@pytest.mark.parametrize("hours", [-20.5, -0.5])
def test_a_negative_time_is_never_another_number_of_hours(world: World, code: str, hours: float) -> None:
    assert run(world, written(heures=(hours / 24, code))) == {2: ["LIG-02"]}
    assert "########" in str(world.report())
    assert emitted(world) == []


def test_a_positive_time_is_read_as_before(world: World) -> None:
    assert run(world, written(heures=(7.5 / 24, "h:mm"))) == {2: []}
    assert emitted(world) == [7.5]


def test_an_identifier_typed_as_a_number_is_what_is_seen(world: World) -> None:
    made = written(identifiant_de=(1234567, '0000000"A"'), code_sequence=(3, '"S"00'))
    assert run(world, made) == {2: []}
    assert emitted(world) == [7.5]
    assert "AVT-05" in {finding["code"] for finding in world.report()["constats"]}


def test_an_identifier_that_shows_something_else_is_not_guessed(world: World) -> None:
    assert run(world, written(code_sequence=(3, "0%"))) == {2: ["LIG-02"]}
    assert emitted(world) == []


def with_a_long_end(sheet: str) -> str:
    """A reader that has what it wants stops there, and never gets to the sum at the end of the part."""
    return sheet.replace("</sheetData>", f"</sheetData><!--{'x' * 100_000}-->")


@pytest.mark.parametrize("spot", [b"<v>3.5</v>", b"<t xml:space="])
def test_one_flipped_bit_is_never_another_value(world: World, spot: bytes) -> None:
    whole = build.zipped(build.parts(with_a_long_end(build.table(row_of(heures=3.5)))), zipfile.ZIP_STORED)
    at = whole.index(spot) + 3
    run(world, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert [finding["code"] for finding in world.report()["constats"]] == ["FIC-01"]
    assert emitted(world) == []


def test_a_bit_flipped_anywhere_changes_no_value(world: World) -> None:
    """A bounded sweep: each flip reads the same, or refuses the file."""
    whole = build.zipped(build.parts(with_a_long_end(build.table(row_of(heures=3.5)))), zipfile.ZIP_STORED)
    first, last = whole.index(b"<sheetData>"), whole.index(b"</sheetData>")
    for number, at in enumerate(range(first, last, max(1, (last - first) // 60))):
        world.drop(f"{number:03d}.xlsx", whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
    world.run()
    assert set(emitted(world)) <= {3.5}


def row_of(**changes: object) -> list[object]:
    values = line(**changes)
    return ["" if value is None else value for value in values]


def elsewhere(content: str | bytes) -> bytes:
    """A workbook whose sheet stands in a folder of its own."""
    made = build.parts(content)
    relations = str(made["xl/_rels/workbook.xml.rels"]).replace("worksheets/sheet1.xml", "feuilles/un.xml")
    moved = {name: part for name, part in made.items() if "worksheets/" not in name}
    return build.zipped({**moved, "xl/_rels/workbook.xml.rels": relations, "xl/feuilles/un.xml": content})


def test_an_error_is_seen_wherever_the_sheet_stands(world: World) -> None:
    error = '<c r="G2" t="e"><v>#REF!</v></c>'
    assert run(world, elsewhere(build.table(row_of(date_fin=error)))) == {2: ["LIG-02"]}
    assert emitted(world) == []


def test_a_sheet_that_stands_elsewhere_is_read(world: World) -> None:
    assert run(world, elsewhere(build.table(row_of()))) == {2: []}
    assert emitted(world) == [7.5]


@pytest.mark.parametrize("formula", ["<f/>", "<f></f>", '<f t="shared" si="0"/>', "<f>A1</f>"])
def test_a_formula_without_a_value_is_not_blank(world: World, formula: str) -> None:
    assert run(world, build.xlsx(build.table(row_of(date_fin=f'<c r="G2">{formula}</c>')))) == {2: ["LIG-02"]}
    assert emitted(world) == []


def test_a_sheet_in_UTF_16_is_read(world: World) -> None:
    wide = build.table(row_of()).replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-16"?>')
    assert run(world, build.xlsx(wide.encode("utf-16"))) == {2: []}
    assert emitted(world) == [7.5] and len(noted(world)) == 1


@pytest.mark.parametrize("formula", [False, True])
def test_a_sheet_that_is_too_wide_is_named_with_its_furthest_cell(world: World, formula: bool) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    page = book.add_worksheet("Mars")
    page.write(4, 700, "x")
    if formula:
        page.write_formula(6, 0, "=1+1")
    book.close()
    run(world, buffer.getvalue())
    (finding,) = world.report()["constats"]
    assert (finding["code"], finding["feuille"], finding["ligne"]) == ("FIC-03", "Mars", 5)
    assert "ZY5" in finding["message"].replace("\u00a0", " "), finding["message"]


CUT = {
    "comment": "<v>3<!-- et demie -->.5</v>",
    "comment first": "<v><!-- trois et demie -->3.5</v>",
    "long comment": f"<v>3<!--{'x' * 3_000_000}-->.5</v>",
    "instruction": "<v>3<?halte?>.5</v>",
    "cdata": "<v><![CDATA[3.5]]></v>",
    "reference": "<v>3&#46;5</v>",
    "first digit": "<v>&#x33;.5</v>",
    "attributes": '<v xml:space="preserve"> 3<!-- -->.5 </v>',
}


@pytest.mark.parametrize("written", CUT)
def test_a_value_is_whole_however_its_markup_is(world: World, written: str) -> None:
    hours = f'<c r="H2">{CUT[written]}</c>'
    assert run(world, build.xlsx(build.table(row_of(heures=hours)))) == {2: []}
    assert emitted(world) == [3.5]
    assert len(noted(world)) == 1 and "seules ses valeurs ont été lues" in noted(world)[0]


def with_care(code: str, cell: str) -> bytes:
    """A file that is read with care, with hours in a format of its own."""
    parts = build.parts(build.table(row_of(heures=cell, commentaire='<c r="J2"><v>1<!-- -->2</v></c>')))
    relations = "xl/_rels/workbook.xml.rels"
    styles = f'<Relationship Id="s" Type="{build.RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    formats = f'<numFmts count="1"><numFmt numFmtId="170" formatCode="{code}"/></numFmts>'
    formats += '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs>'
    return build.zipped(
        {
            **parts,
            relations: str(parts[relations]).replace("</Relationships>", styles),
            "xl/styles.xml": f'<styleSheet xmlns="{build.MAIN}">{formats}</styleSheet>',
        }
    )


@pytest.mark.parametrize(
    ("code", "value", "found", "hours"),
    [
        ("h:mm", "0.3125", [], [7.5]),
        ("h:mm", "-0.3125", ["LIG-02"], []),
        ("h:mm", "1.3125", ["LIG-07"], []),
        ("[h]:mm", "1.3125", ["AVT-02"], [31.5]),
        ("dd/mm/yyyy", "7.5", ["LIG-07"], []),
    ],
)
def test_formats_decide_for_who_reads_with_care(
    world: World, code: str, value: str, found: list[str], hours: list[float]
) -> None:
    assert run(world, with_care(code, f'<c r="H2" s="1"><v>{value}</v></c>')) == {2: found}
    assert emitted(world) == hours and noted(world)


@pytest.mark.parametrize("cut", [False, True])
def test_what_merged_cells_hide_is_not_read_and_said(world: World, cut: bool) -> None:
    """Excel shows the first of merged cells; what another program left in the others is seen by nobody."""
    hours = f'<c r="H2">{CUT["comment"]}</c>' if cut else 3.5
    made = build.table(row_of(heures=hours), row_of(heures=7.5, date_debut="11/02/2025"))
    merged = '</sheetData><mergeCells count="1"><mergeCell ref="H2:H3"/></mergeCells>'
    assert run(world, build.xlsx(made.replace("</sheetData>", merged))) == {2: [], 3: ["LIG-01"]}
    assert emitted(world) == []
    assert any("H3" in message.replace("\u00a0", " ") for message in noted(world)), noted(world)
