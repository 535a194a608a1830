"""The template: what is known is there and locked, what is to be typed is open, and an untouched row is not a line."""

from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.documents import layout, template
from pipeline.documents.template import BLANK_ROWS, AbsenceRow, SequenceRow
from pipeline.nomenclature import Motif
from pipeline.reading import ReadOptions, read
from pipeline.reading.headings import normal
from schemas import informative
from schemas.fields import KINDS, SHEETS, fields_of
from tests.browser import libreoffice
from tests.documents import ooxml
from tests.documents.returns import samples
from tests.job.test_round_trip import Edits, in_libreoffice

DAY = date(2025, 4, 2)
MOTIFS = [
    Motif("MAL", "maladie", True, "arrêt de travail", None, None),
    Motif("INJ", "injustifiée", False, "", None, None),
    Motif("OLD", "motif d'avant", True, "", None, date(2020, 1, 1)),
]
FIRST, LAST = date(2025, 3, 1), date(2025, 3, 31)
SEQUENCES = [
    SequenceRow(
        "41C0000123", f"{1234500 + n}A", "LEFÈVRE", "Anaïs", "SEQ-01", "=Remise à niveau",
        FIRST, LAST, 12000, 8050, (3950, 0, None, 125)[n],
    )
    for n in range(4)
]  # fmt: skip
ABSENCES = [
    AbsenceRow("41C0000123", "0123456", "=N()", "Awa", "SEQ-01", f"00{n}", DAY, DAY, 1400, "non justifiée")
    for n in range(3)
]
HEURES, JUSTIFIEES = SHEETS["heures"], SHEETS["absences"]


def made(langue: str = "fr") -> bytes:
    return template.workbook(samples.SIRET, "Centre & <fils>", SEQUENCES, ABSENCES, MOTIFS, langue, DAY)


@pytest.fixture(scope="module")
def book() -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(made()))


def fill(book: openpyxl.Workbook, sheet: str, row: int, **typed: object) -> None:
    nature = next(n for n in KINDS if SHEETS[n] == sheet)
    headings = {field.name: field.headings[nature] for field in fields_of(nature)}
    titles = {cell.value: cell.column for cell in book[sheet][1]}
    for name, value in typed.items():
        cell = book[sheet].cell(row, titles[headings[name]])
        assert not cell.protection.locked, name
        cell.value = value


def test_each_trainee_and_each_open_absence_has_its_row(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == ["Mode d'emploi", HEURES, JUSTIFIEES, "Déclarant"]
    first = [cell.value.date() if isinstance(cell.value, datetime) else cell.value for cell in book[HEURES][2]]
    assert first[:11] == [
        "41C0000123", "1234500A", "LEFÈVRE", "Anaïs", "SEQ-01", "=Remise à niveau", FIRST, LAST, 120, 80.5, 39.5
    ]  # fmt: skip
    left = [row[10].value for row in book[HEURES].iter_rows(min_row=2, max_row=5)]
    assert left == [39.5, 0, None, 1.25], "nothing left is said, and what may not be told is blank"
    titles = [cell.value for cell in book[JUSTIFIEES][1]]
    line = dict(zip(titles, (cell.value for cell in book[JUSTIFIEES][2]), strict=True))
    assert line["Identifiant absence"] == "000" and line["Heures non finançables de l'absence"] == 14
    assert line["Heures à valoriser"] is None and line["Identifiant DE"] == "0123456"
    assert book[HEURES].max_row == 1 + len(SEQUENCES) + BLANK_ROWS


def test_the_columns_of_the_contract_are_in_its_order(book: openpyxl.Workbook) -> None:
    for nature in KINDS:
        titles = [cell.value for cell in book[SHEETS[nature]][1] if cell.value not in informative.OURS]
        assert titles == [field.headings[nature] for field in fields_of(nature)]


def test_only_headings_are_locked_and_rows_may_come_and_go(book: openpyxl.Workbook) -> None:
    for sheet in book.worksheets:
        guard = sheet.protection
        assert guard.sheet and not guard.password
        allowed = "objects scenarios formatCells formatRows formatColumns insertRows deleteRows sort autoFilter".split()
        assert not any(getattr(guard, name) for name in allowed), "what is true is forbidden"
    for sheet in (book[HEURES], book[JUSTIFIEES]):
        assert all(cell.protection.locked for cell in sheet[1])
        assert not [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.protection.locked]
        for column in sheet.column_dimensions.values():
            assert not column.protection.locked, "nor is what is below the blank rows"
        assert sheet.column_dimensions["A"].number_format == "@", "first zeros stay there too"


def test_known_cells_are_grey(book: openpyxl.Workbook) -> None:
    sheet = book[HEURES]
    titles = {cell.value: cell.column for cell in sheet[1]}
    for row, known in ((2, True), (sheet.max_row, False)):
        colours = {sheet.cell(row, titles[name]).fill.fgColor.rgb for name in ("Identifiant DE", "Code séquence")}
        assert colours == {"FFEDEFF3" if known else "FFFFFFFF"}
        assert sheet.cell(row, titles["Heures complémentaires"]).fill.fgColor.rgb == "FFFFFFFF"


def test_mandatory_columns_are_marked_and_their_headings_stay_what_they_are(book: openpyxl.Workbook) -> None:
    for nature in KINDS:
        marked = {cell.value: cell.number_format for cell in book[SHEETS[nature]][1] if cell.number_format != "General"}
        stars = {field.headings[nature]: '@" *"' for field in fields_of(nature) if nature in field.mandatory}
        either = dict.fromkeys(("Identifiant absence", "Date début", "Date fin"), '@" (*)"')
        assert marked == stars | (either if nature == "absences" else {})
    assert [cell for row in book["Mode d'emploi"].iter_rows() for cell in row if "étoile (*)" in str(cell.value)]


def test_a_heading_that_is_saved_with_its_star_is_read_all_the_same() -> None:
    """As a csv has it, which keeps what is shown."""
    for nature in KINDS:
        for column in layout.field_columns(nature):
            assert normal(f"{column.heading} {column.mark}") == normal(column.heading)


def test_hours_stand_to_the_right(book: openpyxl.Workbook) -> None:
    for sheet in (book[HEURES], book[JUSTIFIEES]):
        for cell in sheet[1]:
            aligned = {sheet.cell(row, cell.column).alignment.horizontal for row in (2, sheet.max_row)}
            hours = "Heures" in cell.value or cell.value == informative.RESTE
            assert aligned == {"right" if hours else "left"}, cell.value


def _rules(sheet: Worksheet, heading: str) -> list[Any]:
    (letter,) = {cell.column_letter for cell in sheet[1] if cell.value == heading}
    return [rule for rule in sheet.data_validations.dataValidation if str(rule.sqref).startswith(letter)]


def test_lists_and_messages_help_and_only_motifs_that_are_accepted_are_offered(book: openpyxl.Workbook) -> None:
    for sheet in (book[HEURES], book[JUSTIFIEES]):
        for cell in sheet[1]:
            rules = _rules(sheet, cell.value)
            assert bool(rules) == (cell.value not in informative.OURS)
            assert all(rule.prompt and rule.promptTitle for rule in rules)
            rows = sum(area.size["rows"] for rule in rules for area in rule.sqref.ranges)
            assert not rules or rows == sheet.max_row, "each row has its message, once, and the heading"
    name, area = book.defined_names[layout.REASONS].attr_text.rsplit("!", 1)
    offered = book["Mode d'emploi"][area.replace("$", "").split(":")[0]].value
    assert name == "'Mode d''emploi'" and offered == "maladie" and area.split(":")[0] == area.split(":")[1]


def test_nothing_is_forbidden_only_warned_of(book: openpyxl.Workbook) -> None:
    for sheet in (book[HEURES], book[JUSTIFIEES]):
        for rule in sheet.data_validations.dataValidation:
            assert not rule.showErrorMessage or (rule.errorStyle == "warning" and rule.error and rule.errorTitle)


def test_dates_are_in_the_period_of_the_dsf_and_hours_within_what_is_left(book: openpyxl.Workbook) -> None:
    (start,) = _rules(book[HEURES], "Date début")
    assert (start.type, start.operator) == ("date", None), "between"
    assert (
        start.formula1 == "IF(ISNUMBER($G1),$G1,DATE(1950,1,1))" and start.formula2 == "IF(ISNUMBER($H1),$H1,TODAY())"
    )
    (end,) = _rules(book[HEURES], "Date fin")
    assert end.formula1 == "IF(ISNUMBER($L1),$L1,IF(ISNUMBER($G1),$G1,DATE(1950,1,1)))"
    (added,) = _rules(book[HEURES], "Heures complémentaires")
    assert added.formula1 == "AND($N1>0,OR(ISTEXT($N1),$N1<=IF(ISNUMBER($K1),$K1,9999)))"
    known, open_ = _rules(book[JUSTIFIEES], "Date début")
    assert known.formula1 == "FALSE" and open_.formula2 == "TODAY()" and open_.formula1 == "DATE(1950,1,1)"
    (proof,) = _rules(book[JUSTIFIEES], "Date du justificatif")
    assert (proof.formula1, proof.formula2) == ("DATE(1950,1,1)", "TODAY()")
    (turned,) = _rules(book[JUSTIFIEES], "Heures à valoriser")
    assert turned.formula1 == "AND($K1>0,OR(ISTEXT($K1),$K1<=IF(ISNUMBER($J1),$J1,9999)))"


def test_every_printed_page_says_whose_it_is_and_its_number_once(book: openpyxl.Workbook) -> None:
    for sheet in (book[HEURES], book[JUSTIFIEES]):
        assert sheet.oddHeader.left.text == f"Centre && <fils> · SIRET {samples.SIRET}"
        assert sheet.oddFooter.right.text == "Page &P sur &N" and sheet.oddFooter.left.text == "&A"
        assert "&P" not in str(sheet.oddHeader.right.text) + str(sheet.oddHeader.center.text)
        assert sheet.page_setup.orientation == "landscape" and str(sheet.page_setup.paperSize) == "9"
        assert sheet.print_title_rows == "$1:$1" and sheet.page_setup.fitToHeight == 0


def test_it_says_who_it_is_for_and_its_version_does_not_show(book: openpyxl.Workbook) -> None:
    sheet = book["Déclarant"]
    assert sheet["B1"].value == samples.SIRET and sheet["B1"].protection.locked
    assert not sheet["B2"].protection.locked and sheet["B4"].value == layout.VERSION
    assert "Centre & <fils>" in book["Mode d'emploi"]["A1"].value


def test_an_untouched_template_has_no_line_and_makes_no_noise(tmp_path: Path) -> None:
    path = tmp_path / "modele.xlsx"
    path.write_bytes(made())
    reading = read(path, ReadOptions(siret=samples.SIRET))
    assert [len(table.rows) for table in reading.tables] == [0, 0]
    assert {o.noticed for o in reading.observations} <= {"aucune_ligne", "colonne_ignoree"}
    assert reading.template_version == layout.VERSION


@pytest.mark.parametrize("kind", ["openpyxl", "xlsx", "ods"])
def test_what_is_typed_is_read(tmp_path: Path, kind: str) -> None:
    book = openpyxl.load_workbook(BytesIO(made()))
    proof = {"reference_justificatif": "CM-1"}
    fill(book, HEURES, 3, date_debut=date(2025, 3, 5), heures=7.5, **proof)
    fill(
        book, HEURES, 20, numero_dsf="41C0000124", identifiant_de="7654321Z", code_sequence="S2", heures="7h30", **proof
    )
    fill(book, JUSTIFIEES, 2, heures=14, motif="maladie", date_justificatif=date(2025, 3, 10), **proof)
    path = tmp_path / "modele.xlsx"
    book.save(path)
    if kind != "openpyxl":
        (tmp_path / "saved").mkdir()
        path = libreoffice(path, kind, tmp_path / "saved")
    hours, absences = read(path, ReadOptions(siret=samples.SIRET)).tables
    assert list(hours.rows) == [3, 20] and list(absences.rows) == [2]
    read_hours = {c.field: [c.meanings[code].value for code in c.codes] for c in hours.columns if c.field}
    assert read_hours["heures"] == [750, 750] and read_hours["identifiant_de"] == ["1234501A", "7654321Z"]
    read_absences = {c.field: c.meanings[c.codes[0]].value for c in absences.columns if c.field}
    assert read_absences["id_absence"] == "000" and read_absences["date_debut"] == DAY
    assert read_absences["identifiant_de"] == "0123456" and read_absences["nom"] == "=N()"


def test_the_row_of_a_trainee_is_repeated_and_another_deleted_in_libreoffice(tmp_path: Path) -> None:
    """By its menus, which heed the protection of the sheet."""
    source, target = tmp_path / "modele.xlsx", tmp_path / "rempli.xlsx"
    source.write_bytes(made())
    typed: Edits = [(HEURES, "3:3", "repeat"), (HEURES, "2:2", "delete")]
    for row, day, hours in ((2, "2025-03-05", 3.5), (3, "2025-03-06", 7)):
        typed += [(HEURES, f"L{row}", day), (HEURES, f"N{row}", hours), (HEURES, f"O{row}", "CM-1")]
    typed.append((HEURES, "B40", "'0123456Z"))  # below the blank rows
    in_libreoffice(source, target, typed)
    (hours,) = read(target, ReadOptions(siret=samples.SIRET)).tables
    assert list(hours.rows) == [2, 3]
    lines = {c.field: [c.meanings[code].value for code in c.codes] for c in hours.columns if c.field}
    assert lines["identifiant_de"] == ["1234501A"] * 2 and lines["heures"] == [350, 700]
    assert lines["date_debut"] == [date(2025, 3, 5), date(2025, 3, 6)]
    after = openpyxl.load_workbook(target)[HEURES]
    assert [after.cell(row, 2).value for row in range(2, 6)] == ["1234501A", "1234501A", "1234502A", "1234503A"]
    assert "#REF!" not in str([rule.formula1 for rule in after.data_validations.dataValidation])


def test_it_has_the_same_bytes_each_time_and_excels_order() -> None:
    assert made() == made()
    for langue in ("fr", "en"):
        ooxml.check(made(langue))


def test_an_organisation_without_dsf_gets_blank_rows() -> None:
    book = openpyxl.load_workbook(BytesIO(template.workbook(samples.SIRET, "", [], [], MOTIFS, "fr", DAY)))
    assert not book[HEURES]["A2"].protection.locked and book[HEURES].max_row == 1 + BLANK_ROWS
