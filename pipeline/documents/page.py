"""How our pages are made: one environment that escapes everything; text of a sender shows its hidden characters."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.documents.wording import Wording, cut, french

TEMPLATES = Path(__file__).parent / "templates"

# Controls, direction marks, zero-width and other characters that nobody sees, private and unpaired ones.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\ue000-\uf8ff\U000e0000-\U000e007f]"
)
# More marks over one letter than any script needs: they would be drawn over the lines above and below.
_PILED = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{2})[\u0300-\u036f\u0483-\u0489]+"
)

_SHOWN_AS = {"\n": "↵", "\t": "⇥"}


def _named(match: re.Match[str]) -> str:
    character = match.group()
    return f'<span class="signe">{_SHOWN_AS.get(character, f"U+{ord(character):04X}")}</span>'


def visible(value: object, limit: int = 300) -> Markup:
    """Text of a sender as markup: escaped, cut at ``limit`` characters, each hidden character replaced by its number."""
    return Markup(_HIDDEN.sub(_named, str(escape(cut(_PILED.sub(r"\1", str(value)), limit)))))


def typed(value: object, limit: int = 200) -> Markup:
    """``visible`` in an element of its own: the direction of the sender's writing changes nothing around it."""
    return Markup('<bdi dir="auto">{}</bdi>').format(visible(value, limit))


def sentence(value: object, limit: int = 1000) -> Markup:
    """A French sentence that quotes a sender (the message of a rule): ``visible``, with the spaces that French wants."""
    return visible(french(str(value)), limit)


class Phrases(Wording):
    """The texts of one language for pages: each value filled in is escaped, unless it is markup already."""

    def __call__(self, key: str, **values: object) -> Markup:
        """The text ``key`` as markup, with ``values`` filled in. Raises ``KeyError`` for an unknown key."""
        shown = {k: v if isinstance(v, Markup) else visible(self.show(v)) for k, v in values.items()}
        return escape(self.form(key, values)).format(**shown)


def environment(words: Wording, room: Path) -> Environment:
    """The templates of ``room`` and the shared ones; everything is escaped.

    Templates have the texts as ``words``, and filters: ``visible``, ``typed`` for text of a sender; ``number``, ``hours``,
    ``day``, ``moment`` for values.
    """
    made = Environment(
        loader=FileSystemLoader([room / "templates", TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(words=words, language=words.language)
    made.filters.update(
        visible=visible, typed=typed, number=words.number, hours=words.hours, day=words.day, moment=words.moment
    )
    return made


def render(made: Environment, template: str, **values: object) -> bytes:
    """One page as UTF-8; a character that UTF-8 cannot hold becomes « ? » (``visible`` has replaced those of a sender)."""
    return made.get_template(template).render(**values).encode("utf-8", errors="replace")
