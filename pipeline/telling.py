"""What the commands say: results as plain text for a person, and as plain data for ``--json``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline import jsonfile
from pipeline.judging.findings import hours

if TYPE_CHECKING:
    from pipeline.commands.verify import Verification
    from pipeline.reference import Facts, Load, LoadResult
    from pipeline.run import Outcome
    from schemas.rule import Rule

_VERDICTS = ("lues", "acceptees", "rejetees", "retenues", "deja_prises")
_WORDS = {
    "lues": "lues",
    "acceptees": "acceptées",
    "rejetees": "rejetées",
    "retenues": "retenues",
    "deja_prises": "déjà prises",
}
_SHOWN = 20
"""Things listed before the rest is counted."""


# --- run --------------------------------------------------------------------------------------------------------------


def totals(view: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Lines and hundredths of hours by verdict, over all deposits of a run."""
    return {
        kind: {name: sum(depot[kind][name] for depot in view["depots"]) for name in _VERDICTS}
        for kind in ("comptes", "heures")
    }


def has_rejections(view: Mapping[str, Any]) -> bool:
    """Whether a line or a whole file was rejected."""
    return any(depot["etat"] == "refuse" or depot["comptes"]["rejetees"] for depot in view["depots"])


def outcome(result: "Outcome", *, dry_run: bool) -> dict[str, Any]:
    """A run for ``--json``: no name nor identifier of a person."""
    view, sums = result.view, totals(result.view)
    return {
        "essai": dry_run,
        "run": result.run,
        "date": view["date"],
        "depots": len(view["depots"]),
        "refuses": sum(1 for depot in view["depots"] if depot["etat"] == "refuse"),
        "comptes": sums["comptes"],
        "heures": {name: jsonfile.hours(value) for name, value in sums["heures"].items()},
        "complements": list(view["complements"]),
        "attente": view["attente"],
        "laisses": view["laisses"],
        "extraits": loads(result.extracts)["extraits"],
        "rapport": "" if dry_run else f"outbox/rapports/{result.run}/index.html",
    }


def outcome_lines(result: "Outcome", *, dry_run: bool) -> Iterator[str]:
    view, sums = result.view, totals(result.view)
    refused = sum(1 for depot in view["depots"] if depot["etat"] == "refuse")
    yield from load_lines(result.extracts)
    yield f"Exécution {result.run}" + (" (essai : rien n'est enregistré)" if dry_run else "")
    yield f"  {'dépôts traités':<22}{len(view['depots']) - refused:>8}"
    yield f"  {'dépôts refusés':<22}{refused:>8}"
    yield f"  {'':<22}{'lignes':>8}{'heures':>14}"
    for name in _VERDICTS:
        yield f"  {_WORDS[name]:<22}{sums['comptes'][name]:>8}{hours(sums['heures'][name]):>14}"
    yield f"  {'DSF complémentaires':<22}{len(view['complements']):>8}"
    yield from _places("en attente", view["attente"])
    yield from _places("laissé de côté", view["laisses"])
    if not dry_run:
        yield f"  rapport : outbox/rapports/{result.run}/index.html"


def _places(what: str, items: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for item in items[:_SHOWN]:
        yield f"  {what} : {plain(item['chemin'])} ({item['raison']})"
    if len(items) > _SHOWN:
        yield f"  {what} : et {len(items) - _SHOWN} autres"


def plain(text: str) -> str:
    """A name that came from outside, safe on a terminal: what does not print is shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


# --- check ------------------------------------------------------------------------------------------------------------


def report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """A report on one file, line by line in sheet order."""
    counts, spent = report["comptes"], report["heures"]
    for constat in report["constats"]:
        place = f"{plain(constat['feuille'])}!{constat['cellule']}" if constat["feuille"] else constat["cellule"]
        where = place or (f"ligne {constat['ligne']}" if constat["ligne"] else "fichier")
        expected = f" Attendu : {plain(constat['attendu'])}." if constat["attendu"] else ""
        yield f"{where} : {plain(constat['message'])} {plain(constat['geste'])}{expected} [{constat['code']}]"
    said = ", ".join(f"{counts[name]} {_WORDS[name]} ({spent[name]} h)".replace(".", ",") for name in _VERDICTS)
    yield f"{said}."


# --- extracts ---------------------------------------------------------------------------------------------------------


def load(item: "Load") -> dict[str, Any]:
    return {
        "nom": item.nom,
        "jeu": item.jeu,
        "date_extraction": item.date_extraction.isoformat(),
        "sha256": item.sha256,
        "lignes": item.lignes,
        "force": item.force,
    }


def load_line(item: "Load") -> str:
    rows = ", ".join(f"{count} {table}" for table, count in item.lignes.items())
    return f"{item.nom}  extrait du {item.date_extraction:%d/%m/%Y}  {rows}" + ("  (forcé)" if item.force else "")


def loads(results: Sequence["LoadResult"]) -> dict[str, Any]:
    return {
        "extraits": [
            {
                "jeu": result.jeu,
                "etat": "refuse" if result.erreur else "charge" if result.nouveau else "deja_connu",
                "extrait": load(result.load) if result.load else None,
                "problemes": [
                    {
                        "code": problem.code,
                        "fichier": problem.fichier,
                        "feuille": problem.feuille,
                        "ligne": problem.ligne,
                        "colonne": problem.colonne,
                        "valeur": "" if problem.personnel else problem.valeur,
                        "message": problem.message(),
                    }
                    for problem in (result.erreur.report.problemes if result.erreur else ())
                ],
            }
            for result in results
        ]
    }


def load_lines(results: Sequence["LoadResult"]) -> Iterator[str]:
    for result in results:
        if result.erreur:
            yield f"Extrait {result.jeu} : refusé, rien n'en est chargé."
            report = result.erreur.report
            for problem in report.problemes[:_SHOWN]:
                place = " ".join(
                    filter(None, [problem.feuille, f"ligne {problem.ligne}" * bool(problem.ligne), problem.colonne])
                )
                typed = f" « {plain(problem.valeur)} »" if problem.valeur and not problem.personnel else ""
                yield f"  {problem.fichier} {place}{typed} : {problem.message()} [{problem.code}]"
            if report.total > _SHOWN:
                yield f"  et {report.total - _SHOWN} autres problèmes."
        elif result.load:
            yield f"Extrait {result.jeu} : " + (load_line(result.load) if result.nouveau else "déjà chargé.")


def dsf(facts: "Facts") -> dict[str, Any]:
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


def dsf_lines(facts: "Facts") -> Iterator[str]:
    data = dsf(facts)
    for name, value in data["dsf"][0].items():
        yield f"{name:<30}{value}"
    yield f"{'séquences de stagiaires':<30}{len(data['sequences'])}"
    yield f"{'absences':<30}{len(data['absences'])}"
    done = sum(1 for absence in data["absences"] if absence["deja_complementee"])
    yield f"{'dont déjà complémentées':<30}{done}"


# --- status, history, verify ------------------------------------------------------------------------------------------


def state_lines(state: Mapping[str, Any]) -> Iterator[str]:
    """What waits, what was left and why, the last runs."""
    yield f"{len(state['prets'])} dépôt(s) prêt(s), {len(state['attente'])} en attente, {len(state['laisses'])} laissé(s) de côté"
    yield from _places("prêt", [{"chemin": path, "raison": "au prochain dsf run"} for path in state["prets"]])
    yield from _places("en attente", state["attente"])
    yield from _places("laissé de côté", state["laisses"])
    yield f"{len(state['extraits'])} extrait(s) chargé(s), {len(state['extraits_en_attente'])} en attente"
    if state["inacheve"]:
        yield f"L'exécution {state['inacheve']} n'est pas terminée : le prochain dsf run la termine."
    for run in state["runs"][-5:]:
        counts = run["comptes"]
        yield (
            f"  {run['run']} : {run['depots']} dépôts, {counts['lues']} lignes, "
            f"{counts['acceptees']} acceptées, {counts['rejetees']} rejetées"
        )


def trail_lines(trail: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The audit trail, a block a deposit."""
    if not trail:
        yield "Rien n'est connu."
    for depot in trail:
        yield from _block(depot, 0)


def _block(value: Mapping[str, Any], depth: int, within: str = "") -> Iterator[str]:
    pad = "  " * depth
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield f"{pad}{name}"
            yield from _block(inner, depth + 1, name)
        elif isinstance(inner, list | tuple):
            yield f"{pad}{name} ({len(inner)})"
            for item in inner:
                if isinstance(item, Mapping):
                    yield f"{pad}  - " + ", ".join(
                        f"{k} {_said(k, v)}" for k, v in item.items() if not isinstance(v, list)
                    )
                    for key, nested in item.items():
                        if isinstance(nested, list):
                            yield from _block({key: nested}, depth + 2)
                else:
                    yield f"{pad}  - {plain(str(item))}"
        else:
            yield f"{pad}{name} : {_said(within or name, inner)}"


def _said(name: str, value: object) -> str:
    return hours(value) if name.startswith("heures") and isinstance(value, int) else plain(str(value))


def verification(found: "Verification") -> dict[str, Any]:
    return {"conforme": found.ok, **found.data()}


def verification_lines(found: "Verification") -> Iterator[str]:
    yield from found.lines()


# --- rules ------------------------------------------------------------------------------------------------------------


def rule(item: "Rule", langue: str) -> dict[str, Any]:
    return {
        "code": item.code,
        "severite": item.severity,
        "nom": item.name,
        "nature": item.nature or "",
        "cellules": list(item.cells),
        "textes": [
            {"variante": variant, "message": words.constat, "geste": words.geste, "attendu": words.attendu}
            for variant, words in item.words(langue).items()
        ],
        "raison": item.reason,
    }


def rule_lines(item: "Rule", langue: str, *, whole: bool) -> Iterator[str]:
    words = next(iter(item.words(langue).values()))
    yield f"{item.code}  {item.severity:<13}  {words.constat}"
    if whole:
        for variant, said in item.words(langue).items():
            yield f"  {variant or 'texte'} : {said.constat} {said.geste}"
        yield f"  {item.reason}"
