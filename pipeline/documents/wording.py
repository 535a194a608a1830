"""Every text of our pages and workbooks, in French and English, and how numbers and dates read in each.

The texts stand in ``wording.toml``: one section a page or workbook, one entry a text with ``fr`` and ``en``. ``{name}``
takes a value; « {n} ligne || {n} lignes » are the forms for one and for many, chosen by ``n``. The rules' own texts
stand beside the rules, in ``schemas/rules``.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from schemas.rules import CATALOGUE

LANGUES = ("fr", "en")
NARROW = "\u202f"  # narrow no-break space: thousands, « », before ; ! ? and units
NBSP = "\u00a0"

_SPACES = (
    (re.compile("« "), f"«{NARROW}"),
    (re.compile(" (?=[»;!?])"), NARROW),
    (re.compile(" (?=:)"), NBSP),
    (re.compile(r"(?<=\d) (?=h\b|%|Mo\b|ko\b|[€])"), NARROW),
)


def french(text: str) -> str:
    """``text`` with the no-break spaces that French typography wants around « » and before ; : ! ?"""
    for pattern, replacement in _SPACES:
        text = pattern.sub(replacement, text)
    return text


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Texts by ``section.name``, then by language."""
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        sections = tomllib.load(file)
    return {
        f"{section}.{name}": {"fr": french(texts["fr"]), "en": texts["en"]}
        for section, entries in sections.items()
        for name, texts in entries.items()
    }


class Words:
    """The texts of one language: ``words("rapport.titre", fichier="mars.xlsx")``."""

    def __init__(self, langue: str) -> None:
        self.langue = langue if langue in LANGUES else "fr"

    def __call__(self, key: str, **values: object) -> str:
        """The text ``key`` with ``values`` filled in; numbers, hours (``Decimal``) and dates as the language has."""
        return self.form(key, values).format_map({name: self.show(value) for name, value in values.items()})

    def form(self, key: str, values: Mapping[str, object]) -> str:
        """The text ``key`` before anything is filled in, in the form (one, many) that ``n`` calls for."""
        text = catalogue()[key][self.langue]
        if "||" not in text:
            return text
        one, many = text.split("||", 1)
        return one.strip() if self._one(values["n"]) else many.strip()

    def _one(self, count: object) -> bool:
        """French counts zero and anything below two as one; English only one itself."""
        number = Decimal(str(count))
        return abs(number) < 2 if self.langue == "fr" else number == 1

    def show(self, value: object) -> str:
        """``value`` as a reader of this language writes it; texts stay as they are."""
        if isinstance(value, bool):
            return self("mots.oui") if value else self("mots.non")
        if isinstance(value, int):
            return self.number(value)
        if isinstance(value, Decimal):
            return self.hours(value)
        if isinstance(value, datetime):
            return self.moment(value)
        return self.day(value) if isinstance(value, date) else str(value)

    def number(self, value: int) -> str:
        """12345 → « 12 345 » (narrow no-break space) or « 12,345 »."""
        return f"{value:,}".replace(",", NARROW if self.langue == "fr" else ",")

    def hours(self, value: Decimal | int) -> str:
        """Hours, given as hours and not as hundredths: 1234.5 → « 1 234,50 » or « 1,234.50 »."""
        text = f"{Decimal(value):,.2f}"
        return text.translate({ord(","): NARROW, ord("."): ","}) if self.langue == "fr" else text

    def day(self, value: date | str) -> str:
        """``dd/mm/yyyy`` in both languages, for that is how the sheets are typed. Takes a date or its ISO text."""
        day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
        return f"{day:%d/%m/%Y}"

    def rule(self, code: str) -> str:
        """What breaks the rule ``code``, in a few words; nothing for a code that this version does not know."""
        known = CATALOGUE.get(code)
        if known is None:
            return ""
        return french(known.brief["fr"]) if self.langue == "fr" else known.brief["en"]

    def share(self, part: float) -> str:
        """0.5 → « 50 % »; 99.6 is 99 %, for 100 % means all and 0 % none."""
        percent = 1 if 0 < part < 0.01 else int(part * 100 + 1e-9)
        return f"{percent}{NARROW}%" if self.langue == "fr" else f"{percent}%"

    def long_date(self, value: date | str) -> str:
        """« 1er mars 2025 », « 1 March 2025 »."""
        day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
        month = self("mots.mois").split()[day.month - 1]
        if self.langue == "en":
            return f"{day.day} {month} {day.year}"
        first = "1er" if day.day == 1 else str(day.day)
        return f"{first}{NBSP}{month}{NBSP}{day.year}"

    def moment(self, value: datetime | str) -> str:
        """Day and time, in UTC as given: « 12/03/2025 à 14 h 05 », « 12/03/2025 at 14:05 »."""
        when = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
        if self.langue == "en":
            return f"{when:%d/%m/%Y} at {when:%H:%M}"
        return f"{when:%d/%m/%Y} à {when.hour}{NARROW}h{NARROW}{when:%M}"

    def listing(self, texts: Sequence[str]) -> str:
        """« a, b et c »."""
        if len(texts) < 2:
            return "".join(texts)
        return f"{', '.join(texts[:-1])} {self('mots.et')} {texts[-1]}"

    def rows(self, rows: Iterable[int], limit: int = 60, key: str = "mots.lignes") -> str:
        """Row numbers as a secretary reads them: « ligne 12 », « lignes 12 à 48, 51 et 60 ».

        Beyond ``limit`` ranges the rest is counted: « lignes 2, 5, … et 300 autres ».
        """
        numbers = sorted(set(rows))
        spans = self._spans(numbers)
        texts = [text for first, last in spans[:limit] for text in self._span(first, last)]
        if rest := sum(last - first + 1 for first, last in spans[limit:]):
            texts.append(self("mots.n_autres", n=rest))
        return self(key, n=len(numbers), lignes=self.listing(texts))

    @staticmethod
    def _spans(numbers: Sequence[int]) -> list[list[int]]:
        spans: list[list[int]] = []
        for number in numbers:
            if spans and number == spans[-1][1] + 1:
                spans[-1][1] = number
            else:
                spans.append([number, number])
        return spans

    def _span(self, first: int, last: int) -> list[str]:
        """Two neighbours stay two numbers."""
        if last - first < 2:
            return [str(number) for number in range(first, last + 1)]
        return [self("mots.intervalle", premier=str(first), dernier=str(last))]
