"""Work that spreads: judging in parts at once, and a night whose work two Dask workers do, each beside one machine alone."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.made import AS_OF, Night
from bench.measure import Cost, cost, dsf, python
from bench.nights import Row, by_turns, run_over, said, workspace


def judging_in_parts(night: Night) -> Row:
    """A wave judged whole, then in two parts at once; children that have judged before."""
    with workspace(night) as root:
        cost(dsf("extract", "load", "--workspace", root))
        asked = subprocess.run(python("-m", "bench.engines", root), check=True, capture_output=True, text=True)
    one, two = json.loads(asked.stdout)
    gain = one / two
    name = f"judging of {night.deposits * night.lines:,} lines: two parts at once against one"
    return Row(name, f"{gain:.2f} ×", "≥ 1.6 ×", gain >= 1.6, f"one {one:.1f} s, two {two:.1f} s")


def judged(root: Path) -> tuple[float, float]:
    """Seconds that judging all that waits in ``root`` takes, in one part and in two."""
    from pipeline import disk, ledger, nomenclature, reference, tasks, wave  # noqa: PLC0415 - only the child needs them
    from pipeline.intake.arrival import Arrival, Snapshot  # noqa: PLC0415
    from pipeline.judging.context import Context  # noqa: PLC0415
    from pipeline.judging.decide import ask, numbered  # noqa: PLC0415
    from pipeline.settings import Settings  # noqa: PLC0415
    from pipeline.work.local import local  # noqa: PLC0415
    from pipeline.workspace import Workspace  # noqa: PLC0415

    space, settings = Workspace(root), Settings()
    files = sorted(path for path in space.deposits.rglob("*") if path.is_file())
    snapshots = [
        Snapshot(
            Arrival.of(f"inbox/depots/{p.parent.name}/{p.name}", p.parent.name, p.name, p.stat()), disk.hash_of(p), p
        )
        for p in files
    ]
    with ledger.open(space, settings) as book, local(2, settings.limites) as engine:
        motifs = nomenclature.motifs(root, "")
        context = Context(settings, AS_OF, reference.open(space), book, motifs)
        deposits = numbered(context, wave.read(engine, settings, (), snapshots))

        def payload(part: tuple[object, ...]) -> bytes:
            return tasks.pack(tasks.ToJudge(context.terms, "", part, ask(context, part), 32))  # type: ignore[arg-type]

        half = len(deposits) // 2
        first = payload(deposits[:1])
        list(engine.map(tasks.judge_part, [first] * 4))
        seconds = []
        for payloads in ([payload(deposits)], [payload(deposits[:half]), payload(deposits[half:])]):
            start = time.monotonic()
            list(engine.map(tasks.judge_part, payloads))
            seconds.append(time.monotonic() - start)
    return seconds[0], seconds[1]


def on_dask(night: Night, rounds: int) -> Row:
    """The same night by two local processes and by two Dask workers of this machine."""
    with workspace(night) as root, two_workers(root.parent) as address:

        def on(engine: str) -> Cost:
            (root / "dsf.toml").write_text(f'delai_stabilite = 0\nprocessus = 2\nmoteur = "{engine}"\n')
            return run_over(root)

        here, there = by_turns(rounds, lambda: on("local"), lambda: on(address))
    ratio = here.wall / there.wall
    name = f"night of {night.deposits} deposits: two Dask workers against two local processes"
    return Row(name, f"{ratio:.2f} ×", "≥ 0.85 ×", ratio >= 0.85, said(local=here, dask=there))


@contextmanager
def two_workers(folder: Path) -> Iterator[str]:
    """A scheduler and two workers, gone at the end; the address."""
    dask, file = str(Path(sys.executable).parent / "dask"), folder / "ordonnanceur.json"
    of_scheduler = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    of_worker = ("worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
    started = []
    try:
        for options in (of_scheduler, of_worker, of_worker):
            command = [dask, *options, "--no-dashboard"]
            started.append(subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            while not file.exists():
                time.sleep(0.1)
        yield str(json.loads(file.read_text())["address"])
    finally:
        for process in started:
            process.kill()
            process.wait()


if __name__ == "__main__":
    print(json.dumps(judged(Path(sys.argv[1]))))
