"""REF: the line against the initial DSF it completes. What a message says is the depositor's own, or nothing."""

import pandas as pd

from schemas.extracts import VALIDATED
from schemas.fields import ABSENCES, HEURES
from schemas.groups import groups
from schemas.rule import Words, rule

PIF_KEY = ["cle_convention", "cle_de", "cle_pif", "cle_sequence"]


@rule(
    "REF-01",
    brief=("DSF inconnue de l'organisme", "no such DSF for this organisation"),
    cells="numero_dsf",
    needs="cle_dsf",
    fr=Words(
        "Aucune DSF « {valeur} » n'est connue pour votre organisme.",
        "Vérifiez le numéro dans Kairos ; s'il est juste, la DSF n'est pas encore dans nos extraits : déposez le fichier de nouveau plus tard.",
        "le numéro d'une DSF de votre organisme",
    ),
    en=Words(
        "No DSF “{valeur}” is known for your organisation.",
        "Check the number in Kairos; if it is right, the DSF is not in our extracts yet: drop the file again later.",
        "the number of a DSF of your organisation",
    ),
)
def organisation_has_this_dsf(lines: pd.DataFrame) -> "pd.Series[bool]":
    """A DSF is completed by its dispensateur or its titulaire; someone else's reads exactly like one that does not exist."""
    return lines["dsf_connue"]


@rule(
    "REF-02",
    brief=("DSF non validée", "DSF not validated"),
    cells="numero_dsf",
    needs="statut",
    after="REF-01",
    fr=Words(
        "La DSF {numero_dsf_exact} n'est pas validée : son statut est « {statut} ».",
        "Attendez qu'elle soit validée par France Travail, puis déposez le fichier de nouveau.",
        "une DSF validée",
    ),
    en=Words(
        "DSF {numero_dsf_exact} is not validated: its status is “{statut}”.",
        "Wait until France Travail has validated it, then drop the file again.",
        "a validated DSF",
    ),
)
def dsf_is_validated(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Kairos offers the complement on a validated DSF only."""
    return lines["statut_plie"].isin(VALIDATED)


@rule(
    "REF-03",
    brief=("DSF finale", "DSF finale"),
    cells="numero_dsf",
    needs="nature_pliee",
    after="REF-01",
    fr=Words(
        "La DSF {numero_dsf_exact} est une DSF finale : elle ne peut pas être complétée.",
        "Supprimez cette ligne ; seule une DSF intermédiaire se complète.",
        "une DSF intermédiaire",
    ),
    en=Words(
        "DSF {numero_dsf_exact} is a final DSF: it cannot be completed.",
        "Delete this line; only an intermédiaire DSF can be completed.",
        "an intermédiaire DSF",
    ),
)
def dsf_is_intermediaire(lines: pd.DataFrame) -> "pd.Series[bool]":
    """A final DSF closes the action."""
    return lines["nature_pliee"] == "intermediaire"


@rule(
    "REF-04",
    brief=("type de session pas encore ouvert", "session type not open yet"),
    cells="numero_dsf",
    needs="ouverture",
    after="REF-01",
    fr=Words(
        "Les sessions {type_session} ne peuvent être complétées qu'à partir du {ouverture}.",
        "Déposez le fichier de nouveau à partir de cette date.",
        "à partir du {ouverture}",
    ),
    en=Words(
        "{type_session} sessions can be completed from {ouverture} only.",
        "Drop the file again from that date on.",
        "from {ouverture} on",
    ),
)
def session_type_is_open(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Complements were opened type by type: ESF on 2021-03-01, ESP on 2021-11-22."""
    return lines["ouverture"] <= lines["date_run"]


@rule(
    "REF-05",
    brief=("« Pour le compte de » ne convient pas", "“Pour le compte de” does not fit"),
    cells="numero_dsf",
    needs="pour_le_compte_de siret_dispensateur",
    after="REF-01",
    fr={
        "": Words(
            "La feuille Déclarant dit « Pour le compte de » {pour_le_compte_de}, qui n'est pas le dispensateur de la DSF {numero_dsf_exact}.",
            "Corrigez « Pour le compte de », ou déposez les lignes de cette DSF dans un autre fichier.",
            "{siret_dispensateur}",
        ),
        "titulaire": Words(
            "« Pour le compte de » ne peut être rempli que par le titulaire de la DSF {numero_dsf_exact}, et vous en êtes le dispensateur.",
            "Videz « Pour le compte de » dans la feuille Déclarant, puis déposez le fichier de nouveau.",
            "« Pour le compte de » vide",
        ),
    },
    en={
        "": Words(
            "The Déclarant sheet says “Pour le compte de” {pour_le_compte_de}, which is not the dispensateur of DSF {numero_dsf_exact}.",
            "Correct “Pour le compte de”, or drop the lines of this DSF in another file.",
            "{siret_dispensateur}",
        ),
        "titulaire": Words(
            "“Pour le compte de” is for the titulaire of DSF {numero_dsf_exact} alone, and you are its dispensateur.",
            "Clear “Pour le compte de” on the Déclarant sheet, then drop the file again.",
            "“Pour le compte de” empty",
        ),
    },
    facts=lambda lines, failing: pd.DataFrame(
        {"variante": (failing["siret"] == failing["siret_titulaire"]).map({True: "", False: "titulaire"})}
    ),
)
def acting_for_the_dispensateur_of_the_dsf(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Only the titulaire may act for another body, and only for the one that delivered this training."""
    titulaire = lines["siret"] == lines["siret_titulaire"]
    return titulaire & (lines["pour_le_compte_de"] == lines["siret_dispensateur"])


@rule(
    "REF-06",
    brief=("stagiaire absent de la DSF", "trainee not on the DSF"),
    cells="identifiant_de",
    needs="de_connu",
    after="REF-01 LIG-03",
    fr=Words(
        "Aucun stagiaire « {valeur} » ne figure sur la DSF {numero_dsf_exact}.",
        "Vérifiez l'identifiant DE et le numéro de la DSF.",
        "un stagiaire de cette DSF",
    ),
    en=Words(
        "There is no trainee “{valeur}” on DSF {numero_dsf_exact}.",
        "Check the identifier DE and the number of the DSF.",
        "a trainee of this DSF",
    ),
)
def trainee_is_on_the_dsf(lines: pd.DataFrame) -> "pd.Series[bool]":
    """A complement adds nobody to a DSF."""
    return lines["de_connu"]


@rule(
    "REF-07",
    brief=("séquence absente du PIF", "séquence not in the PIF"),
    cells="code_sequence",
    needs="sequence_connue",
    after="REF-01 REF-06",
    fr=Words(
        "La séquence « {valeur} » n'est pas dans le plan de formation de ce stagiaire sur la DSF {numero_dsf_exact}.",
        "Choisissez une de ses séquences.",
        "{sequences_du_de}",
    ),
    en=Words(
        "The séquence “{valeur}” is not in this trainee's plan on DSF {numero_dsf_exact}.",
        "Choose one of the trainee's séquences.",
        "{sequences_du_de}",
    ),
)
def sequence_is_in_the_pif(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Hours are declared on the séquences of the plan individuel de formation."""
    return lines["sequence_connue"]


@rule(
    "REF-08",
    brief=("dates hors de la période de la DSF", "dates outside the DSF's period"),
    cells="date_debut date_fin",
    nature=HEURES,
    needs="periode_debut periode_fin",
    after="REF-01 LIG-05",
    fr=Words(
        "La date {valeur} est hors de la période de la DSF {numero_dsf_exact}.",
        "Corrigez la date, ou déclarez ces heures sur la DSF de la bonne période.",
        "du {periode_debut} au {periode_fin}",
    ),
    en=Words(
        "The date {valeur} is outside the period of DSF {numero_dsf_exact}.",
        "Correct the date, or declare these hours on the DSF of the right period.",
        "from {periode_debut} to {periode_fin}",
    ),
)
def hours_are_within_the_period(lines: pd.DataFrame, field: str) -> "pd.Series[bool]":
    """A DSF declares one period; its complement the same."""
    inside = (lines[field] >= lines["periode_debut"]) & (lines[field] <= lines["periode_fin"])
    return lines[field].isna() | inside


@rule(
    "REF-09",
    brief=("absence introuvable", "absence not found"),
    cells="id_absence",
    nature=ABSENCES,
    needs="absence_etat",
    after="REF-01 REF-06 REF-07",
    fr={
        "introuvable": Words(
            "Cette absence n'a pas été déclarée pour ce stagiaire sur cette séquence de la DSF {numero_dsf_exact}.",
            "Vérifiez l'identifiant ou les dates parmi les absences déclarées.",
            "{absences_du_de}",
        ),
        "ambigue": Words(
            "Plusieurs absences déclarées ont ces dates.",
            "Indiquez l'identifiant de celle qui est justifiée.",
            "{absences_du_de}",
        ),
        "dates": Words(
            "L'absence {id_absence} va du {absence_debut} au {absence_fin} : les dates de la ligne sont celles d'une autre.",
            "Corrigez l'identifiant ou les dates.",
            "du {absence_debut} au {absence_fin}",
        ),
    },
    en={
        "introuvable": Words(
            "This absence was not declared for this trainee on this séquence of DSF {numero_dsf_exact}.",
            "Check the identifier or the dates among the declared absences.",
            "{absences_du_de}",
        ),
        "ambigue": Words(
            "Several declared absences have these dates.",
            "Give the identifier of the one that is justified.",
            "{absences_du_de}",
        ),
        "dates": Words(
            "Absence {id_absence} is from {absence_debut} to {absence_fin}: the dates on the line are those of another.",
            "Correct the identifier or the dates.",
            "from {absence_debut} to {absence_fin}",
        ),
    },
    facts=lambda lines, failing: pd.DataFrame({"variante": failing["absence_etat"]}),
)
def absence_is_found(lines: pd.DataFrame) -> "pd.Series[bool]":
    """The wrong absence completed is lost, and so is the right one's money."""
    return lines["absence_etat"] == "trouvee"


@rule(
    "REF-10",
    brief=("absence déjà complétée", "absence already completed"),
    cells="id_absence",
    nature=ABSENCES,
    needs="cle_absence_trouvee deja_complementee",
    after="REF-01 REF-06 REF-07 REF-09",
    ledger=True,
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
    cells="heures",
    nature=ABSENCES,
    needs="heures heures_non_financables",
    after="REF-01 REF-09 REF-10 LIG-08",
    fr=Words(
        "{heures} h à valoriser, mais cette absence n'a que {heures_non_financables} h non finançables.",
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
    cells="heures",
    nature=ABSENCES,
    needs="heures heures_non_financables",
    after="REF-01 REF-09 REF-10 LIG-08",
    fr=Words(
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
        {"heures_perdues": failing["heures_non_financables"] - failing["heures"]}
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
    cells="heures",
    nature=HEURES,
    needs="heures heures_reste",
    after="REF-01 REF-06 REF-07 LIG-08 DBL-03",
    ledger=True,
    fr={
        "seule": Words(
            "{heures_demandees} h ajoutées, mais il ne reste que {heures_reste_dit} h au plan de formation (PIF) de ce stagiaire pour cette séquence.",
            "Corrigez les heures : {heures_reste_dit} h au plus.",
            "{heures_reste_dit} h au plus",
        ),
        "groupe": Words(
            "Ensemble, les lignes de ce fichier ajoutent {heures_demandees} h à cette séquence, mais il n'en reste que {heures_reste_dit} h au plan de formation (PIF) du stagiaire.",
            "Corrigez ces lignes pour que leur total ne dépasse pas {heures_reste_dit} h.",
            "{heures_reste_dit} h au plus, toutes lignes ensemble",
        ),
        "seule-tue": Words(
            "Ces {heures_demandees} h dépassent ce qui reste au plan de formation (PIF) de ce stagiaire pour cette séquence.",
            "Vérifiez les heures prévues au PIF et celles déjà déclarées, puis corrigez.",
        ),
        "groupe-tue": Words(
            "Ensemble, les lignes de ce fichier ajoutent {heures_demandees} h à cette séquence : c'est plus que ce qui reste au plan de formation (PIF) du stagiaire.",
            "Vérifiez les heures prévues au PIF et celles déjà déclarées, puis corrigez ces lignes.",
        ),
    },
    en={
        "seule": Words(
            "{heures_demandees} h added, but only {heures_reste_dit} h remain in this trainee's plan (PIF) for this séquence.",
            "Correct the hours: {heures_reste_dit} h at most.",
            "at most {heures_reste_dit} h",
        ),
        "groupe": Words(
            "Together, the lines of this file add {heures_demandees} h to this séquence, but only {heures_reste_dit} h remain in the trainee's plan (PIF).",
            "Correct these lines so that their sum is at most {heures_reste_dit} h.",
            "at most {heures_reste_dit} h, all lines together",
        ),
        "seule-tue": Words(
            "These {heures_demandees} h are more than what remains in this trainee's plan (PIF) for this séquence.",
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
    cells="numero_dsf",
    needs="cle_dsf",
    after="REF-01",
    fr={variant: Words(text, _LATER_FR) for variant, text in _CHANGED_FR.items()},
    en={variant: Words(text, _LATER_EN) for variant, text in _CHANGED_EN.items()},
    facts=lambda lines, failing: pd.DataFrame({"variante": failing["dsf_changee"].map({True: "", False: "pif"})}),
)
def dsf_is_as_it_was_completed(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Where nobody knows any more what was completed, it could be completed twice, or hours pass their plan: a person decides."""
    return ~(lines["dsf_changee"] | lines["pif_change"])
