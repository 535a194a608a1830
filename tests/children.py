"""Reading in children, as a run does it, of files that a test has written."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.reading import ReadOptions
from pipeline.reading.guard import load
from pipeline.reading.model import Reading
from pipeline.settings import Limits
from pipeline.work.children import Children


@contextmanager
def children(processes: int, limits: Limits | None = None, kind: type[Children] = Children) -> Iterator[Children]:
    """Children, gone at the end."""
    made = kind(processes, limits or Limits())
    try:
        yield made
    finally:
        made.end()


def readings(readers: Children, tasks: Sequence[tuple[Path, ReadOptions]]) -> list[Reading]:
    """The readings of files, in their order."""
    sources = [(load(path, options.limits.octets), options) for path, options in tasks]
    return [packed.open() for packed in readers.read(sources)]
