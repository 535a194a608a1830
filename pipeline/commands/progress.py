"""The progress of a command, on stderr: bars while a person watches, plain lines otherwise. It names no person and no file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pipeline.bilingual import Text
from pipeline.commands.language import here

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

Told = Callable[[str, int, int], None]


LINES = 64
"""Plain lines are told after as many at least: a log is read, not watched."""


@contextmanager
def progress() -> Iterator[Told]:
    """What to call with (step, done, of how many); of 0: nobody knows how many, it is at work. Ends with the block."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    with _bars() as bars:
        tasks: dict[str, TaskID] = {}
        open_ended: set[str] = set()

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                for (
                    other
                ) in open_ended:  # a step of which nobody knows how much there is ends where the next one begins
                    bars.update(tasks[other], completed=1, total=1)
                open_ended.clear()
                tasks[step] = bars.add_task(here(step), total=None)
            if not total:
                open_ended.add(step)
            bars.update(tasks[step], completed=done, total=total or None)

        yield tell


def _lines() -> Told:
    """A line where a step begins and ends, and for each tenth of it between."""
    last: dict[str, int] = {}

    def tell(step: str, done: int, total: int) -> None:
        if step not in last or 0 < done == total or done - last[step] >= max(LINES, total // 10):
            last[step] = done
            click.echo(f"{here(step)} {done}/{total}" if total else here(step), err=True)

    return tell


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text as Shown

    class Count(ProgressColumn):
        """How many of how many, where that is known."""

        def render(self, task: "Task") -> Shown:
            total = int(task.total or 0)
            return Shown(f"{int(task.completed)}/{total}" if total > 1 else "", justify="right")

    class Left(ProgressColumn):
        """How many a second, and how long the rest takes at that."""

        max_refresh = 0.5

        def render(self, task: "Task") -> Shown:
            if not task.total or not task.speed or task.finished:
                return Shown("")
            seconds = int(task.time_remaining or 0)
            left = Text("{rate}/s, encore {time}", "{rate}/s, {time} left")
            return Shown(here(left.fill(rate=f"{task.speed:.0f}", time=f"{seconds // 60}:{seconds % 60:02d}")))

    columns = (TextColumn("{task.description}"), BarColumn(), Count(), TimeElapsedColumn(), Left())
    return Progress(*columns, console=Console(stderr=True), transient=True)
