"""What every command shares: its options, its exit codes, how it says what stopped it, its progress and its JSON."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.workspace import Workspace


class Exit(IntEnum):
    """What a command ends with (contract §8)."""

    DONE = 0
    FAILURE = 1
    USAGE = 2
    REJECTIONS = 3
    NO_REFERENCE = 4
    BUSY = 5
    INTERRUPTED = 130


def read_day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> date:
    """An ISO date, today where none is given."""
    if value is None:
        return date.today()
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("une date comme 2025-06-30 est attendue.") from None


def read_siret(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A SIRET with its right key, without spaces."""
    from stdnum.fr import siret

    if not siret.is_valid(value):
        raise click.BadParameter("un SIRET a 14 chiffres et une clé juste.")
    return str(siret.compact(value))


workspace_option = click.option(
    "--workspace",
    "-w",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="Workspace (default: this folder).",
)
day_option = click.option("--as-of", "day", callback=read_day, metavar="DATE", help="Date of the run (default: today).")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")
siret_option = click.option("--siret", "-s", required=True, callback=read_siret, help="SIRET of the organisation.")


@contextmanager
def errors_as_exits() -> Iterator[None]:
    """Turn what stops a command into one sentence and its exit code; no traceback for what is not our fault."""
    from pipeline.errors import Halt, disk_halt, scrubbed
    from pipeline.reference import ExtractError
    from pipeline.settings import SettingError

    try:
        yield
    except SettingError as error:
        click.echo(f"dsf : {error}", err=True)
        sys.exit(Exit.USAGE)
    except Halt as error:
        click.echo(f"dsf : {error}", err=True)
        sys.exit(error.exit_code)
    except ExtractError as error:
        click.echo(f"dsf : {error}", err=True)
        sys.exit(Exit.FAILURE)
    except BrokenPipeError:  # whoever reads stdout has had enough
        sys.exit(Exit.FAILURE)
    except OSError as error:
        click.echo(f"dsf : {disk_halt(error, 'espace de travail')}", err=True)
        sys.exit(Exit.FAILURE)
    except click.ClickException:
        raise
    except Exception as error:  # a bug of ours: said without its text, which may quote a cell
        click.echo(f"dsf : erreur interne, à signaler : {scrubbed(error)}. Rien n'est perdu.", err=True)
        sys.exit(Exit.FAILURE)
    except KeyboardInterrupt:
        click.echo("dsf : interrompu. Rien n'est perdu : relancez la même commande.", err=True)
        sys.exit(Exit.INTERRUPTED)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Wrap a verb so that what stops it is said in one sentence."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        with errors_as_exits():
            function(*args, **kwargs)

    return run


def opened(root: Path, **options: object) -> tuple["Workspace", "Settings"]:
    """The workspace at ``root`` and its settings; a usage error for a folder that is none."""
    from pipeline.settings import Settings
    from pipeline.workspace import Workspace

    if not any((root / name).exists() for name in ("inbox", "var", "dsf.toml")):
        raise click.UsageError(f"{root} n'est pas un espace de travail ; dsf init {root} en fait un.")
    return Workspace(root.resolve()), Settings.of(root, **options)


def progress() -> Callable[[str, int, int], None]:
    """A bar when a person watches, plain lines otherwise; always on stderr."""
    if not sys.stderr.isatty():
        return lambda step, done, total: click.echo(f"{step} {done}/{total}", err=True)
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    tasks: dict[str, Any] = {}

    def advance(step: str, done: int, total: int) -> None:
        if not tasks:
            bar.start()
        if step not in tasks:
            tasks[step] = bar.add_task(step, total=total)
        bar.update(tasks[step], completed=done, total=total)
        if done >= total and all(bar.tasks[task].finished for task in tasks.values()):
            bar.stop()

    return advance


def answer(kind: str, data: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    """Say what a command found: as one JSON object with its version, or as lines for a person."""
    if not as_json:
        click.echo("\n".join(lines))
        return

    from pipeline import jsonfile

    sys.stdout.buffer.write(jsonfile.dumps({"version": 1, "type": kind, **data}))
    sys.stdout.buffer.flush()


COUNTED = {
    "lues": "lues",
    "acceptees": "acceptées",
    "rejetees": "rejetées",
    "retenues": "retenues",
    "deja_prises": "déjà prises",
}
"""What a run counts of lines and hours, and how it is said."""
SHOWN = 20
"""Things listed before the rest is counted."""


def places(what: str, items: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """A line for each path and its reason; beyond ``SHOWN`` the rest is counted."""
    for item in items[:SHOWN]:
        yield f"  {what} : {plain(item['chemin'])} ({item['raison']})"
    if len(items) > SHOWN:
        yield f"  {what} : et {len(items) - SHOWN} autres"


def plain(text: str) -> str:
    """A name that came from outside, safe on a terminal: what does not print is shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
