"""A wave cut into parts that do not meet: they are judged at the same time, and while the folders of others are written.

Deposits meet where they name one DSF, or DSF of one convention (REF-13 counts them together), or are of one organisation and the
same content (AVT-07, and their numbers). Verdicts, numbers and bytes are those of the whole wave judged at once.
"""

from collections.abc import Hashable, Iterator, Sequence

from pipeline.judging.context import Context
from pipeline.judging.deposit import Deposit

LEAST, MOST = 4_000, 20_000
"""Lines of a part, at least and about: below, what judging costs once counts for more than what it costs a line; above, what is
in memory for one. What meets is never cut, whatever it has."""


def parts(context: Context, deposits: Sequence[Deposit], width: int = 1) -> Iterator[list[int]]:
    """Positions in ``deposits``, each once: those of a part in deposit order, the parts by their first deposit.

    ``width``: parts that are judged at once; there are as many, about equal, where the wave is large enough.
    """
    sizes = [deposit.packed.lines for deposit in deposits]
    enough = min(max(LEAST, -(-sum(sizes) // width)), MOST)
    if deposits and sum(sizes) <= enough:  # not to be cut: who meets whom need not be asked of the reference
        yield list(range(len(deposits)))
        return
    part: list[int] = []
    lines = 0
    for group in groups(meetings(context, [(d.siret, d.sha256, d.packed.dsf) for d in deposits])):
        part += group
        lines += sum(sizes[position] for position in group)
        if lines >= enough:
            yield sorted(part)
            part, lines = [], 0
    if part:
        yield sorted(part)


def meetings(context: Context, named: Sequence[tuple[str, str, frozenset[str]]]) -> list[set[Hashable]]:
    """What each deposit meets others by. ``named``: organisation, content, keys of the DSF that it names."""
    known = context.reference.dsf(set().union(*(dsf for _, _, dsf in named)))
    conventions = dict(zip(known["cle_dsf"], known["cle_convention"], strict=True))
    return [
        {(siret, sha256), *own, *(("convention", conventions[dsf]) for dsf in own & conventions.keys())}
        for siret, sha256, own in named
    ]


def groups(met_by: Sequence[set[Hashable]]) -> list[list[int]]:
    """The positions that meet, by way of others or not, in groups; groups and positions in order."""
    leads = list(range(len(met_by)))

    def lead(position: int) -> int:
        while leads[position] != position:
            leads[position] = leads[leads[position]]
            position = leads[position]
        return position

    first: dict[Hashable, int] = {}
    for position, met in enumerate(met_by):
        for one in met:
            one_lead, own_lead = sorted((lead(first.setdefault(one, position)), lead(position)))
            leads[own_lead] = one_lead
    groups: dict[int, list[int]] = {}
    for position in range(len(met_by)):
        groups.setdefault(lead(position), []).append(position)
    return list(groups.values())
