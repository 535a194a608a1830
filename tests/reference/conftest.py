"""A fresh workspace for each test."""

from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests import world


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return world.workspace(tmp_path)
