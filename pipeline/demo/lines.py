"""Right lines of deposits, taken from the world: hours that fit, absences that may be completed, each once."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from pipeline.demo import words
from pipeline.demo.world import Absence, Declared, Dsf, World
from schemas.fields import ABSENCES, HEURES


@dataclass(frozen=True)
class Hours:
    """Hours in hundredths, to be typed in the depositor's way."""

    hundredths: int


@dataclass(frozen=True)
class Raw:
    """Typed exactly so: a text, a number, a date that is wrong in itself, or a formula (``=…``) or error (``#REF!``)."""

    value: str | int | float | date | None


Value = str | Hours | date | Raw | None


@dataclass(frozen=True)
class Line:
    """One line: field → value. Blank fields are left out."""

    nature: str
    values: dict[str, Value]

    def but(self, **changes: Value) -> "Line":
        return replace(self, values=self.values | changes)


@dataclass(frozen=True)
class Planned:
    """A line as typed, and as it should have been (None: it should not be there). ``faute``: the code it is to trigger."""

    typed: Line
    wanted: Line | None
    faute: str = ""


class Stock:
    """Hands out right lines; what was handed out once is not handed out again, so that they all can be accepted."""

    def __init__(self, world: World, rng: Random) -> None:
        self.world = world
        self.rng = rng
        self._room: dict[tuple[str, str], int] = {}
        for row in world.rows:
            key = (row.stagiaire.pif, row.code)
            self._room[key] = self._room.get(key, row.prevues) - row.declarees
        self._used: set[object] = set()
        self._proof = 0

    def room(self, row: Declared) -> int:
        """Hours that may still be added to the séquence (hundredths)."""
        return self._room[row.stagiaire.pif, row.code]

    def take(self, row: Declared, hundredths: int) -> None:
        """Set aside hours that a line types beyond those it was handed out with."""
        self._room[row.stagiaire.pif, row.code] -= hundredths

    def proof(self, prefix: str) -> str:
        self._proof += 1
        return f"{prefix}-{self._proof:04d}"

    def days(self, row: Declared) -> list[date]:
        """Working days of the DSF on which this trainee is not declared absent."""
        away = {
            absence.debut + timedelta(days=n)
            for other in self.world.of(row.dsf)
            if other.stagiaire == row.stagiaire
            for absence in other.absences
            for n in range((absence.fin - absence.debut).days + 1)
        }
        span = [row.dsf.debut + timedelta(days=n) for n in range((row.dsf.fin - row.dsf.debut).days + 1)]
        return [day for day in span if day.weekday() < 5 and day not in away]

    def hours(self, dsf: Dsf) -> tuple[Line, Declared] | None:
        """An hours line on ``dsf``, and the row it is about; None when there is no room left."""
        rows = [row for row in self.world.of(dsf) if self.room(row) >= 500]
        if not rows:
            return None
        row = self.rng.choice(rows)
        day = self.rng.choice(self.days(row))
        key = (dsf.numero, row.stagiaire.identifiant, row.code, day)
        if key in self._used:
            return None
        self._used.add(key)
        amount = min(self.rng.choice((700, 350, 325, 700, 150, 400, 725)), self.room(row) // 25 * 25)
        self._room[row.stagiaire.pif, row.code] -= amount
        values: dict[str, Value] = _who(row) | {
            "date_debut": day,
            "heures": Hours(amount),
            "reference_justificatif": self.proof("EMARG"),
        }
        if self.rng.random() < 0.3:
            values["date_fin"] = day
        if self.rng.random() < 0.1:
            values["commentaire"] = "Feuille d'émargement retrouvée"
        return Line(HEURES, values), row

    def absence(self, dsf: Dsf, *, deja: bool = False) -> tuple[Line, Declared, Absence] | None:
        """An absence line on ``dsf``; ``deja``: of an absence the extract says is completed already."""
        free = [
            (row, absence)
            for row in self.world.of(dsf)
            for absence in row.absences
            if absence.deja == deja and (dsf.numero, absence.identifiant) not in self._used
        ]
        if not free:
            return None
        row, absence = self.rng.choice(free)
        self._used.add((dsf.numero, absence.identifiant))
        values: dict[str, Value] = _who(row) | {
            "heures": Hours(absence.heures),
            "motif": self.rng.choice(words.REASONS),
            "reference_justificatif": self.proof("JUST"),
            "date_justificatif": absence.debut + timedelta(days=self.rng.randint(0, 12)),
        }
        # By its identifier, by its dates, or by both.
        way = self.rng.random()
        if way < 0.8 or _twins(self.world.of(dsf), row, absence):
            values["id_absence"] = absence.identifiant
        if way > 0.4:
            values |= {"date_debut": absence.debut, "date_fin": absence.fin}
        if absence.heures > 300 and self.rng.random() < 0.1:
            values |= {"heures": Hours(absence.heures - 100), "reliquat_abandonne": "oui"}
        return Line(ABSENCES, values), row, absence


def _twins(rows: list[Declared], row: Declared, absence: Absence) -> bool:
    same = [a for r in rows if (r.stagiaire, r.code) == (row.stagiaire, row.code) for a in r.absences]
    return sum((a.debut, a.fin) == (absence.debut, absence.fin) for a in same) > 1


def _who(row: Declared) -> dict[str, Value]:
    return {
        "numero_dsf": row.dsf.numero,
        "identifiant_de": row.stagiaire.identifiant,
        "nom": row.stagiaire.nom,
        "prenom": row.stagiaire.prenom,
        "code_sequence": row.code,
    }
