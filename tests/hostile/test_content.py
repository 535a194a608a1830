"""Group F of reliability.md: content that other readers change without a word."""

import datetime as dt
import os
import time
import unicodedata

import pytest

from pipeline.cells.meaning import read_cell
from pipeline.cells.model import Cell, ErrorCell, FormulaCell
from schemas.fields import FieldKind
from schemas.noticed import Noticed
from tests.hostile import build
from tests.hostile.conftest import Cost, Reader
from tests.hostile.outcome import cells, limit, meanings, noticed, refused, rows, told, values

HEURES, DATE = FieldKind.HOURS, FieldKind.DATE


@pytest.mark.parametrize("text", ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"])
def test_F01_error_cell_is_not_blank(read_file: Reader, text: str) -> None:
    reading = read_file(build.xlsx(build.table(build.line(c8=f'<c r="I2" t="e"><v>{text}</v></c>', c7=7.5))))
    assert cells(reading, "reference_justificatif") == [ErrorCell(text)]
    assert meanings(reading, "reference_justificatif")[0].noticed == (Noticed.SPREADSHEET_ERROR,)


def test_F01_error_in_csv_french_and_english(read_file: Reader) -> None:
    text = build.csv_text(build.line(c8="#NOM?"), build.line(c8="#REF!"))
    assert [meaning.noticed for meaning in meanings(read_file(text.encode(), "a.csv"), "reference_justificatif")] == [
        (Noticed.SPREADSHEET_ERROR,)
    ] * 2


def test_F01_row_with_nothing_but_an_error_is_a_line(read_file: Reader) -> None:
    error = '<row r="9"><c r="H9" t="e"><v>#REF!</v></c></row></sheetData>'
    data = build.table(build.line()).replace("</sheetData>", error)
    assert rows(read_file(build.xlsx(data))) == [2, 9]


@pytest.mark.parametrize("stored", ["<f>1+1</f>", "<f>1+1</f><v></v>", "<f>1+1</f><v/>"])
def test_F02_formula_without_a_value_is_not_blank(read_file: Reader, stored: str) -> None:
    reading = read_file(build.xlsx(build.table(build.line(c7=f'<c r="H2">{stored}</c>'))))
    assert cells(reading, "heures") == [FormulaCell(None)]
    assert meanings(reading, "heures")[0].noticed == (Noticed.NOT_CALCULATED,)


def test_F02_formula_with_a_value_is_read_and_noted(read_file: Reader) -> None:
    blank = '<c r="J2" t="str"><f>IF(A1="","","")</f><v></v></c>'
    lines = build.line(c7='<c r="H2"><f>3+0.5</f><v>3.5</v></c>', c9=blank)
    reading = read_file(build.xlsx(build.table(lines)))
    assert meanings(reading, "heures")[0][:2] == (350, (Noticed.FORMULA,))
    assert meanings(reading, "commentaire")[0] == (None, (), "")


NAMES = ["NA", "N/A", "None", "null", "Null", "nan", "NaN", "n/a", "TRUE", "Vrai", "-", "Inf", "1e5", "#"]


def test_F03_names_that_look_like_nothing_stay_names(read_file: Reader) -> None:
    lines = [build.line(c2=name) for name in NAMES]
    for data, name in ((build.xlsx(build.table(*lines)), "a.xlsx"), (build.csv_text(*lines).encode(), "a.csv")):
        assert values(read_file(data, name), "nom") == NAMES


def test_F04_leading_zeros_stay(read_file: Reader) -> None:
    lines = [build.line(c1=number) for number in ("0012345A", "007", "12345678901")]
    reading = read_file(build.csv_text(*lines).encode(), "a.csv")
    assert values(reading, "identifiant_de") == ["0012345A", "007", "12345678901"]
    numbers = read_file(build.xlsx(build.table(build.line(c1=12345678901, c4=7.0))))
    assert values(numbers, "identifiant_de") == ["12345678901"]
    assert values(numbers, "code_sequence") == ["7"]


def test_F05_number_too_long_to_be_kept_is_not_guessed(read_file: Reader) -> None:
    reading = read_file(build.xlsx(build.table(build.line(c1=1234567890123456789, c8=1234567890123456789, c4="1E+05"))))
    assert values(reading, "identifiant_de") == ["1.23456789012346E+18"]  # LIG-03: not the form of an identifier
    assert meanings(reading, "reference_justificatif")[0].noticed == (Noticed.SPREADSHEET_ERROR,)
    assert values(reading, "code_sequence") == ["1E+05"]
    assert read_cell(FieldKind.KEY, 1e5).value == "100000"


def test_F06_spaces_are_folded_other_digits_are_refused(read_file: Reader) -> None:
    spaces = "\u00a0\u202f\u2009 "
    reading = read_file(
        build.xlsx(
            build.table(build.line(c2=f"{spaces}DE{spaces}LA{spaces}", c7=f"7,5{spaces}", c5=f"{spaces}05/03/2024"))
        )
    )
    assert values(reading, "nom") == ["DE LA"]
    assert values(reading, "heures") == [750]
    assert values(reading, "date_debut") == [dt.date(2024, 3, 5)]
    for digits in ("７,５", "٧", "7,５"):
        assert read_cell(HEURES, digits).noticed == (Noticed.HOURS_UNREADABLE,)
    for digits in ("０５/03/2024", "٠٥/03/2024"):
        assert read_cell(DATE, digits).noticed == (Noticed.DATE_UNREADABLE,)


DIALECTS = [(s, e, end) for s in ";,\t" for e in ("utf-8", "utf-8-sig", "utf-16", "cp1252") for end in ("\r\n", "\n")]


@pytest.mark.parametrize(("separator", "encoding", "end"), DIALECTS)
def test_F07_separator_and_encoding_are_told_by_the_file(
    read_file: Reader, separator: str, encoding: str, end: str
) -> None:
    hours = "7,5" if separator != "," else "7.5"
    text = build.csv_text(build.line(c7=hours, c2="Éléa"), separator=separator, end=end)
    reading = read_file(text.encode(encoding), "a.csv")
    assert values(reading, "heures") == [750]
    assert values(reading, "nom") == ["Éléa"]
    assert (Noticed.ENCODING in noticed(reading)) == (encoding == "cp1252")


def test_F07_two_readings_of_a_number_are_refused_with_both() -> None:
    for text in ("1.234", "1,234", "7,333"):
        meaning = read_cell(HEURES, text)
        assert meaning.noticed == (Noticed.HOURS_UNREADABLE,)
        small, large = meaning.detail.split(" / ")
        assert read_cell(HEURES, small).value is not None
        assert read_cell(HEURES, large).value is not None
    assert read_cell(HEURES, "1 234,5").value == 123450
    assert read_cell(HEURES, "0,125").value == 13


def test_F07_decimal_comma_in_a_comma_file_is_refused(read_file: Reader) -> None:
    reading = read_file(build.csv_text(build.line(), separator=",").encode(), "a.csv")
    assert refused(reading, "wide_row", row=2)


HOURS: list[tuple[Cell, int | None]] = [
    ("7,5", 750), ("7.5", 750), ("7h30", 750), ("7 h 30", 750), ("7:30", 750), ("7H30", 750), ("7h", 700), ("7 heures", 700),
    ("7h20", 733), ("07:30", 750), ("26:30", 2650), ("7:30:00", 750), ("3,30", 330), ("-7,5", -750), ("-7h30", -750), ("0", 0),
    (7.5, 750), (7, 700), (0.3125, 31), (2.675, 268), (7.3 - 0.1 - 0.1, 710), (-0.0, 0),
    (dt.time(7, 30), 750), (dt.time(7, 20), 733), (dt.time(7, 19, 59, 999000), 733),
    (dt.timedelta(hours=26, minutes=30), 2650), (dt.timedelta(hours=-3), -300),
    ("7h5", None), ("7h60", None), ("7 30", None), ("7..5", None), ("sept", None), ("7,5,5", None), ("1e3", None), (True, None),
    (dt.date(2024, 5, 7), None), (dt.datetime(2024, 5, 7), None), (dt.datetime(1900, 1, 1, 2, 30), None),
    (1e308, None), (float("nan"), None), (float("inf"), None), ("9" * 150, None),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "hundredths"), HOURS)
def test_F08_hours_in_every_form(cell: Cell, hundredths: int | None) -> None:
    meaning = read_cell(HEURES, cell)
    assert meaning.value == hundredths
    assert (meaning.noticed == (Noticed.HOURS_UNREADABLE,)) == (hundredths is None)


def test_F08_decimals_that_look_like_minutes_say_both_readings() -> None:
    assert read_cell(HEURES, "3,30").detail == "3,30 h / 3 h 30"
    assert read_cell(HEURES, 3.3).detail == "3,30 h / 3 h 30"
    assert read_cell(HEURES, "7h5").detail == "7 h 05 / 7 h 50"


@pytest.mark.parametrize("epoch", [False, True])
def test_F09_both_epochs(read_file: Reader, epoch: bool) -> None:
    serial = 45356 - (1462 if epoch else 0)
    styles = (
        f'<styleSheet xmlns="{build.MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>'
        "</cellXfs></styleSheet>"
    )
    relation = f'<Relationship Id="rId9" Type="{build.RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    made = build.parts(
        build.table(build.line(c5=f'<c r="F2" s="1"><v>{serial}</v></c>', c6=serial)),
        properties='<workbookPr date1904="1"/>' if epoch else "",
    )
    made["xl/_rels/workbook.xml.rels"] = str(made["xl/_rels/workbook.xml.rels"]).replace("</Relationships>", relation)
    reading = read_file(build.zipped({**made, "xl/styles.xml": styles}))
    assert values(reading, "date_debut") == [dt.date(2024, 3, 5)]
    assert values(reading, "date_fin") == [dt.date(2024, 3, 5)]  # left as a bare number


@pytest.mark.parametrize("cell", [60, 0, -3, 2958466, 1e12, 45356.5, 30524, dt.date(1900, 2, 28), dt.time(0, 0)])
def test_F10_serials_that_are_no_date(cell: Cell) -> None:
    assert read_cell(DATE, cell).noticed == (Noticed.DATE_UNREADABLE,)


@pytest.mark.parametrize("day", range(1, 13))
@pytest.mark.parametrize("month", range(1, 13))
def test_F11_day_comes_first(day: int, month: int) -> None:
    for mark in "/-.":
        for text in (f"{day:02d}{mark}{month:02d}{mark}2024", f"{day}{mark}{month}{mark}2024"):
            assert read_cell(DATE, text).value == dt.date(2024, month, day)
    assert read_cell(DATE, f"2024-{month:02d}-{day:02d}").value == dt.date(2024, month, day)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("02/13/2024", "13/02/2024"),
        ("05/03/24", "05/03/2024"),
        ("5 mars 2024", "05/03/2024"),
        ("20240305", ""),
        ("45356", ""),
        ("31/02/2024", "2024-02"),  # the month that has no such day
        ("32/02/2024", ""),
        ("05/03-2024", ""),
        ("05/03/0024", ""),
    ],
)
def test_F11_what_is_not_plain_is_refused_with_the_form_to_use(text: str, form: str) -> None:
    meaning = read_cell(DATE, text)
    assert (meaning.value, meaning.noticed, meaning.detail) == (None, (Noticed.DATE_UNREADABLE,), form)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_F12_a_time_of_day_is_not_dropped(zone: str) -> None:
    old = os.environ.get("TZ")
    try:
        os.environ["TZ"] = zone
        time.tzset()
        for cell in (dt.datetime(2024, 3, 5, 23, 0), "05/03/2024 23:00", "2024-03-05T23:00:00", "2024-03-05T00:00:00Z"):
            assert read_cell(DATE, cell).value is None
        for midnight in (dt.datetime(2024, 3, 5), "05/03/2024 00:00", "2024-03-05T00:00:00", "2024-03-05 00:00:00"):
            assert read_cell(DATE, midnight).value == dt.date(2024, 3, 5)
    finally:
        os.environ.pop("TZ") if old is None else os.environ.__setitem__("TZ", old)
        time.tzset()


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_F13_hidden_sheets_and_rows_are_read_and_said(read_file: Reader, state: str) -> None:
    data = build.table(build.line(), build.line()).replace('<row r="3">', '<row r="3" hidden="1">')
    reading = read_file(build.xlsx(build.sheet(""), data, states={2: state}))
    assert rows(reading) == [2, 3]
    said = [o for o in reading.observations if o.noticed is Noticed.WORTH_A_LOOK]
    assert [told(o) for o in said] == [
        "La feuille masquée « Feuille2 » a été lue comme les autres",
        "Feuille « Feuille2 », les lignes masquées 3 ont été lues comme les autres",
    ]
    assert told(said[1], "en") == "Sheet “Feuille2”, the hidden rows 3 were read like the others"


def test_F14_merged_cells_are_not_spread(read_file: Reader) -> None:
    merged = build.table(build.line(), build.line(c7="")).replace(
        "</sheetData>", '</sheetData><mergeCells><mergeCell ref="H2:H3"/></mergeCells>'
    )
    assert values(read_file(build.xlsx(merged)), "heures") == [750, None]


@pytest.mark.parametrize("columns", [0, 2, 9])
@pytest.mark.parametrize("start", [1, 3, 1000])
def test_F15_rows_and_columns_are_those_the_program_shows(read_file: Reader, start: int, columns: int) -> None:
    data = build.sheet(build.row(start, list(build.HEADINGS), columns) + build.row(start + 2, build.line(), columns))
    reading = read_file(build.xlsx(data))
    assert rows(reading) == [start + 2]
    assert reading.tables[0].heading_row == start
    assert [c.index for c in reading.tables[0].columns] == list(range(columns, columns + 10))


def test_F16_titles_totals_footnotes_and_repeated_headings(read_file: Reader) -> None:
    total = ["", "", "Total général", "", "", "", "", 15]
    rows_xml = (
        build.row(1, ["Heures complémentaires"])
        + build.row(3, ["Déclaration du trimestre", "", "Nom"])
        + build.row(5, list(build.HEADINGS))
        + build.row(6, build.line())
        + build.row(7, list(build.HEADINGS))
        + build.row(8, build.line())
        + build.row(9, ["DSF-1", "1234567B", "PRÉREMPLI", "", "S1"])
        + build.row(10, list(total))
        + build.row(12, ["* joindre les feuilles d'émargement"])
    )
    reading = read_file(build.xlsx(build.sheet(rows_xml)))
    assert rows(reading) == [6, 8]
    (dropped,) = [o for o in reading.observations if o.noticed is Noticed.TOTAL_LEFT_OUT]
    assert (dropped.row, dropped.column, dropped.value, dropped.detail) == (10, "C", "Total général", "15")
    assert ("repeated_headings", "Feuille1", "7") in [(o.code, o.sheet, o.value) for o in reading.observations]


def test_F16_two_rows_of_headings(read_file: Reader) -> None:
    first = [
        "Numéro DSF",
        "Identifiant DE",
        "Nom",
        "Prénom",
        "Code séquence",
        "Date",
        "",
        "Heures",
        "Référence du justificatif",
    ]
    second = ["", "", "", "", "", "début", "fin", "complémentaires"]
    rows_xml = build.row(2, list(first)) + build.row(3, list(second)) + build.row(4, build.line())
    reading = read_file(build.xlsx(build.sheet(rows_xml)))
    assert rows(reading) == [4]
    assert {c.field for c in reading.tables[0].columns} >= {"date_debut", "date_fin", "heures"}
    assert noticed(reading) == [Noticed.WORTH_A_LOOK]


@pytest.mark.parametrize(
    "heading", ["numero  dsf", "NUMÉRO\u00a0DSF :", "Numе́ro DSF", "N° DSF", "Ｎｕｍéｒｏ DSF", " Nume\u0301ro_dsf* "]
)
def test_F17_headings_are_known_however_written(read_file: Reader, heading: str) -> None:
    data = build.table(build.line()).replace("Numéro DSF", heading)
    assert values(read_file(build.xlsx(data)), "numero_dsf") == ["DSF-1"]


def test_F17_same_heading_twice_is_refused(read_file: Reader) -> None:
    data = build.table(build.line()).replace("Commentaire", "N° DSF ")
    reading = read_file(build.xlsx(data))
    assert Noticed.COLUMN_TWICE in noticed(reading)
    assert reading.observations[0].detail == "« Numéro DSF » (A) / « N° DSF » (J)"


def test_F17_unknown_heading_names_the_nearest(read_file: Reader) -> None:
    data = build.table(build.line()).replace("Référence du justificatif", "Référense du justifcatif")
    (missing,) = [o for o in read_file(build.xlsx(data)).observations if o.noticed is Noticed.COLUMN_MISSING]
    assert (missing.field, missing.detail) == ("reference_justificatif", "Référense du justifcatif")


def test_F18_stray_quote_never_eats_a_row(read_file: Reader) -> None:
    lines = [build.line(c0=f"DSF-{i}") for i in range(4)]
    for stray in ('"F', '"F"E', 'F"E'):
        text = build.csv_text(lines[0], build.line(c8=stray), *lines[1:], build.line(c9='G"'))
        reading = read_file(text.encode(), "a.csv")
        assert refused(reading) or rows(reading) == [2, 3, 4, 5, 6, 7]


def test_F18_line_break_inside_quotes_is_one_row(read_file: Reader) -> None:
    text = build.csv_text(build.line(c9='"deux\nlignes"'), build.line(c0="DSF-2"))
    reading = read_file(text.encode(), "a.csv")
    assert rows(reading) == [2, 3]
    assert values(reading, "commentaire") == ["deux lignes", None]


def test_F19_ragged_rows(read_file: Reader) -> None:
    # A separator too many shifts what follows it, even where the row ends in blanks.
    shifted = build.csv_text(build.line(), build.line(c8="FE;1"))
    assert refused(read_file(shifted.encode(), "a.csv"), "wide_row", row=3)
    short = build.csv_text(build.line()[:8], build.line())
    assert values(read_file(short.encode(), "a.csv"), "reference_justificatif") == [None, "FE-1"]
    commas = build.csv_text(build.line(c7=7)[:8], separator=",")
    assert refused(read_file(commas.encode(), "a.csv"), "short_row", row=2)


def test_F20_last_line_cut_at_each_byte(read_file: Reader) -> None:
    whole = build.csv_text(build.line(c7="2,12", c9="fin"), build.line(c7="12,25", c9="fin")).encode()
    last = whole[:-2].rindex(b"\n") + 1
    for size in range(last + 1, len(whole)):
        reading = read_file(whole[:size], "a.csv")
        if not refused(reading):
            assert values(reading, "heures") in ([212], [212, 1225])
            assert values(reading, "reference_justificatif")[-1] == "FE-1"
    assert refused(read_file(whole[: last + 50], "a.csv"), "cut_end", row=3)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850", "mac-roman", "mixed"]
)
def test_F21_encodings(read_file: Reader, encoding: str) -> None:
    text = build.csv_text(build.line(c2="Éléonore"))
    data = (
        text.encode() + build.csv_text(build.line(c2="Zoé")).encode("cp1252")
        if encoding == "mixed"
        else text.encode(encoding)
    )
    reading = read_file(data, "a.csv")
    if encoding in ("cp850", "mac-roman", "mixed"):
        assert refused(reading, "old_encoding" if encoding == "mac-roman" else "encoding")
    else:
        assert values(reading, "nom") == ["Éléonore"]


def test_F21_broken_characters_are_told_and_names_are_composed() -> None:
    assert read_cell(FieldKind.TEXT, "El\ufffdonore").noticed == (Noticed.CHARACTER_FORBIDDEN,)
    decomposed = unicodedata.normalize("NFD", "Éléonore")
    assert read_cell(FieldKind.TEXT, decomposed).value == "Éléonore"


def test_F22_the_same_line_twice_is_two_lines(read_file: Reader) -> None:
    # DBL-01 names both rows: reading keeps them apart.
    assert rows(read_file(build.xlsx(build.table(build.line(), build.line())))) == [2, 3]


def test_F23_a_million_blank_rows(read_file: Reader, cost: Cost) -> None:
    blanks = "".join(f'<row r="{i}" s="1" customFormat="1"/>' for i in range(3, 1_048_577))
    data = build.table(build.line()).replace("</sheetData>", blanks + "</sheetData>")
    archive = build.xlsx(data)
    assert rows(read_file(archive)) == [2]
    assert cost(archive) < 5


def test_F24_booleans_rich_text_phonetics_and_escapes(read_file: Reader) -> None:
    rich = (
        '<c r="C2" t="inlineStr"><is><r><t>NOM</t></r><r><rPr><b/></rPr><t xml:space="preserve"> LONG</t></r></is></c>'
    )
    strings = f'<sst xmlns="{build.MAIN}" count="1" uniqueCount="1"><si><t>Zoé</t><rPh sb="0" eb="1"><t>zoe</t></rPh></si></sst>'
    relation = (
        f'<Relationship Id="rId9" Type="{build.RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    made = build.parts(
        build.table(
            build.line(
                c2=rich, c3='<c r="D2" t="s"><v>0</v></c>', c4='<c r="E2" t="b"><v>1</v></c>', c9="a_x000D_\nb", c8="'"
            )
        )
    )
    made["xl/_rels/workbook.xml.rels"] = str(made["xl/_rels/workbook.xml.rels"]).replace("</Relationships>", relation)
    reading = read_file(build.zipped({**made, "xl/sharedStrings.xml": strings}))
    assert values(reading, "nom") == ["NOM LONG"]
    assert values(reading, "prenom") == ["Zoé"]
    assert values(reading, "code_sequence") == ["VRAI"]
    assert values(reading, "commentaire") == ["a b"]
    assert values(reading, "reference_justificatif") == ["'"]


def test_F24_number_and_boolean_of_one_value_stay_apart(read_file: Reader) -> None:
    lines = [build.line(c4=1), build.line(c4='<c r="E3" t="b"><v>1</v></c>')]
    assert values(read_file(build.xlsx(build.table(*lines))), "code_sequence") == ["1", "VRAI"]


def test_F25_hours_out_of_range_parse_or_are_refused() -> None:
    assert read_cell(HEURES, -7.5).value == -750  # LIG-08 says it
    assert read_cell(HEURES, "25").value == 2500
    for cell in (1e308, -1e308, "1e308", "NaN", "100000000"):
        assert read_cell(HEURES, cell).value is None


def test_F26_reading_knows_nothing_of_persons(read_file: Reader) -> None:
    # Whether a DE is on the DSF is REF-06's business: an unknown identifier reads like any other.
    known, unknown = (
        read_file(build.xlsx(build.table(build.line(), build.line(c1="9999999Z")))).tables[0].columns[1].meanings
    )
    assert (known.noticed, unknown.noticed) == ((), ())


def test_limit_of_lines_is_strict(read_file: Reader) -> None:
    from pipeline.settings import Limits

    data = build.csv_text(*[build.line()] * 5).encode()
    assert rows(read_file(data, "a.csv", Limits(lignes=5))) == [2, 3, 4, 5, 6]
    assert limit(read_file(data, "a.csv", Limits(lignes=4))) == "lignes"
