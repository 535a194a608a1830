"""What `dsf status` and `dsf run` say of complements after they have left: counts, and what somebody has to do."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from pipeline.commands.console import SHOWN, plain
from pipeline.judging.follow_up import FollowUp

MEND = "ajoutez une correspondance, ou chargez un extrait plus récent"


def follow_up_lines(suivi: FollowUp) -> Iterator[str]:
    """The counts, then each list of ``suivi`` as JSON has it: at most ``SHOWN`` rows, the rest counted."""
    counts = suivi["comptes"]
    if any(counts.values()):
        yield (
            f"Après l'émission : {counts['emises']} complément(s) à saisir dans Kairos, "
            f"{counts['saisies']} saisi(s) et pas encore vu(s), {counts['vues']} vu(s) dans un extrait"
        )
    yield from _rows("à saisir", suivi["a_saisir"], _issued)
    yield from _rows("saisi, pas vu", suivi["a_voir"], _typed)
    yield from _rows("introuvable", suivi["introuvables"], _missed)
    yield from _rows("à redéposer", suivi["debloques"], _lifted)


def _rows(what: str, listed: Mapping[str, Any], say: Callable[[Mapping[str, Any]], str]) -> Iterator[str]:
    rows = listed["lignes"][:SHOWN]
    for row in rows:
        yield f"  {what} : {plain(say(row))}"
    if listed["total"] > len(rows):
        yield f"  {what} : et {listed['total'] - len(rows)} autres"


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%m/%Y}"


def _whose(row: Mapping[str, Any]) -> str:
    return f"{row['siret']} {row['raison_sociale']}".strip()


def _issued(row: Mapping[str, Any]) -> str:
    return f"{row['numero']}, émis le {_day(row['emis_le'])}, il y a {row['jours']} j ({_whose(row)})"


def _typed(row: Mapping[str, Any]) -> str:
    number = f" sous le numéro {row['numero_kairos']}" if row["numero_kairos"] else ""
    return f"{row['numero']}, saisi le {_day(row['saisie_le'])}{number}, il y a {row['jours']} j ({_whose(row)})"


def _missed(row: Mapping[str, Any]) -> str:
    what = f"l'absence {row['id_absence']}" if row["id_absence"] else "les heures ajoutées"
    days = f"du {_day(row['date_debut'])} au {_day(row['date_fin'])}"
    place = f"DSF {row['numero_dsf']}, complément {row['complement']}, séquence {row['code_sequence']}"
    return f"{place} : {what} {days} (REF-14 : {MEND})"


def _lifted(row: Mapping[str, Any]) -> str:
    reasons = row["codes"].replace(" ", ", ")
    spent = f"{row['lignes']} ligne(s), {str(row['heures']).replace('.', ',')} h"
    return f"DSF {row['numero_dsf']}, {spent}, {reasons} levée(s) par un extrait, dépôt {row['depot']} ({_whose(row)})"
