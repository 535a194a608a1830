"""The secretary's loop, through files alone: what she is told, what she corrects it with, what her page says at each step."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from lxml import html
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.world import DAY, TITULAIRE, World, by_verdict, deposits

HOURS, ABSENCES, KNOWN = "Heures complémentaires", "Absences justifiées", "Vos stagiaires"
FAULTY = "FFF8CFCB"
PEOPLE = [(f"{1000000 + n}A", f"NOM{n:02d}", "Alix") for n in range(14)] + [("0123456789Z", "MODÈLE", "Noa")]
_DATE = re.compile(r"\d\d/\d\d/\d{4}")
_NUMBER = re.compile(r"\d+,\d\d(?= h)|\d+,\d\d")


def world_of(root: Path) -> World:
    world = World(root)
    people = [
        {"identifiant_de": person, "nom": nom, "prenom": prenom, "numero_pif": f"PIF-{person}"}
        for person, nom, prenom in PEOPLE
    ]
    absences = [{"identifiant_de": person, "id_absence": f"A-{person}"} for person, _, _ in PEOPLE]
    return world.add_dsf(sequences=people, absences=absences).write_extracts()


def returned(world: World) -> Path:
    """The workbook to correct of the last deposit."""
    depot = world.report()["depot"]
    (path,) = (world.workspace.outbox / TITULAIRE / "retours" / depot).glob("*.xlsx")
    assert path.name == f"a-corriger-{depot}.xlsx"
    return path


def page(world: World) -> str:
    """The text of the organisation's page."""
    text = html.fromstring(world.workspace.page(TITULAIRE).read_bytes()).text_content()
    return re.sub(r"\s+", " ", text.translate(str.maketrans({"\u202f": " ", "\xa0": " ", "’": "'"})))


class Secretary:
    """Corrects a workbook with what stands in it, and looks nowhere else."""

    def __init__(self, path: Path) -> None:
        self.book: Workbook = openpyxl.load_workbook(path)
        self.known = [dict(zip(titles, row, strict=True)) for titles, row in self._rows_of_known()]

    def _rows_of_known(self) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
        titles, *rows = self.book[KNOWN].iter_rows(values_only=True)
        for row in rows:
            yield tuple(str(title) for title in titles), row

    def correct(self) -> int:
        """Type something else in each coloured cell; how many there were."""
        return sum(self._correct(self.book[name]) for name in (HOURS, ABSENCES))

    def _correct(self, sheet: Worksheet) -> int:
        titles = {str(cell.value): cell.column for cell in sheet[1]}
        typed = 0
        for row in range(2, sheet.max_row + 1):
            expected = str(sheet.cell(row, titles["Attendu"]).value or "")
            said = dict(re.findall(r"^(\d+)\. (.*)$", expected, re.MULTILINE)) or {"1": expected}
            wrong = [title for title, column in titles.items() if _colour(sheet, row, column) == FAULTY]
            line = {title: sheet.cell(row, column).value for title, column in titles.items()}
            for title, text in zip(wrong, said.values(), strict=True):
                value = self._value(title, text, line)
                sheet.cell(row, titles[title]).value = value
                typed += 1
        return typed

    def _value(self, title: str, expected: str, line: dict[str, Any]) -> object:
        mine = [one for one in self.known if one["Nom du stagiaire"] == line["Nom"]]
        from_lists = {
            "Numéro DSF": lambda: self.known[0]["DSF concernée"],
            "Identifiant DE": lambda: mine[0]["Identifiant du stagiaire"],
            "Code séquence": lambda: mine[0]["Séquence de son plan"],
            "Identifiant absence": lambda: mine[0]["Absence déclarée"],
            "Motif justifié": lambda: expected.partition(" ")[0],
            "Reliquat abandonné": lambda: expected.partition(" ")[0],
        }
        if title in from_lists:
            return from_lists[title]()
        if found := _DATE.search(expected):
            return datetime.strptime(found[0], "%d/%m/%Y")
        found = _NUMBER.search(expected)
        assert found, (title, expected)
        return float(found[0].replace(",", "."))


def _colour(sheet: Worksheet, row: int, column: int) -> str:
    return str(sheet.cell(row, column).fill.fgColor.rgb)


def line(n: int, **changes: str) -> dict[str, str]:
    person, nom, prenom = PEOPLE[n]
    return {"identifiant_de": person, "nom": nom, "prenom": prenom, "id_absence": f"A-{person}"} | changes


TWELVE = (
    [  # hours
        line(0, date_debut="10/02/25"),
        line(1, date_fin="05/02/2025"),
        line(2, heures="7h20"),
        line(3, numero_dsf="DSF-9"),
        line(4, code_sequence="S7"),
        line(5, date_debut="10/05/2025"),
        line(14, identifiant_de="123456789Z"),
    ],
    [  # absences
        line(6, motif="Piscine"),
        line(7, motif="INJ"),
        line(8, identifiant_de="7654321B"),
        line(9, id_absence="A-autre"),
        line(10, heures="9"),
        line(11, heures="2"),
        line(12, reliquat_abandonne="peut-être"),
    ],
)


def test_fourteen_faults_are_corrected_from_the_workbook_alone_and_all_is_accepted(tmp_path: Path) -> None:
    world = world_of(tmp_path / "ws")
    book = openpyxl.Workbook()
    for sheet, text in zip(
        (book.active, book.create_sheet()), (deposits.hours(*TWELVE[0]), deposits.absences(*TWELVE[1])), strict=True
    ):
        for row in text.splitlines():
            sheet.append(row.split(";"))
    first, corrected = tmp_path / "mars.xlsx", tmp_path / "corrected.xlsx"
    book.save(first)
    world.drop("mars.xlsx", first.read_bytes())
    world.run()
    report = world.report()
    assert set(by_verdict(report).values()) == {"rejetee"} and report["comptes"]["rejetees"] == 14
    kinds = {finding["code"] for finding in report["constats"] if finding["severite"] == "rejet"}
    assert kinds == {
        *("LIG-03", "LIG-04", "LIG-05", "LIG-09", "LIG-10", "LIG-11", "LIG-14"),
        *("REF-01", "REF-06", "REF-07", "REF-08", "REF-09", "REF-11", "REF-12"),
    }
    assert "1 fichier à reprendre" in page(world)

    secretary = Secretary(returned(world))
    assert {one["Heures qui restent"] for one in secretary.known} == {293.0}, "400 planned, 100 done, 7 of absence"
    assert secretary.correct() == 14
    secretary.book.save(corrected)
    world.drop("corrected.xlsx", corrected.read_bytes())
    world.run()
    final = world.report()
    assert set(by_verdict(final).values()) == {"acceptee"}, [c["message"] for c in final["constats"]]
    assert final["origine"]["depot"] == report["depot"] and final["origine"]["fichier"] == "mars.xlsx"
    counted = {kind: final["origine"][kind]["nombre"] for kind in ("corrigees", "encore", "nouvelles", "retirees")}
    assert counted == {"corrigees": 14, "encore": 0, "nouvelles": 0, "retirees": 0}
    told = page(world)
    assert "à reprendre" not in told.partition("Vos dépôts")[0] and "1 DSF complémentaire à saisir" in told
    assert f"repris par {final['depot']}" in told


def test_a_correction_says_what_is_corrected_still_wrong_new_and_taken_out(tmp_path: Path) -> None:
    world = world_of(tmp_path / "ws")
    world.hours("mars.csv", line(0, heures="sept"), line(1, heures="huit"), line(2, heures="neuf"), line(3))
    world.run()
    first = world.report()
    path = returned(world)
    book = openpyxl.load_workbook(path)
    sheet = book[HOURS]
    hours = next(cell.column for cell in sheet[1] if cell.value == "Heures complémentaires")
    assert [sheet.cell(row, 3).value for row in range(2, 6)] == ["ligne 2", "ligne 3", "ligne 4", "ligne 5"]
    sheet.cell(2, hours).value = 7
    sheet.cell(5, hours).value = "sept"  # the line that was held
    sheet.delete_rows(4)
    again = tmp_path / "again.xlsx"
    book.save(again)
    world.drop("again.xlsx", again.read_bytes())
    world.run()
    report = world.report()
    kinds = {kind: report["origine"][kind]["lignes"] for kind in ("corrigees", "encore", "nouvelles", "retirees")}
    assert kinds == {
        "corrigees": [{"feuille": "", "ligne": 2}],
        "encore": [{"feuille": "", "ligne": 3}],
        "nouvelles": [{"feuille": HOURS, "ligne": 4}],
        "retirees": [{"feuille": "", "ligne": 4}],
    }
    text = (world.workspace.outbox / TITULAIRE / "retours" / report["depot"] / "rapport.html").read_text("utf-8")
    assert "Correction de «" in text and "ligne 3 (d’origine\xa0: ligne 3)" in text
    # A third round names the rows of the second file, and beside them those of the first.
    third = openpyxl.load_workbook(returned(world))[HOURS]
    assert third.cell(3, 3).value == "ligne 3 (d’origine\xa0: ligne 3)"
    assert report["origine"]["depot"] == first["depot"]


def test_what_is_known_leaves_out_what_is_completed_and_what_would_tell_of_others(tmp_path: Path) -> None:
    from tests.world import DISPENSATEUR

    world = world_of(tmp_path / "ws")
    theirs = {"siret_titulaire": DISPENSATEUR, "siret_dispensateur": DISPENSATEUR}
    person, nom, prenom = PEOPLE[0]
    shared = {"identifiant_de": person, "nom": nom, "prenom": prenom, "numero_pif": f"PIF-{person}"}
    world.add_dsf("DSF-2", sequences=[shared], absences=[], **theirs).write_extracts()
    world.absence("a.csv", line(1))
    world.run()
    world.absence("b.csv", line(0, heures="sept"), line(1, heures="sept", id_absence="A-autre"))
    world.run()
    mine, hers = (
        [one for one in Secretary(returned(world)).known if one["Nom du stagiaire"] == nom] for _, nom, _ in PEOPLE[:2]
    )
    assert [(one["Absence déclarée"], one["Heures qui restent"]) for one in mine] == [(f"A-{person}", None)]
    assert [one["Absence déclarée"] for one in hers] == [None] and hers[0]["Heures qui restent"] == 293.0


def test_what_must_wait_is_dropped_again_later_and_passes(tmp_path: Path) -> None:
    world = world_of(tmp_path / "ws")
    soon = DAY + timedelta(days=3)
    world.absence("tôt.csv", line(0, date_justificatif=f"{soon:%d/%m/%Y}"), line(1))
    world.run()
    report = world.report()
    assert report["suites"] == {"corriger": 0, "attendre": 1, "retirer": 0} and report["des"] == soon.isoformat()
    assert "1 ligne qui attend" in page(world) and "à reprendre" not in page(world).partition("En attente")[0]
    workbook = returned(world).read_bytes()
    world.drop("tôt.xlsx", workbook)
    world.run(day=soon)
    assert set(by_verdict(world.report()).values()) == {"acceptee"}
    assert "qui attend" not in page(world)


def test_a_file_without_a_table_of_ours_comes_back_with_the_template(tmp_path: Path) -> None:
    world = world_of(tmp_path / "ws")
    world.drop("liste.csv", b"Nom;Heures\r\nMartin;7\r\n")
    world.run()
    report = world.report()
    assert [finding["code"] for finding in report["constats"]] == ["FIC-04"]
    path = world.workspace.outbox / TITULAIRE / "retours" / report["depot"] / f"modele-{TITULAIRE}.xlsx"
    known = {row[1] for row in openpyxl.load_workbook(path)[HOURS].iter_rows(min_row=2, values_only=True)}
    assert {person for person, _, _ in PEOPLE} <= known


def test_two_workbooks_to_correct_in_one_folder_are_two(tmp_path: Path) -> None:
    world = world_of(tmp_path / "ws")
    world.hours("a.csv", line(0, heures="sept"))
    world.hours("b.csv", line(1, heures="sept"))
    world.run()
    names = [path.name for path in world.workspace.outbox.rglob("a-corriger-*.xlsx")]
    assert len(set(names)) == 2


def test_what_was_typed_moves_on_the_page(tmp_path: Path) -> None:
    from pipeline import ledger
    from tests.world import SETTINGS

    world = world_of(tmp_path / "ws")
    world.hours("a.csv", line(0))
    world.run()
    assert "1 DSF complémentaire à saisir dans Kairos" in page(world)
    with ledger.open(world.workspace, SETTINGS) as book:
        book.enter("DSF-1-C01", kairos="K-77", day=DAY)
    world.run()
    told = page(world)
    assert "à saisir dans Kairos" not in told and "Saisies, pas encore vues" in told and "K-77" in told


def test_a_page_that_is_gone_or_of_another_day_is_made_again_and_an_unchanged_one_is_left_alone(tmp_path: Path) -> None:
    world = world_of(tmp_path / "ws")
    world.hours("a.csv", line(0))
    world.run()
    path = world.workspace.page(TITULAIRE)
    made, before = path.read_bytes(), path.stat().st_ino
    world.run()
    assert path.stat().st_ino == before
    path.unlink()
    world.run()
    assert path.read_bytes() == made
    path.write_bytes(b"")
    world.run()
    assert path.read_bytes() == made


def test_a_place_that_is_taken_stops_no_other_page(tmp_path: Path) -> None:
    from tests.world import DISPENSATEUR

    world = world_of(tmp_path / "ws")
    world.add_dsf("DSF-2", siret_titulaire=DISPENSATEUR, siret_dispensateur=DISPENSATEUR).write_extracts()
    world.hours("a.csv", line(0))
    world.hours("b.csv", {"numero_dsf": "DSF-2"}, folder=DISPENSATEUR)
    (world.workspace.page(TITULAIRE) / "x").mkdir(parents=True)
    outcome = world.run()
    assert [what for what, _ in outcome.owed] == [f"outbox/{TITULAIRE}/index.html"]
    assert world.workspace.page(DISPENSATEUR).is_file()


def test_a_trial_changes_nothing_on_the_page(tmp_path: Path) -> None:
    world = world_of(tmp_path / "ws")
    world.hours("a.csv", line(0))
    world.run()
    before = world.workspace.page(TITULAIRE).read_bytes()
    world.hours("b.csv", line(1, heures="sept"), folder=f"{TITULAIRE}-essai")
    world.run()
    assert world.workspace.page(TITULAIRE).read_bytes() == before


def test_the_page_of_an_organisation_holds_nothing_of_another(tmp_path: Path) -> None:
    from tests.world import DISPENSATEUR

    world = world_of(tmp_path / "ws")
    world.add_dsf("DSF-2", siret_titulaire=DISPENSATEUR, siret_dispensateur=DISPENSATEUR).write_extracts()
    world.hours("a.csv", line(0, heures="sept"))
    world.hours("autre.csv", {"numero_dsf": "DSF-2"}, folder=DISPENSATEUR)
    world.run()
    assert "autre.csv" not in page(world) and "DSF-2" not in page(world)
