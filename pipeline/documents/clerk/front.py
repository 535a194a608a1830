"""Blocks 1 to 4: convention, organisme de formation, demande de service fait complémentaire, whom to tick."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline.documents.clerk import sheet
from pipeline.documents.clerk.rows import (
    ZERO,
    day_text,
    entry_count,
    every_absence,
    full_name,
    heads,
    hours_text,
    pair,
    pairs,
    section,
    siret_text,
    wide,
)
from pipeline.documents.clerk.sheet import BOX, Part, Row, readable, row


def front(payload: Mapping[str, Any]) -> Iterator[Row]:
    yield wide(
        "À saisir dans Kairos, dans l'ordre des écrans. Cochez chaque case dès que la saisie est faite.", sheet.NOTE
    )
    yield from section("1. Convention")
    yield pair("Numéro de convention", payload["convention"]["numero"], strong=True)
    yield pair("Intitulé", payload["convention"]["intitule"])
    yield from section("2. Organisme de formation")
    bodies = payload["organismes"]
    yield pair("Titulaire", _body(bodies["titulaire"]))
    yield pair("Dispensateur", _body(bodies["dispensateur"]))
    yield pair("Déclarant", _declarant(payload["declarant"]))
    yield from section("3. Demande de service fait complémentaire")
    initial = payload["dsf_initiale"]
    yield pair("DSF initiale", initial["numero"], strong=True)
    yield pair("Session", _session(initial["type_session"]))
    yield pair("Période", f"du {day_text(initial['periode_debut'])} au {day_text(initial['periode_fin'])}")
    if initial["date_validation"]:
        yield pair("Validée le", day_text(initial["date_validation"]))
    totals = payload["totaux"]
    yield pair("Fichier reçu", f"{payload['depot']['fichier']} (dépôt {payload['depot']['numero']})")
    added, turned = (f"{hours_text(totals[name])} h" for name in ("heures_complementaires", "heures_valorisees"))
    yield pairs(("Heures à ajouter", added), ("Demandeurs à cocher", str(totals["demandeurs"])))
    yield pairs(("Heures à rendre finançables", turned), ("Saisies à faire", str(entry_count(payload))))
    yield from _lost(payload)


def _lost(payload: Mapping[str, Any]) -> Iterator[Row]:
    """What partial completions leave out, said before anything is typed."""
    left = [absence["heures_restantes"] for absence in every_absence(payload) if absence["heures_restantes"]]
    if not left:
        return
    sure = "Une absence ne se complète qu'une seule fois."
    which = (
        "Une absence n'est rendue finançable qu'en partie"
        if len(left) == 1
        else f"{len(left)} absences ne sont rendues finançables qu'en partie"
    )
    told = f"Attention : {hours_text(sum(left, ZERO))} h sont perdues définitivement."
    yield sheet.BLANK
    yield wide(f"{told} {which}, à la demande de l'organisme. {sure}", sheet.WARNING)


def _session(code: str) -> str:
    names = {"ESP": "ESP, entrées et sorties permanentes", "ESF": "ESF, entrées et sorties fixes"}
    return names.get(code, code)


def _body(body: Mapping[str, str]) -> str:
    return f"{body['raison_sociale']} (SIRET {siret_text(body['siret'])})"


def _declarant(declarant: Mapping[str, Any]) -> str:
    who = "le titulaire" if declarant["qualite"] == "TITULAIRE" else "le dispensateur"
    other = declarant["pour_le_compte_de"]
    acting = f", pour le compte du dispensateur (SIRET {siret_text(other)})" if other else ""
    return f"{who} (SIRET {siret_text(declarant['siret'])}){acting}"


def people(payload: Mapping[str, Any]) -> Iterator[Row]:
    head = heads("Nom et prénom", "Identifiant DE", "PIF", "Heures à ajouter", "À rendre finançables")
    again = section("4. Demandeurs d'emploi à cocher (suite)")[1:]
    yield from section("4. Demandeurs d'emploi à cocher")
    yield head
    for demandeur in payload["demandeurs"]:
        totals = demandeur["totaux"]
        yield row(
            Part(0, 0, BOX, sheet.TICK),
            Part(1, 1, full_name(demandeur), replace(sheet.ENTRY, bold=True)),
            Part(2, 2, readable(demandeur["identifiant_de"]), sheet.ENTRY),
            Part(3, 3, readable(demandeur["numero_pif"]), sheet.ENTRY),
            Part(4, 4, totals["heures_complementaires"], sheet.NUMBER),
            Part(5, 5, totals["heures_valorisees"], sheet.NUMBER),
            again=(*again, head),
        )
    totals = payload["totaux"]
    yield row(
        Part(0, 3, "Total", sheet.SUM),
        Part(4, 4, totals["heures_complementaires"], sheet.SUM_NUMBER),
        Part(5, 5, totals["heures_valorisees"], sheet.SUM_NUMBER),
        again=(*again, head),
    )
