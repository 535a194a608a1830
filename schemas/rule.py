"""A rule: one function that is true of what is good, its place, and its words. The catalogue is every rule there is.

A rule looks at one of three frames (built by ``pipeline.judging.findings``):

- ``OBSERVATIONS``: what reading noticed, one row a thing: etat, champ, nature, feuille, ligne, colonne, valeur, attendu,
  detail, precision;
- ``LINES``: the lines of the deposits, typed, with the facts of the reference and of the ledger joined as columns;
- ``DEPOSITS``: one row a deposit.

It maps the frame to a boolean column, True = respected. On lines, ``needs`` names the columns without which nothing can be said:
where one is missing the rule is silent (one cause, one finding), as it is where a rule of ``after`` has fired already.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from schemas.saying import form

OBSERVATIONS = "observations"
LINES = "lines"
DEPOSITS = "deposits"

REJECTS = "rejet"
WARNS = "avertissement"

CORRECT = "corriger"
WAIT = "attendre"
WITHDRAW = "retirer"
REMEDIES = (WITHDRAW, CORRECT, WAIT)
"""What is done about a finding that rejects: correct the line; drop it again later as it is; take it out, for it can never be
completed. Of a line with several the first of these counts: what cannot be completed need not be corrected."""

Passes = Callable[..., "pd.Series[bool]"]
Facts = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Words:
    """What a finding says: what is wrong, what to do about it, and what was expected when that can be said.

    ``{placeholders}`` are columns of the frame or of the rule's ``facts``; ``{valeur}`` is the cell as typed.
    """

    constat: str
    geste: str
    attendu: str = ""

    @property
    def has_forms(self) -> bool:
        """Some text is « un || plusieurs »: the column ``n``, which ``facts`` gives, chooses."""
        return any("||" in text for text in (self.constat, self.geste, self.attendu))

    def form(self, count: float, langue: str) -> "Words":
        """The same for ``count`` things."""
        return Words(*(form(text, count, langue) for text in (self.constat, self.geste, self.attendu)))


Variants = Mapping[str, Words]
"""Wordings by variant; ``""`` is the ordinary one. ``facts`` may give a column ``variante`` that chooses."""


@dataclass(frozen=True)
class Rule:
    """One rule of contract §5. ``passes(frame)`` or, with several ``cells``, ``passes(frame, field)`` for each of them.

    ``brief``: language → what breaks it, in a few words; ``why``: its reason, in French. ``ledger``: it looks at what was granted
    before, by the ledger or to an earlier deposit; the others do not find those columns. ``remedy``: one of ``REMEDIES``, or the
    one of each variant (where a variant is not named: ``CORRECT``); ``facts`` may give a column ``des``, the day from which to
    drop again.
    """

    code: str
    over: str
    passes: Passes
    brief: Mapping[str, str]
    why: str
    fr: Variants
    en: Variants
    cells: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    nature: str | None = None
    after: tuple[str, ...] = ()
    facts: Facts | None = None
    severity: str = REJECTS
    ledger: bool = False
    remedy: str | Mapping[str, str] = CORRECT

    @property
    def name(self) -> str:
        """The function's name: a sentence that is true of what is good."""
        return str(getattr(self.passes, "__name__", self.code))

    @property
    def reason(self) -> str:
        """The reason in the world: the first paragraph of the function's docstring."""
        return (self.passes.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")

    def words(self, langue: str) -> Variants:
        """Its wordings in ``langue``, by variant."""
        return self.en if langue == "en" else self.fr

    def reason_in(self, langue: str) -> str:
        """The reason in the world, for a reader of ``langue``."""
        return self.reason if langue == "en" else self.why

    def remedy_of(self, variant: str) -> str:
        """What is done about a finding in the wording ``variant``."""
        return self.remedy if isinstance(self.remedy, str) else self.remedy.get(variant, CORRECT)

    def on(self, frame: pd.DataFrame, field: str) -> "pd.Series[bool]":
        """The rule's verdict on every row, True where it has nothing to say."""
        passes = self.passes(frame, field) if len(self.cells) > 1 else self.passes(frame)
        applies = self.applies(frame)
        return passes.fillna(True).astype(bool) | ~applies

    def applies(self, frame: pd.DataFrame) -> "pd.Series[bool]":
        """Where the rule can be asked at all: its nature, and nothing it needs missing."""
        applies = pd.Series(True, index=frame.index)
        if self.nature is not None:
            applies &= frame["nature"] == self.nature
        for column in self.needs:
            applies &= frame[column].notna()
        return applies


class Catalogue(dict[str, Rule]):
    """Every rule by its code, in the order of contract §5."""

    def over(self, frame: str) -> tuple[Rule, ...]:
        """The rules that look at ``frame``."""
        return tuple(rule for rule in self.values() if rule.over == frame)


CATALOGUE = Catalogue()


def _variants(words: Words | Variants) -> Variants:
    return {"": words} if isinstance(words, Words) else words


def rule(
    code: str,
    *,
    brief: tuple[str, str],
    why: str,
    over: str = LINES,
    cells: str = "",
    needs: str = "",
    nature: str | None = None,
    after: str = "",
    fr: Words | Variants,
    en: Words | Variants,
    facts: Facts | None = None,
    severity: str = REJECTS,
    ledger: bool = False,
    remedy: str | Mapping[str, str] = CORRECT,
) -> Callable[[Passes], Passes]:
    """Put a function into the catalogue; see ``Rule``. ``cells``, ``needs`` and ``after`` are names parted by spaces.

    ``brief``: what breaks the rule in a few words, for the reviewer, in French and English. ``why``: the reason in the world, in
    French; the function's docstring says it in English.
    """

    def register(passes: Passes) -> Passes:
        if code in CATALOGUE:
            raise ValueError(f"two rules have the code {code}")
        CATALOGUE[code] = Rule(
            code=code,
            over=over,
            passes=passes,
            brief=dict(zip(("fr", "en"), brief, strict=True)),
            why=why,
            fr=_variants(fr),
            en=_variants(en),
            cells=tuple(cells.split()),
            needs=tuple(needs.split()),
            nature=nature,
            after=tuple(after.split()),
            facts=facts,
            severity=severity,
            ledger=ledger,
            remedy=remedy,
        )
        return passes

    return register
