"""The organisation's page as HTML: one file, links relative to its folder, no script."""

import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment

from pipeline.documents.organisation.standing import OpenDeposit, Standing
from pipeline.documents.page import Phrases, environment, render
from pipeline.judging.complement import file_name
from pipeline.ledger.records import REFUSED, WAITING
from schemas.rule import CORRECT, WAIT, WITHDRAW

MARK = '<meta name="revision" content="{revision}">'
"""Stands in the head of a page: what it was made from. A page whose mark is not today's is made again."""

_ASKED = {CORRECT: "rapport.suite_corriger", WAIT: "rapport.suite_attendre", WITHDRAW: "rapport.suite_retirer"}


def organisation_page(stand: Standing, language: str, *, revision: str, template: str = "") -> bytes:
    """The page. ``revision``: the text of its mark. ``template``: name of the prefilled template beside it, or "" for none."""
    made = _environment(language)
    words = Phrases(language)
    shown = {
        "stand": stand,
        "to_do": [one for one in stand.open if one.to_do],
        "waiting": [one for one in stand.open if one.lines[WAIT]],
        "issued": [one for one in stand.complements if one.saisie_le is None],
        "typed": [one for one in stand.complements if one.saisie_le is not None],
        "asked": lambda one: _asked(words, one),
        "mark": MARK.format(revision=revision),
        "prefilled": template,
    }
    return render(made, "organisation.html.jinja", **shown)


def _asked(words: Phrases, one: OpenDeposit) -> str:
    """« 1 ligne à corriger ; 3 lignes bonnes, retenues avec les autres »."""
    if one.lines[REFUSED]:
        return words("organisme.refuse")
    said = [words(text, n=one.lines[suite]) for suite, text in _ASKED.items() if one.lines[suite]]
    if one.lines[WAITING]:
        said.append(words("organisme.retenues", n=one.lines[WAITING]))
    return " ; ".join(said)


def _link(*parts: str) -> str:
    """A relative link; names that are no UTF-8 are quoted byte by byte."""
    return "/".join(quote(os.fsencode(part)) for part in parts)


@lru_cache(maxsize=2)
def _environment(language: str) -> Environment:
    made = environment(Phrases(language), Path(__file__).parent)
    made.filters["folder"] = file_name
    made.globals["link"] = _link
    return made
