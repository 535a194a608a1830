"""One bench for all tests of this room."""

from collections.abc import Iterator

import pytest

from tests.crash.client import Bench, bench


@pytest.fixture(scope="session")
def made() -> Iterator[Bench]:
    with bench() as running:
        yield running
