"""A line, an observation and a deposit that no rule has anything against; a test changes what it is about."""

from typing import Any

import pandas as pd

from pipeline.judging import findings
from schemas.fields import FIELDS
from schemas.rules import CATALOGUE

_DTYPES = {
    **dict.fromkeys(
        "heures heures_non_financables heures_prevues heures_reste heures_emises prise_heures pas_heures abimes depot".split(),
        "Int64",
    ),
    **dict.fromkeys(
        "date_debut date_fin date_fin_lue date_justificatif date_run ouverture periode_debut periode_fin absence_debut "
        "absence_fin emises_le prise_le".split(),
        "datetime64[s]",
    ),
    **dict.fromkeys(
        "reliquat_abandonne motif_financable motif_en_cours de_connu sequence_connue deja_complementee".split(),
        "boolean",
    ),
    **dict.fromkeys("dsf_connue dsf_changee pif_change deja_prise pif_du_deposant saine".split(), "bool"),
    "ligne": "int64",
}

SIRET = "73282932000074"
OTHER = "55210055400013"

_COMMON: dict[str, Any] = {
    "depot": 0,
    "siret": SIRET,
    "pour_le_compte_de": None,
    "feuille": "Feuille",
    "ligne": 5,
    "abimes": 0,
    "numero_dsf": "DSF-1",
    "identifiant_de": "1234567A",
    "nom": "Exemple",
    "prenom": "Alix",
    "code_sequence": "S1",
    "heures": 700,
    "heures_detail": "",
    "reference_justificatif": "Feuille 12",
    "commentaire": None,
    "cle_dsf": "dsf-1",
    "cle_de": "1234567a",
    "cle_sequence": "s1",
    "cle_convention": "c1",
    "cle_pif": "p1",
    "date_run": "2025-06-30",
    "pas_heures": 25,
    "dsf_connue": True,
    "dsf_changee": False,
    "pif_change": False,
    "numero_dsf_exact": "DSF-1",
    "type_session": "ESF",
    "ouverture": "2021-03-01",
    "statut": "Validée par France Travail",
    "statut_plie": "valideeparfrancetravail",
    "nature_pliee": "intermediaire",
    "siret_titulaire": SIRET,
    "siret_dispensateur": SIRET,
    "periode_debut": "2025-01-01",
    "periode_fin": "2025-03-31",
    "de_connu": True,
    "de_nom": "EXEMPLE",
    "de_prenom": "Alix",
    "nom_lu": "Exemple Alix",
    "nom_connu": "Alix EXEMPLE",
    "sequence_connue": True,
    "sequences_du_de": None,
    "heures_prevues": 10000,
    "deja_prise": False,
    "saine": True,
}
_HOURS: dict[str, Any] = {
    "nature": "heures",
    "id_absence": None,
    "date_debut": "2025-02-03",
    "date_fin": "2025-02-04",
    "date_fin_lue": "2025-02-04",
    "motif": None,
    "motif_code": None,
    "motif_financable": None,
    "motif_en_cours": None,
    "motif_validite": None,
    "absence_dite": None,
    "motifs_financables": "MAL (Maladie)",
    "date_justificatif": None,
    "reliquat_abandonne": None,
    "cle_absence": None,
    "absence_etat": None,
    "absences_du_de": None,
    "cle_absence_trouvee": None,
    "absence_debut": None,
    "absence_fin": None,
    "heures_non_financables": None,
    "deja_complementee": None,
    "prise_complement": None,
    "prise_siret": None,
    "prise_le": None,
    "prise_heures": None,
    "emises_complement": None,
    "emises_siret": None,
    "emises_le": None,
    "heures_emises": None,
    "heures_reste": 5000,
    "pif_du_deposant": True,
    "absence_chevauchee": None,
    "emission_chevauchee": None,
}
_ABSENCE: dict[str, Any] = {
    **_HOURS,
    "nature": "absences",
    "id_absence": "A1",
    "cle_absence": "a1",
    "motif": "MAL",
    "motif_code": "MAL",
    "motif_financable": True,
    "motif_en_cours": True,
    "date_justificatif": "2025-02-10",
    "absence_etat": "trouvee",
    "cle_absence_trouvee": "a1",
    "absence_debut": "2025-02-03",
    "absence_fin": "2025-02-04",
    "heures_non_financables": 700,
    "deja_complementee": False,
}
_OBSERVATION: dict[str, Any] = {
    "format": "xlsx",
    "depot": 0,
    "ligne_id": 0,
    "etat": "",
    "feuille": "Feuille",
    "ligne": 5,
    "colonne": "F",
    "champ": "heures",
    "titre": "Heures",
    "nature": "heures",
    "valeur": "x",
    "attendu": "",
    "detail": "",
    "precision": "",
}


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    data = pd.DataFrame(list(rows))
    return data.astype({name: _DTYPES.get(name, "str") for name in data.columns})


def hours(*changes: dict[str, Any]) -> pd.DataFrame:
    return frame(*({**_COMMON, **_HOURS, "ligne": 5 + n, **change} for n, change in enumerate(changes or ({},))))


def absences(*changes: dict[str, Any]) -> pd.DataFrame:
    return frame(*({**_COMMON, **_ABSENCE, "ligne": 5 + n, **change} for n, change in enumerate(changes or ({},))))


def observed(etat: str, **changes: Any) -> pd.DataFrame:
    data = pd.DataFrame([{**_OBSERVATION, "etat": etat, **changes}])
    return data.astype({n: "int64" if n in ("depot", "ligne_id", "ligne") else "str" for n in data.columns})


def deposit(**changes: str) -> pd.DataFrame:
    row = {"siret": SIRET, "dispensateurs_tiers": "", "meme_contenu_depot": "", "meme_contenu_date": "", **changes}
    return pd.DataFrame([row]).astype("str")


def fires(code: str, data: pd.DataFrame) -> list[int]:
    """The rows of ``data`` on which the rule ``code`` is broken, after the silence of the rules before it."""
    rule = CATALOGUE[code]
    rows = findings.silenced(findings.broken(CATALOGUE.over(rule.over), data), {})
    hits = [rows[key] for key in rows if key[0] == code]
    return sorted({int(i) for hit in hits for i in data.index[hit]})


def bit(field: str) -> int:
    return FIELDS[field].bit
