"""Files for an organisation, and from one: the template, one deposit checked."""

import sys
from datetime import date
from pathlib import Path

import click

from pipeline.cli.top import main
from pipeline.commands.console import (
    SIRET,
    Exit,
    answer,
    command,
    day_option,
    json_option,
    opened,
    say,
    siret_option,
    workspace_option,
)
from pipeline.commands.language import here, option
from pipeline.commands.progress import progress


@main.command(
    fr="Vérifie un fichier comme s'il était déposé maintenant ; rien n'est enregistré.",
    examples={"dsf check mars.xlsx --siret 73282932000074": ("constat par constat", "finding by finding")},
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@siret_option
@day_option
@workspace_option
@json_option
@command
def check(file: Path, siret: str, day: date, root: Path, as_json: bool) -> None:
    """Validate one file as if it were dropped now; nothing is recorded."""
    from pipeline.commands import check as verb

    workspace, settings = opened(root)
    report = verb.check(workspace, settings, file, siret, day)
    answer("check", report, verb.lines(report), as_json=as_json)
    if report["etat"] == "refuse" or report["comptes"]["rejetees"]:
        sys.exit(Exit.REJECTIONS)


@main.command(
    fr="Le classeur d'un organisme, prérempli, avec des listes déroulantes. Seule cette commande refait les modèles de "
    "l'outbox : dsf run n'y touche pas.",
    examples={
        "dsf template --siret 73282932000074": ("un classeur, dans ce dossier", "one workbook, in this folder"),
        "dsf template --all": ("un pour chacun, dans outbox/<SIRET>/", "one for each, in outbox/<SIRET>/"),
    },
)
@option("--siret", "-s", **SIRET, fr="SIRET de l'organisme.", help="SIRET of the organisation.")
@option(
    "--all",
    "every",
    is_flag=True,
    fr="Un modèle pour chaque organisme qui a de quoi compléter, dans son outbox.",
    help="A template for each organisation that has something to complete, in its outbox.",
)
@option(
    "--dsf",
    "numeros",
    metavar="N",
    multiple=True,
    fr="Seulement cette DSF (peut être répété).",
    help="Only this DSF (may be given again).",
)
@option(
    "--output",
    "-o",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    fr="Fichier à écrire (sinon dsf-<SIRET>.xlsx).",
    help="File to write (default: dsf-<SIRET>.xlsx).",
)
@day_option
@workspace_option
@command
def template(
    siret: str | None, every: bool, numeros: tuple[str, ...], output: Path | None, day: date, root: Path
) -> None:
    """Workbook for an organisation, prefilled, with drop-down lists. Only this command makes the templates of the outbox
    again: dsf run leaves them alone."""
    from pipeline.commands import template as verb

    if every == (siret is not None) or (every and (numeros or output)):
        raise click.UsageError(here(verb.ONE_OR_ALL))
    workspace, settings = opened(root)
    if siret is None:
        with progress() as told:
            done = verb.for_all(workspace, settings, day, told)
        say(verb.all_lines(workspace.root, done))
        if done.blocked:
            sys.exit(Exit.FAILURE)
        return
    path = output or Path(f"dsf-{siret}.xlsx")
    path.write_bytes(verb.prefilled(workspace, settings, siret, numeros or None, day))
    click.echo(str(path))
