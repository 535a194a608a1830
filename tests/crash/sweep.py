"""`python -m tests.crash.sweep [--short]`: interrupt the run everywhere, let it run again, count what is wrong.

Every point is a real death (or a real refusal of the system) in a process of its own over a copy of the same workspace, then
one uninterrupted run, then the oracle (``client.problems``). Prints a line a sweep; ends with 1 if a point is bad.
"""

import argparse
import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tests.crash import connections
from tests.crash.client import Bench, bench, outputs, problems
from tests.crash.receiver import receive
from tests.crash.tally import Tally, some
from tests.servers.ledgers import base

KILLED = (
    "fsync",
    "syncfs",
    "rename",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "rmdir",
    "write",
    "pwrite64",
    "ftruncate",
)
"""System calls at each of which the run is killed."""

REFUSED = {
    "fsync": ("EIO", "ENOSPC"),
    "syncfs": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO",),
    "rename": ("EIO", "ENOSPC"),
    "renameat2": ("EIO", "ENOSPC", "EINVAL"),
    "unlink": ("EIO", "EACCES"),
    "unlinkat": ("EIO", "EACCES"),
    "mkdir": ("ENOSPC",),
    "write": ("EIO", "ENOSPC"),
    "pwrite64": ("EIO", "ENOSPC"),
}
"""System calls that are refused, and with what."""


Sweep = Callable[[Bench, int], Tally]


def labels(made: Bench, step: int) -> Tally:
    """kill −9 at each announced step, whatever its label: that is each label at each hit."""
    tally = Tally()
    for at in some(len(made.labels), step):
        with made.workspace() as place:
            code = made.ask(root=str(place), at=at)
            again = made.ask(root=str(place))
            found = problems(made, place) + ([f"the next run ended with {again}"] if again else [])
            tally.note(f"{made.labels[at - 1]} #{at}", code, found + ([] if code == -9 else ["not killed"]))
    return tally


def greedy(made: Bench, step: int) -> Tally:
    """The same, with a receiver that takes every folder before the next step."""
    tally = Tally()
    for at in some(len(made.labels), step):
        with made.workspace() as place:
            taken = place / "emporte"
            code = made.ask(root=str(place), at=at, taken=str(taken))
            receive(place / "outbox", taken)
            again = made.ask(root=str(place), taken=str(taken))
            receive(place / "outbox", taken)
            found = problems(made, place, outputs(taken)) + ([f"the next run ended with {again}"] if again else [])
            tally.note(f"{made.labels[at - 1]} #{at}", code, found)
    return tally


def _two_runners(made: Bench, step: int, *, unlock: bool) -> Tally:
    tally = Tally()
    for at in some(len(made.labels), step):
        with made.workspace() as place:
            first, second = made.ask_both(root=str(place), at=at, signal="SIGSTOP", unlock=unlock)
            again = made.ask(root=str(place))
            found = problems(made, place) + ([f"the next run ended with {again}"] if again else [])
            if first not in (0, 1) or second not in ((0, 1) if unlock else (5,)):
                found.append(f"the second runner ended with {second}")
            tally.note(f"{made.labels[at - 1]} #{at}", first, found)
    return tally


def stopped(made: Bench, step: int) -> Tally:
    """A runner is stopped at each step while a second one starts: it finds the lock held (exit 5)."""
    return _two_runners(made, step, unlock=False)


def overtaken(made: Bench, step: int) -> Tally:
    """A runner is stopped at each step and loses its lock; a second one runs to its end; the first wakes up."""
    return _two_runners(made, step, unlock=True)


def _calls(made: Bench, calls: tuple[str, ...]) -> Counter[str]:
    """How often the uninterrupted run makes each system call."""
    trace = made.root / "trace"
    with made.workspace() as place:
        made.ask(root=str(place), inject=",".join(calls), trace=str(trace))
    return Counter(re.findall(r"^(?:\d+ +)?(\w+)\(", trace.read_text(errors="replace"), re.MULTILINE))


def _injected(made: Bench, step: int, wanted: Iterator[tuple[str, str]]) -> Tally:
    tally = Tally()
    pairs = list(wanted)
    counts = _calls(made, tuple(dict.fromkeys(call for call, _ in pairs)))
    for call, fault in pairs:
        for n in some(counts[call], step):
            with made.workspace() as place:
                code = made.ask(root=str(place), inject=f"{call}:{fault}:when={n}")
                again = made.ask(root=str(place))
                found = problems(made, place) + ([f"the next run ended with {again}"] if again else [])
                if code not in (0, 1, -9):
                    found.append("neither done, nor killed, nor a sentence")
                tally.note(f"{call} {fault} #{n}", code, found)
    return tally


def killed(made: Bench, step: int) -> Tally:
    """kill −9 at each system call that changes a disk, those of the database included."""
    return _injected(made, step, ((call, "signal=KILL") for call in KILLED))


def refused(made: Bench, step: int) -> Tally:
    """Each of these calls refused once: input/output error, no space, no right."""
    return _injected(made, step, ((call, f"error={error}") for call, errors in REFUSED.items() for error in errors))


def sent(made: Bench, step: int) -> Tally:
    """kill −9 at each message that the run sends to its ledger's server."""
    return _injected(made, step, iter([("sendto", "signal=KILL")]))


SWEEPS: dict[str, Sweep] = {
    "kill -9 at every label": labels,
    "the same, greedy receiver": greedy,
    "second runner, lock held": stopped,
    "second runner, lock lost": overtaken,
    "kill -9 at every system call": killed,
    "every system call refused": refused,
}
ON_POSTGRESQL: dict[str, Sweep] = {
    "kill -9 at every label": labels,
    "the same, greedy receiver": greedy,
    "second runner, lock lost": overtaken,
    "kill -9 at every message": sent,
    "cut before every statement": connections.never_arrives,
    "cut after every statement": connections.answer_lost,
    "cut, it arrives late": connections.arrives_late,
    "no server from then on": connections.server_gone,
    "server restarted at every label": connections.restarted,
    "server stopped at every label": connections.stopped,
}


def _swept(made: Bench, sweeps: Mapping[str, Sweep], step: int) -> Tally:
    """Run these sweeps, a line each."""
    every = Tally()
    steps = f" and asks {len(made.steps)} things of its server" if made.base else ""
    print(f"the uninterrupted run announces {len(made.labels)} steps under {len(set(made.labels))} labels{steps}")
    for title, sweep in sweeps.items():
        start = time.monotonic()
        tally = sweep(made, step)
        every.points += tally.points
        every.bad += tally.bad
        codes = ", ".join(f"{n} × exit {code}" for code, n in sorted(tally.codes.items()))
        print(
            f"{title:<32}{tally.points:>6} points {len(tally.bad):>4} bad {time.monotonic() - start:>7.0f} s   {codes}"
        )
        for text in tally.bad[:20]:
            print(f"    {text}")
        sys.stdout.flush()
    return every


@contextmanager
def on_postgresql() -> Iterator[Bench]:
    """A bench whose workspaces have their ledgers on a server of its own."""
    with base() as running, bench(running) as made:
        yield made


def main(arguments: list[str] | None = None) -> int:
    """Run all sweeps and print the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="every 12th point only")
    parser.add_argument("--step", type=int, default=1, help="every n-th point only")
    parser.add_argument("--only", default="", help="sweeps whose title holds this text")
    parser.add_argument("--ledger", choices=("sqlite", "postgresql"), help="sweeps over this ledger only")
    options = parser.parse_args(arguments)
    points, bad = 0, 0
    for name, made_on, sweeps in (("sqlite", bench, SWEEPS), ("postgresql", on_postgresql, ON_POSTGRESQL)):
        chosen = {title: sweep for title, sweep in sweeps.items() if options.only in title}
        if options.ledger in (None, name) and chosen:
            with made_on() as made:
                print(f"ledger on {name}: ", end="")
                tally = _swept(made, chosen, 12 if options.short else options.step)
            points, bad = points + tally.points, bad + len(tally.bad)
    print(f"{points} points, {bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    if not shutil.which("strace"):
        print("strace is not installed: the sweeps over system calls need it", file=sys.stderr)
    sys.exit(main())
