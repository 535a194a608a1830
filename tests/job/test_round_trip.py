"""The secretary's whole way: template → filled → dropped → report → corrected from a-corriger.xlsx alone → all accepted."""

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from pipeline.commands.template import prefilled
from pipeline.settings import Settings
from tests.world import DAY, TITULAIRE, World, by_verdict, codes

Edits = list[tuple[str, str, object]]
Editor = Callable[[Path, Path, Edits], None]
SCRIPT = Path(__file__).parent / "edit_in_libreoffice.py"
HOURS, ABSENCES = "Heures complémentaires", "Absences justifiées"


def in_openpyxl(source: Path, target: Path, edits: Edits) -> None:
    book = openpyxl.load_workbook(source)
    for sheet, cell, value in edits:
        book[sheet][cell] = value
    book.save(target)


def in_libreoffice(source: Path, target: Path, edits: Edits) -> None:
    python = shutil.which("python3", path="/usr/bin")
    bridge = python and subprocess.run([python, "-c", "import uno"], capture_output=True, check=False).returncode == 0
    if not (python and bridge and shutil.which("soffice")):
        pytest.skip("LibreOffice with its Python bridge (python3-uno) is not installed: nothing is edited in it")
    typed = [(sheet, cell, _typed(value)) for sheet, cell, value in edits]
    command = [python, str(SCRIPT), str(source), str(target)]
    subprocess.run(command, input=json.dumps(typed), text=True, check=True, timeout=120)


def _typed(value: object) -> object:
    """What a person types for it."""
    return value.isoformat() if isinstance(value, date) else value


def columns(path: Path, sheet: str) -> tuple[dict[str, str], int]:
    """Heading → letter, and the row of the headings."""
    for row in openpyxl.load_workbook(path)[sheet].iter_rows():
        titles = {cell.value: get_column_letter(cell.column) for cell in row if cell.value}
        if "Numéro DSF" in titles:
            return titles, row[0].row
    raise AssertionError(f"no table on {sheet}")


@pytest.mark.parametrize(
    ("editor", "suffix"), [(in_openpyxl, ".xlsx"), (in_libreoffice, ".xlsx"), (in_libreoffice, ".ods")]
)
def test_from_the_template_to_everything_accepted(tmp_path: Path, editor: Editor, suffix: str) -> None:
    world = World(tmp_path / "ws")
    people = [{}, {"identifiant_de": "0123456789Z", "nom": "MODÈLE", "prenom": "Noa", "numero_pif": "PIF-2"}]
    absences = [
        {"id_absence": "A1"},
        {"id_absence": "A2", "identifiant_de": "0123456789Z", "heures_non_financables": "3,5"},
    ]
    world.add_dsf(sequences=people, absences=absences).write_extracts()
    world.hours("first.csv", {"date_debut": "05/02/2025"})
    world.run()  # the reference is loaded

    template = tmp_path / "template.xlsx"
    template.write_bytes(prefilled(world.workspace, Settings(), TITULAIRE, None, DAY))
    hours, top = columns(template, HOURS)
    lost, head = columns(template, ABSENCES)
    filled = tmp_path / f"filled{suffix}"
    editor(
        template,
        filled,
        [
            (HOURS, f"{hours['Date début']}{top + 1}", datetime(2025, 2, 10)),
            (HOURS, f"{hours['Heures complémentaires']}{top + 1}", 7.5),
            (HOURS, f"{hours['Référence du justificatif']}{top + 1}", "Feuille 12"),
            # The second trainee's row stays untouched: it is not a line.
            (ABSENCES, f"{lost['Heures à valoriser']}{head + 1}", 7),
            (ABSENCES, f"{lost['Motif justifié']}{head + 1}", "Maladie"),
            (ABSENCES, f"{lost['Référence du justificatif']}{head + 1}", "Arrêt 3"),
            (ABSENCES, f"{lost['Date du justificatif']}{head + 1}", datetime(2025, 2, 12)),
            (ABSENCES, f"{lost['Heures à valoriser']}{head + 2}", 2),
            (ABSENCES, f"{lost['Motif justifié']}{head + 2}", "Piscine"),
            (ABSENCES, f"{lost['Référence du justificatif']}{head + 2}", "Lettre"),
            (ABSENCES, f"{lost['Date du justificatif']}{head + 2}", datetime(2025, 2, 12)),
        ],
    )
    world.drop(f"filled{suffix}", filled.read_bytes())
    world.run()
    report = world.report()
    assert sorted(line["verdict"] for line in report["lignes"]) == ["rejetee", "retenue", "retenue"]
    assert list(codes(report, "rejetee").values()) == [["LIG-10", "REF-12"]]
    assert {c["code"] for c in report["constats"]} == {"LIG-10", "REF-12"}

    (returned,) = (world.workspace.outbox / TITULAIRE / "retours" / report["depot"]).glob("a-corriger-*.xlsx")
    wrong, start = columns(returned, ABSENCES)
    sheet = openpyxl.load_workbook(returned)[ABSENCES]
    rows = {sheet[f"{wrong['Identifiant absence']}{n}"].value: n for n in range(start + 1, sheet.max_row + 1)}
    assert set(rows) == {"A1", "A2"}
    corrected = tmp_path / f"corrected{suffix}"
    editor(
        returned,
        corrected,
        [
            (ABSENCES, f"{wrong['Motif justifié']}{rows['A2']}", "Enfant malade"),
            (ABSENCES, f"{wrong['Heures à valoriser']}{rows['A2']}", 3.5),
        ],
    )
    world.drop(f"corrected{suffix}", corrected.read_bytes())
    world.run()
    final = world.report()
    assert [line["verdict"] for line in final["lignes"]] == ["acceptee"] * 3
    assert final["constats"] == []
    assert world.complements()["DSF-1-C02"]["totaux"] == {
        "heures_complementaires": 7.5,
        "heures_valorisees": 10.5,
        "demandeurs": 2,
    }


def test_what_comes_back_keeps_the_columns_of_the_sender_and_who_it_is_for(tmp_path: Path) -> None:
    from tests.world import DISPENSATEUR

    world = World(tmp_path / "ws")
    world.add_dsf(siret_dispensateur=DISPENSATEUR).write_extracts()
    book = openpyxl.Workbook()
    book.active.title = "Déclarant"
    book["Déclarant"].append(["SIRET", TITULAIRE])
    book["Déclarant"].append(["Pour le compte de", DISPENSATEUR])
    sheet = book.create_sheet("Mars")
    sheet.append(["Feuille d'heures de mars"])
    sheet.append(
        [
            "N° DSF",
            "Identifiant DE",
            "Code séquence",
            "Date début",
            "Heures complémentaires",
            "Référence du justificatif",
            "Groupe",
        ]
    )
    sheet.append(["DSF-1", "1234567A", "S1", datetime(2025, 2, 10), "sept", "F1", "G7"])
    path = tmp_path / "d.xlsx"
    book.save(path)
    world.drop("d.xlsx", path.read_bytes())
    world.run()
    for _ in range(2):  # a second time uncorrected: nothing is lost, nothing is added
        (back,) = (world.workspace.outbox / TITULAIRE / "retours" / world.report()["depot"]).glob("a-corriger-*.xlsx")
        titles, top = columns(back, HOURS)
        again = openpyxl.load_workbook(back)
        assert again[HOURS][f"{titles['Groupe']}{top + 1}"].value == "G7"
        assert [t for t in titles if t == "Groupe"] == ["Groupe"]
        assert DISPENSATEUR in [cell.value for row in again["Déclarant"].iter_rows() for cell in row]
        world.drop("again.xlsx", back.read_bytes())
        world.run()
    again[HOURS][f"{titles['Heures complémentaires']}{top + 1}"] = 7
    again.save(path)
    world.drop("d.xlsx", path.read_bytes())
    world.run()
    assert list(by_verdict(world.report()).values()) == ["acceptee"]
    assert world.complements()["DSF-1-C01"]["declarant"]["pour_le_compte_de"] == DISPENSATEUR
