"""The template of an organisation, filled with what it may still complete today."""

from collections.abc import Sequence

import pandas as pd

from pipeline.documents import template
from pipeline.judging.completable import Completable, completable
from pipeline.judging.context import Context

_MOST = 50_000
"""Rows of a template that comes back with a report: some 6 MB."""


def prefilled_template(context: Context, siret: str, numeros: Sequence[str] | None = None) -> bytes | None:
    """The workbook of ``siret``: a row per absence still open, and per trainee and séquence; ``numeros``: only these DSF.

    None where no DSF of its own is open to a complement.
    """
    rows = completable(context, siret, numeros)
    return None if rows.sequences.empty else _workbook(context, siret, rows)


def template_beside(context: Context, siret: str) -> bytes:
    """The same for a file that is no table of ours: empty where nothing can be completed, or where it would be too large."""
    rows = completable(context, siret)
    many = len(rows.sequences) + len(rows.absences) > _MOST
    return _workbook(context, siret, _without_rows(rows) if many else rows)


def template_without_persons(context: Context, siret: str) -> bytes:
    """The same without anybody in it."""
    return _workbook(context, siret, _without_rows(completable(context, siret)))


def _without_rows(rows: Completable) -> Completable:
    return Completable(rows.raison_sociale, rows.sequences.iloc[:0], rows.absences.iloc[:0])


def _workbook(context: Context, siret: str, rows: Completable) -> bytes:
    return template.workbook(
        siret,
        rows.raison_sociale,
        _sequences(rows),
        _absences(rows),
        context.motifs,
        context.settings.langue,
        context.day,
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
