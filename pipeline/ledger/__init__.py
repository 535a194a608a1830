"""The ledger: what was decided, for ever. The only room that opens the database.

``open`` gives a ``Ledger``, a context manager. ``decisions`` writes what cannot be undone, ``runs`` the states that move
forwards, ``lookups`` answers a wave, ``views`` tells people, ``after`` follows what was issued, ``openness`` what no later
deposit has taken up, ``review`` looks at all of it from afar; ``schema`` has the tables and what protects them.
"""

from pipeline.ledger.after import UNKNOWN, After, Followed, Wait, Word
from pipeline.ledger.base import WAIT, place
from pipeline.ledger.decisions import Decisions, Head, Pair
from pipeline.ledger.lookups import Entries, Lookups
from pipeline.ledger.openness import Dropped, OpenLines, Openness
from pipeline.ledger.review import Attempt, InState, Review
from pipeline.ledger.runs import Aside, Look, Publication, Runs, Source
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
    "OpenLines",
    "Pair",
    "Publication",
    "Source",
    "Wait",
    "Word",
    "open",
]


class Ledger(Decisions, Runs, Lookups, Views, After, Openness, Review):
    """An open ledger (see ``pipeline.ledger.base.Opened`` for its transactions, its ``uuid`` and ``check``)."""


def open(workspace: Workspace, settings: Settings, *, wait: float = WAIT) -> Ledger:  # noqa: A001 - ledger.open reads well
    """Open the workspace's ledger, made or migrated when needed; ``wait``: seconds for another program to let it go.

    Raises ``LedgerHalt``: locked, corrupt, newer than the program, on a network share, not writable.
    """
    return Ledger(place(workspace, settings), wait)
