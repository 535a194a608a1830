"""How quickly the heaviest pages open in Chromium, beside as many bare paragraphs in as many bytes."""

import tempfile
import time
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from bench.nights import Row
from pipeline.documents.overview.page import of_run
from pipeline.documents.returns.html import report_page
from tests.browser import chromium, opened
from tests.documents.overview import samples as runs
from tests.documents.returns import samples as returns

REPEATS = 7
TARGET = 2.0
MANY = 10_000


def findings() -> bytes:
    """The report of a deposit with ``MANY`` findings, each saying something else."""
    return report_page(returns.many(MANY))


def deposits() -> bytes:
    """The page of a run with ``MANY`` deposits."""
    chance, day = Random(1), date(2025, 6, 1)
    return of_run(runs.run(day, [runs.deposit(day, n, chance, refused=n % 13 == 0) for n in range(MANY)]), [])


def bare(elements: int, size: int) -> bytes:
    """As many paragraphs, in as many bytes, with no style at all."""
    text = "x" * max(1, size // elements - len("<p></p>\n"))
    return b"<!doctype html><meta charset=utf-8><title>x</title>\n" + f"<p>{text}</p>\n".encode() * elements


def seconds(page: Any) -> float:
    """The best of several loads: the machine has other things to do."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        page.reload(wait_until="load")
        times.append(time.perf_counter() - start)
    return min(times)


def against_bare() -> list[Row]:
    """The heaviest pages, and as many bare paragraphs in as many bytes."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "page.html"
        for title, make in (("findings", findings), ("deposits", deposits)):
            path.write_bytes(make())
            size = path.stat().st_size
            with opened(browser, path) as (page, _):
                elements = page.evaluate("document.querySelectorAll('*').length")
                whole = seconds(page)
            path.write_bytes(bare(elements, size))
            with opened(browser, path) as (page, _):
                alone = seconds(page)
            ratio = whole / alone
            beside = f"{size / 1e6:.1f} MB, {elements} elements, bare {alone:.2f} s wall, page {whole:.2f} s wall"
            name = f"a page of {MANY:,} {title} opened in Chromium ÷ as many bare paragraphs"
            rows.append(Row(name, f"{ratio:.1f} ×", f"≤ {TARGET} ×", ratio <= TARGET, beside))
    return rows
