"""Children that read: they may die, hang or run out of memory; the others and the parent are unharmed."""

import os
import signal
import time
from pathlib import Path

import pytest

from pipeline import workers
from pipeline.reading import ReadOptions
from pipeline.reading.model import Reading
from pipeline.settings import Limits
from pipeline.workers import Pool
from schemas.noticed import Noticed
from tests.hostile import build


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "bon.csv"
    path.write_text(build.csv_text(build.line()))
    return path


def lines(reading: Reading) -> int:
    return sum(len(table.rows) for table in reading.tables)


def square(number: int) -> int:
    return number * number


def fail(_number: int) -> int:
    raise ValueError("rendering failed")


def test_order_is_kept_whatever_the_children(tmp_path: Path) -> None:
    tasks = []
    for count in range(1, 9):
        path = tmp_path / f"{count}.csv"
        path.write_text(build.csv_text(*[build.line()] * (count * 50)))
        tasks.append((path, ReadOptions()))
    with Pool(2, Limits()) as pool:
        assert [lines(reading) for reading in pool.read(tasks)] == [count * 50 for count in range(1, 9)]
        assert pool.read([]) == []


def test_same_reading_as_in_this_process(good: Path) -> None:
    from pipeline.reading import read

    with Pool(1, Limits()) as pool:
        assert pool.read([(good, ReadOptions())]) == [read(good, ReadOptions())]


def test_map_in_order_in_one_process_and_in_several() -> None:
    for processes in (1, 2):
        with Pool(processes, Limits()) as pool:
            assert pool.map(square, range(20)) == [n * n for n in range(20)]
            with pytest.raises(ValueError, match="rendering failed"):
                pool.map(fail, [1, 2])


def killer(source: Path, options: ReadOptions) -> Reading:
    """Stands for a parser that dies of a file: notes each attempt, then kills its own process."""
    attempts = source.with_suffix(".essais")
    descriptor = os.open(attempts, os.O_RDWR | os.O_CREAT)
    os.close(descriptor)
    attempts.rename(attempts.with_suffix(f".{time.monotonic_ns()}"))
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def test_three_deaths_put_a_file_aside(good: Path, tmp_path: Path) -> None:
    deadly = tmp_path / "mortel.csv"
    deadly.write_text("x")

    class Deadly(Pool):
        def _start(self, pool, task):  # type: ignore[no-untyped-def]
            if task[0] == deadly:
                return pool.schedule(killer, args=task)
            return super()._start(pool, task)

    with Deadly(2, Limits()) as pool:
        readings = pool.read([(good, ReadOptions()), (deadly, ReadOptions()), (good, ReadOptions())])
    assert [lines(reading) for reading in readings] == [1, 0, 1]
    (said,) = readings[1].observations
    assert (said.noticed, said.code) == (Noticed.FILE_UNREADABLE, "stopped")
    assert len([path for path in tmp_path.iterdir() if path.stem == "mortel" and path != deadly]) == workers.ATTEMPTS


def test_memory_limit_is_said(good: Path, tmp_path: Path) -> None:
    big = tmp_path / "gros.csv"
    big.write_text(build.csv_text(*[build.line(c0=f"D-{i}", c9="x" * 300) for i in range(60_000)]))
    options = ReadOptions(limits=Limits(memoire=150_000_000))
    with Pool(1, options.limits) as pool:
        reading, fine = pool.read([(big, options), (good, options)])
    (said,) = reading.observations
    assert (said.noticed, said.field, said.expected) == (Noticed.BEYOND_LIMIT, "memoire", "150000000")
    assert lines(fine) == 1


def test_a_source_that_is_gone_is_our_fault_and_raises(tmp_path: Path) -> None:
    with Pool(1, Limits()) as pool, pytest.raises(FileNotFoundError):
        pool.read([(tmp_path / "parti.csv", ReadOptions())])


def test_a_child_writes_nothing_and_holds_few_files(tmp_path: Path) -> None:
    with Pool(1, Limits()) as pool:
        pool.read([])
        children = pool._reading_pool(1, 5)
        with children:
            assert children.schedule(_try_to_write, args=(tmp_path / "x",)).result() == "OSError"
            assert children.schedule(_loaded).result() == []


def _try_to_write(path: Path) -> str:
    try:
        path.write_text("x" * 100)
    except OSError:
        return "OSError"
    return "written"


def _loaded() -> list[str]:
    import sys

    return sorted({"pandas", "numpy", "openpyxl", "sqlalchemy", "jinja2"} & set(sys.modules))
