"""A file of the inbox: as it was seen (``Arrival``), and once its bytes are archived (``Snapshot``)."""

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Self

from pipeline.intake import names

FIRST, LAST = -(2**63), 2**63 - 1
"""The times (ns) that the ledger holds: years 1677 to 2262. A file may claim others."""


def time_of(found: os.stat_result) -> int:
    """When the file says that it was written (ns), brought into what the ledger holds and a calendar shows."""
    return min(max(found.st_mtime_ns, FIRST), LAST)


@dataclass(frozen=True)
class Arrival:
    """One file as it was seen, its fields named as in the ledger. Paths hold undecodable bytes as surrogates.

    ``chemin``: relative to the workspace. ``siret``: 14 digits. ``fichier``: relative to the SIRET folder. ``identite``: the
    file itself, whatever its name, as far as where it lies can tell. ``octets``: its size. ``mtime_ns``: ``time_of`` the file;
    ``claimed_ns``: its time as it is, which alone says who comes first.
    """

    chemin: str
    siret: str
    fichier: str
    identite: str
    octets: int
    mtime_ns: int
    claimed_ns: int = field(compare=False)

    @classmethod
    def of(cls, chemin: str, siret: str, fichier: str, found: os.stat_result) -> Self:
        """The file that ``found`` describes."""
        times = time_of(found), found.st_mtime_ns
        return cls(chemin, siret, fichier, f"{found.st_dev}:{found.st_ino}", found.st_size, *times)

    @property
    def sight(self) -> tuple[str, str, int, int]:
        """What tells whether a file of the ledger is still this one."""
        return self.chemin, self.identite, self.octets, self.mtime_ns

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
