"""How our pages are made: one environment that escapes everything, and senders' text shown with its hidden signs."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.documents.wording import Words, french

ELLIPSIS = "…"
TEMPLATES = Path(__file__).parent / "templates"

# Controls, signs of direction, zero-width and other signs that nobody sees, private and unpaired ones.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\ue000-\uf8ff\U000e0000-\U000e007f]"
)
# More marks than any script needs over one letter: they would be drawn over the lines above and below.
_PILED = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2})[\u0300-\u036f\u0483-\u0489]+"
)


_KNOWN_SIGNS = {"\n": "↵", "\t": "⇥"}


def _named(match: re.Match[str]) -> str:
    sign = match.group()
    return f'<span class="signe">{_KNOWN_SIGNS.get(sign, f"U+{ord(sign):04X}")}</span>'


def visible(value: object, limit: int = 300) -> Markup:
    """Text of a sender as markup: escaped, cut at ``limit`` signs, every hidden sign shown by its number."""
    text = _PILED.sub(r"\1", str(value))
    if len(text) > limit:
        text = text[: limit - 1] + ELLIPSIS
    return Markup(_HIDDEN.sub(_named, str(escape(text))))


def typed(value: object, limit: int = 200) -> Markup:
    """Text of a sender standing apart, so that its direction of writing changes nothing around it."""
    return Markup('<bdi dir="auto">{}</bdi>').format(visible(value, limit))


def sentence(value: object, limit: int = 1000) -> Markup:
    """A sentence that quotes a sender (a rule's message): as ``visible``, with the spaces that French wants."""
    return visible(french(str(value)), limit)


class Phrases(Words):
    """The catalogue for pages: a text in which everything filled in is escaped, unless it is markup already."""

    def __call__(self, key: str, **values: object) -> Markup:
        shown = {k: v if isinstance(v, Markup) else visible(self.show(v)) for k, v in values.items()}
        return escape(self.form(key, values)).format(**shown)


def environment(words: Words, room: Path) -> Environment:
    """The templates of a room and the shared ones, everything escaped: ``mot`` is the catalogue of texts in ``words``'
    language, ``visible`` and ``typed`` are for senders' text."""
    made = Environment(
        loader=FileSystemLoader([room / "templates", TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(mot=words, langue=words.langue)
    made.filters.update(
        visible=visible, typed=typed, nombre=words.number, heures=words.hours, jour=words.day, instant=words.moment
    )
    return made


def render(made: Environment, template: str, **values: object) -> bytes:
    """One page, as UTF-8. A half surrogate of a sender cannot get here: ``visible`` has named it."""
    return made.get_template(template).render(**values).encode("utf-8", errors="replace")
