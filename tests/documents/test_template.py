"""The template: what is known is there and locked, what is to be typed is open, and an untouched row is not a line."""

from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from pipeline.documents import layout, template
from pipeline.documents.template import BLANK_ROWS, AbsenceRow, SequenceRow
from pipeline.nomenclature import Motif
from pipeline.reading import ReadOptions, read
from schemas import informative
from schemas.fields import KINDS, SHEETS, fields_of
from tests.browser import libreoffice
from tests.documents.returns import samples
from tests.documents.returns.ooxml import check_order

DAY = date(2025, 4, 2)
MOTIFS = [
    Motif("MAL", "maladie", True, "arrêt de travail", None, None),
    Motif("INJ", "injustifiée", False, "", None, None),
    Motif("OLD", "motif d'avant", True, "", None, date(2020, 1, 1)),
]
SEQUENCES = [
    SequenceRow("41C0000123", f"{1234500 + n}A", "LEFÈVRE", "Anaïs", "SEQ-01", "=Remise à niveau", 12000, 8050)
    for n in range(4)
]
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
    assert [cell.value for cell in book[HEURES][2]][:8] == [
        "41C0000123", "1234500A", "LEFÈVRE", "Anaïs", "SEQ-01", "=Remise à niveau", 120, 80.5
    ]  # fmt: skip
    titles = [cell.value for cell in book[JUSTIFIEES][1]]
    line = dict(zip(titles, (cell.value for cell in book[JUSTIFIEES][2]), strict=True))
    assert line["Identifiant absence"] == "000" and line["Heures non finançables de l'absence"] == 14
    assert line["Heures à valoriser"] is None and line["Identifiant DE"] == "0123456"
    assert book[HEURES].max_row == 1 + len(SEQUENCES) + BLANK_ROWS


def test_the_columns_of_the_contract_are_in_its_order(book: openpyxl.Workbook) -> None:
    for nature in KINDS:
        titles = [cell.value for cell in book[SHEETS[nature]][1] if cell.value not in informative.OURS]
        assert titles == [field.headings[nature] for field in fields_of(nature)]


def test_known_cells_are_locked_without_a_password_and_the_rest_is_open(book: openpyxl.Workbook) -> None:
    for sheet in book.worksheets:
        guard = sheet.protection
        assert guard.sheet and not guard.password
        allowed = "objects scenarios formatCells formatRows formatColumns sort autoFilter".split()
        assert not any(getattr(guard, name) for name in allowed), "what is true is forbidden"
    sheet = book[HEURES]
    titles = {cell.value: cell.column for cell in sheet[1]}
    for row, known in ((2, True), (sheet.max_row, False)):
        assert sheet.cell(row, titles["Identifiant DE"]).protection.locked is known
        assert not sheet.cell(row, titles["Heures complémentaires"]).protection.locked


def test_lists_and_messages_help_and_only_motifs_that_are_accepted_are_offered(book: openpyxl.Workbook) -> None:
    for sheet in (book[HEURES], book[JUSTIFIEES]):
        rules = sheet.data_validations.dataValidation
        assert all(rule.prompt and rule.promptTitle for rule in rules)
        assert len(rules) == sum(cell.value not in informative.OURS for cell in sheet[1])
    name, area = book.defined_names[layout.REASONS].attr_text.rsplit("!", 1)
    offered = book["Mode d'emploi"][area.replace("$", "").split(":")[0]].value
    assert name == "'Mode d''emploi'" and offered == "maladie" and area.split(":")[0] == area.split(":")[1]


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
        book, HEURES, 30, numero_dsf="41C0000124", identifiant_de="7654321Z", code_sequence="S2", heures="7h30", **proof
    )
    fill(book, JUSTIFIEES, 2, heures=14, motif="maladie", date_justificatif=date(2025, 3, 10), **proof)
    path = tmp_path / "modele.xlsx"
    book.save(path)
    if kind != "openpyxl":
        (tmp_path / "saved").mkdir()
        path = libreoffice(path, kind, tmp_path / "saved")
    hours, absences = read(path, ReadOptions(siret=samples.SIRET)).tables
    assert list(hours.rows) == [3, 30] and list(absences.rows) == [2]
    read_hours = {c.field: [c.meanings[code].value for code in c.codes] for c in hours.columns if c.field}
    assert read_hours["heures"] == [750, 750] and read_hours["identifiant_de"] == ["1234501A", "7654321Z"]
    read_absences = {c.field: c.meanings[c.codes[0]].value for c in absences.columns if c.field}
    assert read_absences["id_absence"] == "000" and read_absences["date_debut"] == DAY
    assert read_absences["identifiant_de"] == "0123456" and read_absences["nom"] == "=N()"


def test_it_has_the_same_bytes_each_time_and_excels_order() -> None:
    assert made() == made()
    for langue in ("fr", "en"):
        check_order(made(langue))


def test_an_organisation_without_dsf_gets_blank_rows() -> None:
    book = openpyxl.load_workbook(BytesIO(template.workbook(samples.SIRET, "", [], [], MOTIFS, "fr", DAY)))
    assert not book[HEURES]["A2"].protection.locked and book[HEURES].max_row == 1 + BLANK_ROWS
