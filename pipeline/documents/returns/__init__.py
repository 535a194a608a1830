"""What comes back for one deposit: the page, the workbook to correct, and the same for machines."""

from collections.abc import Mapping
from typing import Any

from pipeline import jsonfile


def files(model: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of one return by name. ``a-corriger.xlsx`` is there only where something is to be corrected line by line."""
    from pipeline.documents.returns.html import report  # noqa: PLC0415 - heavy, and other modules of this room are not
    from pipeline.documents.returns.workbook import corrections  # noqa: PLC0415

    made = {"rapport.html": report(model), "rapport.json": jsonfile.dumps(model)}
    if model["etat"] != "refuse" and (workbook := corrections(model)):
        made["a-corriger.xlsx"] = workbook
    return made
