"""The four verdicts of a line, how lines and hours are counted by them, and what they make of a whole deposit."""

from collections.abc import Iterable
from typing import cast

import pandas as pd

from pipeline.ledger.records import COUNTS, Counts
from schemas.rule import REJECTS, REMEDIES

ACCEPTED, REJECTED, HELD, TAKEN = VERDICTS = ("acceptee", "rejetee", "retenue", "deja_prise")

COUNTED = dict(zip(COUNTS, VERDICTS, strict=True))
"""Name of a count → the verdict it counts."""


def counts(lines: Iterable[tuple[str, int | None]]) -> tuple[Counts, Counts]:
    """Lines and hundredths of hours by verdict; a line: its verdict and hours, None where they cannot be read.

    Those count for zero, so that both add up.
    """
    number, hours = dict.fromkeys(VERDICTS, 0), dict.fromkeys(VERDICTS, 0)
    for verdict, amount in lines:
        number[verdict] += 1
        hours[verdict] += amount or 0
    return Counts(*(number[verdict] for verdict in VERDICTS)), Counts(*(hours[verdict] for verdict in VERDICTS))


def state(lines: Counts, *, refused: bool) -> str:
    """What became of a deposit: refuse (whole), accepte (nothing left to do), partiel, or rejete (none of it stands)."""
    if refused:
        return "refuse"
    if lines.rejetees == lines.retenues == 0:
        return "accepte"
    return "partiel" if lines.acceptees + lines.deja_prises else "rejete"


def remedies(findings: pd.DataFrame) -> dict[int, str]:
    """Line of a wave → what is done about it: the first of ``REMEDIES`` that one of its findings asks for."""
    rejecting = findings[(findings["severite"] == REJECTS) & (findings["ligne_id"] >= 0)]
    rank = {remedy: place for place, remedy in enumerate(REMEDIES)}
    found: dict[int, str] = {}
    for line, remedy in zip(rejecting["ligne_id"], rejecting["suite"], strict=True):
        if line not in found or rank[remedy] < rank[found[line]]:
            found[line] = remedy
    return found


def codes(lines: pd.DataFrame, findings: pd.DataFrame) -> dict[int, list[str]]:
    """Line of a wave → the codes of its findings, sorted; one that its whole deposit rejects has the deposit's too."""
    found: dict[int, set[str]] = {}
    for line, code in zip(findings["ligne_id"], findings["code"], strict=True):
        found.setdefault(line, set()).add(code)
    wide = findings[(findings["ligne_id"] < 0) & (findings["severite"] == REJECTS)]
    of_deposit = {depot: set(several) for depot, several in wide.groupby("depot")["code"]}
    touched = lines.loc[(lines["verdict"] == REJECTED) & lines["depot"].isin(of_deposit.keys()), "depot"]
    for line, depot in touched.items():
        found.setdefault(cast("int", line), set()).update(of_deposit[depot])
    return {line: sorted(several) for line, several in found.items() if line >= 0}
