"""What a cell is, and what it means once read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from itertools import repeat
from typing import NamedTuple, overload


@dataclass(frozen=True)
class ErrorCell:
    """A spreadsheet error such as ``#REF!``."""

    text: str


@dataclass(frozen=True)
class FormulaCell:
    """A formula; ``value`` is what the program that saved the file computed, None where it computed nothing."""

    value: "str | int | float | bool | date | datetime | time | timedelta | None"


Cell = None | str | int | float | bool | date | datetime | time | timedelta | ErrorCell | FormulaCell
"""A cell as typed. Numbers stay numbers, dates dates; an identifier typed as text stays text."""


class Etat(StrEnum):
    """What was noticed while reading; the rules of ``schemas/rules`` say what each means."""

    # the deposit
    FICHIER_ILLISIBLE = "fichier_illisible"
    MOT_DE_PASSE = "mot_de_passe"
    LIMITE = "limite"
    AUCUNE_TABLE = "aucune_table"
    COLONNE_MANQUANTE = "colonne_manquante"
    COLONNE_DOUBLE = "colonne_double"
    AUCUNE_LIGNE = "aucune_ligne"
    DECLARANT_AUTRE = "declarant_autre"
    DECLARANT_INUTILISABLE = "declarant_inutilisable"
    COLONNE_IGNOREE = "colonne_ignoree"
    TOTAL_ECARTE = "total_ecarte"
    ENCODAGE = "encodage"
    LECTURE = "lecture"  # any other reading worth a look: hidden sheet or rows read, macros left alone…
    # a cell
    ERREUR = "erreur"
    NON_CALCULE = "non_calcule"
    DATE_ILLISIBLE = "date_illisible"
    HEURES_ILLISIBLES = "heures_illisibles"
    OUI_NON_ILLISIBLE = "oui_non_illisible"
    NIR = "nir"
    TEXTE_TROP_LONG = "texte_trop_long"
    CARACTERE_INTERDIT = "caractere_interdit"
    FORMULE = "formule"


USABLE = frozenset({Etat.FORMULE})
"""Notes on a cell that leave its value usable."""


class Lu(NamedTuple):
    """What one distinct cell means for one kind of field.

    ``valeur``: str, int hundredths, date, bool, or None when blank or unusable. ``etats``: what was noticed, () for a
    plain cell; ``detail`` goes into the message (for a text with two readings: both of them, and the form to use).
    """

    valeur: str | int | date | bool | None
    etats: tuple[Etat, ...] = ()
    detail: str = ""


class PlainLus(Sequence[Lu]):
    """The ``Lu`` of cells that mean themselves: texts that need no change, and blanks. Made when asked for, and light to send."""

    __slots__ = ("_cells",)

    def __init__(self, cells: "tuple[str | None, ...]") -> None:
        self._cells = cells

    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, index: int) -> Lu: ...
    @overload
    def __getitem__(self, index: slice) -> "PlainLus": ...
    def __getitem__(self, index: int | slice) -> "Lu | PlainLus":
        return PlainLus(self._cells[index]) if isinstance(index, slice) else Lu(self._cells[index])

    def __iter__(self) -> Iterator[Lu]:
        return map(_MAKE, zip(self._cells, repeat(()), repeat(""), strict=False))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._cells)

    def __repr__(self) -> str:
        return f"PlainLus({self._cells!r})"


_MAKE = partial(tuple.__new__, Lu)  # ``Lu._make`` without a Python frame for each of a hundred thousand cells
