"""The workbook to correct: only what needs work, as it was typed, explained, and read again exactly as it was."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.cells import text
from pipeline.documents import layout
from pipeline.documents.returns import workbook
from pipeline.documents.returns.workbook import corrections, value
from pipeline.reading import ReadOptions, read
from schemas.fields import KINDS, SHEETS, fields_of
from tests.browser import libreoffice
from tests.documents import ooxml
from tests.documents.returns import samples


def book(model: samples.Model) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(corrections(model)))


def rows(sheet: Worksheet) -> Iterator[dict[str, Any]]:
    """Each line by heading, as cells."""
    titles = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        yield dict(zip(titles, row, strict=True))


def worked(model: samples.Model, nature: str) -> list[samples.Model]:
    return [e for e in model["lignes"] if e["nature"] == nature and e["verdict"] in ("rejetee", "retenue")]


@pytest.fixture(scope="module")
def full() -> openpyxl.Workbook:
    return book(samples.full())


def test_it_has_the_sheets_and_headings_of_the_template(full: openpyxl.Workbook) -> None:
    assert full.sheetnames == [*SHEETS.values(), "Déclarant", "Mode d'emploi", "Vos stagiaires"]
    for nature in KINDS:
        titles = [cell.value for cell in full[SHEETS[nature]][1]]
        assert titles[:3] == ["Que faire", "Attendu", "Ligne d'origine"]
        fields = [field.headings[nature] for field in fields_of(nature)]
        assert titles[3 : 3 + len(fields)] == fields


def test_only_rejected_and_held_lines_are_there_in_sheet_order(full: openpyxl.Workbook) -> None:
    model = samples.full()
    for nature in KINDS:
        expected = [f"ligne {entry['ligne']}" for entry in worked(model, nature)]
        assert [row["Ligne d'origine"].value for row in rows(full[SHEETS[nature]])] == expected


def test_each_line_says_what_to_do_and_its_faulty_cells_stand_out(full: openpyxl.Workbook) -> None:
    for sheet in (full[name] for name in SHEETS.values()):
        for row in rows(sheet):
            told = row["Que faire"].value
            assert told
            if told.startswith("Ligne bonne"):
                assert told == "Ligne bonne : ne changez rien. Elle attend la ligne d’origine 12.".replace(
                    " :", "\xa0:"
                )
                continue
            red = [cell for cell in row.values() if cell.fill.start_color.rgb == "FFF8CFCB"]
            assert red and all(cell.comment and cell.border.left.style == "medium" for cell in red)
    wrong = next(row for row in rows(full[samples.ABSENCES]) if row["Ligne d'origine"].value == "ligne 12")
    assert wrong["Heures à valoriser"].comment.text == (
        "7h20 n'est pas un multiple de 0,25 h. Arrondissez au quart d'heure : 7,25 ou 7,50."
    )
    assert wrong["Que faire"].value.startswith("1. Heures à valoriser") and "\n2. " in wrong["Que faire"].value


def test_values_are_as_typed_and_texts_are_texts(full: openpyxl.Workbook) -> None:
    extra = next(rows(full[samples.HEURES]))
    assert extra["Date début"].value == datetime(2025, 3, 5) and extra["Heures complémentaires"].value == 12
    assert extra["Identifiant DE"].value == "0123456" and extra["Identifiant DE"].number_format == "@"
    hostile = list(rows(full[samples.ABSENCES]))[-1]
    assert hostile["Heures à valoriser"].value == timedelta(hours=7, minutes=30)
    assert hostile["Identifiant DE"].value == 1234567
    assert hostile["Commentaire"].value == samples.HOSTILE[1] and hostile["Commentaire"].data_type == "s"
    assert hostile["Motif justifié"].value == "#REF!" and hostile["Motif justifié"].data_type == "s"
    assert hostile["Référence du justificatif"].value == "A\ufffdB\ufffd"


def test_the_senders_own_columns_travel_along(full: openpyxl.Workbook) -> None:
    line = list(rows(full[samples.ABSENCES]))[-1]
    assert line["Groupe"].value == 12.5 and line['=1+1 "<b>"'].data_type == "s"
    assert next(rows(full[samples.HEURES]))["Formateur"].value == "Mme Roze"


def test_our_own_columns_are_not_repeated_when_it_comes_back_a_second_time() -> None:
    entry = samples.line(4, "rejetee")
    entry["autres"] = [
        {"titre": t, **samples.cell(v)} for t, v in (("Que faire", "x"), ("Note", "a"), ("Note", "b"), ("Vide", ""))
    ]
    model = samples.model([entry], [samples.finding("LIG-01", entry, "motif", "Vide.", "Remplissez.")])
    titles = [cell.value for cell in book(model)[samples.ABSENCES][1]]
    assert titles.count("Que faire") == 1 and titles[-2:] == ["Note", "Note"]


def test_no_formula_and_nothing_hidden(full: openpyxl.Workbook) -> None:
    for sheet in full.worksheets:
        assert sheet.sheet_state == "visible"
        assert not any(cell.data_type in ("f", "e") for row in sheet.iter_rows() for cell in row)
        assert not any(dimension.hidden for dimension in sheet.row_dimensions.values())


def test_it_is_ready_to_work_in_and_to_print(full: openpyxl.Workbook) -> None:
    sheet = full[samples.ABSENCES]
    assert sheet.freeze_panes == "D2" and sheet.auto_filter.ref == f"A1:T{sheet.max_row}"
    assert sheet.page_setup.paperSize == 9 and sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToWidth in (None, 1) and sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == "$1:$1" and sheet.oddFooter.right.text == "Page &P sur &N"
    lists = {str(rule.sqref)[0]: rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    assert {layout.REASONS, '"oui,non"'} <= set(lists.values())
    area = full.defined_names[layout.REASONS].attr_text
    name, cells_of = area.rsplit("!", 1)
    listed = [cell[0].value for cell in full[name.strip("'").replace("''", "'")][cells_of.replace("$", "")]]
    assert listed == [label for _, label, financed in samples.MOTIFS if financed]


def test_declarant_carries_whom_the_lines_are_for() -> None:
    declared = {"pour_le_compte_de": "98765432100019", "contact": "=poste 12"}
    sheet = book(samples.full(declarant=declared))["Déclarant"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["SIRET", samples.SIRET],
        ["Pour le compte de", "98765432100019"],
        ["Contact", "=poste 12"],
        ["Dépôt d'origine", "20250402-3fa9c1d2"],
        ["Version du modèle", layout.VERSION],
    ]
    assert sheet["B5"].number_format == ";;;" and sheet["B3"].data_type == "s"


def test_a_fault_in_a_column_of_the_senders_own_stands_there() -> None:
    entry = samples.line(4, "rejetee")
    fault = samples.finding("LIG-12", entry, "", "Un numéro de sécurité sociale est là.", "Effacez-le.", titre="Groupe")
    line = next(rows(book(samples.model([entry], [fault]))[samples.ABSENCES]))
    assert line["Groupe"].comment.text == "Un numéro de sécurité sociale est là. Effacez-le."


def test_comments_are_bounded_and_what_to_do_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "COMMENTS", 30)
    made = book(samples.many(80))
    lines = list(rows(made[samples.ABSENCES]))
    assert sum(1 for row in lines if row["Identifiant DE"].comment) == 30
    assert all(row["Que faire"].value for row in lines)
    assert any("30 premières cellules" in str(cell.value) for cell in made["Mode d'emploi"]["A"])


def test_it_follows_the_schema_that_excel_wants() -> None:
    ooxml.check(corrections(samples.full()))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ({"t": "d", "v": "2025-03-05"}, date(2025, 3, 5)),
        ({"t": "d", "v": "0025-03-05"}, "05/03/0025"),
        ({"t": "dt", "v": "2025-03-05T08:30:00"}, datetime(2025, 3, 5, 8, 30)),
        ({"t": "h", "v": 108000}, timedelta(hours=30)),
        ({"t": "h", "v": 0.5}, timedelta(milliseconds=500)),
        ({"t": "n", "v": 0.1}, 0.1),
        ({"t": "n", "v": None}, None),
        ({"t": "b", "v": False}, False),
        ({"t": "s", "v": ""}, None),
    ],
)
def test_a_cell_of_the_model_is_typed_again(cell: samples.Model, expected: object) -> None:
    assert value(cell) == expected


def _plain(cell: samples.Model) -> samples.Model:
    """What a cell is once it has been through a spreadsheet: errors are texts, midnight is a date, a half hour a duration."""
    kind, content = cell["t"], cell["v"]
    if kind == "v":
        return {"t": "s", "v": content}
    if kind == "dt" and content.endswith("T00:00:00"):
        return {"t": "d", "v": content[:10]}
    if kind in ("n", "h"):
        return {"t": kind, "v": float(content)}
    if kind == "s":
        return {"t": "s", "v": content.translate({0: "\ufffd", 7: "\ufffd"})}
    return cell


def _reread(path: Path) -> Iterable[tuple[str, dict[str, samples.Model]]]:
    reading = read(path, ReadOptions(siret=samples.SIRET))
    assert not [o for o in reading.observations if o.noticed not in ("colonne_ignoree",)]
    for table in reading.tables:
        for rang in range(len(table.rows)):
            typed = {c.field: text.encode(c.cells[c.codes[rang]]) for c in table.columns if c.field}
            yield table.kind, {name: _plain(cell) for name, cell in typed.items()}


@pytest.mark.parametrize("kind", ["openpyxl", "xlsx", "ods"])
def test_our_reader_finds_every_line_as_it_was_typed(tmp_path: Path, kind: str) -> None:
    """Straight, then opened and saved by openpyxl or by LibreOffice."""
    model = samples.full()
    path = tmp_path / "a-corriger.xlsx"
    path.write_bytes(corrections(model))
    if kind == "openpyxl":
        openpyxl.load_workbook(path).save(path)
    else:
        (tmp_path / "saved").mkdir()
        path = libreoffice(path, kind, tmp_path / "saved")
    expected = [
        (nature, {name: _plain(cell) for name, cell in entry["cellules"].items()})
        for nature in KINDS
        for entry in worked(model, nature)
    ]
    assert list(_reread(path)) == expected
