"""Frozen settings, and where each value came from. Source: contract §10.

Order: the defaults here, then ``dsf.toml`` in the workspace, then ``DSF_…`` in the environment, then options of the command.
A table's key is written ``DSF_LIMITES_OCTETS`` in the environment. An unknown key, or a value out of its domain, is a
``SettingError`` that names the key, the place and what is allowed.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stdnum.fr import siret as siret_number

from pipeline.bilingual import LANGUAGES, Text
from pipeline.settings import telling
from pipeline.settings.telling import PASSWORD, Journaling, Measuring, Noticing
from pipeline.settings.values import SettingError, any_text, choice, failed, inside, loopback, number

__all__ = [
    "PROTECTED",
    "SEVERITIES",
    "Journaling",
    "Limits",
    "Measuring",
    "Noticing",
    "Retention",
    "SettingError",
    "Settings",
    "Storage",
    "load",
    "shown_address",
]

PROTECTED = frozenset({"REF-01", "REF-02", "REF-03", "REF-10", "REF-11", "REF-14", "DBL-03"})
"""Rules whose severity no setting changes: they protect what cannot be undone."""

SEVERITIES = ("rejet", "avertissement")


@dataclass(frozen=True)
class Limits:
    """Limits on one deposit; exceeded when strictly passed (FIC-03). Bytes, counts, seconds; ``memoire`` in bytes."""

    octets: int = 25_000_000
    octets_decompresses: int = 400_000_000
    lignes: int = 200_000
    feuilles: int = 50
    colonnes: int = 500
    secondes: int = 120
    memoire: int = 2_000_000_000


@dataclass(frozen=True)
class Storage:
    """Where the parts of a workspace lie that others put things into or take things from; "" means in the workspace itself.

    ``depots``, ``extraits``, ``saisies``: the inbox, by its parts; ``reference``: loads that several machines share. Each is
    ``sftp://user@host[:port]/path`` (``/~/path`` from the account's home) or ``s3://bucket[/prefix]``. ``hotes``: known_hosts
    file, ``cle``: private key, for SFTP; ``autorite``: PEM file of the authority behind an S3 of one's own.
    """

    depots: str = ""
    extraits: str = ""
    saisies: str = ""
    outbox: str = ""
    reference: str = ""
    hotes: str = ""
    cle: str = ""
    autorite: str = ""


@dataclass(frozen=True)
class Retention:
    """Days that personal data is kept before ``dsf purge`` erases it; 0: for ever.

    ``originaux``: archived deposits, after their run. ``retours``: what came back for them, in the outbox. ``noms``: persons in
    complements, in the ledger and in extracts. ``cle``: file of the secret under which they stay known, from the workspace.
    """

    originaux: int = 0
    retours: int = 0
    noms: int = 0
    cle: str = "conservation.cle"


@dataclass(frozen=True)
class Settings:
    """All settings of a workspace. Hours are whole hundredths, as everywhere (``pas_heures`` = 25 is a quarter of an hour)."""

    langue: str = "fr"
    politique: str = "dsf"
    pas_heures: int = 25
    delai_stabilite: float = 5.0
    organisme: str = ""
    ledger: str = ""
    moteur: str = "local"
    processus: int = 0
    motifs: str = ""
    synonymes: str = ""
    correspondances: str = ""
    limites: Limits = Limits()
    ouverture: Mapping[str, date] = field(default_factory=lambda: {"ESF": date(2021, 3, 1), "ESP": date(2021, 11, 22)})
    severites: Mapping[str, str] = field(default_factory=dict)
    stockage: Storage = Storage()
    conservation: Retention = Retention()
    journal: Journaling = field(default_factory=Journaling)
    mesures: Measuring = field(default_factory=Measuring)
    avis: Noticing = field(default_factory=Noticing)
    origines: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Key → the file, the environment variable or "option" that gave it; keys at their default are not there."""

    @classmethod
    def of(cls, root: Path, **options: object) -> "Settings":
        """The settings of the workspace ``root``: its dsf.toml, then the environment, then ``options`` (None: not given).

        Raises ``SettingError``.
        """
        from schemas.rules import CATALOGUE  # noqa: PLC0415 - heavy, and wanted for the names of rules alone

        return load(root, codes=frozenset(CATALOGUE), options=options)

    def key(self, root: Path) -> Path:
        """The file of the secret that erased persons of the workspace ``root`` are known by."""
        return inside(root, self.conservation.cle)

    def of_double(self, root: Path) -> "Settings":
        """The same for a double of the workspace ``root``: its ledger lies in it, and knows erased persons by the same key."""
        return replace(self, ledger="", conservation=replace(self.conservation, cle=str(self.key(root.resolve()))))

    def chosen(self) -> list[tuple[str, str, str]]:
        """(key, value, origin) of every setting that is not at its default, by key: what `dsf status` says of them."""
        return [(key, self._shown(key), origin) for key, origin in sorted(self.origines.items())]

    def _shown(self, key: str) -> str:
        table, _, name = key.partition(".")
        value = getattr(self, table)
        if name:
            value = getattr(value, name) if is_dataclass(value) else value[name]
        if key == "pas_heures":
            value = Decimal(value) / 100
        # The address of a ledger may hold a password.
        if key in ("ledger", "avis.identifiant") and value:
            return "•••"
        if table == "stockage":
            return shown_address(str(value))
        return f"{value:g}" if isinstance(value, float) else str(value)


_UNKNOWN = Text(
    "Réglage inconnu : {key} ({origin}). Réglages connus : {known}.",
    "Unknown setting: {key} ({origin}). Known settings: {known}.",
)
_HOURS = Text("un nombre d'heures, par exemple 0.25", "a number of hours, 0.25 for instance")
_HUNDREDTHS = Text(
    "un pas d'au moins 0.01 h, en centièmes d'heure entiers",
    "a step of at least 0.01 h, in whole hundredths of an hour",
)
_ENGINE = Text(
    "'local', tls://machine:port, ou tcp://127.0.0.1:port pour un ordonnanceur Dask de cette machine",
    "'local', tls://machine:port, or tcp://127.0.0.1:port for a Dask scheduler on this machine",
)
_CLEAR = Text(
    "Réglage {key} = {value} ({origin}) : tcp:// n'est pas chiffré, et n'est admis que sur cette machine (127.0.0.1, ::1, "
    "localhost). Employez tls:// (docs/plusieurs-machines.md).",
    "Setting {key} = {value} ({origin}): tcp:// is not encrypted, and allowed on this machine only (127.0.0.1, ::1, localhost). "
    "Use tls:// (docs/plusieurs-machines.md).",
)
_DATABASES = ("sqlite:///", "postgresql+psycopg://")
_LEDGER = Text(
    "Réglage {key} ({origin}) : attendu vide, sqlite:///chemin, ou postgresql+psycopg://utilisateur@machine/base.",
    "Setting {key} ({origin}): expected empty, sqlite:///path, or postgresql+psycopg://user@machine/database.",
)
_KEPT = Text(
    "Réglage {key} = {value} ({origin}) : valeur refusée. Attendu : 0 (garder toujours) ou un nombre de jours d'au moins {low}.",
    "Setting {key} = {value} ({origin}): value refused. Expected: 0 (keep for ever) or a number of days of at least {low}.",
)
_LOCKED = Text(
    "Réglage {key} ({origin}) : la sévérité de {code} ne se change pas, cette règle protège ce qui ne peut être défait.",
    "Setting {key} ({origin}): the severity of {code} is not to be changed, that rule protects what cannot be undone.",
)
_NO_TOML = Text("{file} n'est pas du TOML lisible : {error}.", "{file} is no TOML that can be read: {error}.")


_ADDRESS = Text(
    "Réglage {key} ({origin}) : attendu vide, sftp://utilisateur@machine[:port]/chemin ou s3://seau[/préfixe].",
    "Setting {key} ({origin}): expected empty, sftp://user@host[:port]/path or s3://bucket[/prefix].",
)
_PASSWORD = Text(
    "Réglage {key} ({origin}) : un mot de passe n'a pas sa place ici. Pour SFTP, donnez une clé (stockage.cle, ou l'agent SSH) ; "
    "pour S3, les variables d'environnement AWS_….",
    "Setting {key} ({origin}): a password does not belong here. For SFTP give a key (stockage.cle, or the SSH agent); for S3 the "
    "environment variables AWS_….",
)


def shown_address(address: str) -> str:
    """An address of storage as it may be shown: without the account."""
    scheme, mark, rest = address.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else address


def _siret(key: str, origin: str, value: object) -> str:
    text = any_text(key, origin, value)
    if text and not siret_number.is_valid(text):
        raise failed(
            key,
            origin,
            value,
            Text("un SIRET de 14 chiffres, ou un texte vide", "a SIRET of 14 digits, or an empty text"),
        )
    return siret_number.compact(text) if text else ""


def _step(key: str, origin: str, value: object) -> int:
    try:
        hundredths = Decimal(str(value).replace(",", ".")) * 100
    except InvalidOperation:
        raise failed(key, origin, value, _HOURS) from None
    if isinstance(value, bool) or not hundredths.is_finite() or hundredths < 1 or hundredths != int(hundredths):
        raise failed(key, origin, value, _HUNDREDTHS)
    return int(hundredths)


def _day(key: str, origin: str, value: object) -> date:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise failed(key, origin, value, Text("une date comme 2021-03-01", "a date like 2021-03-01")) from None


def _motor(key: str, origin: str, value: object) -> str:
    if value == "local":
        return "local"
    try:
        parts = urlsplit(str(value))
        whole = bool(parts.hostname and parts.port)
    except ValueError:
        whole = False
    if "@" in str(value):  # no part of such an address: what stands before it may be a password, and is not repeated
        raise failed(key, origin, "•••", _ENGINE)
    if not whole or parts.scheme not in ("tcp", "tls") or parts.path or parts.query:
        raise failed(key, origin, value, _ENGINE)
    if parts.scheme == "tcp" and not loopback(str(parts.hostname)):
        raise SettingError(_CLEAR.fill(key=key, origin=origin, value=repr(value)))
    return str(value)


def _ledger(key: str, origin: str, value: object) -> str:
    if not isinstance(value, str) or (value and not value.startswith(_DATABASES)):
        # The address may hold a password: it is never repeated.
        raise SettingError(_LEDGER.fill(key=key, origin=origin))
    return value


def _storage(key: str, origin: str, value: object) -> str:
    name = key.removeprefix("stockage.")
    value = any_text(key, origin, value)
    if name in ("hotes", "cle", "autorite") or not value:
        return value
    # What is refused may hold a password: it is never repeated.
    try:
        parts, port = urlsplit(value), urlsplit(value).port
    except ValueError:
        raise SettingError(_ADDRESS.fill(key=key, origin=origin)) from None
    if parts.password is not None:
        raise SettingError(_PASSWORD.fill(key=key, origin=origin))
    path = parts.path.strip("/")
    sound = bool(parts.hostname) and not (parts.query or parts.fragment)
    if parts.scheme == "sftp":
        sound = sound and bool(path)
    else:
        sound = sound and parts.scheme == "s3" and parts.username is None and port is None
    if not sound or any(part in ("", ".", "..") for part in path.split("/") if path):
        raise SettingError(_ADDRESS.fill(key=key, origin=origin))
    return value.rstrip("/")


_SHORTEST = {"originaux": 30, "retours": 30, "noms": 180}
"""Days below which a keeping time would erase what is still at work."""


def _retention(key: str, origin: str, value: object) -> int | str:
    name = key.removeprefix("conservation.")
    if name == "cle":
        if not any_text(key, origin, value):
            raise failed(key, origin, value, Text("le nom d'un fichier", "the name of a file"))
        return str(value)
    days = int(number(0, whole=True)(key, origin, value))
    if 0 < days < _SHORTEST[name]:
        raise SettingError(_KEPT.fill(key=key, value=repr(value), origin=origin, low=_SHORTEST[name]))
    return days


def _severity(key: str, origin: str, value: object) -> str:
    code = key.removeprefix("severites.")
    if code in PROTECTED:
        raise SettingError(_LOCKED.fill(key=key, origin=origin, code=code))
    return str(choice(*SEVERITIES)(key, origin, value))


_READERS: dict[str, Any] = {
    "langue": choice(*LANGUAGES),
    "politique": choice("dsf", "ligne", "depot"),
    "pas_heures": _step,
    "delai_stabilite": number(0, whole=False),
    "organisme": _siret,
    "ledger": _ledger,
    "moteur": _motor,
    "processus": number(0, whole=True),
    "motifs": any_text,
    "synonymes": any_text,
    "correspondances": any_text,
}
_TABLES: dict[str, Any] = {
    "limites": (tuple(f.name for f in fields(Limits)), number(1, whole=True)),
    "ouverture": (("ESF", "ESP"), _day),
    "severites": (None, _severity),
    "stockage": (tuple(f.name for f in fields(Storage)), _storage),
    "conservation": (tuple(f.name for f in fields(Retention)), _retention),
    **{table: (names, telling.read) for table, names in telling.TABLES.items()},
}


def _unknown(key: str, origin: str) -> SettingError:
    known = ", ".join(sorted([*_READERS, *_TABLES]))
    return SettingError(_UNKNOWN.fill(key=key, origin=origin, known=known))


def _apply(settings: Settings, values: Mapping[str, object], origin: str, codes: frozenset[str]) -> Settings:
    """``settings`` with ``values`` (nested as in the TOML file) laid over them, each checked."""
    changes: dict[str, Any] = {}
    origins = dict(settings.origines)
    for key, value in values.items():
        if key in _READERS:
            changes[key] = _READERS[key](key, origin, value)
            origins[key] = origin
        elif key in _TABLES and isinstance(value, Mapping):
            allowed, read = _TABLES[key]
            allowed = codes if allowed is None else allowed
            table: dict[str, Any] = {}
            for name, inner in value.items():
                if name not in allowed:
                    raise telling.no_password(f"{key}.{name}", origin) or _unknown(f"{key}.{name}", origin)
                table[name] = read(f"{key}.{name}", origin, inner)
                origins[f"{key}.{name}"] = origin
            old = getattr(settings, key, {})
            if table:
                changes[key] = {**old, **table} if isinstance(old, Mapping) else replace(old, **table)
        elif key in _TABLES:
            raise failed(key, origin, value, Text("une table [{key}]", "a table [{key}]").fill(key=key))
        else:
            raise _unknown(key, origin)
    return replace(settings, **changes, origines=origins)


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, object]]:
    """``DSF_…`` variables as setting keys: name of the variable → (key, value)."""
    found: dict[str, tuple[str, object]] = {}
    for variable, value in sorted(environ.items()):
        if not variable.startswith("DSF_") or variable == PASSWORD:
            continue
        name = variable.removeprefix("DSF_")
        key = name.lower()
        table = next((t for t in _TABLES if key.startswith(f"{t}_")), None)
        if table is None:
            found[variable] = (key, value)
        else:
            inner = name[len(table) + 1 :]
            inner = inner.replace("_", "-") if table == "severites" else inner
            inner = inner.upper() if table in ("ouverture", "severites") else inner.lower()
            found[variable] = (table, {inner: value})
    return found


def load(
    root: Path,
    *,
    codes: frozenset[str],
    environ: Mapping[str, str] | None = None,
    options: Mapping[str, object] | None = None,
) -> Settings:
    """Read the settings of the workspace ``root``.

    ``codes``: the rule codes that ``[severites]`` may name. ``options``: values given on the command line (``None`` is left
    out). Raises ``SettingError``.
    """
    settings = Settings()
    path = root / "dsf.toml"
    if path.exists():
        try:
            with path.open("rb") as file:
                values = tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingError(_NO_TOML.fill(file=path.name, error=error)) from None
        settings = _apply(settings, values, path.name, codes)
    for variable, (key, value) in _from_environment(os.environ if environ is None else environ).items():
        settings = _apply(settings, {key: value}, variable, codes)
    given = {key: value for key, value in (options or {}).items() if value is not None}
    settings = _apply(settings, given, "option", codes)
    telling.check(settings.avis)
    return settings
