"""What the reviewer's pages count, from runs as the ledger tells them: pure arithmetic, no words. Hours are hundredths.

A run is a mapping as in docs/architecture.md. Two keys are optional, and what needs them is left out where they are missing:

- ``depots``: a list; or only how many there were (a number), beside ``comptes`` and ``heures`` of the whole run;
- ``depots[].dsf``: [{numero_dsf, comptes, heures}], the depositor's own DSF in that deposit. With it: what was right the
  first time, and how long held lines have been waiting;
- ``combinaisons``: {"LIG-01 REF-06": lines}, in place of ``verdicts`` for runs whose rows are not at hand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations as pairs_of
from typing import Any

from pipeline.judging import verdicts, verdicts_csv
from pipeline.ledger.records import COUNTS, Counts

Run = Mapping[str, Any]
Deposit = Mapping[str, Any]
NONE = Counts()


def counts(given: Mapping[str, int]) -> Counts:
    return Counts(*(int(given.get(name, 0)) for name in COUNTS))


def added(several: Iterable[Counts]) -> Counts:
    every = list(several)
    return Counts(*(sum(getattr(one, name) for one in every) for name in COUNTS))


def at_stake(hours: Counts) -> int:
    """Hours that did not get through: of rejected and of held lines."""
    return hours.rejetees + hours.retenues


def deposits(run: Run) -> Sequence[Deposit]:
    """The deposits of a run; none where only their number is known."""
    given = run["depots"]
    return () if isinstance(given, int) else given


@dataclass(frozen=True)
class Whole:
    """A run, or several, as one figure."""

    depots: int
    refuses: int
    lignes: Counts
    heures: Counts


def whole(run: Run) -> Whole:
    if isinstance(run["depots"], int):
        return Whole(run["depots"], int(run.get("refuses", 0)), counts(run["comptes"]), counts(run["heures"]))
    listed = deposits(run)
    return Whole(
        len(listed),
        sum(deposit["etat"] == "refuse" for deposit in listed),
        added(counts(deposit["comptes"]) for deposit in listed),
        added(counts(deposit["heures"]) for deposit in listed),
    )


def together(several: Iterable[Whole]) -> Whole:
    all_of_them = list(several)
    return Whole(
        sum(one.depots for one in all_of_them),
        sum(one.refuses for one in all_of_them),
        added(one.lignes for one in all_of_them),
        added(one.heures for one in all_of_them),
    )


def state(deposit: Deposit) -> str:
    """refuse, accepte, rejete or partiel, as in the deposit's own report."""
    return verdicts.state(counts(deposit["comptes"]), refused=deposit["etat"] == "refuse")


def worst(given: Iterable[Deposit], *, refused_first: bool = True) -> list[Deposit]:
    """By hours at stake, then by lines. Refused files, of which nothing could be read, come first or else last of those
    with something wrong: in a run they want a call tonight, over months most of them have long come back."""

    def badness(deposit: Deposit) -> tuple[object, ...]:
        lines = counts(deposit["comptes"])
        stake = at_stake(counts(deposit["heures"]))
        refused = deposit["etat"] == "refuse"
        fine = not (refused or lines.rejetees or lines.retenues)
        order = (-stake, -lines.rejetees, -lines.retenues, deposit["siret"], deposit["depot"])
        return (fine, refused != refused_first, *order)

    return sorted(given, key=badness)


@dataclass
class Organisation:
    """One SIRET over the runs given."""

    siret: str
    raison_sociale: str = ""
    depots: int = 0
    refuses: int = 0
    lignes: Counts = NONE
    heures: Counts = NONE
    regles: Counter[str] = field(default_factory=Counter)


def organisations(runs: Iterable[Run]) -> list[Organisation]:
    """Those with most hours at stake first."""
    found: dict[str, Organisation] = {}
    for run in runs:
        for deposit in deposits(run):
            one = found.setdefault(deposit["siret"], Organisation(deposit["siret"]))
            one.raison_sociale = deposit.get("raison_sociale") or one.raison_sociale
            one.depots += 1
            one.refuses += deposit["etat"] == "refuse"
            one.lignes = added((one.lignes, counts(deposit["comptes"])))
            one.heures = added((one.heures, counts(deposit["heures"])))
            one.regles.update({rule["code"]: rule["constats"] for rule in deposit["regles"]})
    return sorted(
        found.values(), key=lambda one: (-at_stake(one.heures), -one.refuses, -one.lignes.rejetees, one.siret)
    )


@dataclass
class RuleFigures:
    """One rule over the runs given. ``par_run``: its findings in each of them, in their order."""

    code: str
    par_run: list[int]
    constats: int = 0
    heures: int = 0
    depots: int = 0
    organismes: set[str] = field(default_factory=set)


def rules(runs: Sequence[Run]) -> list[RuleFigures]:
    """Rules that fired, those with most hours at stake first, then those that fire most."""
    found: dict[str, RuleFigures] = {}
    for position, run in enumerate(runs):
        for deposit in deposits(run):
            for rule in deposit["regles"]:
                one = found.setdefault(rule["code"], RuleFigures(rule["code"], [0] * len(runs)))
                one.par_run[position] += rule["constats"]
                one.constats += rule["constats"]
                one.heures += rule["heures"]
                one.depots += 1
                one.organismes.add(deposit["siret"])
    return sorted(found.values(), key=lambda one: (-one.heures, -one.constats, one.code))


def combinations(runs: Iterable[Run]) -> Counter[str]:
    """Lines by the codes they have, codes parted by spaces."""
    total = Counter[str]()
    for run in runs:
        given = run.get("combinaisons")
        total.update(verdicts_csv.combinations(run.get("verdicts", b"")) if given is None else given)
    return total


@dataclass(frozen=True)
class Pair:
    """Two rules: the lines on which each fired, and both."""

    premiere: str
    seconde: str
    lignes_premiere: int
    lignes_seconde: int
    ensemble: int

    @property
    def share(self) -> float:
        """Of the lines that have either, the part that has both."""
        return self.ensemble / (self.lignes_premiere + self.lignes_seconde - self.ensemble)


def pairs(combined: Mapping[str, int], share: float = 0.5, at_least: int = 2) -> list[Pair]:
    """Pairs of rules that fire on the same lines more often than not, the closest first."""
    alone, both = Counter[str](), Counter[tuple[str, str]]()
    for codes, lines in combined.items():
        split = codes.split(" ")
        alone.update(dict.fromkeys(split, lines))
        both.update(dict.fromkeys(pairs_of(split, 2), lines))
    found = [Pair(a, b, alone[a], alone[b], lines) for (a, b), lines in both.items() if lines >= at_least]
    close = [pair for pair in found if pair.share >= share]
    return sorted(close, key=lambda pair: (-pair.share, -pair.ensemble, pair.premiere, pair.seconde))


@dataclass
class File:
    """One organisation's lines on one DSF, followed from deposit to deposit (a « dossier »)."""

    siret: str
    raison_sociale: str
    numero_dsf: str
    run: str
    bon: bool  # whether the first deposit on it had no line rejected or held
    depot: str = ""  # the last one
    lignes: Counts = NONE  # of the last deposit
    heures: Counts = NONE
    depuis: date | None = None  # since when it has had held lines, without a break


def files_of(runs: Iterable[Run]) -> list[File]:
    """Every dossier of the runs given (oldest first); those whose deposits say nothing of their DSF give none."""
    found: dict[tuple[str, str], File] = {}
    for run in runs:
        for deposit in deposits(run):
            for dsf in deposit.get("dsf", ()):
                _follow(found, run, deposit, dsf)
    return list(found.values())


def _follow(found: dict[tuple[str, str], File], run: Run, deposit: Deposit, dsf: Mapping[str, Any]) -> None:
    lines, key = counts(dsf["comptes"]), (deposit["siret"], dsf["numero_dsf"])
    one = found.get(key)
    if one is None:
        if lines.lues == lines.deja_prises:
            return  # its first deposit is older than the runs given
        right = not lines.rejetees + lines.retenues
        name = deposit.get("raison_sociale", "")
        one = found[key] = File(deposit["siret"], name, dsf["numero_dsf"], run["run"], right)
    one.depot, one.lignes, one.heures = deposit["depot"], lines, counts(dsf["heures"])
    one.depuis = (one.depuis or day_of(run)) if lines.retenues else None


def day_of(run: Run) -> date:
    given = run["date"]
    return given if isinstance(given, date) else date.fromisoformat(str(given)[:10])


def held(files: Iterable[File]) -> list[File]:
    """Dossiers whose last deposit left held lines, the oldest first."""
    waiting = [one for one in files if one.depuis is not None]
    return sorted(waiting, key=lambda one: (one.depuis, -one.heures.retenues, one.siret, one.numero_dsf))


def first_time(files: Iterable[File]) -> dict[str, tuple[int, int]]:
    """By run: dossiers that came in it for the first time, and those of them that were right at once."""
    found: dict[str, tuple[int, int]] = {}
    for one in files:
        new, right = found.get(one.run, (0, 0))
        found[one.run] = (new + 1, right + one.bon)
    return found
