"""Where an invented organisation stands, in every case its page knows."""

from collections import Counter
from datetime import date
from typing import Any

from pipeline.documents.organisation import Standing
from pipeline.documents.organisation.standing import OpenDeposit, PastDeposit
from pipeline.ledger import Followed
from pipeline.ledger.records import Counts

SIRET = "12345678200010"
HOSTILE = '<script>alert("x")</script> \u202emars.xlsx'


def followed(rank: int, **changes: Any) -> Followed:
    base: dict[str, Any] = {
        "seq": rank,
        "numero": f"41C0000123/{rank}-C01",
        "cle_dsf": "41c0000123",
        "siret": SIRET,
        "depot": "2025-04-02-3fa9c1d2",
        "emis_le": date(2025, 4, 2),
        "extrait_du": date(2025, 3, 31),
        "numero_kairos": "",
        "saisie_le": None,
        "vue_le": None,
    }
    return Followed(**(base | changes))


def full(*, hostile: bool = True) -> Standing:
    """Files to correct, refused, waiting; complements to type and typed; more deposits than are listed."""
    name = HOSTILE if hostile else "absences mars 2025.xlsx"
    some = (
        OpenDeposit("2025-04-02-3fa9c1d2", name, "2025-04-02", Counter(corriger=1, retirer=2, retenue=17)),
        OpenDeposit("2025-04-03-aaaaaaaa", "illisible.pdf", "2025-04-03", Counter(refuse=1)),
        OpenDeposit(
            "2025-04-04-bbbbbbbb", "avril.ods", "2025-04-04", Counter(attendre=3, retenue=4), Counter({"REF-02": 3})
        ),
    )
    complements = (followed(1), followed(2), followed(3, saisie_le=date(2025, 4, 9), numero_kairos="K-77"))
    past = tuple(
        PastDeposit(f"2025-04-02-{n:08x}", f"fichier {n}.xlsx", "2025-04-02", state, Counts(n, 1), later)
        for n, (state, later) in enumerate(
            [("accepte", ""), ("partiel", "2025-04-02-00000000"), ("rejete", ""), ("refuse", "")]
        )
    )
    return Standing(SIRET, "Centre de formation des Trois Rivières", some, complements, 12, past, 240)


def nothing() -> Standing:
    """Nothing open, nothing to type."""
    return Standing(SIRET, "", (), (), 0, (), 0)
