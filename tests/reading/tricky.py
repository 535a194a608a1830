"""Tables of tricky cells for the differential tests of all formats: what is put in, what it must mean, the check of it.

A case is what is written in a cell and what it must mean, as a value of its field; None where the cell is blank, or refused.
Written is a text, a number, a yes or no, an ``ErrorCell``, or one of:

    (number, format)    a number shown through a format
    Day                 a day, perhaps with a time, shown through a format; its number depends on what days count from
    Computed            a formula with the result that was saved with it
    FormulaCell         a formula that nobody computed
"""

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.cells.meaning import AS_TEXT
from pipeline.cells.model import ErrorCell, FormulaCell
from pipeline.reading import ReadOptions, read
from pipeline.reading.model import Reading, SheetTable
from pipeline.reading.sheets import ranges
from schemas.fields import KINDS, FieldKind, fields_of
from schemas.folding import tidy

Case = tuple[Any, Any]
Cases = st.SearchStrategy[Case]
Line = dict[str, Case]

UNHURRIED = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
ERRORS = ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"]
DAY_ZERO, DAY_ZERO_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)


@dataclass(frozen=True)
class Day:
    """A day after 28 February 1900, perhaps with a time, as ``code`` shows it."""

    day: dt.date
    code: str


@dataclass(frozen=True)
class Computed:
    """A formula whose result was saved with it: anything that is written but a formula."""

    result: Any


class Laid(NamedTuple):
    """What a writer needs of a cell. ``value``: a text, a number, a yes or no, an ``ErrorCell``; None where nothing stands."""

    value: Any
    code: str
    formula: str


def laid(written: Any, *, epoch_1904: bool = False) -> Laid:
    """Return ``written`` as a value, the format it is shown through and its formula, empty where it is none."""
    match written:
        case Computed(result=result):
            cell = laid(result, epoch_1904=epoch_1904)
            return cell._replace(formula=_formula(cell.value))
        case FormulaCell(value=formula):
            return Laid(None, "General", f"={formula}")
        case Day(day=day, code=code):
            moment = day if isinstance(day, dt.datetime) else dt.datetime.combine(day, dt.time())
            length = moment - (DAY_ZERO_1904 if epoch_1904 else DAY_ZERO)
            return Laid(length / dt.timedelta(days=1) if length.seconds else length.days, code, "")
        case (value, code):
            return Laid(value, code, "")
    return Laid(None if written == "" else written, "General", "")


def _formula(value: Any) -> str:
    """A formula whose result is ``value``, in every program."""
    match value:
        case bool():
            return "=TRUE()" if value else "=FALSE()"
        case ErrorCell(text=text):
            return {"#N/A": "=NA()", "#DIV/0!": "=1/0"}[text]
        case str():
            doubled = value.replace('"', '""')
            return f'="{doubled}"'
    return f"={value!r}"


# --- hours ------------------------------------------------------------------------------------------------------------

MINUTES = st.one_of(st.integers(-3000, 6000), st.sampled_from([0, 1, -1, 1439, 1440, 2880, -1440, -1230]))
PLAIN = ["General", "0.00", "0", "#,##0.00", '0.0" h"', "0%", "[Red]0.00", "0.00;[Red]\\-0.00"]
HOURS_TYPED: list[Case] = [
    *[("7h30", 750), ("7,5", 750), ("7.5", 750), (" 7:30 ", 750), ("7 h", 700), ("26:30", 2650), ("1 234,5", 123450)],
    *[("-2,5", -250), ("\u22122,5", -250), ("07,50", 750), ("7:30:36", 751), ("0", 0), ("'7", None), ("7,5 j", None)],
    *[
        ("abc", None),
        ("1.234", None),
        ("7h5", None),
        ("90 min", None),
        ("05/03/2024", None),
        ("=7+1", None),
        ("VRAI", None),
    ],
    *[("#REF!", None), ("7;5", None), ("1e3", None), ("12:75", None), ("99999999", None), (True, None), (False, None)],
]
HOURS_NUMBERS: list[Case] = [
    *[(0.1 + 0.2, 30), (1 / 3, 33), (7.499999999999999, 750), (7.005, 701), (2.675, 268), (0.285, 29), (1e-9, 0)],
    *[
        (99999.99, 9999999),
        (100000, None),
        (-7.25, -725),
        (1e15, None),
        (1e300, None),
        (0, 0),
        (123456789012345678, None),
    ],
    *[((730, '00":"00'), None), ((7.5, "00.00"), 750), ((0.3125, "@"), 31), ((7.5, '"[h]" 0.00'), 750)],
    *[((7.5, "dd/mm/yyyy"), None), ((45356, "h:mm"), None), ((7.5, '#,##0.00;-#,##0.00;"-"??'), 750)],
]


def hundredths(*, minutes: int = 0, seconds: int = 0) -> int:
    """Hundredths of an hour in such a time; half a one rounds away from zero, as it does for hours that are typed."""
    total = minutes * 60 + seconds
    return (abs(total) + 18) // 36 * (1 if total >= 0 else -1)


def _clock(minutes: int, code: str, *, epoch_1904: bool) -> Case:
    """A time of day: beyond 24 h and below zero it shows another one, or none; only with the days of 1904 it has a sign."""
    shown = (-1440 if epoch_1904 else -1) < minutes < 1440
    return (minutes / 1440, code), hundredths(minutes=minutes) if shown else None


def _total(minutes: int, code: str) -> Case:
    return (minutes / 1440, code), hundredths(minutes=minutes)


def _seconds(seconds: int) -> Case:
    return (seconds / 86400, "h:mm:ss"), hundredths(seconds=seconds)


def _number(value: int, code: str) -> Case:
    return (value / 100, code), value


def hours(*, epoch_1904: bool = False) -> Cases:
    """Hours typed, and as numbers, times of day and durations."""
    clocks = st.sampled_from(["h:mm", "hh:mm", "[$-40C]h:mm", "h:mm;@"])
    return st.one_of(
        st.builds(lambda minutes, code: _clock(minutes, code, epoch_1904=epoch_1904), MINUTES, clocks),
        st.builds(_total, MINUTES, st.sampled_from(["[h]:mm", "[hh]:mm", "[h]:mm:ss"])),
        st.builds(_seconds, st.integers(0, 86399)),
        st.builds(_number, st.integers(-3000, 30000), st.sampled_from(PLAIN)),
        st.sampled_from(HOURS_TYPED + HOURS_NUMBERS),
    )


# --- numbers where a text is read -------------------------------------------------------------------------------------

NUMBERS_SHOWN: list[Case] = [
    *[((12, "00-00"), "00-12"), ((5, '0" h"'), "5 h"), ((612345678, "00 00 00 00 00"), "06 12 34 56 78")],
    *[((12345, "0.00E+00"), "12345"), ((7.5, "0.00"), "7.5"), ((12.345, "0.00"), None), ((-5, "0.00"), "-5")],
    *[((-5, '"S"0'), None), ((-5, "0;(0)"), None), ((0, "0;-0;"), None), ((0, "#"), None), ((5, "0;-0;;@"), "5")],
    *[((0.5, "# ?/?"), None), ((0.25, "0%"), None), ((3, '[<5]"peu";0'), None), ((1234.5, "#,##0.00"), "1234.5")],
    *[
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333333333333"),
        (-5, "-5"),
        (1.5, "1.5"),
        (1e14, "100000000000000"),
        (1e-3, "0.001"),
    ],
    *[(123456789012345, "123456789012345"), (True, "VRAI"), (False, "FAUX")],
    *[((7.5 / 24, "hh:mm"), "07:30"), ((26.5 / 24, "[h]:mm"), "26:30"), ((-0.25 / 24, "[h]:mm"), "-0:15")],
]
LOST = [10.0**16, 1234567890123456, 1e300, 1e-7]
"""Numbers of more digits than are shown."""


def _as_shown(value: int, zeros: int, before: str) -> Case:
    code = f'"{before}"{"0" * zeros}' if before else "0" * zeros
    return (value, code), f"{before}{value:0{zeros}d}"


_NUMBERS_AS_TEXT = st.one_of(
    st.builds(
        _as_shown, st.integers(0, 10**6), st.integers(1, 9), st.sampled_from(["", "S", "d", "h:mm ", "%", "[h]"])
    ),
    st.builds(lambda n: (n, str(n)), st.integers(0, 10**14 - 1)),
    st.builds(
        lambda n, code: ((n, code), str(n)),
        st.integers(1, 10**6),
        st.sampled_from(["#,##0", "0.00", "0_ ", "# ##0", "@"]),
    ),
    st.builds(
        lambda n, code: ((n, code), None),
        st.integers(1, 10**4),
        st.sampled_from(["0%", ";;;", '"caché"', "0,", "#,##0.00 $"]),
    ),
    st.builds(lambda n: ((n / 10 + 0.05, '"S"0'), None), st.integers(1, 100)),
    st.builds(
        lambda day: (Day(day, "dd/mm/yyyy"), f"{day:%d/%m/%Y}"), st.dates(dt.date(1904, 1, 2), dt.date(2100, 1, 1))
    ),
    st.builds(
        lambda day: (Day(day, "dd/mm/yyyy hh:mm"), f"{day:%d/%m/%Y %H:%M}"),
        st.sampled_from(
            [dt.datetime(2024, 3, 5, 7, 30), dt.datetime(1904, 2, 29, 23, 59), dt.datetime(2024, 12, 31, 0, 1)]
        ),
    ),
    st.sampled_from(NUMBERS_SHOWN),
    st.sampled_from([(True, "VRAI"), (1, "1"), (1.0, "1"), (False, "FAUX"), (0, "0")]),  # alike to a dict
)
keys = _NUMBERS_AS_TEXT | st.sampled_from([*((number, None) for number in LOST), ("S1", "S1"), ("0012", "0012")])
persons = _NUMBERS_AS_TEXT | st.sampled_from([*((n, f"{n:.14E}") for n in LOST), ("1234567A", "1234567A")])
"""Where the digits are lost a number is not refused but no identifier either, which the rule on its form says best."""


# --- texts ------------------------------------------------------------------------------------------------------------

LOOKALIKES = [
    *"0012 +33612345678 1e5 12E3 1/2 05/03/2024 7:30 26:30 1.234 -5 12,50 10% ½ Inf 1_000 0x1F 00000000000000000001".split(),
    *"=1+1 =SOMME(A1) +A1 @x '0123 ' VRAI TRUE false NULL NA nan None # | \\n %s x;y x,y 12345678901234567890".split(),
    *'_x000D_ _x0041_b a_x005F_b _x_ <!--a--> ]]> <b>a</b> &amp; &#65; "" " 😀 𝒳é e\u0301 ﬁ 中文'.split(),
    *["1 234,5", "Err: 1", "# 1", 'dit "oui"', "x\ty", "a\r\nb", "a\nb\n", "\n\na", "  a   b "],
    *["a\u2028b", "\u00a0a\u202fb\u2009"],
]
"""Texts that some program takes for something else, each of which means itself, tidied."""
REFUSED_TEXTS = [
    *["a\u200bb", "a\ufeffb", "a\ue000", "a\ufffd", "a\u00adb", "\u202ea"],
    *[*ERRORS, "#VALEUR!", "Err:502", "x" * 501],
]
letters = st.text(st.sampled_from("aZé \n\u00a0-'\u2019œ0;,\"&<_"), max_size=12)


def itself(text: str) -> Case:
    """A text that means itself."""
    return text, tidy(text) or None


texts = st.one_of(
    st.builds(itself, letters),
    st.builds(itself, st.sampled_from(LOOKALIKES)),
    st.sampled_from([(text, None) for text in REFUSED_TEXTS]),
    st.builds(itself, st.text("0123456789", min_size=1, max_size=14)),
)
blanks = st.sampled_from([("", None), (" ", None), ((None, "0.00"), None), ((None, "dd/mm/yyyy"), None)])


# --- days, and yes and no ---------------------------------------------------------------------------------------------

DAY_CODES = [
    "dd/mm/yyyy",
    "d-mmm-yy",
    '[$-40C]d" h "mmmm',
    "yyyy-mm-dd",
    "mm-dd-yy",
    "dd/mm/yyyy;@",
    "mmm-yy",
    "d.m.yy",
]
DAYS_TYPED: list[Case] = [
    *[
        (text, dt.date(2024, 3, 5))
        for text in ("05/03/2024", " 5/3/2024 ", "2024-03-05", "05.03.2024", "05/03/2024 00:00")
    ],
    *[("29/02/2024", dt.date(2024, 2, 29)), ("29/02/2023", None), ("29/02/1900", None), ("13/13/2024", None)],
    *[("05/03/24", None), ("31/12/1949", None), ("05/03/2024 12:00", None), ("5 mars 2024", None), ("mars 2024", None)],
    *[
        ("45356", None),
        ("03/2024", None),
        ("05/03/2024\n06/03/2024", None),
        (True, None),
        (45356.5, None),
        (1e300, None),
    ],
]


def days(*, epoch_1904: bool = False) -> Cases:
    """Days as numbers through formats and without one, and typed; those of 1900 are refused, whatever they count from."""
    first = dt.date(2018 if epoch_1904 else 2014, 1, 1)
    return st.one_of(
        st.builds(
            lambda day, code: (Day(day, code), day),
            st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)),
            st.sampled_from(DAY_CODES),
        ),
        st.builds(
            lambda day, code: (Day(day, code), day),
            st.dates(first, dt.date(2036, 12, 31)),
            st.sampled_from(["0", "General", '"d"0']),
        ),
        st.builds(
            lambda number, code: ((number, code), None),
            st.sampled_from([0, 1, 58, 59, 60, 61, 59.5, 60.5, -1, -5, 1462, 2958465, 2958466, 3e6, 1e15]),
            st.sampled_from(["dd/mm/yyyy", "dd/mm/yyyy hh:mm"]),
        ),
        st.builds(
            lambda day, code: (Day(day, code), None),
            st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2100, 1, 1)).map(
                lambda moment: moment.replace(second=0, microsecond=0, minute=moment.minute or 1)
            ),
            st.sampled_from(["dd/mm/yyyy hh:mm", "dd/mm/yyyy"]),
        ),
        st.builds(lambda minutes: ((minutes / 1440, "h:mm"), None), MINUTES),
        st.sampled_from(DAYS_TYPED),
    )


yes_and_no: Cases = st.sampled_from(
    [
        *[
            (True, True),
            (False, False),
            ("oui", True),
            (" OUI\n", True),
            ("n", False),
            ("x", True),
            (1, True),
            (0, False),
        ],
        *[("oui?", None), ("vrai", True), (2, None), (0.5, None), ("#N/A", None), ((1, "0.00"), True), (-1, None)],
    ]
)


# --- tables -----------------------------------------------------------------------------------------------------------


def plain_cells(*, epoch_1904: bool = False) -> dict[FieldKind, Cases]:
    """What may stand in a cell of each kind of field, but formulas and errors."""
    return {
        FieldKind.KEY: keys | texts,
        FieldKind.TEXT: texts | keys,
        FieldKind.COMMENT: texts | keys | st.just(("a\u200db", "a\u200db")) | blanks,
        FieldKind.PERSON: persons,
        FieldKind.MOTIF: persons | texts,
        FieldKind.HOURS: hours(epoch_1904=epoch_1904),
        FieldKind.DATE: days(epoch_1904=epoch_1904) | blanks,
        FieldKind.YES_NO: yes_and_no | blanks,
    }


def with_formulas(cases: Cases) -> Cases:
    """``cases``, some of them results of formulas, and errors."""
    computed = cases.filter(_may_be_computed).map(lambda case: (Computed(case[0]), case[1]))
    errors = st.sampled_from(ERRORS).map(lambda text: (ErrorCell(text), None))
    failed = st.sampled_from(["#N/A", "#DIV/0!"]).map(lambda text: (Computed(ErrorCell(text)), None))
    return st.one_of(cases, cases, cases, computed, errors, failed)


def _may_be_computed(case: Case) -> bool:
    """Whether XlsxWriter can write it so: in a result it leaves ``_x000D_`` as it is, a line end."""
    value = laid(case[0]).value
    return value is not None and not (
        isinstance(value, str) and (len(value) > 100 or not value.isprintable() or "_x" in value)
    )


def all_cells(*, epoch_1904: bool = False) -> dict[FieldKind, Cases]:
    """What may stand in a cell of each kind of field."""
    return {kind: with_formulas(cases) for kind, cases in plain_cells(epoch_1904=epoch_1904).items()}


def common_cells(*, epoch_1904: bool = False) -> dict[FieldKind, Cases]:
    """What asks for no second look at a sheet, but a number below zero, and what is read only through one."""
    texts_alone = st.builds(itself, letters)
    clocks = st.builds(lambda minutes: _clock(minutes, "h:mm", epoch_1904=epoch_1904), MINUTES)
    totals = st.builds(lambda minutes: _total(minutes, "[h]:mm"), MINUTES)
    days_alone = st.builds(
        lambda day: (Day(day, "dd/mm/yyyy"), day), st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31))
    )
    return {
        **dict.fromkeys(AS_TEXT, texts_alone | st.builds(lambda n: (n, str(n)), st.integers(0, 10**9))),
        FieldKind.HOURS: st.one_of(clocks, totals, st.builds(_number, st.integers(0, 30000), st.just("0.00"))),
        FieldKind.DATE: days_alone | blanks.filter(lambda case: isinstance(case[0], str)),
        FieldKind.YES_NO: st.sampled_from([(True, True), ("n", False)]),
    }


COMMON_CELLS = {epoch: common_cells(epoch_1904=epoch) for epoch in (False, True)}
PLAIN_CELLS = {epoch: plain_cells(epoch_1904=epoch) for epoch in (False, True)}
ALL_CELLS = {epoch: all_cells(epoch_1904=epoch) for epoch in (False, True)}


@dataclass(frozen=True)
class Table:
    """A table as it is put in: its lines, and what stands around them.

    ``above``: rows above the headings, of which the first is a merged title. ``blanks``: blank rows before each line.
    ``hidden``: whether the row of each line is. ``joined``: lines whose Nom is merged with Prénom, which is blank.
    """

    kind: str
    lines: Sequence[Line]
    above: int
    blanks: Sequence[int]
    hidden: Sequence[bool]
    joined: Sequence[bool]
    epoch_1904: bool

    @property
    def headings(self) -> list[str]:
        """The headings, in order."""
        return [field.headings[self.kind] for field in fields_of(self.kind)]

    @property
    def heading_row(self) -> int:
        """Number of the row of the headings, from 1."""
        return self.above + 1

    @property
    def rows(self) -> list[int]:
        """Number of the row of each line, from 1."""
        return [self.heading_row + i + 1 + sum(self.blanks[: i + 1]) for i in range(len(self.lines))]

    def cells(self, line: Line) -> list[Laid]:
        """The cells of a line, in order."""
        return [laid(line[field.name][0], epoch_1904=self.epoch_1904) for field in fields_of(self.kind)]

    def grid(self) -> list[list[Laid]]:
        """All rows from the first one, blank ones as well, for who writes cells one by one and joins none."""
        rows = [[laid("Déclaration")] if number == 0 else [] for number in range(self.above)]
        rows.append([laid(heading) for heading in self.headings])
        for line, blanks in zip(self.lines, self.blanks, strict=True):
            rows += [[]] * blanks
            rows.append(self.cells(line))
        return rows

    def meaning(self, change: Callable[[Any, Any], Any]) -> "Table":
        """The table where ``change`` says, of what is written and what it would mean, what it means in some format."""
        changed = [{name: (case[0], change(*case)) for name, case in line.items()} for line in self.lines]
        return replace(self, lines=changed)

    def column(self, name: str) -> int:
        """Place of the column of a field, from 0."""
        return [field.name for field in fields_of(self.kind)].index(name)


@st.composite
def tables(
    draw: st.DrawFn,
    cells: Mapping[bool, Mapping[FieldKind, Cases]],
    *,
    epochs: Sequence[bool] = (False, True),
    most: int = 4,
    hides: bool = True,
) -> Table:
    """Tables of up to ``most`` lines of ``cells``, which depend on what days count from."""
    kind, epoch_1904 = draw(st.sampled_from(KINDS)), draw(st.sampled_from(epochs))
    fields = {field.name: cells[epoch_1904][field.kind] for field in fields_of(kind)}
    lines = draw(st.lists(st.fixed_dictionaries(fields), min_size=1, max_size=most))
    count = len(lines)
    joined = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return Table(
        kind,
        [line | {"prenom": ("", None)} if whether else line for line, whether in zip(lines, joined, strict=True)],
        draw(st.integers(0, 3)),
        draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)),
        draw(st.lists(st.booleans(), min_size=count, max_size=count)) if hides else [False] * count,
        joined,
        epoch_1904,
    )


def drawn(strategy: "st.SearchStrategy[Table]", count: int) -> list[Table]:
    """As many tables, always the same ones: for programs that are started once for all of them."""
    found: list[Table] = []

    @settings(UNHURRIED, max_examples=count, database=None, phases=[Phase.generate])
    @given(strategy)
    def gather(table: Table) -> None:
        found.append(table)

    gather()
    return found


# --- the check --------------------------------------------------------------------------------------------------------


def read_bytes(data: bytes) -> Reading:
    """Read a deposit of these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "depot"
        path.write_bytes(data)
        return read(path, ReadOptions())


def check(data: bytes, table: Table) -> None:
    """Each cell of ``data`` means what it must, or is unreadable and said to be, and each line stands in its row."""
    reading = read_bytes(data)
    assert len(reading.tables) == 1, reading.observations
    found = reading.tables[0]
    assert list(found.rows) == table.rows
    check_lines(found, table.lines)
    hidden = [row for row, whether in zip(table.rows, table.hidden, strict=True) if whether]
    said = [note.value for note in reading.observations if note.code == "hidden_rows"]
    assert said == ([ranges(hidden)] if hidden else [])


def check_lines(found: SheetTable, lines: Sequence[Line]) -> None:
    """Each cell of the table that was found means what it must, or is unreadable and said to be."""
    means = [{c.field: c.meanings[c.codes[i]] for c in found.columns if c.field} for i in range(len(found.rows))]
    assert len(means) == len(lines)
    for meanings, line in zip(means, lines, strict=True):
        for name, (written, expected) in line.items():
            assert meanings[name].value == expected, (name, written, meanings[name])
            assert type(meanings[name].value) is type(expected), (name, written, meanings[name])
            if expected is None and not _is_blank(written):
                assert meanings[name].noticed, (name, written)


def _is_blank(written: Any) -> bool:
    value = laid(written).value
    return not isinstance(written, FormulaCell) and (value is None or (isinstance(value, str) and not value.strip()))
