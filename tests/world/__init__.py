"""A small workspace made by hand: extracts of a few DSF, deposits as csv, and runs over it."""

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.run import Outcome, run
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from schemas.fields import ABSENCES, HEURES, fields_of

TITULAIRE = "73282932000074"
DISPENSATEUR = "55210055400013"
OTHER = "44306184100047"
DAY = date(2025, 6, 30)

DSF: dict[str, Any] = {
    "type_session": "ESF",
    "nature": "INTERMEDIAIRE",
    "statut": "Validée par France Travail",
    "numero_convention": "CONV-1",
    "intitule": "Titre inventé",
    "siret_titulaire": TITULAIRE,
    "raison_sociale_titulaire": "Centre Inventé",
    "siret_dispensateur": TITULAIRE,
    "raison_sociale_dispensateur": "Centre Inventé",
    "periode_debut": "2025-01-01",
    "periode_fin": "2025-03-31",
    "date_validation": "2025-04-10",
    "date_extraction": "2025-06-01",
}
SEQUENCE: dict[str, Any] = {
    "identifiant_de": "1234567A",
    "nom": "EXEMPLE",
    "prenom": "Alix",
    "numero_pif": "PIF-1",
    "code_sequence": "S1",
    "libelle_sequence": "Séquence inventée",
    "heures_prevues": "400",
    "heures_realisees": "100",
    "heures_absence_financables": "0",
}
ABSENCE: dict[str, Any] = {
    "identifiant_de": "1234567A",
    "code_sequence": "S1",
    "type_absence": "Maladie",
    "date_debut": "2025-02-03",
    "date_fin": "2025-02-04",
    "heures_non_financables": "7",
    "deja_complementee": "non",
}
HOURS_LINE: dict[str, Any] = {
    "numero_dsf": "DSF-1",
    "identifiant_de": "1234567A",
    "nom": "Exemple",
    "prenom": "Alix",
    "code_sequence": "S1",
    "date_debut": "10/02/2025",
    "heures": "7",
    "reference_justificatif": "Feuille 12",
}
ABSENCE_LINE: dict[str, Any] = {
    "numero_dsf": "DSF-1",
    "identifiant_de": "1234567A",
    "nom": "Exemple",
    "prenom": "Alix",
    "code_sequence": "S1",
    "id_absence": "A1",
    "heures": "7",
    "motif": "MAL",
    "reference_justificatif": "Arrêt 3",
    "date_justificatif": "10/02/2025",
}


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([row.get(c, "") for c in columns] for row in rows)
    return out.getvalue()


class World:
    """A workspace with its extracts; deposits get modification times in the order they are dropped."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        self.workspace.create()
        self._dropped = 0
        self.dsf: list[dict[str, Any]] = []
        self.sequences: list[dict[str, Any]] = []
        self.absences: list[dict[str, Any]] = []

    def add_dsf(
        self,
        numero: str = "DSF-1",
        *,
        sequences: Iterable[Mapping[str, Any]] = ({},),
        absences: Iterable[Mapping[str, Any]] = ({"id_absence": "A1"},),
        **changes: Any,
    ) -> "World":
        """One DSF; the hours of its absences are added up as the extract must have them."""
        self.dsf.append({**DSF, "numero_dsf": numero, **changes})
        mine = [{**ABSENCE, "numero_dsf": numero, **absence} for absence in absences]
        self.absences += mine
        for change in sequences:
            row = {**SEQUENCE, "numero_dsf": numero, **change}
            lost = [
                float(a["heures_non_financables"].replace(",", "."))
                for a in mine
                if (a["identifiant_de"], a["code_sequence"]) == (row["identifiant_de"], row["code_sequence"])
            ]
            self.sequences.append({"heures_absence_non_financables": f"{sum(lost):.2f}", **row})
        return self

    def write_extracts(self) -> "World":
        for name, rows, sample in (
            ("dsf", self.dsf, {"numero_dsf": "", **DSF}),
            ("sequences", self.sequences, {"numero_dsf": "", **SEQUENCE, "heures_absence_non_financables": ""}),
            ("absences", self.absences, {"numero_dsf": "", "id_absence": "", **ABSENCE}),
        ):
            (self.workspace.extracts / f"{name}.csv").write_text(table(rows, list(sample)), encoding="utf-8")
        return self

    def drop(self, name: str, content: str | bytes, siret: str = TITULAIRE) -> Path:
        folder = self.workspace.deposits / siret
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self._dropped += 1
        os.utime(path, ns=(1_750_000_000_000_000_000 + self._dropped * 1_000_000_000,) * 2)
        return path

    def hours(self, name: str, *lines: Mapping[str, Any], siret: str = TITULAIRE) -> Path:
        return self.drop(name, deposit(HEURES, [{**HOURS_LINE, **line} for line in lines]), siret)

    def absence(self, name: str, *lines: Mapping[str, Any], siret: str = TITULAIRE) -> Path:
        return self.drop(name, deposit(ABSENCES, [{**ABSENCE_LINE, **line} for line in lines]), siret)

    def run(self, day: date = DAY, **settings: Any) -> Outcome:
        chosen = Settings(**{"delai_stabilite": 0.0, "processus": 1, **settings})
        return run(self.workspace, chosen, day, lambda step, done, total: None)

    # --- what came out ------------------------------------------------------------------------------------------------

    def reports(self, siret: str = TITULAIRE) -> list[dict[str, Any]]:
        """Every rapport.json of an organisation, by the time of its file then its number."""
        found = [json.loads(p.read_text()) for p in self.workspace.outbox.glob(f"{siret}/retours/*/rapport.json")]
        return sorted(found, key=lambda report: (report["recu_le"], report["depot"]))

    def report(self, siret: str = TITULAIRE) -> dict[str, Any]:
        """The newest one."""
        return self.reports(siret)[-1]

    def complements(self, siret: str = TITULAIRE) -> dict[str, dict[str, Any]]:
        paths = sorted(self.workspace.outbox.glob(f"{siret}/dsf/*/*.json"))
        found = [json.loads(path.read_text()) for path in paths]
        return {item["numero"]: item for item in found}

    def verdicts(self, run_name: str) -> list[dict[str, str]]:
        text = (self.workspace.reports / run_name / "verdicts.csv").read_text(encoding="utf-8")
        return list(csv.DictReader(io.StringIO(text)))


def deposit(nature: str, lines: Sequence[Mapping[str, Any]], *, newline: str = "\r\n") -> str:
    """A csv deposit with the template's headings."""
    fields = fields_of(nature)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator=newline)
    writer.writerow([field.headings[nature] for field in fields])
    writer.writerows([line.get(field.name, "") for field in fields] for line in lines)
    return out.getvalue()


def codes(report: Mapping[str, Any], verdict: str | None = None) -> dict[int, list[str]]:
    """Row → codes, of the lines with that verdict."""
    return {line["ligne"]: line["codes"] for line in report["lignes"] if verdict in (None, line["verdict"])}


def by_verdict(report: Mapping[str, Any]) -> dict[int, str]:
    return {line["ligne"]: line["verdict"] for line in report["lignes"]}
