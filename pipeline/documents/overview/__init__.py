"""What the operator and the reviewer see of a run, and of all runs: made from what the ledger tells. Source: contract §7.

A run is the mapping of ``ledger.views.run_view``, hours in whole hundredths; ``figures`` lists the keys that are optional.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pipeline import jsonfile
from pipeline.documents.overview import figures, page
from pipeline.documents.overview.figures import DepositData, RunData
from pipeline.judging import verdicts_csv
from pipeline.judging.follow_up import as_numbers
from pipeline.judging.verdicts_csv import verdict_row
from pipeline.ledger.records import COUNTS, Counts

__all__ = ["across", "files", "verdict_row"]


def files(run: RunData, past: Sequence[RunData] = ()) -> dict[str, bytes]:
    """``index.html``, ``run.json`` and ``verdicts.csv`` of a run, by name.

    ``past``: earlier runs in the same form, oldest first. Without them the page has no trend, and takes for new
    all that this run met. The same arguments give the same bytes.
    """
    return {
        "index.html": page.of_run(run, past),
        "run.json": jsonfile.dumps(content(run)),
        "verdicts.csv": verdicts_csv.HEADER + run.get("verdicts", b""),
    }


def across(runs: Sequence[RunData]) -> bytes:
    """``outbox/rapports/index.html`` over ``runs``, oldest first. Runs known by their totals alone show in the trend only."""
    return page.of_runs(runs)


def content(run: RunData) -> dict[str, Any]:
    """The content of ``run.json``: all of the run but its rows; hours are numbers with two decimals."""
    totals = figures.totals(run)
    rules = Counter[str]()
    for deposit in figures.deposits(run):
        rules.update(figures.findings(deposit))
    plain = {name: _plain(value) for name, value in run.items() if name not in ("verdicts", "depots")}
    if "suivi" in run:
        plain["suivi"] = as_numbers(run["suivi"])
    tried = [_figured(trial) for trial in run.get("essais", ())]
    return plain | {
        "schema_version": 1,
        "depots": [_deposit(deposit) for deposit in figures.deposits(run)],
        **({"essais": tried} if tried else {}),
        "comptes": _counts(totals.lines),
        "heures": _hours(totals.hours),
        "regles": dict(rules),
        "combinaisons": dict(figures.combinations([run])),
    }


def _deposit(deposit: DepositData) -> dict[str, Any]:
    plain = _figured(deposit)
    plain["regles"] = [{**rule, "heures": jsonfile.hours(rule["heures"])} for rule in deposit["regles"]]
    if "dsf" in deposit:
        plain["dsf"] = [{"numero_dsf": dsf["numero_dsf"], **_figures(dsf)} for dsf in deposit["dsf"]]
    return plain


def _figured(deposit: DepositData) -> dict[str, Any]:
    """A deposit or a trial with its lines and hours as JSON has them."""
    return {name: _plain(value) for name, value in deposit.items()} | _figures(deposit)


def _figures(given: Mapping[str, Any]) -> dict[str, Any]:
    lines, hours = figures.counts(given["comptes"]), figures.counts(given["heures"])
    return {"comptes": _counts(lines), "heures": _hours(hours)}


def _counts(lines: Counts) -> dict[str, int]:
    return {"lues": lines.lues, **{name: getattr(lines, name) for name in COUNTS}}


def _hours(hours: Counts) -> dict[str, Any]:
    return {name: jsonfile.hours(hundredths) for name, hundredths in _counts(hours).items()}


def _plain(value: Any) -> Any:
    """``value`` as JSON has it: days and instants as ISO text, seconds to the millisecond."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return round(value, 3) if isinstance(value, float) else value
