"""A file of the inbox: as it was seen (``Arrival``), and once its bytes are archived (``Snapshot``)."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from pipeline.intake import names


@dataclass(frozen=True)
class Arrival:
    """One file as it was seen, its fields named as in the ledger. Paths hold undecodable bytes as surrogates.

    ``chemin``: relative to the workspace. ``siret``: 14 digits. ``fichier``: relative to the SIRET folder. ``octets``: its size.
    """

    chemin: str
    siret: str
    fichier: str
    dev: int
    ino: int
    octets: int
    mtime_ns: int

    @classmethod
    def of(cls, chemin: str, siret: str, fichier: str, found: os.stat_result) -> Self:
        """The file that ``found`` describes."""
        return cls(chemin, siret, fichier, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)

    @property
    def identite(self) -> str:
        """The file itself, whatever its name."""
        return f"{self.dev}:{self.ino}"

    @property
    def trial(self) -> bool:
        """It was dropped only to be tried: the folder that ``fichier`` is relative to says so."""
        return names.is_trial(PurePosixPath(self.chemin.removesuffix(self.fichier)).name)


Said = tuple[str, str]
"""(path relative to the workspace, the reason why it waits or is left alone)."""


@dataclass(frozen=True)
class Snapshot:
    """An arrival whose bytes are archived: ``original`` is ``var/originaux/<sha256>``."""

    arrival: Arrival
    sha256: str
    original: Path
