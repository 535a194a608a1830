"""``rapport.html``: one page for the secretary, made from the model of ``rapport.json``."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from pipeline.documents.page import Phrases, environment, render, sentence, visible
from pipeline.documents.returns.view import ROOM, view
from pipeline.documents.wording import NBSP

_VERDICTS = (("lues", ""), ("acceptees", "="), ("rejetees", "+"), ("retenues", "+"), ("deja_prises", "+"))
_COLON = {"fr": f"{NBSP}:", "en": ":"}


def report(model: Mapping[str, Any], room: int = ROOM) -> bytes:
    """The page of one deposit. ``room``: bytes its lists may take; what does not fit is counted and said first."""
    colon = _COLON.get(model["langue"], _COLON["fr"])
    return render(
        _environment(model["langue"]),
        "rapport.html.jinja",
        m=model,
        v=view(model, room),
        verdicts=_VERDICTS,
        deux_points=colon,
    )


@lru_cache(maxsize=2)
def _environment(langue: str) -> Environment:
    words = Phrases(langue)
    made = environment(words, Path(__file__).parent)
    made.filters["sentence"] = sentence if words.langue == "fr" else visible
    return made
