"""What a deposit is once read: tables of cells as typed, with their addresses, and what was noticed on the way.

Plain data that crosses a process boundary. A column keeps each distinct cell once, and one code a line: everything decided
about a cell depends on its content alone, so it is read, typed and judged once however many lines repeat it.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.cells.model import Cell, Meaning
from schemas.noticed import Noticed


@dataclass(frozen=True)
class Observation:
    """One thing noticed about the deposit as a whole. ``row`` 0 and empty texts: not about such a place.

    ``column``: its letter. ``value``: as typed or found. ``expected``: what would do. ``detail``: one more value for the message
    (nearest heading, type of an error, both readings…). ``code``: what is said besides, one of ``schemas.noticed``.
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

    ``field``: None for a column of the sender's own, whose meanings tell only whether a NIR stands there (LIG-12).
    """

    field: str | None
    heading: str  # heading as typed
    index: int  # 0-based, for the letter
    codes: array  # type: ignore[type-arg]  # of 'i', one a line
    cells: tuple[Cell, ...]
    meanings: Sequence[Meaning]


@dataclass(frozen=True)
class SheetTable:
    """The lines of one sheet.

    ``sheet``: empty for a csv. ``kind``: heures or absences. ``rows``: the row number of each line. Row numbers count from 1,
    as the spreadsheet program shows them. ``origins``: what our column « Ligne d'origine » says of each line, where it is there.
    """

    sheet: str
    kind: str
    heading_row: int
    columns: tuple[SheetColumn, ...]
    rows: array  # type: ignore[type-arg]  # of 'i': row numbers
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """One deposit as read. A refused file (FIC) has observations and perhaps no table."""

    format: str  # xlsx, xlsm, xlsb, xls, ods, csv, or "" when unknown
    tables: tuple[SheetTable, ...] = ()
    observations: tuple[Observation, ...] = ()
    on_behalf_of: str = ""  # SIRET, when Déclarant has one
    contact: str = ""
    template_version: str = ""
    origin: str = ""  # number of the deposit it says it corrects, as typed
