"""The clerk's workbook: one complementary DSF in the order of the Kairos screens, to print and to tick. Source: spec §6.

French only, as Kairos is. Everything comes from the payload, so the workbook can be made again from the ledger.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipeline.documents.clerk import sheet
from pipeline.documents.clerk.entries import closing, entries
from pipeline.documents.clerk.front import front, people
from pipeline.documents.clerk.rows import LAST, day_text
from pipeline.documents.clerk.sheet import Part, readable, row


def workbook(payload: Mapping[str, Any], day: date, motifs: Mapping[str, str] | None = None) -> bytes:
    """``<numero>.xlsx`` from the content of ``<numero>.json`` (hours as ``Decimal``), as if written on ``day``.

    ``motifs``: labels by code; a code without a label stands alone. The same arguments give the same bytes.
    """
    numero = payload["numero"]
    top = row(Part(0, LAST, readable(f"DSF complémentaire {numero}"), sheet.TITLE))
    rows = [*front(payload), *people(payload), *entries(payload, motifs or {}), *closing(payload)]
    footer = f"DSF initiale {payload['dsf_initiale']['numero']} · établi le {day_text(payload['emis_le'])}"
    header = f"DSF complémentaire {numero}"
    return sheet.write("DSF complémentaire", top, rows, readable(header), readable(footer), day)
