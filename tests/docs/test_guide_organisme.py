"""docs/guide-organisme.md says what the secretary sees: each text that it quotes or prints in bold is one of ours."""

import re
from pathlib import Path

from docs.screenshots import IMAGES, SHOTS
from pipeline.documents.layout import DECLARANT_SHEET
from pipeline.documents.wording import catalogue
from schemas import informative
from schemas.fields import FIELDS, SHEETS

GUIDE = Path(__file__).parents[2] / "docs" / "guide-organisme.md"
PLAIN = str.maketrans({"\u202f": " ", "\xa0": " ", "’": "'"})


def ours() -> str:
    """Every text that a page or a workbook may show her."""
    texts = [entry["fr"] for entry in catalogue().values()]
    headings = [heading for field in FIELDS.values() for heading in field.headings.values()]
    return "\n".join([*texts, *headings, *informative.OURS, *SHEETS.values(), DECLARANT_SHEET]).translate(PLAIN).lower()


def test_what_it_quotes_is_what_she_sees() -> None:
    text = " ".join(GUIDE.read_text(encoding="utf-8").split())
    quoted = {found.rstrip("…").strip() for found in re.findall(r"« ([^»]+) »", text)}
    named = set(re.findall(r"\*\*([^*.]+)\*\*", text))
    told = set(re.findall(r"^\| (à \w+|retenue|déjà prise)", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(quoted) > 3 and len(named) > 5 and len(told) == 5
    missing = {text for text in quoted | named | told if text.lower() not in ours()}
    assert missing == set()


def test_its_pictures_are_made_by_command() -> None:
    shown = set(re.findall(r'src="images/([\w-]+)\.png"', GUIDE.read_text(encoding="utf-8")))
    assert shown and shown <= {shot.name for shot in SHOTS}
    assert all((IMAGES / f"{name}.png").is_file() for name in shown)
