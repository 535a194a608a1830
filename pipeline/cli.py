"""The verbs, nothing else: each parses, calls its own module in ``commands``, and says what came back.

stdout is the answer, stderr the progress. Heavy imports stand inside the verbs, so that ``dsf --help`` answers at once.
"""

import sys
from datetime import date
from pathlib import Path

import click

from pipeline import __version__
from pipeline.commands.console import (
    Exit,
    answer,
    command,
    day_option,
    json_option,
    opened,
    progress,
    read_day,
    siret_option,
    workspace_option,
)

__all__ = ["Exit", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dsf")
def main() -> None:
    """DSF complémentaires: what training bodies declare late, checked and emitted once."""


@main.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@command
def init(folder: Path) -> None:
    """Make a workspace."""
    from pipeline.commands.init import create

    for line in create(folder):
        click.echo(line)


@main.command()
@click.argument("folder", metavar="[DIR]", default="demo", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same workspace.")
@command
def demo(folder: Path, seed: int) -> None:
    """Make a realistic workspace with sample extracts and deposits, run it, say where to look."""
    from pipeline.commands import demo as verb

    for line in verb.demo(folder, seed, progress()):
        click.echo(line)


@main.group()
def extract() -> None:
    """Initial DSF extracts: load, list, show."""


@extract.command("load")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--force", is_flag=True, help="Load even an extract that EXT-30, EXT-31 or EXT-32 refuses.")
@day_option
@workspace_option
@json_option
@command
def extract_load(paths: tuple[Path, ...], force: bool, day: date, root: Path, as_json: bool) -> None:
    """Load extracts (default: those in inbox/extraits/)."""
    from pipeline.commands import extract as verb

    workspace, _ = opened(root)
    results = verb.load(workspace, paths, force=force, day=day)
    answer("extract load", verb.loads_data(results), verb.loads_lines(results), as_json=as_json)
    if any(result.error for result in results):
        sys.exit(Exit.FAILURE)


@extract.command("list")
@workspace_option
@json_option
@command
def extract_list(root: Path, as_json: bool) -> None:
    """The extracts loaded so far, oldest first."""
    from pipeline import reference
    from pipeline.commands import extract as verb

    workspace, _ = opened(root)
    loads = reference.open(workspace).loads()
    lines = [verb.load_line(item) for item in loads] or ["Aucun extrait chargé."]
    answer("extract list", {"extraits": [verb.load_data(item) for item in loads]}, lines, as_json=as_json)


@extract.command("show")
@click.argument("numero")
@workspace_option
@json_option
@command
def extract_show(numero: str, root: Path, as_json: bool) -> None:
    """What the extracts say of one DSF."""
    from pipeline import reference
    from pipeline.commands import extract as verb

    workspace, _ = opened(root)
    facts = reference.open(workspace).show(numero)
    if facts.dsf.empty:
        click.echo("Aucun extrait chargé ne contient cette DSF.", err=True)
        sys.exit(Exit.FAILURE)
    answer("extract show", verb.dsf_data(facts), verb.dsf_lines(facts), as_json=as_json)


@main.command()
@click.option(
    "--dry-run", is_flag=True, help="Do everything in a throwaway double: nothing is recorded, moved or emitted."
)
@day_option
@click.option(
    "--retry",
    "paths",
    multiple=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Try this deposit again, which was put aside (may be given again).",
)
@click.option("--fail-on-reject", is_flag=True, help="End with 3 when a line or a file was rejected.")
@workspace_option
@json_option
@command
def run(dry_run: bool, day: date, paths: tuple[Path, ...], fail_on_reject: bool, root: Path, as_json: bool) -> None:
    """Load waiting extracts, process every ready deposit, emit, report."""
    from pipeline.commands import dry_run as double
    from pipeline.commands import run as verb
    from pipeline.run import run as do

    workspace, settings = opened(root)
    try:
        retry = verb.retried(workspace, settings, paths)
    except verb.NotAside as error:
        raise click.UsageError(str(error)) from None
    if dry_run:
        with double.double(workspace, settings) as copy:
            outcome = do(copy, double.for_double(settings), day, progress(), retry=retry)
    else:
        outcome = do(workspace, settings, day, progress(), retry=retry)
    answer("run", verb.data(outcome, dry_run=dry_run), verb.lines(outcome, dry_run=dry_run), as_json=as_json)
    if outcome.refused_extracts or outcome.owed:
        sys.exit(Exit.FAILURE)
    if fail_on_reject and verb.has_rejections(outcome.view):
        sys.exit(Exit.REJECTIONS)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@siret_option
@day_option
@workspace_option
@click.option("--lang", type=click.Choice(["fr", "en"]), help="Language of the findings.")
@json_option
@command
def check(file: Path, siret: str, day: date, root: Path, lang: str | None, as_json: bool) -> None:
    """Validate one file; nothing is recorded."""
    from pipeline.commands import check as verb

    workspace, settings = opened(root, langue=lang)
    report = verb.check(workspace, settings, file, siret, day)
    answer("check", report, verb.lines(report), as_json=as_json)
    if report["etat"] == "refuse" or report["comptes"]["rejetees"]:
        sys.exit(Exit.REJECTIONS)


@main.command()
@siret_option
@click.option("--dsf", "numeros", multiple=True, help="Only this DSF (may be given again).")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to write (default: dsf-<SIRET>.xlsx).")
@day_option
@workspace_option
@command
def template(siret: str, numeros: tuple[str, ...], output: Path | None, day: date, root: Path) -> None:
    """Workbook for an organisation, prefilled, with drop-down lists."""
    from pipeline.commands.template import prefilled

    workspace, settings = opened(root)
    path = output or Path(f"dsf-{siret}.xlsx")
    path.write_bytes(prefilled(workspace, settings, siret, numeros or None, day))
    click.echo(str(path))


@main.command()
@click.argument("numero")
@click.option("--kairos", default="", metavar="N", help="Number that Kairos gave it.")
@click.option("--on", "day", callback=read_day, metavar="DATE", help="Day on which it was typed (default: today).")
@workspace_option
@json_option
@command
def entered(numero: str, kairos: str, day: date, root: Path, as_json: bool) -> None:
    """This complement has been typed into Kairos."""
    from pipeline.commands import entered as verb

    workspace, settings = opened(root)
    done = verb.enter(workspace, settings, numero, kairos, day)
    answer("entered", done, verb.lines(done), as_json=as_json)


@main.command()
@workspace_option
@json_option
@command
def status(root: Path, as_json: bool) -> None:
    """What waits, what was left and why, last runs."""
    from pipeline.commands import status as verb

    workspace, settings = opened(root)
    seen = verb.state(workspace, settings)
    answer("status", seen, verb.lines(seen), as_json=as_json)


@main.command()
@click.option("--dsf", "numero_dsf", default="", help="Number of an initial DSF.")
@click.option("--depot", default="", help="Number of a deposit.")
@click.option("--absence", default="", help="Identifier of an absence of that DSF.")
@workspace_option
@json_option
@command
def history(numero_dsf: str, depot: str, absence: str, root: Path, as_json: bool) -> None:
    """The audit trail: who, when, from which file, sheet and row, by which rules and extract."""
    from pipeline.commands import history as verb

    if not (numero_dsf or depot) or (absence and not numero_dsf):
        raise click.UsageError("donnez --dsf ou --depot ; --absence va avec --dsf.")
    workspace, settings = opened(root)
    trail = verb.history(workspace, settings, dsf=numero_dsf, depot=depot, absence=absence)
    answer("history", {"depots": trail}, verb.lines(trail), as_json=as_json)


@main.command()
@click.option(
    "--renew-witness", is_flag=True, help="When all is well, write again the witness that was lost in outbox/."
)
@workspace_option
@json_option
@command
def verify(renew_witness: bool, root: Path, as_json: bool) -> None:
    """Ledger, archive and outbox against each other, by hash and number chain."""
    from pipeline.commands import verify as verb

    workspace, settings = opened(root)
    found = verb.verify(workspace, settings, renew_witness=renew_witness)
    answer("verify", found.data(), found.lines(), as_json=as_json)
    if not found.ok:
        sys.exit(Exit.FAILURE)


@main.command()
@click.argument("numero")
@click.option(
    "--output", "-o", type=click.Path(file_okay=False, path_type=Path), default=".", help="Folder to write to."
)
@workspace_option
@command
def reissue(numero: str, output: Path, root: Path) -> None:
    """One complementary DSF written again from the ledger, byte for byte; never on its own."""
    from pipeline.commands import reissue as verb

    workspace, settings = opened(root)
    for path in verb.reissue(workspace, settings, numero, output):
        click.echo(str(path))


@main.command()
@click.argument("code", required=False)
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr")
@json_option
@command
def rules(code: str | None, lang: str, as_json: bool) -> None:
    """The catalogue of rules."""
    from pipeline.commands import rules as verb
    from schemas.rules import CATALOGUE

    if code and code.upper() not in CATALOGUE:
        raise click.UsageError(f"règle inconnue : {code}. `dsf rules` les liste toutes.")
    chosen = [CATALOGUE[code.upper()]] if code else list(CATALOGUE.values())
    lines = [line for item in chosen for line in verb.lines(item, lang, whole=code is not None)]
    answer("rules", {"regles": [verb.data(item, lang) for item in chosen]}, lines, as_json=as_json)


if __name__ == "__main__":
    main()
