"""`dsf status`, the page of the morning: what needs somebody, what waits and why, the last runs, the house. Takes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipeline import jsonfile, ledger, nomenclature, reference, storage
from pipeline.bilingual import Text, joined
from pipeline.cells.text import hours
from pipeline.commands import housekeeping, morning, notices
from pipeline.commands.console import counted, lasting, places, plain, spent
from pipeline.commands.follow_up import follow_up_lines
from pipeline.intake.entered import faults_of, scan_entered
from pipeline.intake.extracts import scan_extracts
from pipeline.intake.fetched import waiting_there
from pipeline.intake.scan import scan
from pipeline.judging.context import Context
from pipeline.judging.follow_up import AGES, as_numbers, follow_up
from pipeline.ledger import Ledger
from pipeline.ledger.records import WAITING
from pipeline.publishing import outbox
from pipeline.settings import Settings
from pipeline.telling import command
from pipeline.telling.notices import standing
from pipeline.workspace import Workspace

NEXT = Text("sera pris au prochain passage", "will be taken by the next run")
_READ = Text("sera lue au prochain passage", "will be read by the next run")
_DEPOSITS = (
    ("prets", Text("{n} dépôt prêt||{n} dépôts prêts", "{n} deposit ready||{n} deposits ready")),
    ("attente", Text("{n} en attente", "{n} waiting")),
    ("laisses", Text("{n} laissé de côté||{n} laissés de côté", "{n} left aside")),
)
_EXTRACTS = (
    ("extraits", Text("{n} extrait chargé||{n} extraits chargés", "{n} extract loaded||{n} extracts loaded")),
    ("extraits_en_attente", Text("{n} en attente", "{n} waiting")),
)
_RUN = Text("  {run} : {deposits}, {lines} ; terminé en {time}", "  {run}: {deposits}, {lines}; done in {time}")


@storage.reaching
def state(workspace: Workspace, settings: Settings, *, day: date | None = None) -> dict[str, Any]:
    """What `dsf status` says, as of ``day`` (today): contract §8. No name nor identifier but what stands in file names."""
    today = day or date.today()
    with ledger.open(workspace, settings) as book:
        seen = _waiting(workspace, settings, book, today)
        renames = nomenclature.renames(workspace.root, settings.correspondances)
        context = Context(settings, today, reference.open(workspace), book, (), renames)
        unfinished = book.unfinished()
        seen |= {
            "extraits": [load.nom for load in context.reference.loads()],
            "inacheve": unfinished[0] if unfinished else "",
            "suivi": as_numbers(follow_up(context)),
            "retenues": _held(book, today),
            "retours": housekeeping.left_returns(workspace, book, today),
            "runs": [_run(run, today) for run in book.past_runs()],
            "avis": {**standing(book), "commande": command.waiting(workspace)},
            "registre": housekeeping.ledger_state(workspace, settings, book),
            "disque": housekeeping.disk_use(workspace, settings, today),
            "soins": housekeeping.care(workspace, today),
            "reglages": [dict(zip(("cle", "valeur", "origine"), one, strict=True)) for one in settings.chosen()],
        }
    return {"a_faire": morning.to_do(seen), **seen}


def _waiting(workspace: Workspace, settings: Settings, book: Ledger, day: date) -> dict[str, Any]:
    """What will be taken, what waits, what is left, each with its reason."""
    found = scan(workspace, settings, book, sleep=False)
    extracts = scan_extracts(workspace, settings, book, sleep=False)
    sets = reference.find(extracts.settled, extracts.arriving)
    strangers = [(workspace.relative(path), why) for path, why in (*sets.left, *sets.incomplete())]
    lists = scan_entered(workspace, settings, book, sleep=False)
    there = [waiting_there(workspace, part) for part in ("extraits", "saisies")]
    faulty = faults_of(workspace, settings, book, lists.settled, day)
    aside = [(one.chemin, one.raison) for one in found.aside]
    owed = [*aside, *found.cramped, *outbox.blocked(workspace, book)]
    waiting = [*found.waiting, *extracts.waiting, *lists.waiting, *(said for one in there for said in one.waiting)]
    left = [
        *found.left,
        *extracts.left,
        *strangers,
        *lists.left,
        *faulty,
        *(said for one in there for said in one.left),
    ]
    return {
        "prets": [arrival.chemin for arrival in found.ready if arrival.chemin not in dict(aside)],
        "a_reprendre": [{"chemin": path, "raison": why} for path, why in owed],
        "attente": [{"chemin": path, "raison": why} for path, why in waiting],
        "laisses": [{"chemin": path, "raison": why} for path, why in left],
        "extraits_en_attente": [extract.name for extract in sets.sets if extract.arriving or extract.is_ready],
        "saisies_en_attente": [name for name in map(workspace.relative, lists.settled) if name not in dict(faulty)],
    }


def _held(book: Ledger, day: date) -> list[dict[str, Any]]:
    """Held lines by age: days up to which they are counted together (None: older), lines, hours."""
    ages: dict[int | None, list[int]] = {age: [0, 0] for age in (*AGES, None)}
    for one in book.open_lines():
        if one.suite == WAITING:
            days = (day - date.fromisoformat(one.date)).days
            cell = ages[next((age for age in AGES if days <= age), None)]
            cell[0] += one.lignes
            cell[1] += one.heures
    return [{"jours": age, "lignes": many, "heures": jsonfile.hours(hours)} for age, (many, hours) in ages.items()]


def _run(run: Mapping[str, Any], day: date) -> dict[str, Any]:
    """A past run with its age in days and the seconds that it took."""
    took = datetime.fromisoformat(run["fin"]) - datetime.fromisoformat(run["debut"])
    ended = date.fromisoformat(run["fin"][:10])
    return {**run, "jours": max(0, (day - ended).days), "secondes": max(0, int(took.total_seconds()))}


def lines(state: Mapping[str, Any], root: Path) -> Iterator[str]:
    """What needs somebody, then what waits, what was left and why, the last runs, the house. ``root``: of the workspace."""
    yield from morning.lines(state["a_faire"])
    yield joined(text.fill(n=len(state[name])) for name, text in _DEPOSITS)
    yield from places(root, Text("à reprendre", "owed"), state["a_reprendre"])
    yield from places(root, Text("prêt", "ready"), _taken(state["prets"], NEXT))
    yield from places(root, Text("en attente", "waiting"), state["attente"])
    yield from places(root, Text("laissé de côté", "left aside"), state["laisses"])
    yield joined(text.fill(n=len(state[name])) for name, text in _EXTRACTS)
    yield from places(
        root, Text("liste de saisies", "list of what was typed"), _taken(state["saisies_en_attente"], _READ)
    )
    yield from follow_up_lines(state["suivi"])
    yield from _held_lines(state["retenues"])
    yield from housekeeping.returns_lines(state["retours"])
    yield from notices.lines(state["avis"])
    yield from _runs_lines(state["runs"])
    yield from housekeeping.house_lines(state)
    for setting in state["reglages"]:
        yield Text("  réglage {cle} = {valeur} ({origine})", "  setting {cle} = {valeur} ({origine})").fill(
            **{name: plain(value) for name, value in setting.items()}
        )


_HELD = Text("Lignes justes retenues par d'autres : {ages}", "Sound lines held by others: {ages}")
_UP_TO = Text("{lines} depuis {n} jours au plus ({hours} h)", "{lines} for {n} days at most ({hours} h)")
_LONGER = Text("{lines} depuis plus longtemps ({hours} h)", "{lines} for longer ({hours} h)")


def _held_lines(held: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    told = [one for one in held if one["lignes"]]
    if told:
        yield _HELD.fill(
            ages=joined(
                (_LONGER if one["jours"] is None else _UP_TO).fill(
                    lines=one["lignes"], n=one["jours"] or 0, hours=spent(str(one["heures"]))
                )
                for one in told
            )
        )


def _runs_lines(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if runs:
        yield Text("Derniers passages :", "Last runs:")
    for run in runs[-5:]:
        deposits = Text("{n} dépôt||{n} dépôts", "{n} deposit||{n} deposits").fill(n=run["depots"])
        told = {name: hours(value) for name, value in run["heures"].items()}
        time = lasting(run["secondes"])
        yield _RUN.fill(run=run["run"], deposits=deposits, lines=counted(run["comptes"], told), time=time)


def _taken(paths: list[str], why: str) -> list[dict[str, str]]:
    return [{"chemin": path, "raison": why} for path in paths]
