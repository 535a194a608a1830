"""The pages in Chromium: three widths and print, no script, nothing asked of anybody else, accessible, light."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.documents.returns.html import report_page
from tests.browser import depth, elements, opened, violations
from tests.documents.returns import samples

CASES: dict[str, tuple[Callable[[], samples.Model], tuple[int, ...]]] = {
    "full": (samples.full, (360, 1280)),
    "english": (lambda: samples.full(langue="en"), (360,)),
    "csv": (samples.as_csv, (1280,)),
    "accepted": (samples.accepted, (1280,)),
    "taken": (samples.taken, (360,)),
    "refused": (samples.refused, (360,)),
}


def written(folder: Path, model: samples.Model) -> Path:
    path = folder / "rapport.html"
    path.write_bytes(report_page(model))
    return path


@pytest.mark.parametrize("case", CASES)
def test_a_page_opens_quietly_fits_every_width_and_is_accessible(browser: Any, tmp_path: Path, case: str) -> None:
    make, widths = CASES[case]
    path = written(tmp_path, make())
    for width in widths:
        with opened(browser, path, width) as (page, wrong):
            assert not wrong
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert violations(page) == []


def test_everything_can_be_read_with_script_off(browser: Any, tmp_path: Path) -> None:
    path = written(tmp_path, samples.full())
    with opened(browser, path, java_script_enabled=False) as (page, wrong):
        assert not wrong
        assert page.locator("h1").inner_text().startswith("Rapport sur")
        assert page.locator("details.avertis .fiche").count() == 3
        page.locator("details.avertis summary").click()
        assert page.locator("details.avertis .fiche").first.is_visible()


def test_print_shows_what_the_screen_folds_and_cuts_nothing(browser: Any, tmp_path: Path) -> None:
    path = written(tmp_path, samples.full())
    with opened(browser, path, 720) as (page, _):
        page.emulate_media(media="print")
        folded = page.locator("details.avertis .fiche").first
        assert folded.evaluate("e => e.getBoundingClientRect().height") > 20
        assert page.evaluate("document.documentElement.scrollWidth") <= 720
        assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")


def test_hostile_text_runs_nothing_and_moves_nothing(browser: Any, tmp_path: Path) -> None:
    path = written(tmp_path, samples.full(fichier='<img src="https://exemple.invalid/x" onerror="alert(1)">.xlsx'))
    with opened(browser, path) as (page, wrong):
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        text = page.locator("main").inner_text()
        assert not wrong and not dialogs
        assert '<script>alert("x")</script>' in text and "onerror=" in page.locator("h1").inner_text()
        assert page.locator("main script, main img").count() == 0


def test_ten_thousand_findings_stay_a_light_page(browser: Any, tmp_path: Path) -> None:
    """What makes it open at once: few bytes, few elements, not one inside another without end, nothing to run.

    How long it takes is in ``bench/pages.py``, beside bare paragraphs of as many elements.
    """
    path = written(tmp_path, samples.many())
    assert path.stat().st_size < 1_500_000
    with opened(browser, path) as (page, wrong):
        page.reload(wait_until="load")
        assert not wrong
        assert page.locator("script").count() == 0
        assert elements(page) < 50_000
        assert depth(page) <= 15
