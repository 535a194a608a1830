"""The right extract that tests of this room spoil one thing at a time."""

from tests.world.extracts import BY_ANOTHER, Tables, absence, dsf, sequence

CANARY = "Zzyzx"
"""Begins the names of the trainee: no error may show them."""


def good() -> Tables:
    """Two DSF of one convention, three séquences, two absences of 10.5 hours, one of them completed."""
    person = {"nom": f"{CANARY}nom", "prenom": f"{CANARY}prenom", "heures_realisees": "31.50"}
    extracted = {"date_extraction": "2025-06-30", **BY_ANOTHER}
    return {
        "dsf": [
            dsf("DSF-2", type_session="ESP", **extracted),
            dsf(type_session="esf", nature="INTERMEDIAIRE", **extracted),
        ],
        "sequences": [
            sequence("DSF-2", **person),
            sequence(**person, heures_absence_non_financables="10.5"),
            sequence(**person, code_sequence="S2", heures_absence_non_financables="0.00"),
        ],
        "absences": [absence(), absence(id_absence="A2", heures_non_financables="3.5", deja_complementee="oui")],
    }
