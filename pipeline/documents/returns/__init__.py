"""What comes back for one deposit: the page, the workbook to correct, and the same for machines."""

from collections.abc import Mapping
from typing import Any

from pipeline import jsonfile


def workbook_name(report: Mapping[str, Any]) -> str:
    """The name of the workbook to correct: its own, so that two in one folder are two."""
    return f"a-corriger-{report['depot']}.xlsx"


def template_name(report: Mapping[str, Any]) -> str:
    """The name of the template that comes back with a file in which no table was recognised, or a column missed; "" else."""
    wanted = any(finding["code"] in ("FIC-04", "FIC-05") for finding in report["constats"])
    return f"modele-{report['siret']}.xlsx" if report["etat"] == "refuse" and wanted else ""


def files(report: Mapping[str, Any], template: bytes = b"") -> dict[str, bytes]:
    """The files of one return by name, from the content of rapport.json (``model.ReportData``).

    ``a-corriger-<depot>.xlsx`` is there only where lines are to be corrected, ``template`` where ``template_name`` gives it a
    name. The same report gives the same bytes.
    """
    # Heavy, and whoever wants the other modules of this room does without.
    from pipeline.documents.returns.html import report_page  # noqa: PLC0415
    from pipeline.documents.returns.workbook import corrections  # noqa: PLC0415

    made = {"rapport.html": report_page(report), "rapport.json": jsonfile.dumps(report)}
    if report["etat"] != "refuse" and (workbook := corrections(report)):
        made[workbook_name(report)] = workbook
    if name := template_name(report):
        made[name] = template
    return made
