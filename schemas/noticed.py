"""What reading may notice, and the words of what a rule cannot say by itself (FIC-01, AVT-05).

Reading gives codes and values; texts are made here, where the language of the report is known. ``{placeholders}`` are
columns of the frame of observations. A text may name a sheet and rows, never the content of a cell.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Noticed(StrEnum):
    """What reading may notice of a deposit or a cell; the values of the column ``etat``, which the rules look at."""

    # the deposit
    FILE_UNREADABLE = "fichier_illisible"
    PASSWORD = "mot_de_passe"
    BEYOND_LIMIT = "limite"
    NO_TABLE = "aucune_table"
    COLUMN_MISSING = "colonne_manquante"
    COLUMN_TWICE = "colonne_double"
    NO_LINE = "aucune_ligne"
    DECLARANT_IS_ANOTHER = "declarant_autre"
    DECLARANT_UNUSABLE = "declarant_inutilisable"
    COLUMN_IGNORED = "colonne_ignoree"
    TOTAL_LEFT_OUT = "total_ecarte"
    ENCODING = "encodage"
    WORTH_A_LOOK = "lecture"  # any other reading worth a look: hidden sheet or rows read, macros left alone…
    # a cell
    SPREADSHEET_ERROR = "erreur"
    NOT_CALCULATED = "non_calcule"
    SHOWN_OTHERWISE = "affiche_autrement"
    CONTRADICTORY = "contradictoire"
    DATE_UNREADABLE = "date_illisible"
    HOURS_UNREADABLE = "heures_illisibles"
    YES_NO_UNREADABLE = "oui_non_illisible"
    NIR = "nir"
    TEXT_TOO_LONG = "texte_trop_long"
    CHARACTER_FORBIDDEN = "caractere_interdit"
    FORMULA = "formule"


NO_VALUES = (Noticed.SPREADSHEET_ERROR, Noticed.NOT_CALCULATED, Noticed.SHOWN_OTHERWISE, Noticed.CONTRADICTORY)
"""What is noticed of a cell that holds something else than the value it should."""

UNREADABLE: dict[str, tuple[str, str]] = {
    "empty": ("vide", "empty"),  # a file of no byte; the rule has its own words for it
    "pdf": ("c'est un document PDF", "it is a PDF document"),
    "rtf": ("c'est un document RTF", "it is an RTF document"),
    "image": ("c'est une image", "it is an image"),
    "html": ("c'est une page web", "it is a web page"),
    "xml": ("c'est un fichier XML", "it is an XML file"),
    "flat_ods": (
        "c'est un classeur de LibreOffice au format XML à plat (.fods)",
        "it is a LibreOffice workbook in the flat XML format (.fods)",
    ),
    "xml_2003": (
        "c'est un classeur d'Excel au format « Feuille de calcul XML 2003 »",
        "it is an Excel workbook in the format “XML Spreadsheet 2003”",
    ),
    "web_archive": (
        "c'est une page web enregistrée en un seul fichier (.mht)",
        "it is a web page saved in a single file (.mht)",
    ),
    "sylk": ("c'est un fichier SYLK (.slk)", "it is a SYLK file (.slk)"),
    "dif": ("c'est un fichier DIF (.dif)", "it is a DIF file (.dif)"),
    "dbase": ("c'est une table dBase (.dbf)", "it is a dBase table (.dbf)"),
    "numbers": ("c'est un classeur Numbers", "it is a Numbers workbook"),
    "onenote": ("c'est une page OneNote", "it is a OneNote page"),
    "works": ("c'est un classeur Microsoft Works", "it is a Microsoft Works workbook"),
    "lotus": ("c'est un classeur Lotus 1-2-3", "it is a Lotus 1-2-3 workbook"),
    "bars": (
        "les colonnes y sont séparées par des barres « | »",
        "its columns are separated by bars “|”",
    ),
    "archive": ("c'est une archive, pas un classeur", "it is an archive, not a workbook"),
    "parquet": ("c'est un fichier Parquet", "it is a Parquet file"),
    "database": ("c'est une base de données", "it is a database"),
    "old_xls": ("c'est un classeur d'avant Excel 5 (1993)", "it is a workbook from before Excel 5 (1993)"),
    "word_document": ("c'est un document Word", "it is a Word document"),
    "presentation": ("c'est une présentation", "it is a presentation"),
    "other_document": ("c'est un document sans aucune feuille de calcul", "it is a document without any sheet"),
    "damaged_file": ("le fichier est incomplet ou abîmé", "the file is incomplete or damaged"),
    "damaged_workbook": ("le classeur est abîmé", "the workbook is damaged"),
    "damaged_sheet": ("la feuille « {feuille} » est abîmée", "the sheet “{feuille}” is damaged"),
    "unread_cells": (
        "une feuille a des cellules écrites d'une façon inhabituelle : ouvrez le classeur et enregistrez-le au format .xlsx",
        "a sheet has cells written in an unusual way: open the workbook and save it as .xlsx",
    ),
    "double_sheets": ("deux feuilles du classeur ont le même nom", "two sheets of the workbook have the same name"),
    "damaged_content": ("le contenu du classeur est abîmé", "the content of the workbook is damaged"),
    "many_parts": ("le classeur a trop de parties", "the workbook has too many parts"),
    "double_parts": ("deux parties du classeur ont le même nom", "two parts of the workbook have the same name"),
    "overlapping_parts": ("des parties du classeur se recouvrent", "parts of the workbook overlap"),
    "part_name": ("une partie du classeur a un nom interdit", "a part of the workbook has a forbidden name"),
    "doctype": ("le classeur contient une déclaration DOCTYPE", "the workbook holds a DOCTYPE declaration"),
    "false_count": (
        "le classeur annonce plus d'éléments qu'il n'en contient",
        "the workbook announces more items than it holds",
    ),
    "odd_epoch": (
        "le classeur compte ses jours à partir d'une date inhabituelle",
        "the workbook counts its days from an unusual date",
    ),
    "null_character": (
        "il contient des caractères qui ne sont pas du texte",
        "it holds characters that are no text",
    ),
    "encoding": (
        "son encodage n'est pas reconnu : les lettres accentuées ne sont ni en UTF-8 ni en Windows-1252",
        "its encoding is not known: accented letters are neither in UTF-8 nor in Windows-1252",
    ),
    "old_encoding": (
        "son encodage est celui d'un Mac ou d'un ancien PC : les lettres accentuées seraient mal lues",
        "its encoding is that of a Mac or an old PC: accented letters would be misread",
    ),
    "endless_line": ("une ligne est démesurément longue", "a line is excessively long"),
    "endless_cell": (
        "ligne {ligne}, une cellule est démesurément longue",
        "row {ligne}, a cell is excessively long",
    ),
    "quote": (
        "ligne {ligne}, un guillemet est mal placé ou n'est pas refermé",
        "row {ligne}, a quotation mark is misplaced or not closed",
    ),
    "wide_row": (
        "la ligne {ligne} a plus de cellules que les titres",
        "row {ligne} has more cells than the headings",
    ),
    "short_row": (
        "la ligne {ligne} a moins de cellules que les titres",
        "row {ligne} has fewer cells than the headings",
    ),
    "cut_end": (
        "la dernière ligne ({ligne}) n'est pas terminée : le fichier a peut-être été coupé",
        "the last row ({ligne}) does not end: the file may have been cut",
    ),
    "internal": (
        "il est sans doute abîmé : sa lecture s'est interrompue",
        "it is probably damaged: reading it broke off",
    ),
    "stopped": (
        "il est sans doute abîmé : sa lecture s'est arrêtée trois fois",
        "it is probably damaged: reading it stopped three times",
    ),
}

NOTES: dict[str, tuple[str, str]] = {
    "hidden_sheet": (
        "La feuille masquée « {feuille} » a été lue comme les autres",
        "The hidden sheet “{feuille}” was read like the others",
    ),
    "hidden_rows": (
        "Feuille « {feuille} », les lignes masquées {valeur} ont été lues comme les autres",
        "Sheet “{feuille}”, the hidden rows {valeur} were read like the others",
    ),
    "two_heading_rows": (
        "Feuille « {feuille} », les titres tiennent sur deux lignes, à partir de la ligne {ligne}",
        "Sheet “{feuille}”, the headings take two rows, from row {ligne}",
    ),
    "repeated_headings": (
        "Feuille « {feuille} », les titres répétés aux lignes {valeur} n'ont pas été comptés",
        "Sheet “{feuille}”, the headings repeated at rows {valeur} were not counted",
    ),
    "macros": (
        "Le classeur contient des macros : elles n'ont pas été exécutées",
        "The workbook holds macros: they were not run",
    ),
    "external_links": (
        "Le classeur renvoie à d'autres fichiers : ils n'ont pas été ouverts",
        "The workbook refers to other files: they were not opened",
    ),
    "embedded_objects": (
        "Le classeur contient des objets incorporés : ils n'ont pas été ouverts",
        "The workbook holds embedded objects: they were not opened",
    ),
    "second_reader": (
        "Le classeur est écrit d'une façon inhabituelle : seules ses valeurs ont été lues, vérifiez-les",
        "The workbook is written in an unusual way: only its values were read, check them",
    ),
    "merged_cells": (
        "Feuille « {feuille} », des cellules cachées sous d'autres, fusionnées, n'ont pas été lues (la première : {valeur})",
        "Sheet “{feuille}”, cells hidden under merged ones were not read (the first: {valeur})",
    ),
    "shown_numbers": (
        "Feuille « {feuille} », colonne {valeur}, les nombres affichés avec des zéros ou du texte sont lus comme ils s'affichent",
        "Sheet “{feuille}”, column {valeur}, numbers shown with zeros or text were read as shown",
    ),
    "no_line_end": (
        "La dernière ligne ({ligne}) du fichier n'a pas de fin de ligne : vérifiez qu'elle est entière",
        "The last row ({ligne}) of the file has no line end: check that it is whole",
    ),
}


def text(code: str, langue: str, values: Mapping[Any, Any]) -> str:
    """Return the text of ``code`` (of ``UNREADABLE`` or ``NOTES``) in ``langue``, fr or en, with ``values`` filled in."""
    french, english = UNREADABLE.get(code) or NOTES[code]
    return (english if langue == "en" else french).format_map(values)
