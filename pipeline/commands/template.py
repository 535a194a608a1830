"""`dsf template`: what the reference knows an organisation may still complete, as the workbook it fills in."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from pipeline import ledger, nomenclature, reference
from pipeline.documents import template
from pipeline.errors import Halt
from pipeline.judging.facts import position
from pipeline.judging.identity import DATED, SEQUENCE
from pipeline.reference import OrganisationRows
from pipeline.settings import Settings
from pipeline.workspace import Workspace


class NothingToComplete(Halt):
    """No DSF of this organisation is open to a complement."""


def prefilled(workspace: Workspace, settings: Settings, siret: str, numeros: Sequence[str] | None, day: date) -> bytes:
    """The workbook of ``siret``: a row per absence still open, and per trainee and séquence; ``numeros``: only these DSF.

    Raises ``NothingToComplete``, with the same words whether a DSF is unknown or someone else's.
    """
    rows = reference.open(workspace).of_organisation(siret, numeros)
    if rows.dsf.empty:
        raise NothingToComplete("Aucune DSF validée et intermédiaire n'est connue pour cet organisme avec ces numéros.")
    return template.workbook(
        siret,
        rows.raison_sociale,
        _sequences(rows),
        _open_absences(workspace, settings, rows),
        nomenclature.motifs(workspace.root, settings.motifs),
        settings.langue,
        day,
    )


def _sequences(rows: OrganisationRows) -> list[template.SequenceRow]:
    ordered = rows.sequences.sort_values(
        ["numero_dsf", "nom", "prenom", "identifiant_de", "code_sequence"], kind="stable"
    )
    return [
        template.SequenceRow(
            numero_dsf=row["numero_dsf"],
            identifiant_de=row["identifiant_de"],
            nom=row["nom"],
            prenom=row["prenom"],
            code_sequence=row["code_sequence"],
            libelle_sequence=row["libelle_sequence"],
            heures_prevues=int(row["heures_prevues"]),
            heures_realisees=int(row["heures_realisees"]),
        )
        for row in ordered.to_dict("records")
    ]


def _open_absences(workspace: Workspace, settings: Settings, rows: OrganisationRows) -> list[template.AbsenceRow]:
    """Absences with hours left, not completed by the extract nor by the ledger, with the names of their trainees."""
    with ledger.open(workspace, settings) as book:
        taken = book.entries(rows.dsf["cle_dsf"], []).absences
    absences = rows.absences[rows.absences["heures_non_financables"] > 0]
    absences = absences[position(taken.drop_duplicates(DATED), DATED, absences, DATED) < 0]
    people = rows.sequences[[*SEQUENCE, "nom", "prenom"]]
    named: pd.DataFrame = absences.merge(people, on=SEQUENCE, how="left").fillna({"nom": "", "prenom": ""})
    ordered = named.sort_values(
        ["numero_dsf", "nom", "prenom", "identifiant_de", "date_debut", "id_absence"], kind="stable"
    )
    return [
        template.AbsenceRow(
            numero_dsf=row["numero_dsf"],
            identifiant_de=row["identifiant_de"],
            nom=row["nom"],
            prenom=row["prenom"],
            code_sequence=row["code_sequence"],
            id_absence=row["id_absence"],
            date_debut=row["date_debut"].date(),
            date_fin=row["date_fin"].date(),
            heures_non_financables=int(row["heures_non_financables"]),
            type_absence=row["type_absence"],
        )
        for row in ordered.to_dict("records")
    ]
