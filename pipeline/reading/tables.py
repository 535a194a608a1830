"""From sheets to tables: where each starts, what its columns mean, which rows are lines. Source: spec §4, settled points."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import or_
from typing import TypeVar

from pipeline.cells import meaning
from pipeline.cells.model import Cell, Etat, FormulaCell
from pipeline.cells.text import display
from pipeline.reading.headings import Headings, normal
from pipeline.reading.model import Column, Observation, Table
from pipeline.reading.opening import Opening, find_opening
from pipeline.reading.sheets import Sheet, beyond, note, ranges, unreadable
from schemas.fields import ABSENCES, FIELDS, HEURES, column_letter, fields_of
from schemas.informative import OURS

Key = TypeVar("Key", bound=Hashable)

_TOUCHED = {
    HEURES: ("heures", "reference_justificatif", "date_debut", "date_fin", "commentaire"),
    ABSENCES: ("heures", "motif", "reference_justificatif", "date_justificatif", "reliquat_abandonne", "commentaire"),
}
"""A row where all of these are empty is blank, or prefilled and left untouched: not a line."""
_OURS = frozenset(normal(heading) for heading in OURS)
_IDENTIFIERS = ("numero_dsf", "identifiant_de")
_CUT_IS_HARMLESS = "commentaire"


@dataclass(frozen=True)
class Found:
    """What one sheet gave: its table (None: it has none) and what was noticed; ``defauts`` are those that refuse the deposit."""

    table: Table | None
    defauts: tuple[Observation, ...] = ()
    notes: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class _Coded:
    """One column over all rows below the headings: distinct cells once, one code a row."""

    codes: "array[int]"
    cellules: tuple[Cell, ...]
    textes: bool = False  # every cell is a text

    def flags(self, test: Callable[[Cell], bool]) -> list[bool]:
        flags = [test(cell) for cell in self.cellules]
        return list(map(flags.__getitem__, self.codes))

    def totals(self) -> set[int]:
        """Codes of the cells that say « total »."""
        texts: Sequence[Cell] = self.cellules if self.textes else [c for c in self.cellules if isinstance(c, str)]
        if "total" not in "\n".join(texts).casefold():  # type: ignore[arg-type]
            return set()
        return {code for code, cell in enumerate(self.cellules) if _says_total(cell)}


def find_table(sheet: Sheet, headings: Headings, lignes_max: int, *, epoque_1904: bool = False) -> Found:
    """The table of one sheet. Raises ``RefusedError`` beyond ``lignes_max`` lines, or where a csv row cannot be trusted."""
    opening = find_opening(sheet, headings)
    if opening is None:
        return Found(None)
    body = sheet.lignes[opening.corps :]
    numbers = sheet.numeros[opening.corps :]
    width = max(map(len, body), default=0)
    coded = _encode(body, max(width, len(opening.titres)))
    named = {champ: coded[indice] for indice, champ in opening.champs.items()}
    touched = _any_filled([named[champ] for champ in _TOUCHED[opening.nature] if champ in named], len(body))
    totals, total_notes = _totals(sheet, opening, coded, named, touched, numbers)
    repeated = _repeated_headings(opening, coded, touched)
    left_out = totals | repeated
    keep = [is_line and i not in left_out for i, is_line in enumerate(touched)] if left_out else touched
    lines = array("i", compress(numbers, keep))
    if len(lines) > lignes_max:
        raise beyond("lignes", len(lines), lignes_max, feuille=sheet.nom)
    notes = [*_hidden(sheet, lines), *total_notes]
    if repeated:
        notes.append(note("entete_repete", feuille=sheet.nom, valeur=ranges([numbers[i] for i in repeated])))
    if opening.double:
        notes.append(note("entete_double", feuille=sheet.nom, ligne=opening.entete))
    if sheet.coupee or sheet.stricte or not sheet.nom:
        notes += _trust_rows(sheet, opening, body, numbers, keep)
    columns, ignored = _columns(sheet, opening, coded, keep, epoque_1904)
    table = Table(sheet.nom, opening.nature, opening.entete, columns, lines)
    return Found(table, _faults(sheet, opening, headings), (*ignored, *notes))


def _hidden(sheet: Sheet, lines: "array[int]") -> Iterator[Observation]:
    """Lines that the program does not show: they are read, and it is said."""
    if sheet.masquee:
        yield note("feuille_masquee", feuille=sheet.nom)
    if hidden := sorted(set(sheet.lignes_masquees) & set(lines)):
        yield note("lignes_masquees", feuille=sheet.nom, valeur=ranges(hidden), ligne=hidden[0])


def _encode(rows: Sequence[Sequence[Cell]], width: int) -> list[_Coded]:
    """Each column as codes into its distinct cells. Rows shorter than ``width`` are blank at their end."""
    if not rows:
        return [_Coded(array("i"), ()) for _ in range(width)]
    if set(map(len, rows)) != {width}:
        rows = [row if len(row) == width else [*row, *[None] * (width - len(row))] for row in rows]
    return [_code(column) for column in zip(*rows, strict=True)]


def _code(column: Sequence[Cell]) -> _Coded:
    codes, distinct = _number(column)
    kinds = set(map(type, distinct))
    # 1, 1.0 and True are one key to a dict, and three things to a reader.
    if FormulaCell in kinds or (
        (0 in distinct or 1 in distinct) and len({bool, int, float} & set(map(type, column))) > 1
    ):
        keys = [(type(cell), type(cell.value) if isinstance(cell, FormulaCell) else None, cell) for cell in column]
        codes, apart = _number(keys)
        return _Coded(codes, tuple(None if cell == "" else cell for _, _, cell in apart))
    cells: list[Cell] = list(distinct)
    blank = distinct.get("")
    if blank is not None:
        cells[blank] = None
    return _Coded(codes, tuple(cells), kinds == {str} and blank is None)


def _number(keys: Sequence[Key]) -> tuple["array[int]", dict[Key, int]]:
    """Each key as the rank of the first one equal to it, and the ranks."""
    ranks: defaultdict[Key, int] = defaultdict()
    ranks.default_factory = ranks.__len__
    return array("i", list(map(ranks.__getitem__, keys))), dict(ranks)


def _filled(cell: Cell) -> bool:
    return not meaning.is_blank(cell)


def _any_filled(flags: list[_Coded], length: int) -> list[bool]:
    found = [False] * length
    for column in flags:
        found = list(map(or_, found, column.flags(_filled)))
        if all(found):
            break
    return found


def _says_total(cell: Cell) -> bool:
    return isinstance(cell, str) and normal(cell).startswith("total")


def _totals(
    sheet: Sheet,
    opening: Opening,
    coded: list[_Coded],
    named: dict[str, _Coded],
    touched: list[bool],
    numbers: Sequence[int],
) -> tuple[set[int], list[Observation]]:
    """Rows that add the others up: a text starting with « total », hours, no identifier."""
    hours = named.get("heures")
    if hours is None:
        return set(), []
    places: dict[int, int] = {}
    for indice, column in enumerate(coded):
        says = column.totals()
        if says:
            for row, code in enumerate(column.codes):
                if code in says:
                    places.setdefault(row, indice)
    identifiers = [named[champ] for champ in _IDENTIFIERS if champ in named]
    rows, notes = set(), []
    for row, indice in sorted(places.items()):
        cells = [column.cellules[column.codes[row]] for column in identifiers]
        amount = hours.cellules[hours.codes[row]]
        if touched[row] and _filled(amount) and all(not _filled(cell) or _says_total(cell) for cell in cells):
            rows.add(row)
            text = coded[indice].cellules[coded[indice].codes[row]]
            place = column_letter(indice + sheet.decalage)
            notes.append(
                Observation(
                    Etat.TOTAL_ECARTE,
                    feuille=sheet.nom,
                    ligne=numbers[row],
                    colonne=place,
                    valeur=display(text),
                    detail=display(amount),
                )
            )
    return rows, notes


def _repeated_headings(opening: Opening, coded: list[_Coded], touched: list[bool]) -> set[int]:
    """Rows that are the headings once more, as at the top of each printed page."""
    champs = {indice: normal(opening.titres[indice]) for indice in opening.champs}
    first = min(champs, key=lambda indice: len(coded[indice].cellules))
    form = champs[first]
    again = [isinstance(cell, str) and normal(cell) == form for cell in coded[first].cellules]
    if not any(again):
        return set()
    rows = [i for i, code in enumerate(coded[first].codes) if again[code] and touched[i]]
    return {
        i for i in rows if all(normal(display(coded[j].cellules[coded[j].codes[i]])) == f for j, f in champs.items())
    }


def _trust_rows(
    sheet: Sheet, opening: Opening, body: Sequence[Sequence[Cell]], numbers: Sequence[int], keep: list[bool]
) -> list[Observation]:
    """In a csv, a line wider than the headings has shifted, one that is cut is not whole: neither is guessed at."""
    width = len(opening.titres)
    for row, number, kept in zip(body, numbers, keep, strict=True):
        if kept and len(row) > width:
            raise unreadable("ligne_trop_large", ligne=number)
        if kept and sheet.stricte and len(row) < width:
            raise unreadable("ligne_trop_courte", ligne=number)
    if not sheet.coupee or not keep or numbers[-1] != sheet.coupee or not keep[-1]:
        return []
    last = opening.champs.get(width - 1)
    if len(body[-1]) < width or last not in (None, _CUT_IS_HARMLESS):
        raise unreadable("fin_coupee", ligne=sheet.coupee)
    return [note("sans_fin_de_ligne", ligne=sheet.coupee)]


def _columns(
    sheet: Sheet, opening: Opening, coded: list[_Coded], keep: list[bool], epoque_1904: bool
) -> tuple[tuple[Column, ...], list[Observation]]:
    columns, ignored = [], []
    whole = all(keep)
    for indice, column in enumerate(coded):
        codes, cells = column.codes, column.cellules
        if not whole:
            codes, cells = _only(column, keep)
        champ = opening.champs.get(indice)
        titre = opening.titres[indice] if indice < len(opening.titres) else ""
        if champ is None and (normal(titre) in _OURS or not (titre or any(_filled(cell) for cell in cells))):
            continue
        kind = FIELDS[champ].kind if champ is not None else None
        lus = meaning.lire_colonne(kind, cells, textes=column.textes, epoque_1904=epoque_1904)
        columns.append(Column(champ, titre, indice + sheet.decalage, codes, cells, lus))
        if champ is None:
            letter = column_letter(indice + sheet.decalage)
            ignored.append(
                Observation(
                    Etat.COLONNE_IGNOREE,
                    feuille=sheet.nom,
                    ligne=opening.entete,
                    colonne=letter,
                    valeur=titre or letter,
                )
            )
    return tuple(columns), ignored


def _only(column: _Coded, keep: list[bool]) -> tuple["array[int]", tuple[Cell, ...]]:
    """The codes of the rows kept, over the cells those rows use."""
    codes, used = _number(list(compress(column.codes, keep)))
    return codes, tuple(column.cellules[code] for code in used)


def _faults(sheet: Sheet, opening: Opening, headings: Headings) -> tuple[Observation, ...]:
    """Columns that mean the same field (FIC-06), mandatory ones that are missing (FIC-05)."""
    nature = opening.nature
    faults = [
        Observation(
            Etat.COLONNE_DOUBLE,
            feuille=sheet.nom,
            ligne=opening.entete,
            colonne=column_letter(indice + sheet.decalage),
            champ=champ,
            valeur=opening.titres[indice],
            attendu=FIELDS[champ].headings[nature],
            detail=f"{_titled(sheet, opening, first)} / {_titled(sheet, opening, indice)}",
        )
        for indice, champ, first in opening.doubles
    ]
    present = set(opening.champs.values())
    missing = [f.name for f in fields_of(nature) if nature in f.mandatory and f.name not in present]
    if nature == ABSENCES and "id_absence" not in present and not {"date_debut", "date_fin"} <= present:
        missing.append("id_absence")
    unknown = [t for i, t in enumerate(opening.titres) if t and i not in opening.champs]
    for champ in missing:
        faults.append(
            Observation(
                Etat.COLONNE_MANQUANTE,
                feuille=sheet.nom,
                ligne=opening.entete,
                champ=champ,
                attendu=FIELDS[champ].headings[nature],
                detail=headings.nearest(nature, champ, unknown),
            )
        )
    return tuple(faults)


def _titled(sheet: Sheet, opening: Opening, indice: int) -> str:
    return f"« {opening.titres[indice]} » ({column_letter(indice + sheet.decalage)})"
