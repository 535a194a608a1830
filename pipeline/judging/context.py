"""What deposits are judged with: what can travel to whoever judges (``Terms``), and what is asked on the spot (``Context``)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from pipeline.judging.identity import Present, present, still_completed
from pipeline.judging.known_again import Met, are_hidden, known_again
from pipeline.ledger import Entries, Ledger
from pipeline.nomenclature import Motif, Rename
from pipeline.reference import Facts, Reference
from pipeline.settings import Settings

_DECIDING = ("langue", "politique", "pas_heures", "ouverture", "severites")


@dataclass(frozen=True)
class Terms:
    """Plain data that every deposit of a run is judged with.

    ``settings``: those that decide, the others at their defaults. ``day``: the run's date. ``motifs``: the product's and the
    operator's, of all dates. ``renames``: the operator's correspondances. ``extracts``: every load of the reference, oldest
    first: nom, date_extraction, sha256.
    """

    settings: Settings
    day: date
    motifs: tuple[Motif, ...]
    renames: tuple[Rename, ...] = ()
    extracts: tuple[Mapping[str, str], ...] = ()

    def extracts_behind(self, names: Collection[str]) -> list[Mapping[str, str]]:
        """The loads called ``names``, that gave the DSF of some lines, and the newest one: what it does not have is not known."""
        used = {*names, *(extract["nom"] for extract in self.extracts[-1:])}
        return [extract for extract in self.extracts if extract["nom"] in used]


@dataclass(frozen=True)
class Context:
    """What a run and `dsf check` judge with: nothing here writes, or knows of an outbox. Fields: as of ``Terms``."""

    settings: Settings
    day: date
    reference: Reference
    book: Ledger
    motifs: tuple[Motif, ...]
    renames: tuple[Rename, ...] = ()

    @property
    def terms(self) -> Terms:
        """What of it can travel: of the settings those that decide, not where ledger and storage are, nor how to get there."""
        loads = tuple(
            {"nom": load.nom, "date_extraction": load.date_extraction.date().isoformat(), "sha256": load.sha256}
            for load in self.reference.loads()
        )
        chosen = {name: getattr(self.settings, name) for name in _DECIDING}
        return Terms(Settings(**chosen), self.day, self.motifs, self.renames, loads)

    def facts(self, cles_dsf: Collection[str]) -> Facts:
        """What the reference knows of these DSF, ``as_named_today``."""
        return self.as_named_today(self.reference.facts(cles_dsf))

    def as_named_today(self, facts: Facts) -> Facts:
        """``facts`` where an absence that any load said completed is so, under the key that it has today."""
        return still_completed(facts, self.completed(facts), self.renames)

    def completed(self, facts: Facts) -> pd.DataFrame | None:
        """What any load said completed on the DSF of ``facts``; None where it has no other name today."""
        return self.reference.completed(facts.dsf["cle_dsf"]) if self.renames else None

    def entries(
        self,
        cles_dsf: Collection[str],
        facts: Facts,
        typed: Callable[[], pd.DataFrame] | None = None,
        *,
        siblings: bool = True,
    ) -> tuple[Entries, pd.DataFrame]:
        """What the ledger completed on these DSF, and added to the plans of their conventions; today's plans of those.

        ``facts``: what the reference knows of these DSF. ``typed``: lines (cle_dsf, cle_de) that may be about persons whom it
        does not have. ``siblings`` False: on these DSF alone.
        """
        beside = (facts.dsf["cle_convention"].unique(), facts.declared["cle_dsf"].unique()) if siblings else ((), ())
        entries = self.book.entries(cles_dsf, *beside)
        plans = self.reference.plans(entries.heures["cle_dsf"].unique())
        if self.book.pseudonyms and are_hidden(entries):
            met = Met.of(facts, plans, typed() if typed else None)
            entries = known_again(entries, met, self.book.pseudonyms, self.renames)
        return entries, plans

    def present(self, cles_dsf: Collection[str], facts: Facts, *, siblings: bool = True) -> Present:
        """``entries``, as the extracts now call them."""
        entries, plans = self.entries(cles_dsf, facts, siblings=siblings)
        return present(entries, facts, plans, self.renames)
