"""The tables of the reviewer's pages: what ``figures`` counted, in the words of the page.

``up``, where it is asked for, leads from the page to the outbox (to the folders of the runs for ``runs_table``).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.documents.overview import cells, charts, figures
from pipeline.documents.overview.figures import (
    DepositData,
    FirstMet,
    FirstTime,
    OrganisationFigures,
    RunData,
    at_stake,
    counts,
)
from pipeline.documents.overview.tables import ColumnKind, PageCell, PageColumn, PageTable, PageValue, table
from pipeline.documents.wording import Wording
from schemas.rules import CATALOGUE

Still = Mapping[str, Mapping[str, Any]]
"""What is still open, by organisation or rule: rows of ``follow_up``'s ``ouvert``."""
MOST_ORGANISATIONS = 300
"""Organisations that one table shows."""


def deposits_table(
    listed: Iterable[DepositData], words: Wording, up: str, *, most: int = 500, refused_first: bool = True
) -> PageTable:
    """Deposits in the order of ``figures.worst``, each with a link to its report."""
    ordered = figures.worst(listed, refused_first=refused_first)
    rows = (
        (
            *cells.organisation(one.get("raison_sociale", ""), one["siret"]),
            PageCell(one["fichier"], cells.report(up, one["siret"], one["depot"])),
            one["depot"],
            cells.state(one, words),
            cells.stake(at_stake(counts(one["heures"])), int(one["etat"] == "refuse"), words),
            cells.codes(figures.findings(one), words),
            *cells.lines_of(one),
        )
        for one in ordered
    )
    columns = cells.columns(
        words,
        *("free:organisme", "hidden:siret", "free:fichier", "hidden:depot", "code:etat", "hours:enjeu", "text:regles"),
        *("number:lues", "number:acceptees", "number:rejetees", "number:retenues", "number:deja_prises"),
    )
    note = words("section.fichiers_note")
    return table("fichiers", words("section.fichiers"), columns, rows, len(ordered), most=most, note=note)


def trials_table(tried: Sequence[DepositData], words: Wording, up: str) -> PageTable:
    """Trials in their order, each with a link to its report. ``words``: those of trials."""
    rows = (
        (
            *cells.organisation(one["raison_sociale"], one["siret"]),
            PageCell(one["fichier"], cells.report(up, one["siret"], one["depot"], "essais")),
            one["depot"],
            cells.state(one, words),
            *cells.lines_of(one),
        )
        for one in tried
    )
    columns = cells.columns(
        words,
        *("free:organisme", "hidden:siret", "free:fichier", "hidden:depot", "code:etat"),
        *("number:lues", "number:acceptees", "number:rejetees", "number:retenues", "number:deja_prises"),
    )
    return table("essais", words("section.essais"), columns, rows, len(tried), note=words("section.essais_note"))


def organisations_table(
    found: Sequence[OrganisationFigures],
    met: Iterable[FirstMet],
    words: Wording,
    still: Still | None = None,
    most: int = MOST_ORGANISATIONS,
) -> PageTable:
    """Organisations in the order of ``found``. ``met``: the DSF that count as new. ``still``: by SIRET, what is still open."""
    first = figures.first_time_by_siret(met)
    rows = (
        (
            *cells.organisation(one.name, one.siret),
            one.deposits,
            one.refused,
            cells.stake(at_stake(one.hours), one.refused, words),
            *_still(still, one.siret, words),
            one.hours.acceptees,
            one.lines.lues,
            one.lines.rejetees,
            one.lines.retenues,
            figures.accepted_share(one.lines),
            first.get(one.siret, FirstTime()).share,
        )
        for one in found
    )
    columns = cells.columns(
        words,
        *("free:organisme", "hidden:siret", "number:depots", "number:refuses", "hours:enjeu"),
        *(["hours:encore"] if still is not None else []),
        *("hours:heures_acceptees", "number:lues", "number:rejetees", "number:retenues", "share:part", "share:premier"),
    )
    note = words("section.encore_note") if still is not None else ""
    return table("organismes", words("section.organismes"), columns, rows, len(found), most=most, note=note)


def rules_table(runs: Sequence[RunData], words: Wording, still: Still | None = None) -> PageTable:
    """The rules that fired, those that reject first; over several runs, with the findings of each from run to run.

    ``still``: by code, what is still open.
    """
    trend = len(runs) > 1
    rows: list[tuple[PageCell | PageValue, ...]] = []
    for one in sorted(figures.rules(runs), key=lambda rule: _warns(rule.code, runs)):
        warns = _warns(one.code, runs)
        said = (one.code, words.rule(one.code), words("effet.avertit" if warns else "effet.rejette"))
        stake = None if warns else cells.stake(one.hours, one.refused, words)  # a warning costs no hour
        open_now = (None,) * len(_still(still, one.code, words)) if warns else _still(still, one.code, words)
        row = (*said, one.findings, one.deposits, len(one.organisations), stake, *open_now)
        rows.append((*row, PageCell(shown=charts.spark(one.per_run))) if trend else row)
    columns = cells.columns(
        words,
        *("code:regle", "text:sens", "text:effet", "number:constats", "number:depots", "number:organismes"),
        *("hours:enjeu", *(["hours:encore"] if still is not None else []), *(["drawn:tendance"] if trend else [])),
    )
    note = words("section.regles_note") + (" " + words("section.encore_note") if still is not None else "")
    return table("regles", words("section.regles"), columns, rows, len(rows), note=note)


def never_fired(runs: Iterable[RunData]) -> list[str]:
    """The codes of the catalogue's rules that no deposit of ``runs`` broke."""
    fired = {code for run in runs for deposit in figures.deposits(run) for code in figures.findings(deposit)}
    return [code for code in CATALOGUE if code not in fired]


def matrix(found: Sequence[OrganisationFigures], words: Wording, most: int = MOST_ORGANISATIONS) -> PageTable:
    """Findings by organisation and rule; only organisations and rules that have any."""
    with_findings = [one for one in found if one.rules]
    fired = {code for one in with_findings for code in one.rules}
    codes = [code for code in CATALOGUE if code in fired] + sorted(fired - set(CATALOGUE))
    rows = (
        (*cells.organisation(one.name, one.siret), sum(one.rules.values()), *(one.rules.get(code) for code in codes))
        for one in with_findings
    )
    columns = [
        *cells.columns(words, "free:organisme", "hidden:siret", "number:constats"),
        *(PageColumn(code, ColumnKind.NUMBER, words.rule(code)) for code in codes),
    ]
    note, title = words("section.matrice_note"), words("section.matrice")
    return table("organismes-regles", title, columns, rows, len(with_findings), most=most, note=note, upright=True)


def pairs_table(runs: Iterable[RunData], words: Wording) -> PageTable:
    """Pairs of rules that stand on the same lines."""
    rows = [
        (
            cells.rule(pair.first, words),
            cells.rule(pair.second, words),
            pair.lines_of_first,
            pair.lines_of_second,
            pair.lines_of_both,
            pair.share,
        )
        for pair in figures.pairs(figures.combinations(runs))
    ]
    columns = cells.columns(
        words,
        "text:regle",
        "text:autre",
        "number:lignes_a",
        "number:lignes_b",
        "number:ensemble",
        "share:part_ensemble",
    )
    note = words("section.ensemble_note")
    return table("regles-ensemble", words("section.ensemble"), columns, rows, len(rows), most=50, note=note)


def runs_table(runs: Sequence[RunData], first: Mapping[str, FirstTime], words: Wording, up: str) -> PageTable:
    """One row for each run, the last first. ``first``: as ``figures.first_time_by_run`` gives."""
    rows = [_run_row(run, first.get(run["run"], FirstTime()), words, up) for run in reversed(runs)]
    columns = cells.columns(
        words,
        *("code:execution", "date:date", "number:depots", "number:lues", "number:acceptees", "number:rejetees"),
        *("number:retenues", "number:deja_prises", "hours:heures_acceptees", "hours:enjeu", "share:part"),
        "share:premier",
    )
    return table("executions", words("section.tendance"), columns, rows, len(rows), most=400)


def _run_row(run: RunData, first: FirstTime, words: Wording, up: str) -> tuple[PageCell | PageValue, ...]:
    totals = figures.totals(run)
    return (
        PageCell(run["run"], f"{up}{run['run']}/index.html"),
        figures.day_of(run),
        totals.deposits,
        *cells.by_verdict(totals.lines),
        totals.hours.acceptees,
        cells.stake(at_stake(totals.hours), totals.refused, words),
        figures.accepted_share(totals.lines),
        first.share,
    )


def _still(still: Still | None, key: str, words: Wording) -> tuple[PageCell, ...]:
    """The cell of what is still open of ``key``; none where that is not known."""
    if still is None:
        return ()
    one = still.get(key, {"heures": 0, "refuses": 0})
    return (cells.stake(one["heures"], one["refuses"], words),)


def _warns(code: str, runs: Sequence[RunData]) -> bool:
    """Whether a rule only warned in the last of these runs."""
    chosen = runs[-1].get("reglages", {}).get("severites", {}).get(code)
    return chosen == "avertissement" if chosen else code.startswith("AVT")
