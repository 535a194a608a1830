"""What all rooms of tests share: no test fails for being slow, and one Chromium (two at once in a process do not work)."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import chromium

# How long an example takes says something of the machine and who else is on it, nothing of what the test promises.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running
