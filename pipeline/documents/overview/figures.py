"""What the reviewer's pages count, from runs as the ledger tells them: arithmetic alone, no words. Hours are whole hundredths.

A run is a mapping as ``ledger.views.run_view`` gives it. Some keys are optional, and what needs them is left out where they
are missing:

- ``depots``: a list; or only how many there were (a number), beside ``comptes`` and ``heures`` of the whole run;
- ``depots[].dsf``: [{numero_dsf, comptes, heures}], the depositor's own DSF in that deposit. With it: what was right the
  first time;
- ``essais``: trials, which are counted nowhere else;
- ``combinaisons``: {"LIG-01 REF-06": lines}, in place of ``verdicts`` for runs whose rows are not at hand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations as pairs_of
from typing import Any, NamedTuple

from pipeline.judging import verdicts, verdicts_csv
from pipeline.ledger.records import COUNTS, Counts

RunData = Mapping[str, Any]
"""A run as the ledger tells it."""
DepositData = Mapping[str, Any]
"""One entry of ``depots`` in a run."""
NONE = Counts()


def counts(given: Mapping[str, int]) -> Counts:
    """The counts under their names in ``given``; a count that is missing is 0."""
    return Counts(*(int(given.get(name, 0)) for name in COUNTS))


def added(several: Iterable[Counts]) -> Counts:
    """The sum of several counts."""
    every = list(several)
    return Counts(*(sum(getattr(one, name) for one in every) for name in COUNTS))


def at_stake(hours: Counts) -> int:
    """Hours of rejected and held lines, which did not get through."""
    return hours.rejetees + hours.retenues


def accepted_share(lines: Counts) -> float | None:
    """The part of the new lines that was accepted, from 0 to 1; None where no line was new."""
    new = lines.lues - lines.deja_prises
    return lines.acceptees / new if new else None


def deposits(run: RunData) -> Sequence[DepositData]:
    """The deposits of a run; none where only their number is known."""
    given = run["depots"]
    return () if isinstance(given, int) else given


@dataclass(frozen=True)
class Totals:
    """The sums of a run, or of several."""

    deposits: int
    refused: int
    lines: Counts
    hours: Counts


def totals(run: RunData) -> Totals:
    """The sums of ``run``, of its deposits where they are listed."""
    if isinstance(run["depots"], int):
        return Totals(run["depots"], int(run.get("refuses", 0)), counts(run["comptes"]), counts(run["heures"]))
    listed = deposits(run)
    return Totals(
        len(listed),
        sum(deposit["etat"] == "refuse" for deposit in listed),
        added(counts(deposit["comptes"]) for deposit in listed),
        added(counts(deposit["heures"]) for deposit in listed),
    )


def together(several: Iterable[Totals]) -> Totals:
    """The sums of several runs."""
    every = list(several)
    return Totals(
        sum(one.deposits for one in every),
        sum(one.refused for one in every),
        added(one.lines for one in every),
        added(one.hours for one in every),
    )


def state(deposit: DepositData) -> str:
    """``refuse``, ``accepte``, ``rejete`` or ``partiel``, as the deposit's own report says."""
    return verdicts.state(counts(deposit["comptes"]), refused=deposit["etat"] == "refuse")


def worst(given: Iterable[DepositData], *, refused_first: bool = True) -> list[DepositData]:
    """Deposits by hours at stake, then by lines; those with nothing wrong last.

    Refused files, of which nothing could be read, come first: in one run they want a call tonight. With ``refused_first``
    false they come after the others with something wrong: over months most of them have long come back.
    """

    def order(deposit: DepositData) -> tuple[object, ...]:
        lines = counts(deposit["comptes"])
        stake = at_stake(counts(deposit["heures"]))
        refused = deposit["etat"] == "refuse"
        fine = not (refused or lines.rejetees or lines.retenues)
        size = (-stake, -lines.rejetees, -lines.retenues, deposit["siret"], deposit["depot"])
        return (fine, refused != refused_first, *size)

    return sorted(given, key=order)


@dataclass
class OrganisationFigures:
    """One SIRET over the runs given. ``rules``: findings by code."""

    siret: str
    name: str = ""
    deposits: int = 0
    refused: int = 0
    lines: Counts = NONE
    hours: Counts = NONE
    rules: Counter[str] = field(default_factory=Counter)


def organisations(runs: Iterable[RunData]) -> list[OrganisationFigures]:
    """The organisations of ``runs``, those with most hours at stake first."""
    found: dict[str, OrganisationFigures] = {}
    for run in runs:
        for deposit in deposits(run):
            one = found.setdefault(deposit["siret"], OrganisationFigures(deposit["siret"]))
            one.name = deposit.get("raison_sociale") or one.name
            one.deposits += 1
            one.refused += deposit["etat"] == "refuse"
            one.lines = added((one.lines, counts(deposit["comptes"])))
            one.hours = added((one.hours, counts(deposit["heures"])))
            one.rules.update(findings(deposit))
    return sorted(found.values(), key=lambda one: (-at_stake(one.hours), -one.refused, -one.lines.rejetees, one.siret))


def findings(deposit: DepositData) -> dict[str, int]:
    """Findings of a deposit by the code of their rule."""
    return {rule["code"]: rule["constats"] for rule in deposit["regles"]}


@dataclass
class RuleFigures:
    """One rule over the runs given. ``per_run``: its findings in each of them, in their order.

    ``refused``: files refused that it stands on; nobody knows their hours, and ``hours`` has none of them.
    """

    code: str
    per_run: list[int]
    findings: int = 0
    hours: int = 0
    refused: int = 0
    deposits: int = 0
    organisations: set[str] = field(default_factory=set)


def rules(runs: Sequence[RunData]) -> list[RuleFigures]:
    """The rules that fired, those with most hours at stake first, then those with most findings."""
    found: dict[str, RuleFigures] = {}
    for position, run in enumerate(runs):
        for deposit in deposits(run):
            for rule in deposit["regles"]:
                one = found.setdefault(rule["code"], RuleFigures(rule["code"], [0] * len(runs)))
                one.per_run[position] += rule["constats"]
                one.findings += rule["constats"]
                one.hours += rule["heures"]
                one.refused += deposit["etat"] == "refuse"
                one.deposits += 1
                one.organisations.add(deposit["siret"])
    return sorted(found.values(), key=lambda one: (-one.hours, -one.findings, one.code))


def combinations(runs: Iterable[RunData]) -> Counter[str]:
    """Lines by the codes they have, separated by spaces."""
    total = Counter[str]()
    for run in runs:
        given = run.get("combinaisons")
        total.update(verdicts_csv.combinations(run.get("verdicts", b"")) if given is None else given)
    return total


@dataclass(frozen=True)
class RulePair:
    """Two rules, and how many lines have the first, the second, and both."""

    first: str
    second: str
    lines_of_first: int
    lines_of_second: int
    lines_of_both: int

    @property
    def share(self) -> float:
        """The part of the lines with either rule that has both, from 0 to 1."""
        return self.lines_of_both / (self.lines_of_first + self.lines_of_second - self.lines_of_both)


def pairs(combined: Mapping[str, int], share: float = 0.5, at_least: int = 2) -> list[RulePair]:
    """Pairs of rules that stand on the same lines, the closest first.

    ``combined``: as ``combinations`` gives. Pairs under ``share``, or with fewer than ``at_least`` lines, are left out.
    """
    alone, both = Counter[str](), Counter[tuple[str, str]]()
    for codes, lines in combined.items():
        split = codes.split(" ")
        alone.update(dict.fromkeys(split, lines))
        both.update(dict.fromkeys(pairs_of(split, 2), lines))
    found = [RulePair(a, b, alone[a], alone[b], lines) for (a, b), lines in both.items() if lines >= at_least]
    close = [pair for pair in found if pair.share >= share]
    return sorted(close, key=lambda pair: (-pair.share, -pair.lines_of_both, pair.first, pair.second))


@dataclass(frozen=True)
class FirstMet:
    """The first deposit of an organisation on a DSF. ``run``: the one that met it; ``right``: no line was rejected nor held."""

    siret: str
    run: str
    right: bool


def first_met(runs: Iterable[RunData]) -> list[FirstMet]:
    """Every DSF met in ``runs`` (oldest first), by organisation. A deposit that says nothing of its DSF gives none."""
    found: dict[tuple[str, str], FirstMet] = {}
    for run in runs:
        for deposit in deposits(run):
            for dsf in deposit.get("dsf", ()):
                lines, siret = counts(dsf["comptes"]), deposit["siret"]
                if lines.lues > lines.deja_prises:  # else its first deposit is older than the runs given
                    right = not (lines.rejetees or lines.retenues)
                    found.setdefault((siret, dsf["numero_dsf"]), FirstMet(siret, run["run"], right))
    return list(found.values())


def day_of(run: RunData) -> date:
    """The run's date, given as a date or as ISO text."""
    given = run["date"]
    return given if isinstance(given, date) else date.fromisoformat(str(given)[:10])


class FirstTime(NamedTuple):
    """How many DSF were met for the first time, and how many of them were right at once."""

    new: int = 0
    right: int = 0

    @property
    def share(self) -> float | None:
        """The part that was right at once, from 0 to 1; None where none was new."""
        return self.right / self.new if self.new else None


def first_time_by_run(met: Iterable[FirstMet]) -> dict[str, FirstTime]:
    """By run: the DSF that it met for the first time. A run that met none is not there."""
    return _first_time((one.run, one.right) for one in met)


def first_time_by_siret(met: Iterable[FirstMet]) -> dict[str, FirstTime]:
    """By SIRET: the DSF met for the first time. An organisation without any is not there."""
    return _first_time((one.siret, one.right) for one in met)


def _first_time(given: Iterable[tuple[str, bool]]) -> dict[str, FirstTime]:
    found: dict[str, FirstTime] = {}
    for key, right in given:
        before = found.get(key, FirstTime())
        found[key] = FirstTime(before.new + 1, before.right + right)
    return found
