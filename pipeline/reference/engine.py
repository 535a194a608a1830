"""DuckDB as the reference uses it: in memory, bounded, without network, warnings or state of its own."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.errors import AGAIN, STOPPED, Interrupted, scrubbed
from pipeline.reference.model import StoreError

THREADS = 2
MEMORY = "768MB"
SPILL = ".tri-"
_connections = itertools.count()
INTERRUPTED = "Query interrupted"
"""All that DuckDB lets through of what the handler of a signal raised."""
REFUSED = (
    "La référence des DSF initiales n'a pas pu être lue ni écrite ({name}). Vérifiez le disque et la mémoire ; `dsf verify` "
    "nomme les fichiers abîmés. " + AGAIN
)


@contextmanager
def refusals_as_halts() -> Iterator[None]:
    """Convert what DuckDB and Arrow refuse to ``StoreError``: it is the reference's fault, the machine's or ours.

    A stop asked for inside a query is ``Interrupted`` here too.
    """
    try:
        yield
    except (duckdb.Error, pa.ArrowException) as error:
        raise StoreError(REFUSED.format(name=scrubbed(error))) from None
    except RuntimeError as error:
        if str(error) != INTERRUPTED:
            raise
        raise Interrupted(STOPPED) from None


@contextmanager
def connect(temporary: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
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
    with refusals_as_halts(), closing(duckdb.connect(config=config)) as connection:
        # After two seconds DuckDB would draw a bar on stdout, where the answer goes.
        connection.execute("SET enable_progress_bar = false")
        yield connection


def spill(root: Path) -> Path:
    """A folder under ``root`` for what one connection may have to spill; DuckDB makes it if need be, and removes it."""
    return root / f"{SPILL}{os.getpid()}-{next(_connections)}"


def remove_stale(root: Path) -> None:
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


def fetch(connection: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    """The rows of ``query``."""
    return connection.sql(query).to_arrow_table()
