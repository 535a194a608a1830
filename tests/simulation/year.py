"""A year of nights: deposits at random, extracts that change, upgrades, crashes, clocks that go wrong, a purge each month.

Somebody is completed in spring and in no extract from summer on: at the end nothing names him any more, and nothing is completed
twice for it.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from pipeline import ledger
from pipeline.commands.purge import Purge, purge
from pipeline.ledger import migrations, schema
from pipeline.settings import Retention
from schemas.fields import ABSENCES, HEURES
from tests.bounded import some
from tests.simulation.play import Play
from tests.simulation.stage import Bad
from tests.simulation.truth import Dsf

KEPT = Retention(originaux=30, retours=30, noms=180)
SURNAME, IDENTIFIER = "ZZPARTANT", "7777777Z"
LEAVES, DAYS = 40, 365
UPGRADES = (100, 200, 300)
"""Days of the year on which a newer program takes the ledger over."""
CRASHES = 20
_MAY_NAME = re.compile(
    r"var/(registre\.sqlite|originaux/|reference/|extraits/)|outbox/\d{14}/(dsf|retours|essais|modele-)|inbox/|correspondances"
)
"""Where a person may be named, within the keeping time."""


@dataclass
class Year(Play):
    """``stride``: days between two nights."""

    stride: int = 1
    gone: list[Dsf] = field(default_factory=list)
    kept_hours: set[Any] = field(default_factory=set)
    named: set[bytes] = field(default_factory=set)
    nights: int = 0
    quarters: list[tuple[int, float, int]] = field(default_factory=list)
    """Lines judged so far, seconds spent in runs, bytes of ``var/``."""
    spent: float = 0.0

    def play_year(self) -> None:
        """All of it. Raises ``Bad``."""
        self.truth.day = date(2025, 6, 1)
        self.settings = replace(self.settings, conservation=KEPT)
        first = self.truth.day
        self._somebody()
        nights = DAYS // self.stride
        crashes = {self.rng.randrange(nights) for _ in range(-(-CRASHES // self.stride))}
        with ExitStack() as upgrades:
            for number in range(nights):
                before = (self.truth.day - first).days
                self.truth.day = max(self.truth.day, first + timedelta(days=number * self.stride))
                day = (self.truth.day - first).days
                self._evening()
                if any(before < one <= day for one in UPGRADES):
                    self._upgrade(upgrades)
                self._night(crashed=number in crashes)
                if not self.gone and day > LEAVES:
                    self._leaves()
                if day // 30 > before // 30:
                    self._month()
                if day // 92 > before // 92:
                    self.quarters.append((self.model.lines, self.spent, self._size()))
            self._end(first)

    # --- one night ----------------------------------------------------------------------------------------------------

    def _evening(self) -> None:
        """What happened during the day."""
        choices: list[tuple[int, Callable[[], object]]] = [
            (30, self.deposit),
            (4, self.claims_again),
            (4, self.to_the_brim),
            (4, self.renamed_extract),
            (5, self.extract),
            (3, self.forgetful_extract),
            (2, self.late_extract),
            (6, self.mend),
            (12, self.clerk),
            (5, self.receiver),
            (4, self.again),
            (1, self.grow),
        ]
        weights, steps = zip(*choices, strict=True)
        for chosen in self.rng.choices(steps, weights, k=self.rng.randint(0, 3)):
            self.did[chosen.__name__] += 1
            chosen()

    def _night(self, *, crashed: bool) -> None:
        self.nights += 1
        if crashed:
            self.rng.choice((self.dies, self.disk_is_full))()
        elif self.rng.random() < 0.02:
            with self._wrong_clock():
                self.night()
        else:
            self.night()

    def _run(self, *args: object, **options: object) -> None:
        begun = time.monotonic()
        try:
            super()._run(*args, **options)  # type: ignore[arg-type]
        finally:
            self.spent += time.monotonic() - begun

    def check(self) -> None:
        """What has left each night, everything once a week."""
        if self.nights % 7:
            if bad := self.look():
                raise Bad("; ".join(bad[:6]))
        else:
            super().check()

    @contextmanager
    def _wrong_clock(self) -> Iterator[None]:
        """The machine's clock is a day slow for a night, or a month fast: extracts are then not of tomorrow."""
        wrong = self._today() + timedelta(days=self.rng.choice((-1, 30)))
        with patch.object(self, "_today", lambda: wrong):
            yield

    # --- through the year ---------------------------------------------------------------------------------------------

    def _somebody(self) -> None:
        """A convention of its own, completed and seen, whose trainee nobody else is."""
        self.truth.add_convention()
        convention = self.truth.dsf[-1].convention
        mine = [dsf for dsf in self.truth.dsf if dsf.convention is convention]
        for person in {line.person.thing: line.person for line in mine[0].lines}.values():
            person.surname = SURNAME
        mine[0].lines[0].person.name = IDENTIFIER
        self.extract([(mine[0], mine[0].lines[0])])
        for dsf in mine:
            line = dsf.lines[0]
            open_still = [one for one in line.absences if not one.marked]
            if open_still:
                self._drop_one(dsf, ABSENCES, self._absence(self._names(dsf, line), open_still[0]))
            hours = {"date_debut": "10/02/2025", "date_fin": "10/02/2025", "heures": "7"}
            self._drop_one(dsf, HEURES, {**self._names(dsf, line), **hours})
        self.night()
        self._all_typed()
        self.extract()
        self.night()

    def _leaves(self) -> None:
        """No extract speaks of them any more, and no secretary; what was completed stays completed."""
        convention = next(
            dsf.convention for dsf in self.truth.dsf if any(line.person.surname == SURNAME for line in dsf.lines)
        )
        self.gone = [dsf for dsf in self.truth.dsf if dsf.convention is convention]
        for _ in range(2):  # what waits is issued, typed, and seen
            self.night()
            self._all_typed()
            self.extract([(self.gone[0], self.gone[0].lines[0])])
        self.night()
        numbers = {dsf.number for dsf in self.gone}
        self.truth.dsf = [dsf for dsf in self.truth.dsf if dsf.number not in numbers]
        self.kept_hours = {one for one in self.model.added if one[0] in numbers}
        self.model.added -= self.kept_hours
        self.stale = [one for one in self.stale if one["numero_dsf"] not in numbers]
        self.files = [one for one in self.files if not any(number.encode() in one[2] for number in numbers)]
        self.late.clear()
        names = {line.person.name for dsf in self.gone for line in dsf.lines}
        self.named = {SURNAME.encode(), *(name.encode() for name in names)}

    def _all_typed(self) -> None:
        """The clerk leaves nothing for tomorrow."""
        while set(self.model.turned) - self.truth.processed:
            self.clerk()

    def _month(self) -> None:
        """The purge of the month; a person is named nowhere but where the contract says."""
        self.purged()
        wrong = [name for name in self._naming({SURNAME.encode(), b"CANARI"}) if not _MAY_NAME.match(name)]
        if wrong:
            raise Bad(f"named in {wrong[:5]}")

    def purged(self) -> Purge:
        """`dsf purge`."""
        return purge(self.workspace, self.settings, self._today())

    def _naming(self, names: set[bytes]) -> list[str]:
        root = self.workspace.root
        files = (path for path in sorted(root.rglob("*")) if path.is_file() and "inbox" not in path.parts)
        return [str(path.relative_to(root)) for path in files if any(name in path.read_bytes() for name in names)]

    def _upgrade(self, stack: ExitStack) -> None:
        """A newer program: the ledger gets another column of work; the first tries are killed on the way."""
        version = schema.SCHEMA

        def step(connection: Connection) -> None:
            connection.exec_driver_sql(f"CREATE INDEX essai_de_mise_a_jour_{version} ON depots (run, siret)")

        stack.enter_context(patch.object(migrations, "STEPS", {**migrations.STEPS, version: step}))
        stack.enter_context(patch.object(schema, "SCHEMA", version + 1))
        for at in some((2, 1, 3)):
            self._killed_at(at)

    def _killed_at(self, at: int) -> None:
        self._in_child(lambda n: os.kill(os.getpid(), signal.SIGKILL) if n == at else None)

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self.workspace.var.rglob("*") if path.is_file())

    # --- its end ------------------------------------------------------------------------------------------------------

    def _end(self, first: date) -> None:
        """A day on which the one who left is past his time; then he claims once more."""
        self.truth.day = first + timedelta(days=DAYS + 30)
        self.extract()
        self.night()
        self.purged()
        if left := [name for name in self._naming(self.named) if not name.startswith("correspondances")]:
            raise Bad(f"still named in {left[:5]}")
        self.truth.dsf += self.gone
        self.model.added |= self.kept_hours
        self.mend()
        self.extract([(dsf, line) for dsf in self.gone for line in dsf.lines])
        for dsf in self.gone:
            for line in dsf.lines:
                self._claim_again(dsf, line)
        self.nights = 0
        self.night()
        with ledger.open(self.workspace, self.settings) as book:
            issued = book.counts()["complements"]
        if issued != len(self.model.numbers):
            raise Bad(f"{issued} complements in the ledger, {len(self.model.numbers)} left")
