"""What loading and looking up exchange with the rest: plain data and the one error of an extract."""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from pipeline.bilingual import Text, said
from pipeline.errors import Halt
from schemas.extract_rules import NOTES, RULES
from schemas.extracts import PERSONAL, TABLES

REFUSED = Text(
    "Extrait {extract} refusé, rien n'est chargé : {n} erreur ({counts})."
    "||Extrait {extract} refusé, rien n'est chargé : {n} erreurs ({counts}).",
    "Extract {extract} refused, nothing is loaded: {n} fault ({counts})."
    "||Extract {extract} refused, nothing is loaded: {n} faults ({counts}).",
)
INCOMPLETE = Text("extrait incomplet : il manque {tables}", "the extract is not whole: {tables} missing")
CAP_PER_RULE = 200
"""Problems listed for one rule; the rest is counted."""


@dataclass(frozen=True)
class Problem:
    """One fault of an extract. ``valeur`` may be personal (``personnel``): for the operator's eyes, never for a log."""

    code: str
    fichier: str
    feuille: str = ""
    ligne: int = 0  # as a text editor or the spreadsheet program shows it; rank of the row from 1 in Parquet; 0: none
    colonne: str = ""
    valeur: str = ""
    detail: str = ""

    @property
    def personnel(self) -> bool:
        """Whether the value is a person's."""
        return self.colonne in PERSONAL

    def message(self, langue: str = "fr") -> str:
        """What is wrong and what to do; never the value."""
        return (RULES | NOTES)[self.code].text(langue, said(self.detail, langue))


@dataclass
class Problems:
    """Collects the faults of one extract: counts are exact, the list stops at ``CAP_PER_RULE`` a rule."""

    listed: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, problem: Problem) -> None:
        """Count and list one fault."""
        self.extend(problem.code, 1, [problem])

    def extend(self, code: str, count: int, problems: Iterable[Problem]) -> None:
        """Count ``count`` faults of ``code`` and list as many of ``problems`` as there is room for."""
        room = max(0, CAP_PER_RULE - self.counts[code])
        self.counts[code] += count
        for problem, _ in zip(problems, range(room), strict=False):
            self.listed.append(problem)

    def forgive(self, codes: Set[str]) -> None:
        """Let the faults of ``codes`` go."""
        self.listed = [problem for problem in self.listed if problem.code not in codes]
        for code in codes:
            self.counts.pop(code, None)

    def __bool__(self) -> bool:
        return bool(self.counts)


@dataclass(frozen=True)
class ExtractReport:
    """What was found in an extract, ``comptes`` exact by rule even where ``problemes`` is cut short."""

    extract: str
    problemes: tuple[Problem, ...]
    comptes: dict[str, int]

    @property
    def total(self) -> int:
        """Faults found, listed or not."""
        return sum(self.comptes.values())

    @property
    def coupe(self) -> bool:
        """Whether the list is cut short."""
        return len(self.problemes) < self.total


class ExtractError(Exception):
    """An extract refused whole. ``str()`` has names of files, codes and counts only; the values are in ``report``."""

    def __init__(self, report: ExtractReport) -> None:
        self.report = report
        counts = ", ".join(f"{code} × {count}" for code, count in sorted(report.comptes.items()))
        super().__init__(REFUSED.fill(extract=report.extract, n=report.total, counts=counts))


class StoreError(Halt):
    """The reference cannot be used: a load is missing, a file is damaged, DuckDB or the disk refuses to read it."""


@dataclass(frozen=True)
class LoadedFile:
    """One file of a load: a source, or one that is stored."""

    nom: str
    sha256: str
    octets: int


@dataclass(frozen=True)
class Load:
    """One load, as its ``load.json`` says; ``sha256`` is over the contents of its files, ``lignes`` rows by table.

    ``fichiers``: its sources; ``stockes``: the Parquet files made of them.
    """

    nom: str
    ordre: int
    jeu: str
    sha256: str
    date_extraction: datetime
    fichiers: tuple[LoadedFile, ...]
    lignes: dict[str, int]
    force: bool = False
    stockes: tuple[LoadedFile, ...] = ()


@dataclass(frozen=True)
class LoadResult:
    """What became of one set of files named ``extract``: loaded, known already (not ``is_new``), or refused (``error``).

    ``notes``: what is worth knowing of one that is loaded.
    """

    extract: str
    load: Load | None
    is_new: bool
    error: ExtractError | None = None
    notes: ExtractReport | None = None


@dataclass(frozen=True)
class ExtractSet:
    """Files that make one extract: one workbook, or one file a table.

    ``kind``: classeur, csv or parquet. ``files``: table → file; the same workbook three times. ``arriving``: one of them has
    not settled yet.
    """

    name: str
    kind: str
    files: dict[str, Path]
    arriving: bool = False

    @property
    def missing(self) -> list[str]:
        """The tables it has no file for."""
        return [table for table in TABLES if table not in self.files]

    @property
    def is_ready(self) -> bool:
        """Whole, and at rest."""
        return not self.arriving and not self.missing

    def paths(self) -> tuple[Path, ...]:
        """Its files, each once."""
        return tuple(dict.fromkeys(self.files.values()))


@dataclass(frozen=True)
class Waiting:
    """What lies in ``inbox/extraits``: sets in the order they will be loaded, and files that belong to none, with why."""

    sets: tuple[ExtractSet, ...]
    left: tuple[tuple[Path, str], ...]

    def incomplete(self) -> list[tuple[Path, str]]:
        """The files of sets at rest that lack a table, with the tables."""
        return [
            (path, INCOMPLETE.fill(tables=", ".join(one.missing)))
            for one in self.sets
            if one.missing and not one.arriving
            for path in one.paths()
        ]

    def __bool__(self) -> bool:
        return any(one.is_ready for one in self.sets)


@dataclass(frozen=True)
class Facts:
    """What is known of some DSF. Hours Int64 hundredths, dates datetime64[s]; every ``cle_…`` is the ``key`` of a column.

    ``dsf``: cle_dsf (unique), the columns of the extract's dsf table, cle_convention, extrait (name of the load).
    ``sequences``: cle_dsf, cle_de, cle_sequence (unique together), cle_pif, the columns of the table. ``absences``: cle_dsf,
    cle_de, cle_sequence, cle_absence (unique together), the columns of the table, deja_complementee bool. ``declared``:
    cle_convention, cle_de, cle_pif, cle_sequence, cle_dsf, heures_declarees, siret_titulaire, siret_dispensateur: a row for each
    séquence row of every known DSF of the conventions of the DSF asked for (REF-13). ``extraits``: nom, date_extraction,
    sha256 of each load that gave a row.
    """

    dsf: pd.DataFrame
    sequences: pd.DataFrame
    absences: pd.DataFrame
    declared: pd.DataFrame
    extraits: pd.DataFrame


@dataclass(frozen=True)
class OrganisationRows:
    """What is known of the DSF that an organisation may complete."""

    siret: str
    raison_sociale: str
    facts: Facts
