"""A deposit on its way: the file as it was archived, what was read in it, then its number."""

from dataclasses import dataclass

from pipeline.intake.arrival import Snapshot
from pipeline.reading.model import Reading


@dataclass(frozen=True)
class Deposit:
    """One deposit that was read. ``numero``, ``raison_sociale`` and ``origine`` are empty until it is numbered (``decide``).

    ``origine``: the organisation's deposit that it says it corrects, where there is such a one.
    """

    snapshot: Snapshot
    reading: Reading
    numero: str = ""
    raison_sociale: str = ""
    origine: str = ""

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
