"""What there is to do about a deposit, counted over all its lines and findings, whatever of them a report has room for."""

from typing import Any

import pandas as pd

from pipeline.judging.verdicts import REJECTED, remedies
from schemas.rule import CORRECT, REJECTS, REMEDIES, WAIT, WARNS

_CAUSE = ["code", "champ", "message", "geste", "attendu"]
"""Findings of a deposit that are alike in these have one cause."""


class ToDo:
    """Rejected lines of a wave by what is done about them, and the distinct causes of each deposit's findings."""

    def __init__(self, lines: pd.DataFrame, findings: pd.DataFrame) -> None:
        """``lines`` and ``findings``: of a wave settled."""
        rejecting = findings[findings["severite"] == REJECTS]
        remedy = remedies(findings)
        rejected = lines.loc[lines["verdict"] == REJECTED, ["depot"]]
        suites = rejected.assign(suite=[remedy.get(line, CORRECT) for line in rejected.index])
        self._suites = suites.groupby(["depot", "suite"]).size().to_dict()
        waiting = suites[suites["suite"] == WAIT]
        last = rejecting[rejecting["suite"] == WAIT].groupby("ligne_id")["des"].max()
        days = waiting.assign(des=last.reindex(waiting.index).fillna("")).groupby("depot")["des"]
        known = days.max().where(days.min() != "", "")
        self._from = known.to_dict()
        distinct = rejecting.assign(whole=rejecting["ligne_id"] < 0).drop_duplicates(["depot", "whole", *_CAUSE])
        self._causes = distinct.groupby("depot").size().to_dict()
        self._warned = set(findings.loc[findings["severite"] == WARNS, "depot"])

    def of(self, position: int, state: str) -> dict[str, Any]:
        """Of the deposit ``position``: ``code_retour``, ``suites``, ``des`` and ``causes`` of contract §7.

        ``des``: the day from which all the lines that wait may be dropped again, "" where it is not known of every one.
        """
        code = {"refuse": 3, "accepte": int(position in self._warned)}.get(state, 2)
        return {
            "code_retour": code,
            "suites": {name: self._suites.get((position, name), 0) for name in REMEDIES},
            "des": self._from.get(position, ""),
            "causes": self._causes.get(position, 0),
        }
