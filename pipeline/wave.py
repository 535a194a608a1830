"""One wave: read deposits → a decision, rendered, staged, committed, released. See ``run`` for what stands around it."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from pipeline.documents import clerk, returns
from pipeline.documents.returns.model import Model, models
from pipeline.errors import Halt, HeadMoved, scrubbed
from pipeline.intake import retire
from pipeline.intake.arrival import Snapshot
from pipeline.judging import decision
from pipeline.judging.complement import file_name
from pipeline.judging.context import Chain, extracts, judged_with
from pipeline.judging.decide import Work, decide
from pipeline.judging.deposit import Taken
from pipeline.ledger.records import Decision, Deposit, Folder, Token
from pipeline.publishing import outbox, spool
from pipeline.reading import ReadOptions
from pipeline.settings import Settings
from pipeline.workspace import Workspace

RETRIES = 5
"""How often a wave is computed again when the ledger moved under it."""

RENDERED = 128
"""Reports handed to the renderers at once."""


class NotDecided(Exception):
    """Our fault, before anything was committed: the text says where in the program, and nothing of the data."""


def read(chain: Chain, snapshots: Sequence[Snapshot]) -> list[Taken]:
    """Read the originals in children; nothing a sender wrote raises."""
    with chain.clock.step("lecture"):
        tasks = [(s.original, options(chain.settings, chain.synonyms, s.arrival.siret)) for s in snapshots]
        return [Taken(s, r) for s, r in zip(snapshots, chain.pool.read(tasks), strict=True)]


def options(settings: Settings, synonyms: tuple[tuple[str, str], ...], siret: str) -> ReadOptions:
    """What reading a deposit of ``siret`` goes by."""
    return ReadOptions(siret=siret, limites=settings.limites, synonymes=synonyms)


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
