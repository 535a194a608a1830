"""The complements that a wave issues: one for each deposit and initial DSF with accepted lines, numbered in deposit order."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from pipeline.judging import complement
from pipeline.judging.deposit import Deposit
from pipeline.judging.facts import take
from pipeline.judging.frames import records
from pipeline.ledger.records import AbsenceTaken, Complement, HoursIssued
from pipeline.reference import Facts
from schemas.fields import ABSENCES, HEURES

_PORTION = 5_000  # lines that are plain Python at a time, unless one complement has more

Row = Mapping[str, Any]


def issue(
    accepted: pd.DataFrame, deposits: Sequence[Deposit], facts: Facts, ranks: Mapping[str, int], day: date
) -> tuple[list[Complement], "pd.Series[str]"]:
    """The complements of the ``accepted`` lines, by deposit then by DSF; and the number of each line's.

    ``deposits``: of the wave, in order. ``ranks``: the last rank of each DSF's complements so far.
    """
    made = []
    numbers: dict[int, str] = {}
    ranks = dict(ranks)
    dsf_rows = facts.dsf[facts.dsf["cle_dsf"].isin(accepted["cle_dsf"])].set_index("cle_dsf").to_dict("index")
    for index, rows in _lots(accepted, facts):
        cle_dsf = rows[0]["cle_dsf"]
        rank = ranks[cle_dsf] = ranks.get(cle_dsf, 0) + 1
        one = _complement(rows, deposits[rows[0]["depot"]], dsf_rows[cle_dsf], rank, day)
        numbers.update(dict.fromkeys(index, one.numero))
        made.append(one)
    return made, pd.Series(numbers, dtype="str")


def _complement(rows: Sequence[Row], named: Deposit, dsf: Mapping[Any, Any], rank: int, day: date) -> Complement:
    """One complement of ``rows``, checked."""
    numero = f"{dsf['numero_dsf']}-C{rank:02d}"
    depot = {"numero": named.numero, "sha256": named.sha256, "fichier": named.fichier}
    content = complement.payload(numero, dsf, _declarant(named.siret, dsf), rows, depot, day)
    complement.validate(content)
    return Complement(
        numero,
        rows[0]["cle_dsf"],
        rank,
        named.numero,
        named.siret,
        complement.encode(content),
        tuple(_absence(row) for row in rows if row["nature"] == ABSENCES),
        tuple(_hours(row) for row in rows if row["nature"] == HEURES),
        dsf["date_extraction"].date(),
    )


def _declarant(siret: str, dsf: Mapping[str, Any]) -> dict[str, str | None]:
    holder = siret == dsf["siret_titulaire"]
    other = holder and siret != dsf["siret_dispensateur"]
    return {
        "siret": siret,
        "qualite": "TITULAIRE" if holder else "DISPENSATEUR",
        "pour_le_compte_de": dsf["siret_dispensateur"] if other else None,
    }


_FROM_SEQUENCE = (
    "identifiant_de nom prenom numero_pif code_sequence libelle_sequence heures_prevues heures_realisees "
    "heures_absence_financables"
).split()
_FROM_ABSENCE = ("id_absence", "type_absence")
_FROM_LINE = (
    "depot nature feuille ligne date_debut heures reference_justificatif date_justificatif cle_dsf cle_de cle_sequence "
    "cle_convention cle_pif cle_absence_trouvee absence_debut absence_fin heures_non_financables"
).split()


def _lots(accepted: pd.DataFrame, facts: Facts) -> Iterator[tuple[list[int], Sequence[Row]]]:
    """The lines of each complement and what it says of them, ``_PORTION`` at a time."""
    of_person = facts.sequences.groupby(["cle_dsf", "cle_de"])[list(complement.DECLARED)].transform("sum")
    lot = accepted.groupby(["depot", "cle_dsf"], sort=True).ngroup().to_numpy()
    accepted = accepted.iloc[np.argsort(lot, kind="stable")]
    edges = np.cumsum([0, *np.bincount(lot)])
    first = 0
    while first < len(edges) - 1:
        beyond = max(int(np.searchsorted(edges, edges[first] + _PORTION, "right")) - 1, first + 1)
        part = accepted.iloc[edges[first] : edges[beyond]]
        rows = _payload_lines(part, facts, of_person)
        for low, high in pairwise(edges[first : beyond + 1] - edges[first]):
            yield part.index[low:high].tolist(), rows[low:high]
        first = beyond


def _payload_lines(accepted: pd.DataFrame, facts: Facts, of_person: pd.DataFrame) -> Sequence[Row]:
    """What a complement says of each accepted line: the extract's own writing wherever it has the thing.

    ``of_person``: beside each row of ``facts.sequences``, what is declared for its DE on its DSF.
    """
    frame = accepted[_FROM_LINE].assign(date_fin=accepted["date_fin_lue"], motif=accepted["motif_code"])
    parts = [
        frame,
        take(facts.sequences, {name: name for name in _FROM_SEQUENCE}, accepted["rang_sequence"]),
        take(of_person, {name: f"de_{name}" for name in complement.DECLARED}, accepted["rang_sequence"]),
        take(facts.absences, {name: name for name in _FROM_ABSENCE}, accepted["rang_absence"]),
    ]
    return records(pd.concat(parts, axis=1))


def _absence(row: Mapping[str, Any]) -> AbsenceTaken:
    return AbsenceTaken(
        row["cle_dsf"],
        row["cle_de"],
        row["cle_sequence"],
        row["cle_absence_trouvee"],
        row["absence_debut"],
        row["absence_fin"],
        int(row["heures"]),
        row["feuille"],
        int(row["ligne"]),
        int(row["heures_absence_financables"]),
    )


def _hours(row: Mapping[str, Any]) -> HoursIssued:
    return HoursIssued(
        row["cle_dsf"],
        row["cle_de"],
        row["cle_sequence"],
        row["date_debut"],
        row["date_fin"],
        int(row["heures"]),
        row["cle_convention"],
        row["cle_pif"],
        row["feuille"],
        int(row["ligne"]),
        int(row["heures_realisees"]),
    )
