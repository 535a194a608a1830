"""Every text of our pages and workbooks, in French and English, and how values read in each.

``wording.toml`` holds the texts: one section a page or workbook, one entry a text with ``fr`` and ``en``. ``{name}``
takes a value; « {n} ligne || {n} lignes » are the forms for one and for many, chosen by ``n``. The words of the rules
stand with the rules, in ``schemas/rules``. On a trial, a text of ``[rapport_essai]`` stands in place of that of its name in
``[rapport]``, and so for every section that has one.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from pipeline.cells import text
from schemas.rules import CATALOGUE
from schemas.saying import MONTHS, form

LANGUAGES = ("fr", "en")
NARROW = "\u202f"  # narrow no-break space: thousands, « », before ; ! ? and units
NBSP = "\u00a0"
ELLIPSIS = "…"
_PARIS = ZoneInfo("Europe/Paris")
_QUOTED = re.compile("(«[^»]*»)")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")

_SPACES = (
    (re.compile("« "), f"«{NARROW}"),
    (re.compile(" (?=[»;!?])"), NARROW),
    (re.compile(" (?=:)"), NBSP),
    (re.compile(r"(?<=\d) (?=h\b|%|Mo\b|ko\b|[€])"), NARROW),
)


def french(sentence: str) -> str:
    """``sentence`` as French typography wants it: no-break spaces around « » and before ; : ! ? and units, curved apostrophes.

    What stands between « » is somebody's own text, or the name of a cell: its apostrophes stay as they are typed.
    """
    for pattern, replacement in _SPACES:
        sentence = pattern.sub(replacement, sentence)
    if "'" not in sentence:
        return sentence
    parts = _QUOTED.split(sentence)
    return "".join(part if quoted else _APOSTROPHE.sub("’", part) for part, quoted in zip(parts, cycle((False, True))))


def cut(value: str, limit: int) -> str:
    """``value`` in at most ``limit`` characters, with « … » at the end where some are left out."""
    return value if len(value) <= limit else value[: limit - 1] + ELLIPSIS


def siret_text(siret: str) -> str:
    """A SIRET in the groups people read aloud: « 123 456 789 00012 »."""
    return NBSP.join((siret[:3], siret[3:6], siret[6:9], siret[9:]))


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """The texts by ``section.name``, then by language."""
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        sections = tomllib.load(file)
    return {
        f"{section}.{name}": {"fr": french(texts["fr"]), "en": texts["en"]}
        for section, entries in sections.items()
        for name, texts in entries.items()
    }


class Wording:
    """The texts of one language: ``words("rapport.titre", fichier="mars.xlsx")``.

    ``language``: ``fr`` or ``en``; any other means ``fr``. ``trial``: the texts of trials.
    """

    def __init__(self, language: str, *, trial: bool = False) -> None:
        self.language = language if language in LANGUAGES else "fr"
        self.trial = trial

    @classmethod
    def of(cls, report: Mapping[str, Any]) -> Self:
        """The texts for a report: in its language, and of trials where it is one."""
        return cls(report["langue"], trial=report.get("essai", False))

    def __call__(self, key: str, **values: object) -> str:
        """The text ``key`` with ``values`` filled in as ``show`` writes them. Raises ``KeyError`` for an unknown key."""
        return self.form(key, values).format_map({name: self.show(value) for name, value in values.items()})

    def typeset(self, sentence: str) -> str:
        """A sentence that is no text of the catalogue, with the spaces and apostrophes of this language."""
        return french(sentence) if self.language == "fr" else sentence

    @staticmethod
    def names(section: str) -> list[str]:
        """The names of the texts of a section, in the order of the file."""
        return [name for whole in catalogue() for head, _, name in [whole.partition(".")] if head == section]

    def form(self, key: str, values: Mapping[str, object]) -> str:
        """The text ``key`` before anything is filled in, in the form for one or for many that ``values["n"]`` chooses."""
        section, _, name = key.partition(".")
        tried = catalogue().get(f"{section}_essai.{name}") if self.trial else None
        entry = (tried or catalogue()[key])[self.language]
        return form(entry, Decimal(str(values["n"])), self.language) if "||" in entry else entry

    def show(self, value: object) -> str:
        """``value`` as a reader of this language writes it: an ``int`` is a count, a ``Decimal`` hours; texts stay."""
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
        """A count: 12345 → « 12 345 » (narrow no-break space) or « 12,345 »."""
        return f"{value:,}".replace(",", NARROW if self.language == "fr" else ",")

    def hours(self, value: Decimal | int) -> str:
        """Hours (not hundredths) with two decimals: 1234.5 → « 1 234,50 » or « 1,234.50 »."""
        digits = f"{Decimal(value):,.2f}"
        return digits.translate({ord(","): NARROW, ord("."): ","}) if self.language == "fr" else digits

    def decimal(self, digits: str) -> str:
        """Digits with a decimal point, as a spreadsheet program of this language opens them: ``7.50`` → ``7,50`` in French."""
        return digits.replace(".", ",") if self.language == "fr" else digits

    def day(self, value: date | str) -> str:
        """A date, or its ISO text, as ``dd/mm/yyyy`` in both languages: the sheets are typed so."""
        return text.day(_date(value))

    def short_day(self, value: date) -> str:
        """A date as ``dd/mm/yy``, for the axis of a chart."""
        return f"{value:%d/%m/%y}"

    def rule(self, code: str) -> str:
        """What breaks the rule ``code``, in a few words; empty for a code that this version does not know."""
        known = CATALOGUE.get(code)
        if known is None:
            return ""
        return french(known.brief["fr"]) if self.language == "fr" else known.brief["en"]

    def reason(self, code: str) -> str:
        """Why there is the rule ``code``, in a sentence; empty for a code that this version does not know."""
        known = CATALOGUE.get(code)
        if known is None:
            return ""
        why = known.reason_in(self.language)
        return french(why) if self.language == "fr" else why

    def share(self, part: float) -> str:
        """A part from 0 to 1 in per cent: 0.5 → « 50 % ». Only all is 100 % and only nothing is 0 %: 0.996 → « 99 % »."""
        percent = 1 if 0 < part < 0.01 else int(part * 100 + 1e-9)
        return f"{percent}{NARROW}%" if self.language == "fr" else f"{percent}%"

    def long_date(self, value: date | str) -> str:
        """A date, or its ISO text, with the month in letters: « 1er mars 2025 », « 1 March 2025 »."""
        day = _date(value)
        month = MONTHS[self.language][day.month - 1]
        if self.language == "en":
            return f"{day.day} {month} {day.year}"
        first = "1er" if day.day == 1 else str(day.day)
        return f"{first}{NBSP}{month}{NBSP}{day.year}"

    def moment(self, value: datetime | str) -> str:
        """An instant, or its ISO text, as clocks in Paris show it: « 12/03/2025 à 14 h 05 », « 12/03/2025 at 14:05 »."""
        when = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
        when = when.astimezone(_PARIS) if when.tzinfo else when
        if self.language == "en":
            return f"{self.day(when)} at {when:%H:%M}"
        return f"{self.day(when)} à {when.hour}{NARROW}h{NARROW}{when:%M}"

    def listing(self, texts: Sequence[str]) -> str:
        """Texts in one sentence: « a, b et c »."""
        if len(texts) < 2:
            return "".join(texts)
        return f"{', '.join(texts[:-1])} {self('mots.et')} {texts[-1]}"

    def rows(self, rows: Iterable[int], limit: int = 60, key: str = "mots.lignes") -> str:
        """Row numbers as ranges, in the text ``key``: « ligne 12 », « lignes 12 à 48, 51 et 60 ».

        Past ``limit`` ranges the other rows are counted: « lignes 2, 5 et 300 autres ».
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
        """The rows ``first`` to ``last`` as texts: a range from three rows on, else each number."""
        if last - first < 2:
            return [str(number) for number in range(first, last + 1)]
        return [self("mots.intervalle", premier=str(first), dernier=str(last))]


def _date(value: date | str) -> date:
    return date.fromisoformat(value[:10]) if isinstance(value, str) else value
