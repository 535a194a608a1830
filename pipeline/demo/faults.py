"""How people get a line wrong: one function a code, from a right line to what is typed.

Each takes what it needs from ``Wrong`` and returns the typed lines, usually one. Codes that need several deposits, or a whole
file, are in ``pipeline.demo.scenes``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from stdnum.fr import nir

from pipeline.demo.lines import Hours, Line, Planned, Raw, Stock
from pipeline.demo.world import Declared, Dsf
from schemas.fields import ABSENCES, HEURES


@dataclass(frozen=True)
class Wrong:
    """A right line about to go wrong: ``row`` and ``dsf`` it is about, ``dsf_autre`` of someone else, ``jour`` of the run."""

    line: Line
    row: Declared
    dsf_autre: Dsf
    stock: Stock
    jour: date

    @property
    def rng(self) -> Random:
        return self.stock.rng


Fault = Callable[[Wrong], list[Planned]]


def synthetic_nir(rng: Random) -> str:
    """A social security number whose key is right and whose month does not exist in the calendar: nobody has it."""
    body = f"{rng.choice((1, 2))}{rng.randint(60, 99)}{rng.randint(31, 42)}99{rng.randint(100, 990)}{rng.randint(1, 999):03d}"
    return body + str(nir.calc_check_digits(body))


def _typed(line: Line, wanted: Line | None, code: str) -> list[Planned]:
    return [Planned(line, wanted, code)]


def _change(code: str, **changes: Raw) -> Fault:
    return lambda w: _typed(w.line.but(**changes), w.line, code)


def _short_identifier(w: Wrong) -> list[Planned]:
    """LIG-03: the spreadsheet took the leading zero away, or a letter was forgotten."""
    typed = w.row.stagiaire.identifiant
    return _typed(w.line.but(identifiant_de=Raw(typed[1:])), w.line, "LIG-03")


def _end_before_start(w: Wrong) -> list[Planned]:
    start = w.line.values["date_debut"]
    assert isinstance(start, date)
    return _typed(w.line.but(date_fin=start - timedelta(days=1)), w.line.but(date_fin=start), "LIG-05")


def _future_proof(w: Wrong) -> list[Planned]:
    return _typed(w.line.but(date_justificatif=w.jour + timedelta(days=30)), w.line, "LIG-06")


def _odd_minutes(w: Wrong) -> list[Planned]:
    return _typed(w.line.but(heures=Raw("2h20")), w.line, "LIG-09")


def _social_security(w: Wrong) -> list[Planned]:
    number = synthetic_nir(w.rng)
    shown = f"{number[0]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:10]} {number[10:13]} {number[13:]}"
    return _typed(w.line.but(commentaire=Raw(f"n° SS {shown}")), w.line, "LIG-12")


def _someone_elses_dsf(w: Wrong) -> list[Planned]:
    return _typed(w.line.but(numero_dsf=w.dsf_autre.numero), w.line, "REF-01")


def _someone_elses_trainee(w: Wrong) -> list[Planned]:
    other = w.dsf_autre.convention.stagiaires[0]
    return _typed(w.line.but(identifiant_de=other.identifiant), w.line, "REF-06")


def _outside_the_period(w: Wrong) -> list[Planned]:
    day = w.row.dsf.debut - timedelta(days=3)
    return _typed(w.line.but(date_debut=day, date_fin=day), w.line, "REF-08")


def _unknown_absence(w: Wrong) -> list[Planned]:
    return _typed(w.line.but(id_absence="ABS999999"), w.line, "REF-09")


def _hours_of(line: Line) -> int:
    hours = line.values["heures"]
    assert isinstance(hours, Hours)
    return hours.hundredths


def _more_than_the_absence(w: Wrong) -> list[Planned]:
    return _typed(w.line.but(heures=Hours(_hours_of(w.line) + 700)), w.line, "REF-11")


def _less_than_the_absence(w: Wrong) -> list[Planned]:
    full = w.line.but(reliquat_abandonne=None)
    typed = full.but(heures=Hours(_hours_of(w.line) - 75))
    return _typed(typed, typed.but(reliquat_abandonne="oui"), "REF-12")


def _beyond_the_pif(w: Wrong) -> list[Planned]:
    """REF-13: a month's hours typed on one line, from its first day to its last."""
    days = w.stock.days(w.row)
    typed = w.line.but(
        heures=Hours(w.stock.room(w.row) + _hours_of(w.line) + 1000), date_debut=days[0], date_fin=days[-1]
    )
    return _typed(typed, w.line, "REF-13")


def _twice(code: str) -> Fault:
    return lambda w: [Planned(w.line, w.line, code), Planned(w.line, None, code)]


def _nickname(w: Wrong) -> list[Planned]:
    typed = w.line.but(nom=Raw(f"{w.row.stagiaire.nom[:-2]}ault"), prenom=Raw("Dominique"))
    return _typed(typed, typed, "AVT-01")


def _long_day(w: Wrong) -> list[Planned]:
    if w.stock.room(w.row) < 1100:
        return []
    w.stock.take(w.row, 1050 - _hours_of(w.line))
    typed = w.line.but(heures=Hours(1050), date_fin=None)
    return _typed(typed, typed, "AVT-02")


def _on_a_day_of_absence(w: Wrong) -> list[Planned]:
    rows = [row for row in w.stock.world.of(w.row.dsf) if row.stagiaire == w.row.stagiaire]
    absence = next((absence for row in rows for absence in row.absences), None)
    if absence is None:
        return []
    typed = w.line.but(date_debut=absence.debut, date_fin=None, heures=Hours(100))
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
"""Only a workbook can be wrong so."""

FAULTS: dict[str, tuple[str, Fault]] = {
    **{code: (HEURES, fault) for code, fault in (HOURS_FAULTS | WORKBOOK_FAULTS).items()},
    **{code: (ABSENCES, fault) for code, fault in ABSENCE_FAULTS.items()},
}
"""Code → nature of the line it is for, and the fault."""
