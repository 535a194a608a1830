"""Measures for Prometheus: a text file, replaced after each run. Source: contract §10.

``METRICS`` has all of them. Counters are sums over the ledger: a run adds what was finished since the file was last written,
and a file that is lost is made again from the first run on. So a run that was killed before it had written it is not missed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from pipeline import __version__, journal
from pipeline.errors import disk_halt
from pipeline.judging.context import Context
from pipeline.judging.follow_up import AGES
from pipeline.ledger import Tally
from pipeline.settings import Settings
from pipeline.settings.values import inside
from pipeline.telling.notices import standing
from pipeline.workspace import Workspace
from schemas.rules import RULES_VERSION

OLDER = "plus"
"""The label ``age`` of what is older than the last of ``AGES``."""


@dataclass(frozen=True)
class Measure:
    """A metric: whether it only grows, its labels, what it says."""

    grows: bool
    labels: tuple[str, ...]
    help: str


METRICS: Mapping[str, Measure] = {
    "dsf_passages_total": Measure(True, (), "Passages finis"),
    "dsf_depots_total": Measure(True, ("etat",), "Dépôts décidés : traite, refuse, essai"),
    "dsf_lignes_total": Measure(True, ("verdict",), "Lignes décidées, par verdict"),
    "dsf_heures_total": Measure(True, ("verdict",), "Heures décidées, par verdict"),
    "dsf_constats_total": Measure(True, ("code",), "Constats, par règle"),
    "dsf_complements": Measure(
        False, ("etat", "age"), "DSF complémentaires émises, saisies ou vues, par âge en jours (au plus)"
    ),
    "dsf_complements_heures": Measure(False, ("etat", "age"), "Leurs heures"),
    "dsf_complements_age_jours": Measure(False, ("etat",), "Âge de la plus ancienne qui attend d'être saisie, ou vue"),
    "dsf_fichiers": Measure(False, ("etat",), "Fichiers après le dernier passage : attente, laisses, a_reprendre"),
    "dsf_avis": Measure(
        False, ("etat",), "Organismes dont l'avis est en attente, abandonné depuis peu, ou sans adresse"
    ),
    "dsf_extrait_age_jours": Measure(False, (), "Âge de l'extrait le plus récent"),
    "dsf_duree_secondes": Measure(False, ("etape",), "Durée des étapes du dernier passage fini"),
    "dsf_dernier_passage_timestamp_seconds": Measure(False, (), "Fin du dernier passage fini"),
    "dsf_dernier_succes_timestamp_seconds": Measure(
        False, (), "Fin du dernier passage auquel rien ne manquait (code 0)"
    ),
    "dsf_derniere_tentative_timestamp_seconds": Measure(False, (), "Fin du dernier passage, fini ou arrêté"),
    "dsf_dernier_code": Measure(False, (), "Code de retour du dernier passage, fini ou arrêté"),
    "dsf_version_info": Measure(False, ("programme", "regles"), "Versions du programme et des règles"),
}
"""Every metric, and nothing else is written."""

Samples = dict[str, dict[tuple[str, ...], float]]
"""Metric → values of its labels → value."""


def run_ended(workspace: Workspace, context: Context, view: Mapping[str, Any], owed: int, refused: int) -> None:
    """Write the measures after a run that went through. ``owed``, ``refused``: what makes it end with 1."""
    path = _path(workspace, context.settings)
    if path is None:
        return
    before = _read(path)
    now, code = _now(), int(bool(owed or refused))
    succeeded = now if code == 0 else before.get("dsf_dernier_succes_timestamp_seconds", {}).get((), 0)
    samples = _grown(before, context)
    samples |= _standing(view["suivi"], context)
    samples |= {
        "dsf_avis": {(etat,): count for etat, count in standing(context.book).items()},
        "dsf_fichiers": {
            ("attente",): len(view["attente"]),
            ("laisses",): len(view["laisses"]),
            ("a_reprendre",): owed,
        },
        "dsf_duree_secondes": {(step,): seconds for step, seconds in view["durees"].items()},
        "dsf_dernier_passage_timestamp_seconds": {(): now},
        "dsf_dernier_succes_timestamp_seconds": {(): succeeded},
        "dsf_derniere_tentative_timestamp_seconds": {(): now},
        "dsf_dernier_code": {(): code},
        "dsf_version_info": {(__version__, RULES_VERSION): 1},
    }
    _write(path, samples)


def run_stopped(workspace: Workspace, settings: Settings, code: int) -> None:
    """Write that a run was stopped; all else stays as it was."""
    if path := _path(workspace, settings):
        now = _now()
        _write(
            path, _read(path) | {"dsf_derniere_tentative_timestamp_seconds": {(): now}, "dsf_dernier_code": {(): code}}
        )


def _path(workspace: Workspace, settings: Settings) -> Path | None:
    return inside(workspace.root, settings.mesures.fichier) if settings.mesures.fichier else None


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _grown(before: Samples, context: Context) -> Samples:
    """The counters, with the runs that were finished since."""
    passages = int(before.get("dsf_passages_total", {}).get((), 0))
    tally = context.book.tally(passages)
    if passages > tally.passages:  # the file is of another ledger
        before, tally = {}, context.book.tally()
    return {
        "dsf_passages_total": {(): tally.passages},
        **{name: _added(before.get(name, {}), more) for name, more in _counted(tally).items()},
    }


def _counted(tally: Tally) -> dict[str, dict[str, float]]:
    return {
        "dsf_depots_total": {"traite": 0, "refuse": 0, "essai": 0, **tally.depots},
        "dsf_lignes_total": {**tally.lignes},
        "dsf_heures_total": {verdict: hundredths / 100 for verdict, hundredths in tally.heures.items()},
        "dsf_constats_total": {**tally.constats},
    }


def _added(before: Mapping[tuple[str, ...], float], more: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    grown = dict(before)
    for label, value in more.items():
        grown[label,] = round(grown.get((label,), 0) + value, 2)
    return grown


def _standing(suivi: Mapping[str, Any], context: Context) -> Samples:
    """Complements by state and age, and the newest extract."""
    by_age = suivi["par_age"]
    ages = {row["jours"]: str(row["jours"]) if row["jours"] in AGES else OLDER for row in by_age}
    oldest = {"emises": suivi["a_saisir"]["lignes"], "saisies": suivi["a_voir"]["lignes"]}
    newest = context.reference.loads()[-1].date_extraction.date()
    return {
        "dsf_complements": {(row["etat"], ages[row["jours"]]): row["complements"] for row in by_age},
        "dsf_complements_heures": {(row["etat"], ages[row["jours"]]): row["heures"] / 100 for row in by_age},
        "dsf_complements_age_jours": {(etat,): rows[0]["jours"] if rows else 0 for etat, rows in oldest.items()},
        "dsf_extrait_age_jours": {(): (context.day - newest).days},
    }


# --- the file ---------------------------------------------------------------------------------------------------------


def _read(path: Path) -> Samples:
    """What the file says; nothing where it is not there, or cannot be read as one of ours."""
    found: Samples = {}
    try:
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
            for sample in family.samples:
                measure = METRICS[sample.name]
                found.setdefault(sample.name, {})[tuple(sample.labels[name] for name in measure.labels)] = sample.value
    except (OSError, ValueError, KeyError):
        return {}
    return found


def _write(path: Path, samples: Samples) -> None:
    """Replace the file in one step; where that is refused it is said in the journal, and stops nothing."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(samples))
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        journal.note("mesures_refusees", **journal.stopped_by(disk_halt(error, "mesures")))


class _Collected(Collector):
    """Samples as Prometheus' library asks for them."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterable[Metric]:
        """Every metric with its samples."""
        for name, measure in METRICS.items():
            kind = CounterMetricFamily if measure.grows else GaugeMetricFamily
            family = kind(name, measure.help, labels=measure.labels)
            for labels, value in sorted(self._samples.get(name, {}).items()):
                family.add_metric(labels, value)
            yield family
