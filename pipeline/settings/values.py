"""How a value of a setting is read, whoever wrote it: each reader gives what it means, or raises ``SettingError``."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from pathlib import Path

from pipeline.bilingual import Text, joined

Reader = Callable[[str, str, object], object]
"""Called with key, origin and value as written."""


class SettingError(Exception):
    """A setting that cannot be used: its message names the key, where it stands, and what is allowed. No personal data."""


_REFUSED = Text(
    "Réglage {key} = {value} ({origin}) : valeur refusée. Attendu : {allowed}.",
    "Setting {key} = {value} ({origin}): value refused. Expected: {allowed}.",
)
_OR = Text(" ou ", " or ")
_AT_LEAST = Text("un nombre d'au moins {low}", "a number of at least {low}")


def failed(key: str, origin: str, value: object, allowed: str) -> SettingError:
    """The error for a value that is refused; it repeats the value."""
    return SettingError(_REFUSED.fill(key=key, value=repr(value), origin=origin, allowed=allowed))


def choice(*allowed: str) -> Callable[[str, str, object], str]:
    """One of these words."""

    def read(key: str, origin: str, value: object) -> str:
        if value not in allowed:
            raise failed(key, origin, value, joined((repr(one) for one in allowed), _OR))
        return str(value)

    return read


def any_text(key: str, origin: str, value: object) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise failed(key, origin, value, Text("un texte", "a text"))
    return value


def number(low: float, *, whole: bool) -> Callable[[str, str, object], int | float]:
    """A number of at least ``low``."""

    def read(key: str, origin: str, value: object) -> int | float:
        try:
            number = Decimal(str(value).replace(",", "."))
        except InvalidOperation:
            raise failed(key, origin, value, Text("un nombre", "a number")) from None
        if isinstance(value, bool) or not number.is_finite() or number < Decimal(str(low)):
            raise failed(key, origin, value, _AT_LEAST.fill(low=low))
        if whole and number != int(number):
            raise failed(key, origin, value, Text("un nombre entier", "a whole number"))
        return int(number) if whole else float(number)

    return read


def loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def inside(root: Path, name: str) -> Path:
    """A path of the settings: from the workspace ``root``, unless it is whole."""
    return root / Path(name).expanduser()
