"""LIG: the line is wrong in itself, whatever the initial DSF says."""

import pandas as pd

from schemas.fields import ABSENCES, FIELDS
from schemas.noticed import Noticed
from schemas.rule import OBSERVATIONS, WAIT, Words, rule
from schemas.saying import MONTHS

_DATES = "date_debut date_fin date_justificatif"

_DE_FORMS_FR = "8 caractères (7 chiffres puis un chiffre ou une lettre), ou 11 chiffres, ou 0 suivi de 9 chiffres puis un chiffre ou une lettre"
_DE_FORMS_EN = (
    "8 characters (7 digits, then a digit or a letter), or 11 digits, or 0 then 9 digits then a digit or a letter"
)


@rule(
    "LIG-03",
    brief=("identifiant DE mal formé", "Identifiant DE malformed"),
    why="Les tableurs effacent les zéros du début ; un chiffre de moins désigne une autre personne, ou personne.",
    cells="identifiant_de",
    needs="identifiant_de",
    fr={
        "": Words(
            "L'identifiant DE « {valeur} » n'a aucune des formes connues.",
            "Recopiez l'identifiant du demandeur d'emploi tel qu'il figure dans Kairos.",
            _DE_FORMS_FR,
        ),
        "zero": Words(
            "L'identifiant DE « {valeur} » a {longueur} caractères : il a sans doute perdu son premier zéro.",
            "Si c'est bien « 0{valeur} », mettez la cellule au format Texte et tapez-le avec son zéro.",
            _DE_FORMS_FR,
        ),
    },
    en={
        "": Words(
            "The identifier DE “{valeur}” has none of the known forms.",
            "Copy the jobseeker's identifier as it stands in Kairos.",
            _DE_FORMS_EN,
        ),
        "zero": Words(
            "The identifier DE “{valeur}” has {longueur} characters: it has probably lost its leading zero.",
            "If it is “0{valeur}”, set the cell's format to Text and type it with its zero.",
            _DE_FORMS_EN,
        ),
    },
    facts=lambda frame, failing: pd.DataFrame(
        {
            "variante": failing["identifiant_de"]
            .str.fullmatch(r"[0-9]{6}[0-9A-Za-z]|[0-9]{9}[0-9A-Za-z]")
            .map({True: "zero", False: ""}),
            "longueur": failing["identifiant_de"].str.len(),
        }
    ),
)
def identifier_has_a_known_form(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Spreadsheets drop leading zeros; one digit less is another person, or nobody."""
    return lines["identifiant_de"].str.fullmatch(r"[0-9]{7}[0-9A-Za-z]|[0-9]{11}|0[0-9]{9}[0-9A-Za-z]")


_A_DATE_FR = (
    "Écrivez-la avec le jour, le mois et l'année sur quatre chiffres, par exemple 05/03/2025.",
    "une date comme 05/03/2025",
)
_THIS_DATE_FR = (
    "Si c'est bien le {detail}, écrivez-la ainsi ; sinon, écrivez la bonne date.",
    "une date comme {detail}",
)
_A_DATE_EN = (
    "Write it with the day, the month and a four-digit year, such as 05/03/2025.",
    "a date such as 05/03/2025",
)
_THIS_DATE_EN = ("If it is {detail}, write it so; otherwise write the right date.", "a date such as {detail}")


def _date_facts(frame: pd.DataFrame, failing: pd.DataFrame) -> pd.DataFrame:
    """What is wrong with a date: its month has no such day (``detail``: yyyy-mm), its year is cut short, or its form is odd."""
    parts = failing["detail"].str.extract(r"^(\d{4})-(\d\d)$")
    no_day = parts[0].notna()
    variant = pd.Series("", index=failing.index).mask(failing["detail"] != "", "detail")
    variant = variant.mask((failing["detail"] != "") & failing["valeur"].str.fullmatch(r".*\D\d\d"), "annee")
    first = pd.to_datetime(parts[0].fillna("2000") + parts[1].fillna("01"), format="%Y%m")
    return pd.DataFrame(
        {
            "variante": variant.mask(no_day, "jour"),
            "annee_dite": first.dt.strftime("%Y"),
            "jours_du_mois": first.dt.days_in_month.astype(str),
            **{f"mois_{langue}": [names[month - 1] for month in first.dt.month] for langue, names in MONTHS.items()},
        },
        index=failing.index,
    )


@rule(
    "LIG-04",
    brief=("date illisible", "date unreadable"),
    why="Une date devinée désignerait une autre absence.",
    over=OBSERVATIONS,
    fr={
        "": Words("La date « {valeur} » ne peut pas être lue.", *_A_DATE_FR),
        "detail": Words("La date « {valeur} » ne peut pas être lue avec certitude.", *_THIS_DATE_FR),
        "annee": Words("Dans la date « {valeur} », l'année n'a que deux chiffres.", *_THIS_DATE_FR),
        "jour": Words(
            "La date « {valeur} » n'existe pas : {mois_fr} {annee_dite} a {jours_du_mois} jours.",
            "Corrigez le jour ou le mois.",
            "une date qui existe",
        ),
    },
    en={
        "": Words("The date “{valeur}” cannot be read.", *_A_DATE_EN),
        "detail": Words("The date “{valeur}” cannot be read for certain.", *_THIS_DATE_EN),
        "annee": Words("In the date “{valeur}” the year has two digits only.", *_THIS_DATE_EN),
        "jour": Words(
            "The date “{valeur}” does not exist: {mois_en} {annee_dite} has {jours_du_mois} days.",
            "Correct the day or the month.",
            "a date that exists",
        ),
    },
    facts=_date_facts,
)
def dates_can_be_read(observations: pd.DataFrame) -> "pd.Series[bool]":
    """A guessed date points at another absence."""
    return observations["etat"] != Noticed.DATE_UNREADABLE


@rule(
    "LIG-05",
    brief=("date de fin avant la date de début", "end before start"),
    why="Les jours se comptent du premier au dernier.",
    cells="date_fin",
    needs="date_debut date_fin",
    fr=Words(
        "La date de fin ({date_fin}) est avant la date de début ({date_debut}).",
        "Corrigez l'une des deux dates.",
        "le {date_debut} ou après",
    ),
    en=Words(
        "The last date ({date_fin}) is before the first ({date_debut}).",
        "Correct one of the two dates.",
        "{date_debut} or later",
    ),
)
def end_is_not_before_start(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Days are counted from the first to the last."""
    return lines["date_fin"] >= lines["date_debut"]


SOON = 31
"""Days: a date that is not further ahead may be right, and be dropped again once it has come."""


def _future_facts(lines: pd.DataFrame, failing: pd.DataFrame) -> pd.DataFrame:
    day = failing[failing["champ"].iloc[0]]
    soon = (day - failing["date_run"]).dt.days <= SOON
    return pd.DataFrame({"variante": soon.map({True: "proche", False: ""}), "des": day.where(soon)})


@rule(
    "LIG-06",
    brief=("date dans le futur", "date in the future"),
    why="Seul ce qui a eu lieu peut être déclaré.",
    cells=_DATES,
    remedy={"proche": WAIT},
    fr={
        "": Words(
            "La date {valeur} est dans le futur : le contrôle est fait au {date_run}.",
            "Corrigez cette date.",
            "le {date_run} ou avant",
        ),
        "proche": Words(
            "La date {valeur} est dans le futur : le contrôle est fait au {date_run}.",
            "Si cette date est juste, laissez la ligne telle quelle et déposez-la de nouveau à partir du {des} ; sinon, corrigez la date.",
            "le {date_run} ou avant",
        ),
    },
    en={
        "": Words(
            "The date {valeur} is in the future: the check is made as of {date_run}.",
            "Correct this date.",
            "{date_run} or earlier",
        ),
        "proche": Words(
            "The date {valeur} is in the future: the check is made as of {date_run}.",
            "If this date is right, leave the line as it is and drop it again from {des} on; otherwise correct the date.",
            "{date_run} or earlier",
        ),
    },
    facts=_future_facts,
)
def dates_are_past(lines: pd.DataFrame, field: str) -> "pd.Series[bool]":
    """Only what has happened can be declared as done."""
    return lines[field].isna() | (lines[field] <= lines["date_run"])


@rule(
    "LIG-07",
    brief=("heures illisibles", "hours unreadable"),
    why="Des heures qui peuvent se lire de deux façons seraient payées de la mauvaise.",
    over=OBSERVATIONS,
    fr={
        "": Words(
            "Le nombre d'heures « {valeur} » ne peut pas être lu.",
            "Écrivez les heures en décimal (7,5) ou en heures et minutes (7h30).",
            "un nombre d'heures comme 7,5 ou 7h30",
        ),
        "detail": Words(
            "Le nombre d'heures « {valeur} » ne peut pas être lu avec certitude ({detail}).",
            "Écrivez les heures en décimal (7,5) ou en heures et minutes (7h30).",
            "un nombre d'heures comme 7,5 ou 7h30",
        ),
    },
    en={
        "": Words(
            "The hours “{valeur}” cannot be read.",
            "Write hours as decimals (7,5) or as hours and minutes (7h30).",
            "hours such as 7,5 or 7h30",
        ),
        "detail": Words(
            "The hours “{valeur}” cannot be read for certain ({detail}).",
            "Write hours as decimals (7,5) or as hours and minutes (7h30).",
            "hours such as 7,5 or 7h30",
        ),
    },
    facts=lambda frame, failing: pd.DataFrame({"variante": (failing["detail"] != "").map({True: "detail", False: ""})}),
)
def hours_can_be_read(observations: pd.DataFrame) -> "pd.Series[bool]":
    """Hours that have two readings would be paid wrong in one of them."""
    return observations["etat"] != Noticed.HOURS_UNREADABLE


@rule(
    "LIG-08",
    brief=("heures nulles ou négatives", "hours not above zero"),
    why="Une DSF complémentaire ajoute ; elle ne retire jamais rien.",
    cells="heures",
    needs="heures",
    fr=Words(
        "Le nombre d'heures doit être plus grand que zéro : il est de {heures} h.",
        "Indiquez les heures à déclarer, ou supprimez la ligne s'il n'y en a pas.",
        "plus de 0 h",
    ),
    en=Words(
        "Hours must be above zero: they are {heures} h.",
        "Give the hours to declare, or delete the line if there are none.",
        "more than 0 h",
    ),
)
def hours_are_above_zero(lines: pd.DataFrame) -> "pd.Series[bool]":
    """A DSF complémentaire adds; it never takes away."""
    return lines["heures"] > 0


def _step_facts(lines: pd.DataFrame, failing: pd.DataFrame) -> pd.DataFrame:
    below = failing["heures"] // failing["pas_heures"] * failing["pas_heures"]
    two_readings = failing["heures_detail"] != ""
    return pd.DataFrame(
        {
            "heures_en_dessous": below.where(below > 0, below + failing["pas_heures"]),
            "heures_au_dessus": below + failing["pas_heures"],
            "variante": two_readings.map({True: "deux", False: ""}),
        }
    )


@rule(
    "LIG-09",
    brief=("heures hors du pas", "hours not a multiple of the step"),
    why="Les feuilles d'émargement comptent en quarts d'heure ; seul le reste exact d'une absence peut être valorisé au centième.",
    cells="heures",
    needs="heures",
    after="LIG-08",
    fr={
        "": Words(
            "{heures} h (« {valeur} ») n'est pas un multiple de {pas_heures} h.",
            "Corrigez les heures, par exemple {heures_en_dessous} h ou {heures_au_dessus} h.",
            "{heures_en_dessous} h ou {heures_au_dessus} h",
        ),
        "deux": Words(
            "« {valeur} » a été lu {heures} h, qui n'est pas un multiple de {pas_heures} h (deux lectures possibles : {heures_detail}).",
            "Écrivez les heures en décimal (3,5) ou en heures et minutes (3h30) pour qu'il n'y ait qu'une lecture.",
            "un multiple de {pas_heures} h",
        ),
    },
    en={
        "": Words(
            "{heures} h (“{valeur}”) is not a multiple of {pas_heures} h.",
            "Correct the hours, for instance {heures_en_dessous} h or {heures_au_dessus} h.",
            "{heures_en_dessous} h or {heures_au_dessus} h",
        ),
        "deux": Words(
            "“{valeur}” was read as {heures} h, which is not a multiple of {pas_heures} h (two readings: {heures_detail}).",
            "Write hours as decimals (3,5) or as hours and minutes (3h30) so that there is one reading only.",
            "a multiple of {pas_heures} h",
        ),
    },
    facts=_step_facts,
)
def hours_are_a_multiple_of_the_step(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Sign-in sheets count in quarters of an hour; what remains of an absence may be turned to the last hundredth."""
    all_that_remains = (lines["nature"] == ABSENCES) & (lines["heures"] == lines["heures_non_financables"]).fillna(
        False
    )
    return (lines["heures"] % lines["pas_heures"] == 0) | all_that_remains


@rule(
    "LIG-10",
    brief=("motif inconnu", "motif unknown"),
    why="France Travail finance une absence d'après une liste de motifs.",
    cells="motif",
    needs="motif",
    nature=ABSENCES,
    fr={
        "": Words(
            "Le motif « {valeur} » n'est pas dans la liste.",
            "Choisissez un des motifs attendus, d'après la pièce que vous avez.",
            "{motifs_financables}",
        ),
        "dates": Words(
            "Le motif « {valeur} » n'a pas cours à la date de cette absence (il a cours {motif_validite}).",
            "Choisissez un des motifs attendus, d'après la pièce que vous avez.",
            "{motifs_financables}",
        ),
    },
    en={
        "": Words(
            "The reason “{valeur}” is not on the list.",
            "Choose one of the expected reasons, as the document says.",
            "{motifs_financables}",
        ),
        "dates": Words(
            "The reason “{valeur}” is not valid on the date of this absence (it is valid {motif_validite}).",
            "Choose one of the expected reasons, as the document says.",
            "{motifs_financables}",
        ),
    },
    facts=lambda frame, failing: pd.DataFrame(
        {"variante": failing["motif_code"].isna().map({True: "", False: "dates"})}
    ),
)
def reason_is_known(lines: pd.DataFrame) -> "pd.Series[bool]":
    """France Travail reimburses against a list of reasons."""
    return lines["motif_code"].notna() & lines["motif_en_cours"].fillna(False)


@rule(
    "LIG-11",
    brief=("motif non finançable", "motif not finançable"),
    why="Compléter une absence pour un motif qui n'est pas financé userait sa seule chance.",
    cells="motif",
    needs="motif motif_code",
    nature=ABSENCES,
    after="LIG-10",
    fr=Words(
        "Le motif « {valeur} » ne rend pas une absence finançable.",
        "Si la pièce prouve un autre motif, choisissez-le ; sinon, supprimez la ligne.",
        "{motifs_financables}",
    ),
    en=Words(
        "The reason “{valeur}” does not make an absence payable.",
        "If the document proves another reason, choose it; otherwise delete the line.",
        "{motifs_financables}",
    ),
)
def reason_makes_the_absence_payable(lines: pd.DataFrame) -> "pd.Series[bool]":
    """Completing an absence for a reason that is not paid would use up its one chance."""
    return lines["motif_financable"]


@rule(
    "LIG-12",
    brief=("numéro de sécurité sociale", "social security number"),
    why="Le numéro de sécurité sociale ne peut servir qu'à des usages fixés par décret ; celui-ci n'en est pas un.",
    over=OBSERVATIONS,
    fr=Words(
        "La cellule « {titre} » contient un numéro de sécurité sociale : cette donnée personnelle n'a pas sa place ici.",
        "Supprimez ce numéro ; pour désigner le stagiaire, son identifiant DE suffit.",
        "aucun numéro de sécurité sociale",
    ),
    en=Words(
        "The cell “{titre}” holds a social security number: this personal data must not be here.",
        "Delete that number; the trainee's identifier DE is enough.",
        "no social security number",
    ),
)
def cells_hold_no_social_security_number(observations: pd.DataFrame) -> "pd.Series[bool]":
    """The NIR may be used for a few purposes named by decree; this is none of them."""
    return observations["etat"] != Noticed.NIR


@rule(
    "LIG-13",
    brief=("texte trop long ou caractères interdits", "text too long or with control characters"),
    why="Ce qui ne peut pas être saisi dans Kairos ne doit pas y être porté.",
    over=OBSERVATIONS,
    fr={
        Noticed.TEXT_TOO_LONG: Words(
            "Le texte de la cellule « {titre} » est trop long.",
            "Raccourcissez-le.",
            "{maximum} caractères au plus",
        ),
        Noticed.CHARACTER_FORBIDDEN: Words(
            "Le texte de la cellule « {titre} » contient des caractères invisibles qui ne peuvent pas être repris.",
            "Tapez-le de nouveau au clavier, sans copier-coller.",
            "un texte sans caractère de contrôle",
        ),
    },
    en={
        Noticed.TEXT_TOO_LONG: Words(
            "The text of the cell “{titre}” is too long.", "Shorten it.", "at most {maximum} characters"
        ),
        Noticed.CHARACTER_FORBIDDEN: Words(
            "The text of the cell “{titre}” holds invisible characters that cannot be carried over.",
            "Type it again by hand, without copy and paste.",
            "a text without control characters",
        ),
    },
    facts=lambda frame, failing: pd.DataFrame(
        {
            "variante": failing["etat"],
            "maximum": failing["champ"].map({name: str(field.max_length) for name, field in FIELDS.items()}),
        }
    ),
)
def texts_are_short_and_plain(observations: pd.DataFrame) -> "pd.Series[bool]":
    """What cannot be typed into Kairos must not be carried to it."""
    return ~observations["etat"].isin([Noticed.TEXT_TOO_LONG, Noticed.CHARACTER_FORBIDDEN])


@rule(
    "LIG-14",
    brief=("ni oui ni non", "neither oui nor non"),
    why="« Reliquat abandonné » renonce à des heures pour toujours : personne ne le devine.",
    over=OBSERVATIONS,
    fr=Words("« {valeur} » n'est ni oui ni non.", "Écrivez oui ou non dans « {titre} ».", "oui ou non"),
    en=Words("“{valeur}” is neither yes nor no.", "Write oui or non in “{titre}”.", "oui or non"),
)
def yes_or_no_can_be_read(observations: pd.DataFrame) -> "pd.Series[bool]":
    """« Reliquat abandonné » gives hours up for good: nobody guesses it."""
    return observations["etat"] != Noticed.YES_NO_UNREADABLE
