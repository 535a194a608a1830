"""What the tables of the reviewer's pages say."""

import re
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from markupsafe import Markup

import pipeline
from pipeline.documents import overview
from pipeline.documents.overview import figures, sections
from pipeline.documents.overview.tables import PageTable, csv, markup
from pipeline.documents.wording import Wording
from tests.documents.overview import samples

FR = Wording("fr")
DAY = date(2025, 6, 1)


def _deposit(n: int, *, refused: bool = False, rejected: int = 0) -> dict[str, Any]:
    """One deposit of one rejected line an hour and a quarter long, ``rejected`` times; or a refused file."""
    one = samples.deposit(DAY, n, Random(1), refused=refused)
    if refused:
        return one
    lines = samples.counts(1, rejected, 0, 0)
    rules = [{"code": "REF-06", "constats": rejected, "heures": 125 * rejected}] if rejected else []
    return {**one, "comptes": lines, "heures": {name: 125 * n for name, n in lines.items()}, "regles": rules}


def _text(one: PageTable, row: int, title: str) -> str:
    """What a cell shows, by the row and the heading."""
    place = [column.title for column in one.columns].index(title)
    body = markup(one, FR).split("<tbody>")[1]
    cells = re.findall(r"<t[hd][ >].*?</t[hd]>", body.split("<tr>")[row + 1])
    return " ".join(Markup(cells[place]).striptags().split())


def test_the_hours_of_a_refused_file_are_unknown_and_never_none() -> None:
    listed = sections.deposits_table([_deposit(1, refused=True), _deposit(2, rejected=1)], FR, "../")
    assert [_text(listed, row, "Heures en jeu") for row in (0, 1)] == ["heures inconnues", "1,25"]
    assert [_text(listed, row, "Lignes lues") for row in (0, 1)] == ["", "2"]
    assert csv(listed, FR).decode("utf-8-sig").splitlines()[1].split(";")[5:7] == ["", "FIC-01"]


def test_sums_say_how_many_files_they_know_nothing_of() -> None:
    run = samples.run(DAY, [_deposit(1, refused=True), _deposit(1, refused=True), _deposit(2, refused=True)])
    both = samples.run(DAY, [_deposit(1, refused=True), _deposit(1, rejected=2)])
    alone = sections.organisations_table(figures.organisations([run]), [], FR)
    assert [_text(alone, row, "Heures en jeu") for row in (0, 1)] == [
        "2 fichiers refusés, heures inconnues",
        "heures inconnues",
    ]
    mixed = sections.organisations_table(figures.organisations([both]), [], FR)
    assert _text(mixed, 0, "Heures en jeu") == "2,50 + 1 fichier refusé, heures inconnues"
    rules = sections.rules_table([both, run], FR)
    assert {_text(rules, row, "Règle"): _text(rules, row, "Heures en jeu") for row in (0, 1)} == {
        "REF-06": "2,50",
        "FIC-01": "4 fichiers refusés, heures inconnues",
    }
    trend = sections.runs_table([run, both], {}, FR, "")
    assert [_text(trend, row, "Heures en jeu") for row in (0, 1)] == [
        "2,50 + 1 fichier refusé, heures inconnues",
        "3 fichiers refusés, heures inconnues",
    ]


def test_the_equation_says_which_hours_are_not_in_it() -> None:
    def told(*listed: dict[str, Any]) -> str:
        return overview.files(samples.run(DAY, list(listed)))["index.html"].decode().replace("\u202f", " ")

    assert "Les 2 fichiers refusés n" in told(_deposit(1, refused=True), _deposit(2, refused=True), _deposit(3))
    assert "heures sont inconnues" not in told(_deposit(3))


@pytest.mark.parametrize(
    ("deposit", "said", "look"),
    [
        (_deposit(1, refused=True), "refusé", "faux refuse"),
        (_deposit(1, rejected=1), "partiel", "attend"),
        (_deposit(1), "accepté", "bon"),
    ],
)
def test_a_state_is_a_badge_and_a_word(deposit: dict[str, Any], said: str, look: str) -> None:
    listed = sections.deposits_table([deposit], FR, "../")
    (cell,) = [cell for cell in listed.rows[0] if cell.value == said]
    assert cell.shown == f'<span class="etat {look}">{said}</span>'


def test_the_steps_of_a_run_stand_in_their_order() -> None:
    source = "".join(
        (Path(pipeline.__file__).parent / name).read_text(encoding="utf-8") for name in ("run.py", "wave.py")
    )
    steps = FR.names("etape")
    assert set(re.findall(r'\.step\("([^"]+)"\)', source)) == set(steps), "each has its words"
    run = samples.run(DAY, [_deposit(1)], durees={**dict.fromkeys(sorted(steps), 1.0), "autre": 1.0})
    page = overview.files(run)["index.html"].decode()
    times = page.split("<dt>Durées", 1)[1]
    said = re.findall(r"(?:<dd>|<br>)([^<]+?)\s: 1,00 s", times)
    assert said == [*(FR(f"etape.{step}") for step in steps), "autre"]
