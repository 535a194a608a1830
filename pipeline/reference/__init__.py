"""Initial DSF extracts: checked, loaded into immutable Parquet, looked up with DuckDB (spec §3).

reference.load(workspace, paths, force=False) -> [LoadResult…]      `dsf extract load`
reference.pending(workspace, delai) -> Waiting                       what lies in inbox/extraits
reference.open(workspace) -> Reference                               .facts(), .loads(), .show(), .of_organisation()…
"""

from pipeline.reference.loading import load, pending
from pipeline.reference.lookup import Reference, open  # noqa: A004 - reference.open reads as it is meant
from pipeline.reference.model import (
    ExtractError,
    ExtractReport,
    ExtractSet,
    Facts,
    Load,
    LoadResult,
    OrganisationRows,
    Problem,
    StoreError,
    Waiting,
)

__all__ = [
    "ExtractError",
    "ExtractReport",
    "ExtractSet",
    "Facts",
    "Load",
    "LoadResult",
    "OrganisationRows",
    "Problem",
    "Reference",
    "StoreError",
    "Waiting",
    "load",
    "open",
    "pending",
]
