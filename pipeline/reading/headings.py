"""How a heading is recognised: without regard to case, accents, spaces, punctuation and look-alike letters, or by a
synonym.

The synonyms are reviewed data, ``schemas/nomenclature/synonymes.csv`` (champ, titre, nature; an empty nature is both);
the operator adds others by setting.
"""

import csv
import difflib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from schemas.fields import FIELDS, KINDS, fields_of
from schemas.folding import folded

_LOOK_ALIKES = str.maketrans(
    # Cyrillic, then Greek: after case folding and removal of accents.
    "авекмнорстухѕіјԁԛԝ" + "αβεζηικμνορτυχς",
    "abekmhopctyxsijdqw" + "abeznikmvoptuxs",
    # Characters that are two letters, which decomposition leaves alone.
) | {ord("œ"): "oe", ord("æ"): "ae", ord("ı"): "i"}

_CLOSE = 0.6
_CAPITALS = str.maketrans("ВНРСХУΡΝΗΥ", "BHPCXYPNHY")


def _normal(text: str) -> str:
    form = folded(text if text.isascii() else text.translate(_CAPITALS))
    return form if form.isascii() else form.translate(_LOOK_ALIKES)


@lru_cache(maxsize=1 << 16)
def normal(text: str) -> str:
    """``text`` as headings are compared: ``folded``, look-alike letters taken for the Latin ones."""
    return _normal(text)


@dataclass(frozen=True)
class Headings:
    """For each nature, normal form of a heading → field; and the headings themselves, for the nearest one."""

    fields: dict[str, dict[str, str]]

    def field(self, kind: str, heading: str) -> str | None:
        """The field that ``heading`` means in a table of this nature, None when it means none."""
        return self.fields[kind].get(normal(heading))

    def knows(self, text: str) -> bool:
        """``text`` is a heading of some kind of table. For the many cells of a sheet, which are none."""
        form = _normal(text)
        return any(form in known for known in self.fields.values())

    def nearest(self, kind: str, field: str, candidates: list[str]) -> str:
        """Of the headings found, the one most like those of ``field``; empty when none is."""
        known = [form for form, name in self.fields[kind].items() if name == field]
        best, score = "", _CLOSE
        for candidate in candidates:
            form = normal(candidate)
            close = max((difflib.SequenceMatcher(None, form, name).ratio() for name in known), default=0.0)
            if close > score:
                best, score = candidate, close
        return best


@lru_cache(maxsize=8)
def headings(synonyms: tuple[tuple[str, str], ...] = ()) -> Headings:
    """All known headings; ``synonyms`` are the operator's (field, heading), which hold against the reviewed ones."""
    fields: dict[str, dict[str, str]] = {}
    for kind in KINDS:
        names = {field.name for field in fields_of(kind)}
        known = {
            normal(heading): field for field, heading, where in _reviewed() if field in names and where in ("", kind)
        }
        known |= {normal(heading): field for field, heading in synonyms if field in names and normal(heading)}
        known |= {normal(field.headings[kind]): field.name for field in fields_of(kind)}
        fields[kind] = known
    return Headings(fields)


@lru_cache(maxsize=1)
def _reviewed() -> tuple[tuple[str, str, str], ...]:
    path = resources.files("schemas") / "nomenclature" / "synonymes.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return tuple((row["champ"], row["titre"], row["nature"]) for row in rows if row["champ"] in FIELDS)
