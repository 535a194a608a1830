"""Blocks 1 to 4: convention, organisme de formation, demande de service fait complémentaire, whom to tick."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.documents.clerk import styles
from pipeline.documents.clerk.rows import (
    FRENCH,
    ZERO,
    entry_count,
    every_absence,
    full_name,
    full_width,
    labelled,
    section,
    table_headings,
    two_labelled,
)
from pipeline.documents.clerk.sheet import BLANK, BOX, PrintedRow, Span, readable, row
from pipeline.documents.wording import french, siret_text
from pipeline.judging.earlier import Earlier

_SESSIONS = {"ESP": "ESP, entrées et sorties permanentes", "ESF": "ESF, entrées et sorties fixes"}


def front(payload: Mapping[str, Any], earlier: Earlier) -> Iterator[PrintedRow]:
    """Blocks 1 to 3: what the clerk looks up before typing, and how much there is to type."""
    yield full_width(
        "À saisir dans Kairos, dans l'ordre des écrans. Cochez chaque case dès que la saisie est faite.", styles.NOTE
    )
    yield from section("1. Convention")
    yield labelled("Numéro de convention", payload["convention"]["numero"], strong=True)
    yield labelled("Intitulé", payload["convention"]["intitule"])
    yield from section("2. Organisme de formation")
    bodies = payload["organismes"]
    yield labelled("Titulaire", _body(bodies["titulaire"]))
    yield labelled("Dispensateur", _body(bodies["dispensateur"]))
    yield labelled("Déclarant", _declarant(payload["declarant"]))
    yield from section("3. Demande de service fait complémentaire")
    yield from _request(payload, earlier)
    yield from _lost(payload)


def _request(payload: Mapping[str, Any], earlier: Earlier) -> Iterator[PrintedRow]:
    """The DSF initiale, what was completed on it before, the file received, and the sums."""
    initial, deposit, totals = payload["dsf_initiale"], payload["depot"], payload["totaux"]
    yield labelled("DSF initiale", initial["numero"], strong=True)
    yield from _earlier(earlier)
    yield labelled("Session", _SESSIONS.get(initial["type_session"], initial["type_session"]))
    start, end = (FRENCH.day(initial[name]) for name in ("periode_debut", "periode_fin"))
    yield labelled("Période", f"du {start} au {end}")
    if initial["date_validation"]:
        yield labelled("Validée le", FRENCH.day(initial["date_validation"]))
    yield labelled("Fichier reçu", f"{deposit['fichier']} (dépôt {deposit['numero']})")
    added, turned = (f"{FRENCH.hours(totals[name])} h" for name in ("heures_complementaires", "heures_valorisees"))
    yield two_labelled(("Heures à ajouter", added), ("Demandeurs à cocher", str(totals["demandeurs"])))
    yield two_labelled(("Heures à rendre finançables", turned), ("Saisies à faire", str(entry_count(payload))))


def _earlier(earlier: Earlier) -> Iterator[PrintedRow]:
    """The complements before this one: what they added is counted apart, and Kairos shows it once they are typed."""
    if earlier.numbers:
        numbers = FRENCH.listing(earlier.numbers)
        yield labelled("Compléments précédents", f"{numbers}. À saisir avant celui-ci, s'ils ne le sont pas encore.")
    if earlier.others:
        told = (
            "D'autres compléments de cette DSF ne sont pas de votre organisme : leurs heures ne sont pas comptées ici."
        )
        yield labelled("Autres compléments", french(told))


def _lost(payload: Mapping[str, Any]) -> Iterator[PrintedRow]:
    """A warning of the hours that partial completions leave out, before anything is typed."""
    left = [absence["heures_restantes"] for absence in every_absence(payload) if absence["heures_restantes"]]
    if not left:
        return
    lost = f"Attention : {FRENCH.hours(sum(left, ZERO))} h sont perdues définitivement."
    which = (
        "Une absence n'est rendue finançable qu'en partie"
        if len(left) == 1
        else f"{len(left)} absences ne sont rendues finançables qu'en partie"
    )
    once = "Une absence ne se complète qu'une seule fois."
    yield BLANK
    yield full_width(f"{lost} {which}, à la demande de l'organisme. {once}", styles.WARNING)


def _body(body: Mapping[str, str]) -> str:
    return f"{body['raison_sociale']} (SIRET {siret_text(body['siret'])})"


def _declarant(declarant: Mapping[str, Any]) -> str:
    who = "le titulaire" if declarant["qualite"] == "TITULAIRE" else "le dispensateur"
    other = declarant["pour_le_compte_de"]
    acting = f", pour le compte du dispensateur (SIRET {siret_text(other)})" if other else ""
    return f"{who} (SIRET {siret_text(declarant['siret'])}){acting}"


def people(payload: Mapping[str, Any]) -> Iterator[PrintedRow]:
    """Block 4: the jobseekers to tick on the screen, with the sums of each."""
    head = table_headings("Nom et prénom", "Identifiant DE", "PIF", "Heures à ajouter", "À rendre finançables")
    again = [*section("4. Demandeurs d'emploi à cocher (suite)")[1:], head]
    yield from section("4. Demandeurs d'emploi à cocher")
    yield head
    for person in payload["demandeurs"]:
        yield row(
            Span(0, 0, BOX, styles.TICK),
            Span(1, 1, full_name(person), styles.NAME),
            Span(2, 2, readable(person["identifiant_de"]), styles.ENTRY),
            Span(3, 3, readable(person["numero_pif"]), styles.ENTRY),
            Span(4, 4, person["totaux"]["heures_complementaires"], styles.NUMBER),
            Span(5, 5, person["totaux"]["heures_valorisees"], styles.NUMBER),
            again=again,
        )
    totals = payload["totaux"]
    yield row(
        Span(0, 3, "Total", styles.SUM),
        Span(4, 4, totals["heures_complementaires"], styles.SUM_NUMBER),
        Span(5, 5, totals["heures_valorisees"], styles.SUM_NUMBER),
        again=again,
    )
