"""Where one organisation stands, from the ledger alone: what is open, what waits, what is to be typed, what it dropped."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.judging import verdicts
from pipeline.ledger import Dropped, Followed, Ledger, OpenLines
from pipeline.ledger.records import REFUSED, WAITING, Counts
from schemas.rule import CORRECT, WAIT

SHOWN = 200
"""Deposits that the page lists; the others are counted."""


@dataclass
class OpenDeposit:
    """A deposit of which something is open. ``lines``: by what is done about them; ``codes``: lines that wait, by code."""

    depot: str
    fichier: str
    date: str
    lines: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def refused(self) -> bool:
        """The whole file was."""
        return self.lines[REFUSED] > 0

    @property
    def to_do(self) -> bool:
        """Somebody can do something about it now."""
        return self.refused or self.lines[CORRECT] > 0 or (self.lines[WAITING] > 0 and not self.lines[WAIT])


@dataclass(frozen=True)
class PastDeposit:
    """A deposit as the list of all of them shows it. ``taken_up``: the deposit that took up what it had left open, or ""."""

    depot: str
    fichier: str
    date: str
    etat: str
    lines: Counts
    taken_up: str


@dataclass(frozen=True)
class Standing:
    """``complements`` are not seen yet, in their order; ``seen``: how many are; ``deposits``: how many there are in all."""

    siret: str
    raison_sociale: str
    open: tuple[OpenDeposit, ...]
    complements: tuple[Followed, ...]
    seen: int
    past: tuple[PastDeposit, ...]
    deposits: int


def standing(book: Ledger, siret: str) -> Standing:
    """Where the organisation ``siret`` stands."""
    followed = book.followed(siret=siret)
    number, rows = book.deposits_of(siret, SHOWN)
    opened = tuple(_open(book.open_lines(siret)))
    later = book.taken_up(siret)
    for one in opened:  # a part of it was taken up: it is not over yet
        later.pop(one.depot, None)
    past = tuple(_past(one, later.get(one.depot, "")) for one in rows)
    unseen = tuple(one for one in followed if one.vue_le is None)
    name = next((one.raison_sociale for one in rows if one.raison_sociale), "")
    return Standing(siret, name, opened, unseen, len(followed) - len(unseen), past, number)


def _past(one: Dropped, taken_up: str) -> PastDeposit:
    state = verdicts.state(one.lignes, refused=one.etat == REFUSED)
    return PastDeposit(one.depot, one.fichier, one.date, state, one.lignes, taken_up)


def _open(lines: Iterable[OpenLines]) -> Iterable[OpenDeposit]:
    """The open lines by deposit, in their order."""
    found: dict[str, OpenDeposit] = {}
    for one in lines:
        deposit = found.setdefault(one.depot, OpenDeposit(one.depot, one.fichier, one.date))
        deposit.lines[one.suite] += one.lignes
        if one.suite == WAIT:
            for code in one.codes.split():
                deposit.codes[code] += one.lignes
    return found.values()
