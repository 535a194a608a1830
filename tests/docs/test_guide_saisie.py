"""docs/guide-saisie.md says what the sheet shows and what the program takes."""

import re
from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook

from docs.screenshots import IMAGES, SHOTS
from docs.shots_clerk_overview import second_complement
from pipeline.cli import main
from pipeline.intake.entered import rows as rows_of

GUIDE = Path(__file__).parents[2] / "docs" / "guide-saisie.md"
KEYBOARD = {0x202F: " ", 0xA0: " ", 0x2019: "'"}


def _text() -> str:
    return GUIDE.read_text(encoding="utf-8")


def _sheet() -> str:
    book = load_workbook(BytesIO(second_complement()))
    return "\n".join(
        str(cell.value).translate(KEYBOARD) for row in book.active.iter_rows() for cell in row if cell.value is not None
    )


def _block(opening: str) -> list[str]:
    """The lines of an indented example, from the one that begins with ``opening``."""
    lines = iter(_text().splitlines())
    first = next(line for line in lines if line.strip().startswith(opening))
    found = [first.strip()]
    for line in lines:
        if not line.startswith("      "):
            break
        found.append(line.strip())
    return found


def test_its_pictures_are_made_by_command() -> None:
    named = re.findall(r'src="images/([^"]+)\.png"', _text())
    assert named and set(named) <= {shot.name for shot in SHOTS}
    assert all((IMAGES / f"{name}.png").exists() for name in named)


def test_what_it_quotes_stands_on_the_sheet() -> None:
    sheet = _sheet()
    for quoted in (
        "Compléter",
        "Saisie complémentaire",
        "Compléter les absences",
        "À SAISIR",
        "N° attribué par Kairos",
    ):
        assert f"« {quoted} »" in _text() and quoted in sheet
    columns = re.findall(r"^\| (?:\*\*)?([^|*]+?)(?:\*\*)? \|", _text().split("| colonne |")[1].split("\n\n")[0], re.M)
    assert len(columns) == 6 and all(column in sheet for column in columns if not column.startswith("---")), columns


def test_its_command_and_its_list_are_taken() -> None:
    words = _block("dsf entered")[0].split()
    command = main.commands[words[1]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    rows = rows_of("\n".join(_block("numero;numero_kairos")).encode())
    assert [(row.numero[-3:], row.kairos, row.day) for row in rows] == [
        ("C01", "0012340", "27/06/2025"),
        ("C02", "0012345", "30/06/2025"),
    ]
