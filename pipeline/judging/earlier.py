"""What earlier complements of a DSF added to the séquences of a new one: the clerk counts it apart. Source: contract §6.

From payloads alone, and the operator's correspondances: a wave and `dsf reissue` ask the same of the same bytes. A DSF may be
completed by its titulaire and by its dispensateur: neither learns what the other added.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipeline.judging.complement import ZERO, decode
from pipeline.judging.identity import Paths, Place
from pipeline.ledger.records import Complement
from pipeline.nomenclature import Rename
from schemas.folding import key


@dataclass(frozen=True)
class Issued:
    """An earlier complement of the organisation's own: its number, the day it was issued (ISO), all that it added and turned."""

    numero: str
    emis_le: str
    heures: Decimal
    valorisees: Decimal


@dataclass(frozen=True)
class Added:
    """What one complement added to a séquence: hours, and absences turned (identifier, hours).

    ``realisees``: the hours of the séquence in the extract that it was judged with. ``own``: it is the same organisation's.
    """

    numero: str
    realisees: Decimal
    heures: Decimal
    absences: tuple[tuple[str, Decimal], ...]
    own: bool


@dataclass(frozen=True)
class Before:
    """What the organisation added to a séquence before, oldest first.

    ``outside``: hours of it that today's extract does not count yet. ``sure``: False where the extract may count some of them:
    another organisation added hours as well, and nobody can tell whose are there.
    """

    added: tuple[Added, ...] = ()
    outside: Decimal = ZERO
    sure: bool = True


@dataclass(frozen=True)
class Earlier:
    """The earlier complements of a DSF. ``own``: the organisation's, oldest first; ``others``: how many are not."""

    own: tuple[Issued, ...] = ()
    others: int = 0
    places: Mapping[Place, Before] = field(default_factory=dict)

    def on(self, dsf: str, identifiant_de: str, code: str) -> Before:
        """What was added before to this séquence of this DE."""
        return self.places.get((key(dsf), key(identifiant_de), key(code)), Before())


NOTHING = Earlier()
"""A first complement has none before it."""


def earlier(made: Complement, others: Iterable[Complement], renames: Sequence[Rename]) -> Earlier:
    """What those of ``others`` that are of the same DSF and of a lower rank added to the séquences of ``made``."""
    lower = [other for other in others if other.cle_dsf == made.cle_dsf and other.rang < made.rang]
    if not lower:
        return NOTHING
    before = [(other, decode(other.payload)) for other in sorted(lower, key=lambda other: other.rang)]
    paths = Paths(renames)
    now = dict(_sequences(made.cle_dsf, decode(made.payload)))
    mine = {paths.known_as(place, made.extrait_du)[0]: place for place in now}
    added: dict[Place, list[Added]] = {}
    for other, content in before:
        for place, sequence in _sequences(other.cle_dsf, content):
            found = next((mine[name] for name in paths.known_as(place, other.extrait_du) if name in mine), None)
            if found:
                added.setdefault(found, []).append(_added(other.numero, sequence, own=other.siret == made.siret))
    own = tuple(_issued(content) for other, content in before if other.siret == made.siret)
    places = {place: _before(found, now[place]["heures_realisees_initiales"]) for place, found in added.items()}
    return Earlier(own, len(before) - len(own), places)


def _issued(content: Mapping[str, Any]) -> Issued:
    totals = content["totaux"]
    return Issued(content["numero"], content["emis_le"], totals["heures_complementaires"], totals["heures_valorisees"])


def _sequences(cle_dsf: str, content: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """The place of each séquence of a complement, and what stands there."""
    for person in content["demandeurs"]:
        for sequence in person["sequences"]:
            yield (cle_dsf, key(person["identifiant_de"]), key(sequence["code"])), sequence


def _added(numero: str, sequence: Mapping[str, Any], *, own: bool) -> Added:
    turned = tuple((absence["id_absence"], absence["heures_valorisees"]) for absence in sequence["absences"])
    return Added(numero, sequence["heures_realisees_initiales"], sequence["heures_complementaires"], turned, own)


def _before(added: Sequence[Added], now: Decimal) -> Before:
    """What of ``added`` is the organisation's, against an extract with ``now`` hours for the séquence.

    Only complements change a DSF that is validated: what it has grown by since the first of them is theirs.
    """
    mine = tuple(one for one in added if one.own)
    issued = [one for one in added if one.heures]
    if not issued:
        return Before(mine)
    total = sum((one.heures for one in issued), ZERO)
    own = sum((one.heures for one in mine), ZERO)
    grown = max(now - issued[0].realisees, ZERO)
    if own == total:
        return Before(mine, max(own - grown, ZERO))
    if grown >= total:
        return Before(mine)
    return Before(mine, own, sure=not grown)
