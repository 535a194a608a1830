"""Pictures of the clerk's workbook and of the reviewer's pages, for ``docs.screenshots``."""

from datetime import date

from docs.shot import Shot
from pipeline.documents import clerk, overview
from tests.documents.overview import samples as runs
from tests.judging import samples as complements


def _clerk() -> bytes:
    return clerk.workbook(complements.content(), date(2025, 6, 2))


def _run() -> bytes:
    made = runs.runs()
    return overview.files(made[-1], made[:-1])["index.html"]


def _runs() -> bytes:
    return overview.across(runs.runs())


SHOTS = [
    Shot("saisie-kairos-1", _clerk, workbook=True, page=1),
    Shot("saisie-kairos-2", _clerk, workbook=True, page=2),
    Shot("execution-haut", _run, height=1900),
    Shot("execution-360", _run, width=360, height=1800),
    Shot("execution-papier", _run, paper=True, page=2),
    Shot("executions-haut", _runs, height=1250),
    Shot("executions-360", _runs, width=360, height=1800),
]
