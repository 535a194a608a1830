"""csv and the like: encoding, separator and quoting, each told by the content or refused. Source: contract §4.

Row numbers are those of a spreadsheet program: one a record. The separator is the one under which headings are known, and
it holds for the whole file. A misplaced quote, or a quoted field that may have swallowed other lines, refuses the file:
nobody can tell where its rows begin.
"""

import codecs
import csv
import io
import re

from pipeline.reading.headings import Headings
from pipeline.reading.model import Observation
from pipeline.reading.opening import find_opening
from pipeline.reading.sheets import Sheet, Workbook, beyond, unreadable
from pipeline.settings import Limits
from schemas.fields import column_letter
from schemas.noticed import Noticed

_SEPARATORS = (";", ",", "\t")
_FIELD_MAX = 100_000  # characters; a spreadsheet cell holds 32 767
_LINE_MAX = 1_000_000
_HEAD_LINES = 200
_LAST_ROW = 1_048_576  # what a spreadsheet program shows
_SEP_LINE = re.compile(r"sep=([;,\t])\r?\n?", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_KEPT_AS_TEXT = re.compile(r'="((?:[^"]|"")*)"', re.DOTALL)
"""How Excel is made to keep zeros: ``="03"`` is the text 03."""
_OLD_ENCODINGS = ("mac_roman", "cp850")
_LINE_OF_CELLS = 3  # a part of a cell with fewer separators is no line of its own
_UTF8_INSIDE = re.compile(rb"\xc3[\x80-\xbf]|\xe2\x80[\x80-\xbf]|\xc2[\xa0-\xbf]")


def read_delimited(data: bytes, limits: Limits, headings: Headings) -> Workbook:
    """Read a csv as a workbook of one sheet without a name. Raises ``RefusedError``."""
    text, encoding = decode(data)
    if "\0" in text:
        raise unreadable("null_character")
    if _has_endless_line(text):
        raise unreadable("endless_line")
    if encoding == "cp1252":
        _check_encoding(data, text, headings)
    separator, text = _separator(text, headings)
    numbers, rows, last = _records(text, separator, limits)
    sheet = Sheet("", numbers, rows, strict=separator == ",")
    if not text.endswith(("\n", "\r")):
        sheet.cut_row = last
    notes = () if encoding == "utf-8" else (Observation(Noticed.ENCODING, value=encoding),)
    return Workbook("csv", [sheet], notes)


def _has_endless_line(text: str) -> bool:
    """Whether at least half a million characters have no line end among them."""
    half = _LINE_MAX // 2
    return any(
        text.find("\n", start, start + half) < 0 and text.find("\r", start, start + half) < 0
        for start in range(0, len(text) - half, half)
    )


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of ``data`` and its encoding: told by mark or zeros, else UTF-8, else cp1252. Raises ``RefusedError``."""
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16"), "utf-8"  # said by its mark: nothing was guessed
        if wide := _utf16_by_zeros(data):
            return data.decode(wide), "utf-8"
        try:
            return data.decode("utf-8-sig"), "utf-8"
        except UnicodeDecodeError:
            if data.startswith(codecs.BOM_UTF8) or _UTF8_INSIDE.search(data):
                # Two encodings in one file, or one cut in the middle of a letter.
                raise unreadable("encoding") from None
            return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        raise unreadable("encoding") from None


def _utf16_by_zeros(data: bytes) -> str:
    """The UTF-16 of a text without a mark: one byte in two is zero, and always on the same side. Empty: it is not."""
    first, second = data[0::2].count(0), data[1::2].count(0)
    if first + second <= len(data) // 4 or (first and second):
        return ""
    return "utf-16-be" if first else "utf-16-le"


def _check_encoding(data: bytes, text: str, headings: Headings) -> None:
    """Refuse an old encoding under which more headings are known: its accents would be read as other letters."""
    known = _known(text, _separator(text, headings)[0], headings)
    for encoding in _OLD_ENCODINGS:
        other = data.decode(encoding)
        if max(_known(other, separator, headings) for separator in _SEPARATORS) > known:
            raise unreadable("old_encoding")


def _separator(text: str, headings: Headings) -> tuple[str, str]:
    """The separator under which most headings are known, and the text without a first line ``sep=``, which only Excel reads."""
    said = _SEP_LINE.match(text)
    if said:
        return said[1], text[said.end() :]
    counts = {separator: _known(text, separator, headings) for separator in _SEPARATORS}
    best = max(counts, key=lambda s: counts[s])
    if counts[best] == 0 and _known(text, "|", headings):
        raise unreadable("bars")
    if counts[best] == 0:
        head = text[:_FIELD_MAX]
        best = max(_SEPARATORS, key=head.count)
    return best, text


def _known(text: str, separator: str, headings: Headings) -> int:
    """How many headings are known when the first lines are split at ``separator``."""
    head = text[:_LINE_MAX].splitlines(keepends=True)[:_HEAD_LINES]
    rows = []
    try:
        for row in csv.reader(head, delimiter=separator):
            rows.append(_as_texts(row))
            if len(rows) >= _HEAD_LINES:
                break
    except csv.Error:
        pass
    opening = find_opening(Sheet("", range(1, len(rows) + 1), rows), headings)
    return len(opening.fields) if opening else 0


def _records(text: str, separator: str, limits: Limits) -> tuple[list[int], list[list[str]], int]:
    """The numbers of the rows that hold anything, these rows, and the number of the last row of all."""
    csv.field_size_limit(_FIELD_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    numbers: list[int] = []
    rows: list[list[str]] = []
    doubtful: list[tuple[int, int, int]] = []
    number = before = width = 0
    kept_as_text = '="' in text
    try:
        for number, row in enumerate(reader, 1):
            if number > _LAST_ROW:
                raise beyond("lignes", number, limits.lignes)
            start, before = before, reader.line_num
            if not any(row):
                continue
            numbers.append(number)
            rows.append(_as_texts(row, number) if kept_as_text else row)
            if len(row) > limits.colonnes and (used := _used(row)) > limits.colonnes:
                raise beyond(
                    "colonnes", used, limits.colonnes, row=number, column=column_letter(min(used, 1 << 14) - 1)
                )
            if before == start + 1:
                width = max(width, len(row))
            elif any(_holds_both(cell, separator) for cell in row):
                doubtful.append((number, start, before))
    except csv.Error as error:
        raise unreadable("endless_cell" if "limit" in str(error) else "quote", row=number + 1) from None
    _check_swallowed(text, separator, doubtful, width)
    return numbers, rows, number


def _as_texts(row: list[str], number: int = 0) -> list[str]:
    """The row with its cells ``="03"`` as the texts they stand for. One that does not end so was cut at a separator."""
    cells = []
    for cell in row:
        found = _KEPT_AS_TEXT.fullmatch(cell) if cell.startswith('="') else None
        if found is None and number and cell.startswith('="') and cell.count('"') % 2:
            raise unreadable("quote", row=number)
        cells.append(found[1].replace('""', '"') if found else cell)
    return cells


def _used(row: list[str]) -> int:
    return max((i + 1 for i, cell in enumerate(row) if cell.strip()), default=0)


def _holds_both(cell: str, separator: str) -> bool:
    """Whether a field holds a line break and a separator: its opening quote may have taken whole lines with it."""
    return separator in cell and ("\n" in cell or "\r" in cell)


def _check_swallowed(text: str, separator: str, records: list[tuple[int, int, int]], width: int) -> None:
    """Refuse a quoted field whose lines would do as rows without its quotes: two quotes gone astray look the same.

    ``records``: number of the row, lines of the file before and with it. ``width``: of the widest row on one line. The lines of
    a field are no rows where one of them is wider, or where those that follow the first hold next to nothing.
    """
    lines = _LINE_END.split(text) if records else []
    whole = re.compile(rf'(?:(?<=^)|(?<={re.escape(separator)}))"(?:[^"]|"")*"(?={re.escape(separator)}|$)')
    for number, start, end in records:
        widths = [whole.sub("", line).rstrip(separator + " ").count(separator) + 1 for line in lines[start:end]]
        if max(widths) <= width and max(widths[1:]) >= _LINE_OF_CELLS:
            raise unreadable("quote", row=number)
