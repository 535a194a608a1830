"""A pool of reading children for the hostile files, how a file is read through it, and what reading one costs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.reading import ReadOptions
from pipeline.reading.model import Reading
from pipeline.settings import Limits
from pipeline.work.children import Children
from tests.children import children, readings
from tests.reading import outcomes

Reader = Callable[..., Reading]
Cost = Callable[..., float]


@pytest.fixture(scope="session")
def pool() -> Iterator[Children]:
    with children(1) as made:
        yield made


@pytest.fixture
def read_file(pool: Children, tmp_path: Path) -> Reader:
    """``read_file(bytes, name)``: the Reading of these bytes, made in a child with its limits."""

    def read(data: bytes, name: str = "depot.xlsx", limits: Limits | None = None) -> Reading:
        path = tmp_path / name
        path.write_bytes(data)
        options = ReadOptions(siret="73282932000074", limits=limits or Limits())
        (reading,) = readings(pool, [(path, options)])
        return reading

    return read


@pytest.fixture
def cost(tmp_path: Path) -> Cost:
    """``cost(bytes, name)``: seconds of CPU that reading these bytes takes a process of its own."""

    def measured(data: bytes, name: str = "depot.xlsx") -> float:
        path = tmp_path / name
        path.write_bytes(data)
        ((_, seconds, _),) = outcomes.measure([path])
        return seconds

    return measured
