"""DuckDB as the reference uses it: in memory, bounded, without network, warnings or state of its own."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from pipeline.bilingual import Text
from pipeline.errors import AGAIN, scrubbed
from pipeline.reference.model import StoreError

THREADS = 2
MEMORY = "768MB"
SPILL = ".tri-"
_connections = itertools.count()
_T = TypeVar("_T")
REFUSED = Text(
    "La référence des DSF initiales n'a pas pu être lue ni écrite ({name}). Vérifiez le disque et la mémoire ; `dsf verify` "
    "nomme les fichiers abîmés.",
    "The reference of initial DSF could not be read nor written ({name}). Check disk and memory; `dsf verify` names the files "
    "that are damaged.",
).then(AGAIN)


@contextmanager
def refusals_as_halts() -> Iterator[None]:
    """Convert what DuckDB and Arrow refuse to ``StoreError``: it is the reference's fault, the machine's or ours."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException) as error:
        raise StoreError(REFUSED.fill(name=scrubbed(error))) from None


class Connection:
    """A connection whose queries run beside the main thread: a signal is obeyed at once, not between two of DuckDB's tasks."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread

    def execute(self, statement: str) -> None:
        """Run ``statement`` for what it does."""
        self._run(lambda: self._connection.execute(statement))

    def fetch(self, query: str) -> pa.Table:
        """The rows of ``query``."""
        return self._run(lambda: self._connection.sql(query).to_arrow_table())

    def register(self, name: str, table: pa.Table) -> None:
        """Let queries know ``table`` as ``name``."""
        self._connection.register(name, table)

    def _run(self, work: Callable[[], _T]) -> _T:
        task = self._thread.submit(work)
        try:
            return task.result()
        finally:
            while not task.done():
                self._connection.interrupt()
                wait([task], timeout=0.05)


@contextmanager
def connect(temporary: Path | None = None) -> Iterator[Connection]:
    """A connection; what does not fit in ``MEMORY`` spills into ``temporary``. No extension is ever fetched.

    What DuckDB or Arrow refuses inside raises ``StoreError``.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": THREADS,
        "memory_limit": MEMORY,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
        "temp_directory": str(temporary) if temporary else "",
    }
    with refusals_as_halts(), closing(duckdb.connect(config=config)) as connection, ThreadPoolExecutor(1) as thread:
        # After two seconds DuckDB would draw a bar on stdout, where the answer goes.
        connection.execute("SET enable_progress_bar = false")
        yield Connection(connection, thread)


def spill(root: Path) -> Path:
    """A folder under ``root`` for what one connection may have to spill; DuckDB makes it if need be, and removes it."""
    return root / f"{SPILL}{os.getpid()}-{next(_connections)}"


def remove_spilled(root: Path) -> None:
    """Remove what connections of processes that were killed have spilled: it holds rows of extracts."""
    for folder in root.glob(f"{SPILL}*"):
        owner = int(folder.name.removeprefix(SPILL).partition("-")[0])
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            continue  # alive, and someone else's


def literal(text: object) -> str:
    """``text`` as an SQL literal: for paths, which cannot be parameters everywhere."""
    return "'" + str(text).replace("'", "''") + "'"
