"""What deposits are judged with."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from pipeline.judging.identity import Present, present, still_completed
from pipeline.ledger import Ledger
from pipeline.nomenclature import Motif, Rename
from pipeline.reference import Facts, Reference
from pipeline.settings import Settings


@dataclass(frozen=True)
class Context:
    """What a run and `dsf check` judge with: nothing here writes, and nothing knows of an outbox.

    ``day``: the run's date. ``motifs``: the product's and the operator's, of all dates. ``renames``: the operator's
    correspondances.
    """

    settings: Settings
    day: date
    reference: Reference
    book: Ledger
    motifs: tuple[Motif, ...]
    renames: tuple[Rename, ...] = ()

    def facts(self, cles_dsf: Collection[str]) -> Facts:
        """What the reference knows of these DSF, ``as_named_today``."""
        return self.as_named_today(self.reference.facts(cles_dsf))

    def as_named_today(self, facts: Facts) -> Facts:
        """``facts`` where an absence that any load said completed is so, under the key that it has today."""
        if not self.renames:
            return facts
        return still_completed(facts, self.reference.completed(facts.dsf["cle_dsf"]), self.renames)

    def present(self, cles_dsf: Collection[str], facts: Facts) -> Present:
        """What the ledger completed on these DSF, and added to the plans of their conventions, as the extracts now call it.

        ``facts``: what the reference knows of these DSF.
        """
        siblings = facts.declared["cle_dsf"].unique()
        entries = self.book.entries(cles_dsf, facts.dsf["cle_convention"].unique(), siblings)
        plans = self.reference.plans(entries.heures["cle_dsf"].unique())
        return present(entries, facts, plans, self.renames)

    def extracts(self) -> list[dict[str, str]]:
        """Every load of the reference, oldest first: nom, date_extraction, sha256."""
        return [
            {"nom": load.nom, "date_extraction": load.date_extraction.date().isoformat(), "sha256": load.sha256}
            for load in self.reference.loads()
        ]

    def extracts_behind(self, names: Collection[str]) -> list[Mapping[str, str]]:
        """The loads called ``names``, that gave the DSF of some lines, and the newest one: what it does not have is not known."""
        every = self.extracts()
        used = {*names, *(extract["nom"] for extract in every[-1:])}
        return [extract for extract in every if extract["nom"] in used]
