"""AVT: worth a look; the line passes."""

import pandas as pd

from schemas.fields import HEURES
from schemas.folding import words
from schemas.noticed import Noticed
from schemas.rule import DEPOSITS, OBSERVATIONS, WARNS, Words, rule

HOURS_A_DAY = 1000  # hundredths


def same_person(nom: str, prenom: str, known_nom: str, known_prenom: str) -> bool:
    """Whether two names may be one person's: case, accents, hyphens and order folded, one surname of a double one enough.

    Empty names say nothing against it.
    """
    typed, known = words(f"{nom} {prenom}"), words(f"{known_nom} {known_prenom}")
    if not typed or not known:
        return True
    if not (typed <= known or known <= typed):
        return False
    return (not nom or not known_nom or bool(typed & words(known_nom))) and (
        not prenom or not known_prenom or bool(typed & words(known_prenom))
    )


@rule(
    "AVT-01",
    brief=("nom différent de l'extrait", "name differs from the extract"),
    why="Un nom qui ne va pas avec l'identifiant signale souvent un chiffre mal tapé.",
    cells="nom",
    needs="nom_connu",
    severity=WARNS,
    fr=Words(
        "Le nom de la ligne ({nom_lu}) n'est pas celui de ce stagiaire dans la DSF : {nom_connu}.",
        "Vérifiez que l'identifiant DE est bien celui de cette personne.",
        "{nom_connu}",
    ),
    en=Words(
        "The name on the line ({nom_lu}) is not that of this trainee on the DSF: {nom_connu}.",
        "Check that the identifier DE is this person's.",
        "{nom_connu}",
    ),
)
def name_is_the_trainees(lines: pd.DataFrame) -> "pd.Series[bool]":
    """A name that does not go with the identifier often means one digit was mistyped."""
    names = lines[["nom", "prenom", "de_nom", "de_prenom"]].astype("object").fillna("")
    pairs = list(names.itertuples(index=False, name=None))
    known = {pair: same_person(*pair) for pair in set(pairs)}
    return pd.Series([known[pair] for pair in pairs], index=lines.index, dtype=bool)


@rule(
    "AVT-02",
    brief=("plus de 10 h par jour", "more than 10 h a day"),
    why="Personne ne suit longtemps plus de dix heures de formation par jour.",
    cells="heures",
    nature=HEURES,
    needs="heures date_debut date_fin_lue",
    after="LIG-05 LIG-08",
    severity=WARNS,
    fr=Words(
        "{heures} h en un jour : c'est plus de 10 h. || {heures} h en {jours} jours : c'est plus de 10 h par jour.",
        "Vérifiez les heures et les dates.",
        "{heures_maximum} h au plus",
    ),
    en=Words(
        "{heures} h in one day: more than 10 h. || {heures} h in {jours} days: more than 10 h a day.",
        "Check the hours and the dates.",
        "at most {heures_maximum} h",
    ),
    facts=lambda lines, failing: pd.DataFrame(
        {"jours": _days(failing).astype(str), "n": _days(failing), "heures_maximum": _days(failing) * HOURS_A_DAY}
    ),
)
def hours_fit_the_days(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Nobody trains more than ten hours a day for long."""
    return lines["heures"] <= _days(lines) * HOURS_A_DAY


def _days(lines: pd.DataFrame) -> "pd.Series[int]":
    return (lines["date_fin_lue"] - lines["date_debut"]).dt.days.astype("Int64") + 1


@rule(
    "AVT-03",
    brief=("heures un jour d'absence", "hours on a day of absence"),
    why="On n'est pas en formation et absent le même jour, ou seulement une partie du jour.",
    cells="date_debut",
    nature=HEURES,
    needs="absence_chevauchee",
    after="LIG-05",
    severity=WARNS,
    fr=Words(
        "Ce stagiaire est déclaré absent {absence_chevauchee}.",
        "Vérifiez que ces heures ont bien été suivies.",
    ),
    en=Words(
        "This trainee is declared absent: {absence_chevauchee}.",
        "Check that these hours were really attended.",
    ),
)
def trainee_was_there(lines: pd.DataFrame) -> "pd.Series[bool]":
    """One is not at training and absent on the same day, or only for a part of it."""
    return lines["absence_chevauchee"].isna()


@rule(
    "AVT-04",
    brief=("dates qui recoupent des heures déjà ajoutées", "dates overlap hours already added"),
    why="La même feuille d'émargement se déclare facilement deux fois, par semaine puis par jour.",
    cells="date_debut",
    nature=HEURES,
    needs="emission_chevauchee",
    after="LIG-05",
    severity=WARNS,
    ledger=True,
    fr=Words(
        "Des heures ont déjà été ajoutées à cette séquence pour des dates qui se recoupent{emission_chevauchee}.",
        "Vérifiez que ce ne sont pas les mêmes heures.",
    ),
    en=Words(
        "Hours were already added to this séquence for overlapping dates{emission_chevauchee}.",
        "Check that they are not the same hours.",
    ),
)
def dates_do_not_overlap_those_issued(lines: pd.DataFrame) -> "pd.Series[bool]":
    """The same sign-in sheet is easily declared once by week and once by day."""
    return lines["emission_chevauchee"].isna()


_READINGS_FR = {
    Noticed.FORMULA: "La cellule « {titre} » contient une formule : sa valeur enregistrée, {valeur}, a été lue.",
    Noticed.COLUMN_IGNORED: "La colonne « {valeur} » ({lieu}) n'est pas connue : elle n'a pas été lue.",
    Noticed.TOTAL_LEFT_OUT: "La ligne {ligne} ({lieu}) est un total : elle n'a pas été comptée.",
    Noticed.ENCODING: "Le fichier n'est pas en UTF-8 : ses accents ont été lus en {valeur}.",
    Noticed.WORTH_A_LOOK: "{detail}.",
}
_READINGS_EN = {
    Noticed.FORMULA: "The cell “{titre}” holds a formula: its saved value, {valeur}, was read.",
    Noticed.COLUMN_IGNORED: "The column “{valeur}” ({lieu}) is not known: it was not read.",
    Noticed.TOTAL_LEFT_OUT: "Row {ligne} ({lieu}) is a total: it was not counted.",
    Noticed.ENCODING: "The file is not in UTF-8: its accents were read as {valeur}.",
    Noticed.WORTH_A_LOOK: "{detail}.",
}


@rule(
    "AVT-05",
    brief=("lecture à vérifier", "reading worth a look"),
    why="Ce que le programme a compris est dit, pour qu'un malentendu se voie avant de coûter.",
    over=OBSERVATIONS,
    severity=WARNS,
    fr={noticed: Words(text, "Vérifiez que c'est bien ce que vous vouliez.") for noticed, text in _READINGS_FR.items()},
    en={noticed: Words(text, "Check that this is what you meant.") for noticed, text in _READINGS_EN.items()},
    facts=lambda frame, failing: pd.DataFrame({"variante": failing["etat"]}),
)
def reading_needs_no_second_look(observations: pd.DataFrame) -> "pd.Series[bool]":
    """What the program understood is said, so that a misunderstanding is seen before it costs."""
    return ~observations["etat"].isin(list(_READINGS_FR))


@rule(
    "AVT-06",
    brief=("titulaire agissant pour un dispensateur", "titulaire acting for a dispensateur"),
    why="Un titulaire peut compléter les DSF de son dispensateur : les deux doivent savoir qui l'a fait.",
    over=DEPOSITS,
    severity=WARNS,
    fr=Words(
        "Vous ({siret}) agissez comme titulaire pour le compte de : {dispensateurs_tiers}.",
        "Vérifiez que ce sont bien les organismes concernés.",
    ),
    en=Words(
        "You ({siret}) act as titulaire on behalf of: {dispensateurs_tiers}.",
        "Check that these are the organisations concerned.",
    ),
)
def depositor_acts_for_itself(deposits: pd.DataFrame) -> "pd.Series[bool]":
    """A titulaire may complete its dispensateur's DSF: both should know who did."""
    return deposits["dispensateurs_tiers"] == ""


@rule(
    "AVT-07",
    brief=("même contenu qu'un fichier précédent", "same content as an earlier file"),
    why="Le fichier non corrigé est souvent déposé de nouveau par erreur.",
    over=DEPOSITS,
    severity=WARNS,
    fr=Words(
        "Ce fichier a exactement le même contenu que votre dépôt {meme_contenu_depot}, du {meme_contenu_date}.",
        "Si vous vouliez déposer une correction, vérifiez que vous avez pris le bon fichier.",
    ),
    en=Words(
        "This file has exactly the same content as your deposit {meme_contenu_depot} of {meme_contenu_date}.",
        "If you meant to drop a correction, check that you took the right file.",
    ),
)
def content_is_new(deposits: pd.DataFrame) -> "pd.Series[bool]":
    """The uncorrected file is often dropped again by mistake."""
    return deposits["meme_contenu_depot"] == ""
