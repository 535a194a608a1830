"""The ledger: what was decided, for ever. The only room that opens the database.

``open`` gives a ``Ledger``, a context manager, in the file of SQLite or the PostgreSQL that the settings name.

``decisions`` writes what cannot be undone, ``runs`` the states that move forwards, ``lookups`` answers a wave, ``views``
tells people, ``after`` follows what was issued, ``openness`` what no later deposit has taken up, ``review`` looks at all
from afar, ``tallies`` adds up runs, ``announcing`` knows who was told, ``erasing`` forgets persons.
Below: ``schema`` has the tables, ``protection`` guards them, ``bulk`` writes them, ``migrations`` makes them; ``database``
says what is wanted of one, ``sqlite`` and ``postgresql`` are the two there are, ``copying`` takes a ledger to the other one.
"""

from pathlib import Path

from pipeline import pseudonyms
from pipeline.ledger.after import UNKNOWN, After, Followed, Wait, Word
from pipeline.ledger.announcing import Announcing, Notice
from pipeline.ledger.base import located
from pipeline.ledger.database import WAIT, Database
from pipeline.ledger.decisions import Decisions, Head, Pair
from pipeline.ledger.erasing import Erasing, Past
from pipeline.ledger.lookups import Entries, Lookups
from pipeline.ledger.openness import Dropped, OpenLines, Openness
from pipeline.ledger.review import Attempt, InState, Review
from pipeline.ledger.runs import Aside, Look, Publication, Runs, Source
from pipeline.ledger.tallies import Tallies, Tally
from pipeline.ledger.views import Views
from pipeline.settings import Settings
from pipeline.workspace import Workspace

__all__ = [
    "UNKNOWN",
    "Aside",
    "Attempt",
    "Dropped",
    "Entries",
    "Followed",
    "Head",
    "InState",
    "Ledger",
    "Look",
    "Notice",
    "OpenLines",
    "Pair",
    "Past",
    "Publication",
    "Source",
    "Tally",
    "Wait",
    "Word",
    "open",
]


class Ledger(Decisions, Runs, Lookups, Views, After, Openness, Review, Erasing, Tallies, Announcing):
    """An open ledger (see ``pipeline.ledger.base.Opened`` for its transactions, its ``uuid`` and ``check``).

    ``pseudonyms``: what persons that were erased are known under; None while nobody was.
    """

    def __init__(self, where: Database, key: Path) -> None:
        super().__init__(where)
        try:
            self.pseudonyms = pseudonyms.read(key, self.key_print())
        except BaseException:
            self.close()
            raise


def open(workspace: Workspace, settings: Settings, *, wait: float = WAIT) -> Ledger:  # noqa: A001 - ledger.open reads well
    """Open the workspace's ledger, made or migrated when needed; ``wait``: seconds for another program to let it go.

    Raises ``LedgerHalt``: locked, corrupt, newer than the program, on a network share, not writable, no answer, an unsafe server;
    ``StateHalt`` where persons were erased and the secret that they are known under is missing.
    """
    return Ledger(located(workspace, settings, wait), settings.key(workspace.root))
