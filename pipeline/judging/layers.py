"""Which deposits of a wave may be judged together once and for all.

Two deposits meet only where they share a trainee's séquence on a DSF, or one of a plan (REF-13); those that meet no earlier one
are layer 0, the others come one layer after the last they meet.
"""

import pandas as pd

from pipeline.judging.identity import SEQUENCE
from schemas.rules.remaining import PIF_KEY


def layers(lines: pd.DataFrame, deposits: list[int]) -> dict[int, int]:
    """Deposit → layer. ``lines`` has the reference joined; ``deposits`` in deposit order."""
    own = lines[lines["dsf_connue"]]
    meetings: dict[int, list[tuple[str, int]]] = {}
    for kind, key in (("sequence", SEQUENCE), ("pif", PIF_KEY)):
        pairs = own.dropna(subset=key)[["depot", *key]].drop_duplicates()
        shared = pairs[pairs.duplicated(key, keep=False)]
        for depot, group in zip(shared["depot"], shared.groupby(key).ngroup(), strict=True):
            meetings.setdefault(depot, []).append((kind, group))
    last: dict[tuple[str, int], int] = {}
    layer = {}
    for depot in deposits:
        met = meetings.get(depot, [])
        layer[depot] = 1 + max((last[m] for m in met if m in last), default=-1)
        last.update((m, max(layer[depot], last.get(m, 0))) for m in met)
    return layer
