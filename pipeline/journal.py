"""The journal: what the program does, one JSON object a line, by the logging of the standard library. Source: contract §10.

``EVENTS`` has all that is ever written, ``FIELDS`` the form of each value. What is not of its form is not written: a name cannot
get in, whoever made it. Names of files, of extracts and of DSF are left out: people type them. A journal that cannot be written
stops nothing.
"""

import errno
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from pipeline.errors import DiskHalt, Halt, scrubbed
from pipeline.settings import Journaling, SettingError, Settings
from pipeline.settings.telling import LEVELS, STDERR
from pipeline.settings.values import inside
from pipeline.workspace import Workspace

HIDDEN = "•••"
"""In the place of a value that is not of its form."""
PARTS = 10
"""A file is closed once it has so much of the bytes that all may have."""

_log = logging.getLogger("dsf")
_log.propagate = False
_log.addHandler(logging.NullHandler())  # outside of `opened` an event is nobody's; logging would print it
_LEVEL = dict(zip(LEVELS, (logging.INFO, logging.WARNING, logging.ERROR), strict=True))

Form = Callable[[Any], bool]


def _text(pattern: str) -> Form:
    whole = re.compile(pattern)
    return lambda value: isinstance(value, str) and whole.fullmatch(value) is not None


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _each(key: str, inner: Form) -> Form:
    named = _text(key)
    return lambda value: isinstance(value, Mapping) and all(named(k) and inner(v) for k, v in value.items())


_DAY = r"\d{4}-\d\d-\d\d"
_WORD = r"[a-zé_]{1,30}"
FIELDS: Mapping[str, Form] = {
    "run": _text(rf"{_DAY}-\d+"),
    "depot": _text(rf"{_DAY}-[0-9a-f]{{8}}(-essai)?(-\d+)?"),
    "siret": _text(r"\d{14}"),
    "date": _text(_DAY),
    "programme": _text(r"[0-9][0-9a-z.+-]*"),
    "regles": _text(r"[0-9][0-9a-z.+-]*"),
    "sha256": _text(r"[0-9a-f]{64}"),
    "octets": _whole,
    "essai": _flag,
    "etat": _text(_WORD),
    "comptes": _each(_WORD, _whole),
    "heures": _each(_WORD, _number),
    "codes": _each(r"[A-Z]{3}-\d\d", _whole),
    "lignes": _each(_WORD, _whole),
    "depots": _whole,
    "refuses": _whole,
    "essais": _whole,
    "complements": _whole,
    "a_reprendre": _whole,
    "attente": _whole,
    "laisses": _whole,
    "attend": _flag,
    "code": _whole,
    "faute": _text(r"[A-Za-z_]+( \([\w.]+:\d+( < [\w.]+:\d+)*\))?"),
    "errno": _text(r"E[A-Z0-9]+"),
    "smtp": _whole,
    "tentatives": _whole,
    "pause": _number,
    "secondes": _number,
    "durees": _each(_WORD, _number),
    "conforme": _flag,
}
"""Field → whether a value is of its form."""


@dataclass(frozen=True)
class Event:
    """One thing that happens: how grave it is, and the fields that it may have."""

    niveau: str
    champs: tuple[str, ...]


def _event(niveau: str, champs: str) -> Event:
    return Event(niveau, tuple(champs.split()))


EVENTS: Mapping[str, Event] = {
    "passage_commence": _event("info", "run date programme regles"),
    "extrait_charge": _event("info", "date sha256 lignes"),
    "extrait_refuse": _event("avertissement", "codes"),
    "depot_decide": _event("info", "run depot siret sha256 octets essai etat comptes heures codes complements"),
    "depot_ecarte": _event("erreur", "run siret sha256 attend faute"),
    "passage_fini": _event(
        "info", "run date depots refuses essais comptes heures complements a_reprendre attente laisses durees secondes"
    ),
    "passage_arrete": _event("erreur", "code faute errno secondes"),
    "avis_envoye": _event("info", "run siret depots"),
    "avis_sans_adresse": _event("avertissement", "run siret"),
    "avis_refuse": _event("avertissement", "run siret faute smtp tentatives"),
    "avis_abandonne": _event("erreur", "run siret faute smtp tentatives"),
    "adresses_fausses": _event("avertissement", "lignes"),
    "commande_finie": _event("info", "run secondes"),
    "commande_echouee": _event("avertissement", "run code faute errno tentatives secondes"),
    "commande_abandonnee": _event("erreur", "run"),
    "mesures_refusees": _event("avertissement", "faute errno code"),
    "surveillance_commence": _event("info", "programme"),
    "surveillance_attend": _event("info", "pause"),
    "surveillance_echec": _event("avertissement", "code faute errno pause"),
    "surveillance_finie": _event("info", "code faute errno secondes"),
    "verification_finie": _event("info", "conforme"),
    "verification_arretee": _event("erreur", "code faute errno secondes"),
    "sauvegarde_finie": _event("info", "conforme octets"),
    "sauvegarde_arretee": _event("erreur", "code faute errno secondes"),
}
"""Every event, and nothing else is written."""


def note(name: str, **fields: Any) -> None:
    """Write an event; fields that are None are left out. A name that no table has is a bug: ``KeyError``, ``ValueError``."""
    event = EVENTS[name]
    if strange := fields.keys() - set(event.champs):
        raise ValueError(f"{name}: {sorted(strange)}")
    given = {field: fields[field] for field in event.champs if fields.get(field) is not None}
    told = {field: _short(value) if FIELDS[field](value) else HIDDEN for field, value in given.items()}
    _log.log(_LEVEL[event.niveau], name, extra={"champs": told, "niveau": event.niveau})


def _short(value: Any) -> Any:
    """Fractions to the thousandth."""
    if isinstance(value, Mapping):
        return {name: _short(inner) for name, inner in value.items()}
    return round(value, 3) if isinstance(value, float) else value


@contextmanager
def opened(workspace: Workspace, settings: Settings) -> Iterator[None]:
    """Events are written where the settings say, meanwhile."""
    handler = _handler(workspace, settings.journal)
    if handler is None:
        yield
        return
    handler.setFormatter(_Line())
    before = _log.level
    _log.setLevel(_LEVEL[settings.journal.niveau])
    _log.addHandler(handler)
    try:
        yield
    finally:
        _log.removeHandler(handler)
        _log.setLevel(before)
        handler.close()


@contextmanager
def ending(name: str, **fields: Any) -> Iterator[None]:
    """Write the event ``name`` where what stands inside is stopped: by what, and with which exit code."""
    start = monotonic()
    try:
        yield
    except BaseException as error:
        note(name, **fields, **stopped_by(error), secondes=monotonic() - start)
        raise


def stopped_by(error: BaseException) -> dict[str, Any]:
    """What stopped a command, as fields: its exit code, its kind, and where in the program for a fault of ours."""
    if isinstance(error, Halt):
        number = error.errno if isinstance(error, DiskHalt) else 0
        return {"code": error.exit_code, "faute": type(error).__name__, "errno": errno.errorcode.get(number)}
    if isinstance(error, SettingError):
        return {"code": 2, "faute": type(error).__name__}
    if isinstance(error, SystemExit):
        return {"code": error.code if isinstance(error.code, int) else 1}
    return {"code": 130 if isinstance(error, KeyboardInterrupt) else 1, "faute": scrubbed(error)}


class _Line(logging.Formatter):
    """An event as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = {"ts": moment, "niveau": getattr(record, "niveau", ""), "evenement": record.getMessage()}
        return json.dumps(head | getattr(record, "champs", {}), ensure_ascii=True)


def _handler(workspace: Workspace, chosen: Journaling) -> logging.Handler | None:
    if not chosen.dossier:
        return None
    if chosen.dossier == STDERR:
        return logging.StreamHandler(sys.stderr)
    return Monthly(workspace, chosen)


class Monthly(logging.Handler):
    """A file a month: ``2026-11.jsonl``, then ``2026-11-2.jsonl`` where it has grown. Old ones go, once a run.

    Each line is one write at the end of the file: several processes may write at once.
    """

    def __init__(self, workspace: Workspace, chosen: Journaling) -> None:
        super().__init__()
        self._folder = inside(workspace.root, chosen.dossier)
        with suppress(OSError):
            workspace.var.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._let_go(chosen, datetime.now(UTC))
        self._largest = chosen.octets // PARTS

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; what the disk refuses is lost, and stops nothing."""
        with suppress(OSError):
            line = f"{self.format(record)}\n".encode()
            handle = os.open(self._path(record.created), _APPEND, 0o640)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)

    def _path(self, moment: float) -> Path:
        month = f"{datetime.fromtimestamp(moment, UTC):%Y-%m}"
        number = 1
        while True:
            path = self._folder / (f"{month}.jsonl" if number == 1 else f"{month}-{number}.jsonl")
            if not path.exists() or path.stat().st_size < self._largest:
                return path
            number += 1

    def _let_go(self, chosen: Journaling, today: datetime) -> None:
        """Remove what is older than the months that are kept, then the oldest until all have room."""
        months = today.year * 12 + today.month - chosen.mois
        whole = 0
        for path in sorted(self._folder.glob("*.jsonl"), key=_age, reverse=True):
            year, month, _ = _age(path)
            whole += path.stat().st_size
            if year and (year * 12 + month <= months or whole > chosen.octets):
                path.unlink()


_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_NAME = re.compile(r"(\d{4})-(\d\d)(?:-(\d+))?\.jsonl")


def _age(path: Path) -> tuple[int, int, int]:
    """Year, month and part of a file of ours; zeros for another's, which stays."""
    found = _NAME.fullmatch(path.name)
    return (int(found[1]), int(found[2]), int(found[3] or 1)) if found else (0, 0, 0)
