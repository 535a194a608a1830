"""Pictures of the clerk's workbook and of the reviewer's pages, for ``docs.screenshots``."""

from dataclasses import replace
from datetime import date

from docs.shot import Shot
from pipeline.documents import clerk, overview
from pipeline.judging import complement
from pipeline.judging.earlier import earlier
from tests.documents.overview import samples as runs
from tests.judging import samples as complements
from tests.judging.test_earlier import issued


def second_complement() -> bytes:
    """A second complement of a DSF, for what a clerk may meet is all there."""
    content = complements.content() | {"numero": f"{complements.DSF['numero_dsf']}-C02"}
    first = issued(1, complements.hours(5, 350, date(2025, 3, 10)))
    before = earlier(replace(issued(2), payload=complement.encode(content)), [first], ())
    return clerk.workbook(content, date(2025, 6, 2), before=before)


def _run() -> bytes:
    made = runs.runs()
    return overview.files(made[-1], made[:-1])["index.html"]


def _runs() -> bytes:
    return overview.across(runs.runs())


SHOTS = [
    Shot("saisie-kairos-1", second_complement, workbook=True, page=1),
    Shot("saisie-kairos-2", second_complement, workbook=True, page=2),
    Shot("saisie-kairos-3", second_complement, workbook=True, page=3),
    Shot("execution-haut", _run, height=1900),
    Shot("execution-360", _run, width=360, height=1800),
    Shot("execution-papier", _run, paper=True, page=2),
    Shot("executions-haut", _runs, height=1250),
    Shot("executions-360", _runs, width=360, height=1800),
]
