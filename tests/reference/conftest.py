"""A fresh workspace for each test."""

from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests.world import extracts as sample


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return sample.workspace(tmp_path)
