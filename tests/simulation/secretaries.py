"""What secretaries drop: names of today, of yesterday, or wrong; hours that fit, or not; the same again."""

from datetime import date, timedelta

from schemas.fields import ABSENCES, HEURES
from tests.simulation.stage import Stage
from tests.simulation.truth import NAMES, SHARED, SIRETS, Absence, Dsf, Line
from tests.world import deposits

_START = 1_746_000_000


class Secretaries(Stage):
    """Deposits."""

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
        self._new(siret, data)
        self.files.append((siret, f"{siret}/{self.count:05d}.csv", data))

    def _new(self, siret: str, data: bytes) -> None:
        self.count += 1
        self._write(f"{siret}/{self.count:05d}.csv", data)

    def _write(self, path: str, data: bytes) -> None:
        """``path``: SIRET and name."""
        self.model.dropped.setdefault(path.rpartition("/")[2], set()).add(data.count(b"\r\n") - 1)
        self.place.put(f"depots/{path}", data, _START + self.count)

    def again(self) -> None:
        """A file that was dropped before is dropped again under another name."""
        if self.files:
            siret, _, data = self.rng.choice(self.files)
            self._new(siret, data)

    def saved_again(self) -> None:
        """A file that still waits is saved again with another line."""
        waiting = [(path, data) for _, path, data in self.files[-30:] if self.place.stands(f"depots/{path}")]
        if waiting:
            path, data = self.rng.choice(waiting)
            body = data.decode().rstrip("\r\n").split("\r\n")
            self._write(path, ("\r\n".join([*body, body[-1]]) + "\r\n").encode())


def _typed_hours(hundredths: int) -> str:
    return f"{hundredths // 100},{hundredths % 100:02d}"


def _french(day: str) -> str:
    return f"{date.fromisoformat(day):%d/%m/%Y}"
