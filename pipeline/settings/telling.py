"""Settings of what a workspace tells of itself: its journal, its measures, its notices. Source: contract §10."""

import re
from dataclasses import dataclass, fields

from pipeline.bilingual import Text
from pipeline.settings.values import SettingError, any_text, choice, failed, loopback, number

PASSWORD = "DSF_AVIS_MOT_DE_PASSE"
"""The variable that has the password of the mail server. It is no setting: nothing shows it, no file has it."""
STDERR = "-"
"""In the place of a folder: standard error."""
LEVELS = ("info", "avertissement", "erreur")
"""Of events, the least grave first."""
STARTTLS, TLS, CLEAR = CIPHERS = ("starttls", "tls", "aucun")
"""How mail is sent: encrypted once asked for, from the first byte, or not at all."""
PORTS = {STARTTLS: 587, TLS: 465, CLEAR: 25}


@dataclass(frozen=True)
class Journaling:
    """Where events are written, one JSON object a line. ``dossier``: from the workspace, "-" stderr, "" nowhere.

    ``niveau``: events less grave are left out. ``mois``: calendar months that are kept; ``octets``: bytes of all, at most.
    """

    dossier: str = "var/journal"
    niveau: str = "info"
    mois: int = 13
    octets: int = 1_000_000_000


@dataclass(frozen=True)
class Measuring:
    """``fichier``: text file for Prometheus, from the workspace, replaced after each run; "" for none."""

    fichier: str = ""


@dataclass(frozen=True)
class Noticing:
    """Who is told after a run. ``serveur``: host[:port] that sends the mails; "" sends none.

    ``adresses``: CSV from the workspace, SIRET → address. ``identifiant``: account on the server, its password is in the
    environment. ``autorite``: PEM file of the authority behind its certificate. ``lieu``: where an organisation finds its folder,
    ``{siret}`` filled in. ``commande``: run after each run, without a shell. ``secondes``: that the server, or the command, may
    take to answer. ``essais``: how often what fails is tried again.
    """

    serveur: str = ""
    chiffrement: str = STARTTLS
    expediteur: str = ""
    adresses: str = ""
    identifiant: str = ""
    autorite: str = ""
    lieu: str = ""
    commande: str = ""
    secondes: int = 30
    essais: int = 8

    @property
    def host(self) -> str:
        """Name or address of the server."""
        return self._parts()[0]

    @property
    def port(self) -> int:
        """The one that ``serveur`` names, else that of ``chiffrement``."""
        return int(self._parts()[1] or PORTS[self.chiffrement])

    def _parts(self) -> tuple[str, str]:
        found = _SERVER.fullmatch(self.serveur)
        return (found["host"].strip("[]"), found["port"] or "") if found else ("", "")


_SERVER = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x20\x7f-\U0010ffff]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
"""An address of mail as we take it: ASCII, nothing in it that a header or a server could take for more than one."""

_HOST = Text("machine ou machine:port, ou un texte vide", "host or host:port, or an empty text")
_MAIL = Text("une adresse comme dsf@exemple.fr, ou un texte vide", "an address like dsf@example.org, or an empty text")
_NO_PASSWORD = Text(
    "Réglage {key} ({origin}) : un mot de passe n'a pas sa place dans un fichier. Donnez-le par la variable {variable}.",
    "Setting {key} ({origin}): a password has no place in a file. Give it by the variable {variable}.",
)
_NEEDED = Text(
    "Réglage avis.serveur : avec lui, avis.{name} ne peut être vide.",
    "Setting avis.serveur: with it, avis.{name} must not be empty.",
)
_UNENCRYPTED = Text(
    "Réglage avis.chiffrement = 'aucun' : admis seulement quand avis.serveur est cette machine (127.0.0.1, ::1, localhost).",
    "Setting avis.chiffrement = 'aucun': allowed only where avis.serveur is this machine (127.0.0.1, ::1, localhost).",
)


def _mail(key: str, origin: str, value: object) -> str:
    text = any_text(key, origin, value)
    if text and not ADDRESS.fullmatch(text):
        raise failed(key, origin, value, _MAIL)
    return text


def _server(key: str, origin: str, value: object) -> str:
    text = any_text(key, origin, value)
    found = _SERVER.fullmatch(text)
    if text and not (found and 0 < int(found["port"] or 1) < 65_536):
        raise failed(key, origin, value, _HOST)
    return text


_READERS = {
    "journal": {"niveau": choice(*LEVELS), "mois": number(1, whole=True), "octets": number(1_000_000, whole=True)},
    "avis": {
        "serveur": _server,
        "chiffrement": choice(*CIPHERS),
        "expediteur": _mail,
        "secondes": number(1, whole=True),
        "essais": number(1, whole=True),
    },
}
TABLES: dict[str, tuple[str, ...]] = {
    "journal": tuple(one.name for one in fields(Journaling)),
    "mesures": tuple(one.name for one in fields(Measuring)),
    "avis": tuple(one.name for one in fields(Noticing)),
}
"""Names of the tables, and of what is in each."""


def read(key: str, origin: str, value: object) -> object:
    """What a value of these tables means. Raises ``SettingError``."""
    table, _, name = key.partition(".")
    reader = _READERS.get(table, {}).get(name, any_text)
    return reader(key, origin, value)


def no_password(key: str, origin: str) -> SettingError | None:
    """The error for a password among the settings; None for any other key. The password is not repeated."""
    if key != "avis.mot_de_passe":
        return None
    return SettingError(_NO_PASSWORD.fill(key=key, origin=origin, variable=PASSWORD))


def check(notices: Noticing) -> None:
    """Raises ``SettingError`` where settings of notices do not go together."""
    if not notices.serveur:
        return
    for name in ("expediteur", "adresses"):
        if not getattr(notices, name):
            raise SettingError(_NEEDED.fill(name=name))
    if notices.chiffrement == CLEAR and not loopback(notices.host):
        raise SettingError(_UNENCRYPTED)
