"""The workspace cases of the suite, word for word, with their inbox and outbox on SFTP and on S3.

Here every sixth of ``tests/job/test_job.py``; with SWEEP_STEP=1 all that begin with a fresh ``world``.
"""

from pathlib import Path

import pytest

from tests.bounded import LONG
from tests.job import test_followed, test_identity, test_job, test_severities
from tests.storage.shelf import SharedWorld, Shelf

for module in (test_job, test_followed, test_identity, test_severities) if LONG else (test_job,):
    cases = [(name, case) for name, case in vars(module).items() if name.startswith("test_")]
    for name, case in cases if LONG else cases[::6]:
        globals()[f"test_{module.__name__.rpartition('_')[2]}_{name.removeprefix('test_')}"] = case


@pytest.fixture
def world(tmp_path: Path, shelf: Shelf) -> SharedWorld:
    """In the place of theirs."""
    return SharedWorld(tmp_path / "ws", shelf)
