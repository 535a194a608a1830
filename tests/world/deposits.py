"""Deposits by kind: right lines of hours and of absences, each by what it changes, as a csv with the template's headings."""

import csv
import io
from collections.abc import Mapping, Sequence

from schemas.fields import ABSENCES, HEURES, fields_of

Line = Mapping[str, str]

_COMMON = {
    "numero_dsf": "DSF-1",
    "identifiant_de": "1234567A",
    "nom": "Exemple",
    "prenom": "Alix",
    "code_sequence": "S1",
    "heures": "7",
}
LINES: Mapping[str, Line] = {
    HEURES: {**_COMMON, "date_debut": "10/02/2025", "reference_justificatif": "Feuille 12"},
    ABSENCES: {
        **_COMMON,
        "id_absence": "A1",
        "motif": "MAL",
        "reference_justificatif": "Arrêt 3",
        "date_justificatif": "10/02/2025",
    },
}
"""A line of each kind that nothing is wrong with, against ``extracts.whole()``."""


def hours(*changes: Line) -> str:
    """A deposit of hours lines."""
    return _csv(HEURES, [{**LINES[HEURES], **change} for change in changes])


def absences(*changes: Line) -> str:
    """A deposit of absence lines."""
    return _csv(ABSENCES, [{**LINES[ABSENCES], **change} for change in changes])


def _csv(kind: str, lines: Sequence[Line]) -> str:
    fields = fields_of(kind)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([field.headings[kind] for field in fields])
    writer.writerows([line.get(field.name, "") for field in fields] for line in lines)
    return out.getvalue()
