"""Tables of the reviewer's pages: the same rows as markup and as CSV. Filter and sort are added in the page by a script."""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import compress, islice

from markupsafe import Markup, escape

from pipeline.documents.page import typed, visible
from pipeline.documents.wording import Words
from pipeline.jsonfile import hours
from pipeline.judging.verdicts_csv import guarded

Value = str | int | Decimal | float | date | None

_TAG = re.compile("<[^>]*>")
NUMBERS = frozenset({"nombre", "heures", "part"})
"""Kinds of columns whose values are numbers: counts (int), hours (int hundredths), shares (float, 0 to 1)."""


@dataclass(frozen=True)
class Column:
    """A column. ``kind``: texte, code (on one line), libre (a sender's text), date, one of ``NUMBERS``; or image (drawn,
    not in the CSV), cache (in the CSV alone)."""

    title: str
    kind: str = "texte"
    hint: str = ""  # what a short title stands for


@dataclass(frozen=True)
class Cell:
    """A value; ``href`` where it leads; ``shown`` what stands in the page in its place."""

    value: Value = None
    href: str = ""
    shown: Markup | None = None


@dataclass(frozen=True)
class Table:
    """Rows in the order that matters most. ``total``: how many there are where ``rows`` has been cut."""

    name: str  # of the CSV file, and the id in the page
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: int
    note: str = ""
    upright: bool = False  # short headings, written upwards

    @property
    def cut(self) -> bool:
        return self.total > len(self.rows)


def table(
    name: str,
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell | Value]],
    total: int,
    *,
    most: int = 500,
    note: str = "",
    upright: bool = False,
) -> Table:
    """A table of the first ``most`` of the ``total`` rows; plain values become cells. A share nobody has gets no column."""
    cells = [[one if isinstance(one, Cell) else Cell(one) for one in row] for row in islice(rows, most)]
    useful = [
        column.kind != "part" or any(row[position].value is not None for row in cells)
        for position, column in enumerate(columns)
    ]
    kept = tuple(tuple(compress(row, useful)) for row in cells)
    return Table(name, title, tuple(compress(columns, useful)), kept, total, note, upright)


# --- markup -----------------------------------------------------------------------------------------------------------


def _shown(cell: Cell, column: Column, words: Words) -> Markup:
    if cell.shown is not None:
        return cell.shown
    value = cell.value
    if value is None:
        return Markup("")
    if column.kind == "libre":
        text = typed(value)
    elif column.kind == "heures" and isinstance(value, int):
        text = escape(words.hours(hours(value)))
    elif column.kind == "part" and isinstance(value, float):
        text = escape(words.share(value))
    else:
        text = visible(words.show(value))
    return Markup('<a href="{}">{}</a>').format(cell.href, text) if cell.href else text


def _raw(value: Value, kind: str) -> str:
    """The value as the script sorts and saves it: a point before decimals, ISO dates."""
    if isinstance(value, int) and kind == "heures":
        return str(hours(value))
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _cell(cell: Cell, column: Column, words: Words, head: bool) -> Markup:
    shown = _shown(cell, column, words)
    # What is drawn otherwise than it is: the script saves the value.
    told = Markup(' data-t="{}"').format(cell.value) if cell.shown is not None else Markup("")
    if head:
        return Markup('<th scope="row"{}>{}</th>').format(told, shown)
    if column.kind in NUMBERS or column.kind == "date":
        raw = "" if cell.value is None else _raw(cell.value, column.kind)
        return Markup('<td class="n" data-v="{}">{}</td>').format(raw, shown)
    extra = {"code": Markup(' class="c"'), "cache": Markup(" hidden")}.get(column.kind, Markup(""))
    return Markup("<td{}{}>{}</td>").format(extra, told, shown)


def _heading(column: Column) -> Markup:
    title = Markup('<abbr title="{}">{}</abbr>').format(column.hint, column.title) if column.hint else column.title
    number = column.kind in NUMBERS or column.kind == "date"
    extra = Markup(' class="n"') if number else Markup(" hidden") if column.kind == "cache" else Markup("")
    return Markup('<th scope="col" data-k="{}"{}><span>{}</span></th>').format(column.kind, extra, title)


def markup(one: Table, words: Words) -> Markup:
    """``<table>`` alone; its surroundings stand in the template."""
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


# --- CSV --------------------------------------------------------------------------------------------------------------


def _saved(cell: Cell, column: Column, comma: bool) -> str:
    value = cell.value
    if value is None:
        return ""
    if column.kind in NUMBERS:
        raw = _raw(value, column.kind)
        return raw.replace(".", ",") if comma else raw
    if column.kind == "libre":  # as it is shown: hidden signs by their number
        return guarded(Markup(_TAG.sub("", visible(value, 200))).unescape())
    return guarded(_raw(value, column.kind))


def _quoted(text: str, comma: bool) -> str:
    special = any(sign in text for sign in (";" if comma else ",", '"', "\r", "\n"))
    return '"' + text.replace('"', '""') + '"' if special else text


def csv(one: Table, words: Words) -> bytes:
    """The rows shown, for a spreadsheet program of the page's language: BOM, semicolons and decimal commas in French."""
    comma = words.langue == "fr"
    kept = [position for position, column in enumerate(one.columns) if column.kind != "image"]
    lines = [[one.columns[position].title for position in kept]]
    lines += [[_saved(row[position], one.columns[position], comma) for position in kept] for row in one.rows]
    text = "".join((";" if comma else ",").join(_quoted(cell, comma) for cell in line) + "\r\n" for line in lines)
    return b"\xef\xbb\xbf" + text.encode("utf-8", errors="replace")


def data_uri(one: Table, words: Words) -> str:
    """The CSV as a link's address: saved without a server and without a script."""
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(csv(one, words)).decode("ascii")
