"""Walks the XML of an ods: names under their usual prefixes, elements by the place where they stand.

What a spreadsheet program shows of an element depends on where it stands: a table within a link to another workbook is no
sheet. So each place knows the elements that matter there, those to leave out whole, and what to do of any other one.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from pipeline.reading.sheets import unreadable
from pipeline.reading.xmlscan import parse

Attributes = dict[str, str]
Opener = Callable[[Attributes], None]

_URN = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
_PREFIXES = {
    **{_URN.format(name): name for name in ("office", "table", "text", "style")},
    _URN.format("datastyle"): "number",
    _URN.format("drawing"): "draw",
    "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0": "calcext",
}
_NEEDED = ("office", "table", "text", "style", "number")
_DECLARED = re.compile(rb"""xmlns:([\w.-]+)\s*=\s*["']([^"']*)["']""")
_ROOT = re.compile(rb"<[A-Za-z_][^>]*>")


class Spot:
    """A place in the document.

    ``opens``: element → its place, what to do as it opens, what to do as it closes. ``skips``: starts of names of elements
    to leave out with all they hold. Any other element is looked through, as LibreOffice does, unless ``strict``.
    """

    def __init__(self, skips: tuple[str, ...] = (), *, strict: bool = False) -> None:
        self.opens: dict[str, tuple[Spot, Opener | None, Callable[[], None] | None]] = {}
        self.skips = skips
        self.strict = strict

    def add(self, name: str, place: "Spot", start: Opener | None = None, end: Callable[[], None] | None = None) -> None:
        """Say what element ``name`` is here."""
        self.opens[name] = (place, start, end)


class Walker:
    """Handlers of a parser that follow ``root`` and the places below it; ``words`` gathers the text while ``listening``."""

    def __init__(self, root: Spot) -> None:
        self.words: list[str] = []
        self.listening = False
        self._place = root
        self._skip = 0
        self._above: list[tuple[Spot, Callable[[], None] | None]] = []

    def start(self, name: str, attributes: Attributes) -> None:
        """Open an element."""
        if self._skip:
            self._skip += 1
            return
        place = self._place
        found = place.opens.get(name)
        if found is not None:
            inner, start, end = found
            self._above.append((place, end))
            self._place = inner
            if start is not None:
                start(attributes)
        elif place.strict or name.startswith(place.skips):
            self._skip = 1
        else:
            _check_prefixes(attributes)
            self._above.append((place, None))

    def end(self, _name: str) -> None:
        """Close an element."""
        if self._skip:
            self._skip -= 1
            return
        self._place, end = self._above.pop()
        if end is not None:
            end()

    def text(self, text: str) -> None:
        """Hear ``text``."""
        if self.listening and not self._skip:
            self.words.append(text)

    def heard(self) -> str:
        """Return the text gathered, and stop listening."""
        self.listening = False
        return "".join(self.words)


def walk(pieces: Iterator[bytes], walker: Walker) -> None:
    """Lead ``walker`` through the XML. Raises ``RefusedError`` for what is not plain XML."""
    first = next(pieces, b"")
    while not _ROOT.search(first) and (more := next(pieces, b"")):
        first += more
    if _usual(first):
        parse(_again(first, pieces), walker.start, walker.end, walker.text)
    else:
        _parse_by_namespace(_again(first, pieces), walker)


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _usual(head: bytes) -> bool:
    """Whether the root element gives the namespaces their usual prefixes: then names need no translation."""
    root = _ROOT.search(head)
    declared = {(p.decode(), uri.decode("utf-8", "replace")) for p, uri in _DECLARED.findall(root[0] if root else b"")}
    known = {prefix: uri for uri, prefix in _PREFIXES.items() if prefix in _NEEDED}
    by_uri = [(prefix, uri) for prefix, uri in declared if uri in known.values() or prefix in known]
    return {"office", "table"} <= {p for p, _ in by_uri} and all(known.get(p) == uri for p, uri in by_uri)


def _check_prefixes(attributes: Mapping[str, str]) -> None:
    """Refuse namespaces that change on the way: names below would be taken for others."""
    for name, uri in attributes.items():
        if name.startswith("xmlns") and _PREFIXES.get(uri, name[6:]) != name[6:] and uri in _PREFIXES:
            raise unreadable("damaged_content")


def _parse_by_namespace(pieces: Iterator[bytes], walker: Walker) -> None:
    """As ``parse``, for a program with prefixes of its own; each name is said under its usual one."""

    def start(name: str, attributes: Attributes) -> None:
        walker.start(_named(name), {_named(key): value for key, value in attributes.items()})

    parse(pieces, start, walker.end, walker.text, namespaces=" ")


def _named(name: str) -> str:
    uri, _, local = name.rpartition(" ")
    return f"{_PREFIXES.get(uri, '?')}:{local}" if uri else local
