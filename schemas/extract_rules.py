"""The rules an initial DSF extract must pass, whole: code, sentence in both languages, and what is true of a good one.

EXT-01 to 06 are about the files, 07 to 15 about one row (those that read a cell are applied by
``pipeline.reference.values``, the others by the pandera models), 20 to 23 about the tables together (DuckDB), 30 about
what was known before.
"""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class ExtractRule:
    """One reason to refuse an extract. Texts may use ``{detail}``; they never quote the cell, it stands beside them."""

    code: str
    fr: str
    en: str

    def text(self, langue: str, detail: str) -> str:
        """The sentence in ``langue``."""
        return (self.en if langue == "en" else self.fr).format(detail=detail)


_DECLARED = (
    ExtractRule(
        "EXT-01",
        "Fichier illisible ({detail}). Exportez-le de nouveau en xlsx, ods, xls, csv ou Parquet.",
        "The file cannot be read ({detail}). Export it again as xlsx, ods, xls, csv or Parquet.",
    ),
    ExtractRule(
        "EXT-02",
        "Table {detail} absente : un extrait a les trois tables dsf, sequences et absences.",
        "Table {detail} is missing: an extract has the three tables dsf, sequences and absences.",
    ),
    ExtractRule(
        "EXT-03",
        "Colonne absente. Toutes les colonnes de la table doivent y être, sous leur nom exact.",
        "Column missing. All columns of the table must be there, under their exact names.",
    ),
    ExtractRule(
        "EXT-04",
        "Colonne présente deux fois ({detail}). N'en gardez qu'une.",
        "Column present twice ({detail}). Keep one only.",
    ),
    ExtractRule(
        "EXT-05",
        "Ligne mal découpée : {detail}. Vérifiez guillemets et séparateurs.",
        "The row is badly split: {detail}. Check quotes and separators.",
    ),
    ExtractRule("EXT-06", "La table dsf est vide.", "The dsf table is empty."),
    ExtractRule("EXT-07", "Cellule obligatoire vide.", "A mandatory cell is empty."),
    ExtractRule(
        "EXT-08",
        "Date illisible. Attendu : AAAA-MM-JJ ou JJ/MM/AAAA.",
        "The date cannot be read. Expected: YYYY-MM-DD or DD/MM/YYYY.",
    ),
    ExtractRule(
        "EXT-09",
        "Heures illisibles. Attendu : un nombre à deux décimales au plus, par exemple 7,50.",
        "The hours cannot be read. Expected: a number with at most two decimals, such as 7.50.",
    ),
    ExtractRule("EXT-10", "Heures négatives.", "The hours are negative."),
    ExtractRule(
        "EXT-11",
        "SIRET faux : 14 chiffres dont la clé est juste sont attendus.",
        "Wrong SIRET: 14 digits with a right key are expected.",
    ),
    ExtractRule("EXT-12", "Valeur inconnue. Attendu : {detail}.", "Unknown value. Expected: {detail}."),
    ExtractRule("EXT-13", "Attendu : oui ou non.", "Expected: oui or non."),
    ExtractRule(
        "EXT-14",
        "Caractères de contrôle dans le texte : l'export est abîmé.",
        "Control characters in the text: the export is damaged.",
    ),
    ExtractRule("EXT-15", "La fin précède le début.", "The end comes before the start."),
    ExtractRule(
        "EXT-20",
        "Clé en double : déjà à la ligne {detail}.",
        "Duplicate key: already on row {detail}.",
    ),
    ExtractRule(
        "EXT-21",
        "Séquence d'une DSF absente de la table dsf.",
        "Sequence of a DSF that is not in table dsf.",
    ),
    ExtractRule(
        "EXT-22",
        "Absence d'une séquence absente de la table sequences (même DSF, même DE).",
        "Absence of a sequence that is not in table sequences (same DSF, same DE).",
    ),
    ExtractRule(
        "EXT-23",
        "Les absences de cette séquence font {detail} h non finançables.",
        "The absences of this sequence add up to {detail} non finançable hours.",
    ),
    ExtractRule(
        "EXT-30",
        "L'extrait retire {detail} lignes connues de ses DSF (séquences, absences). S'il est juste : --force.",
        "The extract removes {detail} rows known of its DSF (sequences, absences). If it is right: --force.",
    ),
)

RULES: dict[str, ExtractRule] = {rule.code: rule for rule in _DECLARED}
"""The catalogue, by code."""


def is_filled(cells: pd.Series) -> pd.Series:
    """EXT-07: what Kairos always has is there; without it no line could be judged against the DSF."""
    return cells.notna()


def is_not_negative(hours: pd.Series) -> pd.Series:
    """EXT-10: hours were done, planned or missed; a negative number would make room that does not exist (REF-13)."""
    return (hours >= 0).fillna(True).astype(bool)


def ends_after_it_starts(start: pd.Series, end: pd.Series) -> pd.Series:
    """EXT-15: a period or an absence runs forward; one day is enough. Blank ends are another rule's."""
    return (start <= end) | start.isna() | end.isna()
