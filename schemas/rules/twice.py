"""DBL: what is there twice, in the deposit or in the ledger."""

import pandas as pd

from schemas.fields import ABSENCES, HEURES
from schemas.groups import groups
from schemas.rule import WITHDRAW, Words, rule

HOURS_KEY = ["cle_dsf", "cle_de", "cle_sequence", "date_debut", "date_fin_lue"]
ABSENCE_KEY = ["cle_dsf", "cle_de", "cle_sequence", "cle_absence_trouvee"]


def _twins(lines: pd.DataFrame, failing: pd.DataFrame, key: list[str], counted: "pd.Series[bool]") -> pd.DataFrame:
    """For each failing line, where the other lines of its group are: « ligne 12 » (with the sheet, when it is another one)."""
    group = groups(lines, key, counted)
    members = lines.loc[group.isin(set(group[failing.index]))].groupby(group)[["feuille", "ligne"]]
    places = {number: list(rows.itertuples()) for number, rows in members}
    others = []
    for index, number, feuille in zip(failing.index, group[failing.index], failing["feuille"], strict=True):
        twins = [row for row in places[number] if row.Index != index]
        said = [f"{row.ligne}" if row.feuille == feuille else f"{row.feuille} {row.ligne}" for row in twins[:10]]
        others.append(", ".join(said) + ("…" if len(twins) > 10 else ""))
    twins_of = [len(places[one]) - 1 for one in group[failing.index]]
    return pd.DataFrame({"autres_lignes": others, "n": twins_of}, index=failing.index)


def _alone(lines: pd.DataFrame, key: list[str], counted: "pd.Series[bool]") -> "pd.Series[bool]":
    group = groups(lines, key, counted)
    return ~(counted & group.duplicated(keep=False))


def hours_lines(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Hours lines whose key and hours can be read and that were not taken before."""
    readable = lines[[*HOURS_KEY, "heures"]].notna().all(axis=1)
    return (lines["nature"] == HEURES) & readable & ~lines["deja_prise"]


def absence_lines(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Absence lines whose absence was found and that were not taken before."""
    return (lines["nature"] == ABSENCES) & lines["cle_absence_trouvee"].notna() & ~lines["deja_prise"]


@rule(
    "DBL-01",
    brief=("ligne en double dans le fichier", "line twice in the file"),
    why="Personne ne peut dire si la seconde ligne est une erreur ou d'autres heures.",
    cells="numero_dsf",
    nature=HEURES,
    ledger=True,
    fr=Words(
        "Cette ligne est en double avec la ligne {autres_lignes} de votre fichier : même DSF, même stagiaire, même séquence, mêmes dates. || "
        "Cette ligne est en double avec les lignes {autres_lignes} de votre fichier : même DSF, même stagiaire, même séquence, mêmes dates.",
        "Gardez une seule de ces lignes ; si les heures s'ajoutent, écrivez-en le total sur une seule ligne.",
        "une seule ligne pour ces dates",
    ),
    en=Words(
        "This line is there twice, with row {autres_lignes} of your file: same DSF, trainee, séquence and dates. || "
        "This line is there several times, with rows {autres_lignes} of your file: same DSF, trainee, séquence and dates.",
        "Keep only one of these lines; if the hours add up, write their sum on a single line.",
        "a single line for these dates",
    ),
    facts=lambda lines, failing: _twins(lines, failing, HOURS_KEY, hours_lines(lines)),
)
def hours_line_stands_once(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Nobody can tell whether the second line is a slip or more hours."""
    return _alone(lines, HOURS_KEY, hours_lines(lines))


@rule(
    "DBL-02",
    brief=("absence sur plusieurs lignes", "absence on several lines"),
    why="Une absence ne se complète qu'une fois : la seconde ligne serait perdue.",
    cells="id_absence",
    nature=ABSENCES,
    after="REF-01",
    ledger=True,
    fr=Words(
        "La même absence est aussi sur la ligne {autres_lignes} de votre fichier. || La même absence est aussi sur les lignes {autres_lignes} de votre fichier.",
        "Gardez une seule ligne pour cette absence : elle ne peut être complétée qu'une fois.",
        "une seule ligne pour cette absence",
    ),
    en=Words(
        "The same absence also stands on row {autres_lignes} of your file. || The same absence also stands on rows {autres_lignes} of your file.",
        "Keep a single line for this absence: it can be completed once only.",
        "a single line for this absence",
    ),
    facts=lambda lines, failing: _twins(lines, failing, ABSENCE_KEY, absence_lines(lines)),
)
def absence_stands_once(lines: pd.DataFrame) -> "pd.Series[bool]":
    """An absence can be completed once only, ever: the second line would be lost."""
    return _alone(lines, ABSENCE_KEY, absence_lines(lines))


@rule(
    "DBL-03",
    brief=("heures déjà déclarées dans un complément", "hours already in a complement"),
    why="Des heures émises deux fois seraient payées deux fois, et un complément ne se rouvre pas.",
    cells="heures",
    nature=HEURES,
    after="REF-01 REF-06 REF-07",
    ledger=True,
    remedy=WITHDRAW,
    fr={
        "": Words(
            "Des heures ont déjà été déclarées pour ces dates et cette séquence dans un complément.",
            "Supprimez la ligne ; si d'autres heures ont été oubliées, rapprochez-vous de votre interlocuteur.",
        ),
        "dit": Words(
            "Des heures ont déjà été déclarées pour ces dates et cette séquence : {heures_emises} h, le {emises_le}, complément {emises_complement}.",
            "Supprimez la ligne : un complément émis ne se modifie pas.",
        ),
    },
    en={
        "": Words(
            "Hours were already declared for these dates and this séquence in a complement.",
            "Delete the line; if more hours were forgotten, ask your contact.",
        ),
        "dit": Words(
            "Hours were already declared for these dates and this séquence: {heures_emises} h, on {emises_le}, complement {emises_complement}.",
            "Delete the line: an issued complement cannot be changed.",
        ),
    },
    facts=lambda lines, failing: pd.DataFrame(
        {"variante": (failing["emises_siret"] == failing["siret"]).map({True: "dit", False: ""})}
    ),
)
def hours_were_not_issued_before(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Hours issued twice are paid twice, and a complement cannot be reopened."""
    return lines["emises_complement"].isna()
