"""``rapport.html``: one page for the secretary, made from the content of ``rapport.json``."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment

from pipeline.documents.page import Phrases, environment, render, sentence, visible
from pipeline.documents.returns import template_name, workbook_name
from pipeline.documents.returns.entries import ReportData
from pipeline.documents.returns.view import ROOM, view

_VERDICTS = (("lues", ""), ("acceptees", "="), ("rejetees", "+"), ("retenues", "+"), ("deja_prises", "+"))


def report_page(report: ReportData, room: int = ROOM) -> bytes:
    """The page of one deposit. ``room``: bytes its lists may take; what does not fit is counted and said first."""
    made = _environment(report["langue"], report.get("essai", False))
    shown = {"view": view(report, room), "workbook": workbook_name(report), "verdicts": _VERDICTS}
    shown["template_beside"] = template_name(report)
    return render(made, "report.html.jinja", report=report, **shown)


@lru_cache(maxsize=4)
def _environment(language: str, trial: bool) -> Environment:
    words = Phrases(language, trial=trial)
    made = environment(words, Path(__file__).parent)
    made.filters["sentence"] = sentence if words.language == "fr" else visible
    return made
