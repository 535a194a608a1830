"""The ledger and what stands beside it: compared, written again."""

import sys
from pathlib import Path

import click

from pipeline.cli.top import main
from pipeline.commands.console import Exit, answer, command, json_option, opened, say, workspace_option
from pipeline.commands.language import option
from pipeline.commands.progress import progress


@main.command(
    fr="Compare registre, archive, référence et outbox entre eux, par empreintes et par numéros.",
    examples={"dsf verify": ("chaque semaine, et après toute restauration", "every week, and after any restore")},
)
@option(
    "--renew-witness",
    is_flag=True,
    fr="Si tout concorde, refaire le témoin perdu dans outbox/.",
    help="When all is well, write again the witness that was lost in outbox/.",
)
@workspace_option
@json_option
@command
def verify(renew_witness: bool, root: Path, as_json: bool) -> None:
    """Ledger, archive, reference and outbox against each other, by hash and number chain."""
    from pipeline.commands import verify as verb

    workspace, settings = opened(root)
    with progress() as told:
        found = verb.verify(workspace, settings, renew_witness=renew_witness, progress=told)
    answer("verify", found.data(), found.lines(), as_json=as_json)
    if not found.ok:
        sys.exit(Exit.FAILURE)


@main.command(
    fr="Écrit de nouveau une DSF complémentaire depuis le registre, octet pour octet ; n'écrase rien.",
    examples={"dsf reissue 2504000412-C01 -o /tmp": ("ses deux fichiers, dans /tmp", "its two files, in /tmp")},
)
@click.argument("numero")
@option(
    "--output",
    "-o",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    fr="Dossier où écrire (sinon ce dossier).",
    help="Folder to write to (default: this folder).",
)
@workspace_option
@command
def reissue(numero: str, output: Path, root: Path) -> None:
    """One complementary DSF written again from the ledger, byte for byte; writes over nothing."""
    from pipeline.commands import reissue as verb

    workspace, settings = opened(root)
    say(map(str, verb.reissue(workspace, settings, numero, output)))


@main.group("ledger", fr="Le registre : le déplacer.")
def keeping() -> None:
    """The ledger: move it."""


@keeping.command(
    "move",
    fr="Déplace le registre dans une autre base, le compare ligne à ligne, puis ferme l'ancien.",
    examples={
        "dsf ledger move postgresql+psycopg://dsf@base/dsf": ("vers PostgreSQL", "to PostgreSQL"),
        "dsf ledger move sqlite:///var/registre.sqlite": ("de retour dans un fichier", "back into a file"),
    },
)
@click.argument("address", metavar="URL")
@workspace_option
@json_option
@command
def ledger_move(address: str, root: Path, as_json: bool) -> None:
    """Take the ledger to another database, compare it row by row, then close the old one."""
    from pipeline.commands import move as verb
    from pipeline.settings import Settings

    workspace, settings = opened(root)
    address = Settings.of(workspace.root, ledger=address).ledger
    with progress() as told:
        done = verb.move(workspace, settings, address, told)
    answer("ledger move", {"lignes": done.rows, **done.found.data()}, done.lines(), as_json=as_json)
    if not done.found.ok:
        sys.exit(Exit.FAILURE)
