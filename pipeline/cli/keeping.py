"""The ledger and what stands beside it: compared, written again, judged again."""

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
    read_since,
    say,
    workspace_option,
)
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
    from pipeline import journal
    from pipeline.commands import verify as verb

    workspace, settings = opened(root)
    with journal.opened(workspace, settings), journal.ending("verification_arretee"), progress() as told:
        found = verb.verify(workspace, settings, renew_witness=renew_witness, progress=told)
        journal.note("verification_finie", conforme=found.ok)
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
    fr="Sauvegarde registre, originaux, référence et réglages dans un dossier, même pendant un passage. Ce qui y est déjà n'est "
    "pas copié de nouveau.",
    examples={
        "dsf backup /mnt/sauvegarde": ("chaque nuit, sur un autre disque", "every night, on another disk"),
        "dsf backup /mnt/sauvegarde --keep 30": ("et seulement les trente dernières", "and the last thirty only"),
    },
)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@option(
    "--keep",
    "most",
    metavar="N",
    type=click.IntRange(min=1),
    default=None,
    fr="Ne garder que les N dernières sauvegardes de ce dossier (sinon toutes).",
    help="Keep only the last N backups of this folder (default: all).",
)
@workspace_option
@json_option
@command
def backup(folder: Path, most: int | None, root: Path, as_json: bool) -> None:
    """Back up ledger, originals, reference and settings into a folder, even while a run is on. What is there already is not
    copied again."""
    from pipeline import journal
    from pipeline.commands import backup as verb

    workspace, settings = opened(root)
    with journal.opened(workspace, settings), journal.ending("sauvegarde_arretee"), progress() as told:
        done = verb.back_up(workspace, settings, folder, most=most or 0, progress=told)
        journal.note("sauvegarde_finie", conforme=done.ok, octets=done.saved.octets)
    answer("backup", done.data(), done.lines(), as_json=as_json)
    if not done.ok:
        sys.exit(Exit.FAILURE)


@main.command(
    fr="Refait un espace de travail d'une sauvegarde, dans un dossier qui n'a pas de var/, et dit comment reprendre.",
    examples={
        "dsf restore /mnt/sauvegarde travail": ("la dernière, dans ./travail", "the last one, into ./travail"),
        "dsf restore /mnt/sauvegarde/000012-2026-11-30-1a2b3c4d.json copie": (
            "celle-ci, pour essayer",
            "this one, to try",
        ),
    },
)
@click.argument("given", metavar="BACKUP", type=click.Path(exists=True, path_type=Path))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@json_option
@command
def restore(given: Path, folder: Path, as_json: bool) -> None:
    """Make a workspace of a backup again, in a folder without var/, and say how to go on."""
    from pipeline.commands import restore as verb

    with progress() as told:
        done = verb.restore(given, folder, told)
    answer("restore", done.data(), done.lines(), as_json=as_json)
    if not done.ok:
        sys.exit(Exit.FAILURE)


@main.command(
    fr="Efface les données personnelles dont le délai de conservation est passé ; ce qui a été complété reste reconnu.",
    examples={
        "dsf purge --dry-run": ("pour voir : ce qui serait effacé", "to see: what would be erased"),
        "dsf purge": ("chaque mois", "every month"),
    },
)
@option(
    "--dry-run",
    is_flag=True,
    fr="Compter seulement : rien n'est effacé.",
    help="Only count: nothing is erased.",
)
@day_option
@workspace_option
@json_option
@command
def purge(dry_run: bool, day: date, root: Path, as_json: bool) -> None:
    """Erase personal data past its keeping time; what was completed stays known."""
    from pipeline.commands import purge as verb

    workspace, settings = opened(root)
    with progress() as told:
        done = verb.purge(workspace, settings, day, told, dry_run=dry_run)
    answer("purge", done.data(), done.lines(), as_json=as_json)


@main.command(
    fr="Juge de nouveau les dépôts archivés avec les règles d'aujourd'hui : quels verdicts changeraient ; rien n'est enregistré.",
    examples={
        "dsf replay": ("tout, avant de mettre une version en service", "all of it, before a version is put to use"),
        "dsf replay --since 2026-01-01": ("les passages de cette année", "the runs of this year"),
    },
)
@option(
    "--since",
    callback=read_since,
    metavar="DATE",
    fr="Seulement les passages à partir de ce jour, 2025-06-30 (sinon tous).",
    help="Only the runs from this day on, 2025-06-30 (default: all).",
)
@workspace_option
@json_option
@command
def replay(since: date | None, root: Path, as_json: bool) -> None:
    """Judge archived deposits again by the rules of today: which verdicts would change; nothing is recorded."""
    from pipeline.commands import replay as verb

    workspace, settings = opened(root)
    with progress() as told:
        found = verb.replayed(workspace, settings, since, told)
    answer("replay", verb.data(found, since), verb.lines(found), as_json=as_json)
    if found.exit:
        sys.exit(found.exit)


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
