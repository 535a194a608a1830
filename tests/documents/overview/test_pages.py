"""The reviewer's pages in Chromium: quiet, whole at every width and without a script, accessible; filter, sort, CSV."""

import base64
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipeline.documents import overview
from pipeline.documents.overview.page import of_run
from schemas.rules import CATALOGUE
from tests.browser import depth, elements, opened, violations
from tests.documents.overview import samples

PAGES: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "run": lambda runs: of_run(runs[-1], runs[:-1]),
    "runs": overview.across,
}


def _english() -> list[dict[str, Any]]:
    runs = samples.runs(3)
    for run in runs:
        run["reglages"]["langue"] = "en"
    return runs


def _written(folder: Path, page: str, runs: list[dict[str, Any]]) -> Path:
    path = folder / "index.html"
    path.write_bytes(PAGES[page](runs))
    return path


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_quietly_and_fits_every_width(browser: Any, tmp_path: Path, page: str) -> None:
    path = _written(tmp_path, page, samples.runs(6))
    for width in (360, 1280, 2400):
        with opened(browser, path, width) as (view, wrong):
            assert not wrong
            assert view.evaluate("document.documentElement.scrollWidth") <= width


_OUTSIDE = """region => Array.from(document.querySelectorAll("main *"))
  .filter(one => !one.closest(region) && one.getClientRects().length
    && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(one => one.outerHTML.slice(0, 120))"""
"""What stands over the right edge of the window and in no region that scrolls."""

LANDSCAPE = 1047
"""Pixels across an A4 page lying down, within its margins."""


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_cut_at_any_width_nor_on_paper(browser: Any, tmp_path: Path, page: str) -> None:
    runs = samples.runs(6)
    every = [{"code": code, "constats": 123 if n % 3 else 1_234, "heures": 123_456} for n, code in enumerate(CATALOGUE)]
    runs[-1]["depots"][0] |= {"regles": every, "raison_sociale": "Centre de formation professionnelle " * 3}
    path = _written(tmp_path, page, runs)
    for width in (360, 1280):
        with opened(browser, path, width) as (view, _):
            assert view.evaluate(_OUTSIDE, ".defile") == []
    with opened(browser, path, LANDSCAPE) as (view, _):
        view.emulate_media(media="print")
        assert view.evaluate(_OUTSIDE, "script") == [], "on paper nothing scrolls"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_accessible(browser: Any, tmp_path: Path, page: str) -> None:
    with opened(browser, _written(tmp_path, page, samples.runs(2, bodies=8)), 360) as (view, _):
        view.add_style_tag(content=".defile { background: none }")  # over shadows axe would not judge contrast
        assert violations(view) == []


_LIGHT = """async picture => {
  const image = new Image(), canvas = new OffscreenCanvas(1, 1), context = canvas.getContext("2d");
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, 1, 1).data[0];
}"""


def _is_shaded(view: Any, blank: Any, region: Any, *, right: bool) -> bool:
    """Whether the middle of a region's right edge, or else of its lower one, is not white. ``blank``: any other page."""
    box = region.bounding_box()
    x, y = (box["width"] - 3, box["height"] / 2) if right else (box["width"] / 2, box["height"] - 3)
    picture = view.screenshot(clip={"x": box["x"] + x, "y": box["y"] + y, "width": 1, "height": 1})
    return bool(blank.evaluate(_LIGHT, base64.b64encode(picture).decode()) < 240)


@pytest.mark.parametrize("page", PAGES)
def test_what_is_out_of_sight_casts_a_shadow_at_the_edge(browser: Any, tmp_path: Path, page: str) -> None:
    with opened(browser, _written(tmp_path, page, samples.runs(6)), 360) as (view, _):
        view.add_style_tag(content=".defile > * { visibility: hidden }")  # text would be dark as well
        blank, hidden = view.context.browser.new_page(), 0
        for region in view.locator(".defile").all():
            region.scroll_into_view_if_needed()
            out = region.evaluate("r => [r.scrollWidth > r.clientWidth, r.scrollHeight > r.clientHeight]")
            for right in (right for right, beyond in zip((True, False), out, strict=True) if beyond):
                hidden += 1
                region.evaluate("r => r.scrollTo(0, 0)")
                assert _is_shaded(view, blank, region, right=right)
                region.evaluate("r => r.scrollTo(r.scrollWidth, r.scrollHeight)")
                assert not _is_shaded(view, blank, region, right=right), "nothing more there"
        blank.close()
        assert hidden > 5


def test_pages_speak_english(browser: Any, tmp_path: Path) -> None:
    with opened(browser, _written(tmp_path, "run", _english())) as (view, wrong):
        assert not wrong
        assert view.locator("h1").inner_text() == "Run of 22 May 2025"
        assert view.locator("#fichiers [role=status]").inner_text().endswith("rows shown")


@pytest.mark.parametrize("page", PAGES)
def test_everything_can_be_read_with_script_off(browser: Any, tmp_path: Path, page: str) -> None:
    runs = samples.runs(4)
    with opened(browser, _written(tmp_path, page, runs), java_script_enabled=False) as (view, wrong):
        assert not wrong
        expected = len(runs[-1]["depots"]) if page == "run" else sum(len(run["depots"]) for run in runs)
        assert view.locator("#fichiers tbody tr").count() == expected
        assert view.locator("input, button, [role=button]").count() == 0, "nothing that does nothing"
        assert view.locator("#fichiers a[download]").get_attribute("href").startswith("data:text/csv")


def test_print_repeats_headings_and_leaves_the_tools_out(browser: Any, tmp_path: Path) -> None:
    with opened(browser, _written(tmp_path, "runs", samples.runs(6)), 1050) as (view, _):
        view.emulate_media(media="print")
        assert not view.locator(".outils").first.is_visible()
        assert view.evaluate("document.documentElement.scrollWidth") <= 1050
        paper = tmp_path / "page.pdf"
        view.pdf(path=str(paper), prefer_css_page_size=True)
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed: the print is not read")
    told = subprocess.run(["pdftotext", "-layout", str(paper), "-"], check=True, capture_output=True, text=True).stdout
    pages = [page for page in told.split("\f") if ".xlsx" in page]
    assert len(pages) > 1
    assert all(re.search("Heures (en jeu|encore ouvertes)|Déjà", " ".join(page.split())) for page in pages)


def _column(view: Any, number: int) -> list[str]:
    texts: list[str] = view.locator(f"#organismes tbody tr:visible td:nth-child({number})").all_inner_texts()
    return texts


def test_headings_sort_numbers_as_numbers(browser: Any, tmp_path: Path) -> None:
    with opened(browser, _written(tmp_path, "runs", samples.runs(6)), 1280) as (view, wrong):
        heading = view.locator("#organismes thead th", has_text="Lignes lues")
        for direction in ("descending", "ascending"):
            heading.locator("[role=button]").press("Enter")
            assert heading.get_attribute("aria-sort") == direction
            place = heading.evaluate("heading => heading.cellIndex")
            raw = view.locator("#organismes tbody tr").evaluate_all(
                "(rows, n) => rows.map(r => Number(r.cells[n].dataset.v ?? r.cells[n].textContent))", place
            )
            assert len(set(raw)) > 5
            assert raw == sorted(raw, reverse=direction == "descending")
        assert not wrong


def test_the_filter_forgives_accents_and_case_and_counts(browser: Any, tmp_path: Path) -> None:
    with opened(browser, _written(tmp_path, "run", samples.runs(6)), 1280) as (view, wrong):
        tools = view.locator("#organismes .outils")
        tools.locator("input").fill("centre AMPERE")
        shown = view.locator("#organismes tbody tr:visible")
        assert 0 < shown.count() < view.locator("#organismes tbody tr").count()
        assert all("Centre Ampère" in text for text in shown.all_inner_texts())
        told = tools.locator("[role=status]").inner_text()
        assert told.startswith(f"{shown.count()} sur ")
        assert not wrong


def _download(view: Any) -> str:
    with view.expect_download() as waiting:
        view.locator("#fichiers a[download]").click()
    assert waiting.value.suggested_filename == "fichiers.csv"
    return Path(waiting.value.path()).read_text(encoding="utf-8-sig")


def test_the_csv_saved_is_what_is_shown(browser: Any, tmp_path: Path) -> None:
    with opened(browser, _written(tmp_path, "run", samples.runs(6)), 1280) as (view, _):
        whole = _download(view)
        view.locator("#fichiers thead th", has_text="Fichier").locator("[role=button]").click()
        assert sorted(_download(view).splitlines()) == sorted(whole.splitlines()), "sorted here as there"
        view.locator("#fichiers .outils input").fill("hyperlink")
        head, *rows = _download(view).splitlines()
        assert head == whole.splitlines()[0]
        assert len(rows) == 1
        assert rows[0] in whole.splitlines()


AFTER = ("encore-ouverts", "a-saisir", "a-voir", "introuvables", "debloques", "sondages")


def test_what_was_issued_is_counted_with_the_age_of_the_oldest(browser: Any, tmp_path: Path) -> None:
    with opened(browser, _written(tmp_path, "run", samples.runs(2))) as (view, wrong):
        assert not wrong
        cards = [" ".join(text.split()) for text in view.locator("#suivi li").all_inner_texts()]
        assert cards == [
            "8 compléments à saisir dans Kairos 56,00 h le plus ancien depuis 90 jours",
            "8 compléments saisis, pas encore vus 56,00 h le plus ancien depuis 60 jours",
            "7 compléments vus dans un extrait 49,00 h",
        ]


@pytest.mark.parametrize(("page", "up"), [("run", "../../"), ("runs", "../")])
def test_what_is_still_open_stands_beside_what_was_ever_rejected(
    browser: Any, tmp_path: Path, page: str, up: str
) -> None:
    with opened(browser, _written(tmp_path, page, samples.runs(3)), java_script_enabled=False) as (view, wrong):
        assert not wrong
        cards = [" ".join(text.split()) for text in view.locator("#ouvert li").all_inner_texts()]
        assert cards == [
            "12 lignes à corriger 42,00 h",
            "1 ligne bonne, qui attend ses voisines 3,50 h",
            "1 fichier refusé à déposer de nouveau heures inconnues",
        ]
        first = view.locator("#encore-ouverts tbody tr").first
        link = f"{up}{samples.siret(0)}/retours/2025-05-20-00000000/rapport.html"
        assert first.locator("a").get_attribute("href") == link
        assert " ".join(first.inner_text().split()).endswith("20/05/2025 11 2 7,00 LIG-01 REF-06")
        for table in ("organismes", "regles"):
            heads = [" ".join(text.split()) for text in view.locator(f"#{table} thead th:visible").all_inner_texts()]
            assert heads[heads.index("Heures en jeu") + 1] == "Heures encore ouvertes"
        rule = view.locator("#regles tbody tr", has_text="LIG-01").inner_text().split()
        assert "42,00" in rule


def test_complements_are_counted_by_age_and_state_with_their_hours(browser: Any, tmp_path: Path) -> None:
    for page in PAGES:
        with opened(browser, _written(tmp_path, page, samples.runs(2))) as (view, _):
            rows = [" ".join(text.split()) for text in view.locator("#suivi tbody tr").all_inner_texts()]
            assert rows[0] == "depuis 7 jours au plus 0 0,00 0 0,00 0 0,00"
            assert rows[1].startswith("depuis 8 à 30 jours ") and rows[2].startswith("depuis 31 à 90 jours ")
            assert rows[3] == "depuis plus de 90 jours 8 56,00 8 56,00 7 49,00"


def test_who_may_be_sounding_out_ref_13_is_shown_with_what_that_means(browser: Any, tmp_path: Path) -> None:
    for page, up in (("run", "../../"), ("runs", "../")):
        with opened(browser, _written(tmp_path, page, samples.runs(2)), java_script_enabled=False) as (view, _):
            first = view.locator("#sondages tbody tr").first
            assert "100,00 · 50,00 · 25,00 · 12,50" in first.inner_text()
            link = first.locator("a").get_attribute("href")
            assert link == f"{up}{samples.siret(0)}/retours/2025-05-20-00000000/rapport.html"
            assert "au moins quatre fois" in view.locator("#sondages .note").inner_text()


def test_what_somebody_has_to_do_is_listed_cut_short_and_says_so(browser: Any, tmp_path: Path) -> None:
    with opened(browser, _written(tmp_path, "run", samples.runs(2)), java_script_enabled=False) as (view, wrong):
        assert not wrong
        for name in AFTER:
            assert view.locator(f"#{name} tbody tr").count() == 4
            assert "4 sur 8" in view.locator(f"#{name} .avis").inner_text()
        first = view.locator("#debloques tbody tr").first
        link = first.locator("a").get_attribute("href")
        assert link == f"../../{samples.siret(0)}/retours/2025-05-20-00000000/rapport.html"
        assert "10,50" in first.inner_text()
        assert "heures ajoutées" in view.locator("#introuvables tbody tr").nth(1).inner_text()
        assert "correspondance" in view.locator("#introuvables .note").inner_text()


def test_where_nothing_was_ever_issued_the_page_says_nothing_of_it(browser: Any, tmp_path: Path) -> None:
    run = samples.runs(1)[0]
    none: dict[str, Any] = {"total": 0, "lignes": []}
    ouvert = {"suites": [], "organismes": [], "regles": [], "depots": none}
    nothing = {name.replace("-", "_"): none for name in AFTER[1:]}
    run["suivi"] = {"comptes": {"emises": 0, "saisies": 0, "vues": 0}, "par_age": [], "ouvert": ouvert, **nothing}
    with opened(browser, _written(tmp_path, "run", [run])) as (view, wrong):
        assert not wrong
        assert view.locator(", ".join(f"#{name}" for name in ("ouvert", "suivi", *AFTER))).count() == 0


def test_hostile_names_stay_text(browser: Any, tmp_path: Path) -> None:
    runs = samples.runs(2)
    for deposit in runs[-1]["depots"]:
        deposit["raison_sociale"] = '<img src=x onerror="alert(1)">'
    runs[-1]["attente"][0]["chemin"] = "</script><script>alert(2)</script>"
    with opened(browser, _written(tmp_path, "run", runs)) as (view, wrong):
        assert not wrong
        assert view.locator("img").count() == 0
        assert view.locator("script").count() == 1
        assert '<img src=x onerror="alert(1)">' in view.locator("#organismes tbody").inner_text()


def test_ten_thousand_deposits_stay_a_page(browser: Any, tmp_path: Path) -> None:
    chance, day = Random(1), date(2025, 6, 1)
    listed = [samples.deposit(day, n, chance, refused=n % 13 == 0) for n in range(10_000)]
    run = samples.run(day, listed, suivi=samples.suivi(500))
    assert sum(rule["constats"] for one in listed for rule in one["regles"]) > 10_000
    assert len(overview.across([run])) < 1_500_000
    path = _written(tmp_path, "run", [run])
    assert path.stat().st_size < 1_500_000
    with opened(browser, path) as (view, wrong):
        assert not wrong
        assert (
            view.locator("#fichiers .avis")
            .inner_text()
            .startswith("Liste coupée : 500 sur 10".replace(" :", "\u00a0:"))
        )
        view.reload()
        assert not wrong
        assert elements(view) < 35_000
        assert depth(view) <= 15


def test_the_script_never_asks_how_the_page_is_laid_out() -> None:
    """Each such question, once a row, would lay the whole page out again: ten thousand rows would take minutes."""
    script = (Path(overview.__file__).parent / "templates" / "overview.js").read_text(encoding="utf-8")
    asked = re.findall(
        r"\b(?:offset|client|scroll)(?:Width|Height|Top|Left)\b|getBoundingClientRect|getClientRects|getComputedStyle"
        r"|innerText|scrollIntoView|elementFromPoint|\.focus\(",
        script,
    )
    assert script and asked == []
