"""What the readers of each format hand to ``tables``, and how a file is refused. Plain data; no format is known here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.cells.model import Cell, Etat
from pipeline.reading.model import Observation
from pipeline.settings import Limits


class RefusedError(Exception):
    """The deposit is refused as a whole, for this one reason. Holds no cell content."""

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation.etat.value)
        self.observation = observation


def unreadable(code: str, *, feuille: str = "", ligne: int = 0, detail: str = "") -> RefusedError:
    """Not a spreadsheet that can be read; ``code`` is one of ``noticed.UNREADABLE``."""
    return RefusedError(
        Observation(Etat.FICHIER_ILLISIBLE, feuille=feuille, ligne=ligne, detail=detail, precision=code)
    )


def password() -> RefusedError:
    """Protected by a password."""
    return RefusedError(Observation(Etat.MOT_DE_PASSE))


def beyond(limit: str, found: int, allowed: int, *, feuille: str = "") -> RefusedError:
    """A limit of ``settings.Limits`` is strictly passed: its name, what was found, what is allowed."""
    return RefusedError(Observation(Etat.LIMITE, feuille=feuille, champ=limit, valeur=str(found), attendu=str(allowed)))


@dataclass(frozen=True)
class ReadOptions:
    """What ``read`` needs besides the bytes; crosses a process boundary.

    ``siret``: the folder's, for FIC-08 (empty: not compared). ``synonymes``: the operator's own headings, as (field,
    heading).
    """

    siret: str = ""
    limites: Limits = field(default_factory=Limits)
    synonymes: tuple[tuple[str, str], ...] = ()


@dataclass
class Sheet:
    """The rows of one sheet that hold anything.

    ``lignes[i]`` are the cells of row ``numeros[i]`` (from 1, as the program shows it); its first cell is in column
    ``decalage`` (0-based). Rows may differ in length; a blank cell is None or an empty text.
    """

    nom: str
    numeros: Sequence[int]
    lignes: Sequence[Sequence[Cell]]
    decalage: int = 0
    masquee: bool = False
    lignes_masquees: tuple[int, ...] = ()
    coupee: int = 0  # csv: row of a last record without a line end, which may have been cut
    stricte: bool = False  # csv: a row shorter than the headings cannot be trusted


@dataclass
class Workbook:
    """A whole file, read: its format, its sheets in order, notes that are about no sheet."""

    format: str
    feuilles: Sequence[Sheet]
    notes: tuple[Observation, ...] = ()
    epoque_1904: bool = False


def note(code: str, *, feuille: str = "", valeur: str = "", ligne: int = 0) -> Observation:
    """A reading worth a look (AVT-05); ``code`` is one of ``noticed.NOTES``."""
    return Observation(Etat.LECTURE, feuille=feuille, ligne=ligne, valeur=valeur, precision=code)


def ranges(rows: Sequence[int]) -> str:
    """Row numbers as people write them: ``3, 5-9``."""
    parts: list[list[int]] = []
    for row in sorted(set(rows)):
        if parts and row == parts[-1][1] + 1:
            parts[-1][1] = row
        else:
            parts.append([row, row])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
