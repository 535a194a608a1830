"""Small rows of the clerk's sheet, and the texts that several blocks write: in French, as Kairos is."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from pipeline.documents.clerk import styles
from pipeline.documents.clerk.sheet import BLANK, LAST, TO_FILL, PrintedRow, Span, readable, row
from pipeline.documents.wording import NARROW, Wording, french

FRENCH = Wording("fr")
ZERO = Decimal("0.00")
"""No hours."""

_typeset = cache(french)
_TEXT_HEADINGS = frozenset({"Dates"})


def section(title: str) -> list[PrintedRow]:
    """The title bar of a block, with some room above it."""
    return [BLANK, row(Span(0, LAST, title, styles.SECTION), glued=True)]


def sentence(words: str, **values: str) -> str:
    """The French ``words`` with ``values`` filled in: texts of a sender stay as they are, whatever ``french`` does to ours."""
    return _typeset(words).format_map({name: readable(value) for name, value in values.items()})


def hours(value: Decimal) -> str:
    """Hours with their unit, which no line break parts from them: « 7,50 h »."""
    return f"{FRENCH.hours(value)}{NARROW}h"


def full_width(said: str, style: styles.CellStyle, at_least: float = 0.0, *, glued: bool = False) -> PrintedRow:
    """A sentence over all columns, ``at_least`` so many points high."""
    return row(Span(0, LAST, said, style), at_least=at_least, glued=glued)


def labelled(label: str, value: str, *, strong: bool = False) -> PrintedRow:
    """A label and its value, which may be text of a sender."""
    return row(Span(0, 1, label), Span(2, LAST, readable(value), styles.LABELLED if strong else styles.BODY))


def to_fill(label: str) -> PrintedRow:
    """A label and a frame, in which the clerk writes."""
    return row(Span(0, 1, label, styles.ASKED), Span(2, 2, TO_FILL, styles.TO_FILL), at_least=24)


def two_labelled(left: tuple[str, str], right: tuple[str, str]) -> PrintedRow:
    """Two labels with their values, side by side."""
    return row(
        Span(0, 1, left[0]),
        Span(2, 2, left[1], styles.LABELLED),
        Span(3, 4, right[0]),
        Span(5, 5, right[1], styles.LABELLED_NUMBER),
    )


def table_headings(first: str, *others: str) -> PrintedRow:
    """Headings of a table: the first also over the tick box, those of hours to the right."""
    spans = [
        Span(column, column, heading, styles.HEAD if heading in _TEXT_HEADINGS else styles.HEAD_NUMBER)
        for column, heading in enumerate(others, 2)
    ]
    return row(Span(0, 1, first, styles.HEAD_FIRST), *spans, glued=True)


def full_name(person: Mapping[str, Any]) -> str:
    """Surname in capitals, and first name."""
    return readable(f"{person['nom'].upper()} {person['prenom']}".strip())


def period(start: str, end: str) -> str:
    """Two ISO dates in words: « le 05/03/2025 », « du 05/03/2025 au 06/03/2025 »."""
    return f"le {FRENCH.day(start)}" if start == end else f"du {FRENCH.day(start)} au {FRENCH.day(end)}"


def origin(entry: Mapping[str, Any]) -> str:
    """Where an entry stood in the file received: « feuille Mars, ligne 12 »; a csv has no sheet."""
    sheet, number = entry["origine"]["feuille"], entry["origine"]["ligne"]
    return f"feuille {sheet}, ligne {number}" if sheet else f"ligne {number}"


def every_absence(payload: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """The absences of all persons."""
    return (
        absence
        for person in payload["demandeurs"]
        for sequence in person["sequences"]
        for absence in sequence["absences"]
    )


def entry_count(payload: Mapping[str, Any]) -> int:
    """How many entries are to be typed: one for the hours of each séquence, one for each absence."""
    sequences = [sequence for person in payload["demandeurs"] for sequence in person["sequences"]]
    return sum(bool(sequence["lignes"]) + len(sequence["absences"]) for sequence in sequences)
