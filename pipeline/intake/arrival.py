"""A file as it was seen, and once archived."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Arrival:
    """One file as it was seen. Paths hold undecodable bytes as surrogates. ``fichier`` is relative to the SIRET folder."""

    chemin: str  # relative to the workspace
    siret: str  # 14 digits
    fichier: str
    dev: int
    ino: int
    octets: int
    mtime_ns: int

    @property
    def identite(self) -> str:
        """The file itself, whatever its name."""
        return f"{self.dev}:{self.ino}"


Said = tuple[str, str]
"""(path relative to the workspace, why)."""


@dataclass(frozen=True)
class Snapshot:
    """An arrival whose bytes are archived: ``original`` is ``var/originaux/<sha256>``."""

    arrival: Arrival
    sha256: str
    original: Path
