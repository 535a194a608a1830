"""Small tables of tricky cells in xls (formats under any number, formulas) and xlsb: what was put in is read, or nothing."""

import datetime as dt
import random
import struct
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.cells.model import FormulaCell
from pipeline.reading import ReadOptions, read
from pipeline.reading.numbers import rk_number
from schemas.fields import HEURES, fields_of
from schemas.folding import tidy
from tests.reading.xls import edited, record, records, stream, xls
from tests.reading.xlsb import cell, row, xlsb

Case = tuple[object, object]
"""What is written in a cell, and what it must mean (None: unreadable)."""
FORMAT, XF, NUMBER, RK, FORMULA = 0x041E, 0x00E0, 0x0203, 0x027E, 0x0006
FIELDS_OF_HOURS = fields_of(HEURES)
NUMBERS = [*range(5, 14), *range(14, 64), *range(100, 110), *range(164, 390), 1000]

minutes = st.one_of(st.integers(-3000, 6000), st.sampled_from([0, 1, -1, 1439, 1440, 2880, -1440, -1230]))
numbers = st.integers(-3000, 30000)  # hundredths
PLAIN = ["General", "0.00", "0", "#,##0.00", '0.0" h"', "0%", "[Red]0.00", "0.00;[Red]\\-0.00"]


def _hours(total: int) -> int:
    return int(dt.timedelta(minutes=total) / dt.timedelta(hours=1) * 100 + (0.5 if total >= 0 else -0.5))


def _clock(total: int) -> Case:
    return (total / 1440, "h:mm"), _hours(total) if 0 <= total < 1440 else None


def _total(total: int) -> Case:
    return (total / 1440, "[h]:mm"), _hours(total)


def _number(hundredths: int, code: str) -> Case:
    return (hundredths / 100, code), hundredths


def _as_shown(value: int, zeros: int, before: str) -> Case:
    code = f'"{before}"{"0" * zeros}' if before else "0" * zeros
    return (value, code), f"{before}{value:0{zeros}d}"


def _day(day: dt.date, code: str) -> Case:
    return ((day - dt.date(1899, 12, 30)).days, code), day


hours = st.one_of(
    st.builds(_clock, minutes),
    st.builds(_total, minutes),
    st.builds(_number, numbers, st.sampled_from(PLAIN)),
    st.sampled_from(
        [("7h30", 750), ("7,5", 750), ("abc", None), (FormulaCell("1+1"), None), ("#REF!", None), (1e15, None)]
    ),
)
keys = st.one_of(
    st.builds(
        _as_shown, st.integers(0, 10**6), st.integers(1, 9), st.sampled_from(["", "S", "d", "h:mm ", "%", "[h]"])
    ),
    st.builds(lambda n: (n, str(n)), st.integers(0, 10**14)),
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
    st.sampled_from([(10.0**16, None), (FormulaCell("1"), None), ("S1", "S1")]),
)
letters = st.text(st.sampled_from("aZé \n\u00a0-'\u2019œ0"), max_size=12)
texts = st.one_of(st.builds(lambda t: (t, tidy(t) or None), letters), keys)
days = st.one_of(
    st.builds(
        _day,
        st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)),
        st.sampled_from(["dd/mm/yyyy", "d-mmm-yy", '[$-40C]d" h "mmmm']),
    ),
    st.builds(_day, st.dates(dt.date(2014, 1, 1), dt.date(2036, 12, 31)), st.sampled_from(["0", "General", '"d"0'])),
    st.builds(lambda total: ((total / 1440, "h:mm"), None), minutes),
    st.builds(lambda day: ((day + 0.5, "dd/mm/yyyy hh:mm"), None), st.integers(36526, 50000)),
    st.sampled_from(
        [
            (FormulaCell("F2"), None),
            ((-5, "dd/mm/yyyy"), None),
            ((3e6, "dd/mm/yyyy"), None),
            ("05/03/2024", dt.date(2024, 3, 5)),
        ]
    ),
)
COLUMNS = {
    "numero_dsf": keys,
    "identifiant_de": st.just(("1234567A", "1234567A")),
    "nom": texts,
    "prenom": texts,
    "code_sequence": keys,
}
COLUMNS |= {"date_debut": days, "date_fin": days, "heures": hours, "reference_justificatif": keys, "commentaire": texts}


def _renumbered(data: bytes, order: list[int]) -> bytes:
    """``data`` with its formats under other numbers, all different, and different from those it uses without writing them."""
    used = {struct.unpack_from("<H", content, 2)[0] for _, kind, content in records(stream(data)) if kind == XF}
    order = [number for number in order if number not in used]
    moved: dict[int, int] = {}

    def change(kind: int, content: bytes) -> bytes | None:
        if kind == FORMAT:
            (number,) = struct.unpack_from("<H", content)
            moved[number] = order[len(moved)]
            return record(kind, struct.pack("<H", moved[number]) + content[2:])
        if kind == XF:
            (number,) = struct.unpack_from("<H", content, 2)
            return record(kind, content[:2] + struct.pack("<H", moved.get(number, number)) + content[4:])
        return None

    return edited(data, change)


def _computed(data: bytes) -> bytes:
    """``data`` with each number as the result of a formula."""

    def change(kind: int, content: bytes) -> bytes | None:
        if kind not in (NUMBER, RK):
            return None
        value = (
            struct.unpack_from("<d", content, 6)[0]
            if kind == NUMBER
            else rk_number(struct.unpack_from("<i", content, 6)[0])
        )
        return record(FORMULA, content[:6] + struct.pack("<dHI", value, 0, 0) + b"\x03\0\x1e\x01\0")

    return edited(data, change)


def _in_xlsb(lines: list[dict[str, Case]]) -> bytes:
    codes = sorted({written[1] for line in lines for written, _ in line.values() if isinstance(written, tuple)})
    styles = {code: style for style, code in enumerate(codes, 1)}
    rows = [row(1, [field.headings[HEURES] for field in FIELDS_OF_HOURS])]
    for number, line in enumerate(lines, 2):
        written = [line[field.name][0] for field in FIELDS_OF_HOURS]
        cells = [w if isinstance(w, tuple) else (w, None) for w in written]
        made = [cell(i, value, styles.get(code, 0)) for i, (value, code) in enumerate(cells)]
        rows.append(row(number, made))
    return xlsb(*rows, codes=codes)


def check(data: bytes, lines: list[dict[str, Case]]) -> None:
    """Each cell of ``data`` means what it must, or is unreadable and said to be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "depot"
        path.write_bytes(data)
        reading = read(path, ReadOptions())
    (table,) = reading.tables
    found = [{c.field: c.meanings[c.codes[i]] for c in table.columns if c.field} for i in range(len(table.rows))]
    assert len(found) == len(lines)
    for means, line in zip(found, lines, strict=True):
        for name, (written, expected) in line.items():
            assert means[name].value == expected, (name, written, means[name])
            if expected is None and not (isinstance(written, str) and not written.strip()):
                assert means[name].noticed, (name, written)


LINES = st.lists(st.fixed_dictionaries(COLUMNS), min_size=1, max_size=4)
UNHURRIED = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@UNHURRIED
@given(LINES, st.none() | st.integers(0, 10**6), st.booleans())
def test_xls_gives_what_was_put_in_or_nothing(lines: list[dict[str, Case]], seed: int | None, computed: bool) -> None:
    written = [[line[field.name][0] for field in FIELDS_OF_HOURS] for line in lines]
    data = xls(*written, headings=[field.headings[HEURES] for field in FIELDS_OF_HOURS])
    if seed is not None:
        data = _renumbered(data, random.Random(seed).sample(NUMBERS, 60))
    if computed and not any(isinstance(value, FormulaCell) for cells in written for value in cells):
        data = _computed(data)
    check(data, lines)


@UNHURRIED
@given(LINES)
def test_xlsb_gives_what_was_put_in_or_nothing(lines: list[dict[str, Case]]) -> None:
    known = [
        {name: ("", None) if isinstance(w, FormulaCell) else (w, e) for name, (w, e) in line.items()} for line in lines
    ]
    touched = [line | {"date_debut": ("05/03/2024", dt.date(2024, 3, 5))} for line in known]
    check(_in_xlsb(touched), touched)  # type: ignore[arg-type]
