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

_ALL = ""  # of a place: all séquences of the DE


@dataclass(frozen=True)
class Issued:
    """An earlier complement of the organisation's own: its number, the day it was issued (ISO), all that it added and turned."""

    numero: str
    emis_le: str
    heures: Decimal
    valorisees: Decimal


@dataclass(frozen=True)
class Added:
    """What one complement added to a séquence, or to all those of a DE: hours, and absences turned (identifier, hours).

    ``realisees``: the hours declared there in the extract that it was judged with, None where an old complement does not say.
    ``own``: it is the same organisation's.
    """

    numero: str
    realisees: Decimal | None
    heures: Decimal
    absences: tuple[tuple[str, Decimal], ...]
    own: bool


@dataclass(frozen=True)
class Before:
    """What the organisation added to a séquence, or to all those of a DE, before, oldest first.

    ``outside``: hours of it that today's extract does not count yet. ``sure``: False where the extract may count some of them:
    another organisation added hours as well, and nobody can tell whose are there; or nobody knows what was declared then.
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

    def of(self, dsf: str, identifiant_de: str) -> Before:
        """What was added before to all séquences of this DE."""
        return self.on(dsf, identifiant_de, _ALL)

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
    now = dict(_places(made.cle_dsf, decode(made.payload)))
    mine = {paths.known_as(place, made.extrait_du)[0]: place for place in now}
    added: dict[Place, list[Added]] = {}
    for other, content in before:
        for place, there in _places(other.cle_dsf, content):
            found = next((mine[name] for name in paths.known_as(place, other.extrait_du) if name in mine), None)
            if found:
                added.setdefault(found, []).append(_added(other.numero, there, own=other.siret == made.siret))
    own = tuple(_issued(content) for other, content in before if other.siret == made.siret)
    places = {place: _before(found, now[place]["heures_realisees_initiales"]) for place, found in added.items()}
    return Earlier(own, len(before) - len(own), places)


def _issued(content: Mapping[str, Any]) -> Issued:
    totals = content["totaux"]
    return Issued(content["numero"], content["emis_le"], totals["heures_complementaires"], totals["heures_valorisees"])


def _places(cle_dsf: str, content: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """The place of each séquence of a complement, and of each DE as a whole, and what stands there."""
    for identifiant, people in by_person(content).items():
        sequences = [sequence for person in people for sequence in person["sequences"]]
        for sequence in sequences:
            yield (cle_dsf, identifiant, key(sequence["code"])), sequence
        yield (
            (cle_dsf, identifiant, _ALL),
            {
                "heures_realisees_initiales": people[0]["totaux"].get("heures_realisees_initiales"),
                "heures_complementaires": sum((sequence["heures_complementaires"] for sequence in sequences), ZERO),
                "absences": [absence for sequence in sequences for absence in sequence["absences"]],
            },
        )


def by_person(content: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """The entries of ``demandeurs`` by DE (its key): one for each plan."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for person in content["demandeurs"]:
        found.setdefault(key(person["identifiant_de"]), []).append(person)
    return found


def _added(numero: str, there: Mapping[str, Any], *, own: bool) -> Added:
    turned = tuple((absence["id_absence"], absence["heures_valorisees"]) for absence in there["absences"])
    return Added(numero, there["heures_realisees_initiales"], there["heures_complementaires"], turned, own)


def _before(added: Sequence[Added], now: Decimal | None) -> Before:
    """What of ``added`` is the organisation's, against an extract with ``now`` hours in their place.

    Only complements change a DSF that is validated: what it has grown by since the first of them is theirs.
    """
    mine = tuple(one for one in added if one.own)
    issued = [one for one in added if one.heures]
    if not issued:
        return Before(mine)
    total = sum((one.heures for one in issued), ZERO)
    own = sum((one.heures for one in mine), ZERO)
    if now is None or issued[0].realisees is None:
        return Before(mine, own, sure=not own)
    grown = max(now - issued[0].realisees, ZERO)
    if own == total:
        return Before(mine, max(own - grown, ZERO))
    if grown >= total:
        return Before(mine)
    return Before(mine, own, sure=not grown)
