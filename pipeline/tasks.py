"""The work of a run as tasks of ``pipeline.work``: read, judge, render. From plain data to plain data, packed on both ways.

What is packed is only ever opened where it was packed by this very program. In between it is bytes: whoever passes it on need not
know, nor hold, what is in it.
"""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from pipeline.documents import clerk, returns
from pipeline.documents.returns import limits
from pipeline.documents.returns.model import report_data
from pipeline.judging import changes, decision
from pipeline.judging.complement import decode
from pipeline.judging.context import Terms
from pipeline.judging.decide import Asked, judge
from pipeline.judging.deposit import Deposit
from pipeline.judging.earlier import Earlier
from pipeline.ledger.records import Complement, Counts, DepositRecord
from pipeline.reading import ReadOptions
from pipeline.reading.guard import Original
from pipeline.work.children import Children
from pipeline.work.packed import Packed

HEAVY = 20_000
"""Lines, findings and cells of the reports that are rendered together, about: what they cost in memory."""


class ToRead(NamedTuple):
    """Originals, each with how it is read. Read, they are a list of ``Packed``."""

    sources: tuple[tuple[Original, ReadOptions], ...]


@dataclass(frozen=True)
class ToJudge:
    """Deposits that none of their wave's others meets, numbered, in deposit order. PartJudged, they are ``PartJudged``.

    ``run``: its identifier. ``batch``: reports that are rendered together, at most.
    """

    terms: Terms
    run: str
    deposits: tuple[Deposit, ...]
    asked: Asked
    batch: int


class ReportHead(NamedTuple):
    """What is known of a report that is packed. ``template``: one is to come back with it."""

    siret: str
    depot: str
    trial: bool
    template: bool


class Reports(NamedTuple):
    """Reports (``returns.model.ReportData``) to be rendered together."""

    heads: tuple[ReportHead, ...]
    packed: bytes


@dataclass(frozen=True)
class PartJudged:
    """Deposits as the ledger keeps them, in deposit order; ``reports``, together, are theirs in the same order.

    ``extracts``: names of the loads behind their lines.
    """

    records: tuple[DepositRecord, ...]
    complements: tuple[Complement, ...]
    extracts: frozenset[str]
    reports: tuple[Reports, ...]


@dataclass(frozen=True)
class ToCompare:
    """Deposits that were decided once, none of which meets another, with what was decided: rows of verdicts.csv and hours.

    Judged again, they are a tuple of ``Change``.
    """

    terms: Terms
    deposits: tuple[Deposit, ...]
    asked: Asked
    decided: tuple[tuple[bytes, Counts], ...]


class ReturnsToRender(NamedTuple):
    """Reports, packed, and the template beside each (or nothing). Rendered, they are a list of files by name."""

    packed: bytes
    templates: tuple[bytes, ...]


class SheetsToRender(NamedTuple):
    """Payloads of complements, each with what earlier ones added. Rendered, they are a list of workbooks."""

    complements: tuple[tuple[bytes, Earlier], ...]
    day: date


def pack(data: object) -> bytes:
    """Plain data as a task takes it."""
    return pickle.dumps(data, pickle.HIGHEST_PROTOCOL)


def opened(data: bytes) -> Any:
    """What a task gave."""
    return pickle.loads(data)


def read(children: Children, payload: bytes) -> bytes:
    """``ToRead`` → ``list[Packed]``: each in a child with limits; nothing that a sender wrote is a fault."""
    asked: ToRead = opened(payload)
    readings: list[Packed] = children.read(asked.sources)
    return pack(readings)


def judge_part(children: Children, payload: bytes) -> bytes:
    """``ToJudge`` → ``PartJudged``."""
    return children.do(judged, payload)


def compare_part(children: Children, payload: bytes) -> bytes:
    """``ToCompare`` → ``tuple[Change, ...]``: of those that are judged otherwise now."""
    return children.do(compared, payload)


def render_returns(children: Children, payload: bytes) -> bytes:
    """``ReturnsToRender`` → ``list[dict[str, bytes]]``."""
    return children.do(returns_rendered, payload)


def render_sheets(children: Children, payload: bytes) -> bytes:
    """``SheetsToRender`` → ``list[bytes]``."""
    return children.do(sheets_rendered, payload)


# --- in the child -----------------------------------------------------------------------------------------------------


def judged(payload: bytes) -> bytes:
    """Judge a part."""
    asked: ToJudge = opened(payload)
    decided = judge(asked.terms, asked.deposits, asked.asked)
    settled = decided.settled
    records = decision.deposits(decided.deposits, settled)
    extracts = frozenset(settled.lines["extrait"].dropna())
    reports = tuple(_together(report_data(decided, asked.terms, asked.run), asked.batch))
    return pack(PartJudged(records, settled.complements, extracts, reports))


def compared(payload: bytes) -> bytes:
    """Judge a part again."""
    asked: ToCompare = opened(payload)
    settled = judge(asked.terms, asked.deposits, asked.asked).settled
    records = decision.deposits(asked.deposits, settled)
    found = (
        changes.change(before, record, changes.hours_of(settled, position))
        for position, (record, before) in enumerate(zip(records, asked.decided, strict=True))
    )
    return pack(tuple(one for one in found if one))


def _together(reports: Iterator[dict[str, Any]], batch: int) -> Iterator[Reports]:
    """``reports`` packed, up to ``batch`` together, and about ``HEAVY``."""
    heads: list[ReportHead] = []
    several: list[dict[str, Any]] = []
    weight = 0
    for report in reports:
        heads.append(
            ReportHead(report["siret"], report["depot"], bool(report.get("essai")), bool(returns.template_name(report)))
        )
        several.append(report)
        weight += limits.weight(report)
        if len(several) == batch or weight >= HEAVY:
            yield Reports(tuple(heads), pack(several))
            heads, several, weight = [], [], 0
    if several:
        yield Reports(tuple(heads), pack(several))


def returns_rendered(payload: bytes) -> bytes:
    """Render what comes back for some deposits."""
    asked: ReturnsToRender = opened(payload)
    reports: Sequence[dict[str, Any]] = opened(asked.packed)
    return pack([returns.files(*one) for one in zip(reports, asked.templates, strict=True)])


def sheets_rendered(payload: bytes) -> bytes:
    """Render the clerk's sheets of some complements."""
    asked: SheetsToRender = opened(payload)
    return pack([clerk.workbook(decode(data), asked.day, before=before) for data, before in asked.complements])
