"""Children that read: they may die, hang or run out of memory; the others and the parent are unharmed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import workers
from pipeline.reading import ReadOptions
from pipeline.reading.model import Reading
from pipeline.settings import Limits
from pipeline.workers import Died, Pool
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
            assert list(pool.map(square, range(20))) == [n * n for n in range(20)]
            with pytest.raises(ValueError, match="rendering failed"):
                list(pool.map(fail, [1, 2]))


def test_map_makes_its_items_while_others_are_at_work_and_not_all_at_once() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    with Pool(2, Limits()) as pool:
        for done, _ in enumerate(pool.map(square, items(), lambda _: workers.AHEAD // 2), 1):
            assert len(made) <= done + 2, "one at work, or two, and the one that waits for room"
        assert len(made) == 10
        heavier = [n * n for n in range(3)]
        assert list(pool.map(square, range(3), lambda _: workers.AHEAD * 2)) == heavier, "one at a time"


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


def note(path: Path) -> int:
    """How often this was called for ``path``, this time included."""
    with path.open("a") as file:
        file.write("x")
    return path.stat().st_size


def die_at_first(path: Path) -> int:
    """Stands for a child that the machine kills for want of memory, once."""
    tries = note(path)
    if tries < workers.ATTEMPTS:
        os.kill(os.getpid(), signal.SIGKILL)
    return tries


def die_always(path: Path) -> int:
    note(path)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@pytest.mark.parametrize("how", ["map", "apart"])
def test_H20_work_whose_child_is_killed_is_tried_again(tmp_path: Path, how: str) -> None:
    place = tmp_path / "essais"
    with Pool(2, Limits()) as pool:
        done = next(pool.map(die_at_first, [place])) if how == "map" else pool.apart(die_at_first, place)
        assert done == workers.ATTEMPTS
        assert list(pool.map(square, [3])) == [9]


@pytest.mark.parametrize("how", ["map", "apart"])
def test_H20_work_that_kills_its_child_every_time_is_given_up_and_the_rest_is_done(tmp_path: Path, how: str) -> None:
    place = tmp_path / "essais"
    with Pool(2, Limits()) as pool:
        with pytest.raises(Died):
            list(pool.map(die_always, [place])) if how == "map" else pool.apart(die_always, place)
        assert place.stat().st_size == workers.ATTEMPTS
        assert list(pool.map(square, [3])) == [9] and pool.apart(square, 3) == 9


def slow(place: Path) -> None:
    time.sleep(0.5)
    (place / "fini").touch()


def test_what_map_raises_is_raised_once_nothing_is_at_work_any_more(tmp_path: Path) -> None:
    """The next try writes at the same places."""
    with Pool(2, Limits()) as pool:
        with pytest.raises(ValueError, match="rendering failed"):
            list(pool.map(either, [None, tmp_path]))
        assert (tmp_path / "fini").exists()


def either(place: Path | None) -> None:
    if place is None:
        fail(0)
    else:
        slow(place)


def test_an_errand_says_what_it_raises_and_may_have_children_of_its_own(good: Path) -> None:
    with Pool(1, Limits()) as pool:
        with pytest.raises(ValueError, match="rendering failed"):
            pool.apart(fail, 1)
        assert pool.apart(nested, good) == 1


def nested(path: Path) -> int:
    with Pool(1, Limits()) as pool:
        return lines(pool.read([(path, ReadOptions())])[0])


def forever(place: Path) -> None:
    (place / str(os.getpid())).touch()
    time.sleep(600)


PROGRAM = """
import sys
from pathlib import Path
from pipeline.settings import Limits
from pipeline.workers import Pool
from tests.test_workers import forever
if __name__ == "__main__":
    with Pool(2, Limits()) as pool:
        if sys.argv[1] == "map":
            list(pool.map(forever, [Path(sys.argv[2])] * 2))
        else:
            pool.apart(forever, Path(sys.argv[2]))
"""


@pytest.mark.parametrize("how", ["map", "apart"])
def test_children_that_may_write_end_with_the_program_however_it_ends(tmp_path: Path, how: str) -> None:
    script, notes = tmp_path / "programme.py", tmp_path / "enfants"
    script.write_text(PROGRAM)
    notes.mkdir()
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    program = subprocess.Popen([sys.executable, str(script), how, str(notes)], env=environ)
    wanted = 2 if how == "map" else 1
    while len(list(notes.iterdir())) < wanted:
        assert program.poll() is None
        time.sleep(0.05)
    program.kill()
    program.wait()
    for child in notes.iterdir():
        while Path(f"/proc/{child.name}/stat").exists():
            if Path(f"/proc/{child.name}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                break
            time.sleep(0.05)


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
