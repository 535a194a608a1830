"""Ledgers on a server, where a test needs one that can be lost."""

from collections.abc import Iterator

import pytest

from tests.servers.ledgers import Base
from tests.servers.postgres import Server
from tests.servers.proxy import Proxy


@pytest.fixture(scope="module")
def base(postgres: Server) -> Iterator[Base]:
    with Proxy(postgres.socket) as proxy:
        yield Base(postgres, proxy)
