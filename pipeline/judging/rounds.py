"""First come, first served, without judging one deposit after another.

A deposit is judged against the ledger and what those before it were granted. All are judged at once, as if nothing was granted in
the wave; then, against what that round granted, those again that it may touch; and so on until none is left. A deposit depends on
earlier ones alone: the first of those left is right after each round, and what remains at the end is what one after another would
give. A wave made to change its mind again and again goes layer by layer once that is cheaper.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.judging.granted import Bools, Ints, Register
from pipeline.judging.layers import layers
from pipeline.judging.verdicts import ACCEPTED

PATIENCE = 8
"""How often the lines of a wave may be judged, all in all, before it goes layer by layer."""


@dataclass(frozen=True)
class Judged:
    """Lines judged together. ``lines``: by their index, what the register has before each, ``verdict`` and ``pif_tu``.

    ``found``: what is found on them, ``ligne_id`` among its columns.
    """

    lines: pd.DataFrame
    found: pd.DataFrame


Judge = Callable[[Ints, Bools], Judged]
"""Judges lines (their rows, from 0: whole deposits) against the entries that are granted."""


def in_order(lines: pd.DataFrame, register: Register, judge: Judge) -> Judged:
    """Each line as it is judged after the deposits before its own; ``lines`` (at least one) in deposit order."""
    depot = lines["depot"].to_numpy()
    granted = np.arange(register.size) < register.ledger
    rounds: list[Judged] = []
    latest = np.zeros(len(lines), dtype=np.int64)
    left = np.ones(len(lines), dtype=bool)
    spent, layer = 0, None
    while left.any():
        now = left
        if spent >= PATIENCE * len(lines):
            layer = _layer(lines) if layer is None else layer
            now = left & (layer == layer[left].min())
        rows = np.flatnonzero(now)
        rounds.append(judge(rows, granted))
        latest[rows] = len(rounds) - 1
        spent += len(rows)
        mine = register.ledger + rows
        accepted = (rounds[-1].lines["verdict"] == ACCEPTED).to_numpy()
        changed = rows[granted[mine] != accepted]
        granted[mine] = accepted
        left = (left & ~now) | np.isin(depot, depot[register.looking_at(changed)])
    return _latest(rounds, pd.Series(latest, index=lines.index))


def _layer(lines: pd.DataFrame) -> Ints:
    """The layer of each line's deposit."""
    layer = layers(lines, sorted(set(lines["depot"])))
    return np.array([layer[depot] for depot in lines["depot"]], dtype=np.int64)


def _latest(rounds: list[Judged], latest: "pd.Series[int]") -> Judged:
    """Each line as the latest round that judged it left it, and what that found, by deposit then as it was found."""
    if len(rounds) == 1:
        (lines, found) = rounds[0].lines, rounds[0].found
    else:
        lines = pd.concat([r.lines[(latest.loc[r.lines.index] == n).to_numpy()] for n, r in enumerate(rounds)])
        found = pd.concat([r.found[(latest.loc[r.found["ligne_id"]] == n).to_numpy()] for n, r in enumerate(rounds)])
    return Judged(lines.sort_index(), found.sort_values("depot", kind="stable", ignore_index=True))
