"""One world played step by step: everything that may happen between two nights, and the nights."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from pipeline.workspace import Workspace
from tests.simulation.model import Model
from tests.simulation.operators import Operators
from tests.simulation.places import Here, There
from tests.simulation.stage import CORRESPONDANCES, Bad
from tests.simulation.truth import Truth


@dataclass
class Play(Operators):
    """``root``: an empty folder. The same seed plays the same world."""

    def __post_init__(self) -> None:
        self.rng = Random(f"simulation {self.seed}")
        self.truth = Truth(Random(f"truth {self.seed}"))
        self.model = Model(self.truth)
        self.workspace = Workspace(self.root / "ws")
        self.workspace.create()
        url = self.base.url(self.base.server.database()) if self.base else ""
        self.place = There(self.shelf, self.root, self.rng) if self.shelf else Here(self.workspace)
        self.settings = replace(self.place.settings(), correspondances=CORRESPONDANCES, ledger=url)
        for _ in range(6):
            self.truth.add_convention()
        self.mend()
        self.extract()
        self.night()

    def play(self, steps: int) -> None:
        """So many steps. Raises ``Bad`` when the model does not hold after one, saying how to play this world again."""
        for number in range(1, steps + 1):
            try:
                self.step()
            except Bad as bad:
                last = ", ".join(self.trail[-5:])
                again = f"python -m tests.simulation --seed {self.seed} --steps {number}{self._where()}"
                raise Bad(f"{bad}\nafter {last}; again: {again}") from None

    def _where(self) -> str:
        given = (self.base and "--ledger postgresql", self.shelf and f"--storage {self.shelf.kind}")
        return "".join(f" {one}" for one in (*given, self.machines and "--engine dask") if one)

    def sums(self) -> Counter[str]:
        """What came of it all."""
        model = self.model
        return Counter(
            {
                "lines judged": model.lines,
                "reports": len(model.reports),
                "complements": len(model.numbers),
                "absences completed": len(model.taken),
                "groups of hours added": len(model.hours),
                "names changed": len(self.truth.renamed),
                "extracts": len(self.truth.versions),
            }
        )

    def step(self) -> None:
        """One random thing happens."""
        choices: list[tuple[int, Callable[[], None]]] = [
            (30, self.deposit),
            (6, self.claims_again),
            (6, self.to_the_brim),
            (26, self.night),
            (8, self.dies),
            (5, self.disk_is_full),
            (10, self.renamed_extract),
            (4, self.extract),
            (4, self.forgetful_extract),
            (2, self.cut_extract),
            (2, self.late_extract),
            (7, self.mend),
            (5, self.clerk),
            (4, self.receiver),
            (4, self.again),
            (2, self.saved_again),
            (2, self.grow),
            (2, self.clock),
        ]
        if self.base:
            choices += [(8, self.connection_cut), (5, self.server_restarts), (5, self.another_machine)]
        if self.shelf:
            choices += [
                (8, self.storage_dies),
                (5, self.answers_lost),
                (2, self.storage_unreachable),
                (6, self.busy_night),
            ]
        if self.machines:
            choices += [(5, self.worker_dies), (2, self.scheduler_dies)]
        weights, steps = zip(*choices, strict=True)
        (chosen,) = self.rng.choices(steps, weights)
        self.did[chosen.__name__] += 1
        self.trail.append(chosen.__name__)
        chosen()
