"""The reviewer's two pages, of one run and of all runs: one file each, whole without a script."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from pipeline import jsonfile
from pipeline.documents.overview import charts, figures, sections, tables, today
from pipeline.documents.overview.figures import FirstMet, FirstTime, RunData
from pipeline.documents.overview.tables import PageTable
from pipeline.documents.page import environment, render
from pipeline.documents.wording import Wording
from pipeline.judging.follow_up import FollowUp
from pipeline.ledger.records import COUNTS
from schemas.rules import CATALOGUE

TREND = 30
"""Runs that a chart shows."""


def of_run(run: RunData, past: Sequence[RunData]) -> bytes:
    """``index.html`` of ``run``. ``past``: earlier runs, oldest first, for the trend and for what is new."""
    words = Wording(_language(run))
    every = [*past, run]
    met = figures.first_met(every)
    first = figures.first_time_by_run(met)
    return render(
        _environment(words.language),
        "run.html.jinja",
        run=run,
        day_of_run=figures.day_of(run),
        totals=figures.totals(run),
        first_time=first.get(run["run"]),
        tables=[one for one in _tables_of_run(run, met, words) if one.rows],
        never_fired=sections.never_fired([run]),
        rules_total=len(CATALOGUE),
        trend=_trend(every, first, words, "../") if past else None,
        suivi=_suivi(run.get("suivi"), words),
        ouvert=_open(run.get("suivi")),
        settings=_settings(run.get("reglages", {})),
        steps=_steps(run.get("durees", {}), words),
    )


def of_runs(runs: Sequence[RunData]) -> bytes:
    """``outbox/rapports/index.html``: over ``runs``, oldest first."""
    words = Wording(_language(runs[-1]) if runs else "fr")
    met = figures.first_met(runs)
    first = figures.first_time_by_run(met)
    detailed = any(figures.deposits(run) for run in runs)
    return render(
        _environment(words.language),
        "runs.html.jinja",
        runs=runs,
        bounds=[figures.day_of(run) for run in (runs[0], runs[-1])] if runs else None,
        totals=figures.together(figures.totals(run) for run in runs),
        first_time=FirstTime(*map(sum, zip(*first.values(), strict=True))) if first else None,
        tables=[one for one in _tables_of_runs(runs, met, words) if one.rows] if detailed else [],
        never_fired=sections.never_fired(runs) if detailed else None,
        suivi=_suivi(runs[-1].get("suivi"), words) if runs else None,
        ouvert=_open(runs[-1].get("suivi")) if runs else [],
        rules_total=len(CATALOGUE),
        trend=_trend(runs, first, words, "") if runs else None,
    )


def _language(run: RunData) -> str:
    return str(run.get("reglages", {}).get("langue", "fr"))


@lru_cache(maxsize=2)
def _environment(language: str) -> Environment:
    """The templates of this room. The hash of our script is all that lets a script run: nothing a sender wrote can."""
    words, script = Wording(language), _script()
    made = environment(words, Path(__file__).parent)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    made.globals.update(
        script=script,
        script_hash=digest,
        charts=charts,
        markup=lambda one: tables.markup(one, words),
        csv_uri=lambda one: tables.data_uri(one, words),
        verdicts=COUNTS,
    )
    made.filters.update(
        hours=lambda hundredths: words.hours(jsonfile.hours(hundredths)),
        seconds=lambda seconds: words.hours(Decimal(str(round(seconds, 2)))),
        share=words.share,
        long_date=words.long_date,
        rule=words.rule,
    )
    return made


def _script() -> Markup:
    return Markup(Path(__file__).with_name("templates").joinpath("overview.js").read_text(encoding="utf-8"))


def _tables_of_run(run: RunData, met: Sequence[FirstMet], words: Wording) -> list[PageTable]:
    organisations, suivi = figures.organisations([run]), run.get("suivi")
    new = [one for one in met if one.run == run["run"]]
    return [
        sections.deposits_table(figures.deposits(run), words, "../../"),
        *(today.tables_of(suivi, words, "../../") if suivi else ()),
        sections.organisations_table(organisations, new, words, today.open_by(suivi, "organismes", "siret")),
        sections.rules_table([run], words, today.open_by(suivi, "regles", "code")),
        sections.matrix(organisations, words),
        sections.pairs_table([run], words),
        sections.trials_table(run.get("essais", ()), Wording(words.language, trial=True), "../../"),
    ]


def _tables_of_runs(runs: Sequence[RunData], met: Sequence[FirstMet], words: Wording) -> list[PageTable]:
    organisations, suivi = figures.organisations(runs), runs[-1].get("suivi")
    deposits = (deposit for run in runs for deposit in figures.deposits(run))
    return [
        *(today.reviewed(suivi, words, "../") if suivi else ()),
        sections.organisations_table(organisations, met, words, today.open_by(suivi, "organismes", "siret")),
        sections.rules_table(runs[-TREND:], words, today.open_by(suivi, "regles", "code")),
        sections.matrix(organisations, words),
        sections.pairs_table(runs, words),
        sections.deposits_table(deposits, words, "../", most=100, refused_first=False),
    ]


def _trend(runs: Sequence[RunData], first: Mapping[str, FirstTime], words: Wording, up: str) -> dict[str, object]:
    """Charts of the last runs, and the table of all of them. ``up``: from the page to the folders of the runs."""
    recent = [(run, figures.totals(run)) for run in runs[-TREND:]]
    days = [words.short_day(figures.day_of(run)) for run, _ in recent]
    lines = [(day, totals.lines) for day, (_, totals) in zip(days, recent, strict=True)]
    top = charts.axis_top(lines)
    accepted = [figures.accepted_share(totals.lines) for _, totals in recent]
    right = [first.get(run["run"], FirstTime()).share for run, _ in recent]
    return {
        "table": sections.runs_table(runs, first, words, up),
        "bars": charts.bars(lines, words("graphique.barres"), words.number(top), words.number(top // 2)),
        "curves": charts.curves(
            days,
            [accepted, right] if any(right) else [accepted],
            words("graphique.courbes"),
            words.share(1.0),
            words.share(0.5),
        ),
        "first_time": any(right),
    }


def _suivi(given: FollowUp | None, words: Wording) -> dict[str, Any] | None:
    """Complements by state, with their hours and the days of the oldest; and by age. None where none was ever issued."""
    if given is None or not any(given["comptes"].values()):
        return None
    waiting = {"emises": given["a_saisir"]["lignes"], "saisies": given["a_voir"]["lignes"]}
    oldest = {name: rows[0]["jours"] for name, rows in waiting.items() if rows}
    hours = {name: sum(one["heures"] for one in given["par_age"] if one["etat"] == name) for name in given["comptes"]}
    states = [
        {"etat": name, "n": n, "heures": hours[name], "jours": oldest.get(name)} for name, n in given["comptes"].items()
    ]
    return {"etats": states, "par_age": today.by_age(given, words)}


def _open(given: FollowUp | None) -> list[Mapping[str, Any]]:
    """What is still open by what is to be done, as ``follow_up`` has it; nothing where nothing is."""
    return [one for one in given["ouvert"]["suites"] if one["depots"]] if given else []


def _steps(given: Mapping[str, float], words: Wording) -> list[tuple[str, float]]:
    """Steps as (name, seconds) in the order of the chain, which is that of the texts; any other after them."""
    names = words.names("etape")
    ordered = [*(name for name in names if name in given), *(name for name in given if name not in names)]
    return [(words(f"etape.{name}") if name in names else name, given[name]) for name in ordered]


def _settings(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings as (name, value): those of an inner table under dotted names, empty tables left out."""
    found: list[tuple[str, str]] = []
    for name, value in sorted(given.items()):
        if isinstance(value, Mapping):
            found += [(f"{name}.{inner}", text) for inner, text in _settings(value)]
        else:
            found.append((name, str(value)))
    return found
