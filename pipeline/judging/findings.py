"""Runs the catalogue over a frame with pandera, and puts each finding into words.

A finding is a row: code, severite, depot, ligne_id (-1: the deposit), champ, the place (feuille, ligne, nature, colonne, titre),
valeur as typed, the texts attendu, message and geste in the language of the settings, and suite: what is done about it (one of
``schemas.rule.REMEDIES``), from the day ``des`` on where that is known (ISO text, else "").
"""

from collections.abc import Iterable
from functools import partial
from string import Formatter
from typing import Any, cast

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrorReason, SchemaErrors

from pipeline.cells.text import HIDDEN, hours, shown
from pipeline.judging.frames import Frames
from pipeline.settings import Settings
from schemas import noticed
from schemas.fields import column_letter
from schemas.noticed import Noticed
from schemas.rule import CATALOGUE, DEPOSITS, LINES, OBSERVATIONS, Rule, Words

FINDING = "code severite depot ligne_id champ feuille ligne nature colonne titre valeur attendu message geste suite des".split()
_SAID = ["attendu", "message", "geste", "suite", "des"]
MARK = "code severite depot ligne_id champ".split()
_HOURS = ("heures", "pas_heures", "prise_heures")

Broken = dict[tuple[str, str], "pd.Series[bool]"]
"""(code, field) → True on the rows where the rule is broken; only what is broken somewhere is there."""


class RuleCrash(Exception):
    """A rule did not run: our fault, not the sender's. The text has the rule's code and nothing of the data."""


def broken(rules: Iterable[Rule], frame: pd.DataFrame) -> Broken:
    """Ask every rule of the frame at once; silence between rules is the caller's business. Raises ``RuleCrash``."""
    asked = [(rule, field) for rule in rules for field in rule.cells or ("",)]
    if not asked or frame.empty:
        return {}
    checks = [
        # n_failure_cases=0: pandera would otherwise copy every failing cell, the innocent ones of the row too.
        pa.Check(partial(rule.on, field=field), name=f"{rule.code} {field}", ignore_na=False, n_failure_cases=0)
        for rule, field in asked
    ]
    try:
        pa.DataFrameSchema(checks=checks).validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        found = {}
        for error in errors.schema_errors:
            code, _, field = str(getattr(error.check, "name", "")).partition(" ")
            if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK or error.check_output is None:
                raise RuleCrash(f"rule {code} did not run: {error.reason_code}") from None
            found[code, field] = ~error.check_output.astype(bool)
        return found
    return {}


def silenced(found: Broken, before: Broken) -> Broken:
    """``found`` without the rows where a rule named in ``after`` fired, in ``found`` itself or ``before``."""
    fired: dict[str, pd.Series[bool]] = {}
    for (code, _), rows in (*before.items(), *found.items()):
        fired[code] = fired[code] | rows if code in fired else rows
    quiet = {}
    for (code, field), rows in found.items():
        loud = rows
        for other in CATALOGUE[code].after:
            if other in fired:
                loud = loud & ~fired[other].reindex(rows.index, fill_value=False)
        if loud.any():
            quiet[code, field] = loud
    return quiet


def on_observations(frames: Frames, settings: Settings) -> pd.DataFrame:
    """Findings on what reading noticed: FIC, the unreadable cells of LIG, AVT-05."""
    frame = _said(frames.observations, settings.langue)
    parts = [
        _worded(CATALOGUE[code], frame[rows].assign(variante=""), frame, settings)
        for (code, _), rows in broken(CATALOGUE.over(OBSERVATIONS), frame).items()
    ]
    return _findings(parts)


def _said(observations: pd.DataFrame, langue: str) -> pd.DataFrame:
    """What was noticed, its place as a word (``lieu``) and its details in the language of the report."""
    sheet, csv = ("sheet “{}”", "CSV file") if langue == "en" else ("feuille « {} »", "fichier CSV")
    said = observations.assign(lieu=[sheet.format(name) if name else csv for name in observations["feuille"]])
    coded = observations["precision"] != ""
    rows = observations[coded].to_dict("records")
    said.loc[coded, "detail"] = [noticed.text(row["precision"], langue, row) for row in rows]
    return said


def on_deposits(deposits: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Findings on whole deposits: AVT-06, AVT-07."""
    parts = []
    for (code, _), rows in broken(CATALOGUE.over(DEPOSITS), deposits).items():
        failing = deposits[rows].assign(
            depot=deposits.index[rows],
            ligne_id=-1,
            feuille="",
            ligne=0,
            nature="",
            colonne="",
            champ="",
            titre="",
            valeur="",
        )
        parts.append(_worded(CATALOGUE[code], failing, deposits, settings))
    return _findings(parts)


def line_rules(*families: str) -> tuple[Rule, ...]:
    """The rules on lines whose code starts with one of ``families``."""
    return tuple(rule for rule in CATALOGUE.over(LINES) if rule.code.startswith(families))


def marks(found: Broken, lines: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """What is broken on ``lines``, not in words yet: the columns ``MARK``, rule by rule as they stand in the catalogue."""
    order = {code: place for place, code in enumerate(CATALOGUE)}
    keys = sorted(found, key=lambda key: order[key[0]])
    hit = [np.flatnonzero(found[key].to_numpy()) for key in keys]
    per_key = np.repeat(np.arange(len(keys)), [len(rows) for rows in hit])
    at = np.concatenate(hit) if hit else np.array([], dtype=np.int64)
    rules = [CATALOGUE[code] for code, _ in keys]
    said = {
        "code": [rule.code for rule in rules],
        "severite": [settings.severites.get(rule.code, rule.severity) for rule in rules],
        "champ": [field or rule.cells[0] for (_, field), rule in zip(keys, rules, strict=True)],
    }
    marked = {name: pd.Series(texts, dtype="object").take(per_key).to_numpy() for name, texts in said.items()}
    places = {"depot": lines["depot"].to_numpy()[at], "ligne_id": lines.index.to_numpy()[at]}
    return pd.DataFrame(marked | places)[MARK]


def on_lines(marked: pd.DataFrame, lines: pd.DataFrame, frames: Frames, settings: Settings) -> pd.DataFrame:
    """Put ``marked`` (as ``marks`` gives it, index unique) into words, in its order; ``lines``: all that the rules looked at."""
    parts = []
    for key, mine in marked.groupby(["code", "champ"], sort=False):
        code, champ = (str(part) for part in cast("tuple[str, str]", key))
        failing = lines.loc[mine["ligne_id"]]
        places = [
            _place(frames, table, rang, champ) for table, rang in zip(failing["table"], failing["rang"], strict=True)
        ]
        typed = pd.DataFrame(places, columns=["colonne", "titre", "valeur"], index=failing.index)
        failing = failing.drop(columns="variante", errors="ignore").assign(
            champ=champ, ligne_id=failing.index, colonne=typed["colonne"], titre=typed["titre"], valeur=typed["valeur"]
        )
        said = _worded(CATALOGUE[code], failing, lines, settings)
        parts.append(said.set_axis(mine.index, axis=0).assign(severite=mine["severite"]))
    return pd.concat(parts).sort_index() if parts else _findings([])


def _place(frames: Frames, table: int, rang: int, champ: str) -> tuple[str, str, str]:
    """Letter, heading and text as typed of the cell of ``champ``; empty where the table has no such column."""
    column = frames.column(table, champ)
    if column is None:
        return "", "", ""
    code = column.codes[rang]
    # A social security number is never said again, whatever rule points at its cell.
    typed = HIDDEN if Noticed.NIR in column.meanings[code].noticed else shown(column.cells[code])
    return column_letter(column.index), column.heading, typed


def _worded(rule: Rule, failing: pd.DataFrame, frame: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The findings of one rule, its texts filled in for each failing row."""
    failing = failing.assign(variante="")
    if rule.facts is not None:
        facts = rule.facts(frame, failing)
        failing = failing.drop(columns=list(facts.columns), errors="ignore").join(facts)
    variants = rule.words(settings.langue)
    texts = pd.DataFrame("", index=failing.index, columns=_SAID, dtype="object")
    for variant, rows in failing.groupby("variante", sort=False):
        words = variants.get(str(variant)) or variants.get("") or next(iter(variants.values()))
        texts.loc[rows.index, ["attendu", "message", "geste"]] = _filled(words, rows, settings.langue)
        texts.loc[rows.index, "suite"] = rule.remedy_of(str(variant))
    if "des" in failing:
        texts["des"] = failing["des"].dt.strftime("%Y-%m-%d").fillna("")
    findings = failing[[c for c in FINDING if c in failing.columns and c not in _SAID]].join(texts)
    findings["code"] = rule.code
    findings["severite"] = settings.severites.get(rule.code, rule.severity)
    return findings[FINDING]


def _filled(words: Words, rows: pd.DataFrame, langue: str) -> pd.DataFrame:
    """The texts of ``words`` for each row; where they have forms for one and for many, the column ``n`` chooses."""
    if words.has_forms:
        parts = [_filled(words.form(float(some["n"].iloc[0]), langue), some, langue) for _, some in rows.groupby("n")]
        return pd.concat(parts).reindex(rows.index)
    templates = {"attendu": words.attendu, "message": words.constat, "geste": words.geste}
    names = {n for text in templates.values() for _, n, _, _ in Formatter().parse(text) if n}
    columns = {name: _spoken(rows[name], name) for name in names}
    records = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    records = records or [{}] * len(rows)
    return pd.DataFrame(
        {name: [text.format_map(record) for record in records] for name, text in templates.items()}, index=rows.index
    )


def _spoken(values: "pd.Series[Any]", name: str) -> list[str]:
    """A column as a French or English reader says it: hours with a comma, days first."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return list(values.dt.strftime("%d/%m/%Y").fillna(""))
    if name.startswith(_HOURS) and pd.api.types.is_numeric_dtype(values.dtype):
        return ["" if pd.isna(v) else hours(int(v)) for v in values]
    return ["" if pd.isna(v) else str(v) for v in values]


def _findings(parts: list[pd.DataFrame]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(
            {name: pd.Series(dtype="int64" if name in ("depot", "ligne_id", "ligne") else "object") for name in FINDING}
        )
    return pd.concat(parts, ignore_index=True)
