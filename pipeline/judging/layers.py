"""Which deposits of a wave may be judged together.

First come, first served: a deposit is judged against what those before it were granted. Two deposits meet only where they share a
DSF, or a trainee's séquence of one plan (REF-13); those that meet no earlier one are layer 0 and are judged in one go, the others
one layer after the last they meet. The verdicts are those of one deposit after another.
"""

import pandas as pd

from schemas.rules.reference import PIF_KEY


def layers(lines: pd.DataFrame, deposits: list[int]) -> dict[int, int]:
    """Deposit → layer. ``lines`` has the reference joined; ``deposits`` in deposit order."""
    own = lines[lines["dsf_connue"]]
    dsf = own[["depot", "cle_dsf"]].drop_duplicates()
    plans = own.dropna(subset=PIF_KEY)[["depot", *PIF_KEY]].drop_duplicates()
    meetings: dict[int, list[tuple[str, int]]] = {}
    for kind, pairs, key in (("dsf", dsf, ["cle_dsf"]), ("pif", plans, PIF_KEY)):
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
