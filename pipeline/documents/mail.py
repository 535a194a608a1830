"""The mail that tells an organisation that something came back: counts and where to look, in plain text.

Nothing that anybody typed is in it: no name of a file, of an organisation, of a person. So there is nothing to inject, and
nothing is given away where another reads it. The same notice gives the same bytes: whoever gets it twice gets one message.
"""

from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from pipeline.documents.wording import Wording, siret_text
from pipeline.ledger import Notice
from pipeline.ledger.announcing import Returned

COUNTED = ("acceptees", "deja_prises", "rejetees", "retenues")
_POLICY = policy.SMTP.clone(max_line_length=200)


def mail(notice: Notice, language: str, *, sender: str, to: Sequence[str], place: str, ledger: str) -> EmailMessage:
    """The message for one organisation and one run.

    ``sender``, ``to``: addresses, sound ones. ``place``: where it finds its folder, in the operator's words. ``ledger``: its
    uuid, for numbers of deposits may be the same in two workspaces.
    """
    words = Wording(language)
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = words("avis.objet", n=len(notice.depots))
    message["Date"] = format_datetime(datetime.fromisoformat(notice.fin))
    message["Message-ID"] = message_id(notice, ledger, sender)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_body(words, notice, place), cte="quoted-printable")
    message["Content-Language"] = words.language
    return message


def message_id(notice: Notice, ledger: str, sender: str) -> str:
    """Always the same for the same deposits, and nobody else's: the number of the first of them tells it."""
    return f"<{notice.depots[0].depot}.{ledger[:8]}@{sender.rpartition('@')[2]}>"


def _body(words: Wording, notice: Notice, place: str) -> str:
    deposits = [
        words("avis.depots", n=len(notice.depots), siret=siret_text(notice.siret), jour=words.day(notice.date)),
        "",
    ]
    for one in notice.depots:
        folder = "essais" if one.essai else "retours"
        kind = "avis.essai" if one.essai else "avis.depot"
        told = _counted(words, one.etat, one.comptes, trial=one.essai)
        again = words("avis.a_reprendre") if _needs_work(one) else ""
        deposits.append(words(kind, numero=one.depot, compte=told, suite=f" {again}" if again else ""))
        deposits.append(words("avis.rapport", chemin=f"{folder}/{one.depot}/rapport.html"))
        deposits.append("")
    where = words("avis.ou_lieu", lieu=" ".join(place.split())) if place else words("avis.ou")
    real = [one for one in notice.depots if not one.essai]
    lines = [words("avis.bonjour"), "", *deposits, where]
    if any(one.comptes["acceptees"] for one in real):
        lines.append(words("avis.a_saisir"))
    return "\n".join([*lines, "", words("avis.automatique"), ""])


def _needs_work(one: Returned) -> bool:
    return one.etat == "refuse" or bool(one.comptes["rejetees"] or one.comptes["retenues"])


def _counted(words: Wording, state: str, counts: dict[str, int], *, trial: bool) -> str:
    """« 12 lignes lues, 10 acceptées, 2 rejetées », or that the file was refused."""
    if state == "refuse":
        return words("avis.refuse")
    told = Wording(words.language, trial=trial)
    parts = [told(f"avis.{name}", n=counts[name]) for name in COUNTED if counts[name]]
    return ", ".join([words("avis.lues", n=counts["lues"]), *parts])
