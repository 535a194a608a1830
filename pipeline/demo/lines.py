"""Right lines of deposits, taken from the world: hours that fit, absences that may be completed, each once."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from pipeline.demo import words
from pipeline.demo.world import Absence, Declared, SampleDsf, World
from schemas.fields import ABSENCES, HEURES


@dataclass(frozen=True)
class SampleHours:
    """Hours (whole hundredths), to be typed in the depositor's way."""

    hundredths: int


@dataclass(frozen=True)
class Raw:
    """A value typed exactly so: a text, a number, a date that is wrong in itself, a formula (``=…``) or an error (``#REF!``)."""

    value: str | int | float | date | None


SampleValue = str | SampleHours | date | Raw | None
"""What a cell of a sample line holds before anybody types it in a way of their own."""


@dataclass(frozen=True)
class SampleLine:
    """One line of a table of ``kind``. ``values``: by field; blank fields are left out."""

    kind: str
    values: dict[str, SampleValue]

    def but(self, **changes: SampleValue) -> "SampleLine":
        """The same line with other values in some fields."""
        return replace(self, values=self.values | changes)


@dataclass(frozen=True)
class PlannedLine:
    """A line as typed, and as it should be (None: it should not be there).

    ``fault``: the code that it is to trigger; empty for a right line.
    """

    typed: SampleLine
    wanted: SampleLine | None
    fault: str = ""


class Stock:
    """Hands out right lines, each once: together they can all be accepted."""

    def __init__(self, world: World, rng: Random) -> None:
        self.world = world
        self.rng = rng
        self._room: dict[tuple[str, str], int] = {}
        for row in world.rows:
            key = (row.trainee.pif, row.code)
            self._room[key] = self._room.get(key, row.planned) - row.total
        self._used: set[object] = set()
        self._proofs = 0

    def room(self, row: Declared) -> int:
        """Hours (hundredths) that may still be added to the séquence."""
        return self._room[row.trainee.pif, row.code]

    def take(self, row: Declared, hundredths: int) -> None:
        """Set aside the hours that a line types beyond those it was handed out with."""
        self._room[row.trainee.pif, row.code] -= hundredths

    def proof(self, prefix: str) -> str:
        """A new reference of a proof."""
        self._proofs += 1
        return f"{prefix}-{self._proofs:04d}"

    def days(self, row: Declared) -> list[date]:
        """Working days of the DSF on which this trainee is not declared absent."""
        away = {
            absence.start + timedelta(days=n)
            for other in self.world.of(row.dsf)
            if other.trainee == row.trainee
            for absence in other.absences
            for n in range((absence.end - absence.start).days + 1)
        }
        span = [row.dsf.start + timedelta(days=n) for n in range((row.dsf.end - row.dsf.start).days + 1)]
        return [day for day in span if day.weekday() < 5 and day not in away]

    def hours(self, dsf: SampleDsf) -> tuple[SampleLine, Declared] | None:
        """An hours line on ``dsf``, and the row it is about; None where there is no room left."""
        rows = [row for row in self.world.of(dsf) if self.room(row) >= 500]
        if not rows:
            return None
        row = self.rng.choice(rows)
        day = self.rng.choice(self.days(row))
        key = (dsf.number, row.trainee.identifier, row.code, day)
        if key in self._used:
            return None
        self._used.add(key)
        amount = min(self.rng.choice((700, 350, 325, 700, 150, 400, 725)), self.room(row) // 25 * 25)
        self.take(row, amount)
        values: dict[str, SampleValue] = _who(row) | {
            "date_debut": day,
            "heures": SampleHours(amount),
            "reference_justificatif": self.proof("EMARG"),
        }
        if self.rng.random() < 0.3:
            values["date_fin"] = day
        if self.rng.random() < 0.1:
            values["commentaire"] = "Feuille d'émargement retrouvée"
        return SampleLine(HEURES, values), row

    def absence(self, dsf: SampleDsf, *, completed: bool = False) -> tuple[SampleLine, Declared] | None:
        """An absence line on ``dsf``, and the row it is about; None where there is no absence left.

        ``completed``: of an absence that the extract says is completed already.
        """
        free = [
            (row, absence)
            for row in self.world.of(dsf)
            for absence in row.absences
            if absence.completed == completed and (dsf.number, absence.identifier) not in self._used
        ]
        if not free:
            return None
        row, absence = self.rng.choice(free)
        self._used.add((dsf.number, absence.identifier))
        values: dict[str, SampleValue] = _who(row) | {
            "heures": SampleHours(absence.hours),
            "motif": self.rng.choice(words.REASONS),
            "reference_justificatif": self.proof("JUST"),
            "date_justificatif": absence.start + timedelta(days=self.rng.randint(0, 12)),
        }
        # By its identifier, by its dates, or by both.
        way = self.rng.random()
        if way < 0.8 or _twins(self.world.of(dsf), row, absence):
            values["id_absence"] = absence.identifier
        if way > 0.4:
            values |= {"date_debut": absence.start, "date_fin": absence.end}
        if absence.hours > 300 and self.rng.random() < 0.1:
            values |= {"heures": SampleHours(absence.hours - 100), "reliquat_abandonne": "oui"}
        return SampleLine(ABSENCES, values), row


def _twins(rows: list[Declared], row: Declared, absence: Absence) -> bool:
    """Whether another absence of the trainee on this séquence has the same dates."""
    same = [a for r in rows if (r.trainee, r.code) == (row.trainee, row.code) for a in r.absences]
    return sum((a.start, a.end) == (absence.start, absence.end) for a in same) > 1


def _who(row: Declared) -> dict[str, SampleValue]:
    return {
        "numero_dsf": row.dsf.number,
        "identifiant_de": row.trainee.identifier,
        "nom": row.trainee.surname,
        "prenom": row.trainee.first_name,
        "code_sequence": row.code,
    }
