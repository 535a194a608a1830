"""One world played step by step: everything that may happen between two nights, and the nights."""

import csv
import errno
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from pipeline import disk, ledger, reference
from pipeline.commands.verify import verify
from pipeline.errors import Halt
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from schemas.fields import ABSENCES, HEURES
from tests.crash.scenario import in_process
from tests.servers.ledgers import Base
from tests.servers.proxy import Cut
from tests.simulation.model import Model
from tests.simulation.truth import NAMES, SHARED, SIRETS, Absence, Dsf, Line, Truth
from tests.world import SECOND, SETTINGS, deposits

chain: Any = import_module("pipeline.run")
CORRESPONDANCES = "correspondances.csv"
_START = 1_746_000_000 * SECOND


class Bad(AssertionError):
    """The model does not hold."""


@dataclass
class Play:
    """``root``: an empty folder. The same seed plays the same world. ``base``: where its ledger is, when not in its var/; then
    that server, the way to it and other machines are part of the world too."""

    root: Path
    seed: int
    base: "Base | None" = None
    settings: Settings = field(init=False)
    rng: Random = field(init=False)
    truth: Truth = field(init=False)
    model: Model = field(init=False)
    workspace: Workspace = field(init=False)
    did: Counter[str] = field(default_factory=Counter)
    trail: list[str] = field(default_factory=list)
    late: list[tuple[str, bytes]] = field(default_factory=list)
    files: list[tuple[str, Path, bytes]] = field(default_factory=list)
    stale: list[dict[str, str]] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.rng = Random(f"simulation {self.seed}")
        self.truth = Truth(Random(f"truth {self.seed}"))
        self.model = Model(self.truth)
        self.workspace = Workspace(self.root / "ws")
        self.workspace.create()
        url = self.base.url(self.base.server.database()) if self.base else ""
        self.settings = replace(SETTINGS, correspondances=CORRESPONDANCES, ledger=url)
        for _ in range(6):
            self.truth.add_convention()
        self.mend()
        self.extract()
        self.night()

    # --- playing ------------------------------------------------------------------------------------------------------

    def play(self, steps: int) -> None:
        """So many steps. Raises ``Bad`` when the model does not hold after one, saying how to play this world again."""
        for number in range(1, steps + 1):
            try:
                self.step()
            except Bad as bad:
                last = ", ".join(self.trail[-5:])
                again = f"python -m tests.simulation --seed {self.seed} --steps {number}"
                raise Bad(f"{bad}\nafter {last}; again: {again}") from None

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
        weights, steps = zip(*choices, strict=True)
        (chosen,) = self.rng.choices(steps, weights)
        self.did[chosen.__name__] += 1
        self.trail.append(chosen.__name__)
        chosen()

    # --- extracts -----------------------------------------------------------------------------------------------------

    def extract(self, of: Sequence[tuple[Dsf, Line]] = (), *, late: bool = False) -> None:
        """The operator puts an extract as things are called today: of all that is known, or of a half and ``of`` these.

        Their conventions come whole: a plan whose séquence has one name on one DSF and another on the next is two plans, to
        anybody who was not told.
        """
        self.truth.day += timedelta(days=1)
        known = list(self.truth.dsf)
        if self.rng.random() < 0.3:
            half = self.rng.sample(known, max(1, len(known) // 2))
            numbers, conventions = {dsf.number for dsf in half}, {dsf.convention.thing for dsf, _ in of}
            known = [dsf for dsf in known if dsf.number in numbers or dsf.convention.thing in conventions]
        _, files = self.truth.version(known)
        for name, data in files.items():
            if late:
                self.late.append((name, data))
            else:
                (self.workspace.extracts / name).write_bytes(data)
        self._remember_names()

    def renamed_extract(self) -> None:
        """Names change, and the next extract says so; half of the time the operator is told in time. Who knows the new
        names claims what was completed under the old ones."""
        before, changed = len(self.truth.renamed), []
        for _ in range(self.rng.randint(1, 3)):
            known = self._done() if self.rng.random() < 0.7 else []
            changed.append(self.rng.choice(known or [(dsf, line) for dsf, line, _ in self.truth.everything()]))
            self.truth.rename(*changed[-1])
        self.extract(changed)
        for row in self.truth.renamed[before:]:
            row["date"] = self.truth.day.isoformat()
        if self.rng.random() < 0.5:
            self.mend()
        for dsf, line in changed:
            self._claim_again(dsf, line)
            self._to_the_brim(dsf, line)

    def forgetful_extract(self) -> None:
        """An extract no longer says of some absence that it is completed, and somebody claims it."""
        marked = [one for one in self.truth.everything() if one[2].marked and one[2].thing in self.model.taken]
        if not marked:
            return
        dsf, line, absence = self.rng.choice(marked)
        absence.marked = False
        self.extract([(dsf, line)])
        self._drop_one(dsf, ABSENCES, self._absence(self._names(dsf, line), absence))

    def late_extract(self) -> None:
        """An extract is made today and arrives after others, or one that was made arrives now."""
        if self.late and self.rng.random() < 0.7:
            for name, data in self.late:
                (self.workspace.extracts / name).write_bytes(data)
            self.late.clear()
        else:
            self.extract(late=True)

    def cut_extract(self) -> None:
        """The transfer of an extract breaks off; the operator sends it whole once it was refused."""
        self.extract()
        newest = max(self.truth.versions.values(), key=lambda v: int(v.name[1:])).name
        paths = [self.workspace.extracts / f"{table}_{newest}.csv" for table in ("dsf", "sequences", "absences")]
        path = self.rng.choice(paths)
        whole = path.read_bytes()
        path.write_bytes(whole[: self.rng.randrange(1, len(whole))])
        self.night()
        if path.exists():
            path.write_bytes(whole)

    def grow(self) -> None:
        """More conventions, more absences."""
        self.truth.add_convention()
        dsf = self.rng.choice(self.truth.dsf)
        self.truth.add_absence(self.rng.choice(dsf.lines))
        self.extract()

    def mend(self) -> None:
        """The operator writes the correspondances that are known."""
        self.truth.told = [dict(row) for row in self.truth.renamed]
        path = self.workspace.root / CORRESPONDANCES
        columns = ["champ", "numero_dsf", "identifiant_de", "ancien", "nouveau", "source", "date"]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.truth.told)

    # --- deposits -----------------------------------------------------------------------------------------------------

    def deposit(self) -> None:
        """A secretary drops a file: names of today, of yesterday, or wrong; hours that fit, or not."""
        siret = self.rng.choice(SIRETS)
        mine = [d for d in self.truth.dsf if siret in (d.convention.titulaire, d.convention.dispensateur)]
        chosen = self.rng.choice(mine if mine and self.rng.random() < 0.9 else self.truth.dsf)
        kind = self.rng.choice((HEURES, ABSENCES))
        named: set[int] = set()
        lines = [self._line(kind, chosen, named) for _ in range(self.rng.randint(1, 5))]
        self._drop(siret, kind, [self._typed(siret, line) for line in lines if line])

    def claims_again(self) -> None:
        """What was completed or added already is claimed once more, as it is called today."""
        if known := self._done():
            self._claim_again(*self.rng.choice(known))

    def _claim_again(self, dsf: Dsf, line: Line) -> None:
        """An absence that was completed there and hours that were added, if there are any."""
        absences = [one for one in line.absences if one.thing in self.model.taken and not one.gone]
        added = [days for number, plan, *days in sorted(self.model.added) if self._place(number, plan) == (dsf, line)]
        if absences:
            self._drop_one(dsf, ABSENCES, self._absence(self._names(dsf, line), self.rng.choice(absences)))
        if added:
            start, end, hours = self.rng.choice(added)
            days = {"date_debut": _french(start), "date_fin": _french(end)}
            self._drop_one(dsf, HEURES, {**self._names(dsf, line), **days, "heures": _typed_hours(hours)})

    def to_the_brim(self) -> None:
        """All hours that a plan has left, or a little more."""
        dsf = self.rng.choice(self.truth.dsf)
        self._to_the_brim(dsf, self.rng.choice(dsf.lines))

    def _to_the_brim(self, dsf: Dsf, line: Line) -> None:
        plan = (dsf.convention.thing, line.person.thing, line.sequence)
        left = self.model.left(plan, self.model.newest(self._loaded()))
        day = _french((date(2025, 1, 6) + timedelta(days=self.rng.randrange(80))).isoformat())
        hours = max(left, 0) // 25 * 25 + self.rng.choice((0, 25, 100, 1000))
        self._drop_one(dsf, HEURES, {**self._names(dsf, line), "date_debut": day, "heures": _typed_hours(hours)})

    def _drop_one(self, dsf: Dsf, kind: str, line: dict[str, str]) -> None:
        siret = self.rng.choice((dsf.convention.titulaire, dsf.convention.dispensateur))
        self._drop(siret, kind, [self._typed(siret, line)])

    def _place(self, number: str, plan: tuple[int, int, int]) -> tuple[Dsf, Line]:
        dsf = next(one for one in self.truth.dsf if one.number == number)
        return dsf, next(one for one in dsf.lines if (one.person.thing, one.sequence) == plan[1:])

    def _done(self) -> list[tuple[Dsf, Line]]:
        """Where absences were completed, or else where hours were added and nothing else would be missed."""
        completed = [(dsf, line) for dsf, line, one in self.truth.everything() if one.thing in self.model.taken]
        added = [self._place(dsf, plan) for dsf, plan, *_ in sorted(self.model.added)]
        of = {dsf.number for dsf, _ in completed}
        alone = [(dsf, line) for dsf, line in added if dsf.number not in of]
        return alone if alone and self.rng.random() < 0.5 else completed + added

    def _names(self, dsf: Dsf, line: Line) -> dict[str, str]:
        return {
            "numero_dsf": dsf.number,
            "identifiant_de": line.person.name,
            "nom": line.person.surname,
            "code_sequence": dsf.convention.codes[line.sequence],
        }

    def _typed(self, siret: str, line: dict[str, str]) -> dict[str, str]:
        """The line as this organisation can type it: it does not know the names of others' trainees."""
        own = line["nom"] in (SHARED, NAMES[siret])
        return line if own else {**line, "nom": "INCONNU"}

    def _line(self, kind: str, dsf: Dsf, named: set[int]) -> dict[str, str] | None:
        """One line; an absence that stands in ``named`` is not named again, by the careful."""
        line = self.rng.choice(dsf.lines)
        names = self._names(dsf, line)
        if kind == HEURES:
            day = date(2025, 1, 6) + timedelta(days=self.rng.randrange(80))
            right, wrong = ("7", "3,5", "10", "7,25", "30"), ("sept", "0,33")
            hours = self.rng.choice(right if self.rng.random() < 0.95 else wrong)
            return {
                **names,
                "date_debut": f"{day:%d/%m/%Y}",
                "date_fin": f"{day + timedelta(days=3):%d/%m/%Y}",
                "heures": hours,
            }
        if self.stale and self.rng.random() < 0.25:
            return dict(self.rng.choice(self.stale))
        new = [one for one in line.absences if one.thing not in self.model.taken and one.thing not in named]
        listed = new if self.rng.random() < 0.9 else line.absences
        if not listed:
            return None
        absence = self.rng.choice(listed)
        named.add(absence.thing)
        return self._absence(names, absence)

    def _absence(self, names: dict[str, str], absence: Absence) -> dict[str, str]:
        day = f"{absence.start:%d/%m/%Y}"
        by = self.rng.choice(("id", "dates", "both"))
        partial = self.rng.random() < 0.15
        hours = absence.hours // 2 // 25 * 25 if partial else absence.hours
        return {
            **names,
            "id_absence": absence.name if by != "dates" else "",
            **({"date_debut": day, "date_fin": day} if by != "id" else {}),
            "heures": _typed_hours(hours),
            "reliquat_abandonne": "oui" if partial else "",
        }

    def _remember_names(self) -> None:
        """What a secretary who keeps an old template will type later."""
        self.stale = self.stale[-60:]
        for dsf, line, absence in self.rng.sample(list(self.truth.everything()), 3):
            hours = _typed_hours(absence.hours)
            self.stale.append({**self._names(dsf, line), "id_absence": absence.name, "heures": hours})

    def _drop(self, siret: str, kind: str, lines: list[dict[str, str]]) -> None:
        if not lines:
            return
        data = (deposits.hours if kind == HEURES else deposits.absences)(*lines).encode()
        self.count += 1
        name = f"{self.count:05d}.csv"
        path = self.workspace.deposits / siret / name
        self._write(path, data)
        self.files.append((siret, path, data))

    def _write(self, path: Path, data: bytes) -> None:
        self.model.dropped.setdefault(path.name, set()).add(data.count(b"\r\n") - 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(_START + self.count * SECOND,) * 2)

    def again(self) -> None:
        """A file that was dropped before is dropped again under another name."""
        if not self.files:
            return
        siret, _, data = self.rng.choice(self.files)
        self.count += 1
        name = f"{self.count:05d}.csv"
        self._write(self.workspace.deposits / siret / name, data)

    def saved_again(self) -> None:
        """A file that still waits is saved again with another line."""
        waiting = [(siret, path, data) for siret, path, data in self.files if path.exists()]
        if waiting:
            _, path, data = self.rng.choice(waiting)
            body = data.decode().rstrip("\r\n").split("\r\n")
            self._write(path, ("\r\n".join([*body, body[-1]]) + "\r\n").encode())

    # --- nights -------------------------------------------------------------------------------------------------------

    def night(self) -> None:
        """A run to its end, and everything that must hold after it."""
        try:
            self._run()
        except Halt as halt:
            if halt.exit_code != 4:
                raise
        self.check()

    def _run(self, wait: float = ledger.WAIT) -> None:
        """In this process, in waves of some size."""
        lines = self.rng.choice((1, 5, 200_000))
        opened = partial(ledger.open, wait=wait)
        engine = SimpleNamespace(engine=in_process)
        with patch.multiple(chain, work=engine, LINES=lines), patch.object(chain.ledger, "open", opened):
            chain.run(self.workspace, self.settings, self._today(), lambda *_: None)

    def _today(self) -> date:
        return max(self.truth.day, date(2025, 6, 1))

    def check(self) -> None:
        bad = self.model.look(self.workspace.outbox, self._loaded())
        report = verify(self.workspace, self.settings)
        bad += report.erreurs
        if bad:
            raise Bad("; ".join(bad[:6]))

    def _loaded(self) -> list[Any]:
        known = reference.open(self.workspace).loads()
        return [self.truth.versions[load.jeu] for load in known]

    def dies(self) -> None:
        """The run is killed at a random step; the next one goes on."""
        at = self.rng.randrange(1, 60)
        self._in_child(lambda n: os.kill(os.getpid(), signal.SIGKILL) if n == at else None)
        self.night()

    def disk_is_full(self) -> None:
        """From a random step on nothing more can be written; then there is room again."""
        at = self.rng.randrange(1, 60)

        def refuse(n: int) -> None:
            if n >= at:
                raise OSError(errno.ENOSPC, "full")

        self._in_child(refuse)
        self.night()

    def connection_cut(self) -> None:
        """The connection to the ledger is lost at a random statement, or nobody reaches the server from then on."""
        assert self.base
        at, how, down = self.rng.randrange(1, 200), self.rng.choice(list(Cut)), self.rng.random() < 0.3
        self.base.proxy.arm(at, how, down=down)
        self._in_child(lambda _: None)
        self.base.proxy.arm()
        self.night()

    def server_restarts(self) -> None:
        """The ledger's server loses its power at a random step of the run, and is there again at once."""
        base, at = self.base, self.rng.randrange(1, 60)
        assert base
        self._in_child(lambda n: base.loses_power() if n == at else None)
        self.night()

    def another_machine(self) -> None:
        """A machine that stands still at a random step is taken for dead; another one takes over; the first wakes up."""
        at = self.rng.randrange(1, 60)
        child = self._forked(lambda n: os.kill(os.getpid(), signal.SIGSTOP) if n == at else None)
        _, status = os.waitpid(child, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            self.workspace.lock.unlink()  # the other machine does not see it
            with suppress(Halt):  # the first one may hold the ledger
                self._run(wait=0.3)
            os.kill(child, signal.SIGCONT)
            os.waitpid(child, 0)
        self.night()

    def _in_child(self, trouble: Callable[[int], None]) -> None:
        os.waitpid(self._forked(trouble), 0)

    def _forked(self, trouble: Callable[[int], None]) -> int:
        """A run in a child, which meets ``trouble`` at each of its steps."""
        child = os.fork()
        if child:
            return child
        steps = 0

        def reached(_label: str, *_paths: Path) -> None:
            nonlocal steps
            steps += 1
            trouble(steps)

        try:
            disk.reached = reached
            self._run(wait=1)
        except BaseException:
            os._exit(1)
        os._exit(0)

    def clock(self) -> None:
        """Some nights nobody runs it; and once in a while a clock is wrong for a night."""
        self.truth.day += timedelta(days=self.rng.randint(1, 9))

    # --- others -------------------------------------------------------------------------------------------------------

    def receiver(self) -> None:
        """Somebody takes folders away."""
        for folder in sorted([*self.workspace.outbox.glob("*/dsf/*"), *self.workspace.outbox.glob("*/retours/*")]):
            if self.rng.random() < 0.4:
                shutil.rmtree(folder)

    def clerk(self) -> None:
        """A complement is typed into Kairos, mostly told to us; the next extracts will have it."""
        with ledger.open(self.workspace, self.settings) as book:
            waiting = [one for one in book.followed() if one.numero not in self.truth.processed]
            if not waiting:
                return
            chosen = self.rng.choice(waiting)
            if self.rng.random() < 0.8:
                book.enter(chosen.numero, kairos=f"K{chosen.seq}", day=self.truth.day)
        self._processed(chosen.numero)

    def _processed(self, number: str) -> None:
        """Kairos takes a complement: hours are done, absences are fundable and leave the list or stay marked."""
        self.truth.processed.add(number)
        turned = self.model.turned[number]
        for _, line, absence in self.truth.everything():
            if absence.thing in turned:
                line.fundable += turned[absence.thing]
                absence.gone = self.rng.random() < 0.5
                absence.marked = not absence.gone
        for of, dsf, plan, added in self.model.hours:
            if of == number:
                found = next(one for one in self.truth.dsf if one.number == dsf)
                line = next(one for one in found.lines if (one.person.thing, one.sequence) == plan[1:])
                line.done += added


def _typed_hours(hundredths: int) -> str:
    return f"{hundredths // 100},{hundredths % 100:02d}"


def _french(day: str) -> str:
    return f"{date.fromisoformat(day):%d/%m/%Y}"
