"""What comes back for one deposit: the page, the workbook to correct, and the same for machines."""

from collections.abc import Mapping
from typing import Any

from pipeline import jsonfile


def files(report: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of one return by name, from the content of rapport.json (``model.ReportData``).

    ``a-corriger.xlsx`` is there only where lines are to be corrected. The same report gives the same bytes.
    """
    # Heavy, and whoever wants the other modules of this room does without.
    from pipeline.documents.returns.html import report_page  # noqa: PLC0415
    from pipeline.documents.returns.workbook import corrections  # noqa: PLC0415

    made = {"rapport.html": report_page(report), "rapport.json": jsonfile.dumps(report)}
    if report["etat"] != "refuse" and (workbook := corrections(report)):
        made["a-corriger.xlsx"] = workbook
    return made
