"""Deposits decided."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from pipeline.judging import frames
from pipeline.judging.context import Chain
from pipeline.judging.deposit import Arrived, Named, Taken
from pipeline.judging.settle import Known, Settled, settle
from pipeline.reference import Facts


@dataclass(frozen=True)
class Work:
    """A wave decided but not yet written anywhere."""

    arrived: tuple[Arrived, ...]
    frames: frames.Frames
    facts: Facts
    settled: Settled


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
