"""Remakes the pictures of docs/images: `python -m docs.screenshots [name…]`. Needs Chromium, LibreOffice and pdftoppm.

Each picture is one entry of ``SHOTS``: a page (opened in Chromium) or a workbook (printed by LibreOffice), made from the
sample models of the tests, in which every name is invented.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from docs.shot import Shot
from docs.shots_clerk_overview import SHOTS as CLERK_AND_OVERVIEW
from pipeline import nomenclature
from pipeline.documents import template
from pipeline.documents.organisation import organisation_page
from pipeline.documents.returns import files, workbook_name
from tests.browser import chromium, libreoffice
from tests.documents.organisation import samples as standings
from tests.documents.returns import samples
from tests.documents.test_template import ABSENCES, SEQUENCES

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"


def _report(make: Callable[..., samples.Model], name: str = "rapport.html") -> Callable[[], bytes]:
    return lambda: files(make())[name]


def _to_correct() -> bytes:
    report = samples.full()
    return files(report)[workbook_name(report)]


def _organisation() -> bytes:
    return organisation_page(
        standings.full(hostile=False), "fr", revision="", template=f"modele-{standings.SIRET}.xlsx"
    )


def _named(rows: Sequence[Any]) -> list[Any]:
    """The rows of the tests, with a name that a guide may show."""
    return [replace(row, nom="DIALLO") for row in rows]


def _template() -> bytes:
    known = nomenclature.motifs(ROOT)
    return template.workbook(
        *(samples.SIRET, "Centre des Trois Rivières", _named(SEQUENCES), _named(ABSENCES), known),
        *("fr", date(2025, 4, 2)),
    )


SHOTS = [
    Shot("rapport", _report(samples.full)),
    Shot("rapport-haut", _report(samples.full), height=1250),
    Shot("rapport-360", _report(samples.full), width=360),
    Shot("rapport-papier", _report(samples.full), paper=True),
    Shot("rapport-refuse", _report(samples.refused)),
    Shot("rapport-accepte", _report(samples.accepted)),
    Shot("rapport-10000", _report(samples.many), height=1250),
    Shot("rapport-en", _report(lambda: samples.full(langue="en")), height=1250),
    Shot("organisme", _organisation, height=1100),
    Shot("organisme-360", _organisation, width=360, height=1800),
    Shot("a-corriger", _to_correct, workbook=True, page=2),
    Shot("a-corriger-mode-d-emploi", _to_correct, workbook=True, page=-2),
    Shot("a-corriger-stagiaires", _to_correct, workbook=True, page=-1),
    Shot("modele-mode-d-emploi", _template, workbook=True, page=1),
    Shot("modele-heures", _template, workbook=True, page=2),
    Shot("modele-absences", _template, workbook=True, page=3),
    *CLERK_AND_OVERVIEW,
]


def _of_page(browser: Any, shot: Shot, folder: Path) -> None:
    source = folder / f"{shot.name}.html"
    source.write_bytes(shot.make())
    context = browser.new_context(viewport={"width": shot.width, "height": shot.height or 900})
    page = context.new_page()
    page.goto(source.as_uri())
    if shot.paper:
        paper = folder / f"{shot.name}.pdf"
        page.pdf(path=str(paper), prefer_css_page_size=True)
        _of_paper(paper, shot)
    else:
        page.screenshot(path=str(IMAGES / f"{shot.name}.png"), full_page=not shot.height)
    context.close()


def _of_workbook(shot: Shot, folder: Path) -> None:
    source = folder / f"{shot.name}.xlsx"
    source.write_bytes(shot.make())
    _of_paper(libreoffice(source, "pdf", folder), shot)


def _of_paper(paper: Path, shot: Shot) -> None:
    """One page of a PDF as a picture."""
    page = shot.page if shot.page > 0 else _pages(paper) + 1 + shot.page
    target = str(IMAGES / shot.name)
    number = ["-f", str(page), "-l", str(page), "-singlefile"]
    subprocess.run(["pdftoppm", *number, "-r", "96", "-png", str(paper), target], check=True)


def _pages(paper: Path) -> int:
    told = subprocess.run(["pdfinfo", str(paper)], check=True, capture_output=True, text=True).stdout
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pages:"))


def main(names: list[str]) -> None:
    """Remake the pictures named, or all of them. Exits with a sentence where a name is unknown."""
    unknown = set(names) - {shot.name for shot in SHOTS}
    if unknown:
        sys.exit(f"no such picture: {', '.join(sorted(unknown))}; there are {', '.join(shot.name for shot in SHOTS)}")
    IMAGES.mkdir(parents=True, exist_ok=True)
    wanted = [shot for shot in SHOTS if not names or shot.name in names]
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for shot in wanted:
            if shot.workbook:
                _of_workbook(shot, Path(folder))
            else:
                _of_page(browser, shot, Path(folder))
            sys.stdout.write(f"docs/images/{shot.name}.png\n")


if __name__ == "__main__":
    main(sys.argv[1:])
