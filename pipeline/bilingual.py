"""A sentence for people in both languages: made where it is known what to say, chosen where it is printed.

Whoever raises or gathers sentences need not know the language. A ``Text`` *is* its French, so that whatever knows of no language
(the ledger, a log) keeps that; ``said`` gives the other.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Self

LANGUAGES = ("fr", "en")
MANY = "||"


class Text(str):
    """A French sentence with its English twin. « un || plusieurs » are the forms for one and for many, chosen by ``n``."""

    en: str

    def __new__(cls, fr: str, en: str) -> Self:
        """``fr`` and ``en`` take the same ``{names}``."""
        made = super().__new__(cls, fr)
        made.en = en
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        """It crosses from a child process."""
        return str(self), self.en

    def fill(self, **values: object) -> "Text":
        """Both sentences with ``values`` put in; one that is a ``Text`` in the language of each."""
        return Text(*(_filled(said(self, language), language, values) for language in LANGUAGES))

    def then(self, other: str) -> "Text":
        """This sentence, then another."""
        return Text(f"{self} {other}", f"{self.en} {said(other, 'en')}")


def said(text: str, language: str) -> str:
    """``text`` in ``language``; what has no twin is as it is."""
    return text.en if language == "en" and isinstance(text, Text) else str(text)


def joined(parts: Iterable[str], mark: str = ", ") -> Text:
    """``parts`` one after another, ``mark`` between them."""
    kept = list(parts)
    return Text(*(said(mark, language).join(said(one, language) for one in kept) for language in LANGUAGES))


def in_language(value: Any, language: str) -> Any:
    """Plain data with every ``Text`` in it in ``language``."""
    match value:
        case str():
            return said(value, language)
        case Mapping():
            return {name: in_language(inner, language) for name, inner in value.items()}
        case list() | tuple():
            return [in_language(inner, language) for inner in value]
        case _:
            return value


def _filled(sentence: str, language: str, values: Mapping[str, object]) -> str:
    if MANY in sentence:
        from schemas.saying import form  # noqa: PLC0415 - `dsf --help` counts nothing, and stays quick

        count = values["n"]
        assert isinstance(count, int)
        sentence = form(sentence, count, language)
    told = {name: said(value, language) if isinstance(value, str) else value for name, value in values.items()}
    return sentence.format_map(told)
