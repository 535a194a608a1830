"""The clerk's workbook: complete, in the order of the screens, safe, and printed whole on A4."""

import copy
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
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
from pipeline.judging.earlier import NOTHING, Earlier, earlier
from tests.documents import ooxml
from tests.judging import samples
from tests.judging.test_earlier import issued

DAY = date(2025, 6, 2)
MOTIFS = {"MAL": "Maladie", "ENF": "Enfant malade"}
KEYBOARD = {0x202F: " ", 0xA0: " ", 0x2019: "'"}
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


def _sheet(content: Mapping[str, Any], before: Earlier = NOTHING) -> Worksheet:
    found = load_workbook(BytesIO(clerk.workbook(content, DAY, MOTIFS, before))).active
    assert isinstance(found, Worksheet)
    return found


def _texts(page: Worksheet) -> list[str]:
    return [str(cell.value) for row in page.iter_rows() for cell in row if cell.value is not None]


def _plain(page: Worksheet) -> list[str]:
    """The texts, with the spaces and apostrophes of a keyboard."""
    return [text.translate(KEYBOARD) for text in _texts(page)]


def _rows(page: Worksheet) -> list[list[Any]]:
    """The values of each row, texts as ``_plain`` has them."""
    rows = [[cell.value for cell in row if cell.value is not None] for row in page.iter_rows()]
    return [[value.translate(KEYBOARD) if isinstance(value, str) else value for value in row] for row in rows]


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


def _large_second() -> tuple[dict[str, Any], Earlier]:
    """``_large`` as a third complement, after two others on the same séquences."""
    content = _large()
    record = replace(issued(3), payload=complement.encode(content))
    others = [replace(issued(n), payload=record.payload) for n in (1, 2)]
    return content, earlier(record, others, ())


def test_blocks_stand_in_the_order_of_the_screens() -> None:
    blocks = [text for text in _plain(_sheet(samples.content())) if re.match(r"\d\. [A-Z][a-z]", text)]
    assert blocks == [
        "1. Convention",
        "2. Organisme de formation",
        "3. Demande de service fait complémentaire",
        "4. Demandeurs d'emploi à cocher",
        "5. Saisie complémentaire, demandeur par demandeur",
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


def test_boxes_are_ticked_from_a_list_that_forbids_nothing() -> None:
    page = _sheet(samples.content())
    (rule,) = page.data_validations.dataValidation
    boxes = {cell.coordinate for row in page.iter_rows() for cell in row if cell.value == sheet.BOX}
    assert set(str(rule.sqref).split()) == boxes
    assert rule.formula1 == f'"{sheet.BOX},☑"' and not rule.showErrorMessage and not rule.showInputMessage


def test_buttons_have_the_names_that_kairos_gives_them() -> None:
    texts = _plain(_sheet(samples.content()))
    at = [
        next(n for n, text in enumerate(texts) if f"« {name} »" in text)
        for name in ("Compléter", "Saisie complémentaire", "Compléter les absences")
    ]
    assert at == sorted(at), "in the order in which they are pressed"


def test_the_number_that_kairos_gives_has_a_place_and_stays_as_it_is_typed() -> None:
    page = _sheet(samples.content())
    (label,) = [cell for row in page.iter_rows() for cell in row if cell.value == "N° attribué par Kairos"]
    place = page.cell(label.row, 3)
    assert place.value is None and place.number_format == "@", "a text, so that first zeros stay"
    assert {place.border.top.style, place.border.bottom.style, place.border.left.style} == {"medium"}
    texts = _plain(page)
    assert texts.index("3. Demande de service fait complémentaire") < texts.index("N° attribué par Kairos")
    assert texts.index("N° attribué par Kairos") < texts.index("4. Demandeurs d'emploi à cocher")


def test_absences_of_one_type_have_their_subtotal() -> None:
    three = [samples.absence(n, 350, 700, id_absence=f"A{n}") for n in (2, 3)] + [
        samples.absence(4, 100, 100, type_absence="Maladie"),
        samples.absence(5, 50, 200, id_absence="B5", type_absence=""),
        samples.absence(6, 50, 200, id_absence="B6", type_absence=""),
    ]
    rows = _rows(_sheet(samples.content(three)))
    assert ["Type « Absence injustifiée », sous-total de 2 absences", 14, 7, 7] in rows
    assert ["Type « Maladie »"] in rows, "one absence is its own sum"
    assert ["Sans type, sous-total de 2 absences", 4, 1, 3] in rows


def test_lost_hours_are_said_first_with_the_absences_that_lose_them_and_again_where_they_are_lost() -> None:
    told = [text for text in _plain(_sheet(samples.content())) if "perdues" in text]
    once = "Une absence ne se complète qu'une seule fois."
    assert told == [
        f"Attention : 3,50 h sont perdues définitivement, à la demande de l'organisme. {once}",
        "MARTIN Chloé · séquence S02 · absence ABS-005, le 17/03/2025 : 3,50 h perdues sur 7,00 h",
        "3,50 h perdues définitivement : une absence ne se complète qu'une seule fois.",
        "Heures d'absence perdues définitivement",
    ]


@pytest.mark.parametrize(("absences", "named"), [(8, 8), (9, 7), (40, 7)])
def test_many_losses_are_counted_and_the_first_are_named(absences: int, named: int) -> None:
    many = [samples.absence(n, 25, 100, id_absence=f"A{n}") for n in range(2, absences + 2)]
    told = _plain(_sheet(samples.content(many)))
    assert len([text for text in told if "perdues sur" in text]) == named
    others = [text for text in told if text.startswith("et ")]
    assert others == ([f"et {absences - named} autres absences, signalées au point 5."] if absences > named else [])


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


def test_it_follows_the_schema_that_excel_wants() -> None:
    for content in (samples.content(), _large()):
        ooxml.check(clerk.workbook(content, DAY, MOTIFS))


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


def test_an_ampersand_is_no_command_of_the_page_footer() -> None:
    page = _sheet(samples.content(numero_dsf="A&P&N"))
    footer = page.oddFooter
    assert footer is not None
    assert footer.left.text == "DSF initiale A&&P&&N · établi le 02/06/2025"


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


def _pdf(content: Mapping[str, Any], folder: Path, before: Earlier) -> Path:
    office = shutil.which("soffice")
    if office is None or shutil.which("pdftotext") is None:
        pytest.skip("LibreOffice and poppler-utils are not installed")
    source = folder / "saisie.xlsx"
    source.write_bytes(clerk.workbook(content, DAY, MOTIFS, before))
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder / "saisie.pdf"


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("made", [samples.content, _large, _large_second], ids=["small", "large", "second"])
def test_it_prints_whole_on_a4(made: Any, tmp_path: Path) -> None:
    content, before = made() if made is _large_second else (made(), NOTHING)
    pdf = _pdf(content, tmp_path, before)
    told = _run("pdfinfo", str(pdf))
    page = _sheet(content, before)
    breaks = len(page.row_breaks.brk)
    assert "(A4)" in told
    assert f"Pages:           {breaks + 1}\n" in told, "LibreOffice broke a page where we did not"
    printed = _unspaced(_run("pdftotext", "-raw", str(pdf), "-"))
    pages = re.findall(r"Page(\d+)sur(\d+)", printed)
    assert pages == [(str(n), str(breaks + 1)) for n in range(1, breaks + 2)], "the number of each page, once"
    missing = [text for text in _texts(page) if not _number(text) and _unspaced(text) not in printed]
    assert missing == [], "cut, or broken over two pages"


def _unspaced(text: str) -> str:
    return "".join(text.split())


def _number(text: str) -> bool:
    return re.fullmatch(r"[\d.]+", text) is not None


# --- what earlier complements added -----------------------------------------------------------------------------------

FIRST = f"{samples.DSF['numero_dsf']}-C01"


def _second(**changes: Any) -> tuple[dict[str, Any], Earlier]:
    """A second complement, and what the first one added: hours and absences on its séquences, judged with the same extract."""
    content = samples.content([one | changes if one["code_sequence"] == "S01" else one for one in samples.lines()])
    first = issued(1, *samples.lines(), samples.absence(9, 733, 733, id_absence="A-9"))
    record = replace(issued(2), payload=complement.encode(content))
    return content, earlier(record, [first], ())


def test_hours_of_earlier_complements_stand_apart_and_after_counts_them() -> None:
    content, before = _second()
    page = _sheet(content, before)
    rows = _rows(page)
    at = rows.index([sheet.BOX, "Total de la séquence", 140, 98.25, 7.8, 113.85])
    assert rows[at + 1] == ["+ compléments précédents, pas encore dans l'extrait", 7.8]
    assert "Une fois les compléments précédents saisis, Kairos affiche 106,05 h avant cette saisie." in _plain(page)
    told = f"Déjà complétée par {FIRST} : 7,80 h ajoutées ; 21,33 h rendues finançables (absences ABS-004 et A-9)."
    assert told in _plain(page)
    assert "à saisir avant celui-ci, s'ils ne le sont pas encore :" in _plain(page)
    assert f"{FIRST}, émis le 02/06/2025 : 11,30 h ajoutées et 32,16 h rendues finançables" in _plain(page)


def test_hours_that_the_extract_shows_already_are_said_and_not_counted_twice() -> None:
    content, before = _second(heures_realisees=10605, de_heures_realisees=20780)
    page = _sheet(content, before)
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert [sheet.BOX, "Total de la séquence", 140, 106.05, 7.8, 113.85] in rows
    assert "« Déclarées avant » compte déjà 7,80 h des compléments précédents." in _plain(page)
    assert not [text for text in _plain(page) if "pas encore dans l'extrait" in text]


DONE = "Heures réalisées du demandeur, toutes séquences"
MISSED = "Absences non finançables du demandeur, toutes séquences"


def test_what_is_declared_of_a_person_counts_every_sequence_also_those_that_are_not_completed() -> None:
    rows = _rows(_sheet(samples.content([samples.hours(2, 100), samples.absence(3, 350, 700)])))
    assert [DONE, 200, 1, 201] in rows
    assert [MISSED, 40, 3.5, 36.5] in rows
    assert [DONE, 200, 1, 201] in _rows(_sheet(samples.content([samples.hours(2, 100)])))
    assert not [row for row in _rows(_sheet(samples.content([samples.hours(2, 100)]))) if row[:1] == [MISSED]]


def test_a_person_with_two_plans_is_declared_once() -> None:
    content = samples.content([samples.hours(2, 100), samples.hours(3, 200, numero_pif="PIF-9", code_sequence="S02")])
    assert len(content["demandeurs"]) == 2
    assert [row for row in _rows(_sheet(content)) if row[:1] == [DONE]] == [[DONE, 200, 3, 203]]


def test_an_old_complement_that_does_not_say_what_was_declared_is_still_a_sheet() -> None:
    content = samples.content()
    for person in content["demandeurs"]:
        for name in ("heures_realisees_initiales", "heures_absence_non_financables_initiales"):
            del person["totaux"][name]
    complement.validate(content)
    assert not [row for row in _rows(_sheet(content)) if row[:1] in ([DONE], [MISSED])]


def test_the_sums_of_a_person_count_what_earlier_complements_added_to_any_sequence() -> None:
    two = [samples.hours(2, 100), samples.hours(3, 200, **samples.sequence(0, "S02"))]
    content = samples.content([samples.hours(2, 50), samples.absence(4, 100, 100)])
    before = earlier(replace(issued(2), payload=complement.encode(content)), [issued(1, *two)], ())
    rows = _rows(_sheet(content, before))
    at = rows.index([DONE, 200, 0.5, 203.5])
    assert rows[at + 1] == ["+ compléments précédents, pas encore dans l'extrait", 3]
    assert [MISSED, 40, 1] in rows, "nobody knows whether an absence that is completed is still counted there"


def test_complements_of_another_organisation_are_not_counted_and_that_is_said() -> None:
    content, _ = _second()
    theirs = issued(1, *samples.lines(), siret=samples.DISPENSATEUR)
    before = earlier(replace(issued(2), payload=complement.encode(content)), [theirs], ())
    page = _sheet(content, before)
    texts = [text for text in _plain(page) if "complément" in text.casefold()]
    assert [text for text in texts if "ne sont pas de votre organisme" in text]
    assert not [text for text in texts if "précédents" in text or "Déjà complétée" in text]


def test_a_first_complement_is_the_sheet_it_was() -> None:
    content = samples.content()
    assert clerk.workbook(content, DAY, MOTIFS) == clerk.workbook(content, DAY, MOTIFS, NOTHING)
    assert not [text for text in _plain(_sheet(content)) if "précédents" in text]


def test_names_of_earlier_complements_stay_text() -> None:
    content, _ = _second()
    first = issued(1, *samples.lines(), samples.absence(9, 733, 733, id_absence=HOSTILE[0] + HOSTILE[6] + HOSTILE[7]))
    before = earlier(replace(issued(2), payload=complement.encode(content)), [replace(first, numero="=1\u202e+1")], ())
    page = _sheet(content, before)
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n"}
    assert not [shown for shown in _texts(page) if "\u202e" in shown or "\x00" in shown]
