"""From sheets to tables: where each starts, what its columns mean, which rows are lines. Source: contract §4, settled points."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import or_
from typing import TypeVar

from pipeline.cells import meaning
from pipeline.cells.model import Cell, FormulaCell, ShownCell
from pipeline.cells.text import display
from pipeline.reading.headings import Headings, normal
from pipeline.reading.model import Observation, SheetColumn, SheetTable
from pipeline.reading.opening import Opening, find_opening
from pipeline.reading.sheets import Sheet, beyond, note, ranges, unreadable
from schemas.fields import ABSENCES, FIELDS, HEURES, FieldKind, column_letter, fields_of
from schemas.informative import ORIGINE, OURS
from schemas.noticed import Noticed

Key = TypeVar("Key", bound=Hashable)

_TOUCHED = {
    HEURES: ("heures", "reference_justificatif", "date_debut", "date_fin", "commentaire"),
    ABSENCES: ("heures", "motif", "reference_justificatif", "date_justificatif", "reliquat_abandonne", "commentaire"),
}
"""A row where all of these are empty is blank, or prefilled and left untouched: not a line."""
_OURS = frozenset(normal(heading) for heading in OURS)
_ORIGIN = normal(ORIGINE)
_IDENTIFIERS = ("numero_dsf", "identifiant_de")
_CUT_IS_HARMLESS = "commentaire"


@dataclass(frozen=True)
class Found:
    """What one sheet gives: its table (None: it has none), the ``faults`` that refuse the deposit, the ``notes`` that do not."""

    table: SheetTable | None
    faults: tuple[Observation, ...] = ()
    notes: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class _Coded:
    """One column over all rows below the headings: each distinct cell once, one code a row."""

    codes: "array[int]"
    cells: tuple[Cell, ...]
    all_texts: bool = False  # every cell is a text
    shown: bool = False  # a number among them is shown otherwise than by its digits

    def flags(self, test: Callable[[Cell], bool]) -> list[bool]:
        """Return the answer of ``test`` for each row, asked once for each distinct cell."""
        flags = [test(cell) for cell in self.cells]
        return list(map(flags.__getitem__, self.codes))

    def totals(self) -> set[int]:
        """Return the codes of the cells that say « total »."""
        texts: Sequence[Cell] = self.cells if self.all_texts else [c for c in self.cells if isinstance(c, str)]
        if "total" not in "\n".join(texts).casefold():  # type: ignore[arg-type]
            return set()
        return {code for code, cell in enumerate(self.cells) if _says_total(cell)}


def find_table(sheet: Sheet, headings: Headings, max_lines: int, *, epoch_1904: bool = False) -> Found:
    """Find the table of one sheet.

    Raises ``RefusedError`` where it has more than ``max_lines`` lines, or where a row of a csv cannot be trusted.
    """
    opening = find_opening(sheet, headings)
    if opening is None:
        return Found(None)
    body = sheet.rows[opening.body :]
    numbers = sheet.numbers[opening.body :]
    width = max(map(len, body), default=0)
    coded = _encode(body, max(width, len(opening.headings)))
    named = {field: coded[index] for index, field in opening.fields.items()}
    touched = _any_filled([named[field] for field in _TOUCHED[opening.kind] if field in named], len(body))
    totals, total_notes = _totals(sheet, opening, coded, named, touched, numbers)
    repeated = _repeated_headings(opening, coded, touched)
    left_out = totals | repeated
    keep = [is_line and i not in left_out for i, is_line in enumerate(touched)] if left_out else touched
    lines = array("i", compress(numbers, keep))
    if len(lines) > max_lines:
        raise beyond("lignes", len(lines), max_lines, sheet=sheet.name)
    notes = [*_hidden(sheet, lines), *total_notes]
    if repeated:
        notes.append(note("repeated_headings", sheet=sheet.name, value=ranges([numbers[i] for i in repeated])))
    if opening.two_rows:
        notes.append(note("two_heading_rows", sheet=sheet.name, row=opening.heading_row))
    if sheet.cut_row or sheet.strict or not sheet.name:
        notes += _trust_rows(sheet, opening, body, numbers, keep)
    columns, ignored = _columns(sheet, opening, coded, keep, epoch_1904)
    table = SheetTable(sheet.name, opening.kind, opening.heading_row, columns, lines, _origins(opening, coded, keep))
    return Found(table, _faults(sheet, opening, headings), (*ignored, *notes))


def _hidden(sheet: Sheet, lines: "array[int]") -> Iterator[Observation]:
    """Notes on lines that the program does not show: they are read."""
    if sheet.hidden:
        yield note("hidden_sheet", sheet=sheet.name)
    if hidden := sorted(set(sheet.hidden_rows) & set(lines)):
        yield note("hidden_rows", sheet=sheet.name, value=ranges(hidden), row=hidden[0])


def _encode(rows: Sequence[Sequence[Cell]], width: int) -> list[_Coded]:
    """Each column as codes into its distinct cells. Rows shorter than ``width`` count as blank at their end."""
    if not rows:
        return [_Coded(array("i"), ()) for _ in range(width)]
    if set(map(len, rows)) != {width}:
        rows = [row if len(row) == width else [*row, *[None] * (width - len(row))] for row in rows]
    return [_code(column) for column in zip(*rows, strict=True)]


def _code(column: Sequence[Cell]) -> _Coded:
    codes, distinct = _number(column)
    cells: list[Cell]
    kinds = set(map(type, distinct))
    # 1, 1.0 and True are one key to a dict, and three things to a reader.
    if FormulaCell in kinds or (
        (0 in distinct or 1 in distinct) and len({bool, int, float} & set(map(type, column))) > 1
    ):
        keys = [(type(cell), type(cell.value) if isinstance(cell, FormulaCell) else None, cell) for cell in column]
        codes, apart = _number(keys)
        cells = [None if cell == "" else cell for _, _, cell in apart]
        return _Coded(codes, tuple(cells), shown=any(_is_shown(cell) for cell in cells))
    cells = list(distinct)
    blank = distinct.get("")
    if blank is not None:
        cells[blank] = None
    return _Coded(codes, tuple(cells), kinds == {str} and blank is None, ShownCell in kinds)


def _is_shown(cell: Cell) -> bool:
    return isinstance(cell.value if isinstance(cell, FormulaCell) else cell, ShownCell)


def _plain(
    codes: "array[int]", cells: tuple[Cell, ...], kind: FieldKind | None
) -> tuple["array[int]", tuple[Cell, ...], bool]:
    """The column with what counts of its numbers shown otherwise, and whether some of them are read as shown."""
    plain = [meaning.plain_cell(kind, cell) for cell in cells]
    again = _code([plain[code] for code in codes])
    read_as_shown = kind in meaning.AS_TEXT and any(
        _is_shown(cell) and not _is_shown(kept) for cell, kept in zip(cells, plain, strict=True)
    )
    return again.codes, again.cells, read_as_shown


def _number(keys: Sequence[Key]) -> tuple["array[int]", dict[Key, int]]:
    """For each key, the rank of the first one equal to it; and the rank of each distinct key."""
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
    """Rows that add up the others (a text starting with « total », hours, no identifier), and a note on each."""
    hours = named.get("heures")
    if hours is None:
        return set(), []
    places: dict[int, int] = {}
    for index, column in enumerate(coded):
        says = column.totals()
        if says:
            for row, code in enumerate(column.codes):
                if code in says:
                    places.setdefault(row, index)
    identifiers = [named[field] for field in _IDENTIFIERS if field in named]
    rows, notes = set(), []
    for row, index in sorted(places.items()):
        cells = [column.cells[column.codes[row]] for column in identifiers]
        amount = hours.cells[hours.codes[row]]
        if touched[row] and _filled(amount) and all(not _filled(cell) or _says_total(cell) for cell in cells):
            rows.add(row)
            text = coded[index].cells[coded[index].codes[row]]
            place = column_letter(index + sheet.first_column)
            notes.append(
                Observation(
                    Noticed.TOTAL_LEFT_OUT,
                    sheet=sheet.name,
                    row=numbers[row],
                    column=place,
                    value=display(text),
                    detail=display(amount),
                )
            )
    return rows, notes


def _repeated_headings(opening: Opening, coded: list[_Coded], touched: list[bool]) -> set[int]:
    """Rows that repeat the headings, as at the top of each printed page."""
    fields = {index: normal(opening.headings[index]) for index in opening.fields}
    first = min(fields, key=lambda index: len(coded[index].cells))
    form = fields[first]
    again = [isinstance(cell, str) and normal(cell) == form for cell in coded[first].cells]
    if not any(again):
        return set()
    rows = [i for i, code in enumerate(coded[first].codes) if again[code] and touched[i]]
    return {i for i in rows if all(normal(display(coded[j].cells[coded[j].codes[i]])) == f for j, f in fields.items())}


def _trust_rows(
    sheet: Sheet, opening: Opening, body: Sequence[Sequence[Cell]], numbers: Sequence[int], keep: list[bool]
) -> list[Observation]:
    """Refuse a csv with a line wider than its headings (its cells have shifted) or a last line that is not whole."""
    width = len(opening.headings)
    lines = [(row, number) for row, number, kept in zip(body, numbers, keep, strict=True) if kept]
    wide = next((number for row, number in lines if len(row) > width), 0)
    if wide and not _ends_in_blanks(sheet, opening, [row for row, _ in lines]):
        raise unreadable("wide_row", row=wide)
    for row, number in lines:
        if sheet.strict and len(row) < width:
            raise unreadable("short_row", row=number)
    if not sheet.cut_row or not keep or numbers[-1] != sheet.cut_row or not keep[-1]:
        return []
    last = opening.fields.get(width - 1)
    if len(body[-1]) < width or last not in (None, _CUT_IS_HARMLESS):
        raise unreadable("cut_end", row=sheet.cut_row)
    return [note("no_line_end", row=sheet.cut_row)]


def _ends_in_blanks(sheet: Sheet, opening: Opening, lines: Sequence[Sequence[Cell]]) -> bool:
    """Whether a program ended each line with the same blank cells more than the headings, so that none has shifted.

    A separator too many shifts the cells behind it, and the line may end in blanks as well. So all lines, two at least, have
    the same width, and one of them holds nothing behind its last mandatory cell: had it shifted, that cell would stand there.
    """
    width, last = len(opening.headings), max(opening.fields)
    while last > 0 and opening.kind not in FIELDS[opening.fields.get(last, "commentaire")].mandatory:
        last -= 1
    return (
        not sheet.strict
        and len(lines) > 1
        and len(set(map(len, lines))) == 1
        and not any(_filled(cell) for row in lines for cell in row[width:])
        and any(_filled(row[last]) and not any(map(_filled, row[last + 1 :])) for row in lines)
    )


def _columns(
    sheet: Sheet, opening: Opening, coded: list[_Coded], keep: list[bool], epoch_1904: bool
) -> tuple[tuple[SheetColumn, ...], list[Observation]]:
    columns, ignored = [], []
    whole = all(keep)
    for index, column in enumerate(coded):
        codes, cells = column.codes, column.cells
        if not whole:
            codes, cells = _only(column, keep)
        field = opening.fields.get(index)
        heading = opening.headings[index] if index < len(opening.headings) else ""
        if field is None and (normal(heading) in _OURS or not (heading or any(_filled(cell) for cell in cells))):
            continue
        kind = FIELDS[field].kind if field is not None else None
        letter = column_letter(index + sheet.first_column)
        if column.shown:
            codes, cells, read_as_shown = _plain(codes, cells, kind)
            if read_as_shown:
                ignored.append(note("shown_numbers", sheet=sheet.name, value=letter))
        meanings = meaning.read_column(kind, cells, all_texts=column.all_texts, epoch_1904=epoch_1904)
        columns.append(SheetColumn(field, heading, index + sheet.first_column, codes, cells, meanings))
        if field is None:
            ignored.append(
                Observation(
                    Noticed.COLUMN_IGNORED,
                    sheet=sheet.name,
                    row=opening.heading_row,
                    column=letter,
                    value=heading or letter,
                )
            )
    return tuple(columns), ignored


def _origins(opening: Opening, coded: list[_Coded], keep: list[bool]) -> tuple[str, ...]:
    """What « Ligne d'origine » says of each line, where there is such a column of ours."""
    for index, heading in enumerate(opening.headings[: len(coded)]):
        if normal(heading) == _ORIGIN:
            codes, cells = _only(coded[index], keep)
            return tuple(cell if isinstance(cell, str) else "" for cell in (cells[code] for code in codes))
    return ()


def _only(column: _Coded, keep: list[bool]) -> tuple["array[int]", tuple[Cell, ...]]:
    """The codes of the rows kept, over the cells that these rows use."""
    codes, used = _number(list(compress(column.codes, keep)))
    return codes, tuple(column.cells[code] for code in used)


def _faults(sheet: Sheet, opening: Opening, headings: Headings) -> tuple[Observation, ...]:
    """Columns that mean the same field (FIC-06), mandatory columns that are missing (FIC-05)."""
    kind = opening.kind
    faults = [
        Observation(
            Noticed.COLUMN_TWICE,
            sheet=sheet.name,
            row=opening.heading_row,
            column=column_letter(index + sheet.first_column),
            field=field,
            value=opening.headings[index],
            expected=FIELDS[field].headings[kind],
            detail=f"{_titled(sheet, opening, first)} / {_titled(sheet, opening, index)}",
        )
        for index, field, first in opening.doubles
    ]
    present = set(opening.fields.values())
    missing = [f.name for f in fields_of(kind) if kind in f.mandatory and f.name not in present]
    if kind == ABSENCES and "id_absence" not in present and not {"date_debut", "date_fin"} <= present:
        missing.append("id_absence")
    unknown = [t for i, t in enumerate(opening.headings) if t and i not in opening.fields]
    for field in missing:
        faults.append(
            Observation(
                Noticed.COLUMN_MISSING,
                sheet=sheet.name,
                row=opening.heading_row,
                field=field,
                expected=FIELDS[field].headings[kind],
                detail=headings.nearest(kind, field, unknown),
            )
        )
    return tuple(faults)


def _titled(sheet: Sheet, opening: Opening, index: int) -> str:
    return f"« {opening.headings[index]} » ({column_letter(index + sheet.first_column)})"
