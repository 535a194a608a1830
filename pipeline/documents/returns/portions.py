"""The lines and findings of a wave in the order in which its reports keep them: sorted once, and plain a portion at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from pipeline.documents.returns.entries import LINE
from pipeline.judging.frames import records
from pipeline.judging.settle import Settled
from pipeline.judging.verdicts import HELD, REJECTED
from schemas.rule import REJECTS

_PORTION = 5_000  # rows that are plain Python at a time

Row = Mapping[str, Any]
"""A line or a finding: its columns, missing ones as None, and ``place``, where it stands in its deposit."""


class _Rows:
    """The rows of a frame as plain values, one portion of them at a time: who stops early spares the others."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._low = 0
        self._held: list[tuple[int, Row]] = []

    def between(self, low: int, high: int) -> Iterator[tuple[int, Row]]:
        """Index and values of the rows from ``low`` up to ``high``."""
        while low < high:
            if not self._low <= low < self._low + len(self._held):
                self._turn_to(low)
            rows = self._held[low - self._low : high - self._low]
            yield from rows
            low += len(rows)

    def _turn_to(self, low: int) -> None:
        part = self._frame.iloc[low : low + _PORTION]
        self._low, self._held = low, list(zip(part.index, records(part), strict=True))


@dataclass(frozen=True)
class Stretch:
    """Some rows of one deposit, in sheet order; plain when they are asked for."""

    rows: _Rows
    low: int
    high: int

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        return self.rows.between(self.low, self.high)

    def __len__(self) -> int:
        return self.high - self.low


class Sorted:
    """Rows of a wave in three stretches a deposit, each in the order of ``frame``.

    ``frame``: by deposit, which it has as ``depot``, from 0. ``kind``: the stretch (0, 1, 2) of each row.
    """

    def __init__(self, frame: pd.DataFrame, kind: "np.ndarray[Any, np.dtype[np.int64]]", deposits: int) -> None:
        depot = frame["depot"].to_numpy()
        place = np.arange(len(frame)) - np.searchsorted(depot, depot)
        key = depot * 3 + kind
        order = np.argsort(key, kind="stable")
        self._rows = _Rows(frame.assign(place=place).iloc[order])
        self._edges = np.searchsorted(key[order], np.arange(3 * deposits + 1)).tolist()

    def of(self, deposit: int) -> tuple[Stretch, Stretch, Stretch]:
        """The three stretches of a deposit."""
        edges = self._edges[3 * deposit : 3 * deposit + 4]
        first, second, third = (Stretch(self._rows, low, high) for low, high in pairwise(edges))
        return first, second, third


def sorted_lines(lines: pd.DataFrame, deposits: int) -> Sorted:
    """Lines (by deposit, as settled): the rejected ones, those that are held, the others."""
    kind = np.select([lines["verdict"] == REJECTED, lines["verdict"] == HELD], [0, 1], 2)
    return Sorted(lines[["depot", *LINE]], kind, deposits)


def sorted_findings(settled: Settled, deposits: int) -> Sorted:
    """Findings: what rejects a whole deposit, what rejects on rejected lines, the others.

    Findings on the deposit come first, then line by line, column by column.
    """
    by = ["depot", "ligne_id", "feuille", "ligne", "_width", "colonne", "code", "champ"]
    found = settled.findings.assign(_width=settled.findings["colonne"].str.len())
    found = found.sort_values(by, kind="stable", ignore_index=True)
    rejected = settled.lines.index[settled.lines["verdict"] == REJECTED]
    rejects = found["severite"] == REJECTS
    kind = np.select([rejects & (found["ligne_id"] < 0), rejects & found["ligne_id"].isin(rejected)], [0, 1], 2)
    return Sorted(found, kind, deposits)
