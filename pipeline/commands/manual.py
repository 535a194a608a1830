"""The manual pages of the program, made of its own help: one of the whole and one of each command, in both languages.

Text in, roff out. What man takes for a request or an escape is data here, and is written so that it stays data.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from pipeline import __version__
from pipeline.bilingual import LANGUAGES, Text
from pipeline.commands.console import Exit
from pipeline.commands.language import Verb, here, in_that_language

NAME, SYNOPSIS, OPTIONS = Text("NOM", "NAME"), Text("SYNOPSIS", "SYNOPSIS"), Text("OPTIONS", "OPTIONS")
DESCRIPTION, EXAMPLES = Text("DESCRIPTION", "DESCRIPTION"), Text("EXEMPLES", "EXAMPLES")
COMMANDS, EXIT, SEE = (
    Text("COMMANDES", "COMMANDS"),
    Text("CODES DE RETOUR", "EXIT STATUS"),
    Text("VOIR AUSSI", "SEE ALSO"),
)
_MANUAL = Text("Manuel de dsf", "Manual of dsf")
_EXITS = {
    Exit.DONE: Text("Fait ; pour run, des lignes rejetées sont normales.", "Done; for run, rejected lines are normal."),
    Exit.FAILURE: Text(
        "Échec, ou il reste quelque chose à reprendre : dsf status dit quoi.",
        "Failure, or something is still owed: dsf status says what.",
    ),
    Exit.USAGE: Text("Commande, réglage, ou pas d'espace de travail ici.", "Command, setting, or no workspace here."),
    Exit.REJECTIONS: Text(
        "Des rejets : check, ou run --fail-on-reject.", "Rejections: check, or run --fail-on-reject."
    ),
    Exit.NO_REFERENCE: Text("Aucun extrait n'est chargé.", "No extract is loaded."),
    Exit.BUSY: Text("Un autre passage est en cours.", "Another run is on."),
    Exit.INTERRUPTED: Text("Interrompu ; rien n'est perdu.", "Interrupted; nothing is lost."),
}


def write(program: click.Group, folder: Path) -> list[Path]:
    """Write every page below ``folder``, where man looks for it: ``fr/man1`` and, in English, ``man1``."""
    written = []
    for language in LANGUAGES:
        place = folder / "man1" if language == "en" else folder / language / "man1"
        place.mkdir(parents=True, exist_ok=True)
        with in_that_language(language):
            for name, page in pages(program):
                path = place / f"{name}.1"
                path.write_text(page, encoding="utf-8")
                written.append(path)
    return written


def pages(program: click.Group) -> Iterator[tuple[str, str]]:
    """Each page in the language that is spoken: its name, such as ``dsf-extract-load``, and its roff."""
    every = list(_commands(program, click.Context(program, info_name="dsf", **program.context_settings)))
    names = [_page_name(context) for _, context in every]
    for command, context in every:
        yield _page_name(context), "\n".join(_page(command, context, names)) + "\n"


def _commands(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, context
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _commands(inner, click.Context(inner, info_name=name, parent=context, **inner.context_settings))


def _page_name(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


def _page(command: click.Command, context: click.Context, names: Sequence[str]) -> Iterator[str]:
    name = _page_name(context)
    assert isinstance(command, Verb)
    yield f'.TH "{_quoted(name.upper())}" 1 "" "dsf {__version__}" "{_quoted(here(_MANUAL))}"'
    yield from (_section(NAME), f"{_text(name)} \\- {_text(command.get_short_help_str())}")
    pieces = " ".join(command.collect_usage_pieces(context))
    yield from (_section(SYNOPSIS), f"\\fB{_text(context.command_path)}\\fR {_text(pieces)}")
    yield from (_section(DESCRIPTION), _text(" ".join(command.said().split())))
    if isinstance(command, click.Group):
        yield from _pairs(COMMANDS, [(n, inner.get_short_help_str()) for n, inner in command.commands.items()])
    records = (parameter.get_help_record(context) for parameter in command.get_params(context))
    yield from _pairs(OPTIONS, [record for record in records if record])
    yield from _pairs(EXAMPLES, [(typed, here(text)) for typed, text in command.examples.items()])
    if context.parent is None:
        yield from _pairs(EXIT, [(str(code.value), here(text)) for code, text in _EXITS.items()])
    near = _near(name, names)
    yield from (_section(SEE), ", ".join(f"\\fB{_text(other)}\\fR(1)" for other in near))


def _near(name: str, names: Sequence[str]) -> list[str]:
    """The pages of its commands, else those of its group; the whole last."""
    inside = [other for other in names if other.startswith(f"{name}-")]
    beside = [other for other in names if other != name and other.rpartition("-")[0] == name.rpartition("-")[0]]
    above = [] if name == "dsf" else ["dsf"]
    return [*(inside or beside), *above]


def _section(title: Text) -> str:
    return f'.SH "{_quoted(here(title))}"'


def _pairs(title: Text, pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    if pairs:
        yield _section(title)
    for term, meaning in pairs:
        yield from (".TP", f"\\fB{_text(term)}\\fR", _text(" ".join(meaning.split())))


_AS_IT_IS = str.maketrans(
    {
        **{"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "~": "\\(ti", "^": "\\(ha"},
        **{"\u00a0": "\\ ", "\u202f": "\\ "},
    }
)
"""What roff would show otherwise than it is typed."""


def _text(text: str) -> str:
    """One line of running text: neither an escape, nor, at its start, a request."""
    plain = text.translate(_AS_IT_IS)
    return f"\\&{plain}" if plain.startswith(".") else plain


def _quoted(text: str) -> str:
    return _text(text).replace('"', "\\(dq")
