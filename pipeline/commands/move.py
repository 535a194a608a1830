"""`dsf ledger move`: the ledger taken to another database, whole and once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline import ledger, lock
from pipeline.bilingual import Text
from pipeline.commands.verify import Verification, verify
from pipeline.ledger import copying
from pipeline.ledger.base import located
from pipeline.settings import Settings
from pipeline.wave import Progress, silent
from pipeline.workspace import Workspace

_MOVED = Text(
    "Registre déplacé : {n} ligne, chacune comparée.||Registre déplacé : {n} lignes, chacune comparée.",
    "Ledger moved: {n} row, each compared.||Ledger moved: {n} rows, each compared.",
)
_NEXT = Text(
    "Mettez maintenant cette adresse dans le réglage ledger de dsf.toml. L'ancien registre est fermé : aucun programme ne "
    "l'ouvre plus, et il peut rester où il est.",
    "Put this address into the setting ledger of dsf.toml now. The old ledger is closed: no program opens it any more, and it "
    "may stay where it is.",
)
_STAYS = Text(
    "Rien n'est déplacé : le registre reste où il est. Corrigez ce qui précède, videz la base de destination, recommencez.",
    "Nothing is moved: the ledger stays where it is. Mend what is said above, empty the database to move to, begin again.",
)


@dataclass(frozen=True)
class Move:
    """What a move came to. ``rows``: of each table; ``found``: everything compared with the ledger at its new place."""

    rows: dict[str, int]
    found: Verification

    def lines(self) -> Iterator[str | Text]:
        """For a person."""
        yield from self.found.lines()
        if self.found.ok:
            yield _MOVED.fill(n=sum(self.rows.values()))
        yield _NEXT if self.found.ok else _STAYS


def move(workspace: Workspace, settings: Settings, address: str, progress: Progress = silent) -> Move:
    """Copy the ledger to ``address``, compare it row by row, compare all else with it, then close the old one for good.

    A move that was stopped is begun again by the same command. Raises ``Halt``; until the end the old ledger is the one.
    """
    there = replace(settings, ledger=address)
    with lock.locked(workspace), ledger.open(workspace, settings) as book:
        target = located(workspace, there)
        rows = copying.copy(book, target)
        found = verify(workspace, there, progress=progress)
        if found.ok:
            copying.close_for_good(book, target)
    return Move(rows, found)
