"""The rules an initial DSF extract must pass, whole: code, sentence in both languages, and what is true of a good one.

EXT-01 to 06 and 18 are about the files, 07 to 17 about one row (those that read a cell are applied by
``pipeline.reference.values``, the others by the pandera models), 20 to 24 about the tables together (DuckDB), 30 to 32 about
what ``--force`` lets pass. EXT-40 and 41 refuse nothing: they are said of an extract that is loaded.
"""

from dataclasses import dataclass
from datetime import date

import pandas as pd


@dataclass(frozen=True)
class ExtractRule:
    """One reason to refuse an extract. Texts may use ``{detail}``; they never quote the cell, it stands beside them.

    ``forced``: ``dsf extract load --force`` loads the extract all the same.
    """

    code: str
    fr: str
    en: str
    forced: bool = False

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
        "Colonne absente. Toutes doivent y être, sous leur nom exact. Entre guillemets : le titre le plus proche.",
        "Column missing. All must be there, under their exact names. Quoted: the nearest heading.",
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
        "EXT-16",
        "Numéro de plus de 15 chiffres ou écrit avec un exposant : un tableur en a perdu la fin. Exportez la colonne en texte.",
        "Number of more than 15 digits or written with an exponent: a spreadsheet has lost its end. Export the column as text.",
    ),
    ExtractRule(
        "EXT-17",
        "Extraction après le {detail}, jour de ce chargement : aucun extrait d'ici là ne la remplacerait. Corrigez la date.",
        "Extraction after {detail}, the day of this load: no extract until then would replace it. Correct the date.",
    ),
    ExtractRule(
        "EXT-18",
        "Plusieurs feuilles pour cette table : rien ne dit laquelle est la bonne. Gardez-en une, renommez les autres.",
        "Several sheets for this table: nothing says which is right. Keep one, rename the others.",
    ),
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
        "EXT-24",
        "DSF sans aucune ligne dans la table sequences : l'extrait est incomplet. Exportez-le de nouveau.",
        "DSF without any row in table sequences: the extract is not whole. Export it again.",
    ),
    ExtractRule(
        "EXT-30",
        "L'extrait retire {detail} lignes connues de ses DSF (séquences, absences). S'il est juste : --force.",
        "The extract removes {detail} rows known of its DSF (sequences, absences). If it is right: --force.",
        forced=True,
    ),
    ExtractRule(
        "EXT-31",
        "Le fichier ne finit pas par une fin de ligne : il a pu être coupé. Exportez-le de nouveau ; s'il est entier : --force.",
        "The file does not end with a line end: it may have been cut. Export it again; if it is whole: --force.",
        forced=True,
    ),
    ExtractRule(
        "EXT-32",
        "UTF-8 et cp1252 mélangés : ce texte est abîmé. Exportez le fichier en UTF-8 ; si le texte est juste : --force.",
        "UTF-8 and cp1252 mixed: this text is damaged. Export the file as UTF-8; if the text is right: --force.",
        forced=True,
    ),
)
_SAID = (
    ExtractRule(
        "EXT-40",
        "DSF connue par une extraction plus récente ({detail}) : celle-ci reste celle qui compte.",
        "DSF known from a more recent extraction ({detail}), which still is the one that counts.",
    ),
    ExtractRule(
        "EXT-41",
        "Absence déjà complémentée d'après un extrait précédent : elle le reste.",
        "Absence already completed by what an earlier extract says: it stays so.",
    ),
)

RULES: dict[str, ExtractRule] = {rule.code: rule for rule in _DECLARED}
"""What refuses an extract, by code."""
NOTES: dict[str, ExtractRule] = {rule.code: rule for rule in _SAID}
"""What is said of an extract that is loaded, by code."""
FORCED = frozenset(rule.code for rule in _DECLARED if rule.forced)
"""What ``--force`` lets pass."""


def is_filled(cells: pd.Series) -> pd.Series:
    """EXT-07: what Kairos always has is there; without it no line could be judged against the DSF."""
    return cells.notna()


def is_not_negative(hours: pd.Series) -> pd.Series:
    """EXT-10: hours were done, planned or missed; a negative number would make room that does not exist (REF-13)."""
    return (hours >= 0).fillna(True).astype(bool)


def ends_after_it_starts(start: pd.Series, end: pd.Series) -> pd.Series:
    """EXT-15: a period or an absence runs forward; one day is enough. Blank ends are another rule's."""
    return (start <= end) | start.isna() | end.isna()


def is_extracted_by(instants: pd.Series, day: date) -> pd.Series:
    """EXT-17: an extraction of tomorrow would win over every true one until then, in silence. Blanks are another rule's."""
    return (instants < pd.Timestamp(day) + pd.Timedelta(days=1)) | instants.isna()
