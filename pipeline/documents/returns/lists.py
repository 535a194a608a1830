"""What the initial DSF say of what is to be corrected: the depositor's own DSF, their trainees, séquences and absences.

Only DSF that rejected lines name and that are the depositor's are listed, so nobody is told of another's.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from pipeline import jsonfile
from pipeline.judging.frames import records
from pipeline.judging.verdicts import REJECTED
from pipeline.reference import Facts

MOST = 1_500
"""Rows that one report lists: a séquence of a trainee, or each of its absences."""
_WANTED = ["depot", "cle_dsf", "cle_de"]


class Lists:
    """The lists of the deposits of one wave."""

    def __init__(self, lines: pd.DataFrame, facts: Facts) -> None:
        """``lines``: settled; ``facts``: those they were judged with, their rows by ``cle_dsf``."""
        own = lines.loc[(lines["verdict"] == REJECTED) & lines["dsf_connue"], _WANTED]
        self._asked = dict(iter(own.drop_duplicates().groupby("depot")))
        self._dsf, self._sequences, self._absences = facts.dsf, facts.sequences, facts.absences

    def of(self, position: int) -> dict[str, list[dict[str, Any]]]:
        """``dsf`` and ``sequences`` of contract §7 for the deposit ``position``; of about ``MOST`` rows at most."""
        asked = self._asked.get(position)
        if asked is None:
            return {"dsf": [], "sequences": []}
        people: dict[str, set[str | None]] = {}
        for cle_dsf, cle_de in zip(asked["cle_dsf"], asked["cle_de"].astype("object"), strict=True):
            people.setdefault(cle_dsf, set()).add(cle_de)
        dsf, sequences, rows = [], [], 0
        for cle_dsf, wanted in people.items():
            dsf += [_dsf(row) for row in _rows(self._dsf, cle_dsf)]
            for entry in self._of_dsf(cle_dsf, wanted):
                sequences.append(entry)
                rows += max(1, len(entry["absences"]))
                if rows >= MOST:
                    return {"dsf": dsf, "sequences": sequences}
        return {"dsf": dsf, "sequences": sequences}

    def _of_dsf(self, cle_dsf: str, wanted: set[str | None]) -> Iterator[dict[str, Any]]:
        """The séquences of the trainees ``wanted``; of all where one of them is not on the DSF."""
        rows = list(_rows(self._sequences, cle_dsf))
        known = {row["cle_de"] for row in rows}
        chosen = known if wanted - known else wanted
        absences: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in _rows(self._absences, cle_dsf):
            if row["cle_de"] in chosen and not row["deja_complementee"]:
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
    return {name: row[name] for name in names} | {"heures_prevues": jsonfile.hours(row["heures_prevues"])}


def _absence(row: dict[str, Any]) -> dict[str, Any]:
    days = {name: row[name].isoformat() for name in ("date_debut", "date_fin")}
    return {"id_absence": row["id_absence"], **days, "heures": jsonfile.hours(row["heures_non_financables"])}
