"""The sample world: organisations, conventions, DSF, trainees, séquences and absences. A pure function of the seed.

Hours are whole hundredths. Numbers of real bodies are avoided by chance only, as any right key may be someone's.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from stdnum import luhn

from pipeline.demo import words

MONTHS = (date(2025, 3, 1), date(2025, 4, 1), date(2025, 5, 1))
CONVENTIONS = 100
TITULAIRES = 14
DISPENSATEURS = 30
LA_POSTE = "356000000"


@dataclass(frozen=True)
class Organisation:
    siret: str
    nom: str


@dataclass(frozen=True)
class Trainee:
    identifiant: str
    nom: str
    prenom: str
    pif: str


@dataclass(frozen=True)
class Convention:
    """A contract line: its training, who holds it and who delivers it, its trainees."""

    numero: str
    intitule: str
    type_session: str
    titulaire: Organisation
    dispensateur: Organisation
    sequences: tuple[tuple[str, str], ...]  # code, libellé
    stagiaires: tuple[Trainee, ...]


@dataclass(frozen=True)
class Dsf:
    """One month of a convention. ``open``: validée and intermédiaire."""

    numero: str
    convention: Convention
    debut: date
    fin: date
    nature: str
    statut: str
    validation: date | None

    @property
    def open(self) -> bool:
        return self.nature == "INTERMEDIAIRE" and self.statut.startswith("Validée")


@dataclass(frozen=True)
class Absence:
    identifiant: str
    type_absence: str
    debut: date
    fin: date
    heures: int
    deja: bool


@dataclass
class Declared:
    """One row of ``sequences``, with its absences."""

    dsf: Dsf
    stagiaire: Trainee
    code: str
    libelle: str
    realisees: int
    financables: int
    absences: tuple[Absence, ...]
    prevues: int = 0

    @property
    def non_financables(self) -> int:
        return sum(absence.heures for absence in self.absences)

    @property
    def declarees(self) -> int:
        return self.realisees + self.financables + self.non_financables


@dataclass
class World:
    """Everything the sample extracts say."""

    organisations: tuple[Organisation, ...]
    dsf: tuple[Dsf, ...]
    rows: list[Declared] = field(default_factory=list)

    def of(self, dsf: Dsf) -> list[Declared]:
        """The rows of one DSF, in the order of the extract."""
        return self._by_dsf.get(dsf.numero, [])

    def index(self) -> None:
        self._by_dsf: dict[str, list[Declared]] = {}
        for row in self.rows:
            self._by_dsf.setdefault(row.dsf.numero, []).append(row)


def siret(rng: Random) -> str:
    """A SIRET whose keys are right."""
    siren = f"{rng.randint(20_000_000, 99_999_999)}"
    siren += luhn.calc_check_digit(siren)
    etablissement = f"{siren}{rng.randint(1, 60):04d}"
    return etablissement + str(luhn.calc_check_digit(etablissement))


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
    """One of the three forms an Identifiant DE has (spec §5, LIG-03)."""
    letter = rng.choice("ABCDEFGHJKLMNPRSTVWXYZ")
    form = rng.random()
    if form < 0.6:
        return f"{rng.randint(1_000_000, 9_999_999)}{letter}"
    if form < 0.8:
        return f"{rng.randint(10_000_000_000, 99_999_999_999)}"
    return f"0{rng.randint(100_000_000, 999_999_999)}{letter}"


def _trainee(rng: Random, number: int) -> Trainee:
    nom = rng.choice(words.SURNAMES)
    if rng.random() < 0.08:
        nom = f"{nom}-{rng.choice(words.SURNAMES)}"
    return Trainee(_identifier(rng), nom.upper(), rng.choice(words.FIRST_NAMES), f"PIF{number:06d}")


def _conventions(rng: Random, organisations: tuple[Organisation, ...]) -> list[Convention]:
    holders, others = organisations[:TITULAIRES], organisations[TITULAIRES:]
    found = []
    for n in range(CONVENTIONS):
        # Every dispensateur works for one titulaire; a titulaire delivers a third of its trainings itself.
        if n % 3 == 2:
            holder = deliverer = holders[n // 3 % TITULAIRES]
        else:
            place = (n // 3 * 2 + n % 3) % DISPENSATEURS
            holder, deliverer = holders[place % TITULAIRES], others[place]
        title, sequences = words.TRAININGS[n % len(words.TRAININGS)]
        found.append(
            Convention(
                f"41C{n + 1:05d}",
                title,
                "ESP" if rng.random() < 0.1 else "ESF",
                holder,
                deliverer,
                tuple((f"S{i:02d}", libelle) for i, libelle in enumerate(sequences, start=1)),
                tuple(_trainee(rng, n * 20 + i) for i in range(rng.randint(5, 9))),
            )
        )
    return found


def _dsf(rng: Random, convention: Convention, n: int, month: int) -> Dsf:
    start = MONTHS[month]
    end = start.replace(day=monthrange(start.year, start.month)[1])
    numero = f"{start:%y%m}{n + 1:06d}"
    if n % 25 == 7:
        numero = f"{start:%Y/%m}/R-{n + 1:03d}"  # as an older portal wrote them
    statut = "Validée par Pôle emploi" if month == 0 and n % 2 else "Validée par France Travail"
    if n % 12 == 5 and month == 2:
        statut = "En cours de contrôle"
    nature = "FINALE" if n % 10 == 6 and month == 2 else "INTERMEDIAIRE"
    validated = end + timedelta(days=rng.randint(6, 16)) if statut.startswith("Validée") else None
    return Dsf(numero, convention, start, end, nature, statut, validated)


def _absences(rng: Random, dsf: Dsf, counter: list[int]) -> tuple[Absence, ...]:
    found: list[Absence] = []
    days = [dsf.debut + timedelta(days=d) for d in range((dsf.fin - dsf.debut).days)]
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


def build(seed: int) -> World:
    """The world of ``seed``: 44 organisations, 100 conventions, 300 DSF."""
    rng = Random(f"monde {seed}")
    organisations = _organisations(rng)
    conventions = _conventions(rng, organisations)
    dsf = tuple(_dsf(rng, c, n, month) for month in range(len(MONTHS)) for n, c in enumerate(conventions))
    world = World(organisations, dsf)
    counter = [0]
    for one in dsf:
        month = MONTHS.index(one.debut)
        for trainee in one.convention.stagiaires:
            for code, libelle in one.convention.sequences[month : month + 2] or one.convention.sequences[-1:]:
                done = rng.randint(20, 70) * 50
                paid = rng.choice((0, 0, 350, 700))
                row = Declared(one, trainee, code, libelle, done, paid, _absences(rng, one, counter))
                world.rows.append(row)
    _plan_hours(rng, world)
    world.index()
    return world


def _plan_hours(rng: Random, world: World) -> None:
    """The PIF's hours of each séquence: what is declared over the action, and some room."""
    declared: dict[tuple[str, str], int] = {}
    for row in world.rows:
        key = (row.stagiaire.pif, row.code)
        declared[key] = declared.get(key, 0) + row.declarees
    planned = {key: hours + rng.randint(14, 60) * 100 for key, hours in declared.items()}
    for row in world.rows:
        row.prevues = planned[row.stagiaire.pif, row.code]
