"""What the readers of each format hand to ``tables``, and how a file is refused. Plain data; no format is known here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.cells.model import Cell
from pipeline.reading.model import Observation
from pipeline.settings import Limits
from schemas.noticed import Noticed


class RefusedError(Exception):
    """The deposit is refused as a whole, for this one reason. Holds no cell content."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation.noticed.value)
        self.observation = observation


def unreadable(code: str, *, sheet: str = "", row: int = 0, detail: str = "") -> RefusedError:
    """Not a spreadsheet that can be read; ``code`` is one of ``noticed.UNREADABLE``."""
    return RefusedError(Observation(Noticed.FILE_UNREADABLE, sheet=sheet, row=row, detail=detail, code=code))


def password() -> RefusedError:
    """Protected by a password."""
    return RefusedError(Observation(Noticed.PASSWORD))


def beyond(limit: str, found: int, allowed: int, *, sheet: str = "") -> RefusedError:
    """A limit of ``settings.Limits`` is strictly passed: its name, what was found, what is allowed."""
    return RefusedError(
        Observation(Noticed.BEYOND_LIMIT, sheet=sheet, field=limit, value=str(found), expected=str(allowed))
    )


@dataclass(frozen=True)
class ReadOptions:
    """What ``read`` needs besides the bytes; crosses a process boundary.

    ``siret``: the folder's, for FIC-08 (empty: not compared). ``synonyms``: the operator's own headings, as (field,
    heading).
    """

    siret: str = ""
    limits: Limits = field(default_factory=Limits)
    synonyms: tuple[tuple[str, str], ...] = ()


@dataclass
class Sheet:
    """The rows of one sheet that hold anything.

    ``rows[i]`` are the cells of row ``numbers[i]`` (from 1, as the program shows it); its first cell is in column
    ``first_column`` (0-based). Rows may differ in length; a blank cell is None or an empty text.
    """

    name: str
    numbers: Sequence[int]
    rows: Sequence[Sequence[Cell]]
    first_column: int = 0
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()
    cut_row: int = 0  # csv: row of a last record without a line end, which may have been cut
    strict: bool = False  # csv: a row shorter than the headings cannot be trusted


@dataclass
class Workbook:
    """A whole file, read: its format, its sheets in order, notes that are about no sheet."""

    format: str
    sheets: Sequence[Sheet]
    notes: tuple[Observation, ...] = ()
    epoch_1904: bool = False


def note(code: str, *, sheet: str = "", value: str = "", row: int = 0) -> Observation:
    """A reading worth a look (AVT-05); ``code`` is one of ``noticed.NOTES``."""
    return Observation(Noticed.WORTH_A_LOOK, sheet=sheet, row=row, value=value, code=code)


def ranges(rows: Sequence[int]) -> str:
    """Row numbers as people write them: ``3, 5-9``."""
    parts: list[list[int]] = []
    for row in sorted(set(rows)):
        if parts and row == parts[-1][1] + 1:
            parts[-1][1] = row
        else:
            parts.append([row, row])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
