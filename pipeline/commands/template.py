"""`dsf template`: what the reference knows an organisation may still complete, as the workbook it fills in."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from pipeline import ledger, nomenclature, reference
from pipeline.documents import template
from pipeline.errors import Halt
from pipeline.judging.completable import Completable, completable
from pipeline.judging.context import Context
from pipeline.settings import Settings
from pipeline.workspace import Workspace


class NothingToComplete(Halt):
    """No DSF of this organisation is open to a complement."""


def prefilled(workspace: Workspace, settings: Settings, siret: str, numeros: Sequence[str] | None, day: date) -> bytes:
    """The workbook of ``siret``: a row per absence still open, and per trainee and séquence; ``numeros``: only these DSF.

    Raises ``NothingToComplete``, with the same words whether a DSF is unknown or someone else's.
    """
    motifs = nomenclature.motifs(workspace.root, settings.motifs)
    renames = nomenclature.renames(workspace.root, settings.correspondances)
    with ledger.open(workspace, settings) as book:
        context = Context(settings, day, reference.open(workspace), book, motifs, renames)
        rows = completable(context, siret, numeros)
    if rows.sequences.empty:
        raise NothingToComplete("Aucune DSF validée et intermédiaire n'est connue pour cet organisme avec ces numéros.")
    return template.workbook(
        siret, rows.raison_sociale, _sequences(rows), _absences(rows), motifs, settings.langue, day
    )


def _sequences(rows: Completable) -> list[template.SequenceRow]:
    return [
        template.SequenceRow(
            numero_dsf=row["numero_dsf"],
            periode_debut=row["periode_debut"].date(),
            periode_fin=row["periode_fin"].date(),
            identifiant_de=row["identifiant_de"],
            nom=row["nom"],
            prenom=row["prenom"],
            code_sequence=row["code_sequence"],
            libelle_sequence=row["libelle_sequence"],
            heures_prevues=int(row["heures_prevues"]),
            heures_realisees=int(row["heures_realisees"]),
            heures_reste=None if pd.isna(row["heures_reste"]) else int(row["heures_reste"]),
        )
        for row in rows.sequences.to_dict("records")
    ]


def _absences(rows: Completable) -> list[template.AbsenceRow]:
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
        for row in rows.absences.to_dict("records")
    ]
