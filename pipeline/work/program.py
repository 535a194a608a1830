"""What program a process runs: two that do not agree must not do the work of one run. Source: reliability C17."""

import hashlib
import platform
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from pipeline import __version__
from schemas.rules import RULES_VERSION

_DISTRIBUTION = "dsf-complementaire"
_NAMED = 3
"""Differences that are named."""


@dataclass(frozen=True)
class Program:
    """``code``: a hash over every file of the program; ``packages``: name → version of all that it needs to run."""

    version: str
    rules: str
    python: str
    code: str
    packages: dict[str, str]

    def differs(self, other: "Program") -> str:
        """In what ``other`` is not this program, as « theirs » ≠ « ours »; empty where it is."""
        pairs = [
            (f"dsf {other.version}", f"dsf {self.version}"),
            (f"rules {other.rules}", f"rules {self.rules}"),
            (f"Python {other.python}", f"Python {self.python}"),
            (f"code {other.code}", f"code {self.code}"),
        ]
        for name in sorted(self.packages.keys() | other.packages.keys()):
            pairs.append((f"{name} {other.packages.get(name, '-')}", f"{name} {self.packages.get(name, '-')}"))
        unequal = [f"{theirs} ≠ {ours}" for theirs, ours in pairs if theirs != ours]
        return ", ".join(unequal[:_NAMED]) + (", …" if len(unequal) > _NAMED else "")


@cache
def program() -> Program:
    """That of this process."""
    return Program(__version__, RULES_VERSION, platform.python_version(), _code(), dict(sorted(_packages().items())))


def machine() -> str:
    """The name of this one."""
    return socket.gethostname()


def _code() -> str:
    root = Path(__file__).parents[2]
    found = hashlib.sha256()
    for package in ("pipeline", "schemas"):
        for path in sorted((root / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.relative_to(root)}\0".encode())
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:12]


def _packages() -> dict[str, str]:
    """Of the program's requirements and of theirs, extras apart, those that are installed here."""
    found: dict[str, str] = {}
    left = [_DISTRIBUTION]
    while left:
        for name in _required(left.pop()):
            if name not in found:
                try:
                    found[name] = version(name)
                except PackageNotFoundError:  # for another system, or another Python
                    continue
                left.append(name)
    return found


def _required(distribution: str) -> Iterator[str]:
    try:
        wanted = requires(distribution) or []
    except PackageNotFoundError:
        return
    for requirement in wanted:
        specifier, _, condition = requirement.partition(";")
        if "extra" not in condition and (match := re.match(r"[\w.-]+", specifier)):
            yield match[0].lower()
