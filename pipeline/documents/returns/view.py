"""A report as its page shows it: what comes first, what is said once, what no longer fits."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipeline.documents.page import visible
from pipeline.documents.returns.causes import MANY, Cause, LinePlace, awaited, causes, places
from pipeline.documents.returns.entries import FindingData, LineData, ReportData
from pipeline.documents.returns.limits import left_out, to_correct
from pipeline.documents.wording import Wording
from schemas.rule import CORRECT, WAIT, WITHDRAW

ROOM = 1_050_000
"""Bytes that the lists of one page may take: the page of any deposit stays under 1.5 MB."""
_MARKUP = 700  # bytes of markup around the texts of one entry
_NAMED = 12  # lines of one cause that are named one by one


@dataclass
class PageSpace:
    """The bytes left on the page. Once an entry does not fit, none of the later ones does."""

    left: int
    full: bool = False

    def fits(self, *texts: str) -> bool:
        """Take the space of an entry with these texts; False where there is not enough left."""
        if not self.full:
            self.left -= _MARKUP + sum(len(visible(text, 1000).encode("utf-8", "replace")) for text in texts)
            self.full = self.left < 0
        return not self.full


@dataclass(frozen=True)
class ReportLine:
    """One line that needs work, with the findings that it alone has.

    ``line``: empty where the model does not have it. ``also``: numbers of the shared causes that it has too.
    """

    place: str
    line: LineData
    findings: tuple[FindingData, ...]
    also: tuple[int, ...]


@dataclass(frozen=True)
class SharedCause:
    """One cause on several lines, said once. ``lines``: its lines one by one (place, line), where they are few."""

    number: int
    cause: Cause
    places: tuple[str, ...]
    lines: tuple[tuple[str, LineData], ...]


@dataclass(frozen=True)
class HeldLines:
    """``count`` sound lines that wait for the same other lines. ``dsf``: empty where they wait for the whole deposit."""

    places: tuple[str, ...]
    awaited: tuple[str, ...]
    dsf: str
    count: int
    hours: Decimal


@dataclass(frozen=True)
class View:
    """All that the template of the page asks for beside the report itself.

    ``shown`` of ``total`` findings are on the page. ``by_code``: (code, how many, what the first says), on a page that
    cannot show them all. ``…_others``: those that are not named. ``to_correct``: lines that the workbook has, and lines to
    correct that there are; ``…_out``: what is left out of the report; ``left_out``: all of it, in counted words. ``to_do``: what
    is asked of the sender, counted; ``origin``: what is corrected of the deposit it comes from; ``rules``: those that the page
    names (code, what breaks it, why it is there).
    """

    general: tuple[Cause, ...]
    shared: tuple[SharedCause, ...]
    lines: tuple[ReportLine, ...]
    held: tuple[HeldLines, ...]
    held_others: int
    complements: tuple[Mapping[str, Any], ...]
    complements_others: int
    warnings: tuple[tuple[Cause, tuple[str, ...]], ...]
    warning_count: int
    taken: tuple[str, ...]
    earlier_complements: tuple[str, ...]
    to_do: str
    origin: tuple[str, ...]
    rules: tuple[tuple[str, str, str], ...]
    total: int
    by_code: tuple[tuple[str, int, str], ...]
    unreadable_hours: bool
    to_correct: tuple[int, int]
    own_columns_out: int
    findings_out: int
    left_out: tuple[str, ...]

    @property
    def shown(self) -> int:
        """Findings that are on the page."""
        every = [*self.general, *(one.cause for one in self.shared), *(cause for cause, _ in self.warnings)]
        return sum(len(cause.findings) for cause in every) + sum(len(line.findings) for line in self.lines)

    @property
    def cut(self) -> bool:
        """Some findings are not on the page."""
        return self.shown < self.total

    @property
    def workbook_cut(self) -> bool:
        """Some lines to correct are not in the workbook."""
        return self.to_correct[0] < self.to_correct[1]


def view(report: ReportData, room: int = ROOM) -> View:
    """What the page shows of ``report``. ``room``: bytes that its lists may take."""
    words, space = Wording.of(report), PageSpace(room)
    findings, lines = report["constats"], report["lignes"]
    rejects = [f for f in findings if f["severite"] == "rejet"]
    warnings = [f for f in findings if f["severite"] != "rejet"]
    of_lines = [f for f in rejects if f["portee"] == "ligne"]
    by_place = {(line["feuille"], line["ligne"]): line for line in lines}
    # In the order of the page: what comes first takes the space first.
    general = _general(causes(f for f in rejects if f["portee"] != "ligne"), space)
    shared = _shared(words, [c for c in causes(of_lines) if len(c.lines) >= MANY], by_place, space)
    own = _lines(words, of_lines, shared, by_place, space)
    held = _held(words, report, space)
    issued = [one for one in report["complements"] if space.fits(one["numero"], one["numero_dsf"])]
    warned = _warnings(words, causes(warnings), space)
    counted = _counted(report)
    return View(
        general=tuple(general),
        shared=tuple(shared),
        lines=tuple(own),
        held=tuple(held),
        held_others=report["comptes"]["retenues"] - sum(one.count for one in held),
        complements=tuple(issued),
        complements_others=len(report["complements"]) - len(issued) + left_out(report, "complements"),
        warnings=tuple(warned),
        warning_count=sum(n for (_, severity), n in counted.items() if severity != "rejet"),
        **_taken(words, report),
        to_do=_to_do(words, report),
        origin=_origin(words, report),
        rules=tuple((code, words.rule(code), words.reason(code)) for code in sorted({code for code, _ in counted})),
        total=sum(counted.values()),
        by_code=_by_code(words, findings, counted) if space.full or "coupe" in report else (),
        unreadable_hours=any(line["heures"] is None for line in lines) or left_out(report, "lignes") > 0,
        to_correct=to_correct(report),
        own_columns_out=left_out(report, "colonnes"),
        findings_out=left_out(report, "constats"),
        left_out=_left_out(words, report),
    )


def _to_do(words: Wording, report: ReportData) -> str:
    """« 1 ligne à corriger ; 17 lignes à redéposer telles quelles à partir du 01/07/2025 », or "" where nothing is asked."""
    suites, day = report["suites"], report["des"]
    texts = {
        CORRECT: "suite_corriger",
        WAIT: "suite_attendre_des" if day else "suite_attendre",
        WITHDRAW: "suite_retirer",
    }
    said = {"des": words.day(day)} if day else {}
    return " ; ".join(words(f"rapport.{texts[name]}", n=suites[name], **said) for name in texts if suites[name])


_ORIGIN = ("corrigees", "encore", "nouvelles", "retirees")


def _origin(words: Wording, report: ReportData) -> tuple[str, ...]:
    """What has become of the lines of the deposit that is corrected, in counted words, with their places in its file."""
    found = []
    for kind in _ORIGIN if "origine" in report else ():
        one = report["origine"][kind]
        if not one["nombre"]:
            continue
        where = places(words, [(line["feuille"], line["ligne"]) for line in one["lignes"]])
        if more := one["nombre"] - len(one["lignes"]):
            where.append(words("mots.n_autres", n=more))
        found.append(words(f"rapport.origine_{kind}", n=one["nombre"], ou=" ; ".join(where)))
    return tuple(found)


def _counted(report: ReportData) -> dict[tuple[str, str], int]:
    """(Code, severity) → how many findings there are, those left out of the report too."""
    if "coupe" in report:
        return {(one["code"], one["severite"]): one["constats"] for one in report["coupe"]["par_code"]}
    return Counter((finding["code"], finding["severite"]) for finding in report["constats"])


_LEFT_OUT = {"lignes": "n_lignes", "constats": "n_constats", "complements": "n_complements", "tables": "n_tables"}


def _left_out(words: Wording, report: ReportData) -> tuple[str, ...]:
    """What rapport.json does not detail, in counted words."""
    counted = [(left_out(report, name), text) for name, text in _LEFT_OUT.items()]
    return tuple(words(f"mots.{text}", n=n) for n, text in counted if n)


def _taken(words: Wording, report: ReportData) -> dict[str, tuple[str, ...]]:
    """Where the lines stand that were taken before, and the complements that have them."""
    taken = [line for line in report["lignes"] if line["verdict"] == "deja_prise"]
    where = places(words, [(line["feuille"], line["ligne"]) for line in taken])
    if others := report["comptes"]["deja_prises"] - len(taken):
        where.append(words("mots.n_autres", n=others))
    numbers = sorted({line["complement"] for line in taken if line["complement"]})
    return {"taken": tuple(where), "earlier_complements": _some(words, numbers)}


def _some(words: Wording, texts: list[str], most: int = 20) -> tuple[str, ...]:
    """The first of ``texts``, and how many more there are."""
    rest = [words("mots.n_autres", n=len(texts) - most)] if len(texts) > most else []
    return (*texts[:most], *rest)


def _general(found: Iterable[Cause], space: PageSpace) -> list[Cause]:
    """The causes on the file as a whole that fit."""
    return [
        cause
        for cause in found
        if space.fits(*(text for f in cause.findings for text in (f["message"], f["geste"], f["valeur"])))
    ]


def _shared(
    words: Wording, many: list[Cause], by_place: Mapping[LinePlace, LineData], space: PageSpace
) -> list[SharedCause]:
    """The causes on many lines that fit, numbered."""
    shared: list[SharedCause] = []
    for cause in many:
        where = tuple(places(words, cause.lines))
        named = cause.lines if len(cause.lines) <= _NAMED else []
        lines = tuple((_place(words, at, by_place[at]), by_place[at]) for at in named if at in by_place)
        names = [text for at, line in lines for text in (at, *_identity(line))]
        if space.fits(cause.first["message"], cause.first["geste"], *cause.values(), *where, *names):
            shared.append(SharedCause(len(shared) + 1, cause, where, lines))
    return shared


def _identity(line: LineData) -> tuple[str, ...]:
    return tuple(line[name] for name in ("nom", "prenom", "identifiant_de", "numero_dsf", "code_sequence"))


def _lines(
    words: Wording,
    rejects: list[FindingData],
    shared: list[SharedCause],
    by_place: Mapping[LinePlace, LineData],
    space: PageSpace,
) -> list[ReportLine]:
    """The lines that fit, of those that have a finding of their own, in sheet order."""
    numbers = {id(finding): one.number for one in shared for finding in one.cause.findings}
    together: dict[LinePlace, list[FindingData]] = {}
    for finding in rejects:
        together.setdefault((finding["feuille"], finding["ligne"]), []).append(finding)
    lines = []
    for at, findings in together.items():
        own = tuple(f for f in findings if id(f) not in numbers)
        if not own:
            continue
        line = by_place.get(at, {})
        texts = [f[name] for f in own for name in ("message", "geste", "valeur", "attendu")]
        if space.fits(*texts, *(_identity(line) if line else ())):
            also = tuple(sorted({numbers[id(f)] for f in findings if id(f) in numbers}))
            lines.append(ReportLine(_place(words, at, line), line, own, also))
    return lines


def _place(words: Wording, at: LinePlace, line: LineData) -> str:
    """Where a line stands, and where it stood in the file that this deposit corrects."""
    here = places(words, [at])[0]
    if "origine" not in line:
        return here
    earlier = line["origine"]
    return words("rapport.d_origine", place=here, origine=places(words, [(earlier["feuille"], earlier["ligne"])])[0])


def _held(words: Wording, report: ReportData, space: PageSpace) -> list[HeldLines]:
    """Held lines that fit, by what they wait for: the rejected lines of their DSF, or of the whole deposit."""
    groups: dict[str, list[LineData]] = {}
    for line in report["lignes"]:
        if line["verdict"] == "retenue":
            groups.setdefault(line["numero_dsf"] if report["politique"] == "dsf" else "", []).append(line)
    held = []
    for dsf, group in groups.items():
        where = tuple(places(words, [(line["feuille"], line["ligne"]) for line in group]))
        homes = {line["feuille"] for line in group}
        wait = tuple(awaited(words, group[0], homes.pop() if len(homes) == 1 else ""))
        if space.fits(dsf, *where, *wait):
            hours = sum((Decimal(str(line["heures"] or 0)) for line in group), Decimal())
            held.append(HeldLines(where, wait, dsf, len(group), hours))
    return held


def _warnings(words: Wording, found: Iterable[Cause], space: PageSpace) -> list[tuple[Cause, tuple[str, ...]]]:
    """The causes of warnings that fit, with their places."""
    warned = ((cause, tuple(places(words, cause.lines))) for cause in found)
    return [
        (cause, where) for cause, where in warned if space.fits(cause.first["message"], cause.first["geste"], *where)
    ]


def _by_code(
    words: Wording, findings: Iterable[FindingData], counted: Mapping[tuple[str, str], int]
) -> tuple[tuple[str, int, str], ...]:
    """(code, how many, what the first says), the most frequent first; exact for a page that cannot show them all."""
    first: dict[str, str] = {}
    for finding in findings:
        first.setdefault(finding["code"], finding["message"])
    by_code: Counter[str] = Counter()
    for (code, _), n in counted.items():
        by_code[code] += n
    ordered = sorted(by_code.items(), key=lambda item: (-item[1], item[0]))
    return tuple((code, n, first.get(code) or words.rule(code)) for code, n in ordered)
