"""What every part of a world shares: its workspace, its truth, its model, what was done so far."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from pipeline import reference
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from tests.servers.ledgers import Base
from tests.simulation.machines import Machines
from tests.simulation.model import Model
from tests.simulation.places import Here, There
from tests.simulation.truth import Truth
from tests.storage.shelf import Shelf

CORRESPONDANCES = "correspondances.csv"


class Bad(AssertionError):
    """The model does not hold."""


@dataclass
class Stage:
    """``root``: an empty folder. The same seed plays the same world, but for what dies at a random moment.

    ``base``: where its ledger is, when not in its var/; ``shelf``: where its inbox and outbox are, when not in its folders;
    ``machines``: who does its work, when not this process. Then that server and the way to it, other machines, workers and their
    scheduler are part of the world too.
    """

    root: Path
    seed: int
    base: "Base | None" = None
    shelf: "Shelf | None" = None
    machines: "Machines | None" = None
    settings: Settings = field(init=False)
    rng: Random = field(init=False)
    truth: Truth = field(init=False)
    model: Model = field(init=False)
    workspace: Workspace = field(init=False)
    place: "Here | There" = field(init=False)
    did: Counter[str] = field(default_factory=Counter)
    trail: list[str] = field(default_factory=list)
    late: list[tuple[str, bytes]] = field(default_factory=list)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    stale: list[dict[str, str]] = field(default_factory=list)
    count: int = 0

    def _loaded(self) -> list[Any]:
        known = reference.open(self.workspace).loads()
        return [self.truth.versions[load.jeu] for load in known]
