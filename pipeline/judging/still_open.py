"""What is still open of all that was ever rejected, held or refused: by what is to be done, by deposit, organisation and rule.

Source: contract §7. The ledger knows what a later deposit has taken up (``pipeline.ledger.openness``); here it is counted.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipeline.judging.context import Context
from pipeline.ledger import OpenLines
from pipeline.ledger.records import REFUSED, WAITING
from schemas.rule import CORRECT, WAIT, WITHDRAW

SUITES = (CORRECT, WAITING, WAIT, WITHDRAW, REFUSED)
"""What is to be done with open lines: as their findings say, or wait for others; or drop a refused file again."""


@dataclass
class _Sum:
    """Lines, their hundredths, refused files, the deposits they are of, and the first day of these."""

    lignes: int = 0
    heures: int = 0
    refuses: int = 0
    depots: set[str] = field(default_factory=set)
    organismes: set[str] = field(default_factory=set)
    depuis: str = ""

    def add(self, one: OpenLines) -> None:
        """Count these lines; a refused file has none that anybody knows."""
        self.refuses += one.suite == REFUSED
        self.lignes += 0 if one.suite == REFUSED else one.lignes
        self.heures += one.heures
        self.depots.add(one.depot)
        self.organismes.add(one.siret)
        self.depuis = min(self.depuis or one.date, one.date)

    @property
    def counted(self) -> dict[str, int]:
        """Lines, hundredths and refused files."""
        return {"lignes": self.lignes, "heures": self.heures, "refuses": self.refuses}


def still_open(context: Context, most: int) -> dict[str, Any]:
    """``suites``, ``organismes``, ``regles``, and ``depots`` {total, lignes} of at most ``most`` rows, as run.json has them.

    Each counts lignes, heures (int hundredths) and refuses, files of which nobody knows the hours. A line that breaks two rules
    counts for each. Deposits and organisations with most hours first; ``jours`` by the context's day.
    """
    every = context.book.open_lines()
    deposits = _deposits(every, context.day)
    return {
        "suites": [{"suite": suite, **one.counted, "depots": len(one.depots)} for suite, one in _by_suite(every)],
        "organismes": _organisations(every),
        "regles": _rules(every),
        "depots": {"total": len(deposits), "lignes": deposits[:most]},
    }


def _by_suite(every: Iterable[OpenLines]) -> list[tuple[str, _Sum]]:
    sums = {suite: _Sum() for suite in SUITES}
    for one in every:
        sums[one.suite].add(one)
    return list(sums.items())


def _deposits(every: Iterable[OpenLines], day: date) -> list[dict[str, Any]]:
    sums: dict[str, tuple[OpenLines, _Sum, set[str]]] = {}
    for one in every:
        _, total, codes = sums.setdefault(one.depot, (one, _Sum(), set()))
        total.add(one)
        codes.update(one.codes.split())
    rows = [
        {
            **{name: getattr(first, name) for name in ("depot", "siret", "raison_sociale", "fichier")},
            **total.counted,
            "codes": " ".join(sorted(codes)),
            "juge_le": first.date,
            "jours": (day - date.fromisoformat(first.date)).days,
        }
        for first, total, codes in sums.values()
    ]
    return sorted(rows, key=lambda row: (-row["heures"], -row["refuses"], -row["lignes"], row["juge_le"], row["depot"]))


def _organisations(every: Iterable[OpenLines]) -> list[dict[str, Any]]:
    sums, names = defaultdict[str, _Sum](_Sum), dict[str, str]()
    for one in every:
        sums[one.siret].add(one)
        names[one.siret] = one.raison_sociale or names.get(one.siret, "")
    rows = [
        {"siret": siret, "raison_sociale": names[siret], **one.counted, "depots": len(one.depots), "depuis": one.depuis}
        for siret, one in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row["heures"], -row["refuses"], -row["lignes"], row["siret"]))


def _rules(every: Iterable[OpenLines]) -> list[dict[str, Any]]:
    sums = defaultdict[str, _Sum](_Sum)
    for one in every:
        for code in one.codes.split():
            sums[code].add(one)
    rows = [{"code": code, **one.counted, "organismes": len(one.organismes)} for code, one in sums.items()]
    return sorted(rows, key=lambda row: (-row["heures"], -row["refuses"], -row["lignes"], row["code"]))
