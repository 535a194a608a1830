"""Beginning: a workspace, a sample."""

from pathlib import Path

import click

from pipeline.cli.top import main
from pipeline.commands.console import command, say
from pipeline.commands.language import option
from pipeline.commands.progress import progress


@main.command(
    fr="Crée un espace de travail : ses dossiers et ses réglages. Ce qui est là reste.",
    examples={
        "dsf init travail": ("dans ./travail", "in ./travail"),
        "dsf init": ("dans ce dossier", "in this folder"),
    },
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@command
def init(folder: Path) -> None:
    """Make a workspace: its folders and its settings. What is there stays."""
    from pipeline.commands.init import create

    say(create(folder))


@main.command(
    fr="Crée un espace d'exemple (extraits et dépôts inventés), le traite deux fois, dit où regarder.",
    examples={"dsf demo": ("dans ./demo", "in ./demo"), "dsf demo essai --seed 7": ("d'autres données", "other data")},
)
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(file_okay=False, path_type=Path))
@option(
    "--seed",
    metavar="N",
    default=1,
    show_default=True,
    fr="Le même nombre donne les mêmes données.",
    help="The same seed makes the same sample.",
)
@command
def demo(folder: Path, seed: int) -> None:
    """Make a sample workspace (made-up extracts and deposits), run it twice, say where to look."""
    from pipeline.commands import demo as verb

    say(verb.demo(folder, seed, progress))
