"""The clerk's workbook: one complementary DSF in the order of the Kairos screens, to print and to tick. Source: contract §6.

In French only, as Kairos is. Everything comes from payloads, so the ledger is enough to make the workbook again.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipeline.documents.clerk import styles, writing
from pipeline.documents.clerk.entries import closing, entries
from pipeline.documents.clerk.front import front, people
from pipeline.documents.clerk.rows import FRENCH
from pipeline.documents.clerk.sheet import LAST, Span, readable, row
from pipeline.judging.earlier import NOTHING, Earlier


def workbook(
    payload: Mapping[str, Any], day: date, motifs: Mapping[str, str] | None = None, before: Earlier = NOTHING
) -> bytes:
    """``<numero>.xlsx`` from the content of ``<numero>.json``, as if written on ``day``.

    ``payload``: hours are ``Decimal``, dates ISO texts. ``motifs``: labels by code; a code without a label stands alone.
    ``before``: what earlier complements of the DSF added; it is counted apart.
    The same arguments give the same bytes.
    """
    title = f"DSF complémentaire {payload['numero']}"
    top = row(Span(0, LAST, readable(title), styles.TITLE))
    rows = [*front(payload, before), *people(payload), *entries(payload, motifs or {}, before), *closing(payload)]
    footer = f"DSF initiale {payload['dsf_initiale']['numero']} · établi le {FRENCH.day(payload['emis_le'])}"
    return writing.write("DSF complémentaire", top, rows, readable(title), readable(footer), day)
