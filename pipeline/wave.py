"""One wave: deposits that were read → decided, rendered, staged, committed, released. ``run`` has what stands around it.

A deposit that is suspect goes *alone*: a child reads, judges and renders it, and may die of it; this process commits.
"""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from operator import itemgetter
from time import monotonic
from typing import NamedTuple

from pipeline import journal, ledger, reference, tasks
from pipeline.bilingual import Text
from pipeline.documents.prefilled import template_beside
from pipeline.errors import Halt, HeadMoved, NotDecided, scrubbed
from pipeline.intake.arrival import Snapshot
from pipeline.intake.retire import retire
from pipeline.judging import known_again
from pipeline.judging.complement import file_name
from pipeline.judging.context import Context
from pipeline.judging.decide import ask, numbered
from pipeline.judging.deposit import Deposit
from pipeline.judging.earlier import earlier
from pipeline.judging.parts import parts
from pipeline.ledger import Ledger
from pipeline.ledger.records import Complement, Decision, DepositRecord, Folder, Token
from pipeline.nomenclature import Motif, Rename
from pipeline.publishing import outbox, spool
from pipeline.reading import ReadOptions
from pipeline.reading.guard import Original, load
from pipeline.settings import Settings
from pipeline.tasks import PartJudged, ReportHead, Reports
from pipeline.work import Died, Engine, Task
from pipeline.work.answers import Answer
from pipeline.work.local import local
from pipeline.work.packed import Packed
from pipeline.workspace import Workspace

RETRIES = 5
"""How often a wave is computed again when the ledger moved under it."""

BATCH = 32
"""Deposits that are read, or reports or complements that are rendered, by one task, at most."""
BYTES = 4_000_000
"""Of originals that go together, about."""

JUDGING = Text("jugement", "judging")
WRITING = Text("rendu", "writing")
EMITTING = Text("émission", "emitting")

Progress = Callable[[str, int, int], None]
"""Called with (step, done, of how many); carries no personal data."""


def silent(_step: str, _done: int, _total: int) -> None:
    """A progress that nobody watches."""


@dataclass
class Timings:
    """Seconds spent in each step of a run; a step inside another one counts for itself alone."""

    spent: dict[str, float] = field(default_factory=dict)
    _inside: float = 0.0
    _begun: float = field(default_factory=monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began, steps or not."""
        return monotonic() - self._begun

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
    engine: Engine
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
    engine: Engine, settings: Settings, headings: tuple[tuple[str, str], ...], snapshots: Sequence[Snapshot]
) -> list[Deposit]:
    """Read the originals in children, in the same order; nothing that a sender wrote raises."""
    readings: list[Packed] = []
    for answer in engine.map(tasks.read, _to_read(engine.width, settings, headings, snapshots)):
        readings += tasks.opened(answer)
    return [Deposit(snapshot, packed) for snapshot, packed in zip(snapshots, readings, strict=True)]


def _to_read(
    width: int, settings: Settings, headings: tuple[tuple[str, str], ...], snapshots: Sequence[Snapshot]
) -> Iterator[bytes]:
    """The originals, ``BATCH`` or ``BYTES`` of them together at most, fewer where there would not be enough for all."""
    several: list[tuple[Original, ReadOptions]] = []
    enough = _batch(len(snapshots), width)
    for snapshot in snapshots:
        options = ReadOptions(siret=snapshot.arrival.siret, limits=settings.limites, synonyms=headings)
        several.append((load(snapshot.original, settings.limites.octets), options))
        if len(several) == enough or sum(len(original.data) for original, _ in several) >= BYTES:
            yield tasks.pack(tasks.ToRead(tuple(several)))
            several = []
    if several:
        yield tasks.pack(tasks.ToRead(tuple(several)))


def _batch(items: int, width: int) -> int:
    """How many of ``items`` make a task, for ``width`` of them to be at work at once."""
    return max(1, min(BATCH, -(-items // (2 * width))))


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
            return chain.engine.apart(prepared_alone, errand)

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
    _note_decided(decision)
    chain.progress(EMITTING, 0, 0)
    with chain.timings.step("émission"):
        outbox.release(chain.workspace, chain.book)
        retire(chain.workspace, chain.book)


def _note_decided(decision: Decision) -> None:
    complements = Counter(one.depot for one in decision.complements)
    for one in decision.deposits:
        journal.note(
            "depot_decide",
            run=decision.run,
            depot=one.numero,
            siret=one.siret,
            sha256=one.sha256,
            octets=one.octets,
            essai=one.essai,
            etat=one.etat,
            comptes=vars(one.lignes),
            heures={name: value / 100 for name, value in vars(one.heures).items()},
            codes={rule.code: rule.constats for rule in one.regles},
            complements=complements[one.numero],
        )


def _prepared(chain: Chain, deposits: Sequence[Deposit]) -> Decision:
    """Decided and staged, nothing committed."""
    with faults_said(), chain.timings.step("rendu"):
        staging = _Staging(chain, numbered(chain.context, deposits))
        staging.do()
        spool.harden(chain.workspace, staging.tokens)
        return staging.decision


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
    with ledger.open(workspace, settings) as book, local(1, settings.limites) as engine, faults_said():
        known = reference.open(workspace)
        context = Context(settings, errand.day, known, book, errand.motifs, errand.renames)
        chain = Chain(workspace, context, engine, errand.run, errand.fence, errand.headings, Timings(), silent)
        return _prepared(chain, read(engine, settings, errand.headings, [errand.snapshot]))


class Turn(NamedTuple):
    """Where a folder of a wave comes among the others: complements first, by deposit and DSF, then what comes back."""

    returned: bool
    deposit: int
    cle_dsf: str = ""


_Next = tuple[Task, bytes, Callable[[bytes], None]]
"""A task, what it is given, and who takes what comes of it."""


class _Staging:
    """A wave on its way to a decision: judged part by part, each rendered and staged while others are judged.

    What is rendered goes before what is judged, so that no more than what is at work is ever in memory.
    """

    def __init__(self, chain: Chain, deposits: Sequence[Deposit]) -> None:
        """``deposits``: numbered, in deposit order."""
        self._chain, self._deposits = chain, deposits
        self._engine, self._terms = chain.engine, chain.context.terms
        self._told = bool(chain.context.settings.avis.serveur)
        self._parts = parts(chain.context, deposits, chain.engine.width)
        self._to_render = deque[_Next]()
        self._at_work: dict[Future[Answer], tuple[bool, Callable[[bytes], None]]] = {}
        self._judged = self._asked = 0
        self._records: list[tuple[int, DepositRecord]] = []
        self._complements: list[tuple[int, Complement]] = []
        self._extracts = set[str]()
        self._staged: list[tuple[Turn, Token]] = []

    def do(self) -> None:
        """Until all is staged."""
        self._chain.progress(JUDGING, 0, len(self._deposits))
        try:
            while self._start_some() or self._at_work:
                with self._chain.timings.step("jugement" if self._judging else "rendu"):
                    done = self._engine.first_done(self._at_work)
                for future in done:
                    _, take = self._at_work.pop(future)
                    take(self._engine.answer(future))
        finally:
            for future in self._at_work:
                future.cancel()

    @property
    def _judging(self) -> int:
        """Parts that are being judged."""
        return sum(of_part for of_part, _ in self._at_work.values())

    @property
    def tokens(self) -> list[Token]:
        """What was staged, in its order."""
        return [token for _, token in sorted(self._staged)]

    @property
    def decision(self) -> Decision:
        """The parts as one, in deposit order: how a wave was cut changes nothing."""
        records = tuple(one for _, one in sorted(self._records, key=itemgetter(0)))
        complements = tuple(one for _, one in sorted(self._complements, key=itemgetter(0)))
        used = self._terms.extracts_behind(self._extracts)
        return Decision(self._chain.run, records, complements, tuple(self.tokens), tuple(used), self._told)

    def _start_some(self) -> bool:
        """Have as much at work as there is room for; False where there is nothing to start."""
        started = False
        while len(self._at_work) < 2 * self._engine.width:
            judging = not self._to_render
            if judging and self._judging >= self._engine.width:
                break
            following = self._next_part() if judging else self._to_render.popleft()
            if following is None:
                break
            task, payload, take = following
            with self._chain.timings.step("jugement" if judging else "rendu"):  # it may be done at once, here
                self._at_work[self._engine.submit(task, payload)] = judging, take
            started = True
        return started

    # --- judging ------------------------------------------------------------------------------------------------------

    def _next_part(self) -> _Next | None:
        part = next(self._parts, None)
        if part is None:
            return None
        with self._chain.timings.step("jugement"):
            deposits = tuple(self._deposits[position] for position in part)
            asked = ask(self._chain.context, deposits)
            batch = _batch(len(part), self._engine.width)
            payload = tasks.pack(tasks.ToJudge(self._terms, self._chain.run, deposits, asked, batch))
        return tasks.judge_part, payload, partial(self._take_part, part)

    def _take_part(self, part: Sequence[int], answer: bytes) -> None:
        judged: PartJudged = tasks.opened(answer)
        places = {record.numero: position for record, position in zip(judged.records, part, strict=True)}
        self._judged += len(part)
        self._asked += len(judged.complements) + len(part)
        self._chain.progress(JUDGING, self._judged, len(self._deposits))
        self._records += zip(part, judged.records, strict=True)
        self._complements += ((places[one.depot], one) for one in judged.complements)
        self._extracts |= judged.extracts
        self._to_render += self._sheets(judged.complements, places)
        self._to_render += self._returns(judged.reports, part)

    # --- rendering ----------------------------------------------------------------------------------------------------

    def _sheets(self, made: Sequence[Complement], places: Mapping[str, int]) -> Iterator[_Next]:
        """The complements, each with what earlier ones of its DSF added, of this wave and of the ledger."""
        on_dsf: dict[str, list[Complement]] = {}
        book = self._chain.book
        earlier_ones = book.complements_on({one.cle_dsf for one in made if one.rang > 1})
        known = known_again.complements(earlier_ones, made, book.pseudonyms, self._terms.renames)
        for one in (*known, *made):
            on_dsf.setdefault(one.cle_dsf, []).append(one)
        batch = _batch(len(made), self._engine.width)
        for low in range(0, len(made), batch):
            some = made[low : low + batch]
            before = ((one.payload, earlier(one, on_dsf[one.cle_dsf], self._terms.renames)) for one in some)
            payload = tasks.pack(tasks.SheetsToRender(tuple(before), self._terms.day))
            yield tasks.render_sheets, payload, partial(self._take_sheets, some, places)

    def _take_sheets(self, made: Sequence[Complement], places: Mapping[str, int], answer: bytes) -> None:
        for one, workbook in zip(made, tasks.opened(answer), strict=True):
            name = file_name(one.numero)
            files = {f"{name}.json": one.payload, f"{name}.xlsx": workbook}
            self._stage(Turn(False, places[one.depot], one.cle_dsf), "dsf", f"{one.siret}/dsf/{name}", files)

    def _returns(self, reports: Sequence[Reports], part: Sequence[int]) -> Iterator[_Next]:
        positions = iter(part)
        for heads, packed in reports:
            context = self._chain.context
            templates = tuple(template_beside(context, one.siret) if one.template else b"" for one in heads)
            payload = tasks.pack(tasks.ReturnsToRender(packed, templates))
            places = list(itertools.islice(positions, len(heads)))
            yield tasks.render_returns, payload, partial(self._take_returns, heads, places)

    def _take_returns(self, heads: Sequence[ReportHead], places: Sequence[int], answer: bytes) -> None:
        for head, position, files in zip(heads, places, tasks.opened(answer), strict=True):
            kind, place = ("essai", "essais") if head.trial else ("retour", "retours")
            self._stage(Turn(True, position), kind, f"{head.siret}/{place}/{head.depot}", files)

    def _stage(self, turn: Turn, kind: str, target: str, files: Mapping[str, bytes]) -> None:
        chain = self._chain
        self._staged.append((turn, spool.write(chain.workspace, Folder(kind, target, files), chain.fence)))
        chain.progress(WRITING, len(self._staged), self._asked)
