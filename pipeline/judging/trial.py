"""Trials: what lies in `<SIRET>-essai` is judged as if it were dropped now, and changes nothing for what comes later.

The one place that says what a trial may do. Source: contract §2, §5.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.judging.complement import decode, encode
from pipeline.judging.deposit import Deposit
from pipeline.judging.settle import Settled

SUFFIX = "-essai"
"""Ends the number of a trial, so that a deposit of the same content has the number it would have had."""


def apart(deposits: Sequence[Deposit]) -> Iterator[list[Deposit]]:
    """What is decided together: the deposits as they come, then each trial on its own."""
    real = [deposit for deposit in deposits if not deposit.trial]
    if real:
        yield real
    yield from ([deposit] for deposit in deposits if deposit.trial)


def without_consequence(settled: Settled) -> Settled:
    """A trial as it was settled, with nothing left to emit or to record: verdicts and findings stay.

    What it would complete (``contents``) is there to be told, without a number: none is reserved, and the next one would say
    how many complements others have had on that DSF.
    """
    return replace(
        settled,
        lines=settled.lines.assign(complement=""),
        complements=(),
        contents={depot: [_unnumbered(one) for one in several] for depot, several in settled.contents.items()},
    )


def _unnumbered(content: bytes) -> bytes:
    return encode(decode(content) | {"numero": ""})
