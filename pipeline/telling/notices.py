"""Notices by mail: each organisation is told that something came back for it. Source: contract §10.

What is to be told stands in the ledger since it was decided. A mail is sent, then noted: killed between the two it is sent again,
the same bytes under the same Message-ID. A mail that fails stops nothing: it is said, and tried again by a later run.
"""

import csv
import os
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from stdnum.fr import siret as siret_number

from pipeline import disk, journal, signals
from pipeline.documents.mail import mail
from pipeline.ledger import Ledger, Notice
from pipeline.ledger.announcing import DUE, GIVEN_UP, NO_ADDRESS, SENT
from pipeline.settings import Noticing, Settings
from pipeline.settings.telling import ADDRESS, CLEAR, PASSWORD, TLS
from pipeline.settings.values import inside
from pipeline.workspace import Workspace

COLUMNS = ("siret", "adresse")
LONGEST = 600.0
"""Seconds that a run sends mail; the rest is left to the next one."""
REMEMBERED = timedelta(days=7)
"""How long a notice that was given up is said."""
STATES = {"attente": DUE, "abandonnes": GIVEN_UP, "sans_adresse": NO_ADDRESS}
"""What is said of notices, and the state each has in the ledger."""


class _Failed(Exception):
    """A mail did not leave. ``smtp``: what the server answered, 0 nothing; ``all``: nor will any other now."""

    def __init__(self, faute: str, smtp: int = 0, *, everything: bool = False) -> None:
        super().__init__(faute)
        self.faute, self.smtp, self.all = faute, smtp, everything

    @property
    def for_good(self) -> bool:
        """It would be refused again."""
        return not self.all and self.smtp >= 500


def send(workspace: Workspace, settings: Settings, book: Ledger) -> int:
    """Send what is due; how many mails left. Under the run lock. Nothing that goes wrong raises, but a stop."""
    chosen = settings.avis
    waiting = book.due() if chosen.serveur else []
    if not waiting:
        return 0
    try:
        known = addresses(workspace.root, chosen)
        reached = [(notice, known[notice.siret]) for notice in waiting if notice.siret in known]
        for notice in waiting:
            if notice.siret not in known:
                book.told(notice, NO_ADDRESS)
                journal.note("avis_sans_adresse", run=notice.run, siret=notice.siret)
        return _Round(workspace, settings, book).send(reached)
    except (OSError, ValueError, csv.Error) as error:
        for notice in waiting:
            _put_off(book, chosen, notice, _Failed(type(error).__name__, everything=True))
        return 0


def standing(book: Ledger) -> dict[str, int]:
    """Organisations whose notice waits, was given up lately, or has no address to go to."""
    since = (datetime.now(UTC) - REMEMBERED).isoformat(timespec="seconds")
    known = book.notices(since)
    return {name: known.get(state, 0) for name, state in STATES.items()}


def addresses(root: Path, chosen: Noticing) -> Mapping[str, Sequence[str]]:
    """SIRET → its addresses, as the CSV of the settings has them; a row that is neither is left out, and counted in the journal.

    Raises ``OSError`` and ``ValueError`` for a file that cannot be read as one.
    """
    text = inside(root, chosen.adresses).read_text(encoding="utf-8-sig")
    mark = ";" if ";" in text.partition("\n")[0] else ","
    found: dict[str, list[str]] = {}
    rows = csv.DictReader(text.splitlines(), delimiter=mark, strict=True)
    if [name.strip().lower() for name in rows.fieldnames or ()][:2] != [*COLUMNS]:
        raise ValueError(COLUMNS)
    wrong = 0
    for row in rows:
        siret, address = ((value or "").strip() for value in list(row.values())[:2])
        if siret_number.is_valid(siret) and ADDRESS.fullmatch(address):
            found.setdefault(siret_number.compact(siret), []).append(address)
        else:
            wrong += 1
    if wrong:
        journal.note("adresses_fausses", lignes={"adresses": wrong})
    return found


class _Round:
    """The mails of one run, over one connection."""

    def __init__(self, workspace: Workspace, settings: Settings, book: Ledger) -> None:
        self._book, self._chosen, self._language = book, settings.avis, settings.langue
        self._root = workspace.root

    def send(self, reached: Sequence[tuple[Notice, Sequence[str]]]) -> int:
        """Send each; after what keeps all from leaving, the others are put off as well."""
        sent, start, left = 0, monotonic(), list(reached)
        try:
            with self._server() as server:
                while left and monotonic() - start < LONGEST:
                    notice, to = left[0]
                    with signals.shield():  # sent and noted, or neither, for whoever asks us to stop
                        sent += self._one(server, notice, to)
                    del left[0]
        except _Failed as failed:
            for notice, _ in left:
                _put_off(self._book, self._chosen, notice, failed)
        return sent

    def _one(self, server: smtplib.SMTP, notice: Notice, to: Sequence[str]) -> bool:
        place = self._chosen.lieu.replace("{siret}", notice.siret)
        message = mail(
            notice, self._language, sender=self._chosen.expediteur, to=to, place=place, ledger=self._book.uuid
        )
        try:
            with _faults():
                refused = server.sendmail(self._chosen.expediteur, to, bytes(message))
        except _Failed as failed:
            if failed.all:
                raise
            _put_off(self._book, self._chosen, notice, failed)
            return False
        disk.reached("avis: envoyé")
        self._book.told(notice, SENT)
        journal.note("avis_envoye", run=notice.run, siret=notice.siret, depots=len(notice.depots))
        for code, _ in refused.values():
            journal.note("avis_refuse", run=notice.run, siret=notice.siret, smtp=code)
        return True

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """A connection to the server, encrypted and logged in as the settings say. Raises ``_Failed``."""
        chosen = self._chosen
        name, patience = chosen.expediteur.rpartition("@")[2], float(chosen.secondes)
        with _faults(everything=True):
            authority = str(inside(self._root, chosen.autorite)) if chosen.autorite else None
            context = None if chosen.chiffrement == CLEAR else ssl.create_default_context(cafile=authority)
            if chosen.chiffrement == TLS:
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    chosen.host, chosen.port, name, timeout=patience, context=context
                )
            else:
                server = smtplib.SMTP(chosen.host, chosen.port, name, timeout=patience)
        try:
            with _faults(everything=True):
                if context is not None and chosen.chiffrement != TLS:
                    server.starttls(context=context)
                if chosen.identifiant:
                    server.login(chosen.identifiant, os.environ.get(PASSWORD, ""))
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()


def _put_off(book: Ledger, chosen: Noticing, notice: Notice, failed: _Failed) -> None:
    over = book.not_told(notice, 1 if failed.for_good else chosen.essais)
    told = {"run": notice.run, "siret": notice.siret, "faute": failed.faute, "smtp": failed.smtp or None}
    journal.note("avis_abandonne" if over else "avis_refuse", **told, tentatives=notice.tentatives + 1)


@contextmanager
def _faults(*, everything: bool = False) -> Iterator[None]:
    """Whatever goes wrong with a server, as ``_Failed``: never with its words, which have addresses in them."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _Failed(type(error).__name__, min(codes, default=0), everything=everything) from None
    except smtplib.SMTPResponseException as error:
        lost = isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPAuthenticationError)
        raise _Failed(type(error).__name__, error.smtp_code, everything=everything or lost) from None
    except (smtplib.SMTPException, OSError) as error:
        raise _Failed(type(error).__name__, everything=True) from None
