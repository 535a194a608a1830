"""The reviewer's two pages, of one run and over all of them: one file each, whole without a script."""

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
from pipeline.documents.overview import charts, figures, sections, tables
from pipeline.documents.overview.figures import Run, Whole
from pipeline.documents.overview.tables import Table
from pipeline.documents.page import environment, render
from pipeline.documents.wording import Words
from pipeline.ledger.records import COUNTS
from schemas.rules import CATALOGUE

TREND = 30
"""Runs that a chart shows."""


def _script() -> Markup:
    return Markup(Path(__file__).with_name("templates").joinpath("overview.js").read_text(encoding="utf-8"))


@lru_cache(maxsize=2)
def _environment(langue: str) -> Environment:
    """Our templates over the shared ones. The script is allowed by its hash alone: nothing a sender wrote could run."""
    words, script = Words(langue), _script()
    made = environment(words, Path(__file__).parent)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    made.globals.update(
        script=script,
        empreinte=digest,
        graphique=charts,
        rendu=lambda one: tables.markup(one, words),
        csv=lambda one: tables.data_uri(one, words),
        verdicts=COUNTS,
    )
    made.filters.update(
        heures=lambda hundredths: words.hours(jsonfile.hours(hundredths)),
        duree=lambda seconds: words.hours(Decimal(str(round(seconds, 2)))),
        part=words.share,
        long=words.long_date,
        regle=words.rule,
    )
    return made


def _words(langue: str) -> Words:
    words: Words = _environment(langue).globals["mot"]  # type: ignore[assignment]
    return words


def language(run: Run) -> str:
    return "en" if run.get("reglages", {}).get("langue") == "en" else "fr"


def of_run(run: Run, past: Sequence[Run]) -> bytes:
    """``index.html`` of ``run``. ``past``: earlier runs, oldest first, for the trend and what has been waiting."""
    langue = language(run)
    words = _words(langue)
    every = [*past, run]
    followed = figures.files_of(every)
    first = figures.first_time(followed)
    listed = figures.deposits(run)
    bodies = figures.organisations([run])
    day = figures.day_of(run)
    here = [one for one in followed if one.run == run["run"]]
    kept: list[Table] = [
        sections.files(listed, words, "../../"),
        sections.rules([run], words),
        sections.matrix(bodies, words),
        sections.pairs([run], words),
        sections.organisations(bodies, here, words),
        sections.waiting(followed, day, words, "../../"),
    ]
    return render(
        _environment(langue),
        "run.html.jinja",
        run=run,
        jour_run=day,
        entier=figures.whole(run),
        premier=first.get(run["run"]),
        tables=[one for one in kept if one.rows],
        jamais=sections.never([run]),
        regles_total=len(CATALOGUE),
        tendance=_trend(every, first, words, "../") if past else None,
        reglages=_settings(run.get("reglages", {})),
    )


def of_runs(runs: Sequence[Run]) -> bytes:
    """``outbox/rapports/index.html``: ``runs``, oldest first."""
    langue = language(runs[-1]) if runs else "fr"
    words = _words(langue)
    followed = figures.files_of(runs)
    first = figures.first_time(followed)
    bodies = figures.organisations(runs)
    detailed = any(figures.deposits(run) for run in runs)
    kept: list[Table] = []
    if runs and detailed:
        kept = [
            sections.organisations(bodies, followed, words),
            sections.rules(runs[-TREND:], words),
            sections.matrix(bodies, words),
            sections.pairs(runs, words),
            sections.files(
                (one for run in runs for one in figures.deposits(run)), words, "../", most=100, refused_first=False
            ),
            sections.waiting(followed, figures.day_of(runs[-1]), words, "../"),
        ]
    return render(
        _environment(langue),
        "runs.html.jinja",
        runs=runs,
        bornes=[figures.day_of(run) for run in (runs[0], runs[-1])] if runs else None,
        entier=figures.together(figures.whole(run) for run in runs),
        premier=tuple(map(sum, zip(*first.values(), strict=True))) if first else None,
        tables=[one for one in kept if one.rows],
        jamais=sections.never(runs) if detailed else None,
        regles_total=len(CATALOGUE),
        tendance=_trend(runs, first, words, "") if runs else None,
    )


def _trend(runs: Sequence[Run], first: Mapping[str, tuple[int, int]], words: Words, up: str) -> dict[str, object]:
    """Charts over the last runs, and the table of all of them. ``up``: from the page to the runs' folders."""
    recent = [(run, figures.whole(run)) for run in runs[-TREND:]]
    lines = [(f"{figures.day_of(run):%d/%m/%y}", whole.lignes) for run, whole in recent]
    top = charts.scale(lines)
    right = [_ratio(first.get(run["run"])) for run, _ in recent]
    return {
        "table": sections.runs_table(runs, first, words, up),
        "barres": charts.bars(lines, words("graphique.barres"), (words.number(top), words.number(top // 2))),
        "courbes": charts.curves(
            [day for day, _ in lines],
            [[_accepted(whole) for _, whole in recent], *([right] if any(right) else [])],
            words("graphique.courbes"),
            words.share(1.0),
            words.share(0.5),
        ),
        "premier": any(right),
    }


def _accepted(whole: Whole) -> float | None:
    new = whole.lignes.lues - whole.lignes.deja_prises
    return whole.lignes.acceptees / new if new else None


def _ratio(first: tuple[int, int] | None) -> float | None:
    return first[1] / first[0] if first and first[0] else None


def _settings(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings as lines « name, value »; tables within tables by dotted names, empty ones left out."""
    found: list[tuple[str, str]] = []
    for name, value in sorted(given.items()):
        if isinstance(value, Mapping):
            found += [(f"{name}.{inner}", text) for inner, text in _settings(value)]
        else:
            found.append((name, str(value)))
    return found
