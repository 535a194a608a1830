"""REF-01 to REF-09: the line against the initial DSF it completes. What a message says is the depositor's own, or nothing."""

import pandas as pd

from schemas.extracts import VALIDATED
from schemas.fields import ABSENCES, HEURES
from schemas.rule import WAIT, WITHDRAW, Words, rule


@rule(
    "REF-01",
    brief=("DSF inconnue de l'organisme", "no such DSF for this organisation"),
    why="Une DSF est complétée par son dispensateur ou son titulaire ; celle d'un autre se présente exactement comme une DSF qui n'existe pas.",
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
    why="Kairos n'ouvre la saisie complémentaire que sur une DSF validée.",
    cells="numero_dsf",
    needs="statut",
    after="REF-01",
    remedy=WAIT,
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
    why="Une DSF finale clôt l'action de formation.",
    cells="numero_dsf",
    needs="nature_pliee",
    after="REF-01",
    remedy=WITHDRAW,
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
    why="Les compléments ont été ouverts type par type de session, à partir d'une date.",
    cells="numero_dsf",
    needs="ouverture",
    after="REF-01",
    remedy=WAIT,
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
    facts=lambda lines, failing: pd.DataFrame({"des": failing["ouverture"]}),
)
def session_type_is_open(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Complements were opened type by type: ESF on 2021-03-01, ESP on 2021-11-22."""
    return lines["ouverture"] <= lines["date_run"]


@rule(
    "REF-05",
    brief=("« Pour le compte de » ne convient pas", "“Pour le compte de” does not fit"),
    why="Seul le titulaire peut agir pour un autre organisme, et seulement pour celui qui a dispensé cette formation.",
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
    why="Un complément n'ajoute personne à une DSF.",
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
    why="Les heures se déclarent sur les séquences du plan individuel de formation.",
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
    why="Une DSF déclare une période ; son complément aussi.",
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
    why="Compléter une absence à la place d'une autre fait perdre les deux.",
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
            "L'absence {id_absence} est déclarée {absence_dite} : les dates de la ligne sont celles d'une autre.",
            "Corrigez l'identifiant ou les dates.",
            "{absence_dite}",
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
            "Absence {id_absence} is declared {absence_dite}: the dates on the line are those of another.",
            "Correct the identifier or the dates.",
            "{absence_dite}",
        ),
    },
    facts=lambda lines, failing: pd.DataFrame({"variante": failing["absence_etat"]}),
)
def absence_is_found(lines: pd.DataFrame) -> "pd.Series[bool]":
    """The wrong absence completed is lost, and so is the right one's money."""
    return lines["absence_etat"] == "trouvee"
