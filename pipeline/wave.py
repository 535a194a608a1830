"""One wave: deposits that were read → decided, rendered, staged, committed, released. ``run`` has what stands around it."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from time import monotonic

from pipeline.documents import clerk, returns
from pipeline.documents.returns import limits
from pipeline.documents.returns.entries import ReportData
from pipeline.documents.returns.model import report_data
from pipeline.errors import Halt, HeadMoved, scrubbed
from pipeline.intake.arrival import Snapshot
from pipeline.intake.retire import retire
from pipeline.judging import decision
from pipeline.judging.complement import file_name
from pipeline.judging.context import Context
from pipeline.judging.decide import Decided, decide
from pipeline.judging.deposit import Deposit
from pipeline.judging.earlier import Earlier, earlier
from pipeline.ledger import Ledger
from pipeline.ledger.records import Complement, Decision, Folder, Token
from pipeline.publishing import outbox, spool
from pipeline.reading import ReadOptions
from pipeline.settings import Settings
from pipeline.workers import Pool
from pipeline.workspace import Workspace

RETRIES = 5
"""How often a wave is computed again when the ledger moved under it."""

RENDERED = 128
"""Reports handed to the renderers at once."""
WEIGHT = 200_000
"""Their lines, findings and cells together, about: what is made for a wave is never in memory all at once."""

IssuedItem = tuple[Workspace, int, Complement, Mapping[str, object], Earlier, date]
"""What a renderer needs of a complement: where it goes, itself, its content, what earlier ones added, the day."""

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
    tokens = chain.pool.map(_write_complement, _issued(chain, decided))
    done = 0
    for reports in _portions(report_data(decided, chain.context, chain.run)):
        tokens += chain.pool.map(_write_return, [(chain.workspace, chain.fence, report) for report in reports])
        done += len(reports)
        chain.progress("rendu", done, len(decided.deposits))
    spool.harden(chain.workspace, tokens)
    return tokens


def _issued(chain: Chain, decided: Decided) -> Iterator[IssuedItem]:
    """Each complement of the wave with what earlier ones of its DSF added, of this wave and of the ledger."""
    made, day = decided.settled.complements, chain.context.day
    on_dsf: dict[str, list[Complement]] = {}
    for known in (*chain.book.complements_on({one.cle_dsf for one in made if one.rang > 1}), *made):
        on_dsf.setdefault(known.cle_dsf, []).append(known)
    for one in made:
        before = earlier(one, on_dsf[one.cle_dsf], chain.context.renames)
        yield chain.workspace, chain.fence, one, decided.settled.payloads[one.numero], before, day


def _portions(reports: Iterable[ReportData]) -> Iterator[list[ReportData]]:
    """``reports``, as many at a time as ``RENDERED`` and ``WEIGHT`` allow."""
    portion: list[ReportData] = []
    weight = 0
    for report in reports:
        portion.append(report)
        weight += limits.weight(report)
        if len(portion) == RENDERED or weight >= WEIGHT:
            yield portion
            portion, weight = [], 0
    if portion:
        yield portion


def _write_return(item: tuple[Workspace, int, ReportData]) -> Token:
    workspace, fence, report = item
    folder = Folder("retour", f"{report['siret']}/retours/{report['depot']}", returns.files(report))
    return spool.write(workspace, folder, fence)


def _write_complement(item: IssuedItem) -> Token:
    workspace, fence, made, content, before, day = item
    name = file_name(made.numero)
    files = {f"{name}.json": made.payload, f"{name}.xlsx": clerk.workbook(content, day, before=before)}
    return spool.write(workspace, Folder("dsf", f"{made.siret}/dsf/{name}", files), fence)


def _decision(chain: Chain, decided: Decided, tokens: Sequence[Token]) -> Decision:
    settled = decided.settled
    records = decision.deposits(decided.deposits, settled)
    used = chain.context.extracts_behind(settled.lines)
    return Decision(chain.run, records, settled.complements, tuple(tokens), tuple(used))
