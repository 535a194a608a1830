"""Group F of reliability.md: content that other readers change without a word."""

import datetime as dt
import os
import time
import unicodedata

import pytest

from pipeline.cells.meaning import lire
from pipeline.cells.model import Cell, ErrorCell, Etat, FormulaCell
from schemas.fields import Kind
from tests.hostile import build
from tests.hostile.conftest import Reader
from tests.hostile.outcome import cells, etats, limit, lus, refused, rows, told, values

HEURES, DATE = Kind.HOURS, Kind.DATE


@pytest.mark.parametrize("text", ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"])
def test_F01_error_cell_is_not_blank(lire_fichier: Reader, text: str) -> None:
    reading = lire_fichier(build.xlsx(build.table(build.line(c8=f'<c r="I2" t="e"><v>{text}</v></c>', c7=7.5))))
    assert cells(reading, "reference_justificatif") == [ErrorCell(text)]
    assert lus(reading, "reference_justificatif")[0].etats == (Etat.ERREUR,)


def test_F01_error_in_csv_french_and_english(lire_fichier: Reader) -> None:
    text = build.csv_text(build.line(c8="#NOM?"), build.line(c8="#REF!"))
    assert [lu.etats for lu in lus(lire_fichier(text.encode(), "a.csv"), "reference_justificatif")] == [
        (Etat.ERREUR,)
    ] * 2


def test_F01_row_with_nothing_but_an_error_is_a_line(lire_fichier: Reader) -> None:
    error = '<row r="9"><c r="H9" t="e"><v>#REF!</v></c></row></sheetData>'
    data = build.table(build.line()).replace("</sheetData>", error)
    assert rows(lire_fichier(build.xlsx(data))) == [2, 9]


@pytest.mark.parametrize("stored", ["<f>1+1</f>", "<f>1+1</f><v></v>", "<f>1+1</f><v/>"])
def test_F02_formula_without_a_value_is_not_blank(lire_fichier: Reader, stored: str) -> None:
    reading = lire_fichier(build.xlsx(build.table(build.line(c7=f'<c r="H2">{stored}</c>'))))
    assert cells(reading, "heures") == [FormulaCell(None)]
    assert lus(reading, "heures")[0].etats == (Etat.NON_CALCULE,)


def test_F02_formula_with_a_value_is_read_and_noted(lire_fichier: Reader) -> None:
    blank = '<c r="J2" t="str"><f>IF(A1="","","")</f><v></v></c>'
    lines = build.line(c7='<c r="H2"><f>3+0.5</f><v>3.5</v></c>', c9=blank)
    reading = lire_fichier(build.xlsx(build.table(lines)))
    assert lus(reading, "heures")[0][:2] == (350, (Etat.FORMULE,))
    assert lus(reading, "commentaire")[0] == (None, (), "")


NAMES = ["NA", "N/A", "None", "null", "Null", "nan", "NaN", "n/a", "TRUE", "Vrai", "-", "Inf", "1e5", "#"]


def test_F03_names_that_look_like_nothing_stay_names(lire_fichier: Reader) -> None:
    lines = [build.line(c2=name) for name in NAMES]
    for data, name in ((build.xlsx(build.table(*lines)), "a.xlsx"), (build.csv_text(*lines).encode(), "a.csv")):
        assert values(lire_fichier(data, name), "nom") == NAMES


def test_F04_leading_zeros_stay(lire_fichier: Reader) -> None:
    lines = [build.line(c1=number) for number in ("0012345A", "007", "12345678901")]
    reading = lire_fichier(build.csv_text(*lines).encode(), "a.csv")
    assert values(reading, "identifiant_de") == ["0012345A", "007", "12345678901"]
    numbers = lire_fichier(build.xlsx(build.table(build.line(c1=12345678901, c4=7.0))))
    assert values(numbers, "identifiant_de") == ["12345678901"]
    assert values(numbers, "code_sequence") == ["7"]


def test_F05_number_too_long_to_be_kept_is_not_guessed(lire_fichier: Reader) -> None:
    reading = lire_fichier(
        build.xlsx(build.table(build.line(c1=1234567890123456789, c8=1234567890123456789, c4="1E+05")))
    )
    assert values(reading, "identifiant_de") == ["1.23456789012346E+18"]  # LIG-03: not the form of an identifier
    assert lus(reading, "reference_justificatif")[0].etats == (Etat.ERREUR,)
    assert values(reading, "code_sequence") == ["1E+05"]
    assert lire(Kind.KEY, 1e5).valeur == "100000"


def test_F06_spaces_are_folded_other_digits_are_refused(lire_fichier: Reader) -> None:
    spaces = "\u00a0\u202f\u2009 "
    reading = lire_fichier(
        build.xlsx(
            build.table(build.line(c2=f"{spaces}DE{spaces}LA{spaces}", c7=f"7,5{spaces}", c5=f"{spaces}05/03/2024"))
        )
    )
    assert values(reading, "nom") == ["DE LA"]
    assert values(reading, "heures") == [750]
    assert values(reading, "date_debut") == [dt.date(2024, 3, 5)]
    for digits in ("７,５", "٧", "7,５"):
        assert lire(HEURES, digits).etats == (Etat.HEURES_ILLISIBLES,)
    for digits in ("０５/03/2024", "٠٥/03/2024"):
        assert lire(DATE, digits).etats == (Etat.DATE_ILLISIBLE,)


DIALECTS = [(s, e, end) for s in ";,\t" for e in ("utf-8", "utf-8-sig", "utf-16", "cp1252") for end in ("\r\n", "\n")]


@pytest.mark.parametrize(("separator", "encoding", "end"), DIALECTS)
def test_F07_separator_and_encoding_are_told_by_the_file(
    lire_fichier: Reader, separator: str, encoding: str, end: str
) -> None:
    hours = "7,5" if separator != "," else "7.5"
    text = build.csv_text(build.line(c7=hours, c2="Éléa"), separator=separator, end=end)
    reading = lire_fichier(text.encode(encoding), "a.csv")
    assert values(reading, "heures") == [750]
    assert values(reading, "nom") == ["Éléa"]
    assert (Etat.ENCODAGE in etats(reading)) == (encoding == "cp1252")


def test_F07_two_readings_of_a_number_are_refused_with_both() -> None:
    for text in ("1.234", "1,234", "7,333"):
        lu = lire(HEURES, text)
        assert lu.etats == (Etat.HEURES_ILLISIBLES,)
        small, large = lu.detail.split(" / ")
        assert lire(HEURES, small).valeur is not None
        assert lire(HEURES, large).valeur is not None
    assert lire(HEURES, "1 234,5").valeur == 123450
    assert lire(HEURES, "0,125").valeur == 13


def test_F07_decimal_comma_in_a_comma_file_is_refused(lire_fichier: Reader) -> None:
    reading = lire_fichier(build.csv_text(build.line(), separator=",").encode(), "a.csv")
    assert refused(reading, "ligne_trop_large", ligne=2)


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
    lu = lire(HEURES, cell)
    assert lu.valeur == hundredths
    assert (lu.etats == (Etat.HEURES_ILLISIBLES,)) == (hundredths is None)


def test_F08_decimals_that_look_like_minutes_say_both_readings() -> None:
    assert lire(HEURES, "3,30").detail == "3,30 h / 3 h 30"
    assert lire(HEURES, 3.3).detail == "3,30 h / 3 h 30"
    assert lire(HEURES, "7h5").detail == "7 h 05 / 7 h 50"


@pytest.mark.parametrize("epoch", [False, True])
def test_F09_both_epochs(lire_fichier: Reader, epoch: bool) -> None:
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
    reading = lire_fichier(build.zipped({**made, "xl/styles.xml": styles}))
    assert values(reading, "date_debut") == [dt.date(2024, 3, 5)]
    assert values(reading, "date_fin") == [dt.date(2024, 3, 5)]  # left as a bare number


@pytest.mark.parametrize("cell", [60, 0, -3, 2958466, 1e12, 45356.5, 30524, dt.date(1900, 2, 28), dt.time(0, 0)])
def test_F10_serials_that_are_no_date(cell: Cell) -> None:
    assert lire(DATE, cell).etats == (Etat.DATE_ILLISIBLE,)


@pytest.mark.parametrize("day", range(1, 13))
@pytest.mark.parametrize("month", range(1, 13))
def test_F11_day_comes_first(day: int, month: int) -> None:
    for mark in "/-.":
        for text in (f"{day:02d}{mark}{month:02d}{mark}2024", f"{day}{mark}{month}{mark}2024"):
            assert lire(DATE, text).valeur == dt.date(2024, month, day)
    assert lire(DATE, f"2024-{month:02d}-{day:02d}").valeur == dt.date(2024, month, day)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("02/13/2024", "13/02/2024"),
        ("05/03/24", "05/03/2024"),
        ("5 mars 2024", "05/03/2024"),
        ("20240305", ""),
        ("45356", ""),
        ("31/02/2024", ""),
        ("05/03-2024", ""),
        ("05/03/0024", ""),
    ],
)
def test_F11_what_is_not_plain_is_refused_with_the_form_to_use(text: str, form: str) -> None:
    lu = lire(DATE, text)
    assert (lu.valeur, lu.etats, lu.detail) == (None, (Etat.DATE_ILLISIBLE,), form)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_F12_a_time_of_day_is_not_dropped(zone: str) -> None:
    old = os.environ.get("TZ")
    try:
        os.environ["TZ"] = zone
        time.tzset()
        for cell in (dt.datetime(2024, 3, 5, 23, 0), "05/03/2024 23:00", "2024-03-05T23:00:00", "2024-03-05T00:00:00Z"):
            assert lire(DATE, cell).valeur is None
        for midnight in (dt.datetime(2024, 3, 5), "05/03/2024 00:00", "2024-03-05T00:00:00", "2024-03-05 00:00:00"):
            assert lire(DATE, midnight).valeur == dt.date(2024, 3, 5)
    finally:
        os.environ.pop("TZ") if old is None else os.environ.__setitem__("TZ", old)
        time.tzset()


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_F13_hidden_sheets_and_rows_are_read_and_said(lire_fichier: Reader, state: str) -> None:
    data = build.table(build.line(), build.line()).replace('<row r="3">', '<row r="3" hidden="1">')
    reading = lire_fichier(build.xlsx(build.sheet(""), data, states={2: state}))
    assert rows(reading) == [2, 3]
    said = [o for o in reading.observations if o.etat is Etat.LECTURE]
    assert [told(o) for o in said] == [
        "La feuille masquée « Feuille2 » a été lue comme les autres",
        "Feuille « Feuille2 », les lignes masquées 3 ont été lues comme les autres",
    ]
    assert told(said[1], "en") == "Sheet “Feuille2”, the hidden rows 3 were read like the others"


def test_F14_merged_cells_are_not_spread(lire_fichier: Reader) -> None:
    merged = build.table(build.line(), build.line(c7="")).replace(
        "</sheetData>", '</sheetData><mergeCells><mergeCell ref="H2:H3"/></mergeCells>'
    )
    assert values(lire_fichier(build.xlsx(merged)), "heures") == [750, None]


@pytest.mark.parametrize("columns", [0, 2, 9])
@pytest.mark.parametrize("start", [1, 3, 1000])
def test_F15_rows_and_columns_are_those_the_program_shows(lire_fichier: Reader, start: int, columns: int) -> None:
    data = build.sheet(build.row(start, list(build.HEADINGS), columns) + build.row(start + 2, build.line(), columns))
    reading = lire_fichier(build.xlsx(data))
    assert rows(reading) == [start + 2]
    assert reading.tables[0].entete == start
    assert [c.indice for c in reading.tables[0].colonnes] == list(range(columns, columns + 10))


def test_F16_titles_totals_footnotes_and_repeated_headings(lire_fichier: Reader) -> None:
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
    reading = lire_fichier(build.xlsx(build.sheet(rows_xml)))
    assert rows(reading) == [6, 8]
    (dropped,) = [o for o in reading.observations if o.etat is Etat.TOTAL_ECARTE]
    assert (dropped.ligne, dropped.colonne, dropped.valeur, dropped.detail) == (10, "C", "Total général", "15")
    assert ("entete_repete", "Feuille1", "7") in [(o.precision, o.feuille, o.valeur) for o in reading.observations]


def test_F16_two_rows_of_headings(lire_fichier: Reader) -> None:
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
    reading = lire_fichier(build.xlsx(build.sheet(rows_xml)))
    assert rows(reading) == [4]
    assert {c.champ for c in reading.tables[0].colonnes} >= {"date_debut", "date_fin", "heures"}
    assert etats(reading) == [Etat.LECTURE]


@pytest.mark.parametrize(
    "heading", ["numero  dsf", "NUMÉRO\u00a0DSF :", "Numе́ro DSF", "N° DSF", "Ｎｕｍéｒｏ DSF", " Nume\u0301ro_dsf* "]
)
def test_F17_headings_are_known_however_written(lire_fichier: Reader, heading: str) -> None:
    data = build.table(build.line()).replace("Numéro DSF", heading)
    assert values(lire_fichier(build.xlsx(data)), "numero_dsf") == ["DSF-1"]


def test_F17_same_heading_twice_is_refused(lire_fichier: Reader) -> None:
    data = build.table(build.line()).replace("Commentaire", "N° DSF ")
    reading = lire_fichier(build.xlsx(data))
    assert Etat.COLONNE_DOUBLE in etats(reading)
    assert reading.observations[0].detail == "« Numéro DSF » (A) / « N° DSF » (J)"


def test_F17_unknown_heading_names_the_nearest(lire_fichier: Reader) -> None:
    data = build.table(build.line()).replace("Référence du justificatif", "Référense du justifcatif")
    (missing,) = [o for o in lire_fichier(build.xlsx(data)).observations if o.etat is Etat.COLONNE_MANQUANTE]
    assert (missing.champ, missing.detail) == ("reference_justificatif", "Référense du justifcatif")


def test_F18_stray_quote_never_eats_a_row(lire_fichier: Reader) -> None:
    lines = [build.line(c0=f"DSF-{i}") for i in range(4)]
    for stray in ('"F', '"F"E', 'F"E'):
        text = build.csv_text(lines[0], build.line(c8=stray), *lines[1:], build.line(c9='G"'))
        reading = lire_fichier(text.encode(), "a.csv")
        assert refused(reading) or rows(reading) == [2, 3, 4, 5, 6, 7]


def test_F18_line_break_inside_quotes_is_one_row(lire_fichier: Reader) -> None:
    text = build.csv_text(build.line(c9='"deux\nlignes"'), build.line(c0="DSF-2"))
    reading = lire_fichier(text.encode(), "a.csv")
    assert rows(reading) == [2, 3]
    assert values(reading, "commentaire") == ["deux lignes", None]


def test_F19_ragged_rows(lire_fichier: Reader) -> None:
    # A separator too many shifts what follows it, even where the row ends in blanks.
    shifted = build.csv_text(build.line(), build.line(c8="FE;1"))
    assert refused(lire_fichier(shifted.encode(), "a.csv"), "ligne_trop_large", ligne=3)
    short = build.csv_text(build.line()[:8], build.line())
    assert values(lire_fichier(short.encode(), "a.csv"), "reference_justificatif") == [None, "FE-1"]
    commas = build.csv_text(build.line(c7=7)[:8], separator=",")
    assert refused(lire_fichier(commas.encode(), "a.csv"), "ligne_trop_courte", ligne=2)


def test_F20_last_line_cut_at_each_byte(lire_fichier: Reader) -> None:
    whole = build.csv_text(build.line(c7="2,12", c9="fin"), build.line(c7="12,25", c9="fin")).encode()
    last = whole[:-2].rindex(b"\n") + 1
    for size in range(last + 1, len(whole)):
        reading = lire_fichier(whole[:size], "a.csv")
        if not refused(reading):
            assert values(reading, "heures") in ([212], [212, 1225])
            assert values(reading, "reference_justificatif")[-1] == "FE-1"
    assert refused(lire_fichier(whole[: last + 50], "a.csv"), "fin_coupee", ligne=3)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850", "mixed"]
)
def test_F21_encodings(lire_fichier: Reader, encoding: str) -> None:
    text = build.csv_text(build.line(c2="Éléonore"))
    data = (
        text.encode() + build.csv_text(build.line(c2="Zoé")).encode("cp1252")
        if encoding == "mixed"
        else text.encode(encoding)
    )
    reading = lire_fichier(data, "a.csv")
    if encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert values(reading, "nom") == ["Éléonore"]
    else:
        assert refused(reading) or Etat.COLONNE_MANQUANTE in etats(reading) or Etat.AUCUNE_TABLE in etats(reading)


def test_F21_broken_characters_are_told_and_names_are_composed() -> None:
    assert lire(Kind.TEXT, "El\ufffdonore").etats == (Etat.CARACTERE_INTERDIT,)
    decomposed = unicodedata.normalize("NFD", "Éléonore")
    assert lire(Kind.TEXT, decomposed).valeur == "Éléonore"


def test_F22_the_same_line_twice_is_two_lines(lire_fichier: Reader) -> None:
    # DBL-01 names both rows: reading keeps them apart.
    assert rows(lire_fichier(build.xlsx(build.table(build.line(), build.line())))) == [2, 3]


def test_F23_a_million_blank_rows(lire_fichier: Reader) -> None:
    blanks = "".join(f'<row r="{i}" s="1" customFormat="1"/>' for i in range(3, 1_048_577))
    data = build.table(build.line()).replace("</sheetData>", blanks + "</sheetData>")
    archive = build.xlsx(data)
    start = time.monotonic()
    assert rows(lire_fichier(archive)) == [2]
    assert time.monotonic() - start < 5


def test_F24_booleans_rich_text_phonetics_and_escapes(lire_fichier: Reader) -> None:
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
    reading = lire_fichier(build.zipped({**made, "xl/sharedStrings.xml": strings}))
    assert values(reading, "nom") == ["NOM LONG"]
    assert values(reading, "prenom") == ["Zoé"]
    assert values(reading, "code_sequence") == ["VRAI"]
    assert values(reading, "commentaire") == ["a b"]
    assert values(reading, "reference_justificatif") == ["'"]


def test_F24_number_and_boolean_of_one_value_stay_apart(lire_fichier: Reader) -> None:
    lines = [build.line(c4=1), build.line(c4='<c r="E3" t="b"><v>1</v></c>')]
    assert values(lire_fichier(build.xlsx(build.table(*lines))), "code_sequence") == ["1", "VRAI"]


def test_F25_hours_out_of_range_parse_or_are_refused() -> None:
    assert lire(HEURES, -7.5).valeur == -750  # LIG-08 says it
    assert lire(HEURES, "25").valeur == 2500
    for cell in (1e308, -1e308, "1e308", "NaN", "100000000"):
        assert lire(HEURES, cell).valeur is None


def test_F26_reading_knows_nothing_of_persons(lire_fichier: Reader) -> None:
    # Whether a DE is on the DSF is REF-06's business: an unknown identifier reads like any other.
    known, unknown = (
        lire_fichier(build.xlsx(build.table(build.line(), build.line(c1="9999999Z")))).tables[0].colonnes[1].lus
    )
    assert (known.etats, unknown.etats) == ((), ())


def test_limit_of_lines_is_strict(lire_fichier: Reader) -> None:
    from pipeline.settings import Limits

    data = build.csv_text(*[build.line()] * 5).encode()
    assert rows(lire_fichier(data, "a.csv", Limits(lignes=5))) == [2, 3, 4, 5, 6]
    assert limit(lire_fichier(data, "a.csv", Limits(lignes=4))) == "lignes"
