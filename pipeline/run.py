"""The chain: the only module that knows every step. One run, from what waits in the inbox to what stands in the outbox.

    lock → recover what an earlier run left → load extracts → scan → for each wave:
        take → read → judge → settle → render → stage → commit → release → remove the sources
    → overview of the run

Everything a wave will show is rendered and made durable before the one commit that decides it (docs/architecture.md).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline import __version__, ledger, lock, nomenclature, reference, wave
from pipeline.documents import overview
from pipeline.errors import NoReference
from pipeline.intake import retire, take
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.intake.scan import scan
from pipeline.judging import deposit
from pipeline.judging.context import Chain, Clock, Progress
from pipeline.judging.deposit import Taken
from pipeline.ledger import Ledger
from pipeline.ledger.records import Folder
from pipeline.publishing import outbox, preflight, spool
from pipeline.reference import LoadResult
from pipeline.settings import Settings
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
    """What a run did: its view in the ledger, and what became of the extracts that waited."""

    run: str
    view: Mapping[str, Any]
    extracts: tuple[LoadResult, ...]

    @property
    def refused_extracts(self) -> tuple[LoadResult, ...]:
        return tuple(result for result in self.extracts if result.erreur is not None)


def run(workspace: Workspace, settings: Settings, day: date, progress: Progress) -> Outcome:
    """Do everything that waits. Raises ``Halt`` (exit codes of spec §8); what was decided before it stands."""
    clock = Clock()
    reasons = nomenclature.motifs(workspace.root, settings.motifs)
    headings = nomenclature.synonyms(workspace.root, settings.synonymes)
    with lock.locked(workspace), ledger.open(workspace, settings) as book:
        with clock.step("reprise"):
            preflight.check(workspace, book)
            fence = book.fence
            outbox.recover(workspace, book)
            retire.retire(workspace, book)
            take.sweep(workspace)
            _finish_older(workspace, book, day, fence)
        with clock.step("extraits"):
            loaded = reference.load(workspace, None, delai=settings.delai_stabilite)
        known = reference.open(workspace)
        if not known.known():
            raise NoReference(_no_reference(loaded))
        with clock.step("inventaire"):
            found = scan(workspace, settings, book)
        name = book.start_run(day, versions=_versions(), reglages=told(settings))
        with Pool(settings.processus, settings.limites) as pool:
            chain = Chain(workspace, settings, book, known, pool, name, day, fence, reasons, headings, clock, progress)
            aside: list[tuple[str, str]] = []
            for taken in _waves(chain, found.ready):
                _process(chain, taken, aside)
        kept = retire.retire(workspace, book)  # decided, but the inbox does not let go of them: said, and tried again
        book.note_run(name, attente=found.waiting, laisses=[*found.left, *kept, *aside], durees=clock.spent)
        _close(workspace, book, name, fence)
        return Outcome(name, book.run_view(name), tuple(loaded))


def _no_reference(loaded: Sequence[LoadResult]) -> str:
    said = [str(result.erreur) for result in loaded if result.erreur]
    what = "Aucun extrait de DSF initiales n'est chargé : déposez-en un dans inbox/extraits/, puis relancez."
    return " ".join([*said, what, "Les dépôts restent où ils sont."])


def _versions() -> dict[str, str]:
    return {"programme": __version__, "regles": RULES_VERSION}


def told(settings: Settings) -> dict[str, Any]:
    """The settings that decide verdicts, as the run's report says them."""
    return {
        "politique": settings.politique,
        "pas_heures": settings.pas_heures / 100,
        "langue": settings.langue,
        "ouverture": {kind: day.isoformat() for kind, day in sorted(settings.ouverture.items())},
        "severites": dict(sorted(settings.severites.items())),
    }


def _waves(chain: Chain, ready: Sequence[Arrival]) -> Iterator[list[Taken]]:
    """Take and read the deposits in their order, and cut waves of about ``LINES`` lines.

    Attempts are counted before reading: a deposit that ended the program twice has a wave of its own; after three it is
    put aside.
    """
    pending: list[Taken] = []
    for low in range(0, len(ready), BATCH):
        with chain.clock.step("prise"):
            taken = take.take_all(chain.workspace, ready[low : low + BATCH])
        snapshots = [snapshot for snapshot in taken if snapshot is not None]
        for group, attempts in _by_attempts(chain, snapshots):
            if attempts >= ALONE and pending:
                yield pending
                pending = []
            if attempts >= ASIDE:
                pending.extend(deposit.put_aside(snapshot, deposit.TRIED) for snapshot in group)
            else:
                chain.book.begin_attempts([(s.arrival.siret, s.sha256) for s in group])
                pending.extend(wave.read(chain, group))
            lines = sum(len(table.lignes) for t in pending for table in t.reading.tables)
            if attempts >= ALONE or lines >= LINES:
                yield pending
                pending = []
        chain.progress("lecture", min(low + BATCH, len(ready)), len(ready))
    if pending:
        yield pending


def _process(chain: Chain, taken: Sequence[Taken], aside: list[tuple[str, str]]) -> None:
    """A wave; where a bug of ours stops it, its deposits one by one, and the one that is the cause is put aside and said."""
    try:
        wave.process(chain, taken)
    except wave.NotDecided as error:
        if len(taken) > 1:
            for one in taken:
                _process(chain, [one], aside)
            return
        wave.process(chain, [deposit.put_aside(taken[0].snapshot, deposit.OURS)])
        aside.append((taken[0].snapshot.arrival.chemin, f"refusé par une erreur de notre programme : {error}"))


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


def _finish_older(workspace: Workspace, book: Ledger, day: date, fence: int) -> None:
    """A run of another date that was cut short is closed as far as it went; one of this date is gone on with."""
    unfinished = book.unfinished()
    if unfinished and unfinished[1] != day:
        _close(workspace, book, unfinished[0], fence)


def _close(workspace: Workspace, book: Ledger, name: str, fence: int) -> None:
    """Stage the run's report, close the run and let its report be seen; then the page over all runs."""
    view = book.run_view(name)
    past = [book.run_view(earlier["run"], rows=False) for earlier in book.past_runs(PAST)]
    token = spool.stage(workspace, Folder("rapport", f"rapports/{name}", overview.files(view, past)), fence)
    book.finish_run(name, [token])
    outbox.release(workspace, book)
    known = [run["run"] for run in book.past_runs(PAST)]
    whole = [book.run_view(run, rows=run in known[-RECENT:]) for run in known]
    spool.replace(workspace, workspace.reports / "index.html", overview.across(whole), fence)
