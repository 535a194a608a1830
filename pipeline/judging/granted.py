"""What was granted before each line: by the ledger, and to the deposits before its own in the wave.

Every line of a wave may become an entry as those of the ledger are. ``Register`` has them all in one order, the ledger's first,
and numbers their keys once; whoever asks says which entries are granted, and a line sees those of earlier deposits alone.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.judging.facts import position, take
from pipeline.judging.identity import ABSENCE, DATED, HOURS, PLAN, SEQUENCE
from pipeline.ledger import Entries
from pipeline.reference import Facts
from schemas.fields import ABSENCES, HEURES
from schemas.rules.remaining import PIF_KEY
from schemas.saying import spans

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NONE = -1
"""No entry, or no key: a part of it is missing."""
_LEDGER = -1  # stands for the deposit of what the ledger has: before all others
_ANY, _NO_NAME = -2, -3  # of an absence named by its dates: which name it may have
_NEVER = np.iinfo(np.int64).max
_NO_DAY = np.iinfo(np.int64).min
_PAIRS = 2_000_000  # pairs of a line and an entry that are compared at once
_ENTRY = ["nature", "depot", "siret", "heures", "complement", "date", *DATED, *PLAN]


class Register:
    """The entries of the ledger, and the lines of a wave as the entries that they would be.

    Entries are numbered from 0: the ledger's absences, its hours, then from ``ledger`` on the lines; ``size``: how many.

    Lines and entries meet by numbers of their keys (``_asks`` of a line, ``_holds`` of an entry): ``cle``, the whole key of an
    absence or of hours; of absences ``nom`` (séquence and identifier) and ``jours`` (séquence and dates); of hours ``suite`` (the
    séquence) and ``plan`` (its place in a PIF).
    """

    def __init__(self, lines: pd.DataFrame, facts: Facts, entries: Entries, day: date, langue: str) -> None:
        """``lines``: with the reference joined, and ``saine``; in deposit order."""
        every = _every(lines, entries, day)
        self._langue = langue
        self.size = len(every)
        self.ledger = self.size - len(lines)
        self._entries = every[["complement", "siret", "date", "heures", "date_debut", "date_fin"]]
        self._lines = lines[["nature", "heures_libres", "pif_partage", "dsf_changee"]]
        self._hours = (every["nature"] == HEURES).to_numpy()
        self._depot, self._amount = every["depot"].to_numpy(), every["heures"].to_numpy()
        self._org = pd.factorize(every["siret"])[0].astype(np.int64)
        self._dates = np.column_stack([_days(every[name]) for name in ("date_debut", "date_fin")])
        self._judged = self._hours[self.ledger :] & (lines["rang_sequence"] >= 0).to_numpy()
        self._sound = lines["saine"].to_numpy()
        self._holds = _numbers_of_entries(every, self._hours)
        self._asks = {name: keys[self.ledger :] for name, keys in self._holds.items()}
        self._name_absences(lines, every, facts)
        self._sizes = {
            n: max(held.max(initial=-1), self._asks[n].max(initial=-1)) + 1 for n, held in self._holds.items()
        }

    def _name_absences(self, lines: pd.DataFrame, every: pd.DataFrame, facts: Facts) -> None:
        """Keys by which lines name an absence, its identifier or else its dates; and what the extract has under either."""
        absences = ~self._hours[self.ledger :]
        by_id = absences & lines["cle_absence"].notna().to_numpy()
        by_dates = absences & ~by_id
        name, several = _shown_alone(lines[by_dates], facts)
        shown = lines[SEQUENCE].assign(cle_absence=name.reindex(lines.index))
        self._holds["nom"], self._asks["nom"], only = _numbers(
            (every[ABSENCE], ~self._hours), (lines[ABSENCE], by_id), (shown, by_dates)
        )
        self._holds["jours"], self._asks["jours"] = _numbers((every[HOURS], ~self._hours), (lines[HOURS], by_dates))
        only[by_dates] = np.where(several, _NO_NAME, np.where(name.isna(), _ANY, only[by_dates]))
        self._only_name = only
        rows = position(facts.absences, ABSENCE, lines[by_id], ABSENCE).reindex(lines.index, fill_value=NONE)
        of_extract = take(facts.absences, {"date_debut": "debut", "date_fin": "fin"}, rows)
        named = (lines["date_debut"], lines["date_fin"], of_extract["debut"], of_extract["fin"])
        self._dates_named = np.column_stack([_days(dates) for dates in named])

    # --- asking -------------------------------------------------------------------------------------------------------

    def before(self, rows: Ints, granted: Bools) -> pd.DataFrame:
        """What the lines ``rows`` (from 0) have before them of the entries ``granted``; the index is that of the lines.

        ``meme``: the entry with a line's very key. ``precedent``: the entry that the line is, from the same organisation with the
        same hours. ``recoupe``: of hours, the first entry of their séquence on other dates that share a day. NONE where there is
        none. ``ajoutees``: hundredths added to its plan; ``partage``: others added some.
        """
        entries = np.flatnonzero(granted)
        first = self._first("cle", entries, entries, NONE)
        same = self._visible(rows, first[self._asks["cle"][rows]])
        hours, absences = entries[self._hours[entries]], entries[~self._hours[entries]]
        sound = self._sound[rows]
        own = self._is_line(rows, same) & self._hours[self.ledger + rows] & sound
        turned = np.where(sound, self._turned(rows, absences[first[self._holds["cle"][absences]] == absences]), NONE)
        before = np.where(own, same, turned)
        added, others = self._added(rows, hours)
        overlapping = self._overlapping(rows, hours, self._judged[rows] & (before == NONE))
        return pd.DataFrame(
            {"meme": same, "precedent": before, "recoupe": overlapping, "ajoutees": added, "partage": others},
            index=self._lines.index[rows],
        )

    def told(self, before: pd.DataFrame, numbers: "pd.Series[str] | None" = None) -> pd.DataFrame:
        """What ``before`` comes to, as the columns that rules and words look at.

        ``numbers``: those of the wave's complements, by line; while they are not known, rules see that there is one.
        """
        lines, entries = self._lines.loc[before.index], self._entries
        if numbers is not None:
            known = entries["complement"].iloc[: self.ledger]
            entries = entries.assign(complement=pd.concat([known, numbers], ignore_index=True))
        hours = lines["nature"] == HEURES
        names = {"complement": "complement", "siret": "siret", "date": "le", "heures": "heures"}
        taken = take(entries, names, before["meme"].mask(hours, NONE)).add_prefix("prise_")
        issued = take(entries, names, before["meme"].where(hours, NONE)).add_prefix("emises_")
        told = pd.concat([taken, issued.rename(columns={"emises_heures": "heures_emises"})], axis=1)
        told["emises_complement"] = told["emises_complement"].mask(lines["dsf_changee"])
        told["complement_precedent"] = take(entries, {"complement": "c"}, before["precedent"])["c"]
        told["deja_prise"] = before["precedent"] != NONE
        told["heures_reste"] = lines["heures_libres"] - before["ajoutees"]
        told["pif_du_deposant"] = ~(lines["pif_partage"] | before["partage"])
        told["emission_chevauchee"] = self._said(before["recoupe"], entries)
        return told

    def _said(self, overlapping: "pd.Series[int]", entries: pd.DataFrame) -> "pd.Series[str]":
        """AVT-04: the dates and complement of those hours where they are the depositor's own; missing where there are none."""
        some = overlapping[overlapping != NONE]
        found = take(entries, {name: name for name in ("complement", "siret", "date_debut", "date_fin")}, some)
        words = " (" + spans(found["date_debut"], found["date_fin"], self._langue) + ", " + found["complement"] + ")"
        own = self._org[some.to_numpy()] == self._org[self.ledger + self._lines.index.get_indexer(some.index)]
        return words.where(own, "").reindex(overlapping.index).astype("str")

    def looking_at(self, changed: Ints) -> Bools:
        """The lines that may be told otherwise where the lines ``changed`` (ascending) are granted, or no longer are."""
        entries = self.ledger + changed
        looking: Bools = np.zeros(len(self._lines), dtype=bool)
        for name, asked in self._asks.items():
            since = self._first(name, entries, self._depot[entries], _NEVER)[asked]
            np.logical_or(looking, since < self._depot[self.ledger :], out=looking)
        return looking

    # --- each kind of question ----------------------------------------------------------------------------------------

    def _first(self, name: str, entries: Ints, values: Ints, fill: int) -> Ints:
        """Number of a key → the value of the first of ``entries`` with it; ``fill`` where none has it, and at NONE."""
        held = self._holds[name][entries]
        keys = held[held != NONE]
        first = np.full(self._sizes[name] + 1, fill)
        first[keys[::-1]] = values[held != NONE][::-1]
        return first

    def _visible(self, rows: Ints, entries: Ints) -> Ints:
        """``entries`` where they are of a deposit before that of the line, else NONE."""
        there = (entries != NONE) & (self._depot[entries] < self._depot[self.ledger + rows])
        return np.where(there, entries, NONE)

    def _is_line(self, rows: Ints, entries: Ints) -> Bools:
        """Where there is an entry, of the line's organisation and with its hours."""
        mine = self.ledger + rows
        same: Bools = (self._org[entries] == self._org[mine]) & (self._amount[entries] == self._amount[mine])
        same &= entries != NONE
        return same

    def _turned(self, rows: Ints, entries: Ints) -> Ints:
        """The entry of the very absence that a line turns; ``entries``: absences, each once.

        The ledger's dates must be those of the absence as the extract has it, where it is found under the identifier typed, and
        those typed. Named by its dates alone, the absence must be the only one with them, in the ledger and in the extract; where
        the extract has none, the ledger alone decides.
        """
        found = np.full(len(rows), _NEVER)
        for line, entry in _pairs(self._asks["nom"][rows], self._holds["nom"][entries]):
            seen = self._visible(rows[line], entries[entry])
            named = self._dates_named[rows[line]]
            right = ((named == _NO_DAY) | (named == np.tile(self._dates[seen], 2))).all(axis=1)
            right &= self._is_line(rows[line], seen)
            np.minimum.at(found, line[right], seen[right])
        first = self._first("jours", entries, entries, NONE)
        others = entries[first[self._holds["jours"][entries]] != entries]
        second = self._first("jours", others, self._depot[others], _NEVER)
        dates, only = self._asks["jours"][rows], self._only_name[rows]
        alone = self._visible(rows, first[dates])
        right = self._is_line(rows, alone) & (self._depot[self.ledger + rows] <= second[dates])
        right &= (only == _ANY) | (only == self._holds["nom"][alone])
        return np.where(right, alone, np.where(found == _NEVER, NONE, found))

    def _added(self, rows: Ints, entries: Ints) -> tuple[Ints, Bools]:
        """Hundredths of ``entries`` (hours) in the plan of each line, and whether another organisation has some there."""
        plan, depot = self._asks["plan"][rows], self._depot[self.ledger + rows]
        entries = entries[self._holds["plan"][entries] != NONE]
        width = self._depot[-1] + 3  # the ledger, each deposit, and one beyond
        place = self._holds["plan"][entries] * width + self._depot[entries] + 1
        order = np.argsort(place, kind="stable")
        place, until = place[order], np.concatenate([[0], np.cumsum(self._amount[entries[order]])])
        added = until[np.searchsorted(place, plan * width + depot + 1)] - until[np.searchsorted(place, plan * width)]
        first = self._first("plan", entries, entries, NONE)
        others = entries[self._org[first[self._holds["plan"][entries]]] != self._org[entries]]
        other = self._first("plan", others, others, NONE)
        mine = self._org[self.ledger + rows]
        foreign = np.where(self._org[first[plan]] == mine, other[plan], first[plan])
        return np.where(plan == NONE, 0, added), self._visible(rows, foreign) != NONE

    def _overlapping(self, rows: Ints, entries: Ints, asked: Bools) -> Ints:
        """The first of ``entries`` (hours) of each line's séquence, on other dates that share a day with the line's."""
        found = np.full(len(rows), NONE)
        asking = np.flatnonzero(asked)
        for line, entry in _pairs(self._asks["suite"][rows[asking]], self._holds["suite"][entries]):
            at, other = asking[line], entries[entry]
            mine, seen = self._dates[self.ledger + rows[at]], self._dates[other]
            shared = (seen[:, 0] <= mine[:, 1]) & (seen[:, 1] >= mine[:, 0]) & (mine != _NO_DAY).all(axis=1)
            shared &= (seen != mine).any(axis=1) & (self._visible(rows[at], other) != NONE)
            at, other, seen = at[shared], other[shared], seen[shared]
            order = np.lexsort((other, seen[:, 1], seen[:, 0]))[::-1]
            found[at[order]] = other[order]
        return found


# --- keys as numbers --------------------------------------------------------------------------------------------------


def _every(lines: pd.DataFrame, entries: Entries, day: date) -> pd.DataFrame:
    """The ledger's entries, then each line as the entry that it would be."""
    absence = lines["nature"] == ABSENCES
    would_be = lines.assign(
        complement="",
        date=pd.Timestamp(day).as_unit("s"),
        heures=lines["heures"].fillna(0).astype("int64"),
        cle_absence=lines["cle_absence_trouvee"],
        date_debut=lines["date_debut"].mask(absence, lines["absence_debut"]),
        date_fin=lines["date_fin_lue"].mask(absence, lines["absence_fin"]),
    )
    known = [
        table.assign(nature=nature, depot=_LEDGER).reindex(columns=_ENTRY)
        for table, nature in ((entries.absences, ABSENCES), (entries.heures, HEURES))
        if len(table)
    ]
    return pd.concat([*known, would_be[_ENTRY]], ignore_index=True)


def _numbers_of_entries(every: pd.DataFrame, hours: Bools) -> dict[str, Ints]:
    """``cle``, ``suite`` and ``plan`` of each entry."""
    (absence,) = _numbers((every[DATED], ~hours))
    (added,) = _numbers((every[HOURS], hours))
    (suite,) = _numbers((every[SEQUENCE], hours))
    (plan,) = _numbers((every[PIF_KEY], hours))
    beyond = absence.max(initial=NONE) + 1
    return {"cle": np.where(hours & (added != NONE), added + beyond, absence), "suite": suite, "plan": plan}


def _numbers(*tables: tuple[pd.DataFrame, Bools]) -> tuple[Ints, ...]:
    """A number for the key of each row, its columns in order, the same for the same key in all ``tables``.

    NONE where a part of it is missing, and where the mask beside the table is False.
    """
    parts = [table[mask].set_axis(range(table.shape[1]), axis=1) for table, mask in tables]
    together = pd.concat(parts, ignore_index=True)
    found = together.groupby(list(together.columns), sort=False).ngroup().fillna(NONE).to_numpy(dtype=np.int64)
    numbers = []
    for (_, mask), low in zip(tables, np.cumsum([0, *map(len, parts[:-1])]), strict=True):
        number = np.full(len(mask), NONE)
        number[mask] = found[low : low + mask.sum()]
        numbers.append(number)
    return tuple(numbers)


def _shown_alone(lines: pd.DataFrame, facts: Facts) -> tuple["pd.Series[str]", Bools]:
    """The name of the one absence that the extract has on a line's dates; and where it has several."""
    alike = facts.absences.duplicated(HOURS, keep=False)
    row = position(facts.absences[~alike], HOURS, lines, HOURS)
    several = position(facts.absences[alike].drop_duplicates(HOURS), HOURS, lines, HOURS) != NONE
    return take(facts.absences[~alike], {"cle_absence": "name"}, row)["name"], several.to_numpy()


def _days(dates: "pd.Series[pd.Timestamp]") -> Ints:
    """Days since 1970; ``_NO_DAY`` where missing."""
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)


def _pairs(asked: Ints, offered: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Positions of equal numbers in both, NONE apart; about ``_PAIRS`` at a time, those of one of ``asked`` together."""
    order = np.argsort(offered, kind="stable")
    low = np.searchsorted(offered[order], asked, "left")
    many = np.where(asked == NONE, 0, np.searchsorted(offered[order], asked, "right") - low)
    cuts = np.searchsorted(np.cumsum(many), np.arange(_PAIRS, many.sum() + _PAIRS, _PAIRS))
    for start, end in pairwise([0, *np.minimum(cuts + 1, len(asked))]):
        n = many[start:end]
        left = np.repeat(np.arange(start, end), n)
        within = np.arange(len(left)) - np.repeat(np.cumsum(n) - n, n)
        yield left, order[within + np.repeat(low[start:end], n)]
