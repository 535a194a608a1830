"""`python -m tests.simulation [--seed N] [--steps N] [--worlds N]`: play some worlds; 1 if one is bad."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

from tests.servers.ledgers import Base, base
from tests.simulation.play import Play
from tests.simulation.stage import Bad


def main() -> int:
    """Play the worlds, a line each, and what was done in all."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--steps", type=int, default=100)
    ask.add_argument("--worlds", type=int, default=1)
    ask.add_argument("--ledger", choices=("sqlite", "postgresql"), default="sqlite")
    asked = ask.parse_args()
    with base() if asked.ledger == "postgresql" else nullcontext() as where:
        return _played(asked, where)


def _played(asked: argparse.Namespace, where: "Base | None") -> int:
    did: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    bad = 0
    for seed in range(asked.seed, asked.seed + asked.worlds):
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            world = Play(Path(folder), seed, where)
            try:
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
