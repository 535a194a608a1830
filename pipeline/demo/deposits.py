"""The deposits of the sample, in the order they are dropped: most lines of an organisation are right, some wrong."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

from pipeline.demo.faults import FAULTS, WORKBOOK_FAULTS, FaultCase
from pipeline.demo.lines import PlannedLine, SampleLine, Stock
from pipeline.demo.sheets import Habits, Rendered, habits, render
from pipeline.demo.world import Declared, Organisation, SampleDsf, World
from schemas.fields import ABSENCES, HEURES

AS_OF = date(2025, 6, 30)
"""The date of the first run: every file is older, whenever the demo is made."""
AS_OF_SECOND = date(2025, 7, 7)
"""The date of the second run."""
ESP_OPENS = date(2025, 7, 1)
"""When the settings of this workspace open ESP to complements: REF-04 refuses them in the first round, not in the second."""

SAVED = date(2025, 6, 13)
"""When the workbooks say they were saved: a copy has the same bytes whenever it is dropped."""

ORIGINAL = "original"
"""A deposit comes back as its whole file, corrected."""
RETURNED = "a-corriger"
"""A deposit comes back as the returned workbook, corrected."""
NOTHING = ""
"""A deposit does not come back."""


@dataclass(frozen=True)
class SampleDeposit:
    """One file to drop at ``when`` (UTC), named ``name``, in the folder of ``siret``.

    ``declarant``: what the sheet says, and ``right_declarant`` what it should say. ``content``: the bytes of a file that is
    no table. ``correction``: how it comes back in the second round. ``codes``: those that the file as a whole is to trigger.
    """

    siret: str
    name: str
    when: datetime
    lines: tuple[PlannedLine, ...]
    habits: Habits = field(default_factory=Habits)
    declarant: dict[str, str] = field(default_factory=dict)
    right_declarant: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    label: str = ""
    correction: str = ORIGINAL
    codes: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Its folder in the inbox: the SIRET, and the label where there is one."""
        return f"{self.siret}-{self.label}" if self.label else self.siret

    def typed(self) -> Rendered:
        """The file as it is dropped."""
        if self.content is not None:
            return Rendered(self.content, ())
        return render([line.typed for line in self.lines], self.habits, self.declarant, SAVED)

    def corrected(self, day: date) -> Rendered:
        """The whole file as it should be, saved on ``day``."""
        how = replace(self.habits, missing="", twice="", drafts=0)
        return render([line.wanted for line in self.lines if line.wanted], how, self.right_declarant, day)


class Desk:
    """Makes deposits for the organisations of a world. Its clock moves on with each deposit."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.rng = Random(f"depots {seed}")
        self.stock = Stock(world, self.rng)
        self._clock = datetime(2025, 6, 16, 7, 30)
        self._names: dict[str, int] = {}
        self._open: dict[str, list[SampleDsf]] = {}
        for dsf in world.dsf:
            if dsf.open:
                self._open.setdefault(dsf.convention.dispensateur.siret, []).append(dsf)

    def now(self) -> datetime:
        """The next moment at which someone drops a file."""
        self._clock += timedelta(minutes=self.rng.randint(10, 90))
        if self._clock.hour >= 17:
            self._clock = self._clock.replace(hour=7, minute=30) + timedelta(days=1)
        return self._clock

    def name(self, siret: str, how: Habits) -> str:
        """A file name that is new in the folder of this organisation."""
        self._names[siret] = self._names.get(siret, 0) + 1
        number = self._names[siret]
        stem = self.rng.choice(("complement", "DSF juin", "Régularisation", "heures et absences", "a transmettre"))
        return f"{stem} {number}.{'csv' if how.csv else 'xlsx'}"

    def open_dsf(self, siret: str, *, esp: bool = False) -> list[SampleDsf]:
        """The DSF that ``siret`` delivered and may complete: ESF, and with ``esp`` also ESP."""
        return [d for d in self._open.get(siret, []) if esp or d.convention.session == "ESF"]

    def foreign(self, siret: str) -> SampleDsf:
        """A DSF that ``siret`` neither holds nor delivers."""
        others = [
            d
            for d in self.world.dsf
            if d.open and siret not in (d.convention.titulaire.siret, d.convention.dispensateur.siret)
        ]
        return self.rng.choice(others)

    def right(self, dsf: list[SampleDsf], hours: int, absences: int) -> list[PlannedLine]:
        """Right lines on each of ``dsf``: up to so many of hours and of absences."""
        found: list[PlannedLine] = []
        for one in dsf:
            made = [self.stock.hours(one) for _ in range(hours)] + [self.stock.absence(one) for _ in range(absences)]
            found += [PlannedLine(line, line) for line, _ in filter(None, made)]
        return found

    def wrong(self, code: str, dsf: list[SampleDsf], siret: str) -> list[PlannedLine]:
        """Lines that trigger ``code``; none where no line of ``dsf`` lends itself to it."""
        kind, fault = FAULTS[code]
        for one in self.rng.sample(dsf, len(dsf)):
            made = self.stock.hours(one) if kind == HEURES else self.stock.absence(one)
            if made is None:
                continue
            line, row = made
            planned = fault(FaultCase(self._suited(line, code), row, self.foreign(siret), self.stock, AS_OF))
            if planned:
                return planned
        return []

    @staticmethod
    def _suited(line: SampleLine, code: str) -> SampleLine:
        """``line`` without what would hide the fault."""
        if code in ("LIG-05", "REF-13", "AVT-03"):
            return line.but(date_fin=None)
        return line

    def row_of(self, line: SampleLine) -> Declared:
        """The declared row that a line is about."""
        return next(
            row
            for row in self.world.rows
            if row.dsf.number == line.values["numero_dsf"]
            and row.trainee.identifier == line.values["identifiant_de"]
            and row.code == line.values["code_sequence"]
        )


def ordinary(desk: Desk, organisation: Organisation, code: str = "", how: Habits | None = None) -> SampleDeposit | None:
    """A usual deposit of an organisation; with ``code``, some of its lines are wrong in that way.

    None where there is nothing to complete.
    """
    siret = organisation.siret
    mine = desk.open_dsf(siret, esp=True)
    if not mine:
        return None
    how = how or habits(desk.rng, workbook=code in WORKBOOK_FAULTS)
    chosen = desk.rng.sample(mine, min(len(mine), desk.rng.randint(2, 5)))
    lines = desk.right(chosen, desk.rng.randint(3, 6), desk.rng.randint(1, 4))
    if code:
        esf = [d for d in chosen if d.convention.session == "ESF"] or desk.open_dsf(siret)
        lines += desk.wrong(code, esf, siret)
    if how.csv:
        # A csv holds one table: the one that is asked for, else the longer one.
        kind = FAULTS[code][0] if code else _longer(lines)
        lines = [line for line in lines if line.typed.kind == kind]
    if not lines:
        return None
    declarant = {"SIRET": siret, "Contact": "formation@exemple.invalid"} if desk.rng.random() < 0.5 else {}
    name = desk.name(siret, how)
    correction = desk.rng.choice((ORIGINAL, RETURNED, RETURNED))
    label = "formation" if desk.rng.random() < 0.1 else ""
    return SampleDeposit(siret, name, desk.now(), tuple(lines), how, declarant, declarant, None, label, correction)


def _longer(lines: list[PlannedLine]) -> str:
    """The kind of table with more of ``lines``."""
    hours = sum(line.typed.kind == HEURES for line in lines)
    return HEURES if 2 * hours >= len(lines) else ABSENCES
