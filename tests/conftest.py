"""What all rooms of tests share: where ledgers are and who works, no test fails for being slow, and one Chromium.

Two of those at once in a process do not work.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import chromium
from tests.servers.daskers import Cluster, cluster
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
    parser.addoption("--engine", choices=("local", "dask"), default="local", help="who does the work of runs")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests of a process; each makes its own database."""
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers for all tests of a process; nobody harms them."""
    with cluster(tmp_path_factory.mktemp("machines")) as made:
        yield made


@contextmanager
def settings_with(**given: str) -> Iterator[None]:
    """Every workspace with the settings of ``tests.world`` has these meanwhile."""
    before = {name: getattr(SETTINGS, name) for name in given}
    for name, value in given.items():
        object.__setattr__(SETTINGS, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(SETTINGS, name, value)


@contextmanager
def on_postgresql(running: Server) -> Iterator[str]:
    """The ledger of every workspace with the settings of ``tests.world`` is in a database of its own meanwhile."""
    name = running.database()
    with settings_with(ledger=running.url(name)):
        yield name


@pytest.fixture(autouse=True)
def where_the_ledger_is(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.config.getoption("--ledger") == "sqlite":
        yield
        return
    with on_postgresql(request.getfixturevalue("postgres")):
        yield


@pytest.fixture(autouse=True)
def who_does_the_work(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.config.getoption("--engine") == "local":
        yield
        return
    with settings_with(moteur=request.getfixturevalue("machines").address):
        yield
