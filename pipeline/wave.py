"""One wave: read deposits → a decision, rendered, staged, committed, released. See ``run`` for what stands around it."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from time import monotonic

from pipeline import __version__
from pipeline.cells.model import Etat
from pipeline.documents import clerk, returns
from pipeline.documents.returns.model import Arrived, Judged, Model, extracts, models
from pipeline.errors import Halt, HeadMoved, scrubbed
from pipeline.intake import retire
from pipeline.intake.arrival import Snapshot
from pipeline.judging import decision, frames
from pipeline.judging.filenames import file_name
from pipeline.judging.settle import Known, Named, Settled, settle
from pipeline.ledger import Ledger
from pipeline.ledger.records import Decision, Deposit, Folder, Token
from pipeline.nomenclature import Motif
from pipeline.publishing import outbox, spool
from pipeline.reading import ReadOptions, details
from pipeline.reading.model import Observation, Reading
from pipeline.reference import Facts, Reference
from pipeline.settings import Settings
from pipeline.workers import Pool
from pipeline.workspace import Workspace
from schemas.rules import RULES_VERSION

RETRIES = 5
"""How often a wave is computed again when the ledger moved under it."""

RENDERED = 128
"""Reports handed to the renderers at once."""

Progress = Callable[[str, int, int], None]
"""Called with (step, done, of how many); carries no personal data."""


class NotDecided(Exception):
    """Our fault, before anything was committed: the text says where in the program, and nothing of the data."""


@dataclass
class Clock:
    """Seconds spent in each step."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = monotonic()
        try:
            yield
        finally:
            self.spent[name] = self.spent.get(name, 0.0) + monotonic() - start


@dataclass(frozen=True)
class Chain:
    """What every wave of a run needs."""

    workspace: Workspace
    settings: Settings
    book: Ledger
    reference: Reference
    pool: Pool
    run: str
    day: date
    fence: int
    motifs: tuple[Motif, ...]
    synonyms: tuple[tuple[str, str], ...]
    clock: Clock
    progress: Progress


@dataclass(frozen=True)
class Taken:
    """A deposit taken and read."""

    snapshot: Snapshot
    reading: Reading


@dataclass(frozen=True)
class Work:
    """A wave decided but not yet written anywhere."""

    arrived: tuple[Arrived, ...]
    frames: frames.Frames
    facts: Facts
    settled: Settled


def read(chain: Chain, snapshots: Sequence[Snapshot]) -> list[Taken]:
    """Read the originals in children; nothing a sender wrote raises."""
    with chain.clock.step("lecture"):
        tasks = [(s.original, options(chain.settings, chain.synonyms, s.arrival.siret)) for s in snapshots]
        return [Taken(s, r) for s, r in zip(snapshots, chain.pool.read(tasks), strict=True)]


def options(settings: Settings, synonyms: tuple[tuple[str, str], ...], siret: str) -> ReadOptions:
    """What reading a deposit of ``siret`` goes by."""
    return ReadOptions(siret=siret, limites=settings.limites, synonymes=synonyms)


TRIED, OURS = "essais", "notre_erreur"
"""Why a deposit is put aside (see ``reading.details``)."""


def put_aside(snapshot: Snapshot, why: str) -> Taken:
    """A deposit that ends the program (``TRIED``, ``OURS``): it is refused without being judged, and both sides are told."""
    return Taken(snapshot, Reading("", observations=(Observation(Etat.FICHIER_ILLISIBLE, detail=details.french(why)),)))


def process(chain: Chain, wave: Sequence[Taken]) -> None:
    """Decide a wave and let it be seen. ``wave`` in deposit order."""
    for attempt in itertools.count(1):
        head = chain.book.head()
        work, tokens = _prepared(chain, wave)
        with chain.clock.step("engagement"):
            places = [t.snapshot.arrival.chemin for t in wave]
            deposits = decision.deposits(work.arrived, places, work.settled)
            identified = tuple(
                replace(deposit, identite=taken.snapshot.arrival.identite)
                for deposit, taken in zip(deposits, wave, strict=True)
            )
            try:
                chain.book.commit(_decision(chain, identified, work, tokens), head)
                break
            except HeadMoved:
                if attempt == RETRIES:
                    raise
    with chain.clock.step("émission"):
        outbox.release(chain.workspace, chain.book)
        retire.retire(chain.workspace, chain.book)


def _prepared(chain: Chain, wave: Sequence[Taken]) -> tuple[Work, list[Token]]:
    """Decided and staged. Raises ``NotDecided`` for what a bug of ours does, so that one deposit does not stop the others."""
    try:
        work = decide(chain, wave)
        with chain.clock.step("rendu"):
            return work, _stage(chain, work)
    except (Halt, OSError):
        raise
    except Exception as error:
        raise NotDecided(scrubbed(error)) from None


def decide(chain: Chain, wave: Sequence[Taken]) -> Work:
    """Judge and settle a wave against the reference and the ledger as they are now; writes nothing."""
    with chain.clock.step("jugement"):
        made = frames.build([frames.Source(t.snapshot.arrival.siret, t.reading) for t in wave])
        keys = made.lines["cle_dsf"].dropna().unique()
        facts = chain.reference.facts(keys)
        named = _named(chain, wave)
        known = Known(
            facts=facts,
            entries=chain.book.entries(keys, facts.dsf["cle_convention"].unique()),
            ranks=chain.book.ranks(keys),
            seen=chain.book.seen([(n.siret, n.sha256) for n in named]),
        )
        settled = settle(made, named, known, chain.motifs, chain.settings, chain.day)
        names = chain.reference.raisons_sociales({n.siret for n in named})
        arrived = tuple(
            Arrived(
                n.numero,
                n.siret,
                names.get(n.siret, ""),
                n.fichier,
                n.sha256,
                t.snapshot.arrival.octets,
                t.snapshot.arrival.mtime_ns,
                t.reading,
            )
            for n, t in zip(named, wave, strict=True)
        )
        return Work(arrived, made, facts, settled)


def _named(chain: Chain, wave: Sequence[Taken]) -> list[Named]:
    """Number the deposits: run's date, short hash of organisation and content, and -2, -3… where that exists already."""
    stems = [f"{chain.day.isoformat()}-{_short(t.snapshot.arrival.siret, t.snapshot.sha256)}" for t in wave]
    used = set(chain.book.numbers_like(stems))
    named = []
    for stem, taken in zip(stems, wave, strict=True):
        numbers = itertools.chain([stem], (f"{stem}-{n}" for n in itertools.count(2)))
        numero = next(n for n in numbers if n not in used)
        used.add(numero)
        arrival = taken.snapshot.arrival
        named.append(Named(numero, arrival.siret, taken.snapshot.sha256, arrival.fichier))
    return named


def _short(siret: str, content: str) -> str:
    return sha256(f"{siret} {content}".encode()).hexdigest()[:8]


def judged_with(chain: Chain) -> Judged:
    """What the reports of a wave are judged with."""
    loads = [
        {"nom": load.nom, "date_extraction": load.date_extraction.date().isoformat(), "sha256": load.sha256}
        for load in chain.reference.loads()
    ]
    return Judged(chain.run, chain.day, RULES_VERSION, __version__, loads, chain.motifs, chain.settings)


def _stage(chain: Chain, work: Work) -> list[Token]:
    """Render everything the wave will show and make it durable in the spool; complements first, in their order."""
    issued = [
        (chain.workspace, chain.fence, c.siret, c.numero, c.payload, work.settled.payloads[c.numero], chain.day)
        for c in work.settled.complements
    ]
    tokens = chain.pool.map(_write_complement, issued)
    reports = models(work.arrived, work.frames, work.settled, judged_with(chain))
    for low in range(0, len(reports), RENDERED):
        tokens += chain.pool.map(
            _write_return, [(chain.workspace, chain.fence, m) for m in reports[low : low + RENDERED]]
        )
        chain.progress("rendu", min(low + RENDERED, len(reports)), len(reports))
    spool.harden(chain.workspace, tokens)
    return tokens


def _write_return(item: tuple[Workspace, int, Model]) -> Token:
    workspace, fence, model = item
    folder = Folder("retour", f"{model['siret']}/retours/{model['depot']}", returns.files(model))
    return spool.write(workspace, folder, fence)


def _write_complement(item: tuple[Workspace, int, str, str, bytes, Mapping[str, object], date]) -> Token:
    workspace, fence, siret, numero, payload, content, day = item
    name = file_name(numero)
    files = {f"{name}.json": payload, f"{name}.xlsx": clerk.workbook(content, day)}
    return spool.write(workspace, Folder("dsf", f"{siret}/dsf/{name}", files), fence)


def _decision(chain: Chain, deposits: tuple[Deposit, ...], work: Work, tokens: Sequence[Token]) -> Decision:
    used = extracts(work.settled.lines, judged_with(chain))
    return Decision(chain.run, deposits, work.settled.complements, tuple(tokens), tuple(used))
