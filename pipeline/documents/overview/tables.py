"""Tables of the reviewer's pages: the same rows as markup and as CSV. A script in the page adds filter and sort."""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import compress, islice

from markupsafe import Markup, escape

from pipeline.documents.page import typed, visible
from pipeline.documents.wording import Wording
from pipeline.jsonfile import hours
from pipeline.judging.verdicts_csv import guarded

PageValue = str | int | Decimal | float | date | None
"""What a cell of a page may hold."""

_TAG = re.compile("<[^>]*>")


class ColumnKind(StrEnum):
    """What a column holds; the page's script knows it by this value."""

    TEXT = "texte"
    CODE = "code"  # stays on one line
    FREE = "libre"  # a sender's text
    DATE = "date"
    NUMBER = "nombre"  # a count (int)
    HOURS = "heures"  # int, whole hundredths
    SHARE = "part"  # float, from 0 to 1
    DRAWN = "image"  # in the page alone
    HIDDEN = "cache"  # in the CSV alone


NUMBERS = frozenset({ColumnKind.NUMBER, ColumnKind.HOURS, ColumnKind.SHARE})
"""Kinds of columns whose values are numbers."""


@dataclass(frozen=True)
class PageColumn:
    """A column. ``hint``: what a short title stands for."""

    title: str
    kind: ColumnKind = ColumnKind.TEXT
    hint: str = ""


@dataclass(frozen=True)
class PageCell:
    """A value. ``href``: where it leads; ``shown``: what stands in the page in its place."""

    value: PageValue = None
    href: str = ""
    shown: Markup | None = None


@dataclass(frozen=True)
class PageTable:
    """Rows, the most important first. ``name``: of the CSV file, and the id in the page.

    ``total``: how many rows there are, where ``rows`` is cut. ``upright``: the headings are written upwards.
    """

    name: str
    title: str
    columns: tuple[PageColumn, ...]
    rows: tuple[tuple[PageCell, ...], ...]
    total: int
    note: str = ""
    upright: bool = False

    @property
    def cut(self) -> bool:
        """Some rows are left out."""
        return self.total > len(self.rows)


def table(
    name: str,
    title: str,
    columns: Sequence[PageColumn],
    rows: Iterable[Sequence[PageCell | PageValue]],
    total: int,
    *,
    most: int = 500,
    note: str = "",
    upright: bool = False,
) -> PageTable:
    """A table of the first ``most`` of the ``total`` rows; plain values become cells.

    A column of shares that are all None is left out.
    """
    cells = [[one if isinstance(one, PageCell) else PageCell(one) for one in row] for row in islice(rows, most)]
    useful = [
        column.kind is not ColumnKind.SHARE or any(row[position].value is not None for row in cells)
        for position, column in enumerate(columns)
    ]
    kept = tuple(tuple(compress(row, useful)) for row in cells)
    return PageTable(name, title, tuple(compress(columns, useful)), kept, total, note, upright)


# --- markup -----------------------------------------------------------------------------------------------------------


def markup(one: PageTable, words: Wording) -> Markup:
    """The element ``<table>`` alone; what stands around it is in the template."""
    head = Markup("").join(_heading(column) for column in one.columns)
    body = Markup("\n").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                _cell(cell, column, words, not position)
                for position, (cell, column) in enumerate(zip(row, one.columns, strict=True))
            )
        )
        for row in one.rows
    )
    extra = Markup(' class="debout"') if one.upright else Markup("")
    return Markup("<table{}>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n</table>").format(extra, head, body)


def _heading(column: PageColumn) -> Markup:
    title = Markup('<abbr title="{}">{}</abbr>').format(column.hint, column.title) if column.hint else column.title
    extra = Markup(' class="n"') if _sorted_by_value(column) else _hidden(column)
    return Markup('<th scope="col" data-k="{}"{}><span>{}</span></th>').format(column.kind, extra, title)


def _cell(cell: PageCell, column: PageColumn, words: Wording, head: bool) -> Markup:
    shown = _shown(cell, column, words)
    # Where the cell shows something else, the script saves its value.
    other = cell.shown is not None and cell.shown.striptags() != str(cell.value)
    value = Markup(' data-t="{}"').format(cell.value) if other else Markup("")
    if head:
        return Markup('<th scope="row"{}>{}</th>').format(value, shown)
    if _sorted_by_value(column):
        raw = "" if cell.value is None else _raw(cell.value, column.kind)
        # Where the cell shows it as it is, the script needs no more; a nought is drawn softly.
        given = Markup(' data-v="{}"').format(raw) if raw != str(shown) or raw == "0" else Markup("")
        return Markup('<td class="n"{}>{}</td>').format(given, shown)
    extra = Markup(' class="c"') if column.kind is ColumnKind.CODE else _hidden(column)
    return Markup("<td{}{}>{}</td>").format(extra, value, shown)


def _sorted_by_value(column: PageColumn) -> bool:
    """The script sorts the column by numbers or dates, not by the text shown."""
    return column.kind in NUMBERS or column.kind is ColumnKind.DATE


def _hidden(column: PageColumn) -> Markup:
    return Markup(" hidden") if column.kind is ColumnKind.HIDDEN else Markup("")


def _shown(cell: PageCell, column: PageColumn, words: Wording) -> Markup:
    if cell.shown is not None:
        return cell.shown
    value = cell.value
    if value is None:
        return Markup("")
    if column.kind is ColumnKind.FREE:
        text = typed(value)
    elif column.kind is ColumnKind.HOURS and isinstance(value, int):
        text = escape(words.hours(hours(value)))
    elif column.kind is ColumnKind.SHARE and isinstance(value, float):
        text = escape(words.share(value))
    else:
        text = visible(words.show(value))
    return Markup('<a href="{}">{}</a>').format(cell.href, text) if cell.href else text


def _raw(value: PageValue, kind: ColumnKind) -> str:
    """The value as the script sorts and saves it: a point before decimals, ISO dates."""
    if isinstance(value, int) and kind is ColumnKind.HOURS:
        return str(hours(value))
    return f"{value:.4f}" if isinstance(value, float) else str(value)


# --- CSV --------------------------------------------------------------------------------------------------------------


def csv(one: PageTable, words: Wording) -> bytes:
    """The rows shown, for a spreadsheet program of the page's language.

    With a BOM; in French with semicolons and decimal commas, in English with commas and decimal points.
    """
    separator = ";" if words.language == "fr" else ","
    kept = [column.kind is not ColumnKind.DRAWN for column in one.columns]
    columns = list(compress(one.columns, kept))
    lines = [[column.title for column in columns]]
    lines += [
        [_saved(cell, column, words) for cell, column in zip(compress(row, kept), columns, strict=True)]
        for row in one.rows
    ]
    text = "".join(separator.join(_quoted(value, separator) for value in line) + "\r\n" for line in lines)
    return b"\xef\xbb\xbf" + text.encode("utf-8", errors="replace")


def _saved(cell: PageCell, column: PageColumn, words: Wording) -> str:
    value = cell.value
    if value is None:
        return ""
    if column.kind in NUMBERS:
        return words.decimal(_raw(value, column.kind))
    if column.kind is ColumnKind.FREE:  # as it is shown: hidden characters by their number
        return guarded(Markup(_TAG.sub("", visible(value, 200))).unescape())
    return guarded(_raw(value, column.kind))


def _quoted(text: str, separator: str) -> str:
    special = any(character in text for character in (separator, '"', "\r", "\n"))
    return '"' + text.replace('"', '""') + '"' if special else text


def data_uri(one: PageTable, words: Wording) -> str:
    """The CSV as the address of a link: it is saved without a server and without a script."""
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(csv(one, words)).decode("ascii")
