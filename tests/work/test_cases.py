"""The workspace cases of the suite, word for word, their work done by a Dask scheduler and two workers.

Here every fourth of ``tests/job/test_job.py``; `pytest tests/job --engine dask` does all of that room.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import settings_with
from tests.job import test_job
from tests.servers.daskers import Cluster
from tests.world import World

for name, case in [(name, case) for name, case in vars(test_job).items() if name.startswith("test_")][::4]:
    globals()[name] = case


@pytest.fixture
def world(tmp_path: Path, machines: Cluster) -> Iterator[World]:
    """In the place of theirs."""
    before = machines.logs().count("Run out-of-band function")
    with settings_with(moteur=machines.address):
        yield World(tmp_path / "ws")
    assert machines.logs().count("Run out-of-band function") > before, "they were asked"
