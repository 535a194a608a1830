"""The four verdicts of a line, and how lines and hours are counted by them."""

import pandas as pd

from pipeline.ledger.records import Counts

ACCEPTED, REJECTED, HELD, TAKEN = "acceptee", "rejetee", "retenue", "deja_prise"


VERDICTS = (ACCEPTED, REJECTED, HELD, TAKEN)


_COUNTS = ("acceptees", "rejetees", "retenues", "deja_prises")


def counts(lines: pd.DataFrame) -> tuple[Counts, Counts]:
    """Lines and hundredths of hours by verdict. Hours that cannot be read count for zero, so that both add up."""
    number = lines["verdict"].value_counts()
    hours = lines["heures"].fillna(0).groupby(lines["verdict"]).sum()
    of = dict(zip(_COUNTS, VERDICTS, strict=True))
    return (
        Counts(**{name: int(number.get(verdict, 0)) for name, verdict in of.items()}),
        Counts(**{name: int(hours.get(verdict, 0)) for name, verdict in of.items()}),
    )


def _state(refused: bool, of_lines: Counts) -> str:
    if refused:
        return "refuse"
    if of_lines.rejetees == of_lines.retenues == 0:
        return "accepte"
    return "partiel" if of_lines.acceptees else "rejete"
