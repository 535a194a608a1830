"""The second round: what comes back is corrected, as a secretary does, and dropped again.

The plan knows what each line should be, ``rapport.json`` which lines came back. The right cells are typed into the returned
``a-corriger-<depot>.xlsx`` itself, or the whole original is dropped again, corrected.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from pipeline.demo import foreign
from pipeline.demo.deposits import AS_OF_SECOND, NOTHING, RETURNED, SampleDeposit
from pipeline.demo.extracts import put, write_renamed
from pipeline.demo.lines import PlannedLine, SampleHours, SampleLine, SampleValue
from pipeline.demo.sheets import Habits, render
from pipeline.demo.world import World
from pipeline.jsonfile import hours
from pipeline.workspace import Workspace
from schemas.fields import ABSENCES, KINDS, fields_of

START = datetime(2025, 7, 1, 8, 0)
"""When the corrections begin (UTC)."""


CHANGED = "absences à reprendre.xlsx"
"""Name of the file that asks again for a renamed absence."""


class DemoError(Exception):
    """The outbox does not hold what the first round leaves there; the text says so in French."""


@dataclass(frozen=True)
class _Return:
    """What came back for one deposit. ``lines``: sheet, row and kind of table of the rejected and held ones, in its order."""

    folder: Path
    state: str
    lines: tuple[tuple[str, int, str], ...]


def _returns(workspace: Workspace) -> dict[tuple[str, str], _Return]:
    """What came back, by SIRET and name of the file."""
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


def drop(workspace: Workspace, deposits: list[SampleDeposit]) -> int:
    """Write the corrected files into the inbox, and count them. Raises ``DemoError`` where a deposit has no return."""
    returns = _returns(workspace)
    moment, count = START, 0
    for deposit in deposits:
        back = returns.get((deposit.siret, deposit.name))
        if back is None:
            raise DemoError(f"Aucun retour pour {deposit.folder}/{deposit.name} : lancez d'abord `dsf run`.")
        if back.state == "accepte" or deposit.correction == NOTHING:
            continue
        moment += timedelta(minutes=37)
        if moment.hour >= 17:
            moment = moment.replace(hour=START.hour) + timedelta(days=1)
        for name, content in _corrected(deposit, back):
            put(workspace.deposits / deposit.folder / name, content, moment)
            count += 1
    return count


def drop_on_a_changed_dsf(workspace: Workspace, world: World, deposits: list[SampleDeposit]) -> int:
    """Rename the absences of a DSF that was completed, and ask for one of them again under its new name; count the files.

    The DSF is one on which nobody else drops anything in this round.
    """
    busy = {line.typed.values.get("numero_dsf") for deposit in deposits for line in deposit.lines if line.fault}
    for path in sorted(workspace.outbox.glob("*/dsf/*/*.json")):
        payload = json.loads(path.read_text("utf-8"))
        number = payload["dsf_initiale"]["numero"]
        completed = [
            (person, sequence, absence)
            for person in payload["demandeurs"]
            for sequence in person["sequences"]
            for absence in sequence["absences"]
        ]
        if completed and number not in busy:
            write_renamed(world, number, workspace.extracts)
            line = _asked_again(number, *completed[0])
            content = render([line], Habits(), {}, AS_OF_SECOND).content
            put(workspace.deposits / payload["declarant"]["siret"] / CHANGED, content, datetime(2025, 7, 6, 8, 0))
            return 1
    raise DemoError("Aucune absence n'a été complétée au premier passage.")


def _asked_again(number: str, person: dict[str, Any], sequence: dict[str, Any], absence: dict[str, Any]) -> SampleLine:
    hundredths = round(absence["heures_valorisees"] * 100)
    values: dict[str, SampleValue] = {
        "numero_dsf": number,
        **{name: person[name] for name in ("identifiant_de", "nom", "prenom")},
        "code_sequence": sequence["code"],
        "id_absence": f"R-{absence['id_absence']}",
        "heures": SampleHours(hundredths),
        "motif": absence["motif"],
        "reference_justificatif": absence["justificatif"]["reference"],
        "date_justificatif": date.fromisoformat(absence["justificatif"]["date"]),
    }
    return SampleLine(ABSENCES, values)


def _corrected(deposit: SampleDeposit, back: _Return) -> Iterator[tuple[str, bytes]]:
    """The file that comes back for a deposit, by name; none where nothing in it should be there."""
    stem, _, suffix = deposit.name.rpartition(".")
    if back.state == "refuse" or deposit.correction != RETURNED:
        if any(line.wanted for line in deposit.lines):
            # A file that was no workbook, or was locked, comes back as one.
            name = f"{stem} corrigé.{'xlsx' if deposit.content is not None else suffix}"
            yield name, deposit.corrected(AS_OF_SECOND).content
        return
    places = dict(zip(deposit.typed().places, deposit.lines, strict=True))
    planned = [places[sheet, row] for sheet, row, _ in back.lines]
    if any(line.wanted for line in planned):
        book = load_workbook(next(back.folder.glob("a-corriger-*.xlsx")))
        for kind in KINDS:
            lines = [line for line, (_, _, of) in zip(planned, back.lines, strict=True) if of == kind]
            _correct(book, kind, lines)
        yield f"{stem} a-corriger.xlsx", foreign.save(book, AS_OF_SECOND)


def _correct(book: Workbook, kind: str, lines: list[PlannedLine]) -> None:
    """Type the right cells over the rows of a table, which stand in the order of the report."""
    if not lines:
        return
    sheet, heading, columns = _table(book, kind)
    rows = [
        row
        for row in range(heading + 1, sheet.max_row + 1)
        if any(sheet.cell(row, column).value is not None for column in columns.values())
    ]
    if len(rows) != len(lines):
        raise DemoError(f"le classeur à corriger a {len(rows)} lignes de {kind}, le rapport en compte {len(lines)}.")
    for row, planned in zip(rows, lines, strict=True):
        for name, column in columns.items():
            _type(sheet, row, column, planned.wanted, name)


def _table(book: Workbook, kind: str) -> tuple[Worksheet, int, dict[str, int]]:
    """The sheet of a kind of table, the row of its headings, and the column of each field."""
    fields = {field.headings[kind]: field.name for field in fields_of(kind)}
    for sheet in book.worksheets:
        for row in sheet.iter_rows(max_row=30):
            columns = {fields[str(c.value)]: c.column for c in row if str(c.value) in fields and c.column}
            if len(columns) == len(fields):
                return sheet, row[0].row or 0, columns
    raise DemoError(f"le classeur à corriger n'a pas de table {kind}.")


def _type(sheet: Worksheet, row: int, column: int, wanted: SampleLine | None, name: str) -> None:
    cell = sheet.cell(row, column)
    cell.comment = None
    cell.number_format = "General"  # the faulty value may have been a duration, and 7.5 days are not 7.5 hours
    value = wanted.values.get(name) if wanted else None
    if isinstance(value, SampleHours):
        foreign.put(cell, hours(value.hundredths))
    elif value is None:
        cell.value = None
    else:
        assert not hasattr(value, "value"), "a corrected line holds plain values"
        foreign.put(cell, value)
