"""One wave: deposits that were read → decided, rendered, staged, committed, released. ``run`` has what stands around it.

A deposit that is suspect goes *alone*: a child reads, judges and renders it, and may die of it; this process commits.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from operator import attrgetter, itemgetter
from time import monotonic
from typing import NamedTuple

from pipeline import ledger, reference
from pipeline.bilingual import Text
from pipeline.documents import clerk, returns
from pipeline.documents.prefilled import template_beside
from pipeline.documents.returns import limits
from pipeline.documents.returns.entries import ReportData
from pipeline.documents.returns.model import report_data
from pipeline.errors import Halt, HeadMoved, scrubbed
from pipeline.intake.arrival import Snapshot
from pipeline.intake.retire import retire
from pipeline.judging import decision
from pipeline.judging.complement import decode, file_name
from pipeline.judging.context import Context
from pipeline.judging.decide import Decided, decide
from pipeline.judging.deposit import Deposit
from pipeline.judging.earlier import Earlier, earlier
from pipeline.judging.parts import parts
from pipeline.ledger import Ledger
from pipeline.ledger.records import Complement, Decision, DepositRecord, Folder, Token
from pipeline.nomenclature import Motif, Rename
from pipeline.publishing import outbox, spool
from pipeline.reading import ReadOptions
from pipeline.settings import Settings
from pipeline.workers import Died, Pool
from pipeline.workspace import Workspace

RETRIES = 5
"""How often a wave is computed again when the ledger moved under it."""

JUDGING = Text("jugement", "judging")
WRITING = Text("rendu", "writing")
EMITTING = Text("émission", "emitting")

Progress = Callable[[str, int, int], None]
"""Called with (step, done, of how many); carries no personal data."""


def silent(_step: str, _done: int, _total: int) -> None:
    """A progress that nobody watches."""


class NotDecided(Exception):
    """Our fault, before anything was committed: the text says where in the program, and nothing of the data."""


@dataclass
class Timings:
    """Seconds spent in each step of a run; a step inside another one counts for itself alone."""

    spent: dict[str, float] = field(default_factory=dict)
    _inside: float = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time spent inside to the step ``name``."""
        start, inside = monotonic(), self._inside
        self._inside = 0.0
        try:
            yield
        finally:
            whole = monotonic() - start
            self.spent[name] = self.spent.get(name, 0.0) + whole - self._inside
            self._inside = inside + whole


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


@contextmanager
def faults_said(*passing: type[Exception]) -> Iterator[None]:
    """Convert whatever is a fault of ours (a bug, no memory, a library that fails) to ``NotDecided``; a halt stays one."""
    try:
        yield
    except Exception as error:
        if isinstance(error, (Halt, NotDecided, *passing)) or (isinstance(error, OSError) and error.errno):
            raise  # what the system refuses is no deposit's doing
        raise NotDecided(scrubbed(error)) from None


def process(chain: Chain, deposits: Sequence[Deposit]) -> None:
    """Decide, commit and publish one wave, ``deposits`` in deposit order.

    Raises ``NotDecided`` when a fault of ours stops it before the commit, ``Halt`` when the machine or the state does.
    """
    _publish(chain, lambda: _prepared(chain, deposits))


def process_alone(chain: Chain, snapshot: Snapshot) -> None:
    """``read`` and ``process`` one deposit whose work is done in a child of its own.

    Raises ``Died`` where that child dies of it again and again; else as ``process``.
    """
    context = chain.context
    errand = Errand(
        *(chain.workspace, context.settings, context.day, context.motifs, context.renames),
        *(chain.run, chain.fence, chain.headings, snapshot),
    )

    def prepare() -> Decision:
        with chain.timings.step("isolement"), faults_said(Died):
            return chain.pool.apart(prepared_alone, errand)

    _publish(chain, prepare)


def _publish(chain: Chain, prepare: Callable[[], Decision]) -> None:
    """Commit what ``prepare`` decides, let it be seen, let the sources go. The head is read before; where it moved, again."""
    for attempt in itertools.count(1):
        head = chain.book.head()
        decision = prepare()
        with chain.timings.step("engagement"):
            try:
                chain.book.commit(decision, head)
                break
            except HeadMoved:
                if attempt == RETRIES:
                    raise
    chain.progress(EMITTING, 0, 0)
    with chain.timings.step("émission"):
        outbox.release(chain.workspace, chain.book)
        retire(chain.workspace, chain.book)


def _prepared(chain: Chain, deposits: Sequence[Deposit]) -> Decision:
    """Decided and staged, nothing committed: while the folders of one part are written, the next part is judged."""
    done: list[_Part] = []
    staged: list[tuple[Turn, Token]] = []
    asked: list[int] = []
    with faults_said(), chain.timings.step("rendu"):
        for one in chain.pool.map(_written, _work(chain, deposits, done, asked), attrgetter("weight")):
            staged.append(one)
            chain.progress(WRITING, len(staged), sum(asked))
        tokens = [token for _, token in sorted(staged)]
        spool.harden(chain.workspace, tokens)
        return _decision(chain, done, tokens)


@dataclass(frozen=True)
class Errand:
    """One suspect deposit and all that its child needs: what can travel to another process."""

    workspace: Workspace
    settings: Settings
    day: date
    motifs: tuple[Motif, ...]
    renames: tuple[Rename, ...]
    run: str
    fence: int
    headings: tuple[tuple[str, str], ...]
    snapshot: Snapshot


def prepared_alone(errand: Errand) -> Decision:
    """In a child: read, judge and render one deposit, with a view of the ledger of its own. Commits nothing."""
    workspace, settings = errand.workspace, errand.settings
    with ledger.open(workspace, settings) as book, Pool(1, settings.limites) as pool, faults_said():
        known = reference.open(workspace)
        context = Context(settings, errand.day, known, book, errand.motifs, errand.renames)
        chain = Chain(workspace, context, pool, errand.run, errand.fence, errand.headings, Timings(), silent)
        return _prepared(chain, read(pool, settings, errand.headings, [errand.snapshot]))


class Turn(NamedTuple):
    """Where a folder of a wave comes among the others: complements first, by deposit and DSF, then what comes back."""

    returned: bool
    deposit: int
    cle_dsf: str = ""


@dataclass(frozen=True)
class Rendering:
    """A folder to be written in a child. ``weight``: lines, findings and cells in it, about."""

    turn: Turn
    write: Callable[[], Token]
    weight: int


def _written(rendering: Rendering) -> tuple[Turn, Token]:
    return rendering.turn, rendering.write()


@dataclass(frozen=True)
class _Part:
    """A part of a wave decided, as the ledger keeps it: by position, its deposits and complements; the extracts behind it."""

    records: list[tuple[int, DepositRecord]]
    complements: list[tuple[int, Complement]]
    extracts: set[str]


def _work(chain: Chain, deposits: Sequence[Deposit], done: list[_Part], asked: list[int]) -> Iterator[Rendering]:
    """Judge a wave part by part; all it will show, to be written.

    Each part goes to ``done`` once all of it was handed out; to ``asked``, once judged, how many folders it will have.
    """
    judged = 0
    chain.progress(JUDGING, judged, len(deposits))
    for part in parts(chain.context, deposits):
        with chain.timings.step("jugement"):
            decided = decide(chain.context, [deposits[position] for position in part])
        judged += len(part)
        chain.progress(JUDGING, judged, len(deposits))
        asked.append(len(decided.settled.complements) + len(part))
        places = {one.numero: position for one, position in zip(decided.deposits, part, strict=True)}
        yield from _complements(chain, decided, places)
        yield from _returns(chain, decided, part)
        settled = decided.settled
        records = decision.deposits(decided.deposits, settled)
        complements = [(places[one.depot], one) for one in settled.complements]
        extracts = set(settled.lines["extrait"].dropna())
        done.append(_Part(list(zip(part, records, strict=True)), complements, extracts))


def _complements(chain: Chain, decided: Decided, places: Mapping[str, int]) -> Iterator[Rendering]:
    """Each complement with what earlier ones of its DSF added, of this wave and of the ledger."""
    made, day = decided.settled.complements, chain.context.day
    on_dsf: dict[str, list[Complement]] = {}
    for known in (*chain.book.complements_on({one.cle_dsf for one in made if one.rang > 1}), *made):
        on_dsf.setdefault(known.cle_dsf, []).append(known)
    for one in made:
        before = earlier(one, on_dsf[one.cle_dsf], chain.context.renames)
        light = replace(one, absences=(), heures=())
        write = partial(_write_complement, chain.workspace, chain.fence, light, before, day)
        yield Rendering(Turn(False, places[one.depot], one.cle_dsf), write, len(one.absences) + len(one.heures))


def _returns(chain: Chain, decided: Decided, part: Sequence[int]) -> Iterator[Rendering]:
    for position, report in zip(part, report_data(decided, chain.context, chain.run), strict=True):
        template = template_beside(chain.context, report["siret"]) if returns.template_name(report) else b""
        write = partial(_write_return, chain.workspace, chain.fence, report, template)
        yield Rendering(Turn(True, position), write, limits.weight(report))


def _write_complement(workspace: Workspace, fence: int, made: Complement, before: Earlier, day: date) -> Token:
    name = file_name(made.numero)
    files = {f"{name}.json": made.payload, f"{name}.xlsx": clerk.workbook(decode(made.payload), day, before=before)}
    return spool.write(workspace, Folder("dsf", f"{made.siret}/dsf/{name}", files), fence)


def _write_return(workspace: Workspace, fence: int, report: ReportData, template: bytes) -> Token:
    kind, place = ("essai", "essais") if report.get("essai") else ("retour", "retours")
    folder = Folder(kind, f"{report['siret']}/{place}/{report['depot']}", returns.files(report, template))
    return spool.write(workspace, folder, fence)


def _decision(chain: Chain, done: Sequence[_Part], tokens: Sequence[Token]) -> Decision:
    """The parts as one, in deposit order."""
    records = sorted((one for part in done for one in part.records), key=itemgetter(0))
    complements = sorted((one for part in done for one in part.complements), key=itemgetter(0))
    used = chain.context.extracts_behind(set().union(*(part.extracts for part in done)))
    return Decision(
        chain.run, tuple(one for _, one in records), tuple(one for _, one in complements), tuple(tokens), tuple(used)
    )
