"""The chain: the only module that knows every step. One run, from what waits in the inbox to what stands in the outbox.

    lock → recover what an earlier run left → load extracts → note what was typed and what is seen → for each wave:
        take → read → judge → settle → render → stage → commit → release → remove the sources
    → overview of the run

Everything a wave will show is rendered and made durable before the one commit that decides it (docs/architecture.md).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pipeline import __version__, ledger, lock, nomenclature, reference, wave
from pipeline.documents import overview
from pipeline.errors import NoReference
from pipeline.intake import entered
from pipeline.intake.arrival import Arrival, Said, Snapshot
from pipeline.intake.extracts import OperatorFiles, scan_extracts
from pipeline.intake.retire import retire
from pipeline.intake.scan import scan
from pipeline.intake.take import sweep, take
from pipeline.judging.context import Context
from pipeline.judging.deposit import OURS, TRIED, Deposit, put_aside
from pipeline.judging.follow_up import follow_up
from pipeline.judging.seen import note_seen
from pipeline.ledger import Ledger
from pipeline.ledger.records import Folder
from pipeline.publishing import outbox, preflight, spool
from pipeline.reference import LoadResult
from pipeline.settings import Settings
from pipeline.wave import Chain, Progress, Timings, silent
from pipeline.workers import Pool
from pipeline.workspace import Workspace
from schemas.rules import RULES_VERSION

LINES = 200_000
"""A wave is cut once it has as many lines."""
BATCH = 64
"""Deposits taken and read at once."""
PAST, RECENT = 30, 5
"""Earlier runs that the reports look back at; the last ones row by row, for the rules that fail together."""
ALONE, ASIDE = 2, 3
"""After so many attempts that ended the program, a deposit has a wave of its own; then it is read no more."""


@dataclass(frozen=True)
class Outcome:
    """What a run did: its view in the ledger, and what became of the extracts that waited.

    ``absents``: folders that a run which was stopped had emitted and that are no longer in the outbox, relative to it. The
    report does not have them, for it is the same whether or not a run was stopped.
    """

    run: str
    view: Mapping[str, Any]
    extracts: tuple[LoadResult, ...]
    absents: tuple[str, ...] = ()

    @property
    def refused_extracts(self) -> tuple[LoadResult, ...]:
        """The extracts of which nothing was loaded."""
        return tuple(result for result in self.extracts if result.error is not None)


def run(workspace: Workspace, settings: Settings, day: date, progress: Progress = silent) -> Outcome:
    """Load waiting extracts, judge and publish every ready deposit as of ``day``, report.

    ``progress``: told of each step. Raises ``Halt`` (exit codes of spec §8); what was decided before it stands.
    """
    timings = Timings()
    reasons = nomenclature.motifs(workspace.root, settings.motifs)
    headings = nomenclature.synonyms(workspace.root, settings.synonymes)
    renames = nomenclature.renames(workspace.root, settings.correspondances)
    with lock.locked(workspace), ledger.open(workspace, settings) as book:
        with timings.step("reprise"):
            preflight.check(workspace, book)
            fence = book.fence
            recovered = outbox.recover(workspace, book)
            retire(workspace, book)
            sweep(workspace)
            context = Context(settings, day, reference.open(workspace), book, reasons, renames)
            _finish_older(workspace, context)
        with timings.step("extraits"):
            extracts = scan_extracts(workspace, settings, book)
            sets = reference.find(extracts.settled, extracts.arriving)
            loaded = reference.load(workspace, sets)
            strangers = [(workspace.relative(path), why) for path, why in sets.left]
        context = replace(context, reference=reference.open(workspace))
        if not context.reference.known():
            raise NoReference(_no_reference(loaded))
        with timings.step("saisies"):
            lists, unread = _entered(workspace, settings, book, day)
        with timings.step("inventaire"):
            found = scan(workspace, settings, book)
        name = book.start_run(day, versions=_versions(), reglages=reported_settings(settings))
        with timings.step("suivi"):
            note_seen(context)
        with Pool(settings.processus, settings.limites) as pool:
            chain = Chain(workspace, context, pool, name, fence, headings, timings, progress)
            aside: list[Said] = []
            for deposits in _waves(chain, found.ready):
                _process(chain, deposits, aside)
        kept = retire(workspace, book)  # decided, but the inbox does not let go of them: said, and tried again
        waiting = [*extracts.waiting, *lists.waiting, *found.waiting]
        left = [*extracts.left, *strangers, *lists.left, *unread, *found.left, *kept, *aside]
        book.note_run(name, attente=waiting, laisses=left, durees=timings.spent)
        view = _close(workspace, context, name)
        return Outcome(name, view, tuple(loaded), recovered.absents)


def _entered(workspace: Workspace, settings: Settings, book: Ledger, day: date) -> tuple[OperatorFiles, list[Said]]:
    """Note what the settled lists of ``inbox/saisies`` say: what is in that folder, and the lists of which a row is wrong."""
    entered.put_back(workspace)
    lists = entered.scan_entered(workspace, settings, book)
    return lists, entered.note_entered(workspace, settings, book, lists.settled, day)


def _no_reference(loaded: Sequence[LoadResult]) -> str:
    said = [str(result.error) for result in loaded if result.error]
    what = "Aucun extrait de DSF initiales n'est chargé : déposez-en un dans inbox/extraits/, puis relancez."
    return " ".join([*said, what, "Les dépôts restent où ils sont."])


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


def _waves(chain: Chain, ready: Sequence[Arrival]) -> Iterator[list[Deposit]]:
    """Take and read the deposits in their order, and cut waves of about ``LINES`` lines.

    Attempts are counted before reading: a deposit that ended the program twice has a wave of its own; after three it is
    put aside.
    """
    pending: list[Deposit] = []
    for low in range(0, len(ready), BATCH):
        with chain.timings.step("prise"):
            archived = take(chain.workspace, ready[low : low + BATCH])
        snapshots = [snapshot for snapshot in archived if snapshot is not None]
        for group, attempts in _by_attempts(chain, snapshots):
            if attempts >= ALONE and pending:
                yield pending
                pending = []
            if attempts >= ASIDE:
                pending.extend(put_aside(snapshot, TRIED) for snapshot in group)
            else:
                chain.book.begin_attempts([(s.arrival.siret, s.sha256) for s in group])
                with chain.timings.step("lecture"):
                    pending.extend(wave.read(chain.pool, chain.context.settings, chain.headings, group))
            lines = sum(len(table.rows) for one in pending for table in one.reading.tables)
            if attempts >= ALONE or lines >= LINES:
                yield pending
                pending = []
        chain.progress("lecture", min(low + BATCH, len(ready)), len(ready))
    if pending:
        yield pending


def _process(chain: Chain, deposits: Sequence[Deposit], aside: list[Said]) -> None:
    """Process a wave. Retry one that a bug of ours stopped deposit by deposit; set the faulty one aside and report it."""
    try:
        wave.process(chain, deposits)
    except wave.NotDecided as error:
        if len(deposits) > 1:
            for one in deposits:
                _process(chain, [one], aside)
            return
        wave.process(chain, [put_aside(deposits[0].snapshot, OURS)])
        aside.append((deposits[0].snapshot.arrival.chemin, f"refusé par une erreur de notre programme : {error}"))


def _by_attempts(chain: Chain, snapshots: Sequence[Snapshot]) -> Iterator[tuple[list[Snapshot], int]]:
    """The snapshots in their order, those that may be read together in one group, with the attempts behind them."""
    before = chain.book.attempts([(s.arrival.siret, s.sha256) for s in snapshots])
    group: list[Snapshot] = []
    for snapshot in snapshots:
        attempts = before.get((snapshot.arrival.siret, snapshot.sha256), 0)
        if attempts < ALONE:
            group.append(snapshot)
            continue
        if group:
            yield group, 0
            group = []
        yield [snapshot], attempts
    if group:
        yield group, 0


def _finish_older(workspace: Workspace, context: Context) -> None:
    """Close an unfinished run of another date as far as it went; one of this date is resumed by ``start_run``."""
    unfinished = context.book.unfinished()
    if unfinished and unfinished[1] != context.day:
        _close(workspace, replace(context, day=unfinished[1]), unfinished[0])


def _close(workspace: Workspace, context: Context, name: str) -> Mapping[str, Any]:
    """Stage the run's report, close the run and let its report be seen; then the page over all runs. What the report says."""
    book, fence = context.book, context.book.fence
    view = book.run_view(name) | {"suivi": follow_up(context)}
    past = [book.run_view(earlier["run"], rows=False) for earlier in book.past_runs(PAST)]
    token = spool.stage(workspace, Folder("rapport", f"rapports/{name}", overview.files(view, past)), fence)
    book.finish_run(name, [token])
    outbox.release(workspace, book)
    known = [run["run"] for run in book.past_runs(PAST)]
    whole = [book.run_view(run, rows=run in known[-RECENT:]) for run in known]
    spool.replace_file(workspace, workspace.reports / "index.html", overview.across(whole), fence)
    return view
