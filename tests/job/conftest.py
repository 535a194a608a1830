"""The chain is the same whatever database its ledger is in: `test_job` here always, `make sweep` all of this room."""

import os
from collections.abc import Iterator

import pytest

from tests.conftest import on_postgresql

EVERYWHERE = os.environ.get("SWEEP_STEP") == "1"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if EVERYWHERE or metafunc.module.__name__.endswith("test_job"):
        metafunc.parametrize("where_the_ledger_is", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def where_the_ledger_is(request: pytest.FixtureRequest) -> Iterator[None]:
    """As ``tests.conftest`` has it for other rooms."""
    if getattr(request, "param", request.config.getoption("--ledger")) == "sqlite":
        yield
        return
    with on_postgresql(request.getfixturevalue("postgres")):
        yield
