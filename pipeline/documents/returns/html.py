"""``rapport.html``: one page for the secretary, made from the model of ``rapport.json``."""

from collections.abc import Mapping
from typing import Any

from pipeline.documents.page import render
from pipeline.documents.returns.view import ROOM, view
from pipeline.documents.wording import NBSP

_VERDICTS = (("lues", ""), ("acceptees", "="), ("rejetees", "+"), ("retenues", "+"), ("deja_prises", "+"))
_COLON = {"fr": f"{NBSP}:", "en": ":"}


def report(model: Mapping[str, Any], room: int = ROOM) -> bytes:
    """The page of one deposit. ``room``: bytes its lists may take; what does not fit is counted and said first."""
    colon = _COLON.get(model["langue"], _COLON["fr"])
    return render(
        "rapport.html.jinja", model["langue"], m=model, v=view(model, room), verdicts=_VERDICTS, deux_points=colon
    )
