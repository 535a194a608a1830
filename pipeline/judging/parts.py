"""A wave cut into parts that do not meet: while the folders of one are written, the next is judged.

Deposits meet where they name one DSF, or DSF of one convention (REF-13 counts them together), or are of one organisation and the
same content (AVT-07, and their numbers). Verdicts, numbers and bytes are those of the whole wave judged at once.
"""

from collections.abc import Hashable, Iterator, Sequence

from pipeline.judging.context import Context
from pipeline.judging.deposit import Deposit
from schemas.folding import key

LINES = 20_000
"""A part is cut once it has as many lines; what meets is never cut."""


def parts(context: Context, deposits: Sequence[Deposit]) -> Iterator[list[int]]:
    """Positions in ``deposits``, each once: those of a part in deposit order, the parts by their first deposit."""
    sizes = [sum(len(table.rows) for table in deposit.reading.tables) for deposit in deposits]
    if deposits and sum(sizes) <= LINES:  # not to be cut: who meets whom need not be asked of the reference
        yield list(range(len(deposits)))
        return
    part: list[int] = []
    lines = 0
    for group in _meeting(_meetings(context, deposits)):
        part += group
        lines += sum(sizes[position] for position in group)
        if lines >= LINES:
            yield sorted(part)
            part, lines = [], 0
    if part:
        yield sorted(part)


def _meetings(context: Context, deposits: Sequence[Deposit]) -> list[set[Hashable]]:
    """What each deposit meets others by."""
    named = [_dsf(deposit) for deposit in deposits]
    known = context.reference.dsf(set().union(*named))
    conventions = dict(zip(known["cle_dsf"], known["cle_convention"], strict=True))
    return [
        {(deposit.siret, deposit.sha256), *own, *(("convention", conventions[dsf]) for dsf in own & conventions.keys())}
        for deposit, own in zip(deposits, named, strict=True)
    ]


def _dsf(deposit: Deposit) -> set[str]:
    columns = (column for table in deposit.reading.tables for column in table.columns if column.field == "numero_dsf")
    return {key(m.value) for column in columns for m in column.meanings if isinstance(m.value, str)}


def _meeting(meetings: Sequence[set[Hashable]]) -> list[list[int]]:
    """The positions that meet, by way of others or not, in groups; groups and positions in order."""
    leads = list(range(len(meetings)))

    def lead(position: int) -> int:
        while leads[position] != position:
            leads[position] = leads[leads[position]]
            position = leads[position]
        return position

    first: dict[Hashable, int] = {}
    for position, met in enumerate(meetings):
        for one in met:
            one_lead, own_lead = sorted((lead(first.setdefault(one, position)), lead(position)))
            leads[own_lead] = one_lead
    groups: dict[int, list[int]] = {}
    for position in range(len(meetings)):
        groups.setdefault(lead(position), []).append(position)
    return list(groups.values())
