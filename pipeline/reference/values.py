"""Cells of an extract: text → value, each distinct text read once. What cannot be read keeps the code of its rule.

Columns come as Arrow texts. They are dictionary-encoded, so that a million rows of three hundred distinct hours cost
three hundred readings; nothing here is ever a binary float.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from stdnum.fr import siret as siret_number

from pipeline.bilingual import Text, joined
from schemas.extracts import NATURES_DSF, OUI_NON, TYPES_SESSION, Column, Kind
from schemas.folding import key, tidy, unspaced


class Unreadable(Exception):
    """A cell without a reading: the code of the rule, and what its sentence needs."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


MAX_HOURS = Decimal(1_000_000)
_HOURS = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)$")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.0*)?)?)?$")
_FRENCH = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})(?: (\d\d?):(\d\d)(?::(\d\d))?)?$")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")
_PLAIN = r"[^!-~]"  # matches what is more than visible ASCII without a space
_ODD = r"[\x00-\x1f\x7f]|[^\x00-\x7f]"
_EXPONENT = r"^[0-9]([.,][0-9]+)?[eE]\+[0-9]{2,3}$"  # as spreadsheets write a number that is too long for them
_AFTER = re.escape(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore"))
_MIXED = rf"[ÂÃÅ][{_AFTER}]|â€"
"""A letter of UTF-8 read as cp1252: nothing that French writes."""


def read_text(text: str) -> str:
    """EXT-14: a control character cannot be shown, printed nor written to a workbook."""
    if _FORBIDDEN.search(text):
        raise Unreadable("EXT-14")
    return text


def read_key(text: str) -> str:
    """EXT-16: a number in exponent form has lost its end; two keys could have become one."""
    if re.match(_EXPONENT, text):
        raise Unreadable("EXT-16")
    return text


def read_hours(text: str) -> int:
    """EXT-09: hours as hundredths, exactly; a third decimal would have to be rounded, and nobody decided how."""
    bare = text.replace(" ", "").replace("\u202f", "")
    if not _HOURS.match(bare):
        raise Unreadable("EXT-09")
    hundredths = Decimal(bare.replace(",", ".")) * 100
    if hundredths != hundredths.to_integral_value() or abs(hundredths) > MAX_HOURS * 100:
        raise Unreadable("EXT-09")
    return int(hundredths)


def read_instant(text: str) -> datetime:
    """EXT-08: ISO or dd/mm/yyyy, perhaps with a time; a date that exists."""
    if match := _ISO.match(text):
        year, month, day, *clock = match.groups()
    elif match := _FRENCH.match(text):
        day, month, year, *clock = match.groups()
    else:
        raise Unreadable("EXT-08")
    try:
        hour, minute, second = (int(part or 0) for part in clock)
        return datetime(int(year), int(month), int(day), hour, minute, second)
    except ValueError:
        raise Unreadable("EXT-08") from None


def read_date(text: str) -> date:
    """EXT-08: as ``read_instant``, without a time other than midnight: a day is meant."""
    instant = read_instant(text)
    if instant != datetime(instant.year, instant.month, instant.day):
        raise Unreadable("EXT-08")
    return instant


def read_siret(text: str) -> str:
    """EXT-11: the SIRET says whose data it is; a wrong one would show them to nobody, or to someone else."""
    bare = text.replace(" ", "")
    if not siret_number.is_valid(bare):
        raise Unreadable("EXT-11")
    return bare


def _choice(allowed: tuple[str, ...]) -> Callable[[str], str]:
    known = {unspaced(value): value for value in allowed}

    def read(text: str) -> str:
        """EXT-12: a value outside the domain would escape the rules that ask for one of it."""
        if (value := known.get(unspaced(text))) is None:
            raise Unreadable("EXT-12", joined(allowed, Text(" ou ", " or ")))
        return value

    return read


def read_yes_no(text: str) -> bool:
    """EXT-13: whether an absence was completed is never guessed: it happens once only."""
    if (value := OUI_NON.get(unspaced(text))) is None:
        raise Unreadable("EXT-13")
    return value


_READERS: dict[Kind, tuple[Callable[[str], object], pa.DataType]] = {
    Kind.TEXT: (read_text, pa.string()),
    Kind.KEY: (read_key, pa.string()),
    Kind.SIRET: (read_siret, pa.string()),
    Kind.HOURS: (read_hours, pa.int64()),
    Kind.DATE: (read_date, pa.timestamp("s")),
    Kind.INSTANT: (read_instant, pa.timestamp("s")),
    Kind.TYPE: (_choice(TYPES_SESSION), pa.string()),
    Kind.NATURE: (_choice(NATURES_DSF), pa.string()),
    Kind.YES_NO: (read_yes_no, pa.bool_()),
}
TYPES: dict[Kind, pa.DataType] = {kind: arrow for kind, (_, arrow) in _READERS.items()}


@lru_cache(maxsize=200_000)
def _read(kind: Kind, text: str) -> object:
    """The value of one distinct text, or the ``Unreadable`` that says why there is none."""
    try:
        read_text(text)
        return _READERS[kind][0](text)
    except Unreadable as reason:
        # An exception kept would keep its traceback, and with it every frame it went through.
        return reason.with_traceback(None)


@dataclass(frozen=True)
class TypedColumn:
    """One column read: values (null where blank or unreadable), its key if it has one, rows without a reading.

    ``mixed``: rows whose text looks like UTF-8 that was read as cp1252; they have their value all the same.
    """

    values: pa.Array
    keys: pa.Array | None
    unreadable: dict[tuple[str, str], np.ndarray]  # (code, detail) → positions
    mixed: np.ndarray


def _bytes(texts: pa.Array) -> np.ndarray:
    """The bytes of all ``texts``: a look at them is a hundred times quicker than a pattern on each text."""
    _, offsets, content = texts.buffers()
    if not len(texts) or content is None:
        return np.zeros(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(content, np.uint8)[ends[0] : ends[-1]]


def _within(content: np.ndarray, least: str, most: str) -> bool:
    return not len(content) or bool(content.min() >= ord(least) and content.max() <= ord(most))


def _cleaned(texts: pa.Array) -> pa.Array:
    if _within(_bytes(texts), "!", "~"):
        return texts
    odd = pc.match_substring_regex(texts, _PLAIN)
    # Only control characters that are also spaces may be folded away; a line feed inside a name is one.
    fixed = [tidy(text) for text in texts.filter(odd).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(fixed, pa.string()))


def _keys(texts: pa.Array) -> pa.Array:
    if pc.all(pc.string_is_ascii(texts)).as_py():
        return pc.ascii_lower(texts)
    return pa.array([key(text) for text in texts.to_pylist()], pa.string())


def _matching(texts: pa.Array, pattern: str) -> np.ndarray:
    found = pc.match_substring_regex(texts, pattern)
    return np.flatnonzero(found.to_numpy(zero_copy_only=False)) if len(texts) else np.zeros(0, np.int64)


def _suspects(kind: Kind, texts: pa.Array, blank: np.ndarray) -> np.ndarray:
    """Positions of the distinct ``texts`` that must be read one by one; the other texts are what they are."""
    if kind not in (Kind.TEXT, Kind.KEY):
        return np.flatnonzero(~blank)
    content = _bytes(texts)
    if _within(content, " ", "~") and not (kind is Kind.KEY and np.any(content == ord("+"))):
        return np.zeros(0, np.int64)
    return _matching(texts, _ODD if kind is Kind.TEXT else f"{_ODD}|{_EXPONENT}")


def read_column(column: Column, texts: pa.Array) -> TypedColumn:
    """Read one column of ``texts`` (Arrow strings, no null)."""
    encoded = texts.dictionary_encode()
    distinct = _cleaned(encoded.dictionary)
    blank = pc.equal(distinct, "").to_numpy(zero_copy_only=False)
    opaque = column.kind in (Kind.TEXT, Kind.KEY)
    suspects = _suspects(column.kind, distinct, blank)
    reasons: dict[tuple[str, str], list[int]] = {}
    kept = np.array(blank)
    values: list[object] = [None] * len(distinct)
    for place, text in zip(suspects.tolist(), distinct.take(pa.array(suspects)).to_pylist(), strict=True):
        value = _read(column.kind, text)
        if isinstance(value, Unreadable):
            reasons.setdefault((value.code, value.detail), []).append(place)
            kept[place] = True
        else:
            values[place] = value
    typed = distinct if opaque else pa.array(values, TYPES[column.kind])
    null = pa.array(kept)
    codes = encoded.indices

    def spread(of_distinct: pa.Array) -> pa.Array:
        return pc.if_else(null, pa.scalar(None, of_distinct.type), of_distinct).take(codes)

    positions = codes.to_numpy(zero_copy_only=False)
    where = {reason: np.flatnonzero(np.isin(positions, places)) for reason, places in reasons.items()}
    as_typed = encoded.dictionary.take(pa.array(suspects))  # a space of ours may have been the second half of a letter
    mixed = suspects[_matching(as_typed, _MIXED)] if opaque else suspects[:0]
    keys = spread(_keys(distinct)) if column.kind is Kind.KEY else None
    return TypedColumn(spread(typed), keys, where, np.flatnonzero(np.isin(positions, mixed)) if len(mixed) else mixed)
