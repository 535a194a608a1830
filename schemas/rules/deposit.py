"""FIC: the deposit is refused. What reading noticed about the file as a whole."""

import pandas as pd

from schemas.noticed import Noticed
from schemas.rule import OBSERVATIONS, Words, rule

_ADVICE = {
    "empty": "vide",
    **dict.fromkeys(
        "pdf rtf image word_document presentation onenote database parquet other_document".split(), "document"
    ),
    **dict.fromkeys("damaged_file damaged_workbook damaged_sheet damaged_content internal stopped".split(), "abime"),
    **dict.fromkeys("quote wide_row short_row endless_cell cut_end".split(), "ligne"),
    **dict.fromkeys("encoding old_encoding".split(), "encodage"),
    "archive": "archive",
    "numbers": "numbers",
    "bars": "barres",
}
"""What is wrong with the file → the words that say what to do about it; others have the ordinary ones."""
_UNREADABLE_FR = "Ce fichier ne peut pas être lu comme un tableau ({detail})."
_READABLE_FR = "un classeur .xlsx, .xlsm, .xlsb, .xls ou .ods, ou un fichier .csv"
_UNREADABLE_EN = "This file cannot be read as a spreadsheet ({detail})."
_READABLE_EN = "a .xlsx, .xlsm, .xlsb, .xls or .ods workbook, or a .csv file"
_DO_FR = {
    "": "Ouvrez-le dans votre tableur, enregistrez-le au format Excel (.xlsx) ou CSV, puis déposez-le de nouveau.",
    "document": "Déposez le tableau lui-même : un classeur Excel (.xlsx), où vous aurez au besoin recopié les lignes.",
    "abime": "Ouvrez-le dans votre tableur, enregistrez-le au format Excel (.xlsx), puis déposez-le de nouveau. S'il ne s'ouvre pas, "
    "renvoyez-en une copie intacte.",
    "ligne": "Ouvrez-le dans votre tableur, corrigez la ligne {ligne}, enregistrez au format Excel (.xlsx), puis déposez de nouveau.",
    "encodage": "Enregistrez-le au format Excel (.xlsx), ou « CSV UTF-8 », puis déposez-le de nouveau.",
    "archive": "Sortez le classeur de l'archive, puis déposez-le seul.",
    "numbers": "Dans Numbers, choisissez Fichier, Exporter vers, Excel, puis déposez le fichier .xlsx obtenu.",
    "barres": "Ouvrez-le dans votre tableur avec la barre « | » comme séparateur, enregistrez-le au format Excel (.xlsx), puis "
    "déposez-le de nouveau.",
}
_DO_EN = {
    "": "Open it in your spreadsheet program, save it as Excel (.xlsx) or CSV, and drop it again.",
    "document": "Drop the table itself: an Excel workbook (.xlsx), into which you have copied the lines if need be.",
    "abime": "Open it in your spreadsheet program, save it as Excel (.xlsx), and drop it again. If it does not open, send an intact "
    "copy of it.",
    "ligne": "Open it in your spreadsheet program, correct row {ligne}, save as Excel (.xlsx), and drop again.",
    "encodage": "Save it as Excel (.xlsx), or as “CSV UTF-8”, and drop it again.",
    "archive": "Take the workbook out of the archive, and drop it alone.",
    "numbers": "In Numbers choose File, Export To, Excel, and drop the .xlsx file that you get.",
    "barres": "Open it in your spreadsheet program with the bar “|” as separator, save it as Excel (.xlsx), and drop it again.",
}


@rule(
    "FIC-01",
    brief=("fichier illisible", "file cannot be read"),
    why="Rien ne peut être dit des lignes d'un fichier qu'aucun tableur n'ouvrirait.",
    over=OBSERVATIONS,
    fr={
        **{advice: Words(_UNREADABLE_FR, do, _READABLE_FR) for advice, do in _DO_FR.items()},
        "vide": Words(
            "Ce fichier est vide (0 octet) : l'envoi a sans doute été interrompu.",
            "Vérifiez le fichier sur votre poste, puis déposez-le de nouveau.",
            "un fichier qui contient au moins une ligne",
        ),
    },
    en={
        **{advice: Words(_UNREADABLE_EN, do, _READABLE_EN) for advice, do in _DO_EN.items()},
        "vide": Words(
            "This file is empty (0 bytes): the upload was probably cut.",
            "Check the file on your computer, then drop it again.",
            "a file with at least one line",
        ),
    },
    facts=lambda frame, failing: pd.DataFrame(
        {"variante": [_ADVICE.get(why, "") for why in failing["precision"]]}, failing.index
    ),
)
def file_can_be_read(observations: pd.DataFrame) -> "pd.Series[bool]":
    """Nothing can be said of the lines of a file that no spreadsheet program would open."""
    return observations["etat"] != Noticed.FILE_UNREADABLE


@rule(
    "FIC-02",
    brief=("fichier protégé par un mot de passe", "file protected by a password"),
    why="Un mot de passe n'est jamais demandé ni gardé.",
    over=OBSERVATIONS,
    fr={
        "": Words(
            "Ce fichier est protégé par un mot de passe : il ne peut pas être ouvert.",
            "Enregistrez-le sans mot de passe (dans Excel : Fichier, Informations, Protéger le classeur), puis déposez-le de nouveau.",
            "un fichier sans mot de passe",
        ),
        "ods": Words(
            "Ce fichier est protégé par un mot de passe : il ne peut pas être ouvert.",
            "Enregistrez-le sans mot de passe (dans LibreOffice : Fichier, Enregistrer sous, sans cocher « Enregistrer avec mot de "
            "passe »), puis déposez-le de nouveau.",
            "un fichier sans mot de passe",
        ),
    },
    en={
        "": Words(
            "This file is protected by a password: it cannot be opened.",
            "Save it without a password (in Excel: File, Info, Protect workbook), then drop it again.",
            "a file without a password",
        ),
        "ods": Words(
            "This file is protected by a password: it cannot be opened.",
            "Save it without a password (in LibreOffice: File, Save As, without “Save with password”), then drop it again.",
            "a file without a password",
        ),
    },
    facts=lambda frame, failing: pd.DataFrame({"variante": (failing["detail"] == "ods").map({True: "ods", False: ""})}),
)
def file_has_no_password(observations: pd.DataFrame) -> "pd.Series[bool]":
    """A password is never asked for nor kept."""
    return observations["etat"] != Noticed.PASSWORD


_COSTS = ("secondes", "memoire")
_LIMITS_FR = {
    "octets": "sa taille est de {valeur} octets, le maximum est de {attendu}",
    "octets_decompresses": "une fois ouvert il dépasse {attendu} octets",
    "lignes": "il a plus de {attendu} lignes",
    "lignes@feuille": "la feuille « {feuille} » a plus de {attendu} lignes",
    "feuilles": "il a {valeur} feuilles, le maximum est de {attendu}",
    "colonnes": "une feuille a plus de {attendu} colonnes",
    "colonnes@feuille": "la feuille « {feuille} » a {valeur} colonnes, le maximum est de {attendu}",
    "colonnes@cellule": "la feuille « {feuille} » est remplie jusqu'à la cellule {colonne}{ligne}, le maximum est de {attendu} colonnes",
    "colonnes@ligne": "la ligne {ligne} est remplie jusqu'à la colonne {colonne}, le maximum est de {attendu} colonnes",
    "secondes": "sa lecture prend plus de {attendu} secondes",
    "memoire": "sa lecture demande trop de mémoire",
    "memoire@cellule": "la feuille « {feuille} » est remplie jusqu'à la cellule {colonne}{ligne}, et sa lecture demande trop de mémoire",
}
_LIMITS_EN = {
    "octets": "it is {valeur} bytes long, the limit is {attendu}",
    "octets_decompresses": "once opened it is over {attendu} bytes",
    "lignes": "it has more than {attendu} lines",
    "lignes@feuille": "the sheet “{feuille}” has more than {attendu} lines",
    "feuilles": "it has {valeur} sheets, the limit is {attendu}",
    "colonnes": "a sheet has more than {attendu} columns",
    "colonnes@feuille": "the sheet “{feuille}” has {valeur} columns, the limit is {attendu}",
    "colonnes@cellule": "the sheet “{feuille}” is filled as far as the cell {colonne}{ligne}, the limit is {attendu} columns",
    "colonnes@ligne": "row {ligne} is filled as far as column {colonne}, the limit is {attendu} columns",
    "secondes": "reading it takes more than {attendu} seconds",
    "memoire": "reading it takes too much memory",
    "memoire@cellule": "the sheet “{feuille}” is filled as far as the cell {colonne}{ligne}, and reading it takes too much memory",
}
_FAR = ("colonnes@cellule", "colonnes@ligne", "memoire@cellule")


def _place_of(limit: str, sheet: str, row: int, column: str) -> str:
    """The words for a limit that is passed, by how much is known of where."""
    places = [place for place, known in (("cellule", sheet and row and column), ("feuille", sheet)) if known]
    places += ["ligne"] if row and column and not sheet else []
    return next((f"{limit}@{place}" for place in places if f"{limit}@{place}" in _LIMITS_FR), limit)


@rule(
    "FIC-03",
    brief=("fichier au-delà des limites", "file beyond the limits"),
    why="Un fichier trop grand prendrait le tour des autres.",
    over=OBSERVATIONS,
    fr={
        limit: Words(
            f"Ce fichier dépasse les limites : {text}.",
            "Supprimez les colonnes et les lignes de trop, jusqu'à cette cellule, puis déposez de nouveau."
            if limit in _FAR
            else "Gardez seulement les feuilles et les lignes à déclarer, ou partagez-les entre plusieurs fichiers, puis déposez de nouveau.",
            "un fichier plus léger" if limit.partition("@")[0] in _COSTS else "{attendu}",
        )
        for limit, text in {"": "il est trop grand", **_LIMITS_FR}.items()
    },
    en={
        limit: Words(
            f"This file is beyond the limits: {text}.",
            "Delete the columns and rows that are too many, as far as this cell, then drop again."
            if limit in _FAR
            else "Keep only the sheets and lines to declare, or split them over several files, then drop again.",
            "a lighter file" if limit.partition("@")[0] in _COSTS else "{attendu}",
        )
        for limit, text in {"": "it is too large", **_LIMITS_EN}.items()
    },
    facts=lambda frame, failing: pd.DataFrame(
        {"variante": list(map(_place_of, failing["champ"], failing["feuille"], failing["ligne"], failing["colonne"]))},
        failing.index,
    ),
)
def file_is_within_the_limits(observations: pd.DataFrame) -> "pd.Series[bool]":
    """A file beyond the limits would cost the others their turn."""
    return observations["etat"] != Noticed.BEYOND_LIMIT


@rule(
    "FIC-04",
    brief=("aucun tableau reconnu", "no table recognised"),
    why="Un tableau se reconnaît à ses titres de colonnes ; un fichier qui n'en a aucun était sans doute destiné à quelqu'un d'autre.",
    over=OBSERVATIONS,
    fr=Words(
        "Aucun tableau d'heures complémentaires ni d'absences justifiées n'a été trouvé dans ce fichier.",
        "Reprenez le modèle et gardez ses titres de colonnes : Numéro DSF, Identifiant DE, Code séquence, etc.",
        "une feuille avec les titres de colonnes du modèle",
    ),
    en=Words(
        "No table of complementary hours or justified absences was found in this file.",
        "Use the template and keep its column headings: Numéro DSF, Identifiant DE, Code séquence, etc.",
        "a sheet with the template's column headings",
    ),
)
def file_has_a_table(observations: pd.DataFrame) -> "pd.Series[bool]":
    """A table is known by its headings; a file with none of them was meant for someone else."""
    return observations["etat"] != Noticed.NO_TABLE


@rule(
    "FIC-05",
    brief=("colonne obligatoire absente", "mandatory column missing"),
    why="Sans une colonne obligatoire, chaque ligne serait fausse pour la même raison : elle est dite une fois.",
    over=OBSERVATIONS,
    fr={
        "": Words(
            "La colonne « {attendu} » manque ({lieu}).",
            "Ajoutez une colonne intitulée « {attendu} » et remplissez-la, puis déposez le fichier de nouveau.",
            "{attendu}",
        ),
        "proche": Words(
            "La colonne « {attendu} » manque ({lieu}) ; le titre le plus proche est « {detail} ».",
            "Si « {detail} » est cette colonne, renommez-la « {attendu} » ; sinon ajoutez la colonne. Puis déposez le fichier de nouveau.",
            "{attendu}",
        ),
    },
    en={
        "": Words(
            "The column “{attendu}” is missing ({lieu}).",
            "Add a column headed “{attendu}”, fill it in, and drop the file again.",
            "{attendu}",
        ),
        "proche": Words(
            "The column “{attendu}” is missing ({lieu}); the nearest heading is “{detail}”.",
            "If “{detail}” is that column, rename it “{attendu}”; otherwise add the column. Then drop the file again.",
            "{attendu}",
        ),
    },
    facts=lambda frame, failing: pd.DataFrame({"variante": (failing["detail"] != "").map({True: "proche", False: ""})}),
)
def mandatory_columns_are_there(observations: pd.DataFrame) -> "pd.Series[bool]":
    """Without a mandatory column every line would be wrong for the same reason: it is said once."""
    return observations["etat"] != Noticed.COLUMN_MISSING


@rule(
    "FIC-06",
    brief=("deux colonnes pour un même champ", "two columns for one field"),
    why="De deux colonnes pour une même donnée, personne ne peut dire laquelle compte.",
    over=OBSERVATIONS,
    fr=Words(
        "Deux colonnes veulent dire la même chose ({lieu}) : {detail}.",
        "Gardez la bonne, supprimez ou renommez l'autre, puis déposez le fichier de nouveau.",
        "une seule colonne « {attendu} »",
    ),
    en=Words(
        "Two columns mean the same thing ({lieu}): {detail}.",
        "Keep the right one, delete or rename the other, then drop the file again.",
        "a single column “{attendu}”",
    ),
)
def columns_are_there_once(observations: pd.DataFrame) -> "pd.Series[bool]":
    """Of two columns for one field nobody can tell which counts."""
    return observations["etat"] != Noticed.COLUMN_TWICE


@rule(
    "FIC-07",
    brief=("aucune ligne remplie", "no line filled in"),
    why="Un modèle renvoyé sans rien y avoir écrit est une erreur qui mérite d'être dite.",
    over=OBSERVATIONS,
    fr=Words(
        "Ce fichier a bien les titres attendus, mais aucune ligne remplie.",
        "Remplissez au moins une ligne sous les titres, enregistrez, puis déposez le fichier de nouveau.",
        "au moins une ligne",
    ),
    en=Words(
        "This file has the right headings but not one filled line.",
        "Fill in at least one line below the headings, save, and drop the file again.",
        "at least one line",
    ),
)
def file_has_a_line(observations: pd.DataFrame) -> "pd.Series[bool]":
    """A template sent back untouched is a mistake worth saying."""
    return observations["etat"] != Noticed.NO_LINE


@rule(
    "FIC-08",
    brief=("SIRET du déclarant différent du dossier", "Déclarant's SIRET is not the folder's"),
    why="Le dossier dit qui dépose ; un fichier qui dit autre chose est tombé dans le mauvais dossier.",
    over=OBSERVATIONS,
    fr=Words(
        "La feuille Déclarant porte le SIRET {valeur}, mais ce dossier de dépôt est celui du SIRET {attendu}.",
        "Si le fichier est bien le vôtre, corrigez le SIRET de la feuille Déclarant ; sinon, déposez-le dans le dossier de son organisme.",
        "{attendu}",
    ),
    en=Words(
        "The Déclarant sheet says SIRET {valeur}, but this upload folder is that of SIRET {attendu}.",
        "If the file is yours, correct the SIRET on the Déclarant sheet; otherwise drop it in its own organisation's folder.",
        "{attendu}",
    ),
)
def declarant_is_the_depositor(observations: pd.DataFrame) -> "pd.Series[bool]":
    """The folder is the identity of the depositor; a file that says otherwise fell into the wrong one."""
    return observations["etat"] != Noticed.DECLARANT_IS_ANOTHER


@rule(
    "FIC-09",
    brief=("feuille Déclarant inutilisable", "sheet Déclarant unusable"),
    why="« Pour le compte de » vaut pour toutes les lignes : illisible, il les rendrait toutes fausses.",
    over=OBSERVATIONS,
    fr=Words(
        "Dans la feuille Déclarant, « {detail} » ne peut pas être utilisé : « {valeur} ».",
        "Corrigez cette cellule (un SIRET a 14 chiffres), puis déposez le fichier de nouveau.",
        "{attendu}",
    ),
    en=Words(
        "On the Déclarant sheet, “{detail}” cannot be used: “{valeur}”.",
        "Correct this cell (a SIRET has 14 digits), then drop the file again.",
        "{attendu}",
    ),
)
def declarant_can_be_used(observations: pd.DataFrame) -> "pd.Series[bool]":
    """« Pour le compte de » holds for every line: unreadable, it would make every line wrong."""
    return observations["etat"] != Noticed.DECLARANT_UNUSABLE
