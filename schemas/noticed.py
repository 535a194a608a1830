"""What reading says in words beyond a rule's own: why a file cannot be read (FIC-01), what is worth a look (AVT-05).

Reading gives a code and values; the text is made here, where the language of the report is known. ``{placeholders}`` are
columns of the frame of observations. A text may name the sheet, the row and the rows concerned, never the content of a
cell.
"""

from collections.abc import Mapping
from typing import Any

UNREADABLE: dict[str, tuple[str, str]] = {
    "vide": ("vide", "empty"),  # a file of no byte; the rule has its own words for it
    "pdf": ("c'est un document PDF", "it is a PDF document"),
    "rtf": ("c'est un document RTF", "it is an RTF document"),
    "image": ("c'est une image", "it is an image"),
    "html": ("c'est une page web", "it is a web page"),
    "xml": ("c'est un fichier XML", "it is an XML file"),
    "archive": ("c'est une archive, pas un classeur", "it is an archive, not a workbook"),
    "parquet": ("c'est un fichier Parquet", "it is a Parquet file"),
    "base": ("c'est une base de données", "it is a database"),
    "xls_ancien": ("c'est un classeur d'avant Excel 5 (1993)", "it is a workbook from before Excel 5 (1993)"),
    "document_word": ("c'est un document Word", "it is a Word document"),
    "presentation": ("c'est une présentation", "it is a presentation"),
    "document": ("c'est un document d'un autre genre", "it is a document of another kind"),
    "archive_abimee": ("le fichier est incomplet ou abîmé", "the file is incomplete or damaged"),
    "classeur_abime": ("le classeur est abîmé", "the workbook is damaged"),
    "feuille_abimee": ("une feuille du classeur est abîmée", "a sheet of the workbook is damaged"),
    "xml_abime": ("le contenu du classeur est abîmé", "the content of the workbook is damaged"),
    "parties_nombreuses": ("le classeur a trop de parties", "the workbook has too many parts"),
    "parties_doubles": ("deux parties du classeur ont le même nom", "two parts of the workbook have the same name"),
    "parties_superposees": ("des parties du classeur se recouvrent", "parts of the workbook overlap"),
    "nom_de_partie": ("une partie du classeur a un nom interdit", "a part of the workbook has a forbidden name"),
    "doctype": ("le classeur contient une déclaration DOCTYPE", "the workbook holds a DOCTYPE declaration"),
    "compte_mensonger": (
        "le classeur annonce plus d'éléments qu'il n'en contient",
        "the workbook announces more items than it holds",
    ),
    "caractere_nul": ("le texte contient des caractères nuls", "the text holds null characters"),
    "encodage": (
        "les caractères ne sont écrits ni en UTF-8 ni en Windows-1252",
        "its characters are neither UTF-8 nor Windows-1252",
    ),
    "ligne_trop_longue": ("une ligne est démesurément longue", "a line is excessively long"),
    "champ_trop_long": (
        "ligne {ligne}, une cellule est démesurément longue",
        "row {ligne}, a cell is excessively long",
    ),
    "guillemet": (
        "ligne {ligne}, un guillemet est mal placé ou n'est pas refermé",
        "row {ligne}, a quotation mark is misplaced or not closed",
    ),
    "ligne_trop_large": (
        "la ligne {ligne} a plus de cellules que les titres",
        "row {ligne} has more cells than the headings",
    ),
    "ligne_trop_courte": (
        "la ligne {ligne} a moins de cellules que les titres",
        "row {ligne} has fewer cells than the headings",
    ),
    "fin_coupee": (
        "la dernière ligne ({ligne}) n'est pas terminée : le fichier a peut-être été coupé",
        "the last row ({ligne}) does not end: the file may have been cut",
    ),
    "interne": ("la lecture s'est interrompue ({detail})", "the reading broke off ({detail})"),
    "arret": ("la lecture s'est arrêtée trois fois", "the reading stopped three times"),
}

NOTES: dict[str, tuple[str, str]] = {
    "feuille_masquee": (
        "La feuille masquée « {feuille} » a été lue comme les autres",
        "The hidden sheet “{feuille}” was read like the others",
    ),
    "lignes_masquees": (
        "Feuille « {feuille} », les lignes masquées {valeur} ont été lues comme les autres",
        "Sheet “{feuille}”, the hidden rows {valeur} were read like the others",
    ),
    "entete_double": (
        "Feuille « {feuille} », les titres tiennent sur deux lignes, à partir de la ligne {ligne}",
        "Sheet “{feuille}”, the headings take two rows, from row {ligne}",
    ),
    "entete_repete": (
        "Feuille « {feuille} », les titres répétés aux lignes {valeur} n'ont pas été comptés",
        "Sheet “{feuille}”, the headings repeated at rows {valeur} were not counted",
    ),
    "macros": (
        "Le classeur contient des macros : elles n'ont pas été exécutées",
        "The workbook holds macros: they were not run",
    ),
    "liens_externes": (
        "Le classeur renvoie à d'autres fichiers : ils n'ont pas été ouverts",
        "The workbook refers to other files: they were not opened",
    ),
    "objets": (
        "Le classeur contient des objets incorporés : ils n'ont pas été ouverts",
        "The workbook holds embedded objects: they were not opened",
    ),
    "sans_fin_de_ligne": (
        "La dernière ligne ({ligne}) du fichier n'a pas de fin de ligne : vérifiez qu'elle est entière",
        "The last row ({ligne}) of the file has no line end: check that it is whole",
    ),
}


def text(code: str, langue: str, values: Mapping[Any, Any]) -> str:
    """The text of ``code`` in ``langue`` (``fr`` or ``en``), ``values`` filled in."""
    french, english = UNREADABLE.get(code) or NOTES[code]
    return (english if langue == "en" else french).format_map(values)
