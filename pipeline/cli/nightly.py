"""What runs each night and what it needs: extracts, the run, what was typed."""

import sys
from datetime import date
from pathlib import Path

import click

from pipeline.cli.top import main
from pipeline.commands.console import (
    Exit,
    answer,
    command,
    day_option,
    json_option,
    opened,
    read_day,
    workspace_option,
)
from pipeline.commands.language import here, option
from pipeline.commands.progress import progress


@main.group(fr="Extraits des DSF initiales : charger, lister, montrer.")
def extract() -> None:
    """Initial DSF extracts: load, list, show."""


@extract.command(
    "load",
    fr="Charge des extraits, par défaut ceux de inbox/extraits/. dsf run le fait aussi.",
    examples={
        "dsf extract load": ("ceux qui attendent", "those that wait"),
        "dsf extract load ~/kairos/mars.xlsx": (
            "un classeur d'ailleurs, qui y reste",
            "a workbook from elsewhere, which stays",
        ),
    },
)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@option(
    "--force",
    is_flag=True,
    fr="Charge même ce que refusent EXT-30, EXT-31 ou EXT-32.",
    help="Load even an extract that EXT-30, EXT-31 or EXT-32 refuses.",
)
@day_option
@workspace_option
@json_option
@command
def extract_load(paths: tuple[Path, ...], force: bool, day: date, root: Path, as_json: bool) -> None:
    """Load extracts, by default those in inbox/extraits/. dsf run does so as well."""
    from pipeline.commands import extract as verb

    workspace, settings = opened(root)
    with progress() as told:
        results = verb.load(workspace, paths, force=force, day=day, progress=told, settings=settings)
    data = verb.loads_data(results)
    answer("extract load", data, verb.loads_lines(results, looked=not paths), as_json=as_json)
    if any(result.error for result in results):
        sys.exit(Exit.FAILURE)


@extract.command(
    "list",
    fr="Les extraits déjà chargés, du premier au dernier.",
    examples={"dsf extract list": ("leurs noms, leurs dates", "their names, their dates")},
)
@workspace_option
@json_option
@command
def extract_list(root: Path, as_json: bool) -> None:
    """The extracts loaded so far, oldest first."""
    from pipeline import reference
    from pipeline.commands import extract as verb

    workspace, _ = opened(root)
    loads = reference.open(workspace).loads()
    lines = [verb.load_line(item) for item in loads] or [verb.NONE]
    answer("extract list", {"extraits": [verb.load_data(item) for item in loads]}, lines, as_json=as_json)


@extract.command(
    "show",
    fr="Ce que les extraits disent d'une DSF.",
    examples={
        "dsf extract show 2504000412": ("ses dates, son statut, ses totaux", "its dates, its status, its totals")
    },
)
@click.argument("numero")
@workspace_option
@json_option
@command
def extract_show(numero: str, root: Path, as_json: bool) -> None:
    """What the extracts say of one DSF."""
    from pipeline.commands import extract as verb

    workspace, _ = opened(root)
    facts = verb.show(workspace, numero)
    answer("extract show", verb.dsf_data(facts), verb.dsf_lines(facts), as_json=as_json)


@main.command(
    fr="Charge les extraits qui attendent, traite chaque dépôt prêt, émet, rend compte.",
    examples={
        "dsf run": ("le passage de la nuit", "the nightly run"),
        "dsf run --dry-run": ("pour voir : rien n'est enregistré ni émis", "to see: nothing is recorded nor emitted"),
        "dsf run --json": (
            "pour un script : retours, compteurs, ce qui reste à reprendre",
            "for a script: returns, counts, what is owed",
        ),
    },
)
@option(
    "--dry-run",
    is_flag=True,
    fr="Tout faire dans un double jetable : rien n'est enregistré, déplacé ni émis.",
    help="Do everything in a throwaway double: nothing is recorded, moved or emitted.",
)
@day_option
@option(
    "--retry",
    "paths",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    fr="Essayer de nouveau ce dépôt mis de côté, ou ce dossier de l'outbox jamais reçu (peut être répété).",
    help="Try again this deposit that was put aside, or this folder of the outbox that never arrived (may be given again).",
)
@option(
    "--fail-on-reject",
    is_flag=True,
    fr="Finir par 3 si une ligne ou un fichier est rejeté.",
    help="End with 3 when a line or a file was rejected.",
)
@workspace_option
@json_option
@command
def run(dry_run: bool, day: date, paths: tuple[Path, ...], fail_on_reject: bool, root: Path, as_json: bool) -> None:
    """Load waiting extracts, process every ready deposit, emit, report."""
    from pipeline.commands import run as verb

    workspace, settings = opened(root)
    retry = verb.retried(workspace, settings, paths)
    with progress() as told:
        outcome = verb.run(workspace, settings, day, told, retry=retry, dry_run=dry_run)
    data = verb.data(outcome, dry_run=dry_run)
    if not (dry_run or verb.tell_command(workspace, settings, data)):
        click.echo(here(verb.NOT_TOLD), err=True)
    answer("run", data, verb.lines(outcome, workspace.root, dry_run=dry_run), as_json=as_json)
    if outcome.refused_extracts or outcome.owed:
        sys.exit(Exit.FAILURE)
    if fail_on_reject and verb.has_rejections(outcome.view):
        sys.exit(Exit.REJECTIONS)


@main.command(
    fr="La même chose que dsf run, chaque fois qu'un dépôt, un extrait ou une liste est au repos ; jusqu'à ce qu'on l'arrête.",
    examples={"dsf watch -w /srv/dsf/travail": ("un service, toute l'année", "a service, all year round")},
)
@workspace_option
@command
def watch(root: Path) -> None:
    """The same as dsf run, each time a deposit, an extract or a list has settled; until it is stopped."""
    from pipeline.commands import watch as verb

    opened(root)
    verb.Watch(root).go_on()


@main.command(
    fr="Note qu'une DSF complémentaire a été saisie dans Kairos.",
    examples={"dsf entered 2504000412-C01 --kairos 88123": ("saisie aujourd'hui", "typed today")},
)
@click.argument("numero")
@option("--kairos", default="", metavar="N", fr="Numéro que Kairos lui a donné.", help="Number that Kairos gave it.")
@option(
    "--on",
    "day",
    callback=read_day,
    metavar="DATE",
    fr="Jour de la saisie (sinon aujourd'hui).",
    help="Day on which it was typed (default: today).",
)
@workspace_option
@json_option
@command
def entered(numero: str, kairos: str, day: date, root: Path, as_json: bool) -> None:
    """This complement has been typed into Kairos."""
    from pipeline.commands import entered as verb

    workspace, settings = opened(root)
    done = verb.enter(workspace, settings, numero, kairos, day)
    answer("entered", done, verb.lines(done), as_json=as_json)
