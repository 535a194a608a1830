"""A deposit that was decided once and is judged again: which of its lines have another verdict now, or other findings."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.judging.settle import Settled
from pipeline.judging.verdicts import ACCEPTED
from pipeline.judging.verdicts_csv import guarded, rows
from pipeline.ledger.records import Counts, DepositRecord

Hours = Mapping[tuple[str, int], int]
"""(sheet, row) of the lines of one deposit → hundredths of hours, 0 where they cannot be read."""


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """What one row of verdicts.csv says of a line; both empty where there is no such row."""

    verdict: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line that is judged otherwise. ``feuille`` and ``ligne`` as in verdicts.csv; ``heures``: hundredths, as read now."""

    feuille: str
    ligne: int
    before: LineVerdict
    now: LineVerdict
    heures: int

    @property
    def other_verdict(self) -> bool:
        """Not its findings alone."""
        return self.before.verdict != self.now.verdict


@dataclass(frozen=True)
class Change:
    """What is otherwise with a deposit. ``before`` and ``now``: hundredths of hours by verdict."""

    numero: str
    lines: tuple[ChangedLine, ...]
    before: Counts
    now: Counts

    @property
    def decides(self) -> bool:
        """A verdict is another one, or the same verdicts are on other hours."""
        return self.before != self.now or any(line.other_verdict for line in self.lines)

    @property
    def gained(self) -> int:
        """Hundredths of the lines that are accepted now only."""
        return self._accepted_now_only + max(0, self._otherwise)

    @property
    def lost(self) -> int:
        """Hundredths of the lines that were accepted then only, which may be no longer read."""
        return max(0, -self._otherwise)

    @property
    def _accepted_now_only(self) -> int:
        return sum(line.heures for line in self.lines if line.other_verdict and line.now.verdict == ACCEPTED)

    @property
    def _otherwise(self) -> int:
        return self.now.acceptees - self.before.acceptees - self._accepted_now_only


def change(before: tuple[bytes, Counts], record: DepositRecord, hours: Hours) -> Change | None:
    """``before``: the rows of verdicts.csv and the hours by verdict of then. None where nothing is otherwise."""
    then, now = _by_place(before[0]), _by_place(record.verdicts)
    changed = tuple(
        ChangedLine(*place, then.get(place, LineVerdict()), now.get(place, LineVerdict()), hours.get(place, 0))
        for place in dict.fromkeys([*now, *then])
        if then.get(place) != now.get(place)
    )
    if not changed and before[1] == record.heures:
        return None
    return Change(record.numero, changed, before[1], record.heures)


def hours_of(settled: Settled, position: int) -> Hours:
    """The hours of the lines of one deposit, by its position in the wave."""
    lines = settled.lines[settled.lines["depot"] == position]
    hours = lines["heures"].fillna(0).astype("int64")
    return {(guarded(sheet), row): h for sheet, row, h in zip(lines["feuille"], lines["ligne"], hours, strict=True)}


def _by_place(data: bytes) -> dict[tuple[str, int], LineVerdict]:
    return {
        (row["feuille"], int(row["ligne"])): LineVerdict(row["verdict"], tuple(row["codes"].split()))
        for row in rows(data)
    }
