"""What a cell is, and what it means once read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import repeat
from typing import NamedTuple, overload

from schemas.noticed import Noticed


@dataclass(frozen=True)
class ErrorCell:
    """A cell that has no value: a spreadsheet error, ``text`` as the program writes it: ``#REF!``.

    ``noticed``: why, where it is not such an error; ``text`` is then what the file says of the cell.
    """

    text: str
    noticed: Noticed = Noticed.SPREADSHEET_ERROR


@dataclass(frozen=True)
class ShownCell:
    """A number that its format shows otherwise than by its digits: 123456 through ``00000000``, shown « 00123456 ».

    ``shown``: None where the format shows other digits or letters in a way that is not read (a percentage, a rounded number).
    """

    value: int | float
    shown: str | None


@dataclass(frozen=True)
class FormulaCell:
    """A formula. ``value``: the result that was saved with it, None where none was."""

    value: "str | int | float | bool | date | datetime | time | timedelta | ShownCell | None"


Cell = None | str | int | float | bool | date | datetime | time | timedelta | ShownCell | ErrorCell | FormulaCell
"""A cell as typed. Numbers stay numbers, dates dates; an identifier typed as text stays text."""


USABLE = frozenset({Noticed.FORMULA})
"""Notes on a cell that leave its value usable."""


class Meaning(NamedTuple):
    """What one distinct cell means for one kind of field.

    ``value``: text, int hundredths, date or bool; None where the cell is blank or unusable. ``noticed``: empty for a plain
    cell. ``detail``: a value for the message; of a cell with two readings, both of them.
    """

    value: str | int | date | bool | None
    noticed: tuple[Noticed, ...] = ()
    detail: str = ""


class PlainMeanings(Sequence[Meaning]):
    """The meanings of cells that mean themselves: texts that need no change, and blanks. Made on demand, light to send."""

    __slots__ = ("_cells",)

    def __init__(self, cells: "tuple[str | None, ...]") -> None:
        self._cells = cells

    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, index: int) -> Meaning: ...
    @overload
    def __getitem__(self, index: slice) -> "PlainMeanings": ...
    def __getitem__(self, index: int | slice) -> "Meaning | PlainMeanings":
        return PlainMeanings(self._cells[index]) if isinstance(index, slice) else Meaning(self._cells[index])

    def __iter__(self) -> Iterator[Meaning]:
        return map(_MAKE, zip(self._cells, repeat(()), repeat(""), strict=False))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._cells)

    def __repr__(self) -> str:
        return f"PlainMeanings({self._cells!r})"


_MAKE = partial(tuple.__new__, Meaning)  # ``Meaning._make`` without a Python frame for each of a hundred thousand cells
