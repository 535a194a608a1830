"""What all rooms of tests share: no test fails for being slow, and one Chromium (two at once in a process do not work)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import chromium
from tests.servers.postgres import Server, server
from tests.world import SETTINGS

# How long an example takes says something of the machine and who else is on it, nothing of what the test promises.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--ledger", choices=("sqlite", "postgresql"), default="sqlite", help="where workspaces keep it")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests of a process; each makes its own database."""
    with server() as running:
        yield running


@contextmanager
def on_postgresql(running: Server) -> Iterator[str]:
    """The ledger of every workspace with the settings of ``tests.world`` is in a database of its own meanwhile."""
    name = running.database()
    before = SETTINGS.ledger
    object.__setattr__(SETTINGS, "ledger", running.url(name))
    try:
        yield name
    finally:
        object.__setattr__(SETTINGS, "ledger", before)


@pytest.fixture(autouse=True)
def where_the_ledger_is(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.config.getoption("--ledger") == "sqlite":
        yield
        return
    with on_postgresql(request.getfixturevalue("postgres")):
        yield
