"""The second round: what comes back is corrected, as a secretary would, and dropped again.

What a line should have been is known from the plan; which lines came back is read from ``rapport.json``, and the corrected
cells are written into the returned ``a-corriger.xlsx`` itself, or the whole original is dropped again.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.demo.deposits import AS_OF_SECOND, NOTHING, RETURNED, Deposit
from pipeline.demo.extracts import put
from pipeline.demo.lines import Hours, Line, Planned
from pipeline.demo.sheets import decimal_hours
from pipeline.documents import xlsx
from pipeline.workspace import Workspace
from schemas.fields import KINDS, fields_of

START = datetime(2025, 7, 1, 8, 0)


class DemoError(Exception):
    """The outbox does not hold what the first round must have left there."""


@dataclass(frozen=True)
class _Return:
    """What came back for one deposit."""

    folder: Path
    etat: str
    lignes: tuple[
        tuple[str, int, str], ...
    ]  # feuille, ligne, nature of the rejected and held lines, in the report's order


def _returns(workspace: Workspace) -> dict[tuple[str, str], _Return]:
    """(siret, fichier) → what came back."""
    found = {}
    for path in sorted(workspace.outbox.glob("*/retours/*/rapport.json")):
        report = json.loads(path.read_text("utf-8"))
        lines = tuple(
            (line["feuille"], line["ligne"], line["nature"])
            for line in report["lignes"]
            if line["verdict"] in ("rejetee", "retenue")
        )
        found[report["siret"], report["fichier"]] = _Return(path.parent, report["etat"], lines)
    return found


def drop(workspace: Workspace, deposits: list[Deposit]) -> int:
    """Write the corrected files into the inbox; the number of them."""
    returns = _returns(workspace)
    moment, count = START, 0
    for deposit in deposits:
        back = returns.get((deposit.siret, deposit.nom))
        if back is None:
            raise DemoError(f"Aucun retour pour {deposit.folder}/{deposit.nom} : lancez d'abord `dsf run`.")
        if back.etat == "accepte" or deposit.correction == NOTHING:
            continue
        moment += timedelta(minutes=37)
        if moment.hour >= 17:
            moment = moment.replace(hour=START.hour) + timedelta(days=1)
        for name, content in _corrected(deposit, back):
            put(workspace.deposits / deposit.folder / name, content, moment)
            count += 1
    return count


def _corrected(deposit: Deposit, back: _Return) -> Iterator[tuple[str, bytes]]:
    stem, _, suffix = deposit.nom.rpartition(".")
    if back.etat == "refuse" or deposit.correction != RETURNED:
        if any(line.wanted for line in deposit.lignes):
            # What was no workbook, or was locked, comes back as one.
            name = f"{stem} corrigé.{'xlsx' if deposit.brut is not None else suffix}"
            yield name, deposit.corrected(AS_OF_SECOND).content
        return
    places = dict(zip(deposit.typed().places, deposit.lignes, strict=True))
    planned = [places[feuille, ligne] for feuille, ligne, _ in back.lignes]
    if any(line.wanted for line in planned):
        book = load_workbook(back.folder / "a-corriger.xlsx")
        for nature in KINDS:
            lines = [p for p, (_, _, n) in zip(planned, back.lignes, strict=True) if n == nature]
            _correct(book, nature, lines)
        yield f"{stem} a-corriger.xlsx", xlsx.save(book, AS_OF_SECOND)


def _correct(book: Workbook, nature: str, lines: list[Planned]) -> None:
    """Type the right cells over the rows of ``nature``, which stand in the order of the report."""
    if not lines:
        return
    sheet, heading, columns = _table(book, nature)
    rows = [
        row
        for row in range(heading + 1, sheet.max_row + 1)
        if any(sheet.cell(row, column).value is not None for column in columns.values())
    ]
    if len(rows) != len(lines):
        raise DemoError(f"a-corriger.xlsx a {len(rows)} lignes de {nature}, le rapport en compte {len(lines)}.")
    for row, planned in zip(rows, lines, strict=True):
        for name, column in columns.items():
            _type(sheet, row, column, planned.wanted, name)


def _table(book: Workbook, nature: str) -> tuple[Worksheet, int, dict[str, int]]:
    """The sheet of ``nature``, the row of its headings, and the column of each field."""
    titles = {field.headings[nature]: field.name for field in fields_of(nature)}
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_row=30):
            columns = {titles[str(c.value)]: c.column for c in row if str(c.value) in titles and c.column}
            if len(columns) == len(titles):
                return sheet, row[0].row or 0, columns
    raise DemoError(f"a-corriger.xlsx n'a pas de table {nature}.")


def _type(sheet: Worksheet, row: int, column: int, wanted: Line | None, name: str) -> None:
    cell = sheet.cell(row, column)
    cell.comment = None
    cell.number_format = "General"  # the faulty value may have been a duration, and 7.5 days are not 7.5 hours
    value = wanted.values.get(name) if wanted else None
    if isinstance(value, Hours):
        xlsx.put(cell, decimal_hours(value.hundredths))
    elif value is None:
        cell.value = None
    else:
        assert not hasattr(value, "value"), "a corrected line holds plain values"
        xlsx.put(cell, value)
