"""What a wave is judged with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from time import monotonic

import pandas as pd

from pipeline import __version__
from pipeline.ledger import Ledger
from pipeline.nomenclature import Motif
from pipeline.reference import Reference
from pipeline.settings import Settings
from pipeline.workers import Pool
from pipeline.workspace import Workspace
from schemas.rules import RULES_VERSION


@dataclass(frozen=True)
class Judged:
    """What the deposits of a wave were judged with."""

    run: str
    day: date
    regles: str
    programme: str
    extraits: Sequence[Mapping[str, str]]
    """Every load, oldest first: nom, date_extraction, sha256."""
    motifs: tuple[Motif, ...]
    settings: Settings


def extracts(lines: pd.DataFrame, judged: Judged) -> list[Mapping[str, str]]:
    """The loads that gave the DSF of these lines, and the newest one: what it does not have either is not known."""
    used = set(lines["extrait"].dropna()) if "extrait" in lines.columns else set()
    used |= {judged.extraits[-1]["nom"]} if judged.extraits else set()
    return [dict(extract) for extract in judged.extraits if extract["nom"] in used]


Progress = Callable[[str, int, int], None]
"""Called with (step, done, of how many); carries no personal data."""


@dataclass
class Clock:
    """Seconds spent in each step."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = monotonic()
        try:
            yield
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + monotonic() - start


@dataclass(frozen=True)
class Chain:
    """What every wave of a run needs."""

    workspace: Workspace
    settings: Settings
    book: Ledger
    reference: Reference
    pool: Pool
    run: str
    day: date
    fence: int
    motifs: tuple[Motif, ...]
    synonyms: tuple[tuple[str, str], ...]
    clock: Clock
    progress: Progress


def judged_with(chain: Chain) -> Judged:
    """What the reports of a wave are judged with."""
    loads = [
        {"nom": load.nom, "date_extraction": load.date_extraction.date().isoformat(), "sha256": load.sha256}
        for load in chain.reference.loads()
    ]
    return Judged(chain.run, chain.day, RULES_VERSION, __version__, loads, chain.motifs, chain.settings)
