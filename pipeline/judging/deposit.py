"""A deposit on its way: the file as it was archived, what was read in it, then its number."""

from dataclasses import dataclass

from pipeline.intake.arrival import Snapshot
from pipeline.reading.model import Observation, Reading
from schemas.noticed import Noticed


@dataclass(frozen=True)
class Deposit:
    """One deposit that was read. ``numero`` and ``raison_sociale`` are empty until it is numbered (``decide``)."""

    snapshot: Snapshot
    reading: Reading
    numero: str = ""
    raison_sociale: str = ""

    @property
    def siret(self) -> str:
        """Of the organisation whose folder it lay in: 14 digits."""
        return self.snapshot.arrival.siret

    @property
    def fichier(self) -> str:
        """Its file, relative to the SIRET folder."""
        return self.snapshot.arrival.fichier

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return self.snapshot.sha256

    @property
    def trial(self) -> bool:
        """It is only tried (``judging.trial``)."""
        return self.snapshot.arrival.trial


TRIED, OURS = "tried", "our_error"
"""Why a deposit is put aside (see ``schemas.noticed``)."""


def put_aside(snapshot: Snapshot, why: str) -> Deposit:
    """A deposit that ends the program (``TRIED``, ``OURS``): it is refused without being judged, and both sides are told."""
    noticed = Observation(Noticed.FILE_UNREADABLE, code=why)
    return Deposit(snapshot, Reading("", observations=(noticed,)))
