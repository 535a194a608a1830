"""One wave: deposits that were read → decided, rendered, staged, committed, released. ``run`` has what stands around it."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from time import monotonic

from pipeline.documents import clerk, returns
from pipeline.documents.returns.model import ReportData, report_data
from pipeline.errors import Halt, HeadMoved, scrubbed
from pipeline.intake.arrival import Snapshot
from pipeline.intake.retire import retire
from pipeline.judging import decision
from pipeline.judging.complement import file_name
from pipeline.judging.context import Context
from pipeline.judging.decide import Decided, decide
from pipeline.judging.deposit import Deposit
from pipeline.ledger import Ledger
from pipeline.ledger.records import Decision, Folder, Token
from pipeline.publishing import outbox, spool
from pipeline.reading import ReadOptions
from pipeline.settings import Settings
from pipeline.workers import Pool
from pipeline.workspace import Workspace

RETRIES = 5
"""How often a wave is computed again when the ledger moved under it."""

RENDERED = 128
"""Reports handed to the renderers at once."""

Progress = Callable[[str, int, int], None]
"""Called with (step, done, of how many); carries no personal data."""


def silent(_step: str, _done: int, _total: int) -> None:
    """A progress that nobody watches."""


class NotDecided(Exception):
    """Our fault, before anything was committed: the text says where in the program, and nothing of the data."""


@dataclass
class Timings:
    """Seconds spent in each step of a run."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time spent inside to the step ``name``."""
        start = monotonic()
        try:
            yield
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + monotonic() - start


@dataclass(frozen=True)
class Chain:
    """What every wave of a run needs beside the context it is judged in. ``headings``: the operator's (field, heading)."""

    workspace: Workspace
    context: Context
    pool: Pool
    run: str
    fence: int
    headings: tuple[tuple[str, str], ...]
    timings: Timings
    progress: Progress

    @property
    def book(self) -> Ledger:
        """The open ledger."""
        return self.context.book


def read(
    pool: Pool, settings: Settings, headings: tuple[tuple[str, str], ...], snapshots: Sequence[Snapshot]
) -> list[Deposit]:
    """Read the originals in children, in the same order; nothing that a sender wrote raises."""
    tasks = [
        (s.original, ReadOptions(siret=s.arrival.siret, limits=settings.limites, synonyms=headings)) for s in snapshots
    ]
    return [Deposit(snapshot, reading) for snapshot, reading in zip(snapshots, pool.read(tasks), strict=True)]


def process(chain: Chain, deposits: Sequence[Deposit]) -> None:
    """Decide, commit and publish one wave, ``deposits`` in deposit order.

    Raises ``NotDecided`` when a bug of ours stops it before the commit, ``Halt`` when the machine or the state does.
    """
    for attempt in itertools.count(1):
        head = chain.book.head()
        decided, tokens = _prepared(chain, deposits)
        with chain.timings.step("engagement"):
            try:
                chain.book.commit(_decision(chain, decided, tokens), head)
                break
            except HeadMoved:
                if attempt == RETRIES:
                    raise
    with chain.timings.step("émission"):
        outbox.release(chain.workspace, chain.book)
        retire(chain.workspace, chain.book)


def _prepared(chain: Chain, deposits: Sequence[Deposit]) -> tuple[Decided, list[Token]]:
    """Decided and staged. Raises ``NotDecided`` for what a bug of ours does, so that one deposit does not stop the others."""
    try:
        with chain.timings.step("jugement"):
            decided = decide(chain.context, deposits)
        with chain.timings.step("rendu"):
            return decided, _stage(chain, decided)
    except (Halt, OSError):
        raise
    except Exception as error:
        raise NotDecided(scrubbed(error)) from None


def _stage(chain: Chain, decided: Decided) -> list[Token]:
    """Render everything the wave will show and make it durable in the spool; complements first, in their order."""
    settled, day = decided.settled, chain.context.day
    issued = [
        (chain.workspace, chain.fence, c.siret, c.numero, c.payload, settled.payloads[c.numero], day)
        for c in settled.complements
    ]
    tokens = chain.pool.map(_write_complement, issued)
    reports = report_data(decided, chain.context, chain.run)
    for low in range(0, len(reports), RENDERED):
        tokens += chain.pool.map(
            _write_return, [(chain.workspace, chain.fence, report) for report in reports[low : low + RENDERED]]
        )
        chain.progress("rendu", min(low + RENDERED, len(reports)), len(reports))
    spool.harden(chain.workspace, tokens)
    return tokens


def _write_return(item: tuple[Workspace, int, ReportData]) -> Token:
    workspace, fence, report = item
    kind, place = ("essai", "essais") if report.get("essai") else ("retour", "retours")
    folder = Folder(kind, f"{report['siret']}/{place}/{report['depot']}", returns.files(report))
    return spool.write(workspace, folder, fence)


def _write_complement(item: tuple[Workspace, int, str, str, bytes, Mapping[str, object], date]) -> Token:
    workspace, fence, siret, numero, payload, content, day = item
    name = file_name(numero)
    files = {f"{name}.json": payload, f"{name}.xlsx": clerk.workbook(content, day)}
    return spool.write(workspace, Folder("dsf", f"{siret}/dsf/{name}", files), fence)


def _decision(chain: Chain, decided: Decided, tokens: Sequence[Token]) -> Decision:
    settled = decided.settled
    records = decision.deposits(decided.deposits, settled)
    used = chain.context.extracts_behind(settled.lines)
    return Decision(chain.run, records, settled.complements, tuple(tokens), tuple(used))
