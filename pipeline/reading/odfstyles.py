"""How the cells of an ods show their numbers: its number styles, written as the format codes of a workbook.

A code stands for what matters of a style: ``h:mm`` or ``[h]:mm`` for times, ``dd/mm/yyyy`` for days, digits and texts for
numbers. So that one module (``cells.formats``) knows what a format shows, whatever the file.
"""

import re
from dataclasses import dataclass, field

from pipeline.reading.odfxml import Attributes, Opener, Spot, Walker

UNSURE = "0%"
"""Stands for any format that shows a number in a way that is not read."""
NO_DIGITS = '"-"'
TEXT = "@"

_CONDITION = re.compile(r"value\(\)\s*(<=|>=|!=|<|>|=)\s*(-?[0-9.]+(?:[Ee][+-]?[0-9]+)?)")
_CLOCK_PARTS = ("hours", "minutes", "seconds", "am-pm", "day", "month", "year", "era", "quarter", "week-of-year")
_PLACES_MAX = 30


@dataclass
class _Format:
    """One number style as it is read. ``parts``: pieces of its code; ``maps``: (condition, name of the style it leads to)."""

    kind: str
    truncates: bool
    parts: list[str] = field(default_factory=list)
    maps: list[tuple[str, str]] = field(default_factory=list)
    sure: bool = True

    def code(self) -> str:
        """Its own format code, whatever its conditions."""
        match self.kind:
            case "time-style":
                return "h:mm" if self.truncates else "[h]:mm"
            case "date-style":
                return "dd/mm/yyyy"
            case "boolean-style":
                return NO_DIGITS
        return "".join(self.parts) or '""' if self.sure else UNSURE


@dataclass(frozen=True)
class _CellStyle:
    number: str | None
    parent: str


class NumberStyles:
    """The styles of an ods; ``code`` answers for a cell. ``shared``: of styles.xml, which those of content.xml build on."""

    def __init__(self) -> None:
        self.hidden: set[str] = set()  # styles of sheets that are not displayed
        self._formats: dict[str, _Format] = {}
        self._twice: set[str] = set()
        self._cells: dict[str, _CellStyle] = {}
        self._shared: dict[str, _CellStyle] = {}
        self._reading_shared = False
        self._name = ""
        self._current = _Format("", True)
        self._embedded: list[tuple[int, str]] = []
        self._position = 0
        self._number: Attributes = {}
        self._codes: dict[str, str | None] = {}

    def code(self, style: str) -> str | None:
        """Return the format code of the cell style of that name; None where it says nothing of numbers."""
        if style not in self._codes:
            self._codes[style] = self._find(style)
        return self._codes[style]

    def _find(self, style: str) -> str | None:
        found = self._cells.get(style) or self._shared.get(style)
        for _generation in range(10):
            if found is None or found.number is not None:
                break
            found = self._shared.get(found.parent)
        if found is None or found.number is None:
            found = self._shared.get("Default")
        number = found.number if found is not None else None
        if number is None or number not in self._formats:
            return None
        return UNSURE if number in self._twice else self._whole(self._formats[number])

    def _whole(self, format_: _Format) -> str:
        """The code with a part for each condition."""
        parts = []
        for condition, name in format_.maps:
            met, other = _CONDITION.fullmatch(condition.strip()), self._formats.get(name)
            if met is None or other is None:
                return UNSURE
            parts.append(f"[{met[1].replace('!=', '<>')}{met[2]}]{other.code()}")
        return ";".join([*parts, format_.code()])

    # --- reading them -------------------------------------------------------------------------------------------------

    def place(self, walker: Walker, *, shared: bool) -> Spot:
        """The place where styles stand: the styles of styles.xml (``shared``), the automatic ones of content.xml."""
        place, style, number, text = Spot(), Spot(), Spot(("style:text-properties",)), Spot()
        place.add("style:style", style, lambda a: self._start_style(a, shared=shared))
        style.add("style:table-properties", Spot(), self._table)
        for kind in ("number", "currency", "percentage", "date", "time", "boolean", "text"):
            place.add(f"number:{kind}-style", number, lambda a, k=f"{kind}-style": self._start_format(k, a))  # type: ignore[misc]
        hear, embed = self._hear(walker), Spot()
        number.add("number:text", text, hear, lambda: self._quote(walker.heard()))
        number.add("number:currency-symbol", text, hear, lambda: self._currency(walker.heard()))
        number.add("number:number", embed, self._start_number, self._end_number)
        embed.add("number:embedded-text", text, hear, lambda: self._embed(walker.heard()))
        number.add("number:text-content", Spot(), lambda _: self._current.parts.append(TEXT))
        number.add("number:scientific-number", Spot(), lambda _: self._current.parts.append("0.00E+00"))
        for name in ("fraction", "fill-character"):
            number.add(f"number:{name}", Spot(), lambda _: self._doubt())
        number.add("style:map", Spot(), self._map)
        return place

    def _hear(self, walker: Walker) -> Opener:
        def start(attributes: Attributes) -> None:
            walker.words, walker.listening = [], True
            position = attributes.get("number:position", "")
            self._position = int(position) if position.isdecimal() and len(position) < 3 else -1

        return start

    def _start_style(self, attributes: Attributes, *, shared: bool) -> None:
        self._name = attributes.get("style:name", "")
        if attributes.get("style:family") != "table-cell":
            return
        styles = self._shared if shared else self._cells
        number, parent = attributes.get("style:data-style-name"), attributes.get("style:parent-style-name", "")
        styles[self._name] = _CellStyle(number, parent)

    def _table(self, attributes: Attributes) -> None:
        if attributes.get("table:display") == "false":
            self.hidden.add(self._name)

    def _start_format(self, kind: str, attributes: Attributes) -> None:
        name = attributes.get("style:name", "")
        overflows = attributes.get("number:truncate-on-overflow") == "false"
        self._current = _Format(kind, not overflows)
        self._current.sure = kind != "percentage-style" and "number:transliteration-format" not in attributes
        if name in self._formats:
            self._twice.add(name)
        self._formats[name] = self._current

    def _doubt(self) -> None:
        self._current.sure = False

    def _map(self, attributes: Attributes) -> None:
        condition, name = attributes.get("style:condition", ""), attributes.get("style:apply-style-name", "")
        self._current.maps.append((condition, name))

    def _quote(self, text: str) -> None:
        self._current.parts.append(_quoted(text))

    def _currency(self, text: str) -> None:
        if not text:  # the one of the country where the file is opened
            self._doubt()
        self._quote(text)

    def _embed(self, text: str) -> None:
        self._embedded.append((self._position, text))

    def _start_number(self, attributes: Attributes) -> None:
        self._number, self._embedded = attributes, []

    def _end_number(self) -> None:
        code = _digits(self._number, self._embedded)
        if code is None:
            self._doubt()
        else:
            self._current.parts.append(code)


def _quoted(text: str) -> str:
    return "".join(f"\\{c}" for c in text)


def _digits(attributes: Attributes, embedded: list[tuple[int, str]]) -> str | None:
    """The code of ``number:number``: zeros for its places, texts between them. None where programs may differ."""
    least, decimals = _amount(attributes, "number:min-integer-digits"), _amount(attributes, "number:decimal-places")
    if attributes.get("number:display-factor", "1") not in ("1", "1.0") or "number:decimal-replacement" in attributes:
        return None
    if decimals is None:
        return "General" if (least or 0) <= 1 and not embedded else None
    if attributes.get("number:grouping") == "true":
        return None if embedded or (least or 0) > 1 else "#,##0" + _decimals(decimals)
    least = least or 0
    furthest = max((position for position, _ in embedded), default=0)
    if least > _PLACES_MAX or any(not 0 < position < _PLACES_MAX for position, _ in embedded):
        return None
    code = ""
    for place in range(max(least, furthest + 1, 1), 0, -1):
        code += "0" if place <= least else "#"
        code += "".join(_quoted(text) for position, text in embedded if position == place - 1)
    return code + _decimals(decimals)


def _decimals(count: int) -> str:
    return f".{'0' * min(count, _PLACES_MAX)}" if count else ""


def _amount(attributes: Attributes, name: str) -> int | None:
    text = attributes.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else None


def read_styles(walker: Walker, root: Spot, styles: NumberStyles) -> None:
    """Say in ``root`` of styles.xml where the shared styles stand."""
    root.add("office:styles", styles.place(walker, shared=True))
    for name in ("office:automatic-styles", "office:master-styles", "office:font-face-decls"):
        root.skips += (name,)
