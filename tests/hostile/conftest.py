"""A pool of reading children for the hostile files, and how a file is read through it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.reading import ReadOptions
from pipeline.reading.model import Reading
from pipeline.settings import Limits
from pipeline.workers import Pool

Reader = Callable[..., Reading]


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    with Pool(1, Limits()) as children:
        yield children


@pytest.fixture
def read_file(pool: Pool, tmp_path: Path) -> Reader:
    """``read_file(bytes, name)``: the Reading of these bytes, made in a child with its limits."""

    def read(data: bytes, name: str = "depot.xlsx", limits: Limits | None = None) -> Reading:
        path = tmp_path / name
        path.write_bytes(data)
        options = ReadOptions(siret="73282932000074", limits=limits or Limits())
        (reading,) = pool.read([(path, options)])
        return reading

    return read
