"""REF-10 to REF-14: what remains to complete, of an absence and of a plan; and whether anybody knows it still."""

import pandas as pd

from schemas.fields import ABSENCES, HEURES
from schemas.groups import groups
from schemas.rule import WAIT, WITHDRAW, Words, rule

PIF_KEY = ["cle_convention", "cle_de", "cle_pif", "cle_sequence"]


@rule(
    "REF-10",
    brief=("absence déjà complétée", "absence already completed"),
    why="Une absence ne se complète qu'une fois, pour toujours.",
    cells="id_absence",
    nature=ABSENCES,
    needs="cle_absence_trouvee deja_complementee",
    after="REF-01 REF-06 REF-07 REF-09",
    ledger=True,
    remedy=WITHDRAW,
    fr={
        "": Words(
            "Cette absence a déjà été complétée : elle ne peut l'être qu'une fois.",
            "Supprimez cette ligne.",
            "une absence jamais complétée",
        ),
        "dit": Words(
            "Cette absence a déjà été complétée, pour {prise_heures} h, le {prise_le}, par le complément {prise_complement} : elle ne peut l'être qu'une fois.",
            "Supprimez cette ligne.",
            "une absence jamais complétée",
        ),
    },
    en={
        "": Words(
            "This absence was already completed: it can be completed once only.",
            "Delete this line.",
            "an absence never completed",
        ),
        "dit": Words(
            "This absence was already completed, for {prise_heures} h, on {prise_le}, by complement {prise_complement}: it can be completed once only.",
            "Delete this line.",
            "an absence never completed",
        ),
    },
    facts=lambda lines, failing: pd.DataFrame(
        {"variante": (failing["prise_siret"] == failing["siret"]).map({True: "dit", False: ""})}
    ),
)
def absence_was_never_completed(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Once only, ever."""
    return ~lines["deja_complementee"].astype("boolean") & lines["prise_complement"].isna()


@rule(
    "REF-11",
    brief=("plus d'heures que l'absence n'en a", "more hours than the absence has"),
    why="Kairos ne propose que les heures encore non finançables.",
    cells="heures",
    nature=ABSENCES,
    needs="heures heures_non_financables",
    after="REF-01 REF-09 REF-10 LIG-08",
    fr=Words(
        "{heures} h à valoriser, mais cette absence n'a que {heures_non_financables} h à rendre finançables.",
        "Corrigez les heures : {heures_non_financables} h au plus.",
        "{heures_non_financables} h au plus",
    ),
    en=Words(
        "{heures} h to turn, but this absence has {heures_non_financables} non finançable hours only.",
        "Correct the hours: {heures_non_financables} h at most.",
        "at most {heures_non_financables} h",
    ),
)
def hours_fit_the_absence(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Kairos offers only the hours that are still non finançables."""
    return lines["heures"] <= lines["heures_non_financables"]


@rule(
    "REF-12",
    brief=("heures perdues sans accord", "hours lost without consent"),
    why="Une absence ne se complète qu'une fois : ce qu'un complément partiel laisse est perdu, et votre accord est demandé avant.",
    cells="heures",
    nature=ABSENCES,
    needs="heures heures_non_financables",
    after="REF-01 REF-09 REF-10 LIG-08",
    fr=Words(
        "{heures} h à valoriser sur les {heures_non_financables} h de cette absence : {heures_perdues} h serait perdue pour toujours. || "
        "{heures} h à valoriser sur les {heures_non_financables} h de cette absence : {heures_perdues} h seraient perdues pour toujours.",
        "Écrivez {heures_non_financables} h ; ou, si la pièce ne couvre vraiment que {heures} h, écrivez oui dans « Reliquat abandonné ».",
        "{heures_non_financables} h, ou « Reliquat abandonné » : oui",
    ),
    en=Words(
        "{heures} h to turn of the {heures_non_financables} h of this absence: {heures_perdues} h would be lost for good.",
        "Write {heures_non_financables} h; or, if the document really covers {heures} h only, write oui in “Reliquat abandonné”.",
        "{heures_non_financables} h, or “Reliquat abandonné”: oui",
    ),
    facts=lambda lines, failing: pd.DataFrame(
        {
            "heures_perdues": failing["heures_non_financables"] - failing["heures"],
            "n": (failing["heures_non_financables"] - failing["heures"]) / 100,
        }
    ),
)
def no_hour_is_lost_unasked(lines: pd.DataFrame) -> "pd.Series[bool]":
    """An absence is completed once: what a partial completion leaves out is lost, so its waiver is asked for first."""
    waived = lines["reliquat_abandonne"].astype("boolean").fillna(False)
    return (lines["heures"] >= lines["heures_non_financables"]) | waived


def _pif_lines(lines: pd.DataFrame) -> "pd.Series[bool]":
    readable = lines[[*PIF_KEY, "heures", "heures_prevues"]].notna().all(axis=1)
    return (lines["nature"] == HEURES) & readable & ~lines["deja_prise"]


def _asked(lines: pd.DataFrame) -> "pd.Series[int]":
    """Hundredths asked for by all the deposit's lines of the same DE, PIF, convention and séquence."""
    counted = _pif_lines(lines)
    group = groups(lines, PIF_KEY, counted)
    hours = lines["heures"].where(counted, 0).fillna(0).clip(lower=0).astype("int64")
    return hours.groupby(group).transform("sum").where(counted, 0)


def _pif_facts(lines: pd.DataFrame, failing: pd.DataFrame) -> pd.DataFrame:
    asked = _asked(lines)[failing.index]
    group = groups(lines, PIF_KEY, _pif_lines(lines))
    alone = ~group.duplicated(keep=False)[failing.index]
    own = failing["pif_du_deposant"].astype(bool)
    variant = alone.map({True: "seule", False: "groupe"}) + own.map({True: "", False: "-tue"})
    return pd.DataFrame(
        {"heures_demandees": asked, "heures_reste_dit": failing["heures_reste"].clip(lower=0), "variante": variant}
    )


@rule(
    "REF-13",
    brief=("heures au-delà du PIF", "hours beyond the PIF"),
    why="Les heures au-delà du plan ne sont pas financées. Toutes les lignes concernées sont rejetées : personne ne peut dire laquelle est fausse.",
    cells="heures",
    nature=HEURES,
    needs="heures heures_reste",
    after="REF-01 REF-06 REF-07 LIG-08 DBL-03",
    ledger=True,
    fr={
        "seule": Words(
            "La ligne ajoute {heures_demandees} h, mais il ne reste que {heures_reste_dit} h au plan de formation (PIF) de ce stagiaire pour cette séquence.",
            "Corrigez les heures : {heures_reste_dit} h au plus.",
            "{heures_reste_dit} h au plus",
        ),
        "groupe": Words(
            "Ensemble, les lignes de ce fichier ajoutent {heures_demandees} h à cette séquence, mais il n'en reste que {heures_reste_dit} h au plan de formation (PIF) du stagiaire.",
            "Corrigez ces lignes pour que leur total ne dépasse pas {heures_reste_dit} h.",
            "{heures_reste_dit} h au plus, toutes lignes ensemble",
        ),
        "seule-tue": Words(
            "La ligne ajoute {heures_demandees} h : c'est plus que ce qui reste au plan de formation (PIF) de ce stagiaire pour cette séquence.",
            "Vérifiez les heures prévues au PIF et celles déjà déclarées, puis corrigez.",
        ),
        "groupe-tue": Words(
            "Ensemble, les lignes de ce fichier ajoutent {heures_demandees} h à cette séquence : c'est plus que ce qui reste au plan de formation (PIF) du stagiaire.",
            "Vérifiez les heures prévues au PIF et celles déjà déclarées, puis corrigez ces lignes.",
        ),
    },
    en={
        "seule": Words(
            "The line adds {heures_demandees} h, but only {heures_reste_dit} h remain in this trainee's plan (PIF) for this séquence.",
            "Correct the hours: {heures_reste_dit} h at most.",
            "at most {heures_reste_dit} h",
        ),
        "groupe": Words(
            "Together, the lines of this file add {heures_demandees} h to this séquence, but only {heures_reste_dit} h remain in the trainee's plan (PIF).",
            "Correct these lines so that their sum is at most {heures_reste_dit} h.",
            "at most {heures_reste_dit} h, all lines together",
        ),
        "seule-tue": Words(
            "The line adds {heures_demandees} h: more than what remains in this trainee's plan (PIF) for this séquence.",
            "Check the hours planned in the PIF and those already declared, then correct.",
        ),
        "groupe-tue": Words(
            "Together, the lines of this file add {heures_demandees} h to this séquence: more than what remains in the trainee's plan (PIF).",
            "Check the hours planned in the PIF and those already declared, then correct these lines.",
        ),
    },
    facts=_pif_facts,
)
def hours_fit_the_pif(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Hours beyond the plan are not paid. Every line of the group fails: nobody can tell which is wrong."""
    return (_asked(lines) <= lines["heures_reste"]) | ~_pif_lines(lines)


_CHANGED_FR = {
    "": "La DSF {numero_dsf_exact} a changé dans nos extraits : ce qui y a déjà été complété n'y porte plus les mêmes numéros.",
    "pif": "Nos extraits ont changé : ce qui reste au plan de formation (PIF) de ce stagiaire ne peut pas encore être compté.",
}
_CHANGED_EN = {
    "": "DSF {numero_dsf_exact} has changed in our extracts: what was completed on it no longer has the same numbers there.",
    "pif": "Our extracts have changed: the hours that remain in this trainee's plan (PIF) cannot be counted for now.",
}
_LATER_FR = "Vous n'avez rien à corriger : l'opérateur est prévenu. Déposez le fichier de nouveau plus tard."
_LATER_EN = "There is nothing for you to correct: the operator is told. Drop the file again later."


@rule(
    "REF-14",
    brief=("DSF qui a changé depuis un complément", "DSF that has changed since a complement"),
    why="Quand on ne sait plus ce qui a été complété, on risque de le compléter deux fois : une personne décide, pas le programme.",
    cells="numero_dsf",
    needs="cle_dsf",
    after="REF-01",
    remedy=WAIT,
    fr={variant: Words(text, _LATER_FR) for variant, text in _CHANGED_FR.items()},
    en={variant: Words(text, _LATER_EN) for variant, text in _CHANGED_EN.items()},
    facts=lambda lines, failing: pd.DataFrame({"variante": failing["dsf_changee"].map({True: "", False: "pif"})}),
)
def dsf_is_as_it_was_completed(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Where nobody knows any more what was completed, it could be completed twice, or hours pass their plan: a person decides."""
    return ~(lines["dsf_changee"] | lines["pif_change"])
