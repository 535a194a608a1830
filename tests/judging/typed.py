"""Tables made by hand, as reading makes them from cells that somebody typed; and deposits that hold them."""

from array import array
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from pipeline.cells.meaning import lire_colonne
from pipeline.cells.model import Cell
from pipeline.intake.arrival import Arrival, Snapshot
from pipeline.judging.deposit import Deposit
from pipeline.reading.model import Column, Observation, Reading, Table
from schemas.fields import FIELDS
from tests.world import TITULAIRE

Line = Mapping[str, Cell]
OWN = "Groupe"
"""Heading of a column of the sender's own."""


def column(name: str, cells: Sequence[Cell], indice: int = 0, nature: str = "heures") -> Column:
    """The column of a field (or of ``OWN``), each distinct cell kept once; a cell without a character is None."""
    field = FIELDS.get(name)
    typed = [(type(cell), repr(cell), None if cell == "" else cell) for cell in cells]
    distinct = list(dict.fromkeys(typed))
    cellules = tuple(cell for _, _, cell in distinct)
    lus = lire_colonne(field.kind if field else None, cellules)
    codes = array("i", (distinct.index(one) for one in typed))
    return Column(field and field.name, field.headings[nature] if field else name, indice, codes, cellules, lus)


def table(nature: str, *lines: Line, feuille: str = "Feuille", entete: int = 1) -> Table:
    """A table whose columns are the fields that ``lines`` name, in the order of the first one that names them."""
    names = dict.fromkeys(name for line in lines for name in line)
    columns = (column(name, [line.get(name) for line in lines], i, nature) for i, name in enumerate(names))
    rows = array("i", range(entete + 1, entete + 1 + len(lines)))
    return Table(feuille, nature, entete, tuple(columns), rows)


def deposit(
    *tables: Table,
    siret: str = TITULAIRE,
    numero: str = "D1",
    pour: str = "",
    content: str = "",
    observations: tuple[Observation, ...] = (),
) -> Deposit:
    """A deposit that was read and numbered. ``content``: what its bytes are told apart by; its number when not given."""
    arrival = Arrival(f"inbox/depots/{siret}/{numero}.csv", siret, f"{numero}.csv", 1, 1, 1, 1)
    snapshot = Snapshot(arrival, sha256((content or numero).encode()).hexdigest(), Path(numero))
    reading = Reading("csv", tables, observations, pour_le_compte_de=pour)
    return Deposit(snapshot, reading, numero)
