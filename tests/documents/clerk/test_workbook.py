"""The clerk's workbook: complete, in the order of the screens, safe, and printed whole on A4."""

import copy
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.documents import clerk
from pipeline.documents.clerk import sheet
from pipeline.judging import complement
from tests.judging import samples

DAY = date(2025, 6, 2)
MOTIFS = {"MAL": "Maladie", "ENF": "Enfant malade"}
HOSTILE = (
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "<script>alert(1)</script>",
    "a\u202eb",
    "a\x00b\ud800",
    "_x0041_",
)


def _sheet(content: Mapping[str, Any]) -> Worksheet:
    found = load_workbook(BytesIO(clerk.workbook(content, DAY, MOTIFS))).active
    assert isinstance(found, Worksheet)
    return found


def _texts(page: Worksheet) -> list[str]:
    return [str(cell.value) for row in page.iter_rows() for cell in row if cell.value is not None]


def _large() -> dict[str, Any]:
    lines: list[dict[str, Any]] = []
    for n in range(30):
        who = {"identifiant_de": f"{1000000 + n}A", "nom": f"Martin {n:02}", "numero_pif": f"PIF-{n}"}
        lines += [samples.hours(len(lines) + 2, 75, date(2025, 3, 1 + k), **who) for k in range(1 + n % 7)]
        long = "Certificat médical remis au secrétariat avec retard " * (n % 4)
        lines += [
            samples.absence(
                len(lines) + 2, 350, 700, reference_justificatif=f"{long}{n}", id_absence=f"A{n}-{k}", **who
            )
            for k in range(n % 3)
        ]
    return samples.content(lines)


def test_blocks_stand_in_the_order_of_the_screens() -> None:
    texts = _texts(_sheet(samples.content()))
    blocks = [text for text in texts if re.match(r"\d\. [A-Z][a-z]", text)]
    assert blocks == [
        "1. Convention",
        "2. Organisme de formation",
        "3. Demande de service fait complémentaire",
        "4. Demandeurs d'emploi à cocher",
        "5. Saisie, demandeur par demandeur",
        "6. Totaux à comparer avec Kairos avant de valider",
    ]


def test_before_typed_and_after_stand_side_by_side() -> None:
    page = _sheet(samples.content())
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert [sheet.BOX, "Total de la séquence", 140, 98.25, 7.8, 106.05] in rows
    assert [sheet.BOX, "Absence ABS-005", "le 17/03/2025", 7, 3.5, 3.5] in rows


def test_there_is_one_box_per_person_entry_and_total() -> None:
    boxes = [text for text in _texts(_sheet(samples.content())) if text == sheet.BOX]
    persons, entries, totals = 3, 5, 5
    assert len(boxes) == persons + entries + totals


def test_lost_hours_are_said_first_and_where_they_are_lost() -> None:
    told = [
        text.replace("\u202f", " ").replace("\xa0", " ")
        for text in _texts(_sheet(samples.content()))
        if "perdues" in text
    ]
    assert told[0].startswith("Attention : 3,50 h sont perdues définitivement. Une absence n'est rendue finançable")
    assert told[1] == "3,50 h perdues définitivement : une absence ne se complète qu'une seule fois."
    assert told[2] == "Heures d'absence perdues définitivement"


def test_nothing_is_said_of_losses_where_there_are_none() -> None:
    content = samples.content([samples.absence(4, 700, 700)])
    assert not [text for text in _texts(_sheet(content)) if "perdues" in text]


def test_a_motif_without_a_label_stands_alone() -> None:
    page = load_workbook(BytesIO(clerk.workbook(samples.content(), DAY))).active
    assert isinstance(page, Worksheet)
    assert [text for text in _texts(page) if text.startswith("Motif ENF · ")]
    assert [text for text in _texts(_sheet(samples.content())) if text.startswith("Motif ENF (Enfant malade) · ")]


def test_bytes_are_the_same_each_time() -> None:
    assert clerk.workbook(samples.content(), DAY) == clerk.workbook(samples.content(), DAY)


def test_the_ledgers_bytes_are_enough() -> None:
    content = samples.content()
    again = complement.decode(complement.encode(content))
    assert clerk.workbook(again, DAY, MOTIFS) == clerk.workbook(content, DAY, MOTIFS)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    line = samples.hours(
        5, 100, nom=text, prenom=text, libelle_sequence=text, reference_justificatif=text, feuille=text
    )
    turned = samples.absence(6, 100, 200, nom=text, prenom=text, type_absence=text, reference_justificatif=text)
    content = copy.deepcopy(samples.content([line, turned], intitule=text, raison_sociale_titulaire=text))
    content["depot"]["fichier"] = text
    page = _sheet(content)
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n"}
    assert not [shown for shown in _texts(page) if "\u202e" in shown or "\x00" in shown]


def test_an_ampersand_is_no_command_of_the_page_header() -> None:
    page = _sheet(samples.content(numero_dsf="A&P&N"))
    header = page.oddHeader
    assert header is not None
    assert header.left.text == "DSF complémentaire A&&P&&N-C01"


def test_every_page_fits_and_no_title_ends_one() -> None:
    rows = [sheet.row(sheet.Span(0, 5, f"{n}"), at_least=40, glued=n % 3 == 0) for n in range(60)]
    pages = sheet.paginate(rows, 20)
    assert [row for page in pages for row in page] == rows
    assert all(sum(row.height for row in page) <= sheet.PAGE - 20 for page in pages)
    assert not any(page[-1].glued for page in pages)


def test_a_table_that_goes_on_says_its_headings_again() -> None:
    head = sheet.row(sheet.Span(0, 5, "head"), glued=True)
    rows = [head, *(sheet.row(sheet.Span(0, 5, str(n)), at_least=100, again=[head]) for n in range(20))]
    pages = sheet.paginate(rows, 0)
    assert len(pages) > 2
    assert all(page[0] == head for page in pages)


def test_a_long_text_gets_the_lines_it_needs() -> None:
    short, long = (sheet.row(sheet.Span(1, 5, "mot " * n)) for n in (1, 200))
    assert long.height > 7 * short.height


def _pdf(content: Mapping[str, Any], folder: Path) -> Path:
    office = shutil.which("soffice")
    if office is None or shutil.which("pdftotext") is None:
        pytest.skip("LibreOffice and poppler-utils are not installed")
    source = folder / "saisie.xlsx"
    source.write_bytes(clerk.workbook(content, DAY, MOTIFS))
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder / "saisie.pdf"


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("made", [samples.content, _large], ids=["small", "large"])
def test_it_prints_whole_on_a4(made: Any, tmp_path: Path) -> None:
    content = made()
    pdf = _pdf(content, tmp_path)
    told = _run("pdfinfo", str(pdf))
    breaks = len(_sheet(content).row_breaks.brk)
    assert "(A4)" in told
    assert f"Pages:           {breaks + 1}\n" in told, "LibreOffice broke a page where we did not"
    printed = _unspaced(_run("pdftotext", "-raw", str(pdf), "-"))
    assert f"Page{breaks + 1}/{breaks + 1}" in printed
    missing = [text for text in _texts(_sheet(content)) if not _number(text) and _unspaced(text) not in printed]
    assert missing == [], "cut, or broken over two pages"


def _unspaced(text: str) -> str:
    return "".join(text.split())


def _number(text: str) -> bool:
    return re.fullmatch(r"[\d.]+", text) is not None
