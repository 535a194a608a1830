"""What a sweep counts."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Points of one sweep and what was wrong at which."""

    points: int = 0
    bad: list[str] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)

    def note(self, where: str, code: int, found: list[str]) -> None:
        self.points += 1
        self.codes[code] += 1
        if found:
            self.bad.append(f"{where} (exit {code}): {'; '.join(found[:4])}")


def some(points: int, step: int) -> range:
    """Every ``step``-th of so many points, which count from 1."""
    return range(1, points + 1, step)
