"""What one cell means for one kind of field. Pure; called once for each distinct cell of a column. Source: contract §4.

Only the first cause counts: spreadsheet error, then NIR, then forbidden character, then length, then the reading itself.
A cell with one reading is accepted; one with two is refused, and ``detail`` lists them in forms that are accepted,
separated by `` / ``. ``detail`` holds values and never a sentence: messages are made from it in any language.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence

from stdnum.fr import nir as nir_number

from pipeline.cells.dates import read_date
from pipeline.cells.hours import read_hours
from pipeline.cells.model import Cell, ErrorCell, FormulaCell, Meaning, PlainMeanings, ShownCell
from pipeline.cells.text import as_text, display, hours_to_type
from pipeline.cells.text import number as number_text
from schemas.fields import MAX_COMMENT, MAX_TEXT, FieldKind
from schemas.folding import key, tidy
from schemas.noticed import Noticed

ERROR_TEXTS = frozenset(
    "#NULL! #DIV/0! #VALUE! #REF! #NAME? #NUM! #N/A #GETTING_DATA #SPILL! #CALC! #FIELD! #BLOCKED! #UNKNOWN! #CONNECT! "
    "#BUSY! #PYTHON! #NUL! #VALEUR! #NOM? #NOMBRE! #PROPAGATION! #CHAMP!".split()
)
"""Errors as Excel writes them, in English and in French: a csv holds them as text."""

_ERROR_OF_LIBREOFFICE = re.compile(r"Err\s?:\s?[0-9]{3}")
"""Errors that have a number and no name, as Err:502; in French with a space."""
_ERROR_SIGNS = ("#", "Err:", "Err :")
"""What errors start with, but those with spaces that are looked at closely anyhow."""

_BLANK = Meaning(None)
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
"""Text that reads as itself: printable ASCII, trimmed, single spaces."""
_NIR = re.compile(
    r"(?<![0-9])(?=([1-478](?:[ ./_-]?[0-9]){4}[ ./_-]?(?:[0-9][ ./_-]?[0-9]|2[AaBb])(?:[ ./_-]?[0-9]){8})(?![0-9]))"
)
_NIR_LENGTH = 15
_FORBIDDEN_FORMATS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_LINE_BREAKS = frozenset("\t\n\r")
_JOINERS = frozenset("\u200c\u200d")  # they hold an emoji together: no harm in a comment, which is never compared


def read_cell(kind: FieldKind, cell: Cell, *, epoch_1904: bool = False) -> Meaning:
    """Return what ``cell`` means for a field of ``kind``. Never raises.

    Hours come as whole hundredths, dates as ``date``, yes/no as bool, everything else as text; a blank cell as
    ``Meaning(None)``. ``epoch_1904``: the workbook counts its days from 1904; this matters for dates left as bare numbers.
    """
    if (
        isinstance(cell, str)
        and len(cell) < _NIR_LENGTH
        and kind in AS_TEXT
        and _PLAIN.fullmatch(cell)
        and not cell.startswith(_ERROR_SIGNS)
    ):
        return Meaning(cell)
    noticed: tuple[Noticed, ...] = ()
    if isinstance(cell, FormulaCell):
        if cell.value is None:
            return Meaning(None, (Noticed.NOT_CALCULATED,))
        cell, noticed = cell.value, (Noticed.FORMULA,)
    if isinstance(cell, ShownCell):
        return _read_shown(kind, cell, noticed, epoch_1904=epoch_1904)
    if is_blank(cell):
        return _BLANK
    wrong = _wrong_in_itself(cell, kind)
    if wrong is not None:
        return wrong
    read = _READERS[kind](cell, epoch_1904)
    return Meaning(read.value, noticed + read.noticed, read.detail) if noticed and read.value is not None else read


def _read_shown(kind: FieldKind, cell: ShownCell, noticed: tuple[Noticed, ...], *, epoch_1904: bool) -> Meaning:
    """A text is what the program shows; hours, days and yes/no are the number itself."""
    if holds_nir(cell.value):
        return Meaning(None, (Noticed.NIR,))
    if kind in AS_TEXT and cell.shown is None:
        return Meaning(None, (Noticed.SHOWN_OTHERWISE,), display(cell.value))
    if kind is FieldKind.HOURS and (both := _both_hours(cell)):
        return Meaning(None, (Noticed.HOURS_UNREADABLE,), both)
    read = read_cell(kind, cell.shown if kind in AS_TEXT else cell.value, epoch_1904=epoch_1904)
    return read._replace(noticed=noticed + read.noticed) if noticed and read.value is not None else read


def _both_hours(cell: ShownCell) -> str:
    """Both readings of a number that shows other hours than it holds, as 730 through ``00":"00``; empty where it shows none."""
    shown, held = read_hours(cell.shown)[0], read_hours(cell.value)[0]
    if shown is None or shown == held:
        return ""
    return " / ".join(hours_to_type(hours) for hours in (shown, held) if hours is not None)


def plain_cell(kind: FieldKind | None, cell: Cell) -> Cell:
    """Return what counts for a field of ``kind`` of a cell that its format shows otherwise, other cells as they are.

    That is the text it shows, or its number; the cell itself where it cannot be read.
    """
    inner = cell.value if isinstance(cell, FormulaCell) else cell
    if not isinstance(inner, ShownCell):
        return cell
    as_text = kind in AS_TEXT
    unusable = (
        holds_nir(inner.value) or inner.shown is None if as_text else kind is FieldKind.HOURS and _both_hours(inner)
    )
    if unusable:
        return inner
    plain = inner.shown if as_text else inner.value
    return FormulaCell(plain) if isinstance(cell, FormulaCell) else plain


def read_free_cell(cell: Cell) -> Meaning:
    """Look for a NIR in ``cell``, of a column of the sender's own; nothing else is read there."""
    if isinstance(cell, FormulaCell):
        cell = cell.value
    if isinstance(cell, ShownCell):
        cell = cell.value
    return Meaning(None, (Noticed.NIR,)) if holds_nir(cell) else _BLANK


def read_column(
    kind: FieldKind | None, cells: tuple[Cell, ...], *, all_texts: bool = False, epoch_1904: bool = False
) -> Sequence[Meaning]:
    """Return the meaning of each of ``cells``, the distinct cells of a column, as ``read_cell`` gives it.

    ``kind`` None: a column of the sender's own. ``all_texts``: the caller knows that every cell is a text.
    """
    if kind in AS_TEXT or kind is None:
        texts: Sequence[Cell] = cells if all_texts else [cell for cell in cells if isinstance(cell, str)]
        if (all_texts or len(texts) + (None in cells) == len(cells)) and _read_as_themselves(texts, kind):  # type: ignore[arg-type]
            # A blank cell is None, and None is what it means.
            return (_BLANK,) * len(cells) if kind is None else PlainMeanings(cells)  # type: ignore[arg-type]
    if kind is None:
        return tuple([read_free_cell(cell) for cell in cells])
    return tuple([read_cell(kind, cell, epoch_1904=epoch_1904) for cell in cells])


def _read_as_themselves(texts: Sequence[str], kind: FieldKind | None) -> bool:
    """Whether each text is what ``read_cell`` would make of it. Looks at all of them together: most columns pass at once."""
    joined = "\n".join(texts)
    longest = max(map(len, texts), default=0)
    plain = (
        longest <= (MAX_COMMENT if kind is FieldKind.COMMENT else MAX_TEXT)
        and joined.count("\n") == max(len(texts) - 1, 0)
        and joined.replace("\n", "").isprintable()  # which NBSP, controls and invisible characters are not
        and (joined.isascii() or unicodedata.is_normalized("NFC", joined))
        and not any(mark in joined for mark in ("  ", " \n", "\n ", *_ERROR_SIGNS, "\ufffd", "\n\n"))
        and not joined.startswith((" ", "\n"))
        and not joined.endswith((" ", "\n"))
    )
    return plain and (longest < _NIR_LENGTH or _NIR.search(joined) is None)


def is_blank(cell: Cell) -> bool:
    """Whether nothing stands in ``cell``: no cell, only spaces, or a formula whose value is an empty text."""
    if isinstance(cell, FormulaCell):
        return isinstance(cell.value, str) and not cell.value.strip()
    return cell is None or (isinstance(cell, str) and not cell.strip())


def holds_nir(cell: Cell) -> bool:
    """Whether a social security number with a right key stands anywhere in ``cell``, as text or as a number."""
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        text = number_text(cell) or ""
    elif isinstance(cell, str | ErrorCell):
        text = cell if isinstance(cell, str) else cell.text
    else:
        return False
    if len(text) < _NIR_LENGTH:
        return False
    return any(_is_nir(found[1]) for found in _NIR.finditer(" ".join(text.split())))


def _is_nir(text: str) -> bool:
    number = re.sub(r"[ ./_-]", "", text).upper()
    month = int(number[3:5])
    # 13 to 19 and 43 to 49 are given to nobody: leaving them out spares other 15-digit numbers.
    return (1 <= month <= 12 or 20 <= month <= 42 or month >= 50) and bool(nir_number.is_valid(number))


def _wrong_in_itself(cell: Cell, kind: FieldKind) -> Meaning | None:
    """The first cause that forbids reading the cell at all, None where there is none."""
    if holds_nir(cell):
        return Meaning(None, (Noticed.NIR,))
    if isinstance(cell, ErrorCell):
        return Meaning(None, (cell.noticed,), cell.text)
    if not isinstance(cell, str):
        return None
    if cell.strip().upper() in ERROR_TEXTS:
        return Meaning(None, (Noticed.SPREADSHEET_ERROR,), cell.strip().upper())
    if _ERROR_OF_LIBREOFFICE.fullmatch(cell.strip()):
        return Meaning(None, (Noticed.SPREADSHEET_ERROR,), tidy(cell))
    forbidden = _forbidden(cell, kind)
    if forbidden:
        return Meaning(None, (Noticed.CHARACTER_FORBIDDEN,), f"U+{ord(forbidden):04X}")
    limit = MAX_COMMENT if kind is FieldKind.COMMENT else MAX_TEXT
    length = len(tidy(cell))
    if length > limit:
        return Meaning(None, (Noticed.TEXT_TOO_LONG,), f"{length} / {limit}")
    return None


def _forbidden(text: str, kind: FieldKind) -> str:
    """The first character that has no place in a text: a control, an invisible one, the mark of a lost one. Empty: none."""
    if text.isascii() and text.isprintable():
        return ""
    for character in text:
        if character in _LINE_BREAKS or (kind is FieldKind.COMMENT and character in _JOINERS):
            continue
        if character == "\ufffd" or unicodedata.category(character) in _FORBIDDEN_FORMATS:
            return character
    return ""


def _read_text(cell: Cell, _epoch: bool) -> Meaning:
    text = as_text(cell)
    if text is None:
        return Meaning(None, (Noticed.SPREADSHEET_ERROR,), display(cell))
    return Meaning(text)


def _read_person(cell: Cell, _epoch: bool) -> Meaning:
    # The rule on its form (LIG-03) says best what is wrong with a number whose digits are lost.
    return Meaning(display(cell))


_YES = frozenset({"oui", "o", "x", "1", "vrai", "true"})
_NO = frozenset({"non", "n", "0", "faux", "false"})


def _read_yes_no(cell: Cell, _epoch: bool) -> Meaning:
    if isinstance(cell, bool):
        return Meaning(cell)
    text = key(as_text(cell) or "")
    if text in _YES or text in _NO:
        return Meaning(text in _YES)
    return Meaning(None, (Noticed.YES_NO_UNREADABLE,), "oui / non")


def _read_hours(cell: Cell, _epoch: bool) -> Meaning:
    hours, detail = read_hours(cell)
    return Meaning(hours, () if hours is not None else (Noticed.HOURS_UNREADABLE,), detail)


def _read_date(cell: Cell, epoch_1904: bool) -> Meaning:
    day, detail = read_date(cell, epoch_1904=epoch_1904)
    return Meaning(day, () if day is not None else (Noticed.DATE_UNREADABLE,), detail)


AS_TEXT = frozenset({FieldKind.TEXT, FieldKind.KEY, FieldKind.PERSON, FieldKind.MOTIF, FieldKind.COMMENT})
"""Kinds of fields of which a number is read as the text it makes."""
_READERS: dict[FieldKind, Callable[[Cell, bool], Meaning]] = {
    FieldKind.TEXT: _read_text,
    FieldKind.KEY: _read_text,
    FieldKind.COMMENT: _read_text,
    FieldKind.MOTIF: _read_person,
    FieldKind.PERSON: _read_person,
    FieldKind.HOURS: _read_hours,
    FieldKind.DATE: _read_date,
    FieldKind.YES_NO: _read_yes_no,
}
