"""The deposits of the sample: most of an organisation's lines right, some wrong, in the order they were dropped."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

from pipeline.demo.faults import FAULTS, WORKBOOK_FAULTS, Wrong
from pipeline.demo.lines import Line, Planned, Stock
from pipeline.demo.sheets import Rendered, Style, render, style
from pipeline.demo.world import Declared, Dsf, Organisation, World
from schemas.fields import ABSENCES, HEURES

AS_OF = date(2025, 6, 30)
"""The run's date of the first round: everything before it is past, wherever the demo runs."""
AS_OF_SECOND = date(2025, 7, 7)
"""The run's date of the second round."""
ESP_OPENS = date(2025, 7, 1)
"""In this workspace's settings, so that REF-04 is seen: refused in the first round, accepted in the second."""

SAVED = date(2025, 6, 13)
"""When the workbooks say they were saved: a copy is the same file whenever it is dropped."""

ORIGINAL = "original"  # the whole file, corrected
RETURNED = "a-corriger"  # the returned workbook, corrected
NOTHING = ""


@dataclass(frozen=True)
class Deposit:
    """One file to drop. ``correction``: how it comes back in the second round; ``brut``: its bytes where it is no table."""

    siret: str
    nom: str
    quand: datetime  # UTC
    lignes: tuple[Planned, ...]
    style: Style = field(default_factory=Style)
    declarant: dict[str, str] = field(default_factory=dict)
    declarant_juste: dict[str, str] = field(default_factory=dict)
    brut: bytes | None = None
    dossier: str = ""  # label after the SIRET
    correction: str = ORIGINAL
    attendus: tuple[str, ...] = ()  # codes that the file as a whole is to trigger

    @property
    def folder(self) -> str:
        return f"{self.siret}-{self.dossier}" if self.dossier else self.siret

    def typed(self) -> Rendered:
        """The file as it is dropped."""
        if self.brut is not None:
            return Rendered(self.brut, ())
        return render([line.typed for line in self.lignes], self.style, self.declarant, SAVED)

    def corrected(self, day: date) -> Rendered:
        """The whole file as it should have been."""
        how = replace(self.style, sans="", double="", feuilles=0)
        return render([p.wanted for p in self.lignes if p.wanted], how, self.declarant_juste, day)


class Desk:
    """Makes deposits for the organisations of a world, with a clock that goes on."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.rng = Random(f"depots {seed}")
        self.stock = Stock(world, self.rng)
        self._clock = datetime(2025, 6, 16, 7, 30)
        self._names: dict[str, int] = {}
        self._open: dict[str, list[Dsf]] = {}
        for dsf in world.dsf:
            if dsf.open:
                self._open.setdefault(dsf.convention.dispensateur.siret, []).append(dsf)

    def now(self) -> datetime:
        """The next moment at which someone drops a file."""
        self._clock += timedelta(minutes=self.rng.randint(10, 90))
        if self._clock.hour >= 17:
            self._clock = self._clock.replace(hour=7, minute=30) + timedelta(days=1)
        return self._clock

    def name(self, siret: str, how: Style) -> str:
        """A file name that is new in this organisation's folder."""
        self._names[siret] = self._names.get(siret, 0) + 1
        number = self._names[siret]
        stem = self.rng.choice(("complement", "DSF juin", "Régularisation", "heures et absences", "a transmettre"))
        return f"{stem} {number}.{'csv' if how.texte else 'xlsx'}"

    def open_dsf(self, siret: str, *, esp: bool = False) -> list[Dsf]:
        """DSF that ``siret`` delivered and may complete; ESF alone unless ``esp``."""
        return [d for d in self._open.get(siret, []) if esp or d.convention.type_session == "ESF"]

    def foreign(self, siret: str) -> Dsf:
        """A DSF that ``siret`` has nothing to do with."""
        others = [
            d
            for d in self.world.dsf
            if d.open and siret not in (d.convention.titulaire.siret, d.convention.dispensateur.siret)
        ]
        return self.rng.choice(others)

    def right(self, dsf: list[Dsf], hours: int, absences: int) -> list[Planned]:
        """Right lines on ``dsf``: up to so many of each kind on each."""
        found: list[Planned] = []
        for one in dsf:
            made = [self.stock.hours(one) for _ in range(hours)] + [self.stock.absence(one) for _ in range(absences)]
            found += [Planned(m[0], m[0]) for m in made if m]
        return found

    def wrong(self, code: str, dsf: list[Dsf], siret: str) -> list[Planned]:
        """Lines that trigger ``code``; none when no line of ``dsf`` lends itself to it."""
        nature, fault = FAULTS[code]
        for one in self.rng.sample(dsf, len(dsf)):
            made = self.stock.hours(one) if nature == HEURES else self.stock.absence(one)
            if made is None:
                continue
            line, row = made[0], made[1]
            planned = fault(Wrong(self._suited(line, code), row, self.foreign(siret), self.stock, AS_OF))
            if planned:
                return planned
        return []

    @staticmethod
    def _suited(line: Line, code: str) -> Line:
        """A fault is shown best on a line that has nothing else remarkable."""
        if code in ("LIG-05", "REF-13", "AVT-03"):
            return line.but(date_fin=None)
        return line

    def row_of(self, line: Line) -> Declared:
        """The declared row a line is about."""
        return next(
            row
            for row in self.world.rows
            if row.dsf.numero == line.values["numero_dsf"]
            and row.stagiaire.identifiant == line.values["identifiant_de"]
            and row.code == line.values["code_sequence"]
        )


def ordinary(desk: Desk, organisation: Organisation, code: str = "", how: Style | None = None) -> Deposit | None:
    """An organisation's usual deposit; with ``code``, a few of its lines are wrong in that way."""
    siret = organisation.siret
    mine = desk.open_dsf(siret, esp=True)
    if not mine:
        return None
    how = how or style(desk.rng, workbook=code in WORKBOOK_FAULTS)
    chosen = desk.rng.sample(mine, min(len(mine), desk.rng.randint(2, 5)))
    lines = desk.right(chosen, desk.rng.randint(3, 6), desk.rng.randint(1, 4))
    if code:
        esf = [d for d in chosen if d.convention.type_session == "ESF"] or desk.open_dsf(siret)
        lines += desk.wrong(code, esf, siret)
    if how.texte:
        # A csv holds one table: what is asked for, else what there is more of.
        nature = FAULTS[code][0] if code else _more(lines)
        lines = [p for p in lines if p.typed.nature == nature]
    if not lines:
        return None
    declarant = {"SIRET": siret, "Contact": "formation@exemple.invalid"} if desk.rng.random() < 0.5 else {}
    name = desk.name(siret, how)
    correction = desk.rng.choice((ORIGINAL, RETURNED, RETURNED))
    label = "formation" if desk.rng.random() < 0.1 else ""
    return Deposit(siret, name, desk.now(), tuple(lines), how, declarant, declarant, None, label, correction)


def _more(lines: list[Planned]) -> str:
    hours = sum(p.typed.nature == HEURES for p in lines)
    return HEURES if 2 * hours >= len(lines) else ABSENCES
