"""csv and the like: encoding, separator and quoting, each told by the content or refused. Source: contract §4.

Row numbers are those of a spreadsheet program: one a record. The separator is the one under which headings are known, and
it holds for the whole file. A misplaced quote, or a quoted field that swallowed other lines, refuses the file: nobody can
tell where its rows begin.
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
from schemas.noticed import Noticed

_SEPARATORS = (";", ",", "\t")
_FIELD_MAX = 100_000  # characters; a spreadsheet cell holds 32 767
_LINE_MAX = 1_000_000
_HEAD_LINES = 200
_LAST_ROW = 1_048_576  # what a spreadsheet program shows
_SEP_LINE = re.compile(r"sep=([;,\t])\r?\n?", re.IGNORECASE)
_UTF8_INSIDE = re.compile(rb"\xc3[\x80-\xbf]|\xe2\x80[\x80-\xbf]|\xc2[\xa0-\xbf]")


def read_delimited(data: bytes, limits: Limits, headings: Headings) -> Workbook:
    """Read a csv as a workbook of one sheet without a name. Raises ``RefusedError``."""
    text, encoding = decode(data)
    if "\0" in text:
        raise unreadable("null_character")
    if _has_endless_line(text):
        raise unreadable("endless_line")
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
    """Return the text of ``data`` and its encoding: by its mark, else UTF-8, else cp1252. Raises ``RefusedError``."""
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return data.decode("utf-16"), "utf-8"  # said by its mark: nothing was guessed
        try:
            return data.decode("utf-8-sig"), "utf-8"
        except UnicodeDecodeError:
            if data.startswith(codecs.BOM_UTF8) or _UTF8_INSIDE.search(data):
                # Two encodings in one file, or one cut in the middle of a letter.
                raise unreadable("encoding") from None
            return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        raise unreadable("encoding") from None


def _separator(text: str, headings: Headings) -> tuple[str, str]:
    """The separator under which most headings are known, and the text without a first line ``sep=``, which only Excel reads."""
    said = _SEP_LINE.match(text)
    if said:
        return said[1], text[said.end() :]
    counts = {separator: _known(text, separator, headings) for separator in _SEPARATORS}
    best = max(counts, key=lambda s: counts[s])
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
            rows.append(row)
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
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            if number > _LAST_ROW:
                raise beyond("lignes", number, limits.lignes)
            if not any(row):
                continue
            numbers.append(number)
            rows.append(row)
            if len(row) > limits.colonnes and _used(row) > limits.colonnes:
                raise beyond("colonnes", _used(row), limits.colonnes)
            if reader.line_num > number and any(_swallowed(cell, separator) for cell in row):
                raise unreadable("quote", row=number)
    except csv.Error as error:
        raise unreadable("endless_cell" if "limit" in str(error) else "quote", row=number + 1) from None
    return numbers, rows, number


def _used(row: list[str]) -> int:
    return max((i + 1 for i, cell in enumerate(row) if cell.strip()), default=0)


def _swallowed(cell: str, separator: str) -> bool:
    """Whether a field holds a line break and a separator: its opening quote took whole lines with it."""
    return ("\n" in cell or "\r" in cell) and separator in cell
