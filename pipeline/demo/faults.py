"""How people get a line wrong: one function for each code, from a right line to what is typed.

Each takes a ``FaultCase`` and returns the lines to type, usually one; none where the case does not lend itself to it. Codes
that need several deposits, or a whole file, are in ``pipeline.demo.scenes``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from stdnum.fr import nir

from pipeline.demo.lines import PlannedLine, Raw, SampleHours, SampleLine, Stock
from pipeline.demo.world import Declared, SampleDsf
from schemas.fields import ABSENCES, HEURES


@dataclass(frozen=True)
class FaultCase:
    """A right line that is to go wrong.

    ``row``: the declared row it is about; ``other_dsf``: a DSF of someone else; ``day``: the run's date.
    """

    line: SampleLine
    row: Declared
    other_dsf: SampleDsf
    stock: Stock
    day: date


Fault = Callable[[FaultCase], list[PlannedLine]]
"""What makes a line wrong."""


def synthetic_nir(rng: Random) -> str:
    """A social security number whose key is right, of a month that the calendar does not have: nobody has it."""
    body = f"{rng.choice((1, 2))}{rng.randint(60, 99)}{rng.randint(31, 42)}99{rng.randint(100, 990)}{rng.randint(1, 999):03d}"
    return body + str(nir.calc_check_digits(body))


def _typed(line: SampleLine, wanted: SampleLine | None, code: str) -> list[PlannedLine]:
    return [PlannedLine(line, wanted, code)]


def _change(code: str, **changes: Raw) -> Fault:
    return lambda case: _typed(case.line.but(**changes), case.line, code)


def _short_identifier(case: FaultCase) -> list[PlannedLine]:
    """LIG-03: the spreadsheet took the leading zero away, or a letter was forgotten."""
    typed = case.row.trainee.identifier
    return _typed(case.line.but(identifiant_de=Raw(typed[1:])), case.line, "LIG-03")


def _end_before_start(case: FaultCase) -> list[PlannedLine]:
    start = case.line.values["date_debut"]
    assert isinstance(start, date)
    return _typed(case.line.but(date_fin=start - timedelta(days=1)), case.line.but(date_fin=start), "LIG-05")


def _future_proof(case: FaultCase) -> list[PlannedLine]:
    return _typed(case.line.but(date_justificatif=case.day + timedelta(days=30)), case.line, "LIG-06")


def _odd_minutes(case: FaultCase) -> list[PlannedLine]:
    return _typed(case.line.but(heures=Raw("2h20")), case.line, "LIG-09")


def _social_security(case: FaultCase) -> list[PlannedLine]:
    number = synthetic_nir(case.stock.rng)
    shown = f"{number[0]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:10]} {number[10:13]} {number[13:]}"
    return _typed(case.line.but(commentaire=Raw(f"n° SS {shown}")), case.line, "LIG-12")


def _someone_elses_dsf(case: FaultCase) -> list[PlannedLine]:
    return _typed(case.line.but(numero_dsf=case.other_dsf.number), case.line, "REF-01")


def _someone_elses_trainee(case: FaultCase) -> list[PlannedLine]:
    other = case.other_dsf.convention.trainees[0]
    return _typed(case.line.but(identifiant_de=other.identifier), case.line, "REF-06")


def _outside_the_period(case: FaultCase) -> list[PlannedLine]:
    day = case.row.dsf.start - timedelta(days=3)
    return _typed(case.line.but(date_debut=day, date_fin=day), case.line, "REF-08")


def _unknown_absence(case: FaultCase) -> list[PlannedLine]:
    return _typed(case.line.but(id_absence="ABS999999"), case.line, "REF-09")


def _hours_of(line: SampleLine) -> int:
    hours = line.values["heures"]
    assert isinstance(hours, SampleHours)
    return hours.hundredths


def _more_than_the_absence(case: FaultCase) -> list[PlannedLine]:
    return _typed(case.line.but(heures=SampleHours(_hours_of(case.line) + 700)), case.line, "REF-11")


def _less_than_the_absence(case: FaultCase) -> list[PlannedLine]:
    full = case.line.but(reliquat_abandonne=None)
    typed = full.but(heures=SampleHours(_hours_of(case.line) - 75))
    return _typed(typed, typed.but(reliquat_abandonne="oui"), "REF-12")


def _beyond_the_pif(case: FaultCase) -> list[PlannedLine]:
    """REF-13: a month's hours typed on one line, from its first day to its last."""
    days = case.stock.days(case.row)
    typed = case.line.but(
        heures=SampleHours(case.stock.room(case.row) + _hours_of(case.line) + 1000),
        date_debut=days[0],
        date_fin=days[-1],
    )
    return _typed(typed, case.line, "REF-13")


def _twice(code: str) -> Fault:
    return lambda case: [PlannedLine(case.line, case.line, code), PlannedLine(case.line, None, code)]


def _nickname(case: FaultCase) -> list[PlannedLine]:
    typed = case.line.but(nom=Raw(f"{case.row.trainee.surname[:-2]}ault"), prenom=Raw("Dominique"))
    return _typed(typed, typed, "AVT-01")


def _long_day(case: FaultCase) -> list[PlannedLine]:
    if case.stock.room(case.row) < 1100:
        return []
    case.stock.take(case.row, 1050 - _hours_of(case.line))
    typed = case.line.but(heures=SampleHours(1050), date_fin=None)
    return _typed(typed, typed, "AVT-02")


def _on_a_day_of_absence(case: FaultCase) -> list[PlannedLine]:
    rows = [row for row in case.stock.world.of(case.row.dsf) if row.trainee == case.row.trainee]
    absence = next((absence for row in rows for absence in row.absences), None)
    if absence is None:
        return []
    typed = case.line.but(date_debut=absence.start, date_fin=None, heures=SampleHours(100))
    return _typed(typed, typed, "AVT-03")


HOURS_FAULTS: dict[str, Fault] = {
    "LIG-03": _short_identifier,
    "LIG-04": _change("LIG-04", date_debut=Raw("mars 2025"), date_fin=Raw(None)),
    "LIG-05": _end_before_start,
    "LIG-07": _change("LIG-07", heures=Raw("sept heures")),
    "LIG-08": _change("LIG-08", heures=Raw(0)),
    "LIG-12": _social_security,
    "LIG-13": _change(
        "LIG-13", reference_justificatif=Raw("Feuille d'émargement signée par tous les stagiaires. " * 5)
    ),
    "REF-01": _someone_elses_dsf,
    "REF-06": _someone_elses_trainee,
    "REF-07": _change("REF-07", code_sequence=Raw("S09")),
    "REF-08": _outside_the_period,
    "REF-13": _beyond_the_pif,
    "DBL-01": _twice("DBL-01"),
    "AVT-01": _nickname,
    "AVT-02": _long_day,
    "AVT-03": _on_a_day_of_absence,
}
ABSENCE_FAULTS: dict[str, Fault] = {
    "LIG-01": _change("LIG-01", reference_justificatif=Raw(None)),
    "LIG-06": _future_proof,
    "LIG-09": _odd_minutes,
    "LIG-10": _change("LIG-10", motif=Raw("COVID")),
    "LIG-11": _change("LIG-11", motif=Raw("INJ")),
    "LIG-14": _change("LIG-14", reliquat_abandonne=Raw("à voir")),
    "REF-09": _unknown_absence,
    "REF-11": _more_than_the_absence,
    "REF-12": _less_than_the_absence,
    "DBL-02": _twice("DBL-02"),
}
WORKBOOK_FAULTS: dict[str, Fault] = {
    "LIG-02": _change("LIG-02", heures=Raw("#REF!")),
    "LIG-02 ": _change("LIG-02", heures=Raw("=SUM(K2:K9)")),
}
"""Only a workbook can be wrong in this way."""

FAULTS: dict[str, tuple[str, Fault]] = {
    **{code: (HEURES, fault) for code, fault in (HOURS_FAULTS | WORKBOOK_FAULTS).items()},
    **{code: (ABSENCES, fault) for code, fault in ABSENCE_FAULTS.items()},
}
"""By code: the kind of table whose lines it is for, and the fault."""
