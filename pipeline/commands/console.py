"""What every command shares: its options, its exit codes, how it says what stopped it, its answer as lines or JSON."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.bilingual import Text, in_language, joined
from pipeline.commands.language import current, given, here, option

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
        raise click.BadParameter(
            here(Text("une date comme 2025-06-30 est attendue.", "a date like 2025-06-30 is expected."))
        ) from None


def read_since(context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    """An ISO date; None where none is given."""
    return None if value is None else read_day(context, parameter, value)


def read_siret(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """A SIRET with its right key, without spaces; None where none is given."""
    if value is None:
        return None
    from stdnum.fr import siret

    if not siret.is_valid(value):
        raise click.BadParameter(
            here(Text("un SIRET a 14 chiffres et une clé juste.", "a SIRET has 14 digits and a right key."))
        )
    return str(siret.compact(value))


workspace_option = option(
    "--workspace",
    "-w",
    "root",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    fr="Espace de travail (sinon ce dossier).",
    help="Workspace (default: this folder).",
)
day_option = option(
    "--as-of",
    "day",
    callback=read_day,
    metavar="DATE",
    fr="Date du passage, 2025-06-30 (sinon aujourd'hui).",
    help="Date of the run, 2025-06-30 (default: today).",
)
json_option = option(
    "--json",
    "as_json",
    is_flag=True,
    fr="Un objet JSON sur la sortie standard, rien d'autre.",
    help="One JSON object on stdout, nothing else.",
)
SIRET: dict[str, Any] = {"metavar": "SIRET", "callback": read_siret}
siret_option = option(
    "--siret", "-s", required=True, **SIRET, fr="SIRET de l'organisme.", help="SIRET of the organisation."
)

_NO_WORKSPACE = Text(
    "{root} n'est pas un espace de travail. Donnez le vôtre : -w DOSSIER. Pour en faire un neuf : dsf init DOSSIER.",
    "{root} is not a workspace. Name yours: -w FOLDER. To make a new one: dsf init FOLDER.",
)
_THIS_FOLDER = Text("Ce dossier", "This folder")
_BUG = Text(
    "erreur interne, à signaler : {what}. Rien n'est perdu.", "internal error, to be reported: {what}. Nothing is lost."
)
_INTERRUPTED = Text(
    "interrompu. Rien n'est perdu : relancez la même commande.",
    "interrupted. Nothing is lost: run the same command again.",
)


@contextmanager
def errors_as_exits() -> Iterator[None]:
    """Turn what stops a command into one sentence and its exit code; no traceback for what is not our fault."""
    from pipeline.errors import Halt, disk_halt, scrubbed
    from pipeline.reference import ExtractError
    from pipeline.settings import SettingError

    try:
        yield
    except SettingError as error:
        _stop(error.args[0], Exit.USAGE)
    except Halt as error:
        _stop(error.args[0], error.exit_code)
    except ExtractError as error:
        _stop(error.args[0], Exit.FAILURE)
    except BrokenPipeError:  # whoever reads stdout has had enough
        sys.exit(Exit.FAILURE)
    except OSError as error:
        _stop(disk_halt(error, "espace de travail").args[0], Exit.FAILURE)
    except click.ClickException:
        raise
    except Exception as error:  # a bug of ours: said without its text, which may quote a cell
        _stop(_BUG.fill(what=scrubbed(error)), Exit.FAILURE)
    except KeyboardInterrupt:
        _stop(_INTERRUPTED, Exit.INTERRUPTED)


def _stop(sentence: str, code: int) -> None:
    click.echo(here(Text("dsf : {said}", "dsf: {said}").fill(said=sentence)), err=True)
    sys.exit(code)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Wrap a verb so that what stops it is said in one sentence."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        with errors_as_exits():
            function(*args, **kwargs)

    return run


def opened(root: Path) -> tuple["Workspace", "Settings"]:
    """The workspace at ``root`` and its settings, in the language of ``--lang``; a usage error for a folder that is none."""
    from pipeline.settings import Settings
    from pipeline.workspace import Workspace

    if not any((root / name).exists() for name in ("inbox", "var", "dsf.toml")):
        folder = _THIS_FOLDER if root == Path() else plain(str(root))
        raise click.UsageError(here(_NO_WORKSPACE.fill(root=folder)))
    return Workspace(root.resolve()), Settings.of(root, langue=given())


def say(lines: Iterable[str]) -> None:
    """Print each line as soon as it is known, in the language of the command."""
    for line in lines:
        click.echo(here(line))


def answer(kind: str, data: Mapping[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    """Say what a command found: as one JSON object with its version, or as lines for a person."""
    if not as_json:
        say(lines)
        return

    sys.stdout.buffer.write(as_object(kind, data))
    sys.stdout.buffer.flush()


def as_object(kind: str, data: Mapping[str, Any]) -> bytes:
    """What ``--json`` prints, in the language of the command."""
    from pipeline import jsonfile

    return jsonfile.dumps(in_language({"version": 1, "type": kind, **data}, current()))


COUNTED = {
    "lues": Text("lues", "read"),
    "acceptees": Text("acceptées", "accepted"),
    "rejetees": Text("rejetées", "rejected"),
    "retenues": Text("retenues", "held"),
    "deja_prises": Text("déjà prises", "already taken"),
}
"""What a run counts of lines and hours, and the name of each in a table."""
_COUNT = {
    "lues": Text("{n} ligne lue||{n} lignes lues", "{n} line read||{n} lines read"),
    "acceptees": Text("{n} acceptée||{n} acceptées", "{n} accepted"),
    "rejetees": Text("{n} rejetée||{n} rejetées", "{n} rejected"),
    "retenues": Text("{n} retenue||{n} retenues", "{n} held"),
    "deja_prises": Text("{n} déjà prise||{n} déjà prises", "{n} already taken"),
}
SHOWN = 20
"""Things listed before the rest is counted."""
OTHERS = Text("et {n} autre||et {n} autres", "and {n} other||and {n} others")


def counted(lines: Mapping[str, int], hours: Mapping[str, str]) -> Text:
    """Lines and hours by verdict in one sentence, ``hours`` with a decimal point or comma; verdicts of no line are left out."""
    part = Text("{count} ({hours} h)", "{count} ({hours} h)")
    return joined(
        part.fill(count=text.fill(n=lines[name]), hours=spent(hours[name]))
        for name, text in _COUNT.items()
        if lines[name] or name == "lues"
    )


def ago(days: int) -> Text:
    """How long ago, in days."""
    if days == 0:
        return Text("aujourd'hui", "today")
    return Text("il y a {n} jour||il y a {n} jours", "{n} day ago||{n} days ago").fill(n=days)


def lasting(seconds: int) -> Text:
    """How long something took: 4 s, 2 min 05 s, 1 h 12 min."""
    if seconds < 60:
        return Text(f"{seconds} s", f"{seconds} s")
    if seconds < 3600:
        return Text(f"{seconds // 60} min {seconds % 60:02} s", f"{seconds // 60} min {seconds % 60:02} s")
    return Text(
        f"{seconds // 3600} h {seconds % 3600 // 60:02} min", f"{seconds // 3600} h {seconds % 3600 // 60:02} min"
    )


_UNITS = (("To", "TB"), ("Go", "GB"), ("Mo", "MB"), ("ko", "kB"))


def size(octets: int) -> Text:
    """Bytes as people say them: 2,4 Go, 2.4 GB."""
    for power, units in zip((4, 3, 2, 1), _UNITS, strict=True):
        if octets >= 1000**power:
            number = f"{octets / 1000**power:.3g}"
            return Text(f"{number.replace('.', ',')} {units[0]}", f"{number} {units[1]}")
    return Text("{n} octet||{n} octets", "{n} byte||{n} bytes").fill(n=octets)


def column(text: str, width: int) -> Text:
    """``text`` with the spaces that make a column of it."""
    return Text(f"{text:<{width}}", f"{in_language(text, 'en'):<{width}}")


def spent(number: str) -> Text:
    """Hours with a decimal point or comma, as each language writes them."""
    return Text(number.replace(".", ","), number.replace(",", "."))


def shown(root: Path, path: str) -> str:
    """A path of the workspace ``root`` so that it opens from here: below this folder from here, elsewhere whole."""
    whole = root / path
    here_now = Path.cwd()
    return plain(str(whole.relative_to(here_now) if whole.is_relative_to(here_now) else whole))


def places(root: Path, what: str, items: Sequence[Mapping[str, str]], most: int = SHOWN) -> Iterator[str]:
    """A line for each path and its reason; beyond ``most`` the rest is counted."""
    line = Text("  {what} : {path} ({why})", "  {what}: {path} ({why})")
    for item in items[:most]:
        yield line.fill(what=what, path=shown(root, item["chemin"]), why=item["raison"])
    if len(items) > most:
        yield Text("  {what} : {rest}", "  {what}: {rest}").fill(what=what, rest=OTHERS.fill(n=len(items) - most))


def plain(text: str) -> str:
    """A name that came from outside, safe on a terminal: what does not print is shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
