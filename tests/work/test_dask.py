"""A run on a real Dask scheduler and its workers: the bytes of one machine, exactly once whoever dies (C15 to C17, G15)."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline import ledger, run, wave, work
from pipeline.commands import verify
from pipeline.errors import EngineHalt, NotDecided
from pipeline.judging import parts
from pipeline.judging.context import Context
from pipeline.settings import Settings, Storage
from pipeline.tasks import pack
from pipeline.work import dask as room
from pipeline.work.children import Children
from pipeline.work.engine import Here, by
from tests.bounded import only_long, some
from tests.hostile import build
from tests.servers.daskers import ROOT, Cluster, children_of, cluster, kill
from tests.servers.postgres import Server
from tests.world import DAY, DISPENSATEUR, OTHER, SETTINGS, TITULAIRE, World, names

CANARY = "Zzcanari"


def several(root: Path) -> World:
    """Deposits of every kind: taken, corrected, rejected, refused, hostile, tried; DSF of two conventions."""
    world = World(root)
    person = {"nom": CANARY, "prenom": CANARY}
    world.add_dsf("DSF-1", sequences=[person], siret_dispensateur=DISPENSATEUR)
    world.add_dsf("DSF-2", numero_convention="CONV-2", sequences=[person]).write_extracts()
    name = {"nom": CANARY, "prenom": CANARY}
    for day in range(10, 20):
        lines = ({"date_debut": f"{day}/02/2025"}, {"date_debut": f"{day}/02/2025", "numero_dsf": "DSF-2"})
        world.hours(f"{day}.csv", *(name | line for line in lines))
    world.hours("faux.csv", name | {"heures": "sept"}, name | {"date_debut": "20/02/2025"})
    world.absence("absence.csv", name | {"id_absence": "A1"}, folder=DISPENSATEUR)
    world.absence("encore.csv", name | {"id_absence": "A1"})
    world.hours("autrui.csv", name | {"numero_dsf": "DSF-2"}, folder=OTHER)
    world.hours("essai.csv", name, folder=f"{TITULAIRE}-essai")
    world.drop("vide.xlsx", b"")
    world.drop("sans.csv", f"{CANARY};x\n1;2\n")
    world.drop("loin.xlsx", deadly())
    return world


@cache
def deadly() -> bytes:
    """A workbook that kills who reads it; the same each time."""
    rows = '<row r="900000"><c r="ZZ900000"><v>1</v></c></row>' + "".join(
        f'<row r="{i}">{build.cell(f"A{i}", "x" * 50)}</row>' for i in range(1, 1500)
    )
    return build.xlsx(build.sheet(rows))


def emitted(world: World) -> dict[str, bytes]:
    """What stands in the outbox, the pages about the run and what names the ledger apart; of a run without a deposit nothing."""
    outbox = world.workspace.outbox
    return {
        name: (outbox / name).read_bytes()
        for name in names(outbox)
        if (Path(name).name not in ("run.json", ".temoin.json") and not name.startswith("rapports/"))
        or ("verdicts" in name and (outbox / name).read_bytes().count(b"\n") > 1)
    }


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one process makes of ``several``."""
    world = several(tmp_path_factory.mktemp("seul") / "ws")
    world.run()
    return emitted(world)


def proved(world: World, wanted: dict[str, bytes]) -> None:
    """It ended as if nothing had happened."""
    assert emitted(world) == wanted
    found = verify.verify(world.workspace, SETTINGS)
    assert (found.erreurs, found.remarques) == ([], [])
    assert names(world.workspace.deposits) == [] and list(world.workspace.spool.iterdir()) == []


def test_same_bytes_as_in_one_process_and_no_name_in_any_log(
    tmp_path: Path, machines: Cluster, wanted: dict[str, bytes]
) -> None:
    world = several(tmp_path / "ws")
    assert world.run(moteur=machines.address).owed == ()
    proved(world, wanted)
    assert [process.poll() for process in machines.workers] == [None, None], "a file kills a child, never a worker"
    assert CANARY not in machines.logs() and "Run out-of-band function" in machines.logs()


@pytest.mark.parametrize("width", some([2, 7]))
def test_judged_in_so_many_parts_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    cut: list[int] = []

    def counted(*asked: Any) -> Iterator[list[int]]:
        for part in parts.parts(*asked):
            cut.append(len(part))
            yield part

    def engine(settings: Settings) -> work.Engine:
        children = Children(1, settings.limites, here=True)
        return work.Engine(Here(), by(children), width, children)

    monkeypatch.setattr(parts, "LEAST", 1)
    monkeypatch.setattr(wave, "parts", counted)
    monkeypatch.setattr(import_module("pipeline.run"), "work", SimpleNamespace(engine=engine))
    world = many(tmp_path / "ws")
    world.run()
    assert len(cut) == width
    monkeypatch.undo()
    whole = many(tmp_path / "entier")
    whole.run()
    proved(world, emitted(whole))


def many(root: Path) -> World:
    """Deposits on fourteen conventions, two on each."""
    world = World(root)
    for n in range(14):
        world.add_dsf(f"DSF-{n}", numero_convention=f"CONV-{n}")
    world.write_extracts()
    for n in range(28):
        line = {"numero_dsf": f"DSF-{n * 5 % 14}", "date_debut": f"{10 + n // 14}/02/2025"}
        world.hours(f"{n}.csv", line, line | {"heures": "sept" if n % 5 == 0 else "3,5", "date_debut": "20/02/2025"})
    return world


def at_step(step: str, act: Callable[[], None]) -> Callable[[str, int, int], None]:
    """A progress that does ``act`` once, when ``step`` is first told."""
    left = [act]

    def progress(told: str, done: int, _total: int) -> None:
        if told == step and done and left:
            left.pop()()

    return progress


@pytest.mark.parametrize("step", some(["jugement", "rendu"]))
def test_C15_a_worker_that_is_killed_has_its_work_done_by_another(
    tmp_path: Path, wanted: dict[str, bytes], step: str
) -> None:
    world = several(tmp_path / "ws")
    with cluster(tmp_path / "machines") as made:
        settings = settings_on(made)
        run(world.workspace, settings, DAY, at_step(step, lambda: kill(made.workers[0])))
    proved(world, wanted)


def settings_on(made: Cluster) -> Settings:
    return replace(SETTINGS, moteur=made.address)


@pytest.mark.parametrize("step", some(["jugement", "rendu"]))
def test_C15_a_scheduler_that_is_killed_stops_the_run_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, bytes], step: str
) -> None:
    monkeypatch.setattr(room, "ANSWER", 5)
    world = several(tmp_path / "ws")
    before = names(world.workspace.deposits)
    with cluster(tmp_path / "machines") as made:
        assert made.scheduler is not None
        scheduler = made.scheduler
        with pytest.raises(EngineHalt, match="relancez"):
            run(world.workspace, settings_on(made), DAY, at_step(step, lambda: kill(scheduler)))
    assert names(world.workspace.deposits) == before
    with ledger.open(world.workspace, SETTINGS) as book:
        assert book.deposits() == []
        pairs = [(TITULAIRE, path.name) for path in world.workspace.originals.iterdir()]
        assert set(book.attempts(pairs).values()) <= {0}, "no fault of the files"
    world.run()
    proved(world, wanted)


@only_long
def test_C15_where_no_worker_is_left_the_run_waits_then_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, bytes]
) -> None:
    monkeypatch.setattr(room, "ALONE", 1)
    world = several(tmp_path / "ws")
    with cluster(tmp_path / "machines", workers=1) as made:
        with pytest.raises(EngineHalt, match="aucune machine de calcul"):
            run(world.workspace, settings_on(made), DAY, at_step("rendu", lambda: kill(made.workers[0])))
        made.add_worker()
        made.wait_for(2)
        run(world.workspace, settings_on(made), DAY)
    proved(world, wanted)


def started(world: World, made: Cluster, patience: int = room.ANSWER) -> "subprocess.Popen[bytes]":
    """`dsf run` in a process of its own; ``patience``: seconds that it waits for the scheduler."""
    environ = {**os.environ, "DSF_DELAI_STABILITE": "0", "DSF_MOTEUR": made.address}
    program = f"from pipeline.work import dask; dask.ANSWER = {patience}; from pipeline.cli import main; main()"
    command = [sys.executable, "-c", program, "run", "--as-of", "2025-06-30", "-w", str(world.workspace.root)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.parametrize("how", some([signal.SIGKILL, signal.SIGTERM]))
def test_C15_a_driver_that_is_stopped_while_others_work_leaves_nothing_half_done(
    tmp_path: Path, machines: Cluster, wanted: dict[str, bytes], how: signal.Signals
) -> None:
    world = several(tmp_path / "ws")
    for seconds in some((3, 5)):
        driver = started(world, machines)
        time.sleep(seconds)
        driver.send_signal(how)
        _, said = driver.communicate()
        assert driver.returncode in ({0, -how} if how == signal.SIGKILL else {0, 130}), said
        assert CANARY.encode() not in said
    driver = started(world, machines)
    _, said = driver.communicate()
    assert driver.returncode == 0, said
    # Ended twice before they were decided, deposits go alone, and their returns know of one another: what is issued is the same.
    data = {name: what for name, what in wanted.items() if "/dsf/" in name and name.endswith(".json")}
    assert data
    assert {name: what for name, what in emitted(world).items() if name in data} == data
    found = verify.verify(world.workspace, SETTINGS)
    assert (found.erreurs, found.remarques) == ([], [])


# --- another program --------------------------------------------------------------------------------------------------


def another(root: Path) -> Path:
    """The same program, with one more comment in one of its rules."""
    for package in ("pipeline", "schemas"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (root / "schemas/rules/remaining.py").open("a") as rule:
        rule.write("# another one\n")
    return root


def test_C17_a_worker_of_another_program_is_refused_before_anything_and_by_its_name(tmp_path: Path) -> None:
    world = several(tmp_path / "ws")
    other = another(tmp_path / "autre")
    said = r"n'a pas le même programme que celle-ci \(code "
    with (
        cluster(tmp_path / "machines", workers=1, code=other) as made,
        pytest.raises(EngineHalt, match=said) as refused,
    ):
        run(world.workspace, settings_on(made), DAY)
    assert os.uname().nodename in str(refused.value) and os.uname().nodename in refused.value.args[0].en
    assert world.reports() == []


@only_long
def test_C17_one_that_comes_later_refuses_what_it_is_given(tmp_path: Path) -> None:
    other = another(tmp_path / "autre")
    with cluster(tmp_path / "machines", workers=1) as made, work.engine(settings_on(made)) as engine:
        assert engine.answer(engine.submit(length, b"abc")) == b"3"
        made.add_worker(other)
        made.wait_for(2)
        kill(made.workers[0])
        with pytest.raises(EngineHalt, match="n'a pas le même programme"):
            engine.answer(engine.submit(length, b"abc"))


def length(_children: Children, payload: bytes) -> bytes:
    return str(len(payload)).encode()


# --- faults and what they say -----------------------------------------------------------------------------------------


def fails(_children: Children, payload: bytes) -> bytes:
    raise KeyError(payload)


def child_fails(children: Children, payload: bytes) -> bytes:
    return children.do(raised, payload)


def raised(payload: bytes) -> bytes:
    print(payload, file=sys.stderr)
    raise KeyError(payload)


def child_dies(children: Children, payload: bytes) -> bytes:
    return children.do(killed, payload)


def killed(_payload: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def test_C16_what_a_task_raises_or_kills_is_told_without_a_word_of_what_it_held(machines: Cluster) -> None:
    with work.engine(settings_on(machines)) as engine:
        for task in (fails, child_fails):
            with pytest.raises(NotDecided, match="KeyError") as told:
                engine.answer(engine.submit(task, CANARY.encode()))
            assert CANARY not in str(told.value)
        with pytest.raises(work.Died):
            engine.answer(engine.submit(child_dies, CANARY.encode()))
        assert engine.answer(engine.submit(length, b"abc")) == b"3"
    assert CANARY not in machines.logs()


def test_children_of_a_worker_end_with_it(tmp_path: Path) -> None:
    with cluster(tmp_path / "machines", workers=1) as made, work.engine(settings_on(made)) as engine:
        engine.submit(child_sleeps, os.fsencode(tmp_path / "pid"))
        while not (tmp_path / "pid").exists():
            time.sleep(0.05)
        at_work = children_of(made.workers[0].pid)
        assert at_work
        kill(made.workers[0])
        while any(alive(pid) for pid in at_work):
            time.sleep(0.05)


def alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def child_sleeps(children: Children, payload: bytes) -> bytes:
    return children.do(asleep, payload)


def asleep(payload: bytes) -> bytes:
    Path(os.fsdecode(payload)).touch()
    time.sleep(600)
    return b""


# --- who answers ------------------------------------------------------------------------------------------------------


def test_where_nobody_answers_or_works_the_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "ANSWER", 2)
    with pytest.raises(EngineHalt, match="ne répond pas"):
        work.engine(replace(SETTINGS, moteur="tcp://127.0.0.1:9"))
    with cluster(tmp_path / "machines", workers=0) as made, pytest.raises(EngineHalt, match="aucune machine de calcul"):
        work.engine(settings_on(made))


def certificates(folder: Path) -> dict[str, str]:
    """Made as docs/plusieurs-machines.md says; the environment that names them."""
    page = (ROOT / "docs/plusieurs-machines.md").read_text()
    commands = page.replace("\\\n", " ").splitlines()
    for command in (line.strip() for line in commands if line.startswith("    openssl")):
        subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True)
    said = (line.strip().removeprefix("export ").split("=") for line in commands if line.startswith("    export DASK"))
    return {name: value.replace("/etc/dsf-tls", str(folder)) for name, value in said}


def test_G15_between_machines_all_is_encrypted_and_nobody_speaks_without_a_certificate(
    tmp_path: Path, wanted: dict[str, bytes]
) -> None:
    environ = certificates(tmp_path)
    assert len(environ) == 8
    made = Cluster(tmp_path, environ=environ)
    try:
        made.start("--protocol", "tls")
        made.add_worker()
        made.wait_for(1)
        assert made.address.startswith("tls://")
        strangers = {name: value for name, value in environ.items() if "CLIENT" not in name}
        world = several(tmp_path / "ws")
        for given, code, patience in ((strangers, 1, 3), (environ, 0, room.ANSWER)):
            with pytest.MonkeyPatch.context() as patch:
                for name, value in given.items():
                    patch.setenv(name, value)
                driver = started(world, made, patience)
                _, said = driver.communicate()
                assert driver.returncode == code, said
                assert ("ne répond pas" in said.decode()) == bool(code)
    finally:
        made.end()
    proved(world, wanted)


def test_G15_no_secret_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "motdepasse"
    settings = replace(SETTINGS, ledger=secret, moteur=secret, organisme=secret, origines={"ledger": secret})
    settings = replace(settings, stockage=Storage(depots=secret, cle=secret))
    context: Any = Context(settings, DAY, SimpleNamespace(loads=list), SimpleNamespace(), ())  # type: ignore[arg-type]
    assert secret.encode() not in pack(context.terms)


def test_same_bytes_with_the_ledger_on_a_server_too(
    tmp_path: Path, machines: Cluster, wanted: dict[str, bytes], postgres: Server
) -> None:
    world = several(tmp_path / "ws")
    there = replace(SETTINGS, ledger=postgres.url(postgres.database()))
    assert world.run(moteur=machines.address, ledger=there.ledger).owed == ()
    assert emitted(world) == wanted
    found = verify.verify(world.workspace, there)
    assert (found.erreurs, found.remarques) == ([], [])
    assert CANARY not in postgres.log.read_text(errors="replace")
