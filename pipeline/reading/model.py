"""What a deposit looks like once read: tables of cells as typed, with their addresses, and what was noticed on the way.

Everything here is plain data that crosses a process boundary. A column keeps each distinct cell once (``cells``)
and one code per line, because everything that is decided about a cell depends on its content alone: it is read, typed
and judged once however many lines repeat it.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.cells.model import Cell, Meaning
from schemas.noticed import Noticed


@dataclass(frozen=True)
class Observation:
    """One thing noticed about the deposit as a whole. ``row`` 0 and empty texts mean: not about such a place.

    ``value``: as typed or found; ``expected``: what would do; ``detail``: a value that the message needs besides (nearest
    heading, kind of error, both readings of a value…). ``code``: a code of ``schemas.noticed``, whose text says what
    the rule by itself cannot; empty where there is none.
    """

    noticed: Noticed
    sheet: str = ""
    row: int = 0
    column: str = ""  # letter
    field: str = ""
    value: str = ""
    expected: str = ""
    detail: str = ""
    code: str = ""


@dataclass(frozen=True)
class SheetColumn:
    """One column of a table: ``cells[codes[i]]`` is the cell of line i, ``meanings[codes[i]]`` what it means.

    ``field`` is None for a column of the sender's own; its ``meanings`` say only whether a NIR stands there (LIG-12).
    """

    field: str | None
    heading: str  # heading as typed
    index: int  # 0-based, for the letter
    codes: array  # type: ignore[type-arg]  # of 'i', one a line
    cells: tuple[Cell, ...]
    meanings: Sequence[Meaning]


@dataclass(frozen=True)
class SheetTable:
    """Lines of one nature found on one sheet. ``sheet`` is empty for a csv; rows count from 1 as the program shows them."""

    sheet: str
    kind: str
    heading_row: int
    columns: tuple[SheetColumn, ...]
    rows: array  # type: ignore[type-arg]  # of 'i': row numbers


@dataclass(frozen=True)
class Reading:
    """The whole of one deposit, as read. A refused file (FIC) has the observations and perhaps no tables."""

    format: str  # xlsx, xlsm, xlsb, xls, ods, csv, or "" when unknown
    tables: tuple[SheetTable, ...] = ()
    observations: tuple[Observation, ...] = ()
    on_behalf_of: str = ""  # SIRET, when Déclarant has one
    contact: str = ""
    template_version: str = ""
