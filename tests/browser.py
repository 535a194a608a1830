"""Chromium for the tests of pages, and LibreOffice for those of workbooks: skipped, saying so, where they are not installed."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
_CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
_SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
_ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()


@contextmanager
def chromium() -> Iterator[Any]:
    """A running Chromium (playwright's ``Browser``)."""
    if _CHROMIUM is None:
        pytest.skip("Chromium is not installed: pages are not opened")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pages are not opened")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, path: Path, width: int = 1280, **options: Any) -> Iterator[tuple[Any, list[str]]]:
    """The page at ``path`` and what went wrong in it: console errors, exceptions, requests for anything but itself."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    try:
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request", lambda request: None if request.url == path.as_uri() else wrong.append(f"request: {request.url}")
        )
        page.goto(path.as_uri())
        yield page, wrong
    finally:
        context.close()


def violations(page: Any) -> list[str]:
    """What axe-core finds wrong in the page: rule and place. Empty when it is accessible."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm ci in tests/node): accessibility is not checked")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)")
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def elements(page: Any) -> int:
    """How many elements the page has."""
    return int(page.evaluate("document.querySelectorAll('*').length"))


def depth(page: Any) -> int:
    """How many elements the innermost one stands in."""
    inside = "node => { let n = 0; while ((node = node.parentElement)) n++; return n; }"
    return int(page.evaluate(f"Array.from(document.querySelectorAll('*'), {inside}).reduce((a, b) => Math.max(a, b))"))


def libreoffice(source: Path, kind: str, folder: Path) -> Path:
    """``source`` opened and saved by LibreOffice as ``kind`` (xlsx, ods, csv, pdf), in ``folder``."""
    return libreoffice_all([source], kind, folder)[0]


def libreoffice_all(sources: Sequence[Path], kind: str, folder: Path) -> list[Path]:
    """``sources`` opened and saved by one LibreOffice as ``kind``, in ``folder``; a kind may name its filter: ``csv:Text…``."""
    if _SOFFICE is None:
        pytest.skip("LibreOffice is not installed: workbooks are not opened in it")
    profile = folder / "profile"
    command = [_SOFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", kind]
    command += ["--outdir", str(folder), *map(str, sources)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return [folder / f"{source.stem}.{kind.partition(':')[0]}" for source in sources]
