"""Whether the reference still has what was loaded. Source: contract §3, reliability H4.

What is lost here would make absences complete again that an extract said completed, and hours free that were declared.
"""

from pipeline.bilingual import Text
from pipeline.reference import lookup, store
from pipeline.reference.model import Load, StoreError
from pipeline.workspace import Workspace

LOST = Text(
    "Le dernier extrait avec lequel le registre a jugé ({load}) n'est plus dans var/reference.",
    "The last extract that the ledger was judged with ({load}) is no longer in var/reference.",
)

Judged = tuple[str, str] | None
"""Name and sha256 of the newest load that anything was judged with; None while nothing was."""


def check(workspace: Workspace, judged: Judged) -> None:
    """Raise ``StoreError`` unless the load ``judged`` is there and all that look-ups read is what was loaded."""
    if lost := _lost(store.loads(workspace), judged):
        raise StoreError(lost.then(store.REMEDY))
    lookup.open(workspace).check()


def audit(workspace: Workspace, judged: Judged) -> tuple[int, list[Text]]:
    """How many stored files there are, and all that is missing or changed of them, whether look-ups read it or not."""
    try:
        known = store.loads(workspace)
    except StoreError as error:
        return 0, [error.args[0]]
    found = [_lost(known, judged)]
    found += [store.fault_of(workspace.reference, load, file) for load in known for file in load.stockes]
    return sum(len(load.stockes) for load in known), [sentence for sentence in found if sentence]


def _lost(known: tuple[Load, ...], judged: Judged) -> Text | None:
    """A load is known by its content: loaded again, even under another name, it is there."""
    if judged is None or judged[1] in {load.sha256 for load in known}:
        return None
    return LOST.fill(load=judged[0])
