"""Archived deposits judged again by the rules, settings and motifs of today: what would be otherwise. Nothing is recorded.

Each deposit is judged as it was: as of the date of its run, with the reference of its wave, against the ledger as it stood before
it. So what is otherwise comes of the rules or the settings, never of what was dropped, loaded or typed since, and the change of
one deposit does not bring about another's. Trials are left out.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from pipeline import lock, nomenclature, reference, tasks, wave, work
from pipeline.bilingual import Text
from pipeline.disk import hash_of
from pipeline.errors import NotDecided
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.judging.changes import Change
from pipeline.judging.context import Context
from pipeline.judging.decide import ask
from pipeline.judging.deposit import Deposit
from pipeline.judging.parts import groups, meetings, parts
from pipeline.ledger.copying import copy_to
from pipeline.ledger.rewound import DecidedDeposit, Rewound, Wave
from pipeline.ledger.sqlite import Sqlite
from pipeline.nomenclature import Rename
from pipeline.settings import Settings
from pipeline.wave import Progress, silent
from pipeline.work import Engine
from pipeline.workspace import Workspace

COPYING = Text("copie du registre", "copy of the ledger")
REPLAYING = Text("rejeu", "replay")

GONE = "original_absent"
CHANGED = "original_change"
NO_REFERENCE = "extrait_absent"
FAULT = "faute"


@dataclass(frozen=True)
class Left:
    """A deposit that could not be judged again. ``why``: one of the four above; ``what``: where in the program a fault is."""

    numero: str
    siret: str
    why: str
    what: str = ""


@dataclass
class Replayed:
    """What became of a wave. ``deposits`` and ``lines``: judged again, the lines as many as there were."""

    run: str
    day: date
    sirets: dict[str, str]
    deposits: int = 0
    lines: int = 0
    changes: list[Change] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def replay(
    workspace: Workspace, settings: Settings, since: date = date.min, progress: Progress = silent
) -> Iterator[Replayed]:
    """Judge again what the runs from ``since`` on have decided, wave by wave; one at a time is in memory.

    A ledger in a file is not even brought up to date: only its copy is, so that a new program may be tried on it. Raises
    ``Halt`` where the reference or the ledger cannot be used, or the machines do not answer.
    """
    progress(COPYING, 0, 0)
    motifs = nomenclature.motifs(workspace.root, settings.motifs)
    renames = nomenclature.renames(workspace.root, settings.correspondances)
    headings = nomenclature.synonyms(workspace.root, settings.synonymes)
    lock.sweep(workspace)
    with lock.double(workspace) as root:
        copy, key = root / "registre.sqlite", settings.key(workspace.root)
        copy_to(workspace, settings, copy)
        with Rewound(Sqlite(copy), key) as book, work.engine(settings) as engine:
            reference.check(workspace, book.newest_extract())
            with reference.open(workspace) as known:
                context = Context(settings, date.min, known, book, motifs, renames)
                yield from _Replay(workspace, context, book, engine, headings, progress).do(since)


@dataclass(frozen=True)
class _Replay:
    workspace: Workspace
    context: Context
    book: Rewound
    engine: Engine
    headings: tuple[tuple[str, str], ...]
    progress: Progress

    def do(self, since: date) -> Iterator[Replayed]:
        """Judge again, wave by wave."""
        done, total = 0, self.book.number_since(since)
        self.progress(REPLAYING, done, total)
        for one in self.book.waves(since):
            yield self._wave(one)
            done += len(one.deposits)
            self.progress(REPLAYING, done, total)

    def _wave(self, decided: Wave) -> Replayed:
        found = Replayed(decided.run, decided.day, {one.numero: one.siret for one in decided.deposits})
        known = self.context.reference.as_of(decided.extract) if decided.extract else self.context.reference
        if known is None:
            found.left = [Left(one.numero, one.siret, NO_REFERENCE) for one in decided.deposits]
            return found
        renames = _known_by(self.context.renames, decided.day)
        with known:
            context = replace(self.context, day=decided.day, reference=known, renames=renames)
            again = _Again(self, context, decided, found)
            again.do()
        return found


def _known_by(renames: Sequence[Rename], day: date) -> tuple[Rename, ...]:
    """Those that say what was renamed by ``day``: what was called otherwise later had its old name then."""
    return tuple(one for one in renames if one.day is None or one.day <= day)


_Pair = tuple[DecidedDeposit, Deposit]
"""A deposit as it was decided, and as it is read now."""


class _Again:
    """One wave judged again, into ``found``."""

    def __init__(self, chain: _Replay, context: Context, decided: Wave, found: Replayed) -> None:
        self._chain, self._context, self._wave, self._found = chain, context, decided, found
        self._book, self._engine = chain.book, chain.engine

    def do(self) -> None:
        """Read what is there, judge it, ask again of what is otherwise: it may be for what was said of typing meanwhile."""
        there = self._read(self._with_originals(self._with_reference()))
        first, *others = self._wave.moments
        changes = self._judged(there, first)
        for moment in others:
            again = {change.numero for change in changes}
            changes = self._one_by_one([one for one in there if one[0].numero in again], moment)
        self._found.changes = changes
        left = {one.numero for one in self._found.left}
        judged = [one for one, _ in there if one.numero not in left]
        self._found.deposits, self._found.lines = len(judged), sum(one.lignes.lues for one in judged)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _with_reference(self) -> list[DecidedDeposit]:
        """Those whose DSF of then are all still in the reference: persons' data past its keeping time is erased there."""
        known = self._book.known_to(one.numero for one in self._wave.deposits)
        there = set(self._context.reference.dsf(set().union(*known.values()))["cle_dsf"])
        found = []
        for one in self._wave.deposits:
            if known[one.numero] <= there:
                found.append(one)
            else:
                self._leave(one, NO_REFERENCE)
        return found

    def _with_originals(self, several: Sequence[DecidedDeposit]) -> list[DecidedDeposit]:
        """Those whose original is what was archived."""
        found = []
        for one in several:
            now = hash_of(self._original(one))
            if now == one.sha256:
                found.append(one)
            else:
                self._leave(one, CHANGED if now else GONE)
        return found

    def _original(self, one: DecidedDeposit) -> Path:
        return self._chain.workspace.originals / one.sha256

    def _read(self, several: Sequence[DecidedDeposit]) -> list[_Pair]:
        found: list[_Pair] = []
        for low in range(0, len(several), wave.BATCH):
            some = several[low : low + wave.BATCH]
            try:
                found += self._read_together(some)
            except NotDecided:
                for one in some:
                    try:
                        found += self._read_together([one])
                    except NotDecided as error:
                        self._leave(one, FAULT, str(error))
        return found

    def _read_together(self, several: Sequence[DecidedDeposit]) -> list[_Pair]:
        snapshots = [Snapshot(_arrival(one), one.sha256, self._original(one)) for one in several]
        with wave.faults_said():
            read = wave.read(self._engine, self._context.settings, self._chain.headings, snapshots)
        return [(one, replace(deposit, numero=one.numero)) for one, deposit in zip(several, read, strict=True)]

    def _leave(self, one: DecidedDeposit, why: str, what: str = "") -> None:
        self._found.left.append(Left(one.numero, one.siret, why, what))

    # --- judging ------------------------------------------------------------------------------------------------------

    def _judged(self, there: Sequence[_Pair], moment: str) -> list[Change]:
        """All at once, as a run judges a wave. Where each is as it was, it was judged against what was issued then.

        What comes after one that is otherwise, or is not there, and meets it, is judged against the ledger alone.
        """
        whole = [one.numero for one in self._wave.deposits]
        try:
            changes = self._together(there, [whole], moment)
            otherwise = {change.numero for change in changes} | (set(whole) - {one.numero for one, _ in there})
            met = self._met_by(there) if otherwise else []
            after = self._after(otherwise, met)
            again = [pair for pair in there if pair[0].numero in after]
            certain = [change for change in changes if change.numero not in after]
            return certain + self._together(again, self._layers(met) if again else [], moment)
        except NotDecided:
            return self._one_by_one(there, moment)

    def _together(self, several: Sequence[_Pair], layers: Sequence[Sequence[str]], moment: str) -> list[Change]:
        with wave.faults_said():
            answers = self._engine.map(tasks.compare_part, self._parts(several, layers, moment))
            return [change for answer in answers for change in tasks.opened(answer)]

    def _one_by_one(self, several: Sequence[_Pair], moment: str) -> list[Change]:
        found: list[Change] = []
        for one, deposit in several:
            self._book.stand_before(one.ordre, moment)
            try:
                with wave.faults_said():
                    future = self._engine.submit(tasks.compare_part, self._payload([one], [deposit]))
                    self._engine.first_done([future])
                    found += tasks.opened(self._engine.answer(future))
            except NotDecided as error:
                self._leave(one, FAULT, str(error))
        return found

    def _parts(self, several: Sequence[_Pair], layers: Sequence[Sequence[str]], moment: str) -> Iterator[bytes]:
        """``several``, layer by layer: each has the deposits of earlier layers in the ledger, and none of later ones."""
        pairs = {pair[0].numero: pair for pair in several}
        before: list[str] = []
        for layer in layers:
            self._book.stand_before(self._wave.deposits[0].ordre, moment, before)
            mine = [pairs[numero] for numero in layer if numero in pairs]
            for part in parts(self._context, [deposit for _, deposit in mine], self._engine.width):
                yield self._payload(*zip(*(mine[position] for position in part), strict=True))
            before += layer

    def _met_by(self, there: Sequence[_Pair]) -> list[set[Hashable]]:
        """What each deposit of the wave meets others by; one that is not there, by what it has completed."""
        read = {one.numero: deposit.packed.dsf for one, deposit in there}
        read |= self._book.dsf_of(one.numero for one in self._wave.deposits if one.numero not in read)
        return meetings(self._context, [(one.siret, one.sha256, read[one.numero]) for one in self._wave.deposits])

    def _after(self, otherwise: set[str], met: Sequence[set[Hashable]]) -> set[str]:
        """Those that come after one of ``otherwise`` and meet it, by way of others or not."""
        found: set[str] = set()
        for group in groups(met):
            numbers = [self._wave.deposits[position].numero for position in group]
            first = next((place for place, numero in enumerate(numbers) if numero in otherwise), len(numbers))
            found.update(numbers[first + 1 :])
        return found

    def _layers(self, met: Sequence[set[Hashable]]) -> list[list[str]]:
        """Numbers of the deposits of the wave, each in the layer after the last of those before it that it meets."""
        last: dict[Hashable, int] = {}
        layers: list[list[str]] = []
        for one, others in zip(self._wave.deposits, met, strict=True):
            layer = 1 + max((last[other] for other in others if other in last), default=-1)
            last.update(dict.fromkeys(others, layer))
            if layer == len(layers):
                layers.append([])
            layers[layer].append(one.numero)
        return layers

    def _payload(self, decided: Sequence[DecidedDeposit], deposits: Sequence[Deposit]) -> bytes:
        before = tuple((one.verdicts, one.heures) for one in decided)
        asked = ask(self._context, deposits)
        return tasks.pack(tasks.ToCompare(self._context.terms, tuple(deposits), asked, before))


def _arrival(one: DecidedDeposit) -> Arrival:
    return Arrival(one.chemin, one.siret, one.fichier, "", one.octets, one.mtime_ns, one.mtime_ns)
