"""What happens between nights beside deposits: extracts, names that change, receivers, clerks."""

import csv
from collections.abc import Sequence
from datetime import timedelta

from pipeline import ledger
from schemas.fields import ABSENCES
from tests.simulation.stage import CORRESPONDANCES
from tests.simulation.troubles import Troubles
from tests.simulation.truth import Dsf, Line

_IN_ORDER = ("dsf", "sequences", "absences")


class Operators(Troubles):
    """Extracts, correspondances, and what becomes of what has left."""

    def extract(self, of: Sequence[tuple[Dsf, Line]] = (), *, late: bool = False) -> dict[str, bytes]:
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
                self.place.put(f"extraits/{name}", data)
        self._remember_names()
        return files

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
                self.place.put(f"extraits/{name}", data)
            self.late.clear()
        else:
            self.extract(late=True)

    def cut_extract(self) -> None:
        """The transfer of an extract breaks off; the operator sends it whole once it was refused."""
        files = self.extract()
        name = self.rng.choice([f"extraits/{name}" for table in _IN_ORDER for name in files if name.startswith(table)])
        whole = files[name.rpartition("/")[2]]
        self.place.put(name, whole[: self.rng.randrange(1, len(whole))])
        self.night()
        if self.place.stands(name):
            self.place.put(name, whole)

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

    # --- others -------------------------------------------------------------------------------------------------------

    def receiver(self) -> None:
        """Somebody takes folders away."""
        for folder in self.place.folders():
            if self.rng.random() < 0.4:
                self.place.take(folder)

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
