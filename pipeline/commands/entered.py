"""`dsf entered`: a complement has been typed into Kairos."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pipeline import ledger
from pipeline.bilingual import Text
from pipeline.commands.console import plain
from pipeline.errors import Halt, StateHalt
from pipeline.intake.entered import fault
from pipeline.ledger import Followed
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from schemas.folding import tidy

_WRONG = Text("{numero} : {why}. Rien n'est noté.", "{numero}: {why}. Nothing is noted.")


class NotTyped(Halt):
    """A date or a number that cannot be: a slip of whoever typed the command."""

    exit_code = 2


def enter(workspace: Workspace, settings: Settings, numero: str, kairos: str, day: date) -> dict[str, Any]:
    """Note that ``numero`` was typed on ``day`` under Kairos' number ``kairos`` ("" where it is not known); what that changed.

    Raises ``StateHalt`` for a number that was never issued, ``NotTyped`` for a day before it was or after today.
    """
    kairos = tidy(kairos)
    with ledger.open(workspace, settings) as book:
        before = book.follow(numero)
        if before is None:
            raise StateHalt(ledger.UNKNOWN.fill(numero=plain(numero)))
        if why := fault(before, kairos, day, date.today()):
            raise NotTyped(_WRONG.fill(numero=before.numero, why=why))
        new = book.enter(before.numero, kairos=kairos, day=day)
        now = book.follow(numero)
    state = "connue" if not new else "corrigee" if before.saisie_le else "notee"
    return {
        "numero": before.numero,
        "siret": before.siret,
        "emis_le": before.emis_le.isoformat(),
        "etat": state,
        **_word(now),
        "avant": _word(before) if before.saisie_le else None,
    }


def _word(one: Followed | None) -> dict[str, str]:
    if one is None or one.saisie_le is None:
        return {"date_saisie": "", "numero_kairos": ""}
    return {"date_saisie": one.saisie_le.isoformat(), "numero_kairos": one.numero_kairos}


_SENTENCES = {
    "connue": Text(
        "{numero} : déjà notée comme saisie dans Kairos {word}.", "{numero}: noted already as typed into Kairos {word}."
    ),
    "corrigee": Text(
        "{numero} : corrigé, saisie dans Kairos {word} ; on avait noté {before}.",
        "{numero}: corrected, typed into Kairos {word}; what was noted before: {before}.",
    ),
    "notee": Text("{numero} : notée comme saisie dans Kairos {word}.", "{numero}: noted as typed into Kairos {word}."),
}
_UNDER = Text("le {day} sous le numéro {kairos}", "on {day} under number {kairos}")
_WITHOUT = Text("le {day}, sans numéro", "on {day}, without a number")


def lines(done: Mapping[str, Any]) -> Iterator[str]:
    """One sentence: noted, known already, or corrected."""
    before = _said(done["avant"]) if done["avant"] else ""
    yield _SENTENCES[done["etat"]].fill(numero=plain(done["numero"]), word=_said(done), before=before)


def _said(word: Mapping[str, str]) -> Text:
    day = f"{date.fromisoformat(word['date_saisie']):%d/%m/%Y}"
    return (_UNDER if word["numero_kairos"] else _WITHOUT).fill(day=day, kairos=plain(word["numero_kairos"]))
