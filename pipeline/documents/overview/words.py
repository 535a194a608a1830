"""The texts of the reviewer's pages: ``overview.toml`` in the form of the common catalogue, which serves for the rest."""

import tomllib
from functools import cache
from pathlib import Path

from pipeline.documents.wording import Words, french


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Texts by ``section.name``, then by language."""
    with Path(__file__).with_name("overview.toml").open("rb") as file:
        sections = tomllib.load(file)
    return {
        f"{section}.{name}": {"fr": french(texts["fr"]), "en": texts["en"]}
        for section, entries in sections.items()
        for name, texts in entries.items()
    }


class ReviewWords(Words):
    """``Words`` that knows the reviewer's texts too."""

    def __call__(self, key: str, **values: object) -> str:
        if key not in catalogue():
            return super().__call__(key, **values)
        text = catalogue()[key][self.langue]
        if "||" in text:
            one, many = text.split("||", 1)
            text = one.strip() if self._one(values["n"]) else many.strip()
        return text.format_map({name: self.show(value) for name, value in values.items()})

    def rule(self, code: str) -> str:
        """What breaks a rule, in a few words; nothing for a code that this version does not know."""
        known = catalogue().get(f"regle.{code}")
        return known[self.langue] if known else ""

    def share(self, part: float) -> str:
        """0.5 → « 50 % »; 99.6 is 99 %, for 100 % means all and 0 % none."""
        percent = 1 if 0 < part < 0.01 else int(part * 100 + 1e-9)
        return f"{percent}\u202f%" if self.langue == "fr" else f"{percent}%"
