"""A deposit on its way."""

from dataclasses import dataclass

from pipeline.cells.model import Etat
from pipeline.intake.arrival import Snapshot
from pipeline.reading import details
from pipeline.reading.model import Observation, Reading


@dataclass(frozen=True)
class Named:
    """A deposit with its number, its content's hash and its file's name relative to the SIRET folder."""

    numero: str
    siret: str
    sha256: str
    fichier: str


@dataclass(frozen=True)
class Taken:
    """A deposit taken and read."""

    snapshot: Snapshot
    reading: Reading


TRIED, OURS = "essais", "notre_erreur"
"""Why a deposit is put aside (see ``reading.details``)."""


def put_aside(snapshot: Snapshot, why: str) -> Taken:
    """A deposit that ends the program (``TRIED``, ``OURS``): it is refused without being judged, and both sides are told."""
    return Taken(snapshot, Reading("", observations=(Observation(Etat.FICHIER_ILLISIBLE, detail=details.french(why)),)))


@dataclass(frozen=True)
class Arrived:
    """A deposit as it arrived: its number and what is known of its file."""

    numero: str
    siret: str
    raison_sociale: str
    fichier: str
    sha256: str
    octets: int
    mtime_ns: int
    reading: Reading
