"""The progress of a command, on stderr: bars while a person watches, plain lines otherwise. It names no person and no file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pipeline.bilingual import Text
from pipeline.commands.language import here

if TYPE_CHECKING:
    from rich.progress import Progress, Task

Told = Callable[[str, int, int], None]


@contextmanager
def progress() -> Iterator[Told]:
    """What to call with (step, done, of how many); of 0: nobody knows how many, it is at work. Ends with the block."""
    if not sys.stderr.isatty():
        yield _line
        return
    with _bars() as bars:
        tasks = {}

        def tell(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(here(step), total=None)
            bars.update(tasks[step], completed=done, total=total or None)

        yield tell


def _line(step: str, done: int, total: int) -> None:
    """A step that begins is a line, and so is how far it has come."""
    click.echo(f"{here(step)} {done}/{total}" if total else here(step), err=True)


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text as Shown

    class Left(ProgressColumn):
        """How many a second, and how long the rest takes at that."""

        max_refresh = 0.5

        def render(self, task: "Task") -> Shown:
            if not task.total or not task.speed or task.finished:
                return Shown("")
            seconds = int(task.time_remaining or 0)
            left = Text("{rate}/s, encore {time}", "{rate}/s, {time} left")
            return Shown(here(left.fill(rate=f"{task.speed:.0f}", time=f"{seconds // 60}:{seconds % 60:02d}")))

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), Left())
    return Progress(*columns, console=Console(stderr=True), transient=True)
