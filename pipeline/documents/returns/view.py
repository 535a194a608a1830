"""The model of a deposit as its page shows it: what comes first, what is said once, what no longer fits."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from pipeline.documents.page import visible
from pipeline.documents.returns.causes import MANY, Cause, Finding, awaited, causes, places
from pipeline.documents.wording import Words

Model = Mapping[str, Any]
T = TypeVar("T")

ROOM = 1_500_000
"""Bytes that the lists of one page may take, so that a page of any deposit stays under 2 MB."""
_MARKUP = 700  # bytes of markup around the texts of one entry
_NAMED = 12  # lines of one cause that are named one by one


@dataclass
class Room:
    """What is left of the page; once an entry does not fit, none of the later ones does."""

    left: int
    full: bool = False

    def fits(self, *texts: str) -> bool:
        if not self.full:
            self.left -= _MARKUP + sum(len(visible(text, 1000).encode("utf-8", "replace")) for text in texts)
            self.full = self.left < 0
        return not self.full


@dataclass(frozen=True)
class Line:
    """One line that needs work: where, who, its own findings; ``renvois``: numbers of the shared causes it also has."""

    ou: str
    ligne: Model
    constats: tuple[Finding, ...]
    renvois: tuple[int, ...]


@dataclass(frozen=True)
class Shared:
    """One cause on several lines, said once. ``qui``: its lines one by one where they are few."""

    numero: int
    cause: Cause
    ou: tuple[str, ...]
    qui: tuple[tuple[str, Model], ...]


@dataclass(frozen=True)
class Held:
    """Sound lines that wait for the same others."""

    ou: tuple[str, ...]
    attend: tuple[str, ...]
    numero_dsf: str
    lignes: int
    attendues: int
    heures: Decimal


@dataclass(frozen=True)
class View:
    """Everything the page's template asks for beside the model itself."""

    generaux: tuple[Cause, ...]
    communs: tuple[Shared, ...]
    lignes: tuple[Line, ...]
    retenues: tuple[Held, ...]
    avertissements: tuple[tuple[Cause, tuple[str, ...]], ...]
    deja_prises: tuple[str, ...]
    complements_anterieurs: tuple[str, ...]
    rejets: int
    avertis: int
    montres: int
    total: int
    par_code: tuple[tuple[str, int, str], ...] = field(default=())
    illisibles: bool = False

    @property
    def coupe(self) -> bool:
        """Some findings are not on the page."""
        return self.montres < self.total


def view(model: Model, room: int = ROOM) -> View:
    """The page's view of ``model``; ``room`` is what its lists may take, in bytes."""
    words = Words(model["langue"])
    rejects = [c for c in model["constats"] if c["severite"] == "rejet"]
    warnings = [c for c in model["constats"] if c["severite"] != "rejet"]
    of_lines = [c for c in rejects if c["portee"] == "ligne"]
    found = causes(of_lines)
    space = Room(room)
    general = _taken(causes(c for c in rejects if c["portee"] != "ligne"), space, lambda cause: cause.constats)
    by_place = {(line["feuille"], line["ligne"]): line for line in model["lignes"]}
    shared = _shared(words, [c for c in found if len(c.lines) >= MANY], by_place, space)
    lines = _lines(words, of_lines, shared, by_place, space)
    held = _held(words, model, space)
    warned = [
        (cause, tuple(places(words, cause.lines)))
        for cause in causes(warnings)
        if space.fits(cause.constat["message"], cause.constat["geste"], *places(words, cause.lines))
    ]
    taken = [line for line in model["lignes"] if line["verdict"] == "deja_prise"]
    on_page = sum(len(cause.constats) for cause in general) + sum(len(s.cause.constats) for s in shared)
    return View(
        generaux=tuple(general),
        communs=tuple(shared),
        lignes=tuple(lines),
        retenues=tuple(held),
        avertissements=tuple(warned),
        deja_prises=tuple(places(words, [(line["feuille"], line["ligne"]) for line in taken])),
        complements_anterieurs=_some(words, sorted({line["complement"] for line in taken if line["complement"]})),
        rejets=len(rejects),
        avertis=len(warnings),
        montres=on_page + sum(len(line.constats) for line in lines) + sum(len(c.constats) for c, _ in warned),
        total=len(model["constats"]),
        par_code=_by_code(model["constats"]) if space.full else (),
        illisibles=any(line["heures"] is None for line in model["lignes"]),
    )


def _some(words: Words, texts: list[str], most: int = 20) -> tuple[str, ...]:
    """The first of ``texts``, and how many more there are."""
    rest = [words("mots.n_autres", n=len(texts) - most)] if len(texts) > most else []
    return (*texts[:most], *rest)


def _taken(entries: Iterable[T], space: Room, of: Callable[[T], Iterable[Finding]]) -> list[T]:
    return [
        e for e in entries if space.fits(*(text for c in of(e) for text in (c["message"], c["geste"], c["valeur"])))
    ]


def _shared(words: Words, many: list[Cause], by_place: Mapping[Any, Model], space: Room) -> list[Shared]:
    shared: list[Shared] = []
    for cause in many:
        where = tuple(places(words, cause.lines))
        named = cause.lines if len(cause.lines) <= _NAMED else []
        who = tuple((places(words, [at])[0], by_place[at]) for at in named if at in by_place)
        names = [text for at, line in who for text in (at, *_identity(line))]
        if space.fits(cause.constat["message"], cause.constat["geste"], *cause.values(), *where, *names):
            shared.append(Shared(len(shared) + 1, cause, where, who))
    return shared


def _identity(line: Model) -> tuple[str, ...]:
    return tuple(line[name] for name in ("nom", "prenom", "identifiant_de", "numero_dsf", "code_sequence"))


def _lines(
    words: Words, rejects: list[Finding], shared: list[Shared], by_place: Mapping[Any, Model], space: Room
) -> list[Line]:
    """The lines that have a finding of their own, in sheet order."""
    numbers: dict[int, int] = {id(c): s.numero for s in shared for c in s.cause.constats}
    together: dict[tuple[str, int], list[Finding]] = {}
    for constat in rejects:
        together.setdefault((constat["feuille"], constat["ligne"]), []).append(constat)
    lines = []
    for at, constats in together.items():
        own = tuple(c for c in constats if id(c) not in numbers)
        if not own:
            continue
        line = by_place.get(at, {})
        texts = [c[name] for c in own for name in ("message", "geste", "valeur", "attendu")]
        if space.fits(*texts, *(_identity(line) if line else ())):
            also = tuple(sorted({numbers[id(c)] for c in constats if id(c) in numbers}))
            lines.append(Line(places(words, [at])[0], line, own, also))
    return lines


def _held(words: Words, model: Model, space: Room) -> list[Held]:
    """Held lines by what they wait for: the rejected lines of their DSF, or of the whole deposit. One sentence a group."""
    groups: dict[str, list[Model]] = {}
    for line in model["lignes"]:
        if line["verdict"] == "retenue":
            groups.setdefault(line["numero_dsf"] if model["politique"] == "dsf" else "", []).append(line)
    held = []
    for numero, group in groups.items():
        where = tuple(places(words, [(line["feuille"], line["ligne"]) for line in group]))
        homes = {line["feuille"] for line in group}
        wait = tuple(awaited(words, group[0], homes.pop() if len(homes) == 1 else ""))
        if space.fits(numero, *where, *wait):
            hours = sum((Decimal(str(line["heures"] or 0)) for line in group), Decimal())
            held.append(
                Held(
                    where,
                    wait,
                    numero,
                    len(group),
                    len(group[0].get("attend", ())) + group[0].get("attend_autres", 0),
                    hours,
                )
            )
    return held


def _by_code(constats: Iterable[Finding]) -> tuple[tuple[str, int, str], ...]:
    """(code, how many, what the first says), the most frequent first: exact, for the page that cannot show them all."""
    seen: dict[str, list[Finding]] = {}
    for constat in constats:
        seen.setdefault(constat["code"], []).append(constat)
    ordered = sorted(seen.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((code, len(found), found[0]["message"]) for code, found in ordered)
