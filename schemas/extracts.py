"""Initial DSF extracts: their three tables, what each column holds, and the shape of a table once it is typed.

Source: contract §3. Hours are whole hundredths (Int64), dates ``datetime64[s]``, texts ``str``. The rules that refuse an
extract are in ``schemas.extract_rules``; the models here apply those that pandera can say of one table.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from schemas import extract_rules as rules
from schemas.folding import folded

DSF = "dsf"
SEQUENCES = "sequences"
ABSENCES = "absences"
OUI_NON = {"oui": True, "non": False}
TYPES_SESSION = ("ESP", "ESF")
NATURES_DSF = ("INTERMEDIAIRE", "FINALE")
STATUTS_VALIDES = ("Validée par Pôle emploi", "Validée par France Travail")
PERSONAL = frozenset({"identifiant_de", "nom", "prenom"})
"""Columns whose values never reach a log nor the text of an exception."""


VALIDATED = frozenset(folded(statut) for statut in STATUTS_VALIDES)
"""The valid statuses as they are compared."""


def is_validated(statut: str) -> bool:
    """Whether Kairos lets a DSF with this ``statut`` be completed."""
    return folded(statut) in VALIDATED


class Kind(StrEnum):
    """How a cell of an extract is read (see ``pipeline.reference.values``)."""

    TEXT = "texte"
    KEY = "cle"
    SIRET = "siret"
    HOURS = "heures"
    DATE = "date"
    INSTANT = "instant"  # a date, perhaps with a time: two extracts of one day are told apart
    TYPE = "type_session"
    NATURE = "nature"
    YES_NO = "oui_non"


@dataclass(frozen=True)
class Column:
    """One column of an extract; a ``mandatory`` one has no blank cell."""

    name: str
    kind: Kind
    mandatory: bool = True


TABLES: dict[str, tuple[Column, ...]] = {
    DSF: (
        Column("numero_dsf", Kind.KEY),
        Column("type_session", Kind.TYPE),
        Column("nature", Kind.NATURE),
        Column("statut", Kind.TEXT),
        Column("numero_convention", Kind.KEY),
        Column("intitule", Kind.TEXT, mandatory=False),
        Column("siret_titulaire", Kind.SIRET),
        Column("raison_sociale_titulaire", Kind.TEXT, mandatory=False),
        Column("siret_dispensateur", Kind.SIRET),
        Column("raison_sociale_dispensateur", Kind.TEXT, mandatory=False),
        Column("periode_debut", Kind.DATE),
        Column("periode_fin", Kind.DATE),
        Column("date_validation", Kind.DATE, mandatory=False),  # blank as long as it is not validée
        Column("date_extraction", Kind.INSTANT),
    ),
    SEQUENCES: (
        Column("numero_dsf", Kind.KEY),
        Column("identifiant_de", Kind.KEY),
        Column("nom", Kind.TEXT, mandatory=False),
        Column("prenom", Kind.TEXT, mandatory=False),
        Column("numero_pif", Kind.KEY),
        Column("code_sequence", Kind.KEY),
        Column("libelle_sequence", Kind.TEXT, mandatory=False),
        Column("heures_prevues", Kind.HOURS),
        Column("heures_realisees", Kind.HOURS),
        Column("heures_absence_financables", Kind.HOURS),
        Column("heures_absence_non_financables", Kind.HOURS),
    ),
    ABSENCES: (
        Column("numero_dsf", Kind.KEY),
        Column("identifiant_de", Kind.KEY),
        Column("code_sequence", Kind.KEY),
        Column("id_absence", Kind.KEY),
        Column("type_absence", Kind.TEXT, mandatory=False),
        Column("date_debut", Kind.DATE),
        Column("date_fin", Kind.DATE),
        Column("heures_non_financables", Kind.HOURS),
        Column("deja_complementee", Kind.YES_NO),
    ),
}

KEY_NAMES = {
    "numero_dsf": "cle_dsf",
    "numero_convention": "cle_convention",
    "identifiant_de": "cle_de",
    "numero_pif": "cle_pif",
    "code_sequence": "cle_sequence",
    "id_absence": "cle_absence",
}
"""Column of an extract → column of its ``schemas.folding.key``."""

UNIQUE = {
    DSF: ("cle_dsf",),
    SEQUENCES: ("cle_dsf", "cle_de", "cle_sequence"),
    ABSENCES: ("cle_dsf", "cle_de", "cle_sequence", "cle_absence"),
}
"""What names one row of each table."""

Text = Series[pd.StringDtype]
Hours = Series[pd.Int64Dtype]
Day = Series[np.datetime64]
YesNo = Series[pd.BooleanDtype]


# A blank is a finding of ours with its row, not a failure of pandera's that quotes cells: hence nullable and a check.
def _blank() -> Any:
    """A nullable column; one object each, for pandera writes the column's name into it."""
    return pa.Field(nullable=True)


_QUIET: dict[str, Any] = {"ignore_na": False, "n_failure_cases": 0}


class Dsf(pa.DataFrameModel):
    """``dsf`` typed: one row a DSF of the extract."""

    numero_dsf: Text = _blank()
    cle_dsf: Text = _blank()
    type_session: Text = _blank()
    nature: Text = _blank()
    statut: Text = _blank()
    numero_convention: Text = _blank()
    cle_convention: Text = _blank()
    intitule: Text = _blank()
    siret_titulaire: Text = _blank()
    raison_sociale_titulaire: Text = _blank()
    siret_dispensateur: Text = _blank()
    raison_sociale_dispensateur: Text = _blank()
    periode_debut: Day = _blank()
    periode_fin: Day = _blank()
    date_validation: Day = _blank()
    date_extraction: Day = _blank()

    @pa.check(*(c.name for c in TABLES[DSF] if c.mandatory), name="EXT-07", **_QUIET)
    def filled(cls, cells: pd.Series) -> pd.Series:  # noqa: N805
        """EXT-07: mandatory cells are filled."""
        return rules.is_filled(cells)

    @pa.dataframe_check(name="EXT-15:periode_fin", **_QUIET)
    def period_in_order(cls, dsf: pd.DataFrame) -> pd.Series:  # noqa: N805
        """EXT-15: the period does not end before it starts."""
        return rules.ends_after_it_starts(dsf["periode_debut"], dsf["periode_fin"])


class Sequences(pa.DataFrameModel):
    """``sequences`` typed: one row per (DSF, DE, séquence); hours in hundredths."""

    numero_dsf: Text = _blank()
    cle_dsf: Text = _blank()
    identifiant_de: Text = _blank()
    cle_de: Text = _blank()
    nom: Text = _blank()
    prenom: Text = _blank()
    numero_pif: Text = _blank()
    cle_pif: Text = _blank()
    code_sequence: Text = _blank()
    cle_sequence: Text = _blank()
    libelle_sequence: Text = _blank()
    heures_prevues: Hours = _blank()
    heures_realisees: Hours = _blank()
    heures_absence_financables: Hours = _blank()
    heures_absence_non_financables: Hours = _blank()

    @pa.check(*(c.name for c in TABLES[SEQUENCES] if c.mandatory), name="EXT-07", **_QUIET)
    def filled(cls, cells: pd.Series) -> pd.Series:  # noqa: N805
        """EXT-07: mandatory cells are filled."""
        return rules.is_filled(cells)

    @pa.check(*(c.name for c in TABLES[SEQUENCES] if c.kind is Kind.HOURS), name="EXT-10", **_QUIET)
    def not_negative(cls, hours: pd.Series) -> pd.Series:  # noqa: N805
        """EXT-10: hours are not negative."""
        return rules.is_not_negative(hours)


class Absences(pa.DataFrameModel):
    """``absences`` typed: one row an absence; hours in hundredths."""

    numero_dsf: Text = _blank()
    cle_dsf: Text = _blank()
    identifiant_de: Text = _blank()
    cle_de: Text = _blank()
    code_sequence: Text = _blank()
    cle_sequence: Text = _blank()
    id_absence: Text = _blank()
    cle_absence: Text = _blank()
    type_absence: Text = _blank()
    date_debut: Day = _blank()
    date_fin: Day = _blank()
    heures_non_financables: Hours = _blank()
    deja_complementee: YesNo = _blank()

    @pa.check(*(c.name for c in TABLES[ABSENCES] if c.mandatory), name="EXT-07", **_QUIET)
    def filled(cls, cells: pd.Series) -> pd.Series:  # noqa: N805
        """EXT-07: mandatory cells are filled."""
        return rules.is_filled(cells)

    @pa.check("heures_non_financables", name="EXT-10", **_QUIET)
    def not_negative(cls, hours: pd.Series) -> pd.Series:  # noqa: N805
        """EXT-10: hours are not negative."""
        return rules.is_not_negative(hours)

    @pa.dataframe_check(name="EXT-15:date_fin", **_QUIET)
    def absence_in_order(cls, absences: pd.DataFrame) -> pd.Series:  # noqa: N805
        """EXT-15: an absence does not end before it starts."""
        return rules.ends_after_it_starts(absences["date_debut"], absences["date_fin"])


MODELS: dict[str, type[pa.DataFrameModel]] = {DSF: Dsf, SEQUENCES: Sequences, ABSENCES: Absences}
