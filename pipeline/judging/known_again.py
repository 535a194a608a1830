"""Persons who were erased, known again where their name is met: in the newest extract, in a deposit, in the correspondances.

The ledger has a pseudonym in their place (``pipeline.pseudonyms``). Whoever judges sees names alone, as before; a person who is
met nowhere stays a pseudonym, which no line has.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.judging.complement import decode, with_persons
from pipeline.ledger import Entries
from pipeline.ledger.records import Complement
from pipeline.nomenclature import Rename
from pipeline.pseudonyms import MARK, Pseudonyms
from pipeline.reference import Facts
from schemas.folding import key


@dataclass(frozen=True)
class Met:
    """Names that are met. ``people``: rows of cle_dsf and cle_de; ``plans``: keys of PIF."""

    people: pd.DataFrame
    plans: frozenset[str]

    @classmethod
    def of(cls, facts: Facts, plans: pd.DataFrame, typed: pd.DataFrame | None = None) -> "Met":
        """In the extracts (``reference.facts``, ``reference.plans``), and in the lines ``typed``."""
        tables = [facts.sequences, plans, *([] if typed is None else [typed])]
        people = pd.concat([table[["cle_dsf", "cle_de"]] for table in tables]).dropna().drop_duplicates()
        return cls(people, frozenset({*plans["cle_pif"].dropna(), *facts.declared["cle_pif"].dropna()}))


def are_hidden(entries: Entries) -> bool:
    """Whether there is a pseudonym among the keys."""
    return any(table["cle_de"].str.startswith(MARK).any() for table in (entries.absences, entries.heures))


def known_again(entries: Entries, met: Met, pseudonyms: Pseudonyms, renames: Sequence[Rename]) -> Entries:
    """``entries`` with the name of each person and plan that is met, as it was when it was issued."""
    people, plans = _Before(renames, "identifiant_de"), _Before(renames, "numero_pif").all(met.plans)
    on_dsf = {str(cle): people.all(rows) for cle, rows in met.people.groupby("cle_dsf")["cle_de"]}

    def shown(table: pd.DataFrame, place: str, column: str, names: Callable[[str], set[str]]) -> pd.DataFrame:
        hidden = table.loc[table[column].str.startswith(MARK), place].unique()
        found = {one: name for where in hidden for one, name in pseudonyms.names(where, names(where)).items()}
        return table.assign(**{column: table[column].replace(found)}) if found else table

    absences, hours = (
        shown(table, "cle_dsf", "cle_de", lambda cle: on_dsf.get(cle, set()))
        for table in (entries.absences, entries.heures)
    )
    return replace(entries, absences=absences, heures=shown(hours, "cle_convention", "cle_pif", lambda _: plans))


def complements(
    known: Iterable[Complement],
    made: Iterable[Complement],
    pseudonyms: Pseudonyms | None,
    renames: Sequence[Rename],
) -> list[Complement]:
    """``known`` with the persons of ``made`` under their names: what ``earlier`` compares."""
    every = list(known)
    if pseudonyms is None or not any(_is_hidden(one) for one in every):
        return every
    before = _Before(renames, "identifiant_de")
    people: dict[str, set[str]] = {}
    for one in made:
        people.setdefault(one.cle_dsf, set()).update(
            key(person["identifiant_de"]) for person in decode(one.payload)["demandeurs"]
        )
    names = {cle: pseudonyms.names(cle, before.all(here)) for cle, here in people.items()}
    return [
        replace(one, payload=with_persons(one.payload, names.get(one.cle_dsf, {}))) if _is_hidden(one) else one
        for one in every
    ]


def _is_hidden(one: Complement) -> bool:
    return f'"{MARK}'.encode() in one.payload


class _Before:
    """What a key may have been called before the correspondances gave it the name that is met."""

    def __init__(self, renames: Sequence[Rename], champ: str) -> None:
        self._old: dict[str, set[str]] = {}
        for one in renames:
            if one.champ == champ:
                self._old.setdefault(one.nouveau, set()).add(one.ancien)

    def all(self, names: Iterable[str]) -> set[str]:
        """``names``, and all that they were called."""
        found: set[str] = set()
        left = set(names)
        while left:
            found |= left
            left = {old for name in left for old in self._old.get(name, ())} - found
        return found
