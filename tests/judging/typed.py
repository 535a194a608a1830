"""Tables made by hand, as reading makes them from cells that somebody typed; and deposits that hold them."""

from array import array
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from pipeline.cells.meaning import read_column
from pipeline.cells.model import Cell
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.judging.deposit import Deposit
from pipeline.reading.model import Observation, Reading, SheetColumn, SheetTable
from pipeline.work.packed import Packed
from schemas.fields import FIELDS
from tests.world import TITULAIRE

Line = Mapping[str, Cell]
OWN = "Groupe"
"""Heading of a column of the sender's own."""


def column(name: str, cells: Sequence[Cell], index: int = 0, kind: str = "heures") -> SheetColumn:
    """The column of a field (or of ``OWN``), each distinct cell kept once; a cell without a character is None."""
    field = FIELDS.get(name)
    typed = [(type(cell), repr(cell), None if cell == "" else cell) for cell in cells]
    apart = list(dict.fromkeys(typed))
    distinct = tuple(cell for _, _, cell in apart)
    meanings = read_column(field.kind if field else None, distinct)
    codes = array("i", (apart.index(one) for one in typed))
    return SheetColumn(field and field.name, field.headings[kind] if field else name, index, codes, distinct, meanings)


def table(kind: str, *lines: Line, sheet: str = "Feuille", heading_row: int = 1) -> SheetTable:
    """A table whose columns are the fields that ``lines`` name, in the order of the first one that names them."""
    names = dict.fromkeys(name for line in lines for name in line)
    columns = (column(name, [line.get(name) for line in lines], i, kind) for i, name in enumerate(names))
    rows = array("i", range(heading_row + 1, heading_row + 1 + len(lines)))
    return SheetTable(sheet, kind, heading_row, tuple(columns), rows)


def deposit(
    *tables: SheetTable,
    siret: str = TITULAIRE,
    numero: str = "D1",
    on_behalf_of: str = "",
    content: str = "",
    observations: tuple[Observation, ...] = (),
) -> Deposit:
    """A deposit that was read and numbered. ``content``: what its bytes are told apart by; its number when not given."""
    arrival = Arrival(f"inbox/depots/{siret}/{numero}.csv", siret, f"{numero}.csv", "1:1", 1, 1, 1)
    snapshot = Snapshot(arrival, sha256((content or numero).encode()).hexdigest(), Path(numero))
    reading = Reading("csv", tables, observations, on_behalf_of=on_behalf_of)
    return Deposit(snapshot, Packed.of(reading), numero)
