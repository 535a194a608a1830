"""A deposit on its way: the file as it was archived, what was read in it, then its number."""

from dataclasses import dataclass
from functools import cached_property

from pipeline.intake.arrival import Snapshot
from pipeline.reading.model import Reading
from pipeline.work.packed import Packed


@dataclass(frozen=True)
class Corrected:
    """The deposit that another one says it corrects. ``verdicts``: its rows of verdicts.csv, as the ledger keeps them."""

    numero: str
    fichier: str
    verdicts: bytes


@dataclass(frozen=True)
class Deposit:
    """One deposit that was read. ``numero``, ``raison_sociale`` and ``corrects`` are empty until it is numbered (``decide``).

    ``corrects``: the organisation's deposit that it says it corrects, where there is such a one.
    """

    snapshot: Snapshot
    packed: Packed
    numero: str = ""
    raison_sociale: str = ""
    corrects: Corrected | None = None

    @cached_property
    def reading(self) -> Reading:
        """What was read in it, opened when it is first asked for: by who judges, not by who passes it on."""
        return self.packed.open()

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
