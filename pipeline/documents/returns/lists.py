"""What the initial DSF say of what is to be corrected: the depositor's own DSF, their trainees, séquences and absences.

Only DSF that rejected lines name and that are the depositor's are listed, so nobody is told of another's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pipeline import jsonfile
from pipeline.judging.completable import left, open_absences
from pipeline.judging.frames import records
from pipeline.judging.identity import Present
from pipeline.judging.verdicts import REJECTED
from pipeline.reference import Facts

MOST = 1_500
"""Rows that one report lists: a séquence of a trainee, or each of its absences."""
_WANTED = ["depot", "siret", "cle_dsf", "cle_de"]


class Lists:
    """The lists of the deposits of one wave."""

    def __init__(self, lines: pd.DataFrame, facts: Facts, present: Present) -> None:
        """``lines``: settled; ``facts`` and ``present``: what they were judged with, the rows of ``facts`` by ``cle_dsf``."""
        own = lines.loc[(lines["verdict"] == REJECTED) & lines["dsf_connue"], _WANTED]
        self._asked = dict(iter(own.drop_duplicates().groupby("depot")))
        self._facts, self._present = facts, present

    def of(self, position: int) -> dict[str, list[dict[str, Any]]]:
        """``dsf`` and ``sequences`` of contract §7 for the deposit ``position``; of about ``MOST`` rows at most."""
        asked = self._asked.get(position)
        if asked is None:
            return {"dsf": [], "sequences": []}
        people: dict[str, set[str | None]] = {}
        for cle_dsf, cle_de in zip(asked["cle_dsf"], asked["cle_de"].astype("object"), strict=True):
            people.setdefault(cle_dsf, set()).add(cle_de)
        known = self._known(asked["siret"].iloc[0], list(people))
        dsf, sequences, rows = [], [], 0
        for cle_dsf, wanted in people.items():
            dsf += [_dsf(row) for row in _rows(known.dsf, cle_dsf)]
            for entry in _of_dsf(known, cle_dsf, wanted):
                sequences.append(entry)
                rows += max(1, len(entry["absences"]))
                if rows >= MOST:
                    return {"dsf": dsf, "sequences": sequences}
        return {"dsf": dsf, "sequences": sequences}

    def _known(self, siret: str, cles_dsf: list[str]) -> Facts:
        """The facts of these DSF alone, with what is left of each plan (``heures_reste``)."""
        every = self._facts
        dsf, sequences, absences = (
            table[table["cle_dsf"].isin(cles_dsf)].reset_index(drop=True)
            for table in (every.dsf, every.sequences, every.absences)
        )
        declared = every.declared[every.declared["cle_convention"].isin(set(dsf["cle_convention"]))]
        some = replace(every, dsf=dsf, sequences=sequences, absences=absences, declared=declared.reset_index(drop=True))
        reste = left(siret, some, self._present)
        still_open = open_absences(some, self._present).sort_values("cle_dsf", kind="stable")
        return replace(some, sequences=sequences.assign(heures_reste=reste), absences=still_open)


def _of_dsf(known: Facts, cle_dsf: str, wanted: set[str | None]) -> Iterator[dict[str, Any]]:
    """The séquences of the trainees ``wanted``; of all where one of them is not on the DSF."""
    rows = list(_rows(known.sequences, cle_dsf))
    people = {row["cle_de"] for row in rows}
    chosen = people if wanted - people else wanted
    absences: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in _rows(known.absences, cle_dsf):
        if row["cle_de"] in chosen:
            absences.setdefault((row["cle_de"], row["cle_sequence"]), []).append(_absence(row))
    for row in rows:
        if row["cle_de"] in chosen:
            yield _sequence(row) | {"absences": absences.get((row["cle_de"], row["cle_sequence"]), [])}


def _rows(table: pd.DataFrame, cle_dsf: str) -> Iterable[dict[str, Any]]:
    """The rows of one DSF in a table that is in the order of ``cle_dsf``."""
    keys = table["cle_dsf"].to_numpy()
    low, high = np.searchsorted(keys, [cle_dsf]), np.searchsorted(keys, [cle_dsf], side="right")
    return records(table.iloc[int(low[0]) : int(high[0])])


def _dsf(row: dict[str, Any]) -> dict[str, Any]:
    days = {name: row[name].isoformat() for name in ("periode_debut", "periode_fin")}
    return {"numero_dsf": row["numero_dsf"], "intitule": row["intitule"], **days}


def _sequence(row: dict[str, Any]) -> dict[str, Any]:
    names = ("numero_dsf", "identifiant_de", "nom", "prenom", "code_sequence", "libelle_sequence")
    left_over = None if row["heures_reste"] is None else jsonfile.hours(int(row["heures_reste"]))
    hours = {"heures_prevues": jsonfile.hours(row["heures_prevues"]), "heures_reste": left_over}
    return {name: row[name] for name in names} | hours


def _absence(row: dict[str, Any]) -> dict[str, Any]:
    days = {name: row[name].isoformat() for name in ("date_debut", "date_fin")}
    return {"id_absence": row["id_absence"], **days, "heures": jsonfile.hours(row["heures_non_financables"])}
