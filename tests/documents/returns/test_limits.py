"""Whatever was sent, what comes back for one deposit is at most 20 MB, the most useful is kept, and the rest is counted."""

import json
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.documents import layout
from pipeline.documents.returns import files, limits, workbook_name
from schemas.fields import HEURES, SHEETS
from tests.bounded import only_long, some
from tests.documents.returns.heavy import Heavy
from tests.documents.returns.test_report import page, said
from tests.world import TITULAIRE, deposits

ROOT = Path(__file__).parents[3]
REJECTED, HELD, ACCEPTED, TAKEN = "rejetee", "retenue", "acceptee", "deja_prise"
LATE = ("LIG-04", "rejet", "date_debut", "03/25")
DICE = random.Random(1)


def text(length: int, low: int = 0x20000, high: int = 0x2A6DF) -> str:
    """Characters that four bytes hold and that nothing packs."""
    return "".join(chr(DICE.randint(low, high)) for _ in range(length))


def words(count: int, length: int = 6) -> list[str]:
    return [text(length, 97, 122) for _ in range(count)]


def many_lines() -> Heavy:
    return Heavy([REJECTED] * 60_000, words(1000), findings=[[LATE], [LATE, ("LIG-07", "rejet", "heures", "sept")]])


def many_columns() -> Heavy:
    return Heavy([REJECTED] * 20_000, own=[(f"C{n}", words(50)) for n in range(486)], findings=[[LATE]])


def blank_columns() -> Heavy:
    return Heavy([REJECTED] * 30_000, own=[(f"C{n}", ("",)) for n in range(486)], findings=[[LATE]])


def other_columns_on_each_sheet() -> Heavy:
    own = [(f"C{n}-", ("x",)) for n in range(486)]
    return Heavy([REJECTED] * 500, own=own, findings=[[LATE]], sheets=50, headings_apart=True)


def long_cells() -> Heavy:
    return Heavy([REJECTED] * 500, [text(100_000) for _ in range(7)], findings=[[LATE]])


def long_findings() -> Heavy:
    said = [
        [("LIG-04", "rejet", "date_debut", text(1000)), ("LIG-07", "rejet", "heures", text(1000))] for _ in range(3000)
    ]
    return Heavy([REJECTED] * 3000, [text(100) for _ in range(50)], findings=said)


def long_headings() -> Heavy:
    own = [(text(5_000), ("x", "")) for n in range(480)]
    return Heavy([REJECTED] * 1000, own=own, findings=[[LATE]], heading=" " * 5_000)


def all_accepted() -> Heavy:
    return Heavy([ACCEPTED] * 100_000, complements=2_000, findings=[[("AVT-01", "avertissement", "nom", "Durand")], []])


def one_wrong_among_many() -> Heavy:
    return Heavy([REJECTED, *[ACCEPTED] * 100_000, HELD], own=[("Groupe", ("B",))], findings=[[LATE], *[[]] * 100_001])


def columns_ignored() -> Heavy:
    ignored = [("AVT-05", "avertissement", "", text(300)) for _ in range(20_000)]
    return Heavy([REJECTED, HELD, TAKEN] * 200, findings=[[LATE], [], []], wide=ignored)


def complements() -> Heavy:
    return Heavy([ACCEPTED] * 60_000, complements=60_000)


WORST = [
    *(many_columns, long_findings, one_wrong_among_many, columns_ignored, long_cells),
    *(many_lines, blank_columns, other_columns_on_each_sheet, long_headings, all_accepted, complements),
]


def grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def check(report: dict[str, Any], whole: Heavy) -> None:
    """All that there is is counted, kept or left out."""
    cut, size = report.get("coupe", {}), len(whole.verdicts)
    left = {name: cut.get(name, 0) for name in ("lignes", "constats", "lignes_a_corriger")}
    assert report["comptes"]["lues"] == size == len(report["lignes"]) + left["lignes"]
    on_lines = sum(len(whole.findings[n % len(whole.findings)]) for n in range(size))
    total = on_lines + len(whole.wide)
    assert total == len(report["constats"]) + left["constats"]
    assert not cut or total == sum(one["constats"] for one in cut["par_code"])
    kept = [line for line in report["lignes"] if line["verdict"] in (REJECTED, HELD)]
    assert len(kept) + left["lignes_a_corriger"] == sum(verdict in (REJECTED, HELD) for verdict in whole.verdicts)


@pytest.mark.parametrize("made", some(WORST, 2), ids=lambda made: made.__name__)
def test_what_comes_back_is_at_most_20_MB_and_the_rest_is_counted_and_said(made: Callable[[], Heavy]) -> None:
    whole = made()
    report = whole.report()
    check(report, whole)
    returned = files(report)
    sizes = {name: len(data) for name, data in returned.items()}
    assert sum(sizes.values()) <= limits.MOST == 20_000_000, sizes
    assert sizes["rapport.html"] <= limits.PAGE
    cut = report["coupe"]  # each of them is beyond the limits
    assert json.loads(returned["rapport.json"])["coupe"] == json.loads(json.dumps(cut))
    notice = said(page(report).xpath("//*[@class='avis']")[0])
    numbers = [cut[name] for name in ("lignes", "constats", "complements", "tables", "colonnes") if cut[name]]
    assert numbers and all(grouped(n) in notice for n in numbers), notice


def test_a_deposit_that_fits_comes_back_whole_and_without_a_word() -> None:
    own = [(f"C{n}", words(20)) for n in range(40)]
    report = Heavy([REJECTED] * 1_000 + [HELD, ACCEPTED, TAKEN] * 100, own=own, findings=[[LATE]]).report()
    assert "coupe" not in report and len(report["lignes"]) == 1_300 and len(report["constats"]) == 1_300
    assert all(len(line["autres"]) == 40 for line in report["lignes"] if line["verdict"] in (REJECTED, HELD))
    assert not page(report).xpath("//*[contains(@class, 'avis')]")


def test_own_columns_go_before_any_line_and_all_together() -> None:
    report = many_columns().report()
    assert report["coupe"]["colonnes"] == 486
    kept = [line for line in report["lignes"] if "cellules" in line]
    assert len(kept) > 9_000 and all(line["autres"] == [] and len(line["cellules"]) == 10 for line in kept)
    assert [line["ligne"] for line in kept] == list(range(2, len(kept) + 2)), "the first ones, in sheet order"
    small = Heavy([REJECTED] * 6_000, own=[(f"C{n}", words(50)) for n in range(100)], findings=[[LATE]]).report()
    assert (small["coupe"]["colonnes"], small["coupe"]["lignes_a_corriger"]) == (100, 0)


def test_what_serves_to_correct_is_kept_before_accepted_lines_and_warnings() -> None:
    report = one_wrong_among_many().report()
    assert report["coupe"]["lignes"] > 0 == report["coupe"]["lignes_a_corriger"] == report["coupe"]["colonnes"]
    first, *_, last = report["lignes"]
    assert (first["verdict"], last["verdict"]) == (REJECTED, HELD)
    assert first["autres"][0]["titre"] == "Groupe"
    report = columns_ignored().report()
    assert report["coupe"]["constats"] > 0 == report["coupe"]["lignes_a_corriger"]


def test_the_page_counts_all_and_sends_back_to_the_original() -> None:
    report = Heavy([REJECTED] * 20_000 + [HELD] * 300 + [TAKEN] * 40, findings=[[LATE]]).report()
    kept = 20_300 - report["coupe"]["lignes_a_corriger"]
    told = said(page(report))
    assert "20 000 lignes à corriger. 1 cause en tout. Faites-le dans votre fichier d'origine, puis déposez-le" in told
    assert f"{workbook_name(report)} contient les {grouped(kept)} premières, sur 20 300" in told
    assert f"Cause 1 : Heures complémentaires, lignes 2 à {kept + 1} (au moins {grouped(kept)} lignes)" in told
    assert "LIG-04 20 340" in told, "the findings of each rule, all of them"
    assert "300 autres lignes retenues, qui ne sont pas nommées ici." in told
    assert "40 lignes avaient déjà été acceptées lors d'un dépôt précédent (40 autres)" in told


def test_the_workbook_opens_on_what_it_leaves_out() -> None:
    report = many_columns().report()
    book = openpyxl.load_workbook(BytesIO(files(report)[workbook_name(report)]))
    kept = 20_000 - report["coupe"]["lignes_a_corriger"]
    assert book.active is book[layout.GUIDE]
    steps = [cell.value.replace("\u202f", " ").replace("\xa0", " ") for cell in book[layout.GUIDE]["A"] if cell.value]
    assert f"il contient les {grouped(kept)} premières lignes à reprendre, sur 20 000" in steps[1]
    assert "déposer de nouveau en entier marche aussi" in steps[1]
    assert steps[2].startswith("Vos 486 propres colonnes n’y sont pas")
    assert book[SHEETS[HEURES]].max_row == kept + 1


def test_a_text_that_no_cell_would_hold_is_cut() -> None:
    report = Heavy([REJECTED], ["é" * 100_000], findings=[[LATE]]).report()
    (line,) = report["lignes"]
    assert line["cellules"]["commentaire"]["v"] == "é" * (limits.LONGEST - 1) + "…"
    assert Heavy([REJECTED], ["é" * 32_767]).report()["lignes"][0]["cellules"]["nom"]["v"] == "é" * 32_767


# --- any deposit, in any room -----------------------------------------------------------------------------------------

VERDICTS = st.lists(st.sampled_from([REJECTED, REJECTED, HELD, ACCEPTED, TAKEN]), min_size=1, max_size=25)
FAULT = st.tuples(st.just("LIG-04"), st.just("rejet"), st.just("date_debut"), st.text(max_size=30))
WARNING = st.tuples(st.just("AVT-01"), st.just("avertissement"), st.just("nom"), st.text(max_size=30))


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    verdicts=VERDICTS,
    faults=st.lists(st.lists(FAULT, max_size=3), min_size=1, max_size=5),
    wide=st.lists(WARNING, max_size=5),
    own=st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.text(max_size=20), min_size=1, max_size=3)), max_size=4),
    room=st.integers(3_000, 60_000),
)
def test_no_line_is_left_out_without_saying_so(
    verdicts: list[str], faults: list[Any], wide: list[Any], own: list[Any], room: int
) -> None:
    found = [faults[n % len(faults)] if verdict == REJECTED else [] for n, verdict in enumerate(verdicts)]
    deposit = Heavy(verdicts, words(20), own, found, wide, complements=3)
    whole = deposit.report()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "LINES", room)
        report = deposit.report()
    check(report, deposit)
    if "coupe" not in report:
        assert report == whole
        return
    places = [line["ligne"] for line in report["lignes"]]
    by_place = {line["ligne"]: line for line in whole["lignes"]}
    assert places == sorted(places)
    for line in report["lignes"]:
        assert line | {"autres": None} == by_place[line["ligne"]] | {"autres": None}
    every = [f for f in whole["constats"] if f["severite"] == "rejet"]
    for line in report["lignes"]:
        if line["verdict"] == REJECTED:
            mine = [f for f in every if f["ligne"] == line["ligne"]]
            assert [f for f in report["constats"] if f["severite"] == "rejet" and f["ligne"] == line["ligne"]] == mine
    for verdict in (REJECTED, HELD, ACCEPTED):
        these = [line["ligne"] for line in whole["lignes"] if line["verdict"] == verdict]
        kept = [at for at in these if at in places]
        assert kept == these[: len(kept)], "the first ones"
    returned = files(report)
    assert len(returned["rapport.json"]) + len(returned.get(workbook_name(report), b"")) <= room + limits.FRAME
    told = said(page(report))
    for name, sentence in (
        ("lignes_a_corriger", "a trop de lignes à reprendre"),
        ("colonnes", "propre"),
        ("lignes", "rapport.json"),
    ):
        assert not report["coupe"][name] or sentence in told, name


# --- memory -----------------------------------------------------------------------------------------------------------

_RENDER = """
import pickle, sys
from pathlib import Path
from pipeline.documents.returns import files
from tests.memory import peak
report = pickle.loads(Path(sys.argv[1]).read_bytes())
files(report)
print(peak())
"""


@pytest.mark.parametrize(
    "made", some([long_findings, many_lines, other_columns_on_each_sheet]), ids=lambda made: made.__name__
)
def test_a_renderer_needs_less_than_1_GB(made: Callable[[], Heavy], tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(pickle.dumps(made().report()))
    child = subprocess.run(
        [sys.executable, "-c", _RENDER, str(path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert int(child.stdout) < 1_000


_RUN = """
import sys
from pathlib import Path
from tests.memory import peak
from tests.world import World
world = World(Path(sys.argv[1])).add_dsf().write_extracts()
world.drop("a.csv", Path(sys.argv[2]).read_bytes())
world.run()
print(peak())
"""


@only_long
def test_H16_20_000_bad_lines_with_200_columns_of_their_own(tmp_path: Path) -> None:
    """From the inbox to the outbox in one process: ≤ 20 MB come back, which took 294 MB of rapport.json and 2.9 GB of memory."""
    heading, line, _ = deposits.hours({"heures": "sept"}).split("\r\n")
    own = [heading + "".join(f";C{n}" for n in range(200)), *[line + ";ab12" * 200] * 20_000]
    (tmp_path / "a.csv").write_text("\r\n".join([*own, ""]), encoding="utf-8")
    command = [sys.executable, "-c", _RUN, str(tmp_path / "ws"), str(tmp_path / "a.csv")]
    child = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(child.stdout) < 1_000
    returned = [path for path in (tmp_path / "ws" / "outbox" / TITULAIRE / "retours").rglob("*") if path.is_file()]
    (report,) = (json.loads(path.read_bytes()) for path in returned if path.suffix == ".json")
    assert {path.name for path in returned} == {"rapport.html", "rapport.json", workbook_name(report)}
    assert sum(path.stat().st_size for path in returned) <= limits.MOST
    assert report["comptes"]["rejetees"] == 20_000 and report["coupe"]["colonnes"] == 200
