"""What the ledger completed, as the newest extract calls it. Source: contract §1 end, §3 correspondances, §5 REF-14.

Identity is of the thing in the world, not of its number today: identifiers of trainees, séquences, plans and absences change from
one extract to the next. The operator's correspondances say what a key is called now. An entry that no key finds any more makes
its DSF a *changed* one: every line on it fails until somebody says what became of it. Added hours that no key finds any more may
have gone into any plan of their DSF: nobody can say what is left of those plans, on other DSF neither.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any, cast

import pandas as pd

from pipeline.ledger import Entries
from pipeline.nomenclature import Rename
from pipeline.reference import Facts

SEQUENCE = ["cle_dsf", "cle_de", "cle_sequence"]
ABSENCE = [*SEQUENCE, "cle_absence"]
HOURS = [*SEQUENCE, "date_debut", "date_fin"]
DATED = [*ABSENCE, "date_debut", "date_fin"]
PLAN = ["cle_convention", "cle_pif"]

Place = tuple[str, str, str]
"""Keys of a DSF, a DE and a séquence."""

Row = Mapping[str, Any]
"""One entry of the ledger."""

Used = Callable[[str], bool]
"""Whether the newest extract uses a key, where it is asked."""


@dataclass(frozen=True)
class Present:
    """The ledger's entries under today's keys.

    ``entries``: as ``ledger.entries``, keys and plans of today. ``missing``: cle_dsf, complement, cle_de, cle_sequence,
    cle_absence (missing for hours), date_debut, date_fin of entries that the newest extract of their DSF does not show.
    ``unplaced``: keys of the DSF, of the whole convention, with added hours of which today's plan is not known and which its
    extract does not have yet.
    """

    entries: Entries
    missing: pd.DataFrame
    unplaced: frozenset[str]

    @property
    def changed(self) -> set[str]:
        """Keys of the DSF that have changed since a complement was issued on them."""
        return set(self.missing["cle_dsf"])


def present(entries: Entries, facts: Facts, plans: pd.DataFrame, renames: Sequence[Rename]) -> Present:
    """Read ``entries`` through ``renames``, and find each in the newest extract.

    ``plans``: today's plan of every séquence of the entries' DSF, as ``reference.plans`` gives it.
    """
    if renames:
        names = _Names(renames, _Extract(facts, plans))
        entries = replace(entries, absences=names.of_absences(entries.absences), heures=names.of_hours(entries.heures))
    missing = pd.concat(
        [_missing_absences(entries.absences, facts), _missing_hours(entries.heures, facts)], ignore_index=True
    )
    unplaced = _unplaced(entries.heures, plans)
    return Present(replace(entries, heures=_under_todays_plan(entries.heures, plans, renames)), missing, unplaced)


def still_completed(facts: Facts, completed: pd.DataFrame | None, renames: Sequence[Rename]) -> Facts:
    """``facts`` where an absence that an extract said completed is so under the key that it has today.

    ``completed``: as ``reference.completed`` gives it, under the keys of then; None where no key has changed.
    """
    if completed is None:
        return facts
    today = _Names(renames, _Extract(facts, facts.sequences.iloc[:0])).of_absences(completed)
    absences = facts.absences.copy()
    absences["deja_complementee"] |= _among(absences, today, DATED)
    return replace(facts, absences=absences)


def read_through(lines: pd.DataFrame, facts: Facts, renames: Sequence[Rename]) -> pd.DataFrame:
    """``lines`` with the keys that the newest extract has: one that it still uses stays, another is followed to its end."""
    if not renames:
        return lines
    names = _Names(renames, _Extract(facts, facts.sequences.iloc[:0]))
    lines = lines.copy(deep=False)
    for column in ("cle_de", "cle_sequence", "cle_absence"):
        keys = lines[[*ABSENCE]].astype("object").where(lines[ABSENCE].notna(), "")
        told = {key: names.typed(column, key) for key in set(keys.itertuples(index=False, name=None))}
        found = pd.Series(
            [told[key] for key in keys.itertuples(index=False, name=None)], index=lines.index, dtype="str"
        )
        lines[column] = found.where(lines[column].notna())
    return lines


# --- what the newest extract has --------------------------------------------------------------------------------------


class _Extract:
    """The keys of the newest extract, for quick questions."""

    def __init__(self, facts: Facts, plans: pd.DataFrame) -> None:
        self.known = set(facts.dsf["cle_dsf"]) | set(plans["cle_dsf"])
        rows = pd.concat([facts.sequences[SEQUENCE], plans[SEQUENCE]])
        self.sequences = set(rows.itertuples(index=False, name=None))
        self.people = {key[:2] for key in self.sequences}
        self.absences = {key[:4]: key[4:] for key in facts.absences[DATED].itertuples(index=False, name=None)}

    def uses(self, column: str, key: tuple[str, ...]) -> Used:
        """Whether a name in ``column`` is used there, ``key`` giving DSF, DE and séquence."""
        dsf, de, sequence = key[:3]
        if column == "cle_de":
            return lambda name: (dsf, name) in self.people
        if column == "cle_sequence":
            return lambda name: (dsf, de, name) in self.sequences
        return lambda name: (dsf, de, sequence, name) in self.absences


# --- following names --------------------------------------------------------------------------------------------------

_COLUMNS = {
    "identifiant_de": "cle_de",
    "code_sequence": "cle_sequence",
    "id_absence": "cle_absence",
    "numero_pif": "cle_pif",
    "numero_convention": "cle_convention",
}


class Paths:
    """The correspondances, asked what a key was called after each of them."""

    def __init__(self, renames: Sequence[Rename]) -> None:
        self._rows: dict[str, list[Rename]] = {}
        for one in renames:
            self._rows.setdefault(_COLUMNS[one.champ], []).append(one)

    def known_as(self, place: Place, since: date | None) -> list[Place]:
        """What ``place`` of an extract of ``since`` may be called today, the likeliest first: for who has no extract to ask.

        ``since`` None: nobody knows. A trainee's names never pass from one to another: the last one tells. Those of séquences
        may (S1 → S2, S2 → S3), so that what was renamed after ``since`` comes first.
        """
        dsf, de, sequence = place
        person = self._path("cle_de", de, place, lambda _: False)[-1]
        key = (dsf, person, sequence)
        called = [self._path("cle_sequence", sequence, key, lambda _: True, day)[-1] for day in (since, None)]
        return [(dsf, person, name) for name in dict.fromkeys(called)]

    def _path(self, column: str, name: str, key: tuple[str, ...], used: Used, since: date | None = None) -> list[str]:
        """``name`` and what it was called after each renaming (later than ``since``), its present name last.

        Renamings of one day happen at once: ranks that shift give A1 → A2 and A2 → A3, and A1 is A2. A name that the extract
        does not use is followed further.
        """
        rows = [
            one
            for one in self._rows.get(column, ())
            if one.cle_dsf in ("", key[0]) and (column == "cle_de" or one.cle_de in ("", key[1]))
            if since is None or one.day is None or one.day > since
        ]
        path = [name]
        for day, together in groupby(rows, key=lambda one: one.day):
            step = {one.ancien: one.nouveau for one in together}
            moved = False
            while path[-1] in step and (day is None or not moved or not used(path[-1])):
                path.append(step[path[-1]])
                moved = True
        return path


class _Names(Paths):
    """The correspondances, asked what a key of the newest extract is called now."""

    def __init__(self, renames: Sequence[Rename], extract: _Extract) -> None:
        super().__init__(renames)
        self._extract = extract

    def typed(self, column: str, key: tuple[str, ...]) -> str:
        """What a deposit means by the name ``key`` has in ``column``."""
        name = key[ABSENCE.index(column)]
        used = self._extract.uses(column, key)
        return name if used(name) else self._path(column, name, key, used)[-1]

    def of_absences(self, absences: pd.DataFrame) -> pd.DataFrame:
        """The absences of the ledger under today's keys; one that may be either of two is there under both."""
        return self._renamed(absences, ABSENCE, self._absence)

    def of_hours(self, hours: pd.DataFrame) -> pd.DataFrame:
        """The hours of the ledger under today's keys."""
        return self._renamed(hours, SEQUENCE, lambda row: [self._sequence(row)])

    def _renamed(
        self, table: pd.DataFrame, keys: list[str], now: Callable[[Row], Iterable[tuple[str, ...]]]
    ) -> pd.DataFrame:
        touched = pd.Series(False, index=table.index)
        for column in keys[1:]:
            touched |= table[column].isin({one.ancien for one in self._rows.get(column, ())})
        if not touched.any():
            return table
        rows = [
            row | dict(zip(keys, key, strict=True))
            for row in cast("list[dict[str, Any]]", table[touched].to_dict("records"))
            for key in now(row)
        ]
        moved = pd.DataFrame(rows, columns=table.columns).astype(table.dtypes.to_dict())
        return pd.concat([table[~touched], moved], ignore_index=True)

    def _sequence(self, row: Row) -> tuple[str, ...]:
        """DSF, DE and séquence of an entry today."""
        key = (row["cle_dsf"], row["cle_de"], row["cle_sequence"])
        for column, place in (("cle_de", 1), ("cle_sequence", 2)):
            used = self._extract.uses(column, key)
            name = next((n for n in self._candidates(column, key[place], key, row, used) if used(n)), None)
            last = self._candidates(column, key[place], key, row, used)[0]
            key = (*key[:place], last if name is None else name, *key[place + 1 :])
        return key

    def _absence(self, row: Row) -> list[tuple[str, ...]]:
        """Today's keys of an absence: known by its dates too."""
        place = self._sequence(row)
        dates = (row["date_debut"], row["date_fin"])
        used = self._extract.uses("cle_absence", place)
        named = self._candidates("cle_absence", row["cle_absence"], place, row, used)
        found = [name for name in named if self._extract.absences.get((*place, name)) == dates]
        if not found:
            return [(*place, named[0])]
        undated = any(one.day is None and one.ancien == row["cle_absence"] for one in self._rows.get("cle_absence", ()))
        both = undated and row["cle_absence"] in found
        # Nobody said since when the new name holds, and both are absences of these dates: neither may be completed again.
        return [(*place, name) for name in (dict.fromkeys([found[0], row["cle_absence"]]) if both else found[:1])]

    def _candidates(self, column: str, name: str, key: tuple[str, ...], row: Row, used: Used) -> list[str]:
        """What ``name`` of an entry may be called now, the likeliest first: renamings since its extract, all, then as it was."""
        since: date | None = None if pd.isna(row["extrait_du"]) else row["extrait_du"].date()
        later = self._path(column, name, key, used, since)
        every = self._path(column, name, key, used)
        return list(dict.fromkeys([later[-1], every[-1], *reversed(every)]))


# --- what is missing --------------------------------------------------------------------------------------------------

_MISSING = ["cle_dsf", "complement", "cle_de", "cle_sequence", "cle_absence", "date_debut", "date_fin"]


def _missing_absences(absences: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Absences that are not there with their dates, unless their séquence shows that Kairos has turned them."""
    mine = absences[absences["cle_dsf"].isin(facts.dsf["cle_dsf"])]
    shown = _among(mine, facts.absences, DATED)
    gone = mine[~shown]
    if gone.empty:
        return gone[_MISSING]
    columns = {"heures_absence_financables": "now"}
    place = gone[[*SEQUENCE, "heures", "financables_avant"]].merge(
        facts.sequences[[*SEQUENCE, *columns]].rename(columns=columns), on=SEQUENCE, how="left"
    )
    groups = place.groupby(SEQUENCE, dropna=False)
    turned = groups["heures"].transform("sum")
    grown = place["now"] - groups["financables_avant"].transform("min")
    known = groups["financables_avant"].transform("count") == groups["heures"].transform("count")
    seen = (known & (grown >= turned)).fillna(False).astype(bool).to_numpy()
    return gone[~seen][_MISSING]


def _missing_hours(hours: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Hours whose séquence is not there."""
    mine = hours[hours["cle_dsf"].isin(facts.dsf["cle_dsf"])]
    gone = mine[~_among(mine, facts.sequences, SEQUENCE)]
    return gone.assign(cle_absence=pd.Series(pd.NA, index=gone.index, dtype="str"))[_MISSING]


def _unplaced(hours: pd.DataFrame, plans: pd.DataFrame) -> frozenset[str]:
    """DSF of hours whose séquence is not in today's extract, unless that was made after they were typed into Kairos."""
    made = plans.drop_duplicates("cle_dsf")[["cle_dsf", "date_extraction"]]
    lost = hours[~_among(hours, plans, SEQUENCE)].merge(made, on="cle_dsf", how="left")
    within = lost["saisie_le"] < lost["date_extraction"].dt.normalize()
    return frozenset(lost.loc[~within, "cle_dsf"])


def _among(rows: pd.DataFrame, table: pd.DataFrame, keys: list[str]) -> "pd.Series[bool]":
    found = rows[keys].merge(table[keys].drop_duplicates().assign(_there=True), on=keys, how="left")["_there"]
    return pd.Series(found.notna().to_numpy(), index=rows.index)


def _under_todays_plan(hours: pd.DataFrame, plans: pd.DataFrame, renames: Sequence[Rename]) -> pd.DataFrame:
    """``hours`` under the convention and plan that their séquence has today, else under the stored ones, renamed.

    Those that were typed into Kairos before the extraction of their DSF are in that extract: they are left out of the plan
    (``cle_convention`` missing), so that they do not count again.
    """
    if hours.empty:
        return hours
    today = hours[SEQUENCE].merge(plans.drop_duplicates(SEQUENCE), on=SEQUENCE, how="left").set_index(hours.index)
    hours = hours.copy()
    for column, champ in zip(PLAN, ("numero_convention", "numero_pif"), strict=True):
        ends = _ends([one for one in renames if one.champ == champ])
        hours[column] = today[column].fillna(hours[column].replace(ends))
    counted = ~(hours["saisie_le"] < today["date_extraction"].dt.normalize())
    hours["cle_convention"] = hours["cle_convention"].where(counted)
    return hours


def _ends(renames: Sequence[Rename]) -> dict[str, str]:
    """Each old name → its last one."""
    step = {one.ancien: one.nouveau for one in renames}
    ends = {}
    for name in step:
        end = name
        while end in step:
            end = step[end]
        ends[name] = end
    return ends
