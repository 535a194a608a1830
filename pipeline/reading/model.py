"""What a deposit looks like once read: tables of cells as typed, with their addresses, and what was noticed on the way.

Everything here is plain data that crosses a process boundary. A column keeps each distinct cell once (``cellules``)
and one code per line, because everything that is decided about a cell depends on its content alone: it is read, typed
and judged once however many lines repeat it.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.cells.model import Cell, Etat, Lu


@dataclass(frozen=True)
class Observation:
    """One thing noticed about the deposit as a whole. ``ligne`` 0 and empty texts mean: not about such a place.

    ``valeur``: as typed or found; ``attendu``: what would do; ``detail``: a value that the message needs besides (nearest
    heading, kind of error, both readings of a value…). ``precision``: a code of ``schemas.noticed``, whose text says what
    the rule by itself cannot; empty where there is none.
    """

    etat: Etat
    feuille: str = ""
    ligne: int = 0
    colonne: str = ""  # letter
    champ: str = ""
    valeur: str = ""
    attendu: str = ""
    detail: str = ""
    precision: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table: ``cellules[codes[i]]`` is the cell of line i, ``lus[codes[i]]`` what it means.

    ``champ`` is None for a column of the sender's own; its ``lus`` say only whether a NIR stands there (LIG-12).
    """

    champ: str | None
    titre: str  # heading as typed
    indice: int  # 0-based, for the letter
    codes: array  # type: ignore[type-arg]  # of 'i', one a line
    cellules: tuple[Cell, ...]
    lus: Sequence[Lu]


@dataclass(frozen=True)
class Table:
    """Lines of one nature found on one sheet. ``feuille`` is empty for a csv; rows count from 1 as the program shows them."""

    feuille: str
    nature: str
    entete: int
    colonnes: tuple[Column, ...]
    lignes: array  # type: ignore[type-arg]  # of 'i': row numbers


@dataclass(frozen=True)
class Reading:
    """The whole of one deposit, as read. A refused file (FIC) has the observations and perhaps no tables."""

    format: str  # xlsx, xlsm, xlsb, xls, ods, csv, or "" when unknown
    tables: tuple[Table, ...] = ()
    observations: tuple[Observation, ...] = ()
    pour_le_compte_de: str = ""  # SIRET, when Déclarant has one
    contact: str = ""
    version_modele: str = ""
