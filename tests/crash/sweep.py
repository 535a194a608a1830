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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.crash.client import Bench, bench, outputs, problems
from tests.crash.receiver import receive

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


@dataclass
class Tally:
    """Points of one sweep and what was wrong at which."""

    points: int = 0
    bad: list[str] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)

    def note(self, where: str, code: int, found: list[str]) -> None:
        self.points += 1
        self.codes[code] += 1
        if found:
            self.bad.append(f"{where} (exit {code}): {'; '.join(found[:4])}")


Sweep = Callable[[Bench, int], Tally]


def _some(points: int, step: int) -> range:
    return range(1, points + 1, step)


def labels(made: Bench, step: int) -> Tally:
    """kill −9 at each announced step, whatever its label: that is each label at each hit."""
    tally = Tally()
    for at in _some(len(made.labels), step):
        with made.workspace() as place:
            code = made.ask(root=str(place), at=at)
            again = made.ask(root=str(place))
            found = problems(made, place) + ([f"the next run ended with {again}"] if again else [])
            tally.note(f"{made.labels[at - 1]} #{at}", code, found + ([] if code == -9 else ["not killed"]))
    return tally


def greedy(made: Bench, step: int) -> Tally:
    """The same, with a receiver that takes every folder before the next step."""
    tally = Tally()
    for at in _some(len(made.labels), step):
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
    for at in _some(len(made.labels), step):
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
        for n in _some(counts[call], step):
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


SWEEPS: dict[str, Sweep] = {
    "kill -9 at every label": labels,
    "the same, greedy receiver": greedy,
    "second runner, lock held": stopped,
    "second runner, lock lost": overtaken,
    "kill -9 at every system call": killed,
    "every system call refused": refused,
}


def main(arguments: list[str] | None = None) -> int:
    """Run all sweeps and print the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="every 12th point only")
    parser.add_argument("--step", type=int, default=1, help="every n-th point only")
    parser.add_argument("--only", default="", help="sweeps whose title holds this text")
    options = parser.parse_args(arguments)
    step = 12 if options.short else options.step
    points = bad = 0
    with bench() as made:
        print(f"the uninterrupted run announces {len(made.labels)} steps under {len(set(made.labels))} labels")
        for title, sweep in SWEEPS.items():
            if options.only not in title:
                continue
            start = time.monotonic()
            tally = sweep(made, step)
            points, bad = points + tally.points, bad + len(tally.bad)
            codes = ", ".join(f"{n} × exit {code}" for code, n in sorted(tally.codes.items()))
            print(
                f"{title:<32}{tally.points:>6} points {len(tally.bad):>4} bad {time.monotonic() - start:>7.0f} s   {codes}"
            )
            for text in tally.bad[:20]:
                print(f"    {text}")
            sys.stdout.flush()
    print(f"{points} points, {bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    if not shutil.which("strace"):
        print("strace is not installed: the sweeps over system calls need it", file=sys.stderr)
    sys.exit(main())
