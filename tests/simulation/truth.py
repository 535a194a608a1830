"""The world as it is. Things have a number of their own that never changes; names are what the extracts call them today."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from schemas.extracts import TABLES

SIRETS = ("73282932000074", "35600000000048", "44306184100047")
NAMES = {siret: f"CANARI{letter * 5}" for siret, letter in zip(SIRETS, "ABC", strict=True)}
"""A surname for the trainees whom one organisation alone may know."""
SHARED = "PARTAGE"
"""The surname of trainees of a DSF that two organisations share."""
Row = dict[str, str]
Place = tuple[str, str, str, str]
"""DSF, DE, séquence and absence as an extract writes them."""


@dataclass
class Absence:
    """``thing``: the absence itself. ``marked``: an extract says that it is completed; ``marked_as``: under which names the
    last one did. ``gone``: Kairos no longer lists it."""

    thing: int
    start: date
    hours: int
    rank: int = 0
    prefix: str = "A"
    marked: bool = False
    marked_as: "Place | None" = None
    gone: bool = False

    @property
    def name(self) -> str:
        return f"{self.prefix}{self.rank}"


@dataclass
class Person:
    thing: int
    name: str
    surname: str


@dataclass
class Line:
    """One trainee on one séquence of one DSF; hours in hundredths. ``added``: hours that Kairos has taken from complements."""

    person: Person
    sequence: int
    planned: int
    done: int
    fundable: int = 0
    added: int = 0
    absences: list[Absence] = field(default_factory=list)


@dataclass
class Convention:
    thing: int
    name: str
    titulaire: str
    dispensateur: str
    codes: dict[int, str]
    plans: dict[int, str]


@dataclass
class Dsf:
    number: str
    convention: Convention
    lines: list[Line]


@dataclass(frozen=True)
class Version:
    """One extract as it was written: its name, its date, what each name in it stood for."""

    name: str
    day: date
    absences: dict[Place, int]
    declared: dict[str, dict[tuple[int, int, int], int]]
    """DSF → (convention, person, séquence) → hours declared on it."""
    planned: dict[tuple[int, int, int], int]
    contains: frozenset[str]
    """Complements whose hours Kairos had taken by then."""
    completed: frozenset[int]
    """Absences that it says are completed."""


@dataclass
class Truth:
    """Everything that is so, and what the operator could say of names that changed."""

    rng: Random
    day: date = date(2025, 5, 1)
    dsf: list[Dsf] = field(default_factory=list)
    renamed: list[Row] = field(default_factory=list)
    told: list[Row] = field(default_factory=list)
    versions: dict[str, Version] = field(default_factory=dict)
    processed: set[str] = field(default_factory=set)
    _things: int = 0

    def thing(self) -> int:
        self._things += 1
        return self._things

    # --- what grows -----------------------------------------------------------------------------------------------

    def add_convention(self) -> None:
        """A convention with one or two DSF; often of two organisations."""
        rng = self.rng
        titulaire = rng.choice(SIRETS[:2])
        dispensateur = rng.choice((titulaire, rng.choice(SIRETS)))
        number = self.thing()
        people = []
        for _ in range(rng.randint(1, 2)):
            thing = self.thing()
            shared = titulaire != dispensateur
            surname = SHARED if shared else NAMES[titulaire]
            people.append(Person(thing, f"{1_000_000 + thing:07d}A", surname))
        convention = Convention(
            number,
            f"CONV-{number}",
            titulaire,
            dispensateur,
            {n: f"S{n}" for n in range(1, rng.randint(2, 3))},
            {person.thing: f"PIF-{person.thing}" for person in people},
        )
        for _ in range(rng.randint(1, 2)):
            lines = [
                Line(person, sequence, 140_00, rng.randrange(10_00, 40_00, 25))
                for person in people
                for sequence in convention.codes
            ]
            self.dsf.append(Dsf(f"DSF-{self.thing()}", convention, lines))
            for line in lines:
                for _ in range(rng.randint(1, 5)):
                    self.add_absence(line)
                for absence in line.absences:
                    absence.marked = rng.random() < 0.1

    def add_absence(self, line: Line, *, first: bool = False) -> None:
        """One more absence; the ranks of a line count from 1, so one that comes first shifts the others."""
        start = date(2025, 1, 6) + timedelta(days=self.rng.randrange(60))
        while first and any(start == other.start for other in line.absences):
            start += timedelta(days=1)  # under the rank and on the day of another, nothing tells it from that one
        hours = self.rng.randrange(1_00, 14_01, 25)
        line.absences.insert(0 if first else len(line.absences), Absence(self.thing(), start, hours))
        for rank, absence in enumerate((a for a in line.absences if not a.gone), 1):
            absence.rank = rank

    # --- what is renamed --------------------------------------------------------------------------------------------

    def note(self, champ: str, old: str, new: str, dsf: str = "", de: str = "") -> None:
        row = {"champ": champ, "numero_dsf": dsf, "identifiant_de": de, "ancien": old, "nouveau": new}
        self.renamed.append({**row, "source": "FT", "date": self.day.isoformat()})

    def rename(self, dsf: Dsf, line: Line) -> None:
        """One change of names there, as it will be written in the next extract."""
        kind = self.rng.choice(("person", "sequence", "sequence", "prefix", "shift", "shift", "plan", "convention"))
        convention = dsf.convention
        if kind == "person":
            old, line.person.name = line.person.name, f"{10_000_000_000 + self.thing():011d}"
            self.note("identifiant_de", old, line.person.name)
        elif kind == "sequence":
            number = line.sequence
            old, convention.codes[number] = convention.codes[number], f"SEQ-{self.thing()}"
            for one in self.dsf:
                if one.convention is convention:
                    self.note("code_sequence", old, convention.codes[number], one.number)
        elif kind == "plan":
            thing = line.person.thing
            old, convention.plans[thing] = convention.plans[thing], f"PIF-{self.thing()}"
            self.note("numero_pif", old, convention.plans[thing])
        elif kind == "convention":
            old, convention.name = convention.name, f"CONV-{self.thing()}"
            self.note("numero_convention", old, convention.name)
        else:
            self._rename_absences(dsf, line, shift=kind == "shift")

    def _rename_absences(self, dsf: Dsf, line: Line, *, shift: bool) -> None:
        """Of one séquence of a person at a time: the table of correspondances has no column that tells two apart."""
        today = {"champ": "id_absence", "numero_dsf": dsf.number, "identifiant_de": line.person.name}
        if any(row.items() >= {**today, "date": self.day.isoformat()}.items() for row in self.renamed):
            return
        before = {a.thing: a.name for a in line.absences if not a.gone}
        if shift:
            self.add_absence(line, first=True)
        else:
            prefix = f"R{self.thing()}-"
            for absence in line.absences:
                absence.prefix = prefix
        for absence in line.absences:
            old = before.get(absence.thing)
            if old and old != absence.name:
                self.note("id_absence", old, absence.name, dsf.number, line.person.name)

    # --- what an extract says ---------------------------------------------------------------------------------------

    def version(self, chosen: list[Dsf]) -> tuple[Version, dict[str, bytes]]:
        """An extract of some DSF as they are called today: what it means, and its three csv files."""
        rows: dict[str, list[Row]] = {"dsf": [], "sequences": [], "absences": []}
        absences: dict[Place, int] = {}
        declared: dict[str, dict[tuple[int, int, int], int]] = {}
        planned: dict[tuple[int, int, int], int] = {}
        completed = set()
        for dsf in chosen:
            rows["dsf"].append(self._dsf(dsf))
            for line in dsf.lines:
                plan = (dsf.convention.thing, line.person.thing, line.sequence)
                lost = sum(a.hours for a in line.absences if not a.gone)
                declared.setdefault(dsf.number, {})[plan] = line.done + line.fundable + lost
                planned[plan] = line.planned
                rows["sequences"].append(self._sequence(dsf, line, lost))
                for absence in line.absences:
                    if not absence.gone:
                        row = self._absence(dsf, line, absence)
                        rows["absences"].append(row)
                        place = (row["numero_dsf"], row["identifiant_de"], row["code_sequence"], row["id_absence"])
                        absences[place] = absence.thing
                        completed |= {absence.thing} if row["deja_complementee"] == "oui" else set()
        name = f"v{len(self.versions) + 1}"
        made = Version(name, self.day, absences, declared, planned, frozenset(self.processed), frozenset(completed))
        self.versions[name] = made
        return made, {f"{table}_{name}.csv": _csv(table, rows[table]) for table in rows}

    def _dsf(self, dsf: Dsf) -> Row:
        convention = dsf.convention
        return {
            "numero_dsf": dsf.number,
            "type_session": "ESF",
            "nature": "INTERMEDIAIRE",
            "statut": "Validée par France Travail",
            "numero_convention": convention.name,
            "intitule": "Titre inventé",
            "siret_titulaire": convention.titulaire,
            "raison_sociale_titulaire": "",
            "siret_dispensateur": convention.dispensateur,
            "raison_sociale_dispensateur": "",
            "periode_debut": "2025-01-01",
            "periode_fin": "2025-03-31",
            "date_validation": "2025-04-10",
            "date_extraction": self.day.isoformat(),
        }

    def _sequence(self, dsf: Dsf, line: Line, lost: int) -> Row:
        hours = {"prevues": line.planned, "realisees": line.done, "absence_financables": line.fundable}
        return {
            **{
                "numero_dsf": dsf.number,
                "identifiant_de": line.person.name,
                "nom": line.person.surname,
                "prenom": "Alix",
            },
            "numero_pif": dsf.convention.plans[line.person.thing],
            "code_sequence": dsf.convention.codes[line.sequence],
            "libelle_sequence": "Séquence",
            **{f"heures_{name}": f"{value / 100:.2f}" for name, value in hours.items()},
            "heures_absence_non_financables": f"{lost / 100:.2f}",
        }

    def _absence(self, dsf: Dsf, line: Line, absence: Absence) -> Row:
        """Who forgets that it is completed does not change its names at once: nobody could tell."""
        place = (dsf.number, line.person.name, dsf.convention.codes[line.sequence], absence.name)
        marked = absence.marked or absence.marked_as not in (None, place)
        if marked:
            absence.marked_as = place
        return {
            **dict(zip(("numero_dsf", "identifiant_de", "code_sequence", "id_absence"), place, strict=True)),
            "type_absence": "Maladie",
            **dict.fromkeys(("date_debut", "date_fin"), absence.start.isoformat()),
            "heures_non_financables": f"{absence.hours / 100:.2f}",
            "deja_complementee": "oui" if marked else "non",
        }

    def everything(self) -> Iterator[tuple[Dsf, Line, Absence]]:
        """Every absence with where it stands."""
        for dsf in self.dsf:
            for line in dsf.lines:
                for absence in line.absences:
                    yield dsf, line, absence


def _csv(table: str, rows: list[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, [c.name for c in TABLES[table]], delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
