"""The organisation's page: what it says, its links, and how it opens in Chromium at every width, on paper, and for everyone."""

from pathlib import Path
from typing import Any

import pytest
from lxml import html

from pipeline.documents.organisation import Standing, organisation_page
from tests.browser import opened, violations
from tests.documents.organisation import samples

PLAIN = str.maketrans({"\u202f": " ", "\xa0": " ", "’": "'"})


def page(stand: Standing, language: str = "fr", template: str = "") -> bytes:
    return organisation_page(stand, language, revision="1", template=template)


def text(data: bytes) -> str:
    every = (part for part in html.fromstring(data).find(".//main").itertext())
    return " ".join(" ".join(every).translate(PLAIN).split())


def links(data: bytes) -> list[str]:
    return [str(a.get("href")) for a in html.fromstring(data).iter("a")]


def test_what_is_asked_of_the_organisation_comes_first() -> None:
    told = text(page(samples.full()))
    assert "2 fichiers à reprendre 3 lignes qui attendent 2 DSF complémentaires à saisir dans Kairos" in told
    assert "1 ligne à corriger ; 2 lignes à retirer ; 17 lignes bonnes, retenues avec les autres" in told
    assert "REF-02 : DSF non validée (3 lignes)" in told
    assert "Les 4 derniers dépôts, sur 240." in told and "K-77" in told


def test_where_nothing_is_open_it_says_so() -> None:
    assert "Rien n'est à reprendre et rien n'est à saisir." in text(page(samples.nothing()))


def test_a_file_that_only_waits_is_not_asked_for_now() -> None:
    assert [one.to_do for one in samples.full().open] == [True, True, False]


def test_links_are_relative_and_lead_to_what_is_beside_the_page() -> None:
    found = links(page(samples.full(), template=f"modele-{samples.SIRET}.xlsx"))
    assert not [link for link in found if link.startswith(("/", "http", "file", ".."))]
    assert "retours/2025-04-02-3fa9c1d2/rapport.html" in found
    assert "retours/2025-04-02-3fa9c1d2/a-corriger-2025-04-02-3fa9c1d2.xlsx" in found
    assert not [link for link in found if "aaaaaaaa/a-corriger" in link], "a refused file has no workbook"
    assert f"modele-{samples.SIRET}.xlsx" in found
    assert [link for link in found if link.startswith("dsf/41C0000123_1-C01")]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("make", [samples.full, samples.nothing])
def test_it_opens_quietly_fits_and_is_accessible(browser: Any, tmp_path: Path, make: Any, language: str) -> None:
    path = tmp_path / "index.html"
    path.write_bytes(page(make(), language, "modele.xlsx"))
    for width in (360, 1280):
        with opened(browser, path, width) as (shown, wrong):
            assert not wrong
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
            assert violations(shown) == []
    with opened(browser, path, 720, java_script_enabled=False) as (shown, wrong):
        shown.emulate_media(media="print")
        assert not wrong and shown.evaluate("document.documentElement.scrollWidth") <= 720
