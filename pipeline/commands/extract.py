"""`dsf extract`: the initial DSF extracts that were loaded, and what they say of one DSF."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pipeline import jsonfile, ledger, reference, storage
from pipeline.bilingual import LANGUAGES, Text, joined
from pipeline.commands.console import OTHERS, SHOWN, column, plain
from pipeline.errors import StateHalt
from pipeline.intake import fetched
from pipeline.intake.extracts import files_under
from pipeline.lock import locked
from pipeline.reference import ExtractReport, Facts, Load, LoadResult, Problem
from pipeline.run import EXTRACTS
from pipeline.settings import Settings
from pipeline.wave import Progress, silent
from pipeline.workspace import Workspace

NONE = Text(
    "Aucun extrait chargé : mettez-en un dans inbox/extraits, puis dsf extract load.",
    "No extract loaded: put one into inbox/extraits, then dsf extract load.",
)
_NOTHING = Text("Aucun extrait n'attend dans inbox/extraits.", "No extract waits in inbox/extraits.")
_UNKNOWN = Text("Aucun extrait chargé ne contient cette DSF.", "No loaded extract has this DSF.")
_LOAD = Text("{nom}  extrait du {day}  {rows}{forced}", "{nom}  extracted on {day}  {rows}{forced}")
_FORCED = Text("  (forcé)", "  (forced)")
_EXTRACT = Text("Extrait {nom} : {what}", "Extract {nom}: {what}")
_REFUSED = Text("refusé, rien n'en est chargé.", "refused, nothing of it is loaded.")
_KNOWN = Text("déjà chargé.", "loaded already.")
_PROBLEM = Text("  {place}{typed} : {message} [{code}]", "  {place}{typed}: {message} [{code}]")
_TYPED = Text(" « {value} »", " “{value}”")
_FIELD = Text("{name}{value}", "{name}{value}")


def load(
    workspace: Workspace,
    paths: Sequence[Path],
    *,
    force: bool,
    day: date | None = None,
    progress: Progress = silent,
    settings: Settings | None = None,
) -> list[LoadResult]:
    """Load the extracts at ``paths`` (files, folders), or those of ``inbox/extraits``, as they are now.

    ``day``: none is newer than that; today where none is given. ``settings`` say whether that folder lies on
    shared storage. Raises ``FileNotFoundError`` for a path that is not there,
    ``Busy`` while a run holds the workspace.
    """
    progress(EXTRACTS, 0, 0)
    chosen = settings or Settings()
    named = files_under(paths or ())
    with storage.opened(workspace, chosen) as laid_out, locked(workspace), ledger.open(workspace, chosen) as book:
        if not paths:
            fetched.fetch_now(laid_out, "extraits")
        found = reference.find(named if paths else files_under([workspace.extracts]))
        reference.bring(laid_out)
        today = day or date.today()
        loaded = reference.load(workspace, found, today, book.pseudonyms, force=force, named=bool(paths))
        reference.share(laid_out)
        fetched.dealt_with(laid_out, "extraits")
    return loaded


def load_data(item: Load) -> dict[str, Any]:
    """One load, as its manifest says."""
    return {
        "nom": item.nom,
        "jeu": item.jeu,
        "date_extraction": item.date_extraction.isoformat(),
        "sha256": item.sha256,
        "lignes": item.lignes,
        "force": item.force,
    }


def load_line(item: Load) -> Text:
    """One load on one line."""
    return _LOAD.fill(
        nom=plain(item.nom),
        day=f"{item.date_extraction:%d/%m/%Y}",
        rows=", ".join(f"{count} {table}" for table, count in item.lignes.items()),
        forced=_FORCED if item.force else "",
    )


def show(workspace: Workspace, numero: str) -> Facts:
    """What the extracts say of one DSF. Raises ``StateHalt`` where none has it."""
    facts = reference.open(workspace).show(numero)
    if facts.dsf.empty:
        raise StateHalt(_UNKNOWN)
    return facts


def loads_data(results: Sequence[LoadResult]) -> dict[str, Any]:
    """What became of each set of files; values of persons left out."""
    return {
        "extraits": [
            {
                "jeu": result.extract,
                "etat": "refuse" if result.error else "charge" if result.is_new else "deja_connu",
                "extrait": load_data(result.load) if result.load else None,
                "problemes": _report_data(result.error.report if result.error else None),
                "remarques": _report_data(result.notes),
            }
            for result in results
        ]
    }


def _report_data(report: ExtractReport | None) -> list[dict[str, Any]]:
    return [
        {
            "code": problem.code,
            "fichier": problem.fichier,
            "feuille": problem.feuille,
            "ligne": problem.ligne,
            "colonne": problem.colonne,
            "valeur": "" if problem.personnel else problem.valeur,
            "message": _message(problem),
        }
        for problem in (report.problemes if report else ())
    ]


def _message(problem: Problem) -> Text:
    return Text(*(problem.message(language) for language in LANGUAGES))


def loads_lines(results: Sequence[LoadResult], *, looked: bool = False) -> Iterator[str]:
    """What became of each set of files: the problems of a refused one place by place, what is worth knowing of a loaded one.

    ``looked``: an operator asked for what waits, so that it is said where nothing does.
    """
    if looked and not results:
        yield _NOTHING
    for result in results:
        if result.error:
            yield _EXTRACT.fill(nom=plain(result.extract), what=_REFUSED)
            yield from _report_lines(result.error.report)
        elif result.load:
            yield _EXTRACT.fill(nom=plain(result.extract), what=load_line(result.load) if result.is_new else _KNOWN)
            yield from _report_lines(result.notes)


def _report_lines(report: ExtractReport | None) -> Iterator[str]:
    for problem in report.problemes[:SHOWN] if report else ():
        row = Text("ligne {row}", "row {row}").fill(row=problem.ligne) if problem.ligne else ""
        parts = (plain(problem.fichier), plain(problem.feuille), row, problem.colonne)
        shown = problem.valeur and not problem.personnel
        yield _PROBLEM.fill(
            place=joined(filter(None, parts), " "),
            typed=_TYPED.fill(value=plain(problem.valeur)) if shown else "",
            message=_message(problem),
            code=problem.code,
        )
    if report and report.total > SHOWN:
        yield Text("  {rest}", "  {rest}").fill(rest=OTHERS.fill(n=report.total - SHOWN))


def dsf_data(facts: Facts) -> dict[str, Any]:
    """One DSF, its séquences and absences, for the operator."""
    return {name: _records(getattr(facts, name)) for name in ("dsf", "sequences", "absences")}


def _records(frame: Any) -> list[dict[str, Any]]:
    shown = frame[[c for c in frame.columns if not c.startswith("cle_")]]
    return [
        {
            name: jsonfile.hours(int(value))
            if name.startswith("heures")
            else value.date().isoformat()
            if hasattr(value, "date")
            else value
            if isinstance(value, str)
            else bool(value)
            for name, value in row.items()
        }
        for row in shown.to_dict("records")
    ]


def dsf_lines(facts: Facts) -> Iterator[str]:
    """One DSF for the operator: its fields, how many séquences and absences it has."""
    data = dsf_data(facts)
    done = sum(1 for absence in data["absences"] if absence["deja_complementee"])
    counts = (
        (Text("séquences de stagiaires", "séquences of trainees"), len(data["sequences"])),
        (Text("absences", "absences"), len(data["absences"])),
        (Text("dont déjà complémentées", "of which completed already"), done),
    )
    for name, value in (*data["dsf"][0].items(), *counts):
        yield _FIELD.fill(name=column(name, 30), value=plain(str(value)))
