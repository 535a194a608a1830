"""The four verdicts of a line, how lines and hours are counted by them, and what they make of a whole deposit."""

import pandas as pd

from pipeline.ledger.records import COUNTS, Counts
from schemas.rule import REJECTS

ACCEPTED, REJECTED, HELD, TAKEN = VERDICTS = ("acceptee", "rejetee", "retenue", "deja_prise")

COUNTED = dict(zip(COUNTS, VERDICTS, strict=True))
"""Name of a count → the verdict it counts."""


def counts(lines: pd.DataFrame) -> tuple[Counts, Counts]:
    """Lines and hundredths of hours by verdict. Hours that cannot be read count for zero, so that both add up."""
    number = lines["verdict"].value_counts()
    hours = lines["heures"].fillna(0).groupby(lines["verdict"]).sum()
    return (
        Counts(**{name: int(number.get(verdict, 0)) for name, verdict in COUNTED.items()}),
        Counts(**{name: int(hours.get(verdict, 0)) for name, verdict in COUNTED.items()}),
    )


def state(lines: Counts, *, refused: bool) -> str:
    """What became of a deposit: refuse (whole), accepte (nothing left to do), partiel, or rejete (none of it stands)."""
    if refused:
        return "refuse"
    if lines.rejetees == lines.retenues == 0:
        return "accepte"
    return "partiel" if lines.acceptees + lines.deja_prises else "rejete"


def codes(lines: pd.DataFrame, findings: pd.DataFrame) -> dict[int, list[str]]:
    """Line → the codes of its findings, sorted; a line that its whole deposit rejects has the deposit's too."""
    found: dict[int, set[str]] = {}
    for line, code in zip(findings["ligne_id"], findings["code"], strict=True):
        found.setdefault(line, set()).add(code)
    wide = set(findings.loc[(findings["ligne_id"] < 0) & (findings["severite"] == REJECTS), "code"])
    for line in lines.index[lines["verdict"] == REJECTED] if wide else ():
        found.setdefault(line, set()).update(wide)
    return {line: sorted(several) for line, several in found.items()}
