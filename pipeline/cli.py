"""The verbs, nothing else: each parses, calls its own module in ``commands``, and says what came back.

stdout is the answer, stderr the progress. Heavy imports stand inside the verbs, so that ``dsf --help`` answers at once. Each
docstring is a verb's help in English, ``fr`` beside it the same in French.
"""

import sys
from datetime import date
from pathlib import Path

import click

from pipeline import __version__
from pipeline.commands.console import (
    SIRET,
    Exit,
    answer,
    command,
    day_option,
    json_option,
    opened,
    read_day,
    say,
    siret_option,
    workspace_option,
)
from pipeline.commands.language import Option, Verbs, current, here, option
from pipeline.commands.progress import progress

__all__ = ["Exit", "main"]


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

    workspace, _ = opened(root)
    with progress() as told:
        results = verb.load(workspace, paths, force=force, day=day, progress=told)
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
    fr="Essayer de nouveau ce dépôt mis de côté (peut être répété).",
    help="Try this deposit again, which was put aside (may be given again).",
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
    answer("run", data, verb.lines(outcome, workspace.root, dry_run=dry_run), as_json=as_json)
    if outcome.refused_extracts or outcome.owed:
        sys.exit(Exit.FAILURE)
    if fail_on_reject and verb.has_rejections(outcome.view):
        sys.exit(Exit.REJECTIONS)


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


@main.command(
    fr="Ce qui attend, ce qui a été laissé de côté et pourquoi, les derniers passages. Ne prend rien.",
    examples={"dsf status": ("chaque matin", "every morning")},
)
@workspace_option
@json_option
@command
def status(root: Path, as_json: bool) -> None:
    """What waits, what was left and why, last runs. Takes nothing."""
    from pipeline.commands import status as verb

    workspace, settings = opened(root)
    seen = verb.state(workspace, settings)
    answer("status", seen, verb.lines(seen, workspace.root), as_json=as_json)


@main.command(
    fr="L'historique : qui, quand, de quel fichier, quelle feuille et quelle ligne, par quelles règles et quel extrait.",
    examples={
        "dsf history --dsf 2504000412": ("tout ce qui a touché cette DSF", "all that touched this DSF"),
        "dsf history --dsf 2504000412 --absence A17": ("qui a complété cette absence", "who completed this absence"),
        "dsf history --depot 2025-06-30-1a2b3c4d": ("ce qu'un dépôt est devenu", "what became of a deposit"),
    },
)
@option(
    "--dsf", "numero_dsf", metavar="N", default="", fr="Numéro d'une DSF initiale.", help="Number of an initial DSF."
)
@option("--depot", cls=Option, metavar="N", default="", fr="Numéro d'un dépôt.", help="Number of a deposit.")
@option(
    "--absence",
    metavar="N",
    default="",
    fr="Identifiant d'une absence de cette DSF.",
    help="Identifier of an absence of that DSF.",
)
@workspace_option
@json_option
@command
def history(numero_dsf: str, depot: str, absence: str, root: Path, as_json: bool) -> None:
    """The audit trail: who, when, from which file, sheet and row, by which rules and extract."""
    from pipeline.commands import history as verb

    if not (numero_dsf or depot) or (absence and not numero_dsf):
        raise click.UsageError(here(verb.WHICH))
    workspace, settings = opened(root)
    trail = verb.history(workspace, settings, dsf=numero_dsf, depot=depot, absence=absence)
    answer("history", {"depots": trail}, verb.lines(trail), as_json=as_json)


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


@main.command(
    fr="Le catalogue des règles ; avec un code, tout ce qu'une règle dit, sur un exemple.",
    examples={
        "dsf rules": ("toutes, une par ligne", "all, one a line"),
        "dsf rules REF-13": ("une, en entier", "one, whole"),
    },
)
@click.argument("code", required=False)
@json_option
@command
def rules(code: str | None, as_json: bool) -> None:
    """The catalogue of rules; with a code, all that one rule says, on an example."""
    from pipeline.commands import rules as verb

    chosen = verb.chosen(code)
    lines = [line for item in chosen for line in verb.lines(item, current(), whole=code is not None)]
    answer("rules", {"regles": [verb.data(item, current()) for item in chosen]}, lines, as_json=as_json)


if __name__ == "__main__":
    main()
