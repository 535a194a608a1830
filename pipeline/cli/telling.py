"""What people ask: what waits, what became of it, what a rule says."""

from pathlib import Path

import click

from pipeline.cli.top import main
from pipeline.commands.console import answer, command, json_option, opened, workspace_option
from pipeline.commands.language import Option, current, here, option


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
