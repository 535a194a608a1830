"""The row that opens a table: at least three known headings of a kind. Titles above and a second row of headings do no harm."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.cells.model import Cell, FormulaCell
from pipeline.reading.headings import Headings, normal
from pipeline.reading.sheets import Sheet
from schemas.fields import ABSENCES, HEURES, KINDS

_KNOWN_ENOUGH = 3
_TITLES = 50  # rows above a table whose words may tell its kind
_TITLE_LENGTH = 200  # a longer text is no heading, and is not worth folding


@dataclass(frozen=True)
class Opening:
    """Where a table opens and what its columns mean.

    ``heading_row``: row number of the headings. ``body``: index of the first row below them. ``headings``: one a column, as
    typed. ``fields``: column → field, each field once. ``doubles``: (column, field, first column of that field). Columns are
    0-based and count from the sheet's first one.
    """

    kind: str
    heading_row: int
    body: int
    headings: tuple[str, ...]
    fields: dict[int, str]
    doubles: tuple[tuple[int, str, int], ...]
    two_rows: bool  # of headings


def find_opening(sheet: Sheet, headings: Headings) -> Opening | None:
    """Return the first row of ``sheet`` that opens a table, None where none does."""
    above: list[str] = []
    unknown: set[str] = set()
    for i, row in enumerate(sheet.rows):
        texts = _texts(row)
        if not any(texts):
            continue
        if len(above) >= _TITLES and _knows_none(texts, headings, unknown):
            continue
        below = _texts(sheet.rows[i + 1]) if _follows(sheet, i) else ()
        opening = _open(sheet, headings, i, texts, below, above)
        if opening is not None:
            return opening
        if len(above) < _TITLES:
            above.append(" ".join(filter(None, texts)))
    return None


def _knows_none(texts: tuple[str, ...], headings: Headings, unknown: set[str]) -> bool:
    """Whether no text of the row is a heading. Looks up each distinct text of a long sheet once, by ``unknown``."""
    for text in texts:
        if text and text not in unknown:
            if headings.knows(text):
                return False
            unknown.add(text)
    return True


def _follows(sheet: Sheet, i: int) -> bool:
    return i + 1 < len(sheet.numbers) and sheet.numbers[i + 1] == sheet.numbers[i] + 1


def _texts(row: Sequence[Cell]) -> tuple[str, ...]:
    values = [cell.value if isinstance(cell, FormulaCell) else cell for cell in row]
    return tuple(" ".join(v.split()) if isinstance(v, str) and len(v) <= _TITLE_LENGTH else "" for v in values)


def _open(
    sheet: Sheet, headings: Headings, i: int, texts: tuple[str, ...], below: tuple[str, ...], above: list[str]
) -> Opening | None:
    candidates = []
    for kind in KINDS:
        single = {j: field for j, text in enumerate(texts) if text and (field := headings.field(kind, text))}
        paired = _pair(headings, kind, texts, below, single) if any(below) else None
        alone = {field for text in below if text and (field := headings.field(kind, text))}
        if paired is not None and len(set(paired[1].values())) >= max(_KNOWN_ENOUGH, len(alone) + 1):
            candidates.append((len(set(paired[1].values())), kind, *paired, True))
        elif len(set(single.values())) >= _KNOWN_ENOUGH:
            candidates.append((len(set(single.values())), kind, texts, single, False))
    if not candidates:
        return None
    best = max(count for count, *_ in candidates)
    kinds = [kind for count, kind, *_ in candidates if count == best]
    kind = kinds[0] if len(kinds) == 1 else _by_name(sheet, above, texts)
    _, kind, titles, fields, two_rows = next(c for c in candidates if c[1] == kind)
    fields, doubles = _once(fields)
    return Opening(kind, sheet.numbers[i], i + 2 if two_rows else i + 1, titles, fields, doubles, two_rows)


def _by_name(sheet: Sheet, above: list[str], texts: tuple[str, ...]) -> str:
    """The kind of a table whose headings both kinds have: absences where that word stands around it."""
    return ABSENCES if any("absence" in normal(text) for text in (sheet.name, *above, *texts)) else HEURES


def _once(fields: dict[int, str]) -> tuple[dict[int, str], tuple[tuple[int, str, int], ...]]:
    first: dict[str, int] = {}
    doubles = []
    for column, field in fields.items():
        if field in first:
            doubles.append((column, field, first[field]))
        else:
            first[field] = column
    return {column: field for field, column in first.items()}, tuple(doubles)


def _pair(
    headings: Headings, kind: str, texts: tuple[str, ...], below: tuple[str, ...], single: dict[int, str]
) -> tuple[tuple[str, ...], dict[int, str]] | None:
    """Headings over two rows, such as « Dates » above « début » and « fin », with their fields; None where it is one row.

    The second row must give a field that the first lacks, and be empty under headings that are known already.
    """
    fields, titles, group, gained = {}, [], "", False
    for j in range(max(len(texts), len(below))):
        top = texts[j] if j < len(texts) else ""
        sub = below[j] if j < len(below) else ""
        group = top or group
        if j in single:
            if sub and headings.field(kind, f"{top} {sub}") != single[j]:
                return None
            fields[j] = single[j]
            titles.append(top)
            group = ""
            continue
        title, field = top, None
        for candidate in (f"{group} {sub}".strip(), sub) if sub else ():
            field = headings.field(kind, candidate)
            if field is not None:
                title = candidate
                break
        if field is not None:
            fields[j] = field
            gained = True
        titles.append(title if field is not None else " ".join(filter(None, (top, sub))))
    return (tuple(titles), fields) if gained else None
