"""Ledgers on a server, for tests that lose it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.postgres import Server, server
from tests.servers.proxy import Proxy


@dataclass
class Base:
    """Where workspaces have their ledgers: a database for each on one server, reached through one proxy."""

    server: Server
    proxy: Proxy

    def url(self, name: str) -> str:
        """A ledger as a setting names it: it is reached through the proxy."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.proxy.port}/{name}?sslmode=disable"

    @contextmanager
    def ledger_of(self, place: Path, template: str = "template0") -> Iterator[str]:
        """Make a ledger for a workspace, empty or a copy of another one's, and name it in its dsf.toml; gone afterwards."""
        name = self.server.database(template)
        (place / "dsf.toml").write_text(f'ledger = "{self.url(name)}"\n')
        try:
            yield name
        finally:
            self.proxy.arm()
            self.server.drop(name)

    def loses_power(self) -> None:
        """The server stops where it is, and recovers."""
        self.server.stop("immediate")
        self.server.start()


@contextmanager
def base() -> Iterator[Base]:
    """A server of its own with its proxy."""
    with server() as running, Proxy(running.socket) as proxy:
        yield Base(running, proxy)
