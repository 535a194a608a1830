"""`dsf replay`: archived deposits through today's rules: which verdicts would change, as text and as data.

No name of a person, and no name of a file: a deposit is told by its number, a line by its sheet and row.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipeline import __version__, jsonfile, replay
from pipeline.bilingual import Text
from pipeline.cells.text import hours
from pipeline.commands.console import OTHERS, SHOWN, Exit, plain, spent
from pipeline.judging.changes import Change, ChangedLine, LineVerdict
from pipeline.replay import CHANGED, FAULT, GONE, NO_REFERENCE, Replayed
from pipeline.settings import Settings
from pipeline.wave import Progress
from pipeline.workspace import Workspace
from schemas.rules import RULES_VERSION

Data = dict[str, Any]
LISTED = 10_000
"""Lines, and deposits, that are listed; what is beyond is counted."""
FEW = 5
"""Lines of a deposit that a person is shown."""

_LEFT = {
    GONE: Text(
        "{n} original n'est plus dans l'archive||{n} originaux ne sont plus dans l'archive",
        "{n} original is no longer in the archive||{n} originals are no longer in the archive",
    ),
    CHANGED: Text(
        "{n} original n'est plus ce qui a été archivé||{n} originaux ne sont plus ce qui a été archivé",
        "{n} original is no longer what was archived||{n} originals are no longer what was archived",
    ),
    NO_REFERENCE: Text(
        "l'extrait de {n} dépôt n'est plus dans la référence||les extraits de {n} dépôts ne sont plus dans la référence",
        "the extract of {n} deposit is no longer in the reference||the extracts of {n} deposits are no longer in the reference",
    ),
    FAULT: Text(
        "une erreur de notre programme sur {n} dépôt, à signaler||une erreur de notre programme sur {n} dépôts, à signaler",
        "a fault of our program on {n} deposit, to be reported||a fault of our program on {n} deposits, to be reported",
    ),
}
_VERDICTS = {
    "": Text("non lue", "not read"),
    "acceptee": Text("acceptée", "accepted"),
    "rejetee": Text("rejetée", "rejected"),
    "retenue": Text("retenue", "held"),
    "deja_prise": Text("déjà prise", "already taken"),
}
_DONE = Text(
    "{n} dépôt jugé de nouveau, {lines}, règles {rules}, programme {program}."
    "||{n} dépôts jugés de nouveau, {lines}, règles {rules}, programme {program}.",
    "{n} deposit judged again, {lines}, rules {rules}, program {program}."
    "||{n} deposits judged again, {lines}, rules {rules}, program {program}.",
)
_LINES = Text("{n} ligne||{n} lignes", "{n} line||{n} lines")
_NOTHING = Text("Aucun verdict ne changerait.", "No verdict would change.")
_WOULD = Text(
    "{n} ligne aurait un autre verdict : {gained} h acceptées de plus, {lost} h de moins."
    "||{n} lignes auraient un autre verdict : {gained} h acceptées de plus, {lost} h de moins.",
    "{n} line would have another verdict: {gained} h more accepted, {lost} h less."
    "||{n} lines would have another verdict: {gained} h more accepted, {lost} h less.",
)
_ONLY_HOURS = Text(
    "Mêmes verdicts, mais d'autres heures sur {n} dépôt.||Mêmes verdicts, mais d'autres heures sur {n} dépôts.",
    "The same verdicts, but other hours on {n} deposit.||The same verdicts, but other hours on {n} deposits.",
)
_ONLY_CODES = Text(
    "{n} ligne garderait son verdict, avec d'autres constats.||{n} lignes garderaient leur verdict, avec d'autres constats.",
    "{n} line would keep its verdict, with other findings.||{n} lines would keep their verdict, with other findings.",
)
_TURN = Text("  {before} → {now} : {lines}, {hours} h", "  {before} → {now}: {lines}, {hours} h")
_MORE = Text("  {code} : sur {lines} de plus, {hours} h", "  {code}: on {lines} more, {hours} h")
_LESS = Text("  {code} : sur {lines} de moins, {hours} h", "  {code}: on {lines} less, {hours} h")
_DEPOSIT = Text(
    "  {depot}, {siret}, passage {run} : {lines}, {before} h acceptées, {now} h maintenant",
    "  {depot}, {siret}, run {run}: {lines}, {before} h accepted, {now} h now",
)
_LINE = Text("    {place} : {before} → {now}", "    {place}: {before} → {now}")
_ROW = Text("{sheet}, ligne {row}", "{sheet}, row {row}")
_ROW_ALONE = Text("ligne {row}", "row {row}")
_WHOLE = Text("tout le fichier", "the whole file")
_NOT_AGAIN = Text("Non rejoué : {what}.", "Not replayed: {what}.")


@dataclass
class Differences:
    """What a replay found so far. Counts are exact; lists are cut at ``LISTED``, and ``cut`` counts what is beyond.

    Hours are hundredths. ``turns``: (verdict then, verdict now) → lines, hours. ``rules``: code → lines and hours that it is now
    found on, lines and hours that it is no longer found on.
    """

    deposits: Counter[str] = field(default_factory=Counter)
    lines: Counter[str] = field(default_factory=Counter)
    hours: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    turns: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    rules: dict[str, list[int]] = field(default_factory=dict)
    changed: list[Data] = field(default_factory=list)
    not_again: list[Data] = field(default_factory=list)
    cut: Counter[str] = field(default_factory=Counter)
    room: int = LISTED

    @property
    def exit(self) -> Exit:
        """1 where our program fails on a deposit, 3 where a verdict or its hours would be otherwise, else 0."""
        if self.left[FAULT]:
            return Exit.FAILURE
        return Exit.REJECTIONS if self.deposits["autres_verdicts"] else Exit.DONE

    def add(self, wave: Replayed) -> None:
        """Count what became of a wave."""
        self.deposits["rejoues"] += wave.deposits
        self.lines["rejouees"] += wave.lines
        for change in wave.changes:
            self._count(change)
            self._list(wave, change)
        for one in wave.left:
            self.left[one.why] += 1
            if len(self.not_again) < LISTED:
                self.not_again.append({"depot": one.numero, "siret": one.siret, "raison": one.why, "detail": one.what})
            else:
                self.cut["non_rejoues"] += 1

    def _count(self, change: Change) -> None:
        self.deposits["autres_verdicts" if change.decides else "autres_constats"] += 1
        self.hours.update(gagnees=change.gained, perdues=change.lost)
        for line in change.lines:
            self.lines["autres_verdicts" if line.other_verdict else "autres_constats"] += 1
            if line.other_verdict:
                _add(self.turns, (line.before.verdict, line.now.verdict), 0, line.heures)
            for codes, others, place in ((line.now, line.before, 0), (line.before, line.now, 2)):
                for code in set(codes.codes) - set(others.codes):
                    _add(self.rules, code, place, line.heures)

    def _list(self, wave: Replayed, change: Change) -> None:
        shown = change.lines[: self.room]
        self.room -= max(1, len(shown))
        if self.room < 0:
            self.room = 0
            self.cut.update(depots=1, lignes=len(change.lines))
            return
        if len(shown) < len(change.lines):
            self.cut["lignes"] += len(change.lines) - len(shown)
        accepted = {"avant": change.before.acceptees, "maintenant": change.now.acceptees}
        self.changed.append(
            {
                "depot": change.numero,
                "siret": wave.sirets[change.numero],
                "run": wave.run,
                "heures_acceptees": {name: jsonfile.hours(one) for name, one in accepted.items()},
                "lignes": [_line(line) for line in shown],
            }
        )


def _add(sums: dict[Any, list[int]], key: Any, place: int, amount: int) -> None:
    """One more line, and its hours, at ``place`` and after it."""
    row = sums.setdefault(key, [0, 0, 0, 0])
    row[place] += 1
    row[place + 1] += amount


def _line(line: ChangedLine) -> Data:
    return {
        "feuille": line.feuille,
        "ligne": line.ligne,
        "heures": jsonfile.hours(line.heures),
        "avant": _judged(line.before),
        "maintenant": _judged(line.now),
    }


def _judged(one: LineVerdict) -> Data:
    return {"verdict": one.verdict, "codes": list(one.codes)}


def replayed(workspace: Workspace, settings: Settings, since: date | None, progress: Progress) -> Differences:
    """Judge again what the runs from ``since`` on have decided; all of them where it is None."""
    tally = Differences()
    for one in replay.replay(workspace, settings, since or date.min, progress):
        tally.add(one)
    return tally


def data(found: Differences, since: date | None) -> Data:
    """For ``--json``."""
    return {
        "depuis": since.isoformat() if since else "",
        "versions": {"programme": __version__, "regles": RULES_VERSION},
        "depots": {name: found.deposits[name] for name in ("rejoues", "autres_verdicts", "autres_constats")},
        "lignes": {name: found.lines[name] for name in ("rejouees", "autres_verdicts", "autres_constats")},
        "heures": {name: jsonfile.hours(found.hours[name]) for name in ("gagnees", "perdues")},
        "verdicts": [
            {"avant": before, "maintenant": now, "lignes": sums[0], "heures": jsonfile.hours(sums[1])}
            for (before, now), sums in sorted(found.turns.items())
        ],
        "regles": [
            {
                "code": code,
                "en_plus": {"lignes": sums[0], "heures": jsonfile.hours(sums[1])},
                "en_moins": {"lignes": sums[2], "heures": jsonfile.hours(sums[3])},
            }
            for code, sums in sorted(found.rules.items())
        ],
        "ecarts": found.changed,
        "non_rejoues": {why: found.left[why] for why in _LEFT},
        "depots_non_rejoues": found.not_again,
        "coupe": {name: found.cut[name] for name in ("depots", "lignes", "non_rejoues")},
    }


def lines(found: Differences) -> Iterator[str]:
    """What would change, counted, by verdict and by rule; then the first deposits and lines."""
    yield _DONE.fill(
        n=found.deposits["rejoues"], lines=_counted(found.lines["rejouees"]), rules=RULES_VERSION, program=__version__
    )
    for why, text in _LEFT.items():
        if found.left[why]:
            yield _NOT_AGAIN.fill(what=text.fill(n=found.left[why]))
    for one in found.not_again[:SHOWN]:
        if one["detail"]:
            yield Text("  {depot} : {what}", "  {depot}: {what}").fill(depot=one["depot"], what=one["detail"])
    yield from _in_all(found)
    for (before, now), (number, amount, *_) in sorted(found.turns.items()):
        turned = {"before": _VERDICTS[before], "now": _VERDICTS[now]}
        yield _TURN.fill(**turned, lines=_counted(number), hours=spent(hours(amount)))
    for code, (more, hours_more, less, hours_less) in sorted(found.rules.items()):
        for text, number, amount in ((_MORE, more, hours_more), (_LESS, less, hours_less)):
            if number:
                yield text.fill(code=code, lines=_counted(number), hours=spent(hours(amount)))
    for one in found.changed[:SHOWN]:
        yield from _deposit(one)
    if len(found.changed) > SHOWN:
        rest = OTHERS.fill(n=len(found.changed) - SHOWN + found.cut["depots"])
        yield Text("  {rest}", "  {rest}").fill(rest=rest)


def _in_all(found: Differences) -> Iterator[str]:
    gained, lost = (spent(hours(found.hours[name])) for name in ("gagnees", "perdues"))
    if number := found.lines["autres_verdicts"]:
        yield _WOULD.fill(n=number, gained=gained, lost=lost)
    elif number := found.deposits["autres_verdicts"]:
        yield _ONLY_HOURS.fill(n=number)
    else:
        yield _NOTHING
    if number := found.lines["autres_constats"]:
        yield _ONLY_CODES.fill(n=number)


def _deposit(one: Mapping[str, Any]) -> Iterator[str]:
    accepted = {name: spent(hours(int(value * 100))) for name, value in one["heures_acceptees"].items()}
    yield _DEPOSIT.fill(
        **{name: one[name] for name in ("depot", "siret", "run")},
        lines=_counted(len(one["lignes"])),
        before=accepted["avant"],
        now=accepted["maintenant"],
    )
    for line in one["lignes"][:FEW]:
        yield _LINE.fill(place=_place(line), before=_told(line["avant"]), now=_told(line["maintenant"]))
    if len(one["lignes"]) > FEW:
        yield Text("    {rest}", "    {rest}").fill(rest=OTHERS.fill(n=len(one["lignes"]) - FEW))


def _place(line: Mapping[str, Any]) -> Text:
    if not line["ligne"]:
        return _WHOLE
    sheet = plain(line["feuille"])
    return (_ROW if sheet else _ROW_ALONE).fill(sheet=sheet, row=line["ligne"])


def _told(one: Mapping[str, Any]) -> Text:
    codes = f" [{' '.join(one['codes'])}]" if one["codes"] else ""
    return Text("{verdict}{codes}", "{verdict}{codes}").fill(verdict=_VERDICTS[one["verdict"]], codes=codes)


def _counted(number: int) -> Text:
    return _LINES.fill(n=number)
