"""The one language of a command: its help, its usage errors, its sentences. French, unless something says otherwise.

``--lang`` before or after the verb, else ``DSF_LANGUE``, else ``langue`` in dsf.toml. It is found before anything is parsed, so
that what is wrong with the rest is said in it too. click's own words are in ``CLICK``.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from click import core, exceptions, formatting, parser, types

from pipeline.bilingual import LANGUAGES, Text, said

_current = ContextVar("language", default="fr")
_GIVEN = "dsf.lang"

CLICK = {
    "Usage:": "Usage :",
    "Options": "Options\u00a0",
    "Commands": "Commandes\u00a0",
    "Error: {message}": "Erreur : {message}",
    "Aborted!": "Interrompu.",
    "Show this message and exit.": "Affiche cette aide.",
    "Try '{command} {option}' for help.": "L'aide : {command} {option}",
    "required": "obligatoire",
    "default: {default}": "par défaut : {default}",
    "Invalid value: {message}": "Valeur refusée : {message}",
    "Invalid value for {param_hint}: {message}": "Valeur refusée pour {param_hint} : {message}",
    "Missing argument": "Il manque l'argument",
    "Missing option": "Il manque l'option",
    "Missing command.": "Il manque la commande.",
    "No such option {name!r}.": "Option inconnue : {name}.",
    "No such command {name!r}.": "Commande inconnue : {name}.",
    "Did you mean {possibility}?": "Vouliez-vous dire {possibility} ?",
    "(Did you mean one of: {possibilities}?)": "(Vouliez-vous dire {possibilities} ?)",
    "Got unexpected extra argument ({args})": "Argument en trop : {args}",
    "Got unexpected extra arguments ({args})": "Arguments en trop : {args}",
    "Option {name!r} requires an argument.": "L'option {name} demande une valeur.",
    "Option {name!r} requires {nargs} arguments.": "L'option {name} demande {nargs} valeurs.",
    "Option {name!r} does not take a value.": "L'option {name} ne prend pas de valeur.",
    "Choose from:\n\t{choices}": "Au choix :\n\t{choices}",
    "{value!r} is not {choice}.": "« {value} » : {choice} est attendu.",
    "{value!r} is not one of {choices}.": "« {value} » n'est pas de la liste : {choices}.",
    "{value!r} is not a valid {number_type}.": "« {value} » n'est pas un nombre entier.",
    "{name} {filename!r} does not exist.": "« {filename} » n'existe pas.",
    "{name} {filename!r} is a file.": "« {filename} » est un fichier ; un dossier est attendu.",
    "{name} {filename!r} is a directory.": "« {filename} » est un dossier ; un fichier est attendu.",
    "{name} {filename!r} is not readable.": "« {filename} » ne peut pas être lu : droits manquants.",
    "{name} {filename!r} is not writable.": "« {filename} » ne peut pas être écrit : droits manquants.",
}
"""What click says in English by itself, in French."""


def current() -> str:
    """The language of the command that is running."""
    return _current.get()


def here(text: str) -> str:
    """``text`` in the language of the command that is running."""
    return said(text, current())


def given() -> str | None:
    """The language that ``--lang`` named, None where it was not written."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_GIVEN) if context else None


@contextmanager
def speaking(arguments: Sequence[str]) -> Iterator[None]:
    """Inside, everything is said in the language that ``arguments`` and their workspace choose."""
    with in_that_language(_chosen(arguments)):
        yield


@contextmanager
def in_that_language(language: str) -> Iterator[None]:
    """Inside, everything is said in ``language``, whatever was chosen."""
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)


def _chosen(arguments: Sequence[str]) -> str:
    root = Path(_value(arguments, "--workspace", "-w") or ".")
    for wanted in (_value(arguments, "--lang"), os.environ.get("DSF_LANGUE"), _of_workspace(root)):
        if wanted in LANGUAGES:
            return wanted
    return "fr"


def _value(arguments: Sequence[str], *names: str) -> str | None:
    """What follows the last of ``names`` among ``arguments``, as click would read it."""
    found = None
    for name, after in pairwise([*arguments, None]):
        if name in names:
            found = after
        elif name and name.startswith(f"{names[0]}="):
            found = name.partition("=")[2]
    return found


def _of_workspace(root: Path) -> object:
    """``langue`` of its dsf.toml; what is wrong with that file is said by who reads the settings."""
    try:
        text = (root / "dsf.toml").read_text(encoding="utf-8")
        import tomllib  # not where there is nothing to read

        return tomllib.loads(text).get("langue")
    except (OSError, ValueError):
        return None


def _click(text: str) -> str:
    return CLICK.get(text, text) if current() == "fr" else text


def _click_many(one: str, many: str, count: int) -> str:
    return _click(one if count == 1 else many)


for _module in (core, exceptions, formatting, parser, types):
    # Where click asks gettext, which would want compiled catalogues and the language of the environment.
    _names = vars(_module)
    _names.update({name: said_here for name, said_here in (("_", _click), ("ngettext", _click_many)) if name in _names})


class Option(click.Option):
    """An option with its help in both languages: ``help`` in English, ``fr`` in French."""

    def __init__(self, *arguments: Any, fr: str = "", **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._text = Text(fr, self.help or "")

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Its line in the help."""
        self.help = here(self._text)
        return super().get_help_record(ctx)


option = partial(click.option, cls=Option)
"""`click.option` with its help in both languages."""


def _keep(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta[_GIVEN] = value


_LANG = Option(
    ["--lang"],
    type=click.Choice(LANGUAGES),
    callback=_keep,
    expose_value=False,
    fr="Langue des messages et des rapports (sinon le réglage langue, sinon fr).",
    help="Language of messages and reports (else the setting langue, else fr).",
)
"""Of every command: one for all, for `dsf --help` answers at once."""


class Verb(click.Command):
    """A command with its help in both languages: its docstring in English, ``fr`` in French.

    ``examples``: what one types → what it does, in French and English.
    """

    def __init__(
        self, *arguments: Any, fr: str = "", examples: Mapping[str, tuple[str, str]] | None = None, **settings: Any
    ) -> None:
        super().__init__(*arguments, **settings)
        self._text = Text(fr, self.help or "")
        self.examples = {typed: Text(*texts) for typed, texts in (examples or {}).items()}
        self.params.append(_LANG)

    def said(self) -> str:
        """What it does, in the language of the command that is running."""
        return here(self._text)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What it does."""
        self.help = here(self._text)
        super().format_help_text(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """What it does, in the list of commands: its first sentence, whole."""
        return " ".join(here(self._text).split()).partition(". ")[0].removesuffix(".")

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option that shows the help; click makes it once, whatever the language was then."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = _click("Show this message and exit.")
        return option

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples."""
        if self.examples:
            with formatter.section(here(Text("Exemples\u00a0", "Examples"))):
                formatter.write_dl([(typed, here(text)) for typed, text in self.examples.items()])


class Verbs(Verb, click.Group):
    """A group of commands."""

    command_class = Verb
    group_class = type

    def main(self, args: Sequence[str] | None = None, *arguments: Any, **settings: Any) -> Any:
        """Run what was typed, in the language it asks for."""
        typed = list(sys.argv[1:] if args is None else args)
        with speaking(typed):
            return super().main(typed, *arguments, **settings)
