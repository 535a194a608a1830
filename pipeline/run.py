"""The chain: the only module that knows every step. One run, from what waits in the inbox to what stands in the outbox.

    lock → recover what an earlier run left → load extracts → note what was typed and what is seen → for each wave:
        take → read → judge → settle → render → stage → commit → release → remove the sources
    → overview of the run

Everything a wave will show is rendered and made durable before the one commit that decides it (docs/architecture.md).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pipeline import __version__, journal, ledger, lock, nomenclature, pages, reference, storage, wave, work
from pipeline.bilingual import Text, in_language, joined, said
from pipeline.documents import overview
from pipeline.errors import NO_EXTRACT, Busy, NoReference, NotDecided
from pipeline.intake import entered, fetched
from pipeline.intake.arrival import Arrival, Said, Snapshot
from pipeline.intake.extracts import OperatorFiles, scan_extracts
from pipeline.intake.retire import retire
from pipeline.intake.scan import Scan, scan
from pipeline.intake.take import sweep, take
from pipeline.judging import trial
from pipeline.judging.context import Context
from pipeline.judging.deposit import Deposit
from pipeline.judging.follow_up import follow_up
from pipeline.judging.seen import note_seen
from pipeline.ledger import Aside, Ledger
from pipeline.ledger.records import Folder
from pipeline.publishing import outbox, preflight, spool
from pipeline.publishing.outbox import Released
from pipeline.publishing.places import place_of
from pipeline.reference import LoadResult
from pipeline.settings import Settings
from pipeline.telling import events, measures, notices
from pipeline.wave import Chain, Progress, Timings, silent
from pipeline.work import Died
from pipeline.workspace import Workspace
from schemas.rules import RULES_VERSION

LINES = 200_000
"""A wave is cut once it has as many lines."""
BATCH = 64
"""Deposits taken and read at once."""
PAST, RECENT = 30, 5
"""Earlier runs that the reports look back at; the last ones row by row, for the rules that fail together."""
ALONE = 2
"""After the program has ended so often before a deposit was decided, whoever ended it, the deposit goes alone."""

FAULT = Text(
    "mis de côté par une erreur de notre programme, à signaler : {what} ; essayé de nouveau au prochain dsf run",
    "put aside by a fault of our program, to be reported: {what}; the next dsf run tries it again",
)
ENDED = Text(
    "mis de côté : le traiter arrête le programme ; dsf run --retry avec ce chemin l'essaie de nouveau",
    "put aside: to process it ends the program; dsf run --retry with this path tries it again",
)
EXTRACTS = Text("extraits", "extracts")
INVENTORY = Text("inventaire", "inventory")
_STAY = Text("Les dépôts restent où ils sont.", "The deposits stay where they are.")
READING = Text("lecture", "reading")
REPORT = Text("rapport", "report")


@dataclass(frozen=True)
class Outcome:
    """What a run did: its view in the ledger, and what became of the extracts that waited.

    ``owed``: what the run should have done and could not (deposits put aside or that there is no room for, folders that could
    not leave), with the reason. ``absents``: folders that a run which was stopped had emitted and that are no longer in the
    outbox, relative to it. ``avis``: notices sent, and how the others stand; empty where none are sent. The report has none of
    these, for it is the same whether or not a run was stopped.
    """

    run: str
    view: Mapping[str, Any]
    extracts: tuple[LoadResult, ...] = ()
    owed: tuple[Said, ...] = ()
    absents: tuple[str, ...] = ()
    avis: Mapping[str, int] = field(default_factory=dict)

    @property
    def refused_extracts(self) -> tuple[LoadResult, ...]:
        """The extracts of which nothing was loaded."""
        return tuple(result for result in self.extracts if result.error is not None)


def run(
    workspace: Workspace, settings: Settings, day: date, progress: Progress = silent, *, retry: Sequence[str] = ()
) -> Outcome:
    """Load waiting extracts, judge and publish every ready deposit as of ``day``, report.

    ``progress``: told of each step. ``retry``: deposits put aside that are to be tried again, relative to the workspace, and
    places of the outbox of which nobody knows whether they were reached.
    Raises ``Halt`` (exit codes of contract §8); what was decided before it stands.
    """
    with journal.opened(workspace, settings), journal.ending("passage_arrete"):
        try:
            return _run(workspace, settings, day, progress, retry)
        except Busy:
            raise
        except BaseException as error:
            measures.run_stopped(workspace, settings, journal.stopped_by(error)["code"])
            raise


@storage.reaching
def _run(workspace: Workspace, settings: Settings, day: date, progress: Progress, retry: Sequence[str]) -> Outcome:
    reasons = nomenclature.motifs(workspace.root, settings.motifs)
    headings = nomenclature.synonyms(workspace.root, settings.synonymes)
    renames = nomenclature.renames(workspace.root, settings.correspondances)
    with lock.locked(workspace), ledger.open(workspace, settings) as book:
        timings = Timings()
        with timings.step("reprise"):
            reference.bring(workspace)
            reference.upgrade(workspace)
            with reference.open(workspace) as known:
                context = Context(settings, day, known, book, reasons, renames)
                recovered = _recovered(workspace, context, retry)
        with timings.step("extraits"):
            progress(EXTRACTS, 0, 0)
            extracts, loaded, strangers = _loaded(workspace, settings, book, day)
        with reference.open(workspace) as known:
            if not known.known():
                raise NoReference(_no_reference(loaded))
            context = replace(context, reference=known)
            with timings.step("saisies"):
                lists, unread = _entered(workspace, settings, book, day)
            with timings.step("inventaire"):
                progress(INVENTORY, 0, 0)
                book.try_again(retry)
                found = scan(workspace, settings, book)
            waiting = [*found.cramped, *extracts.waiting, *lists.waiting, *found.waiting]
            left = [*extracts.left, *strangers, *lists.left, *unread, *found.left]
            done = _decided(workspace, context, headings, found, _Told(waiting, left, timings, progress))
            done = replace(done, extracts=tuple(loaded), absents=recovered.absents)
        sent = notices.send(workspace, settings, book)
        done = replace(done, avis={"envoyes": sent, **notices.standing(book)} if settings.avis.serveur else {})
        measures.run_ended(workspace, context, done.view, len(done.owed), len(done.refused_extracts))
        events.run_ended(done.view, len(done.owed), timings.elapsed)
        return done


@dataclass(frozen=True)
class _Told:
    """What a run knows of the files before it decides any, and whom it tells how far it is."""

    waiting: Sequence[Said]
    left: Sequence[Said]
    timings: Timings
    progress: Progress


def _decided(
    workspace: Workspace, context: Context, headings: tuple[tuple[str, str], ...], found: Scan, told: _Told
) -> Outcome:
    """Begin the run, or go on with it; decide and publish what was ``found``, report, and close it."""
    book, settings, timings = context.book, context.settings, told.timings
    name = book.start_run(context.day, versions=_versions(), reglages=reported_settings(settings))
    journal.note("passage_commence", run=name, date=context.day.isoformat(), **_versions())
    with timings.step("suivi"):
        note_seen(context)
    with work.engine(settings) as engine:
        ongoing = _Work(Chain(workspace, context, engine, name, book.fence, headings, timings, told.progress), found)
        ongoing.do(found.ready)
    kept = retire(workspace, book)  # decided, but the inbox does not let go of them: said, and tried again
    blocked = outbox.blocked(workspace, book)
    owed = [*ongoing.aside, *found.cramped, *blocked]
    told.progress(REPORT, 0, 0)
    noted = {"attente": told.waiting, "laisses": [*ongoing.aside, *blocked, *told.left, *kept]}
    book.note_run(name, **in_language(noted, settings.langue), durees=timings.spent)
    view = _close(workspace, context, name)
    owed += [said for said in outbox.blocked(workspace, book) if said not in owed]  # this run's report, perhaps
    owed += pages.renew(workspace, context)
    return Outcome(name, view, owed=tuple(owed))


def _recovered(workspace: Workspace, context: Context, retry: Sequence[str]) -> Released:
    """Finish what an earlier run left. What it left on the disk goes first: that may be what fills it."""
    sweep(workspace)
    lock.sweep(workspace)
    preflight.check(workspace, context.book)
    outbox.try_again(workspace, context.book, retry)
    recovered = outbox.recover(workspace, context.book)
    retire(workspace, context.book)
    _finish_older(workspace, context)
    return recovered


def _loaded(
    workspace: Workspace, settings: Settings, book: Ledger, day: date
) -> tuple[OperatorFiles, list[LoadResult], list[Said]]:
    """Load the settled extracts: what is in their folder, what became of each, and what belongs to none."""
    there = fetched.fetch(workspace, "extraits", settings, book)
    files = scan_extracts(workspace, settings, book)
    sets = reference.find(files.settled, files.arriving)
    loaded = reference.load(workspace, sets, day, book.pseudonyms)
    events.extracts_loaded(loaded)
    reference.share(workspace)
    fetched.dealt_with(workspace, "extraits")
    files = replace(files, waiting=(*there.waiting, *files.waiting), left=(*there.left, *files.left))
    return files, loaded, [(workspace.relative(path), why) for path, why in sets.left]


def _entered(workspace: Workspace, settings: Settings, book: Ledger, day: date) -> tuple[OperatorFiles, list[Said]]:
    """Note what the settled lists of ``inbox/saisies`` say: what is in that folder, and the lists of which a row is wrong."""
    entered.put_back(workspace)
    there = fetched.fetch(workspace, "saisies", settings, book)
    lists = entered.scan_entered(workspace, settings, book)
    unread = entered.note_entered(workspace, settings, book, lists.settled, day)
    fetched.dealt_with(workspace, "saisies")
    return replace(lists, waiting=(*there.waiting, *lists.waiting), left=(*there.left, *lists.left)), unread


def _no_reference(loaded: Sequence[LoadResult]) -> Text:
    said = [result.error.args[0] for result in loaded if result.error]
    return joined([*said, NO_EXTRACT, _STAY], " ")


def _versions() -> dict[str, str]:
    return {"programme": __version__, "regles": RULES_VERSION}


def reported_settings(settings: Settings) -> dict[str, Any]:
    """The settings that decide verdicts, as the run's report says them."""
    return {
        "politique": settings.politique,
        "pas_heures": settings.pas_heures / 100,
        "langue": settings.langue,
        "ouverture": {kind: day.isoformat() for kind, day in sorted(settings.ouverture.items())},
        "severites": dict(sorted(settings.severites.items())),
    }


class _Work:
    """The deposits of a run on their way, in their order: those whose wave is not full yet, and what is put aside."""

    def __init__(self, chain: Chain, found: Scan) -> None:
        ready = {arrival.chemin for arrival in found.ready}
        self.aside: list[Said] = [(one.chemin, one.raison) for one in found.aside if one.chemin not in ready]
        self._ready = len(found.ready)
        self._before, self._wave = Counter[str](), dict[str, int]()
        self._chain = replace(chain, progress=self._of_all)
        self._progress = chain.progress
        self._suspects = {one.chemin for one in found.aside}
        self._pending: list[Deposit] = []

    def _of_all(self, step: str, done: int, total: int) -> None:
        """How far a wave has come, with the waves before it: of all that is ready, or of the folders known so far."""
        self._wave[step] = total
        before = self._before[step]
        self._progress(step, before + done, self._ready if step == wave.JUDGING else before + total)

    def do(self, ready: Sequence[Arrival]) -> None:
        """Take, read, decide and publish; waves are cut at about ``LINES`` lines, and around a deposit that goes alone."""
        chain = self._chain
        self._progress(READING, 0, len(ready))
        for low in range(0, len(ready), BATCH):
            with chain.timings.step("prise"):
                archived = take(chain.workspace, ready[low : low + BATCH])
            for group, alone in self._groups([snapshot for snapshot in archived if snapshot is not None]):
                if alone:
                    self._end_wave()
                    self._alone(group[0])
                    continue
                chain.book.begin_attempts([(s.arrival.siret, s.sha256) for s in group])
                with chain.timings.step("lecture"):
                    self._pending.extend(self._read(group))
                if sum(one.packed.lines for one in self._pending) >= LINES:
                    self._end_wave()
            self._progress(READING, min(low + BATCH, len(ready)), len(ready))
        self._end_wave()

    def _groups(self, snapshots: Sequence[Snapshot]) -> Iterator[tuple[list[Snapshot], bool]]:
        """The snapshots in their order, those that may be read together in one group; True for one that goes alone.

        Suspect is what the program ended before deciding, twice, and what was put aside. Attempts are counted before reading.
        """
        before = self._chain.book.attempts([(s.arrival.siret, s.sha256) for s in snapshots])
        group: list[Snapshot] = []
        for snapshot in snapshots:
            attempts = before.get((snapshot.arrival.siret, snapshot.sha256), 0)
            if attempts < ALONE and snapshot.arrival.chemin not in self._suspects:
                group.append(snapshot)
                continue
            if group:
                yield group, False
                group = []
            yield [snapshot], True
        if group:
            yield group, False

    def _read(self, group: Sequence[Snapshot]) -> list[Deposit]:
        chain = self._chain
        try:
            with wave.faults_said():
                return wave.read(chain.engine, chain.context.settings, chain.headings, group)
        except NotDecided as error:
            if len(group) > 1:
                return [deposit for one in group for deposit in self._read([one])]
            self._put_aside(group[0], error)
            return []

    def _end_wave(self) -> None:
        wave_over, self._pending = self._pending, []
        for together in trial.apart(wave_over):
            self._together(together)
            self._before.update(self._wave)
            self._wave.clear()

    def _together(self, deposits: Sequence[Deposit]) -> None:
        """Process a wave. Retry one that a fault of ours stopped deposit by deposit; put aside the one that meets it."""
        try:
            wave.process(self._chain, deposits)
        except NotDecided as error:
            if len(deposits) == 1:
                self._put_aside(deposits[0].snapshot, error)
                return
            for one in deposits:
                self._together([one])

    def _alone(self, snapshot: Snapshot) -> None:
        try:
            wave.process_alone(self._chain, snapshot)
        except NotDecided as error:
            self._put_aside(snapshot, error)
        except Died as error:
            self._put_aside(snapshot, error)

    def _put_aside(self, snapshot: Snapshot, error: NotDecided | Died) -> None:
        """It stays in the inbox, without a verdict, and is said. What ends its child is not tried again before somebody asks."""
        arrival, attend = snapshot.arrival, isinstance(error, Died)
        why = said(ENDED if attend else FAULT.fill(what=error), self._chain.context.settings.langue)
        events.put_aside(self._chain.run, snapshot, error)
        self._chain.book.put_aside(Aside(*arrival.sight, why, attend))
        self.aside.append((arrival.chemin, why))


def _finish_older(workspace: Workspace, context: Context) -> None:
    """Close an unfinished run of another date as far as it went; one of this date is resumed by ``start_run``."""
    unfinished = context.book.unfinished()
    if unfinished and unfinished[1] != context.day:
        _close(workspace, replace(context, day=unfinished[1]), unfinished[0])


def _close(workspace: Workspace, context: Context, name: str) -> Mapping[str, Any]:
    """Stage the run's report, close the run and let its report be seen; then the page over all runs. What the report says."""
    book = context.book
    view = book.run_view(name) | {"suivi": follow_up(context)}
    past = [book.run_view(earlier["run"], rows=False) for earlier in book.past_runs(PAST)]
    token = spool.stage(workspace, Folder("rapport", f"rapports/{name}", overview.files(view, past)), book.fence)
    book.finish_run(name, [token])
    outbox.release(workspace, book)
    known = [run["run"] for run in book.past_runs(PAST)]
    whole = [book.run_view(run, rows=run in known[-RECENT:]) for run in known[:-1]]
    whole.append(view)  # with what stands today
    place_of(workspace).replace("rapports/index.html", overview.across(whole), book.fence)
    return view
