"""Every field of a deposit: its name, its heading in the template, how its cells are read, where it is mandatory.

Source: contract §4. Names are those of the columns, of the database and of the JSON alike. Lines of both kinds of table, hours
and absences, share one frame: a field that both have is declared once, and the column ``nature`` tells the kind.
"""

from dataclasses import dataclass
from enum import StrEnum


class FieldKind(StrEnum):
    """How the cells of a field are read (``pipeline.cells.meaning``)."""

    TEXT = "texte"
    KEY = "cle"  # an opaque number: compared trimmed and without regard to case
    PERSON = "identifiant_de"
    HOURS = "heures"  # whole hundredths of an hour
    DATE = "date"
    MOTIF = "motif"
    YES_NO = "oui_non"
    COMMENT = "commentaire"


HEURES = "heures"
ABSENCES = "absences"
KINDS = (HEURES, ABSENCES)
SHEETS = {HEURES: "Heures complémentaires", ABSENCES: "Absences justifiées"}
DECLARANT_SHEET = "Déclarant"

MAX_TEXT = 200
MAX_COMMENT = 500


@dataclass(frozen=True)
class Field:
    """One field of a line.

    ``headings``: kind of table → the heading the template writes, for the kinds that have the field. ``mandatory``: the kinds
    whose lines cannot do without it.
    """

    name: str
    kind: FieldKind
    headings: dict[str, str]
    mandatory: frozenset[str] = frozenset()
    bit: int = 0

    @property
    def max_length(self) -> int:
        """Characters a text of this field may have (LIG-13)."""
        return MAX_COMMENT if self.kind is FieldKind.COMMENT else MAX_TEXT


def _both(heading: str) -> dict[str, str]:
    return {HEURES: heading, ABSENCES: heading}


_BOTH = frozenset(KINDS)
_DECLARED = (
    Field("numero_dsf", FieldKind.KEY, _both("Numéro DSF"), _BOTH),
    Field("identifiant_de", FieldKind.PERSON, _both("Identifiant DE"), _BOTH),
    Field("nom", FieldKind.TEXT, _both("Nom")),
    Field("prenom", FieldKind.TEXT, _both("Prénom")),
    Field("code_sequence", FieldKind.KEY, _both("Code séquence"), _BOTH),
    # "Identifiant absence or both dates": one of the two ways is mandatory, which a rule says and not this table.
    Field("id_absence", FieldKind.KEY, {ABSENCES: "Identifiant absence"}),
    Field("date_debut", FieldKind.DATE, _both("Date début"), frozenset({HEURES})),
    Field("date_fin", FieldKind.DATE, _both("Date fin")),
    Field("heures", FieldKind.HOURS, {HEURES: "Heures complémentaires", ABSENCES: "Heures à valoriser"}, _BOTH),
    Field("motif", FieldKind.MOTIF, {ABSENCES: "Motif justifié"}, frozenset({ABSENCES})),
    Field("reference_justificatif", FieldKind.TEXT, _both("Référence du justificatif"), _BOTH),
    Field("date_justificatif", FieldKind.DATE, {ABSENCES: "Date du justificatif"}, frozenset({ABSENCES})),
    Field("reliquat_abandonne", FieldKind.YES_NO, {ABSENCES: "Reliquat abandonné"}),
    Field("commentaire", FieldKind.COMMENT, _both("Commentaire")),
)

FIELDS: dict[str, Field] = {
    field.name: Field(field.name, field.kind, field.headings, field.mandatory, 1 << position)
    for position, field in enumerate(_DECLARED)
}
"""All fields in the template's order. ``bit`` is the field's place in the mask ``abimes`` of a line."""


def fields_of(kind: str) -> tuple[Field, ...]:
    """Return the fields of one kind of table, in the order of the template's columns."""
    return tuple(field for field in FIELDS.values() if kind in field.headings)


def column_letter(index: int) -> str:
    """Return the letters over the column with this 0-based ``index``: 0 → A, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Return the 0-based number of the column with these letters: A → 0, AA → 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
