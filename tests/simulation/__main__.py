"""`python -m tests.simulation [--seed N] [--steps N] [--worlds N] [--ledger …] [--storage …] [--engine …]`: play some worlds.

1 if one is bad.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.servers.ledgers import base
from tests.simulation.machines import machines
from tests.simulation.places import shelf, storage
from tests.simulation.play import Play
from tests.simulation.stage import Bad


def main() -> int:
    """Play the worlds, a line each, and what was done in all."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--steps", type=int, default=100)
    ask.add_argument("--worlds", type=int, default=1)
    ask.add_argument("--ledger", choices=("sqlite", "postgresql"), default="sqlite")
    ask.add_argument("--storage", choices=("here", "sftp", "s3"), default="here")
    ask.add_argument("--engine", choices=("local", "dask"), default="local")
    asked = ask.parse_args()
    did: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    bad = 0
    with ExitStack() as servers:
        server = servers.enter_context(storage(asked.storage))
        ledgers = servers.enter_context(base()) if asked.ledger == "postgresql" else None
        root = Path(servers.enter_context(tempfile.TemporaryDirectory()))
        dask = servers.enter_context(machines(root)) if asked.engine == "dask" else None
        for seed in range(asked.seed, asked.seed + asked.worlds):
            begun = time.monotonic()
            with tempfile.TemporaryDirectory() as folder, shelf(asked.storage, server, Path(folder)) as there:
                try:
                    world = Play(Path(folder), seed, ledgers, there, dask)
                    world.play(asked.steps)
                except Bad as wrong:
                    bad += 1
                    print(wrong)
            did += world.did
            sums += world.sums()
            print(f"seed {seed}: {sum(world.did.values())} steps in {time.monotonic() - begun:.0f} s", flush=True)
    print(", ".join(f"{name} {count}" for name, count in did.most_common()))
    print(", ".join(f"{count} {name}" for name, count in sums.items()))
    print(f"{did.total()} steps, {bad} bad worlds")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
