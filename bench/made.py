"""Made-up nights, the same for the same seed: an extract of any length, and deposits on its first DSF. Nobody in them is real.

Every DSF has ``ROWS`` séquence rows: ten trainees on two séquences. Its first séquences miss 7 h each (``MISSED`` of them on a
DSF that deposits are made on, ``RARELY`` on the others). A deposit of clean lines adds hours and completes absences by turns.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]
from stdnum import luhn

from schemas.extracts import TABLES
from schemas.fields import ABSENCES, HEURES, SHEETS, fields_of

AS_OF = date(2025, 7, 10)
"""The date that runs over a night are made on."""
ROWS = 20
MISSED, RARELY = 12, 2
_START, _DAYS = date(2025, 3, 3), 25

Line = dict[str, object]


def siret(n: int) -> str:
    """A number of the right form, with a right key, that is given out to nobody: it begins with 0000."""
    body = f"{n:013d}"
    return body + str(luhn.calc_check_digit(body))


@dataclass(frozen=True)
class Night:
    """How much there is of what. ``share``: deposits on the same DSF, one after the other (1: each deposit has DSF of its own).

    ``faulty``: deposits with one wrong line, of a hundred. ``holders``: organisations; deposit ``n`` comes from ``n % holders``.
    """

    deposits: int = 400
    lines: int = 100
    dsf: int = 3
    faulty: int = 10
    rows: int = 2_000_000
    holders: int = 100
    share: int = 1
    seed: int = 1

    @property
    def used(self) -> int:
        """DSF that deposits are made on: the first ones of the extract."""
        return -(-self.deposits // self.share) * self.dsf


def trainee(dsf: int, place: int) -> str:
    """Identifiant DE of one of the ten trainees of a DSF."""
    return f"{(dsf * 10 + place // 2) % 8_999_999 + 1_000_000:07d}A"


def _name(dsf: int, place: int) -> tuple[str, str]:
    person = dsf * 10 + place // 2
    return f"NOM{person * 31 % 50_000}", f"Prénom{person * 17 % 900}"


def write_extract(folder: Path, night: Night, *, ordered: bool = True) -> None:
    """The three csv files of an extract of ``night.rows`` séquence rows."""
    numbers = list(range(max(night.used, night.rows // ROWS)))
    if not ordered:
        random.Random(night.seed).shuffle(numbers)
    files = {}
    for table, columns in TABLES.items():
        files[table] = (folder / f"{table}.csv").open("w", encoding="utf-8")
        files[table].write(";".join(column.name for column in columns) + "\n")
    for n in numbers:
        owner = siret(holder(n, night))
        files["dsf"].write(
            f"D{n:08d};ESF;INTERMEDIAIRE;Validée par France Travail;C{n:07d};Bureautique;{owner};Ateliers;{owner};Ateliers;"
            "2025-03-01;2025-03-31;2025-04-10;2025-06-30\n"
        )
        missed = MISSED if n < night.used else RARELY
        for i in range(ROWS):
            nom, prenom = _name(n, i)
            start = f"D{n:08d};{trainee(n, i)};"
            planned, lost = 700 if night.share > 1 else 70, "7,00" if i < missed else "0"
            files["sequences"].write(
                f"{start}{nom};{prenom};P{n:08d}-{i // 2};S{i % 2};Tableur;{planned},00;{i + 20},50;0;{lost}\n"
            )
            if i < missed:
                files["absences"].write(f"{start}S{i % 2};A{n}-{i};Maladie;2025-03-03;2025-03-03;7,00;non\n")
    for file in files.values():
        file.close()


def holder(dsf: int, night: Night) -> int:
    """The number of the organisation that a DSF is of."""
    return dsf // night.dsf % night.holders


def lines_of(n: int, night: Night) -> Iterator[tuple[str, Line]]:
    """The lines of deposit ``n``, each with its kind: séquence after séquence of each of its DSF."""
    first, turn = n // night.share * night.dsf, n % night.share
    each, more = divmod(night.lines, night.dsf)
    for place in range(night.dsf):
        yield from _lines_on(first + place, each + (place < more), turn)


def _lines_on(dsf: int, count: int, turn: int) -> Iterator[tuple[str, Line]]:
    """``count`` lines on a DSF; of the deposits that share it each has days of its own, and the first one the absences."""
    absences = 0 if turn else min(MISSED, count // 3)
    for k in range(count - absences):
        days, i = divmod(turn * count + k, ROWS)
        span, day = divmod(days, _DAYS)
        start = _START + timedelta(days=day)
        line = _common(dsf, i) | {"date_debut": start, "date_fin": start + timedelta(days=span)}
        yield HEURES, line | {"heures": 0.25 if turn else 3.5, "reference_justificatif": f"Feuille {dsf}-{k}"}
    for i in range(absences):
        line = _common(dsf, i) | {"id_absence": f"A{dsf}-{i}", "date_debut": _START, "date_fin": _START, "heures": 7}
        proof = {"reference_justificatif": f"Arrêt {dsf}-{i}", "date_justificatif": date(2025, 3, 10)}
        yield ABSENCES, line | {"motif": "MAL"} | proof


def _common(dsf: int, i: int) -> Line:
    nom, prenom = _name(dsf, i)
    known = {"numero_dsf": f"D{dsf:08d}", "identifiant_de": trainee(dsf, i), "nom": nom, "prenom": prenom}
    return known | {"code_sequence": f"S{i % 2}"}


_FAULTS: tuple[Line, ...] = (
    {"identifiant_de": "9999999Z"},
    {"heures": 0},
    {"heures": 3.1},
    {"date_debut": date(2025, 5, 2), "date_fin": date(2025, 5, 2)},
    {"reference_justificatif": None},
    {"code_sequence": "S9"},
    {"heures": 900},
    {"identifiant_de": "12A"},
)


def write_deposits(folder: Path, night: Night) -> None:
    """Every deposit of the night as ``<SIRET>/<n>.xlsx``, as a training body's software makes it."""
    chance = random.Random(night.seed)
    for n in range(night.deposits):
        lines = list(lines_of(n, night))
        if chance.randrange(100) < night.faulty:
            at = chance.randrange(sum(kind == HEURES for kind, _ in lines))
            wrong = [i for i, (kind, _) in enumerate(lines) if kind == HEURES][at]
            lines[wrong] = (HEURES, lines[wrong][1] | chance.choice(_FAULTS))
        path = folder / siret(holder(n // night.share * night.dsf, night)) / f"{n:06d}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_workbook(path, lines)


def write_workbook(path: Path, lines: list[tuple[str, Line]]) -> None:
    """``lines`` under the headings of the template, a sheet a kind; nothing but values and a format of dates."""
    book = xlsxwriter.Workbook(str(path), {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    book.set_properties({"created": datetime.combine(AS_OF, time())})
    for kind, name in SHEETS.items():
        sheet = book.add_worksheet(name)
        fields = fields_of(kind)
        sheet.write_row(0, 0, [one.headings[kind] for one in fields])
        sheet.set_column(0, len(fields) - 1, 16)
        for row, line in enumerate((line for of, line in lines if of == kind), 1):
            for column, one in enumerate(fields):
                sheet.write(row, column, line.get(one.name))
    book.close()
