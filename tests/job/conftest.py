"""The chain is the same whatever database its ledger is in: every eighth of `test_job`, `make sweep` all of this room."""

from collections.abc import Iterator

import pytest

from tests.bounded import LONG
from tests.conftest import on_postgresql

EVERYWHERE = LONG
COPIES = ("test_entered", "test_promises", "test_trials")
"""These play several workspaces or copies of one, and a database serves one."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    room = metafunc.module.__name__.rpartition(".")[2]
    cases = [name for name in vars(metafunc.module) if name.startswith("test_")]
    if room not in COPIES and (EVERYWHERE or (room == "test_job" and metafunc.function.__name__ in cases[::8])):
        metafunc.parametrize("where_the_ledger_is", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def where_the_ledger_is(request: pytest.FixtureRequest) -> Iterator[None]:
    """As ``tests.conftest`` has it for other rooms."""
    asked = getattr(request, "param", request.config.getoption("--ledger"))
    if asked == "sqlite" or request.module.__name__.rpartition(".")[2] in COPIES:
        yield
        return
    with on_postgresql(request.getfixturevalue("postgres")):
        yield
