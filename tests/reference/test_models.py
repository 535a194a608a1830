"""The pandera models, the tables of the contract and what is stored say the same."""

import pytest

from pipeline.reference.schema import LIGNE, schema_of
from schemas.extracts import KEY_NAMES, MODELS, STATUTS_VALIDES, TABLES, is_validated


@pytest.mark.parametrize("table", TABLES)
def test_model_contract_and_store_have_the_same_columns(table: str) -> None:
    stored = [name for name in schema_of(table).names if name != LIGNE]
    assert list(MODELS[table].to_schema().columns) == stored
    assert [name for name in stored if name not in KEY_NAMES.values()] == [column.name for column in TABLES[table]]


@pytest.mark.parametrize("statut", [*STATUTS_VALIDES, "VALIDEE PAR POLE EMPLOI", " validée  par France travail"])
def test_what_counts_as_validee(statut: str) -> None:
    assert is_validated(statut)


@pytest.mark.parametrize("statut", ["", "Validée", "En cours de contrôle", "Non validée par France Travail"])
def test_what_does_not(statut: str) -> None:
    assert not is_validated(statut)
