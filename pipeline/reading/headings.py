"""How a heading is recognised: whatever its case, accents, spaces, punctuation and look-alike letters, or by a synonym.

Synonyms are reviewed data, ``schemas/nomenclature/synonymes.csv`` (champ, titre, nature; an empty nature stands for both
kinds of table). The operator adds others by setting.
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
    """Return ``text`` as headings are compared: ``folded``, with look-alike letters replaced by Latin ones."""
    return _normal(text)


@dataclass(frozen=True)
class Headings:
    """Every heading that is known. ``fields``: kind of table → normal form of a heading → field."""

    fields: dict[str, dict[str, str]]

    def field(self, kind: str, heading: str) -> str | None:
        """Return the field that ``heading`` means in a table of this kind, None where it means none."""
        return self.fields[kind].get(normal(heading))

    def knows(self, text: str) -> bool:
        """Whether ``text`` is a heading of some kind of table. Keeps nothing: most cells of a sheet are none."""
        form = _normal(text)
        return any(form in known for known in self.fields.values())

    def nearest(self, kind: str, field: str, candidates: list[str]) -> str:
        """Return the candidate most like a heading of ``field``; empty where none is close enough."""
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
    """Return all known headings. ``synonyms``: the operator's (field, heading) pairs, which win over the reviewed ones."""
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
