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


SHELLS = ("bash", "zsh", "fish")


@main.command(
    fr="Écrit de quoi compléter les commandes par la touche Tabulation, à lire par le shell.",
    examples={
        "dsf completion bash": (
            "à mettre dans ~/.local/share/bash-completion/completions/dsf",
            "to be put into ~/.local/share/bash-completion/completions/dsf",
        ),
        "dsf completion fish": (
            "à mettre dans ~/.config/fish/completions/dsf.fish",
            "to be put into ~/.config/fish/completions/dsf.fish",
        ),
    },
)
@click.argument("shell", metavar="SHELL", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what completes commands by the Tab key, for the shell to read."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(main, {}, "dsf", "_DSF_COMPLETE").source())


@main.command(
    fr="Écrit les pages de manuel, en français et en anglais, sous un dossier où man les cherche.",
    examples={"dsf man ~/.local/share/man": ("ensuite : man dsf, man dsf-run", "then: man dsf, man dsf-run")},
)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@command
def man(folder: Path) -> None:
    """Write the manual pages, in French and in English, below a folder where man looks for them."""
    from pipeline.commands import manual

    say(map(str, manual.write(main, folder)))
