"""Blocks 1 to 4: convention, organisme de formation, demande de service fait complémentaire, whom to tick."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.documents.clerk import styles
from pipeline.documents.clerk.rows import (
    FRENCH,
    ZERO,
    entry_count,
    full_name,
    full_width,
    hours,
    labelled,
    period,
    section,
    sentence,
    to_fill,
    two_labelled,
)
from pipeline.documents.clerk.sheet import BLANK, BOX, PrintedRow, Span, readable, row
from pipeline.documents.wording import siret_text
from pipeline.judging.earlier import Earlier, Issued

_NAMED = 8  # absences that lose hours
_SESSIONS = {"ESP": "ESP, entrées et sorties permanentes", "ESF": "ESF, entrées et sorties fixes"}


def front(payload: Mapping[str, Any], earlier: Earlier) -> Iterator[PrintedRow]:
    """Blocks 1 to 3: what the clerk looks up before typing, and how much there is to type."""
    yield full_width(
        sentence("À saisir dans Kairos, dans l'ordre des écrans. Cochez chaque case dès que la saisie est faite."),
        styles.NOTE,
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
    yield labelled("Dans Kairos", sentence("ouvrez cette DSF, puis cliquez sur « Compléter »."))
    yield to_fill("N° attribué par Kairos")
    yield from _earlier(earlier)
    yield labelled("Session", _SESSIONS.get(initial["type_session"], initial["type_session"]))
    start, end = (FRENCH.day(initial[name]) for name in ("periode_debut", "periode_fin"))
    yield labelled("Période", f"du {start} au {end}")
    if initial["date_validation"]:
        yield labelled("Validée le", FRENCH.day(initial["date_validation"]))
    yield labelled("Fichier reçu", f"{deposit['fichier']} (dépôt {deposit['numero']})")
    added, turned = (hours(totals[name]) for name in ("heures_complementaires", "heures_valorisees"))
    yield two_labelled(("Heures à ajouter", added), ("Demandeurs à cocher", str(totals["demandeurs"])))
    yield two_labelled(("Heures à rendre finançables", turned), ("Saisies à faire", str(entry_count(payload))))


def _earlier(earlier: Earlier) -> Iterator[PrintedRow]:
    """The complements before this one, with what they added: it is counted apart, and Kairos shows it once they are typed."""
    if earlier.own:
        yield labelled("Compléments précédents", sentence("à saisir avant celui-ci, s'ils ne le sont pas encore :"))
    for one in earlier.own:
        yield labelled("", sentence("{numero}, émis le {jour} : {quoi}", **_issued(one)))
    if earlier.others:
        told = (
            "d'autres compléments de cette DSF ne sont pas de votre organisme ; leurs heures ne sont pas comptées ici."
        )
        yield labelled("Autres compléments", sentence(told))


def _issued(one: Issued) -> dict[str, str]:
    """An earlier complement of the organisation's own, in words."""
    parts = [(one.heures, "ajoutées"), (one.valorisees, "rendues finançables")]
    what = FRENCH.listing([f"{hours(amount)} {verb}" for amount, verb in parts if amount])
    return {"numero": one.numero, "jour": FRENCH.day(one.emis_le), "quoi": what}


def _lost(payload: Mapping[str, Any]) -> Iterator[PrintedRow]:
    """A warning of the hours that partial completions leave out, and of which absences, before anything is typed."""
    losing = [
        (person, sequence, absence)
        for person in payload["demandeurs"]
        for sequence in person["sequences"]
        for absence in sequence["absences"]
        if absence["heures_restantes"]
    ]
    if not losing:
        return
    total = hours(sum((absence["heures_restantes"] for _, _, absence in losing), ZERO))
    yield BLANK
    yield full_width(
        sentence(
            "Attention : {heures} sont perdues définitivement, à la demande de l'organisme. "
            "Une absence ne se complète qu'une seule fois.",
            heures=total,
        ),
        styles.WARNING,
        glued=True,
    )
    named = losing if len(losing) <= _NAMED else losing[: _NAMED - 1]
    more = len(losing) - len(named)
    for number, one in enumerate(named, 1):
        yield full_width(_losing(*one), styles.WARNED, glued=bool(more) and number == len(named))
    if more:
        yield full_width(sentence("et {n} autres absences, signalées au point 5.", n=str(more)), styles.WARNED)


def _losing(person: Mapping[str, Any], sequence: Mapping[str, Any], absence: Mapping[str, Any]) -> str:
    """Which absence loses how many hours."""
    return sentence(
        "{nom} · séquence {code} · absence {id}, {dates} : {heures} perdues sur {toutes}",
        nom=full_name(person),
        code=sequence["code"],
        id=absence["id_absence"],
        dates=period(absence["date_debut"], absence["date_fin"]),
        heures=hours(absence["heures_restantes"]),
        toutes=hours(absence["heures_non_financables_initiales"]),
    )


def _body(body: Mapping[str, str]) -> str:
    return f"{body['raison_sociale']} (SIRET {siret_text(body['siret'])})"


def _declarant(declarant: Mapping[str, Any]) -> str:
    who = "le titulaire" if declarant["qualite"] == "TITULAIRE" else "le dispensateur"
    other = declarant["pour_le_compte_de"]
    acting = f", pour le compte du dispensateur (SIRET {siret_text(other)})" if other else ""
    return f"{who} (SIRET {siret_text(declarant['siret'])}){acting}"


def people(payload: Mapping[str, Any]) -> Iterator[PrintedRow]:
    """Block 4: the jobseekers to tick on the screen, with the sums of each."""
    head = row(
        Span(0, 1, "Nom et prénom", styles.HEAD_FIRST),
        Span(2, 3, "Identifiant DE · PIF", styles.HEAD),
        Span(4, 4, "Heures à ajouter", styles.HEAD_NUMBER),
        Span(5, 5, "À rendre finançables", styles.HEAD_NUMBER),
        glued=True,
    )
    again = [*section(sentence("4. Demandeurs d'emploi à cocher (suite)"))[1:], head]
    yield from section(sentence("4. Demandeurs d'emploi à cocher"))
    told = "Cochez ces demandeurs d'emploi, et eux seuls, puis cliquez sur « Saisie complémentaire »."
    yield full_width(sentence(told), styles.NOTE, glued=True)
    yield head
    for person in payload["demandeurs"]:
        yield row(
            Span(0, 0, BOX, styles.TICK),
            Span(1, 1, full_name(person), styles.NAME),
            Span(2, 3, readable(f"{person['identifiant_de']} · {person['numero_pif']}"), styles.ENTRY),
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
