"""The command itself, to which the other files add their verbs."""

import click

from pipeline import __version__
from pipeline.commands.language import Option, Verbs


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    fr="DSF complémentaires : ce que les organismes déclarent après coup, vérifié et émis une seule fois.",
    examples={
        "dsf demo": ("tout, sur des données inventées", "all of it, on made-up data"),
        "dsf init travail": ("un espace de travail dans ./travail", "a workspace in ./travail"),
        "dsf run -w travail": (
            "chaque nuit : lire, vérifier, émettre, rendre compte",
            "nightly: read, check, emit, report",
        ),
        "dsf status -w travail": ("ce qui attend, et pourquoi", "what waits, and why"),
    },
)
@click.version_option(
    __version__,
    cls=Option,
    prog_name="dsf",
    message="%(prog)s %(version)s",
    fr="Affiche la version.",
    help="Show the version and exit.",
)
def main() -> None:
    """DSF complémentaires: what training bodies declare late, checked and emitted once."""
