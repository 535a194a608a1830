"""`dsf extract`: the initial DSF extracts that were loaded, and what they say of one DSF."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pipeline import jsonfile, reference
from pipeline.commands.console import SHOWN, plain
from pipeline.intake.extracts import files_under
from pipeline.lock import locked
from pipeline.reference import ExtractReport, Facts, Load, LoadResult
from pipeline.workspace import Workspace


def load(workspace: Workspace, paths: Sequence[Path], *, force: bool, day: date | None = None) -> list[LoadResult]:
    """Load the extracts at ``paths`` (files, folders), or those of ``inbox/extraits``, as they are now.

    ``day``: none is newer than that; today where none is given. Raises ``FileNotFoundError`` for a path that is not there,
    ``Busy`` while a run holds the workspace.
    """
    found = reference.find(files_under(paths or [workspace.extracts]))
    with locked(workspace):
        return reference.load(workspace, found, day or date.today(), force=force, named=bool(paths))


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


def load_line(item: Load) -> str:
    """One load on one line."""
    rows = ", ".join(f"{count} {table}" for table, count in item.lignes.items())
    return f"{item.nom}  extrait du {item.date_extraction:%d/%m/%Y}  {rows}" + ("  (forcé)" if item.force else "")


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
            "message": problem.message(),
        }
        for problem in (report.problemes if report else ())
    ]


def loads_lines(results: Sequence[LoadResult]) -> Iterator[str]:
    """What became of each set of files: the problems of a refused one place by place, what is worth knowing of a loaded one."""
    for result in results:
        if result.error:
            yield f"Extrait {result.extract} : refusé, rien n'en est chargé."
            yield from _report_lines(result.error.report)
        elif result.load:
            yield f"Extrait {result.extract} : " + (load_line(result.load) if result.is_new else "déjà chargé.")
            yield from _report_lines(result.notes)


def _report_lines(report: ExtractReport | None) -> Iterator[str]:
    for problem in report.problemes[:SHOWN] if report else ():
        parts = [problem.fichier, problem.feuille, f"ligne {problem.ligne}" * bool(problem.ligne), problem.colonne]
        typed = f" « {plain(problem.valeur)} »" if problem.valeur and not problem.personnel else ""
        yield f"  {' '.join(filter(None, parts))}{typed} : {problem.message()} [{problem.code}]"
    if report and report.total > SHOWN:
        yield f"  et {report.total - SHOWN} autres constats."


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
    for name, value in data["dsf"][0].items():
        yield f"{name:<30}{value}"
    yield f"{'séquences de stagiaires':<30}{len(data['sequences'])}"
    yield f"{'absences':<30}{len(data['absences'])}"
    done = sum(1 for absence in data["absences"] if absence["deja_complementee"])
    yield f"{'dont déjà complémentées':<30}{done}"
