"""What of a deposit comes back, as much of it as its room holds: what serves to correct first. Source: contract §7."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from pipeline.documents.returns import entries
from pipeline.documents.returns.entries import FindingData, Row
from pipeline.documents.returns.limits import BLANK, COLUMNS, Room, WorkbookSize, in_json
from pipeline.reading.model import SheetTable

Rows = Iterable[tuple[int, Row]]
"""Lines or findings with their index."""

OwnColumn = tuple[str, int]
"""A column of the sender's own: its heading, and its rank (from 0) among those with that heading."""


class Keeper:
    """Fills the lists of one report: what is kept first takes its room first, and each list stays in sheet order.

    ``tables``: those of the wave. ``codes``: line → codes of its findings. ``left``: bytes for rapport.json and the workbook.
    """

    def __init__(self, tables: Sequence[SheetTable], codes: Mapping[int, list[str]], left: int) -> None:
        self._tables, self._codes = tables, codes
        self._room, self._workbook = Room(left), WorkbookSize()
        self._constats: dict[int, FindingData] = {}
        self._lignes: dict[int, dict[str, Any]] = {}
        self._to_correct: list[tuple[dict[str, Any], SheetTable, int, list[FindingData]]] = []
        self._workbook_bytes = 0

    def entries(self, some: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The first of ``some``, as many as fit."""
        return [one for one in some if self._room.takes(in_json(one))]

    def findings(self, found: Rows) -> None:
        """Keep findings."""
        for _, row in found:
            entry = entries.finding(row)
            if not self._room.takes(in_json(entry)):
                return
            self._constats[row["place"]] = entry

    def to_correct(self, lines: Rows, faults: Rows, more: Callable[[int, Row], dict[str, Any]]) -> None:
        """Keep lines of the workbook, each with its cells and its ``faults``, and what ``more`` says of it."""
        for index, row, found in _with_faults(lines, faults):
            table, rank = self._tables[row["table"]], row["rang"]
            cells = entries.typed_cells(table, rank)
            entry = entries.line(row, self._codes.get(index, [])) | more(index, row) | {"cellules": cells, "autres": []}
            constats = {fault["place"]: entries.finding(fault) for fault in found}
            size = in_json(entry) + sum(in_json(constat) for constat in constats.values())
            packed = self._workbook.line(cells.values(), list(constats.values()))
            if not self._room.takes(size + packed):
                return
            self._workbook_bytes += packed
            self._lignes[row["place"]] = entry
            self._constats |= constats
            self._to_correct.append((entry, table, rank, list(constats.values())))

    def own_columns(self) -> int:
        """Add the sender's own columns to the lines to correct, all or none; how many are left out.

        A column that were there for some lines only would look as if the sender had left the others blank.
        """
        columns = self._own_columns()
        if any(len(own) > COLUMNS for own in columns.values()):
            return sum(map(len, columns.values()))
        size, added, workbook = -self._workbook_bytes, [], WorkbookSize()
        for entry, table, rank, found in self._to_correct:
            own = entries.own_cells(table, rank)
            blank = [BLANK] * (len(columns[table.kind]) - len(own))
            cells = [*entry["cellules"].values(), *own, *blank]
            size += in_json(own, depth=3) + workbook.line(cells, found)
            added.append((entry, own))
            if size > self._room.left:
                return sum(map(len, columns.values()))
        self._room.takes(size)
        for entry, own in added:
            entry["autres"] = own
        return 0

    def _own_columns(self) -> dict[str, set[OwnColumn]]:
        """Kind of table → the sender's own columns that its sheet of the workbook would have."""
        columns: dict[str, set[OwnColumn]] = {}
        for table in {id(table): table for _, table, _, _ in self._to_correct}.values():
            columns.setdefault(table.kind, set()).update(_ranked(table))
        return columns

    def lines(self, lines: Rows) -> None:
        """Keep lines of which nothing is to be corrected."""
        for index, row in lines:
            entry = entries.line(row, self._codes.get(index, []))
            if not self._room.takes(in_json(entry)):
                return
            self._lignes[row["place"]] = entry

    @property
    def lists(self) -> dict[str, list[Any]]:
        """Findings and lines as they stand in the report."""
        return {"constats": _in_order(self._constats), "lignes": _in_order(self._lignes)}

    @property
    def lines_to_correct(self) -> int:
        """How many lines the workbook has."""
        return len(self._to_correct)


def _with_faults(lines: Rows, faults: Rows) -> Iterator[tuple[int, Row, list[Row]]]:
    """Each line with the findings on it; both go line by line, and ``faults`` are on some of ``lines``."""
    by_line = groupby((row for _, row in faults), key=lambda row: row["ligne_id"])
    groups = ((line, list(group)) for line, group in by_line)
    at, found = next(groups, (-1, []))
    for index, row in lines:
        if at != index:
            yield index, row, []
            continue
        yield index, row, found
        at, found = next(groups, (-1, []))


def _ranked(table: SheetTable) -> Iterator[OwnColumn]:
    seen: dict[str, int] = {}
    for column in entries.own_columns(table):
        rank = seen[column.heading] = seen.get(column.heading, -1) + 1
        yield column.heading, rank


def _in_order(entries_by_place: Mapping[int, Any]) -> list[Any]:
    return [entry for _, entry in sorted(entries_by_place.items())]
