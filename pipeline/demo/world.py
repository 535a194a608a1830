"""The sample world: organisations, conventions, DSF, trainees, séquences and absences. A pure function of the seed.

Hours are whole hundredths. Only chance avoids the numbers of real bodies, for any right number may be someone's.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from stdnum import luhn

from pipeline.demo import words

MONTHS = (date(2025, 3, 1), date(2025, 4, 1), date(2025, 5, 1))
"""First days of the months that the DSF declare."""
CONVENTIONS = 100
TITULAIRES = 14
DISPENSATEURS = 30
LA_POSTE = "356000000"


@dataclass(frozen=True)
class Organisation:
    """A training body."""

    siret: str
    name: str


@dataclass(frozen=True)
class Trainee:
    """A jobseeker in training. ``identifier``: Identifiant DE; ``pif``: number of the training plan."""

    identifier: str
    surname: str
    first_name: str
    pif: str


@dataclass(frozen=True)
class Convention:
    """A contract line: its training, who holds it and who delivers it, its trainees.

    ``session``: ESP or ESF. ``sequences``: (code, label) of each.
    """

    number: str
    title: str
    session: str
    titulaire: Organisation
    dispensateur: Organisation
    sequences: tuple[tuple[str, str], ...]
    trainees: tuple[Trainee, ...]


@dataclass(frozen=True)
class SampleDsf:
    """One month of a convention. ``nature``: INTERMEDIAIRE or FINALE; ``validated_on``: None where it is not validée."""

    number: str
    convention: Convention
    start: date
    end: date
    nature: str
    status: str
    validated_on: date | None

    @property
    def open(self) -> bool:
        """It can be completed: validée and intermédiaire."""
        return self.nature == "INTERMEDIAIRE" and self.validated

    @property
    def validated(self) -> bool:
        """Its status says that it is validée."""
        return self.status.startswith("Validée")


@dataclass(frozen=True)
class Absence:
    """An absence of a trainee. ``hours``: non finançables; ``completed``: the extract says that it was completed already."""

    identifier: str
    kind: str
    start: date
    end: date
    hours: int
    completed: bool


@dataclass
class Declared:
    """One trainee on one séquence of a DSF, with the absences. ``fundable``: hours of absence that are finançables."""

    dsf: SampleDsf
    trainee: Trainee
    code: str
    label: str
    done: int
    fundable: int
    absences: tuple[Absence, ...]
    planned: int = 0

    @property
    def not_fundable(self) -> int:
        """Hours of absence that are not finançables."""
        return sum(absence.hours for absence in self.absences)

    @property
    def total(self) -> int:
        """All hours that the row declares."""
        return self.done + self.fundable + self.not_fundable


@dataclass
class World:
    """Everything the sample extracts say. ``rows`` stand in the order of the extract."""

    organisations: tuple[Organisation, ...]
    dsf: tuple[SampleDsf, ...]
    rows: list[Declared] = field(default_factory=list)

    def of(self, dsf: SampleDsf) -> list[Declared]:
        """The rows of one DSF."""
        return self._by_dsf.get(dsf.number, [])

    def index(self) -> None:
        """Prepare ``of``, once all rows are there."""
        self._by_dsf: dict[str, list[Declared]] = {}
        for row in self.rows:
            self._by_dsf.setdefault(row.dsf.number, []).append(row)


def build(seed: int) -> World:
    """The world of ``seed``: 44 organisations, 100 conventions, 300 DSF."""
    rng = Random(f"monde {seed}")
    organisations = _organisations(rng)
    conventions = _conventions(rng, organisations)
    dsf = tuple(_dsf(rng, c, n, month) for month in range(len(MONTHS)) for n, c in enumerate(conventions))
    world = World(organisations, dsf)
    counter = [0]
    for one in dsf:
        month = MONTHS.index(one.start)
        for trainee in one.convention.trainees:
            for code, label in one.convention.sequences[month : month + 2] or one.convention.sequences[-1:]:
                done = rng.randint(20, 70) * 50
                fundable = rng.choice((0, 0, 350, 700))
                row = Declared(one, trainee, code, label, done, fundable, _absences(rng, one, counter))
                world.rows.append(row)
    _plan_hours(rng, world)
    world.index()
    return world


def siret(rng: Random) -> str:
    """A SIRET whose keys are right."""
    siren = f"{rng.randint(20_000_000, 99_999_999)}"
    siren += luhn.calc_check_digit(siren)
    establishment = f"{siren}{rng.randint(1, 60):04d}"
    return establishment + str(luhn.calc_check_digit(establishment))


def siret_of_la_poste(rng: Random) -> str:
    """A SIRET that is right by La Poste's rule alone: its digits add up to a multiple of five, Luhn's key is wrong."""
    while True:
        number = f"{LA_POSTE}{rng.randint(10_000, 89_999)}"
        if sum(map(int, number)) % 5 == 0 and not luhn.is_valid(number):
            return number


def _organisations(rng: Random) -> tuple[Organisation, ...]:
    names = [f"{body} {place}" for body in words.BODIES for place in words.PLACES]
    rng.shuffle(names)
    found = [Organisation(siret_of_la_poste(rng), "La Poste, école de formation (exemple)")]
    found += [Organisation(siret(rng), name) for name in names[: TITULAIRES + DISPENSATEURS - 1]]
    return tuple(found)


def _identifier(rng: Random) -> str:
    """An Identifiant DE in one of its three forms (contract §5, LIG-03)."""
    letter = rng.choice("ABCDEFGHJKLMNPRSTVWXYZ")
    form = rng.random()
    if form < 0.6:
        return f"{rng.randint(1_000_000, 9_999_999)}{letter}"
    if form < 0.8:
        return f"{rng.randint(10_000_000_000, 99_999_999_999)}"
    return f"0{rng.randint(100_000_000, 999_999_999)}{letter}"


def _trainee(rng: Random, number: int) -> Trainee:
    surname = rng.choice(words.SURNAMES)
    if rng.random() < 0.08:
        surname = f"{surname}-{rng.choice(words.SURNAMES)}"
    return Trainee(_identifier(rng), surname.upper(), rng.choice(words.FIRST_NAMES), f"PIF{number:06d}")


def _conventions(rng: Random, organisations: tuple[Organisation, ...]) -> list[Convention]:
    titulaires, others = organisations[:TITULAIRES], organisations[TITULAIRES:]
    found = []
    for n in range(CONVENTIONS):
        # Every dispensateur works for one titulaire; a titulaire delivers a third of its trainings itself.
        if n % 3 == 2:
            titulaire = dispensateur = titulaires[n // 3 % TITULAIRES]
        else:
            place = (n // 3 * 2 + n % 3) % DISPENSATEURS
            titulaire, dispensateur = titulaires[place % TITULAIRES], others[place]
        title, sequences = words.TRAININGS[n % len(words.TRAININGS)]
        found.append(
            Convention(
                f"41C{n + 1:05d}",
                title,
                "ESP" if rng.random() < 0.1 else "ESF",
                titulaire,
                dispensateur,
                tuple((f"S{i:02d}", label) for i, label in enumerate(sequences, start=1)),
                tuple(_trainee(rng, n * 20 + i) for i in range(rng.randint(5, 9))),
            )
        )
    return found


def _dsf(rng: Random, convention: Convention, n: int, month: int) -> SampleDsf:
    start = MONTHS[month]
    end = start.replace(day=monthrange(start.year, start.month)[1])
    number = f"{start:%y%m}{n + 1:06d}"
    if n % 25 == 7:
        number = f"{start:%Y/%m}/R-{n + 1:03d}"  # as an older portal wrote them
    status = "Validée par Pôle emploi" if month == 0 and n % 2 else "Validée par France Travail"
    if n % 12 == 5 and month == 2:
        status = "En cours de contrôle"
    nature = "FINALE" if n % 10 == 6 and month == 2 else "INTERMEDIAIRE"
    validated_on = end + timedelta(days=rng.randint(6, 16)) if status.startswith("Validée") else None
    return SampleDsf(number, convention, start, end, nature, status, validated_on)


def _absences(rng: Random, dsf: SampleDsf, counter: list[int]) -> tuple[Absence, ...]:
    """None, one or two absences of a trainee on a séquence; ``counter``: how many there are in the world."""
    found: list[Absence] = []
    days = [dsf.start + timedelta(days=d) for d in range((dsf.end - dsf.start).days)]
    weekdays = [day for day in days if day.weekday() < 4]
    for start in rng.sample(weekdays, rng.choice((0, 0, 0, 1, 1, 2))):
        counter[0] += 1
        length = rng.choice((1, 1, 1, 2))
        hours = length * rng.choice((700, 700, 350, 325, 775))
        found.append(
            Absence(
                f"ABS{counter[0]:06d}",
                rng.choice(words.ABSENCE_TYPES),
                start,
                start + timedelta(days=length - 1),
                hours,
                rng.random() < 0.06,
            )
        )
    return tuple(found)


def _plan_hours(rng: Random, world: World) -> None:
    """Set the hours that the PIF plans for each séquence: what is declared over the action, and some room."""
    declared: dict[tuple[str, str], int] = {}
    for row in world.rows:
        key = (row.trainee.pif, row.code)
        declared[key] = declared.get(key, 0) + row.total
    planned = {key: hours + rng.randint(14, 60) * 100 for key, hours in declared.items()}
    for row in world.rows:
        row.planned = planned[row.trainee.pif, row.code]
