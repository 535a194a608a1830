"""From deposits that were read to a wave decided: numbered, judged, settled. Writes nothing."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from pipeline.judging import frames, trial
from pipeline.judging.context import Context
from pipeline.judging.deposit import Deposit
from pipeline.judging.identity import Present
from pipeline.judging.settle import Known, Settled, settle
from pipeline.reading.model import SheetTable
from pipeline.reference import Facts


@dataclass(frozen=True)
class Decided:
    """A wave decided but not yet written anywhere: ``deposits``, numbered, in their order; their ``tables`` and ``facts``.

    ``present``: what was completed before, under the keys of today.
    """

    deposits: tuple[Deposit, ...]
    tables: tuple[SheetTable, ...]
    settled: Settled
    facts: Facts
    present: Present


def decide(context: Context, deposits: Sequence[Deposit]) -> Decided:
    """Judge and settle ``deposits`` (in deposit order) against the reference and the ledger as they are now.

    Raises ``ValueError`` for a trial among others: it is decided on its own (``trial.apart``).
    """
    tried = any(deposit.trial for deposit in deposits)
    if tried and len(deposits) > 1:
        raise ValueError("a trial is decided on its own")
    numbered = _numbered(context, deposits)
    made = frames.build(numbered)
    keys = made.lines["cle_dsf"].dropna().unique()
    facts = context.facts(keys)
    known = Known(
        facts=facts,
        present=context.present(keys, facts),
        renames=context.renames,
        ranks=context.book.ranks(keys),
        seen=context.book.seen([(d.siret, d.sha256) for d in numbered]),
    )
    settled = settle(made, numbered, known, context.motifs, context.settings, context.day)
    return Decided(
        numbered, made.tables, trial.without_consequence(settled) if tried else settled, facts, known.present
    )


def _numbered(context: Context, deposits: Sequence[Deposit]) -> tuple[Deposit, ...]:
    """Number the deposits: run's date, short hash of organisation and content, and -2, -3… where that exists already."""
    stems = [f"{context.day.isoformat()}-{_short(d)}{trial.SUFFIX if d.trial else ''}" for d in deposits]
    used = set(context.book.numbers_like(stems))
    names = context.reference.raisons_sociales({deposit.siret for deposit in deposits})
    numbered = []
    for stem, deposit in zip(stems, deposits, strict=True):
        numbers = itertools.chain([stem], (f"{stem}-{n}" for n in itertools.count(2)))
        numero = next(n for n in numbers if n not in used)
        used.add(numero)
        origin = context.book.origin(deposit.siret, deposit.reading.origin) if deposit.reading.origin else None
        name, corrects = names.get(deposit.siret, ""), origin.numero if origin else ""
        numbered.append(replace(deposit, numero=numero, raison_sociale=name, origine=corrects))
    return tuple(numbered)


def _short(deposit: Deposit) -> str:
    return sha256(f"{deposit.siret} {deposit.sha256}".encode()).hexdigest()[:8]
