"""Deposits as heavy as what is read may be: many lines, many columns, long texts, wide characters; as wide as asked for.

They are put together as reading, judging and settling would leave them, so that only what comes back is at work.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd

from pipeline.cells.model import Meaning
from pipeline.documents.returns.model import report_data
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.judging import complement
from pipeline.judging.context import Terms
from pipeline.judging.decide import Decided
from pipeline.judging.deposit import Deposit
from pipeline.judging.findings import FINDING
from pipeline.judging.settle import Settled
from pipeline.reading.model import Reading, SheetColumn, SheetTable
from pipeline.settings import Settings
from pipeline.work.packed import Packed
from schemas.fields import HEURES, SHEETS, fields_of
from tests.world import TITULAIRE

_BLANK = Meaning(None)
DSF = "41C0000123"


@dataclass
class Heavy:
    """One deposit. Each column is (heading, cells by line); ``findings`` gives those of a line: (code, severity, field, text)."""

    verdicts: Sequence[str]
    cells: Sequence[object] = ("abc",)
    own: Sequence[tuple[str, Sequence[object]]] = ()
    findings: Sequence[Sequence[tuple[str, str, str, str]]] = ((),)
    wide: Sequence[tuple[str, str, str, str]] = ()
    complements: int = 0
    sheets: int = 1
    headings_apart: bool = False
    heading: str = ""
    settings: Settings = field(default_factory=Settings)

    def report(self) -> dict[str, Any]:
        """What ``report_data`` makes of it."""
        terms = Terms(self.settings, date(2025, 6, 30), ())
        return next(report_data(self._decided(), terms, ""))

    # --- as the rooms before would leave it ---------------------------------------------------------------------------

    def _tables(self) -> tuple[SheetTable, ...]:
        size = len(self.verdicts) // self.sheets
        fields = fields_of(HEURES)
        tables = []
        for sheet in range(self.sheets):
            columns = [
                _column(f.name, f.headings[HEURES] + self.heading, i, self.cells, size) for i, f in enumerate(fields)
            ]
            columns += [
                _column(None, f"{title}{sheet if self.headings_apart else ''}", len(fields) + i, cells, size)
                for i, (title, cells) in enumerate(self.own)
            ]
            name = SHEETS[HEURES] if self.sheets == 1 else f"Feuille {sheet}"
            tables.append(SheetTable(name, HEURES, 1, tuple(columns), array("i", range(2, size + 2))))
        return tuple(tables)

    def _decided(self) -> Decided:
        tables = self._tables()
        arrival = Arrival("a.xlsx", TITULAIRE, "a.xlsx", "0:0", *(0,) * 3)
        deposit = Deposit(
            Snapshot(arrival, "0" * 64, Path()), Packed.of(Reading("xlsx", tables)), "2025-06-30-00000000"
        )
        lines = self._lines(tables)
        numbers = [f"{DSF}-C{n:05d}" for n in range(self.complements)]
        issued = [SimpleNamespace(depot=deposit.numero, numero=number) for number in numbers]
        contents = {deposit.numero: [complement.encode(_payload(number)) for number in numbers]}
        settled = Settled(lines, self._findings(lines), frozenset(), cast("Any", tuple(issued)), contents)
        return Decided((deposit,), tables, settled, cast("Any", None), cast("Any", None))

    def _lines(self, tables: Sequence[SheetTable]) -> pd.DataFrame:
        rows = [
            (at, rank, table.sheet, table.rows[rank])
            for at, table in enumerate(tables)
            for rank in range(len(table.rows))
        ]
        frame = pd.DataFrame(rows, columns=["table", "rang", "feuille", "ligne"])
        texts = {
            "numero_dsf": DSF,
            "identifiant_de": "1234567A",
            "nom": "Exemple",
            "prenom": "Alix",
            "code_sequence": "S1",
        }
        frame = frame.assign(depot=0, nature=HEURES, heures=700, cle_dsf=DSF.lower(), complement="", **texts)
        return frame.assign(
            verdict=list(self.verdicts)[: len(frame)],
            complement_precedent=None,
            extrait=None,
            dsf_connue=False,
            cle_de=None,
            siret=TITULAIRE,
        )

    def _findings(self, lines: pd.DataFrame) -> pd.DataFrame:
        rows = [_finding(-1, "", 0, *one) for one in self.wide]
        for index, (sheet, row) in enumerate(zip(lines["feuille"], lines["ligne"], strict=True)):
            rows += [_finding(index, sheet, row, *one) for one in self.findings[index % len(self.findings)]]
        return pd.DataFrame(rows, columns=FINDING)


def _column(name: str | None, heading: str, index: int, cells: Sequence[object], size: int) -> SheetColumn:
    codes = array("i", [n % len(cells) for n in range(size)])
    return SheetColumn(name, heading, index, codes, cast("Any", tuple(cells)), (_BLANK,) * len(cells))


def _finding(line: int, sheet: str, row: int, code: str, severity: str, champ: str, text: str) -> tuple[object, ...]:
    return (
        code,
        severity,
        0,
        line,
        champ,
        sheet,
        row,
        HEURES,
        "A",
        "Titre",
        text,
        "une valeur",
        f"« {text} » ?",
        "Corrigez.",
        "corriger",
        "",
    )


def _payload(number: str) -> dict[str, Any]:
    totals = {"heures_complementaires": 0, "heures_valorisees": 0}
    initial = {"numero": DSF}
    return {"numero": number, "dsf_initiale": initial, "demandeurs": [], "totaux": totals}
