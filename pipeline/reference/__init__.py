"""Initial DSF extracts: checked, loaded into immutable Parquet, looked up with DuckDB (contract §3).

reference.find(files, arriving) -> Waiting                           which files make one extract
reference.load(workspace, waiting, day, force=False) -> [LoadResult…]  each loaded whole or refused whole
reference.open(workspace) -> Reference                               .facts(), .loads(), .show(), .of_organisation()…
reference.check(workspace, judged)                                   nothing of it is lost or changed
reference.forget(workspace, before, kept, pseudonyms)                 what was extracted before that day
reference.bring(workspace), reference.share(workspace)               the same loads on every machine
"""

from pipeline.reference.erasing import Forgotten, forget
from pipeline.reference.intact import audit, check
from pipeline.reference.loading import load
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
from pipeline.reference.shared import bring, share, share_again
from pipeline.reference.sources import find
from pipeline.reference.upgrade import upgrade

__all__ = [
    "ExtractError",
    "ExtractReport",
    "ExtractSet",
    "Facts",
    "Forgotten",
    "Load",
    "LoadResult",
    "OrganisationRows",
    "Problem",
    "Reference",
    "StoreError",
    "Waiting",
    "audit",
    "bring",
    "check",
    "find",
    "forget",
    "load",
    "open",
    "share",
    "share_again",
    "upgrade",
]
