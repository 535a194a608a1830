"""LIG-01 and LIG-02: what must stand in a cell is there, and is a value."""

import pandas as pd

from schemas.fields import ABSENCES, FIELDS
from schemas.noticed import NO_VALUES, Noticed
from schemas.rule import OBSERVATIONS, Words, rule


def blank(lines: pd.DataFrame, field: str) -> "pd.Series[bool]":
    """Where the cell of ``field`` is empty; a cell that is there but could not be read is not."""
    return lines[field].isna() & ((lines["abimes"] & FIELDS[field].bit) == 0)


@rule(
    "LIG-01",
    brief=("cellule obligatoire vide", "mandatory cell empty"),
    why="Kairos demande chacune de ces données : une ligne à laquelle il en manque une ne peut pas être saisie.",
    cells="numero_dsf identifiant_de code_sequence id_absence date_debut heures motif reference_justificatif date_justificatif",
    fr={
        "": Words("La cellule « {titre} » est vide.", "Remplissez « {titre} » sur cette ligne.", "une valeur"),
        "absence": Words(
            "Rien ne dit de quelle absence il s'agit : ni l'identifiant de l'absence, ni ses deux dates.",
            "Indiquez l'identifiant de l'absence, ou sa date de début et sa date de fin.",
            "l'identifiant de l'absence, ou ses deux dates",
        ),
    },
    en={
        "": Words("The cell “{titre}” is empty.", "Fill in “{titre}” on this line.", "a value"),
        "absence": Words(
            "Nothing says which absence this is: neither its identifier nor both its dates.",
            "Give the absence's identifier, or its first and last dates.",
            "the absence's identifier, or both its dates",
        ),
    },
    facts=lambda frame, failing: pd.DataFrame(
        {"variante": (failing["champ"] == "id_absence").map({True: "absence", False: ""})}
    ),
)
def mandatory_cells_are_filled(lines: pd.DataFrame, field: str) -> "pd.Series[bool]":
    """Kairos asks for each of these: a line without one cannot be typed."""
    if field == "id_absence":
        no_dates = blank(lines, "date_debut") | blank(lines, "date_fin")
        return ~((lines["nature"] == ABSENCES) & blank(lines, field) & no_dates)
    return ~(lines["nature"].isin(FIELDS[field].mandatory) & blank(lines, field))


def _value_facts(_frame: pd.DataFrame, failing: pd.DataFrame) -> pd.DataFrame:
    """What is noticed; of an ods with the gestures of LibreOffice."""
    in_libreoffice = (failing["format"] == "ods") & (failing["etat"] == Noticed.NOT_CALCULATED)
    return pd.DataFrame({"variante": failing["etat"].mask(in_libreoffice, failing["etat"] + "@ods")})


@rule(
    "LIG-02",
    brief=("erreur de tableur ou formule non calculée", "spreadsheet error or formula not calculated"),
    why="Une erreur ou une formule non calculée se lit comme une case vide, et une case vide changerait ce qui est déclaré.",
    over=OBSERVATIONS,
    fr={
        Noticed.SPREADSHEET_ERROR: Words(
            "La cellule « {titre} » contient l'erreur de tableur {valeur}.",
            "Remplacez-la par la valeur elle-même.",
            "une valeur, non une erreur",
        ),
        Noticed.NOT_CALCULATED: Words(
            "La cellule « {titre} » contient une formule dont le résultat n'a pas été enregistré.",
            "Remplacez la formule par sa valeur (copier, puis collage spécial : valeurs).",
            "une valeur, non une formule",
        ),
        f"{Noticed.NOT_CALCULATED}@ods": Words(
            "La cellule « {titre} » contient une formule dont le résultat n'a pas été enregistré.",
            "Remplacez la formule par sa valeur (dans LibreOffice : Données, Calculer, Formule en valeur).",
            "une valeur, non une formule",
        ),
        Noticed.SHOWN_OTHERWISE: Words(
            "La cellule « {titre} » affiche autre chose que le nombre qu'elle contient, {valeur}.",
            "Mettez la cellule au format Texte et tapez-y exactement ce qu'il faut lire.",
            "un texte, tapé comme il doit être lu",
        ),
        Noticed.CONTRADICTORY: Words(
            "Le fichier dit deux choses différentes de la cellule « {titre} » : {valeur}.",
            "Effacez cette cellule dans votre tableur, retapez-la, enregistrez, puis déposez de nouveau.",
            "une valeur tapée dans le tableur",
        ),
    },
    en={
        Noticed.SPREADSHEET_ERROR: Words(
            "The cell “{titre}” holds the spreadsheet error {valeur}.",
            "Replace it by the value itself.",
            "a value, not an error",
        ),
        Noticed.NOT_CALCULATED: Words(
            "The cell “{titre}” holds a formula whose result was not saved.",
            "Replace the formula by its value (copy, then paste special: values).",
            "a value, not a formula",
        ),
        f"{Noticed.NOT_CALCULATED}@ods": Words(
            "The cell “{titre}” holds a formula whose result was not saved.",
            "Replace the formula by its value (in LibreOffice: Data, Calculate, Formula to Value).",
            "a value, not a formula",
        ),
        Noticed.SHOWN_OTHERWISE: Words(
            "The cell “{titre}” shows something else than the number it holds, {valeur}.",
            "Format the cell as Text and type exactly what is to be read.",
            "a text, typed as it is to be read",
        ),
        Noticed.CONTRADICTORY: Words(
            "The file says two different things of the cell “{titre}”: {valeur}.",
            "Clear this cell in your spreadsheet program, type it again, save, and drop the file again.",
            "a value typed in the spreadsheet program",
        ),
    },
    facts=_value_facts,
)
def cells_are_values(observations: pd.DataFrame) -> "pd.Series[bool]":
    """An error or an uncalculated formula reads as a blank in most programs, and a blank would change what is declared."""
    return ~observations["etat"].isin(NO_VALUES)
