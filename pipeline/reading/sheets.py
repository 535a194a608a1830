"""What the readers of all formats hand to ``tables``, and how a file is refused. Plain data; knows no format."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.cells.model import Cell
from pipeline.reading.model import Observation
from pipeline.settings import Limits
from schemas.fields import column_letter
from schemas.noticed import Noticed


class RefusedError(Exception):
    """The whole deposit is refused, for this one reason. Holds no cell content."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation.noticed.value)
        self.observation = observation


def unreadable(code: str, *, sheet: str = "", row: int = 0, detail: str = "") -> RefusedError:
    """Refuse a file that is no readable spreadsheet (FIC-01). ``code``: one of ``noticed.UNREADABLE``."""
    return RefusedError(Observation(Noticed.FILE_UNREADABLE, sheet=sheet, row=row, detail=detail, code=code))


def password(program: str = "") -> RefusedError:
    """Refuse a file that is protected by a password (FIC-02). ``program``: "ods" where LibreOffice is what takes it off."""
    return RefusedError(Observation(Noticed.PASSWORD, detail=program))


def beyond(limit: str, found: int, allowed: int, *, sheet: str = "", row: int = 0, column: str = "") -> RefusedError:
    """Refuse a file that passes ``limit``, a name of ``settings.Limits``: what was found, what is allowed, where (FIC-03)."""
    return RefusedError(
        Observation(
            Noticed.BEYOND_LIMIT,
            sheet=sheet,
            row=row,
            column=column,
            field=limit,
            value=str(found),
            expected=str(allowed),
        )
    )


BYTES_A_CELL = 32
"""What the fast reader keeps for each cell of the used range, blank or not."""


def fits(height: int, width: int, limits: Limits) -> bool:
    """Whether a used range of so many rows and columns leaves half of the memory for the rest."""
    return height * width * BYTES_A_CELL <= limits.memoire // 2


@dataclass(frozen=True)
class ReadOptions:
    """What ``read`` needs besides the bytes; crosses a process boundary.

    ``siret``: the folder's, for FIC-08 (empty: not compared). ``synonyms``: the operator's (field, heading) pairs.
    """

    siret: str = ""
    limits: Limits = field(default_factory=Limits)
    synonyms: tuple[tuple[str, str], ...] = ()


@dataclass
class Sheet:
    """The rows of one sheet that hold anything.

    ``rows[i]``: the cells of row ``numbers[i]`` (from 1, as the program shows it), the first one in column ``first_column``
    (0-based). Rows may differ in length; a blank cell is None or an empty text.
    """

    name: str
    numbers: Sequence[int]
    rows: Sequence[Sequence[Cell]]
    first_column: int = 0
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()
    cut_row: int = 0  # csv: row of a last record without a line end, which may have been cut
    strict: bool = False  # csv: a row shorter than the headings cannot be trusted
    hides: str = ""  # the first cell with content that merged cells hide, which is not read


Region = tuple[int, int, int, int]
"""First row, first column, last row, last column of merged cells, 0-based."""

_FREE_ROWS = 100_000


def without_hidden(sheet: Sheet, merged: Sequence[Region]) -> Sheet:
    """Return ``sheet`` without what its merged cells hide: no program shows it. Raises ``RefusedError``.

    Merged cells of a sound workbook do not overlap, so that no row has more of them than cells.
    """
    allowed = _FREE_ROWS + 10 * len(sheet.numbers)
    rows: list[Sequence[Cell]] = list(sheet.rows) if merged else []
    for top, left, bottom, right in merged:
        first, last = bisect_left(sheet.numbers, top + 1), bisect_right(sheet.numbers, bottom + 1)
        allowed -= max(0, last - first)
        if allowed < 0:
            raise unreadable("damaged_sheet", sheet=sheet.name)
        for place in range(first, last):
            row, number = rows[place], sheet.numbers[place]
            begin, end = max(left + (number == top + 1) - sheet.first_column, 0), max(right + 1 - sheet.first_column, 0)
            found = next((i for i, cell in enumerate(row[begin:end], begin) if cell not in (None, "")), None)
            if found is not None:
                sheet.hides = sheet.hides or f"{column_letter(sheet.first_column + found)}{number}"
                rows[place] = [None if begin <= i < end else cell for i, cell in enumerate(row)]
    sheet.rows = rows or sheet.rows
    return sheet


@dataclass
class Workbook:
    """A whole file: its format, its sheets in order, notes that are about no sheet, what its dates count from."""

    format: str
    sheets: Sequence[Sheet]
    notes: tuple[Observation, ...] = ()
    epoch_1904: bool = False


def note(code: str, *, sheet: str = "", value: str = "", row: int = 0) -> Observation:
    """Return the note that a reading is worth a look (AVT-05). ``code``: one of ``noticed.NOTES``."""
    return Observation(Noticed.WORTH_A_LOOK, sheet=sheet, row=row, value=value, code=code)


def ranges(rows: Sequence[int]) -> str:
    """Return row numbers as people write them: ``3, 5-9``."""
    parts: list[list[int]] = []
    for row in sorted(set(rows)):
        if parts and row == parts[-1][1] + 1:
            parts[-1][1] = row
        else:
            parts.append([row, row])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
