"""An ods, from its bytes to what leaves: what LibreOffice shows is read, or the line is refused; never another value.

What LibreOffice 7.4 shows of each of these was looked at in LibreOffice itself.
"""

import io
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Any

import pytest

from schemas.fields import HEURES, fields_of
from tests.hostile import build
from tests.world import World, by_verdict, codes
from tests.world.deposits import LINES

TIME = "<number:hours/><number:text>:</number:text><number:minutes/>"
CLOCK = f'<number:time-style style:name="N1">{TIME}</number:time-style>'
LONG = f'<number:time-style style:name="N2" number:truncate-on-overflow="false">{TIME}</number:time-style>'
PLAIN = '<number:number-style style:name="N3"><number:number number:decimal-places="2"/></number:number-style>'
EIGHT = '<number:number number:decimal-places="0" number:min-integer-digits="8"/>'
FOUR = '<number:number number:decimal-places="0" number:min-integer-digits="4">'
ONE = '<number:number number:decimal-places="0" number:min-integer-digits="1"/>'
ZEROS = f'<number:number-style style:name="N4">{EIGHT}</number:number-style>'
STYLES = (
    CLOCK
    + LONG
    + PLAIN
    + ZEROS
    + "".join(
        f'<style:style style:name="ce{i}" style:family="table-cell" style:data-style-name="N{i}"/>' for i in range(1, 5)
    )
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ws").add_dsf().write_extracts()


def line(**changes: str) -> str:
    """A row of hours that nothing is wrong with, by what it changes; a text ``<table:…`` is a cell of its own."""
    good = LINES[HEURES] | changes
    return build.ods_row([good.get(field.name, "") for field in fields_of(HEURES)])


def cell(text: str = "", **attributes: str) -> str:
    """A cell of an ods: ``office_value="7"``; ``text`` is what stands in its paragraph."""
    said = " ".join(f'{name.replace("_", ":", 1).replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f"<table:table-cell {said}><text:p>{text}</text:p></table:table-cell>"


def table(*rows: str) -> str:
    return build.ods_row(list(build.HEADINGS)) + "".join(rows)


def judged(world: World, data: bytes) -> dict[str, Any]:
    world.drop("a.ods", data)
    world.run(politique="ligne")
    return world.report()


def hours_out(world: World) -> float:
    """Hours of all that left."""
    return sum(complement["totaux"]["heures_complementaires"] for complement in world.complements().values())


OTHER = line(date_debut="11/02/2025", heures="40")
SOURCE = '<table:table-source table:table-name="Suivi" table:mode="copy-results-only"/>'


def elsewhere(name: str, inside: str = "") -> str:
    return f'<table:table table:name="{name}" table:style-name="ta_extref">{inside}{table(OTHER)}</table:table>'


NO_SHEETS = {
    "another workbook": elsewhere("'file:///home/a/suivi.ods'#Suivi", SOURCE),
    "another workbook on the web": elsewhere("'https://example.org/suivi.ods'#Suivi", SOURCE),
    "a DDE link": f"<table:dde-links><table:dde-link><office:dde-source/>{elsewhere('')}</table:dde-link></table:dde-links>",
    "a scenario": elsewhere(
        "Essai", '<table:scenario table:scenario-ranges="Essai.A1:Essai.J2" table:is-active="true"/>'
    ),
    "a pivot table": f"<table:data-pilot-tables>{elsewhere('Pilote')}</table:data-pilot-tables>",
}


@pytest.mark.parametrize("what", NO_SHEETS)
def test_what_is_no_sheet_gives_no_line(world: World, what: str) -> None:
    report = judged(world, build.ods(table(line()), after=NO_SHEETS[what]))
    assert by_verdict(report) == {2: "acceptee"}
    assert hours_out(world) == 7.0
    assert [c["code"] for c in report["constats"]] == (["AVT-05"] if "workbook" in what or "link" in what else [])


def test_deleted_rows_that_changes_keep_give_no_line(world: World) -> None:
    deleted = f"<table:tracked-changes><table:deletion>{elsewhere('')}</table:deletion></table:tracked-changes>"
    judged(world, build.ods(table(line()), before=deleted))
    assert hours_out(world) == 7.0


def test_a_sheet_of_a_drawn_object_or_of_a_cell_gives_no_line(world: World) -> None:
    inner = f"<office:document><office:body><office:spreadsheet>{elsewhere('A')}</office:spreadsheet></office:body>"
    shapes = (
        f"<table:shapes><draw:frame><draw:object>{inner}</office:document></draw:object></draw:frame></table:shapes>"
    )
    held = f"<table:table-cell>{elsewhere('B')}</table:table-cell>"
    judged(world, build.ods(table(line(commentaire=held)), top=shapes))
    assert hours_out(world) == 7.0


def test_a_text_document_is_no_workbook(world: World) -> None:
    data = zipfile.ZipFile(io.BytesIO(build.ods(table(line()))))
    content = data.read("content.xml").replace(b"office:spreadsheet", b"office:text")
    report = judged(world, build.zipped({"mimetype": "x", "content.xml": content}))
    assert [c["code"] for c in report["constats"]] == ["FIC-01"]


def test_rows_in_groups_and_under_unknown_elements_are_read(world: World) -> None:
    group = f"<table:table-row-group><table:table-rows>{line()}</table:table-rows></table:table-row-group>"
    unknown = f"<table:new-group>{line(date_debut='12/02/2025')}</table:new-group>"
    assert by_verdict(judged(world, build.ods(table(group, unknown)))) == {2: "acceptee", 3: "acceptee"}


# --- times ------------------------------------------------------------------------------------------------------------


def time(length: str, style: str = "") -> str:
    own = {"table_style_name": style} if style else {}
    return cell("x", office_value_type="time", office_time_value=length, **own)


@pytest.mark.parametrize("style", ["ce1", ""])
def test_a_time_over_24_hours_shown_as_time_of_day_has_two_readings(world: World, style: str) -> None:
    report = judged(world, build.ods(table(line(heures=time("PT26H30M00S", style))), styles=STYLES))
    assert codes(report) == {2: ["LIG-07"]}
    assert hours_out(world) == 0
    (said,) = [f for f in report["constats"] if f["code"] == "LIG-07"]
    assert "2 h 30" in str(said) and "26 h 30" in str(said)


@pytest.mark.parametrize(
    ("length", "style", "hours"),
    [("PT26H30M00S", "ce2", 26.5), ("P1DT2H30M", "ce2", 26.5), ("PT07H30M00S", "ce1", 7.5), ("PT7H30M", "", 7.5)],
)
def test_a_time_that_is_shown_whole_is_read(world: World, length: str, style: str, hours: float) -> None:
    judged(world, build.ods(table(line(heures=time(length, style))), styles=STYLES))
    assert hours_out(world) == hours


def test_the_format_may_be_the_columns_or_a_style_that_others_share(world: World) -> None:
    shared = (
        LONG.replace("N2", "S2")
        + '<style:style style:name="Long" style:family="table-cell" style:data-style-name="S2"/>'
    )
    child = '<style:style style:name="fils" style:family="table-cell" style:parent-style-name="Long"/>'
    columns = '<table:table-column table:number-columns-repeated="7"/><table:table-column table:default-cell-style-name="ce1"/>'
    rows = table(
        line(heures=time("PT26H30M00S", "fils")),
        line(heures=time("PT26H30M00S", "Long"), date_debut="11/02/2025"),
        line(heures=time("PT26H30M00S"), date_debut="12/02/2025"),
    )
    report = judged(world, build.ods(rows, styles=STYLES + child, shared=shared, top=columns))
    assert by_verdict(report) == {2: "acceptee", 3: "acceptee", 4: "rejetee"}
    assert hours_out(world) == 53.0


@pytest.mark.parametrize(("style", "code"), [("ce2", "LIG-08"), ("ce1", "LIG-07")])
def test_a_time_below_zero_keeps_its_sign_or_is_refused(world: World, style: str, code: str) -> None:
    """Through HH:MM LibreOffice shows -7:30 as 16:30."""
    report = judged(world, build.ods(table(line(heures=time("-PT07H30M00S", style))), styles=STYLES))
    assert codes(report) == {2: [code]}


def test_a_number_shown_as_a_time_is_that_time(world: World) -> None:
    """An ods made by a program may give the number 0.3125 the format of times: it shows 07:30."""
    number = cell("07:30", office_value_type="float", office_value="0.3125", table_style_name="ce1")
    long = cell("02:30", office_value_type="float", office_value="1.104166666666667", table_style_name="ce1")
    report = judged(
        world, build.ods(table(line(heures=number), line(heures=long, date_debut="11/02/2025")), styles=STYLES)
    )
    assert codes(report) == {2: [], 3: ["LIG-07"]}
    assert hours_out(world) == 7.5


# --- cells that contradict themselves ---------------------------------------------------------------------------------

ODD = {
    "a number without its type": cell("7", office_value="8"),
    "a text with a number": cell("7", office_value_type="string", office_value="8"),
    "two texts": cell("7", office_value_type="string", office_string_value="8"),
    "a number with a comma": cell("7,5", office_value_type="float", office_value="7,5"),
    "a number with a sign of its own": cell("7", office_value_type="float", office_value="7_5"),
    "a number that is none": cell("7", office_value_type="float", office_value="NaN"),
    "a number without its value": cell("7", office_value_type="float"),
    "a type that is not known": cell("7", office_value_type="heures", office_value="7"),
    "two types": cell("7", office_value_type="float", office_value="7", calcext_value_type="string"),
    "a time as people write it": cell("7:30", office_value_type="time", office_time_value="07:30:00"),
    "a time through a format of numbers": time("PT07H30M00S", "ce3"),
}


def test_a_cell_of_which_the_file_says_two_things_is_refused(world: World) -> None:
    rows = [line(heures=odd, date_debut=f"{i}/02/2025") for i, odd in enumerate(ODD.values(), 10)]
    report = judged(world, build.ods(table(*rows), styles=STYLES))
    assert codes(report) == {row: ["LIG-02"] for row in range(2, len(ODD) + 2)}
    assert hours_out(world) == 0
    said = "Le fichier dit deux choses différentes de la cellule « Heures complémentaires » : "
    assert all(finding["message"].startswith(said) for finding in report["constats"])


def test_a_date_that_is_not_written_as_it_must_be_is_refused(world: World) -> None:
    days = ["10/02/2025", "20250210", "2025-W07-1", "2025-02-10Z", "2025-02-30", "45698"]
    rows = [line(date_debut=cell("10/02/2025", office_value_type="date", office_date_value=day)) for day in days]
    assert codes(judged(world, build.ods(table(*rows)))) == {row: ["LIG-02"] for row in range(2, 8)}


def test_a_social_security_number_in_such_a_cell_is_shown_nowhere(world: World) -> None:
    nir = "1 84 12 76 451 089 46"
    report = judged(world, build.ods(table(line(commentaire=cell(nir, office_value_type="string", office_value="8")))))
    assert codes(report) == {2: ["LIG-12"]}
    assert nir not in str(report)


def test_numbers_percentages_and_amounts_are_their_number(world: World) -> None:
    rows = [
        line(heures=cell("x", office_value_type=kind, office_value="7.5"), date_debut=f"1{i}/02/2025")
        for i, kind in enumerate(("float", "percentage", "currency"))
    ]
    judged(world, build.ods(table(*rows)))
    assert hours_out(world) == 22.5


@pytest.mark.parametrize("shown", ["TRUE", "VRAI", "WAHR"])
def test_the_number_of_a_yes_is_no_hour(world: World, shown: str) -> None:
    """LibreOffice writes so the yes of an xlsx, whose cell it shows as a word."""
    yes = cell(shown, table_formula="of:=TRUE()", office_value_type="float", office_value="1")
    one = cell("1", table_formula="of:=1", office_value_type="float", office_value="1")
    report = judged(world, build.ods(table(line(heures=yes), line(heures=one, date_debut="11/02/2025"))))
    assert codes(report) == {2: ["LIG-07"], 3: ["AVT-05"]}
    assert hours_out(world) == 1.0


# --- texts ------------------------------------------------------------------------------------------------------------

TEXTS = (
    "DSF<text:ruby><text:ruby-base>-1</text:ruby-base><text:ruby-text>un</text:ruby-text></text:ruby>",
    "<text:span>DSF</text:span>-<text:a>1</text:a>",
    "DSF-1<text:note><text:note-body><text:p>voir</text:p></text:note-body></text:note>",
    "DSF-1<text:hidden-text text:is-hidden='true'>2</text:hidden-text>",
    "DSF-1<draw:frame><draw:text-box><text:p>2</text:p></draw:text-box></draw:frame>",
    "\n  DSF-1\n",
)


def test_a_text_is_what_is_shown_of_it(world: World) -> None:
    rows = [
        line(numero_dsf=cell(text, office_value_type="string"), date_debut=f"1{i}/02/2025")
        for i, text in enumerate(TEXTS)
    ]
    report = judged(world, build.ods(table(*rows)))
    assert by_verdict(report) == dict.fromkeys(range(2, len(TEXTS) + 2), "acceptee")


def test_spaces_tabs_and_line_breaks_part_words(world: World) -> None:
    text = "Feuille<text:s text:c='3'/>12<text:tab/>du<text:line-break/>10"
    judged(world, build.ods(table(line(reference_justificatif=cell(text, office_value_type="string")))))
    assert "Feuille 12 du 10" in str(world.complements())


def test_a_heading_is_a_text_like_another(world: World) -> None:
    heading = '<table:table-cell office:value-type="string"><text:h>DSF-1</text:h></table:table-cell>'
    assert by_verdict(judged(world, build.ods(table(line(numero_dsf=heading))))) == {2: "acceptee"}


def test_what_merged_cells_hide_is_not_read_and_said(world: World) -> None:
    merged = cell("7", office_value_type="float", office_value="7", table_number_rows_spanned="2")
    hidden = '<table:covered-table-cell office:value-type="float" office:value="9"><text:p>9</text:p></table:covered-table-cell>'
    report = judged(world, build.ods(table(line(heures=merged), line(heures=hidden, date_debut="11/02/2025"))))
    assert codes(report) == {2: [], 3: ["LIG-01"]}
    assert hours_out(world) == 7.0
    assert "(la première : H3)" in str(report["constats"])


def test_an_identifier_is_read_as_its_format_shows_it(world: World) -> None:
    world.forget().add_dsf("00000123").write_extracts()
    number = cell("00000123", office_value_type="float", office_value="123", table_style_name="ce4")
    report = judged(world, build.ods(table(line(numero_dsf=number)), styles=STYLES))
    assert by_verdict(report) == {2: "acceptee"}
    assert list(world.complements()) == ["00000123-C01"]


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        ('<number:text>S</number:text><number:number number:decimal-places="0" number:min-integer-digits="2"/>', "S01"),
        (f'{FOUR}<number:embedded-text number:position="2">-</number:embedded-text></number:number>', "00-01"),
        (ONE, "1"),
        ('<number:number number:decimal-places="0" number:display-factor="1000"/>', ""),
        ("<number:text>S1</number:text>", ""),
        (f"{ONE}<number:currency-symbol>$</number:currency-symbol>", "1$"),
        (f"{ONE}<number:currency-symbol/>", ""),  # it shows the one of the country where it is opened
    ],
)
def test_a_code_is_read_as_shown_or_refused(world: World, shown: str, read: str) -> None:
    world.forget().add_dsf(sequences=[{"code_sequence": read or "1"}], absences=[]).write_extracts()
    style = f'<number:number-style style:name="N4">{shown}</number:number-style>'
    number = cell("x", office_value_type="float", office_value="1", table_style_name="ce4")
    report = judged(world, build.ods(table(line(code_sequence=number)), styles=STYLES.replace(ZEROS, style)))
    assert codes(report) == {2: [] if read else ["LIG-02"]}


def test_a_program_may_name_the_namespaces_as_it_likes(world: World) -> None:
    """The prefixes are those of who writes; a value must not be missed for that: 10 March would be read on 3 October."""
    day = cell("3/10/2025", office_value_type="date", office_date_value="2025-03-10")
    archive = zipfile.ZipFile(io.BytesIO(build.ods(table(line(date_debut=day)))))
    parts = {name: archive.read(name) for name in archive.namelist()}
    parts["content.xml"] = ET.tostring(ET.fromstring(parts["content.xml"]))
    assert b"<ns0:" in parts["content.xml"]
    judged(world, build.zipped(parts))
    (complement,) = world.complements().values()
    assert "2025-03-10" in str(complement)


def test_days_that_count_from_another_date_are_refused(world: World) -> None:
    before = '<table:calculation-settings><table:null-date table:date-value="1900-01-01"/></table:calculation-settings>'
    report = judged(world, build.ods(table(line()), before=before))
    assert [c["code"] for c in report["constats"]] == ["FIC-01"]
