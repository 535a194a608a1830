"""Children that read: they may die, hang or run out of memory; the others and the parent are unharmed."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import NotDecided
from pipeline.reading import ReadOptions
from pipeline.reading.model import Reading
from pipeline.settings import Limits
from pipeline.work import Died
from pipeline.work.children import ATTEMPTS, Children
from schemas.noticed import Noticed
from tests.children import children, readings
from tests.hostile import build


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "bon.csv"
    path.write_text(build.csv_text(build.line()))
    return path


def lines(reading: Reading) -> int:
    return sum(len(table.rows) for table in reading.tables)


def test_order_is_kept_whatever_the_children(tmp_path: Path) -> None:
    tasks = []
    for count in range(1, 9):
        path = tmp_path / f"{count}.csv"
        path.write_text(build.csv_text(*[build.line()] * (count * 50)))
        tasks.append((path, ReadOptions()))
    with children(2) as readers:
        assert [lines(reading) for reading in readings(readers, tasks)] == [count * 50 for count in range(1, 9)]
        assert readings(readers, []) == []


def test_same_reading_as_in_this_process(good: Path) -> None:
    from pipeline.reading import read

    with children(1) as readers:
        assert readings(readers, [(good, ReadOptions())]) == [read(good, ReadOptions())]


def killer(folder: Path) -> None:
    """Stands for a parser that dies of a file: notes each attempt, then kills its own process."""
    attempts = folder / "mortel"
    descriptor = os.open(attempts, os.O_RDWR | os.O_CREAT)
    os.close(descriptor)
    attempts.rename(attempts.with_suffix(f".{time.monotonic_ns()}"))
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def test_three_deaths_put_a_file_aside(good: Path, tmp_path: Path) -> None:
    deadly = tmp_path / "mortel.csv"
    deadly.write_text("x")

    class Deadly(Children):
        def _start(self, pool, source):  # type: ignore[no-untyped-def]
            if source[0].data == b"x":
                return pool.schedule(killer, args=(tmp_path,))
            return super()._start(pool, source)

    with children(2, kind=Deadly) as readers:
        found = readings(readers, [(path, ReadOptions()) for path in (good, deadly, good)])
    assert [lines(reading) for reading in found] == [1, 0, 1]
    (said,) = found[1].observations
    assert (said.noticed, said.code) == (Noticed.FILE_UNREADABLE, "stopped")
    assert len(list(tmp_path.glob("mortel.[0-9]*"))) == ATTEMPTS


def note(path: Path) -> int:
    """How often this was called for ``path``, this time included."""
    with path.open("a") as file:
        file.write("x")
    return path.stat().st_size


def square(payload: bytes) -> bytes:
    return bytes([payload[0] ** 2])


def die_at_first(payload: bytes) -> bytes:
    """Stands for a child that the machine kills for want of memory, twice."""
    tries = note(Path(os.fsdecode(payload)))
    if tries < ATTEMPTS:
        os.kill(os.getpid(), signal.SIGKILL)
    return bytes([tries])


def die_always(payload: bytes) -> bytes:
    note(Path(os.fsdecode(payload)))
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def asked(made: Children, how: str, function: Callable[[bytes], bytes], payload: bytes) -> bytes:
    return made.do(function, payload) if how == "do" else made.apart(function, payload)


@pytest.mark.parametrize("how", ["do", "apart"])
def test_H20_work_whose_child_is_killed_is_tried_again(tmp_path: Path, how: str) -> None:
    with children(2) as made:
        assert asked(made, how, die_at_first, os.fsencode(tmp_path / "essais")) == bytes([ATTEMPTS])
        assert made.do(square, b"\3") == b"\x09"


@pytest.mark.parametrize("how", ["do", "apart"])
def test_H20_work_that_kills_its_child_every_time_is_given_up_and_the_rest_is_done(tmp_path: Path, how: str) -> None:
    place = tmp_path / "essais"
    with children(2) as made:
        with pytest.raises(Died):
            asked(made, how, die_always, os.fsencode(place))
        assert place.stat().st_size == ATTEMPTS
        assert made.do(square, b"\3") == made.apart(square, b"\3") == b"\x09"


SECRET = "Zzcanari"


def fail(payload: bytes) -> bytes:
    raise KeyError(SECRET, payload)


def refuse(_payload: bytes) -> bytes:
    raise OSError(errno.EMFILE, SECRET)


@pytest.mark.parametrize("here", [True, False])
def test_a_fault_says_where_it_is_and_nothing_of_the_data_and_what_the_system_refuses_stays_that(here: bool) -> None:
    made = Children(1, Limits(), here=here)
    try:
        with pytest.raises(NotDecided) as fault:
            made.do(fail, SECRET.encode())
        assert "KeyError" in str(fault.value) and "test_children.py" in str(fault.value)
        with pytest.raises(OSError) as refused:
            made.do(refuse, b"")
        assert refused.value.errno == errno.EMFILE
        assert SECRET not in f"{fault.getrepr(style='long')}{refused.value}"
    finally:
        made.end()


def fail_apart(_number: int) -> int:
    raise ValueError("rendering failed")


def test_an_errand_says_what_it_raises_and_may_have_children_of_its_own(good: Path) -> None:
    with children(1) as made:
        with pytest.raises(ValueError, match="rendering failed"):
            made.apart(fail_apart, 1)
        assert made.apart(nested, good) == 1


def nested(path: Path) -> int:
    with children(1) as made:
        return lines(readings(made, [(path, ReadOptions())])[0])


def forever(payload: bytes) -> bytes:
    (Path(os.fsdecode(payload)) / str(os.getpid())).touch()
    time.sleep(600)
    return b""


PROGRAM = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pipeline.settings import Limits
from pipeline.work.children import Children
from tests.work.test_children import forever
if __name__ == "__main__":
    made, place = Children(2, Limits()), os.fsencode(sys.argv[2])
    if sys.argv[1] == "do":
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(made.do, [forever] * 2, [place] * 2))
    else:
        made.apart(forever, place)
"""


@pytest.mark.parametrize("how", ["do", "apart"])
def test_children_end_with_the_program_however_it_ends(tmp_path: Path, how: str) -> None:
    script, notes = tmp_path / "programme.py", tmp_path / "enfants"
    script.write_text(PROGRAM)
    notes.mkdir()
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    program = subprocess.Popen([sys.executable, str(script), how, str(notes)], env=environ)
    wanted = 2 if how == "do" else 1
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
    with children(1, options.limits) as readers:
        reading, fine = readings(readers, [(big, options), (good, options)])
    (said,) = reading.observations
    assert (said.noticed, said.field, said.expected) == (Noticed.BEYOND_LIMIT, "memoire", "150000000")
    assert lines(fine) == 1


def test_a_child_writes_nothing_and_holds_few_files(tmp_path: Path) -> None:
    with children(1) as made, made._reading_pool(1, 5) as pool:
        assert pool.schedule(_try_to_write, args=(tmp_path / "x",)).result() == "OSError"
        assert pool.schedule(_loaded).result() == []


def _try_to_write(path: Path) -> str:
    try:
        path.write_text("x" * 100)
    except OSError:
        return "OSError"
    return "written"


def _loaded() -> list[str]:
    import sys

    return sorted({"pandas", "numpy", "openpyxl", "sqlalchemy", "jinja2"} & set(sys.modules))
