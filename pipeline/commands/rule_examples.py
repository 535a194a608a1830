"""What `dsf rules CODE` puts in the places of a rule's words: made-up values, the same names as in the words."""

from collections.abc import Mapping

from pipeline.bilingual import Text


def _hours(text: str) -> Text:
    return Text(text, text.replace(",", "."))


_SHEET = "Heures complémentaires"

EXAMPLES: Mapping[str, str] = {
    "absence_chevauchee": Text(
        "absence A17, du 03/02/2025 au 04/02/2025", "absence A17, from 03/02/2025 to 04/02/2025"
    ),
    "absence_dite": Text("du 03/02/2025 au 04/02/2025", "03/02/2025 to 04/02/2025"),
    "absences_du_de": Text(
        "A17 (du 03/02/2025 au 04/02/2025), A18 (du 10/02/2025 au 10/02/2025)",
        "A17 (from 03/02/2025 to 04/02/2025), A18 (from 10/02/2025 to 10/02/2025)",
    ),
    "attendu": Text("le modèle", "the template"),
    "autres_lignes": "14",
    "colonne": "H",
    "date_debut": "10/02/2025",
    "date_fin": "07/02/2025",
    "date_run": "30/06/2025",
    "detail": Text("c'est un document PDF", "it is a PDF document"),
    "des": "12/08/2025",
    "dispensateurs_tiers": "552 100 554 00017",
    "emises_complement": "2504000412-C01",
    "emises_le": "30/06/2025",
    "emission_chevauchee": Text(" : du 10/02/2025 au 11/02/2025", ": from 10/02/2025 to 11/02/2025"),
    "feuille": _SHEET,
    "heures": _hours("12,50"),
    "heures_au_dessus": _hours("7,50"),
    "heures_demandees": _hours("12,50"),
    "heures_detail": Text("7 h 20 min, ou 7,20 h", "7 h 20 min, or 7.20 h"),
    "heures_emises": _hours("7,00"),
    "heures_en_dessous": _hours("7,25"),
    "heures_maximum": _hours("10,00"),
    "heures_non_financables": _hours("14,00"),
    "heures_perdues": _hours("1,50"),
    "heures_reste_dit": _hours("8,00"),
    "id_absence": "A17",
    "jours": "1",
    "lieu": Text(f"feuille « {_SHEET} »", f"sheet “{_SHEET}”"),
    "ligne": "12",
    "longueur": "7",
    "maximum": "200",
    "meme_contenu_date": "23/06/2025",
    "meme_contenu_depot": "2025-06-23-1a2b3c4d",
    "motif_validite": Text("du 01/01/2024 au 31/12/2024", "from 01/01/2024 to 31/12/2024"),
    "motifs_financables": Text(
        "MAL (maladie), AT (accident), CONV (convocation)…", "MAL (maladie), AT (accident), CONV (convocation)…"
    ),
    "nom_connu": "DURAND Camille",
    "nom_lu": "DUPONT Camille",
    "numero_dsf_exact": "2504000412",
    "ouverture": "22/11/2021",
    "pas_heures": _hours("0,25"),
    "periode_debut": "01/01/2025",
    "periode_fin": "31/03/2025",
    "pour_le_compte_de": "552 100 554 00017",
    "prise_complement": "2504000412-C01",
    "prise_heures": _hours("14,00"),
    "prise_le": "30/06/2025",
    "sequences_du_de": "S1, S2, S4",
    "siret": "732 829 320 00074",
    "siret_dispensateur": "404 833 048 00022",
    "statut": "En cours de validation",
    "titre": Text("Date début", "Date début"),
    "type_session": "ESP",
    "valeur": "S9",
}
"""For every rule."""

OF_RULE: Mapping[str, Mapping[str, str]] = {
    "FIC-01": {"detail": Text("ses données ne sont pas celles d'un tableau", "its data are not those of a table")},
    "FIC-01/document": {"detail": Text("c'est un document PDF", "it is a PDF document")},
    "FIC-01/ligne": {"detail": Text("un guillemet ligne 12 n'est jamais refermé", "a quote on row 12 is never closed")},
    "FIC-01/archive": {"detail": Text("c'est une archive zip", "it is a zip archive")},
    "FIC-01/numbers": {"detail": Text("c'est un document Numbers", "it is a Numbers document")},
    "FIC-03": {"valeur": "620", "attendu": "500", "colonne": "WXM"},
    "FIC-03/octets": {"valeur": "31000000", "attendu": "25000000"},
    "FIC-03/octets_decompresses": {"attendu": "400000000"},
    "FIC-03/lignes": {"attendu": "200000"},
    "FIC-03/lignes@feuille": {"attendu": "200000"},
    "FIC-03/feuilles": {"valeur": "62", "attendu": "50"},
    "FIC-03/secondes": {"attendu": "120"},
    "FIC-05": {"attendu": "Code séquence", "detail": "Séq."},
    "FIC-06": {"attendu": "Heures", "detail": "« Heures » (H) / « Nb heures » (K)"},
    "FIC-08": {"valeur": "78549923700184", "attendu": "73282932000074"},
    "FIC-09": {
        "detail": "Pour le compte de",
        "valeur": "7854992370018",
        "attendu": Text("un SIRET de 14 chiffres", "a SIRET of 14 digits"),
    },
    "LIG-02": {"valeur": "#REF!"},
    "LIG-02/affiche_autrement": {"valeur": "1234567"},
    "LIG-02/contradictoire": {"valeur": "S1 / S2"},
    "LIG-03": {"valeur": "12345AB"},
    "LIG-03/zero": {"valeur": "1234567", "longueur": "7"},
    "LIG-04": {"valeur": "printemps"},
    "LIG-04/detail": {"valeur": "3/5/25", "detail": "03/05/2025"},
    "LIG-04/annee": {"valeur": "03/05/25", "detail": "03/05/2025"},
    "LIG-04/jour": {
        "valeur": "30/02/2025",
        "mois_fr": "février",
        "mois_en": "February",
        "annee_dite": "2025",
        "jours_du_mois": "28",
    },
    "LIG-06": {"valeur": "12/08/2025"},
    "LIG-07": {"valeur": "sept", "detail": Text("ce n'est pas un nombre", "it is not a number")},
    "LIG-08": {"heures": _hours("0,00")},
    "LIG-09": {"heures": _hours("7,33"), "valeur": "7h20"},
    "LIG-09/deux": {"valeur": "7.20", "heures": _hours("7,20")},
    "LIG-10": {"valeur": "VAC"},
    "LIG-11": {"valeur": "INJ"},
    "LIG-14": {"valeur": "peut-être"},
    "REF-01": {"valeur": "2504009999"},
    "REF-06": {"valeur": "7654321B"},
    "REF-08": {"valeur": "02/04/2025"},
    "REF-11": {"heures": _hours("15,50")},
    "AVT-05": {"valeur": _hours("7,50")},
    "AVT-05/colonne_ignoree": {"valeur": "Salle"},
    "AVT-05/encodage": {"valeur": "cp1252"},
    "AVT-05/lecture": {"detail": Text("La date a été lue d'un texte", "The date was read from a text")},
}
"""In place of those, for one rule, or for one of its wordings: ``CODE/variant``."""
