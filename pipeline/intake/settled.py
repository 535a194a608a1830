"""When a file has settled: two looks at it, by our own clock. Source: contract §9; reliability A1 to A3, A7, A13, B13.

The time of a file says when its sender wrote it, not when it got here: copies keep old times while they still grow. So we note
when *we* first saw a file as it is. Within one start of the machine that is measured by a clock nobody sets; across starts by
the calendar clock, never trusted backwards.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.bilingual import Text
from pipeline.intake.arrival import Arrival
from pipeline.ledger import Ledger, Look

SECOND = 1_000_000_000
INCOMPLETE_HOLDS = 12 * 3600 * SECOND
"""How long (ns) a zip without its end is taken for a transfer that stalled; then it is read as it is, and refused."""

BEING_WRITTEN = Text("en cours d'écriture, ou retiré", "being written, or taken back")
JUST_ARRIVED = Text(
    "arrivé à l'instant : doit rester inchangé un moment", "has just arrived: it must stay unchanged for a while"
)
UNREADABLE = Text("illisible pour le moment", "cannot be read for now")
INCOMPLETE = Text("incomplet : la fin du fichier n'est pas arrivée", "not whole: the end of the file has not arrived")

_ZIP, _ZIP_END, _ZIP_TAIL = b"PK\x03\x04", b"PK\x05\x06", 65_557


def _start_of_machine() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


@dataclass(frozen=True)
class Clock:
    """The clocks of the machine, in nanoseconds, and its sleep; tests give others."""

    monotonic: Callable[[], int] = time.monotonic_ns
    calendar: Callable[[], int] = time.time_ns
    sleep: Callable[[float], None] = time.sleep
    start: str = field(default_factory=_start_of_machine)

    def look(self, arrival: Arrival) -> Look:
        """``arrival`` as first seen now."""
        return Look(
            *(arrival.chemin, arrival.identite, arrival.octets, arrival.mtime_ns),
            *(self.start, self.monotonic(), self.calendar()),
        )

    def age(self, look: Look) -> int:
        """Nanoseconds since ``look``, at least 0."""
        if self.start and look.demarrage == self.start:
            return max(0, self.monotonic() - look.monotone_ns)
        return max(0, self.calendar() - look.vu_ns)


Part = Callable[[Arrival, int, int], bytes]
"""Some bytes of an arrival (from where, how many); raises ``OSError`` when it is no longer that."""


class Settling:
    """One scan's comparison of arrivals with the looks of earlier ones."""

    def __init__(self, ledger: Ledger, delay: float, clock: Clock, folder: str) -> None:
        """``delay``: seconds a file must rest; 0 takes it as it is. ``folder``: what is looked at, relative to the workspace."""
        self._ledger = ledger
        self._delay = int(delay * SECOND)
        self._clock = clock
        self._under = f"{folder}/"

    def settle(
        self, arrivals: Sequence[Arrival], same: Callable[[Arrival], bool], part: Part, *, sleep: bool
    ) -> tuple[list[Arrival], list[tuple[str, str]]]:
        """(ready, waiting with reasons). Sleeps at most once, the time the youngest of ``arrivals`` still needs."""
        if not self._delay:
            return list(arrivals), []
        before, looks = self._looks(arrivals)
        rest = max((self._delay - self._clock.age(look) for look in looks.values()), default=0)
        if rest > 0 and sleep:
            self._clock.sleep(rest / SECOND)
        ready, waiting = [], []
        for arrival in arrivals:
            why = self._why_not(arrival, looks[arrival.chemin], same, part)
            if why:
                waiting.append((arrival.chemin, why))
            else:
                ready.append(arrival)
        if sleep:
            self._keep(before, looks, {path for path, _ in waiting})
        return ready, waiting

    def by_now(self, arrivals: Sequence[Arrival], same: Callable[[Arrival], bool], part: Part) -> list[Arrival]:
        """Those that have settled, without waiting for the others: every first look is kept, for whoever looks next."""
        if not self._delay:
            return list(arrivals)
        before, looks = self._looks(arrivals)
        self._keep(before, looks, set(looks))
        return [arrival for arrival in arrivals if not self._why_not(arrival, looks[arrival.chemin], same, part)]

    def _looks(self, arrivals: Sequence[Arrival]) -> tuple[dict[str, Look], dict[str, Look]]:
        """First looks that are known, and those at ``arrivals``, by path."""
        before = {path: look for path, look in self._ledger.looks().items() if path.startswith(self._under)}
        return before, {a.chemin: self._look(a, before.get(a.chemin)) for a in arrivals}

    def _look(self, arrival: Arrival, old: Look | None) -> Look:
        """The first look at the file as it is: the old one if nothing has changed since."""
        new = self._clock.look(arrival)
        seen = (new.identite, new.octets, new.mtime_ns)
        return old if old and (old.identite, old.octets, old.mtime_ns) == seen else new

    def _why_not(self, arrival: Arrival, look: Look, same: Callable[[Arrival], bool], part: Part) -> str:
        age = self._clock.age(look)
        if not same(arrival):
            return BEING_WRITTEN
        if age < self._delay:
            return JUST_ARRIVED
        if age >= INCOMPLETE_HOLDS:
            return ""
        try:
            whole = _looks_whole(arrival, part)
        except OSError:
            return UNREADABLE
        return "" if whole else INCOMPLETE

    def _keep(self, before: dict[str, Look], looks: dict[str, Look], kept: set[str]) -> None:
        """Note the looks at what is ``kept``; forget the others."""
        new = {path: looks[path] for path in kept if before.get(path) != looks[path]}
        self._ledger.keep_looks(new, (path for path in before if path not in kept))


def _looks_whole(arrival: Arrival, part: Part) -> bool:
    """False for a zip (xlsx, ods…) that does not have its end record yet."""
    if part(arrival, 0, len(_ZIP)) != _ZIP:
        return True
    return _ZIP_END in part(arrival, max(0, arrival.octets - _ZIP_TAIL), _ZIP_TAIL)
