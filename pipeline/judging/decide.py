"""From deposits that were read to a wave decided. Writes nothing.

``numbered`` and ``ask`` ask the reference and the ledger; ``judge`` needs neither, and may be done anywhere.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

import pandas as pd

from pipeline.judging import frames, trial
from pipeline.judging.context import Context, Terms
from pipeline.judging.deposit import Corrected, Deposit
from pipeline.judging.identity import Present, present, still_completed
from pipeline.judging.settle import Known, Settled, settle
from pipeline.ledger import Entries
from pipeline.reading.model import SheetTable
from pipeline.reference import Facts


@dataclass(frozen=True)
class Asked:
    """What the reference and the ledger have of some deposits, as they are now: plain data.

    ``facts``: of the DSF that they name. ``completed``: as ``Context.completed``. ``entries`` and ``plans``: as
    ``Context.entries``. ``ranks`` and ``seen``: as ``settle.Known``.
    """

    facts: Facts
    completed: pd.DataFrame | None
    entries: Entries
    plans: pd.DataFrame
    ranks: Mapping[str, int]
    seen: Mapping[tuple[str, str], tuple[str, date]]


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
    """Judge and settle ``deposits`` (in deposit order) against the reference and the ledger as they are now."""
    named = numbered(context, deposits)
    return judge(context.terms, named, ask(context, named))


def numbered(context: Context, deposits: Sequence[Deposit]) -> tuple[Deposit, ...]:
    """Number the deposits: run's date, short hash of organisation and content, and -2, -3… where that exists already."""
    stems = [f"{context.day.isoformat()}-{_short(d)}{trial.SUFFIX if d.trial else ''}" for d in deposits]
    used = set(context.book.numbers_like(stems))
    names = context.reference.raisons_sociales({deposit.siret for deposit in deposits})
    named = []
    for stem, deposit in zip(stems, deposits, strict=True):
        numbers = itertools.chain([stem], (f"{stem}-{n}" for n in itertools.count(2)))
        numero = next(n for n in numbers if n not in used)
        used.add(numero)
        name, corrects = names.get(deposit.siret, ""), _corrected(context, deposit)
        named.append(replace(deposit, numero=numero, raison_sociale=name, corrects=corrects))
    return tuple(named)


def _short(deposit: Deposit) -> str:
    return sha256(f"{deposit.siret} {deposit.sha256}".encode()).hexdigest()[:8]


def _corrected(context: Context, deposit: Deposit) -> Corrected | None:
    said = deposit.packed.origin
    row = context.book.origin(deposit.siret, said) if said else None
    return None if row is None else Corrected(row.numero, row.fichier, row.verdicts)


def ask(context: Context, deposits: Sequence[Deposit]) -> Asked:
    """What ``judge`` needs to know of ``deposits``, numbered."""
    keys = sorted(set().union(*(deposit.packed.dsf for deposit in deposits)))
    facts = context.reference.facts(keys)
    entries, plans = context.entries(keys, facts, lambda: frames.build(deposits).lines)
    seen = context.book.seen([(deposit.siret, deposit.sha256) for deposit in deposits])
    return Asked(facts, context.completed(facts), entries, plans, context.book.ranks(keys), seen)


def judge(terms: Terms, deposits: Sequence[Deposit], asked: Asked) -> Decided:
    """Judge and settle ``deposits``, numbered, in deposit order.

    Raises ``ValueError`` for a trial among others: it is decided on its own (``trial.apart``).
    """
    tried = any(deposit.trial for deposit in deposits)
    if tried and len(deposits) > 1:
        raise ValueError("a trial is decided on its own")
    made = frames.build(deposits)
    facts = still_completed(asked.facts, asked.completed, terms.renames)
    before = present(asked.entries, facts, asked.plans, terms.renames)
    known = Known(facts, before, terms.renames, asked.ranks, asked.seen)
    settled = settle(made, deposits, known, terms.motifs, terms.settings, terms.day)
    shown = trial.without_consequence(settled) if tried else settled
    return Decided(tuple(deposits), made.tables, shown, facts, before)
