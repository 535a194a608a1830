"""Complementary DSF to build on: synthetic persons only."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipeline.judging import complement

TITULAIRE = "73282932000074"
DISPENSATEUR = "35600000000048"
EMIS_LE = date(2025, 6, 2)

DSF: dict[str, Any] = {
    "numero_dsf": "DSF-2025-000123",
    "type_session": "ESP",
    "nature": "INTERMEDIAIRE",
    "statut": "Validée par France Travail",
    "numero_convention": "41C25A000123",
    "intitule": "Titre professionnel Secrétaire assistant(e) médico-social(e)",
    "siret_titulaire": TITULAIRE,
    "raison_sociale_titulaire": "Association pour la formation des adultes du Val de Loire",
    "siret_dispensateur": DISPENSATEUR,
    "raison_sociale_dispensateur": "Institut Carnot",
    "periode_debut": date(2025, 3, 1),
    "periode_fin": date(2025, 3, 31),
    "date_validation": date(2025, 4, 14),
    "date_extraction": date(2025, 6, 1),
}
DECLARANT = {"siret": TITULAIRE, "qualite": "TITULAIRE", "pour_le_compte_de": DISPENSATEUR}
DEPOT = {"numero": "2025-06-02-1a2b3c4d", "sha256": "ab" * 32, "fichier": "compléments mars.xlsx"}

PERSONS = (
    ("1234567A", "Martin", "Chloé", "PIF-77001"),
    ("02345678901", "Éluard", "Zoé", "PIF-77002"),
    ("0123456789B", "de La Tour-d'Auvergne", "Jean-Baptiste", "PIF-77003"),
)


def sequence(person: int = 0, code: str = "S01", **changes: Any) -> dict[str, Any]:
    """What a line carries of its DE and séquence."""
    identifiant, nom, prenom, pif = PERSONS[person]
    return {
        "identifiant_de": identifiant,
        "nom": nom,
        "prenom": prenom,
        "numero_pif": pif,
        "code_sequence": code,
        "libelle_sequence": {"S01": "Bureautique", "S02": "Accueil et secrétariat médical"}.get(code, "Stage"),
        "heures_prevues": 14000,
        "heures_realisees": 9825,
        "de_heures_realisees": 20000,
        "de_heures_absence_non_financables": 4000,
        "feuille": "Heures complémentaires",
        **changes,
    }


def hours(ligne: int, heures: int, jour: date = date(2025, 3, 12), **changes: Any) -> dict[str, Any]:
    """One accepted line that adds ``heures`` hundredths."""
    start = {"date_debut": jour, "date_fin": jour, "reference_justificatif": f"Feuille d'émargement n° {ligne}"}
    return {**sequence(), "nature": "heures", "heures": heures, "ligne": ligne, **start, **changes}


def absence(ligne: int, heures: int, initiales: int, **changes: Any) -> dict[str, Any]:
    """One accepted line that turns ``heures`` of ``initiales`` hundredths."""
    return {
        **sequence(),
        "nature": "absences",
        "feuille": "Absences justifiées",
        "heures": heures,
        "heures_non_financables": initiales,
        "ligne": ligne,
        "id_absence": f"ABS-{ligne:03}",
        "type_absence": "Absence injustifiée",
        "absence_debut": date(2025, 3, 17),
        "absence_fin": date(2025, 3, 18),
        "date_debut": None,
        "date_fin": None,
        "motif": "MAL",
        "reference_justificatif": f"Arrêt de travail {ligne}",
        "date_justificatif": date(2025, 3, 19),
        **changes,
    }


def lines() -> list[dict[str, Any]]:
    """Three DE, two séquences, hours and absences, one of them in part."""
    two = sequence(0, "S02", heures_realisees=2100)
    return [
        hours(5, 750),
        hours(6, 10, date(2025, 3, 3)),
        hours(7, 20, date(2025, 3, 4), date_fin=date(2025, 3, 5)),
        hours(8, 350, **{**sequence(2, "S01"), "feuille": "Heures complémentaires"}),
        absence(4, 1400, 1400),
        absence(5, 350, 700, **{**two, "feuille": "Absences justifiées"}, absence_fin=date(2025, 3, 17)),
        absence(6, 733, 733, **{**sequence(1), "feuille": "Absences justifiées"}, type_absence="Maladie", motif="ENF"),
    ]


def content(chosen: list[dict[str, Any]] | None = None, **dsf: Any) -> dict[str, Any]:
    """A whole complementary DSF over ``lines`` (those of ``lines()`` unless given)."""
    merged: Mapping[str, Any] = {**DSF, **dsf}
    numero = f"{merged['numero_dsf']}-C01"
    chosen = lines() if chosen is None else chosen
    return complement.payload(numero, merged, DECLARANT, chosen, DEPOT, EMIS_LE)
