"""Writes docs/rules.md: every rule with what its report says in the demo. `python -m docs.make_rules`."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.settings import PROTECTED
from pipeline.workspace import Workspace
from schemas.rule import REJECTS, Rule
from schemas.rules import CATALOGUE, RULES_VERSION

PAGE = Path(__file__).parent / "rules.md"
FAMILIES = {
    "FIC": "Le fichier entier est refusé",
    "LIG": "La ligne est fausse en elle-même",
    "REF": "La ligne ne va pas avec la DSF initiale",
    "DBL": "La ligne est en double",
    "AVT": "Avertissements : la ligne passe, mais regardez",
}
INTRODUCTION = """\
# Les règles

Chaque constat d'un rapport porte un code, le dernier mot de sa ligne. Voici toutes les règles, avec pour chacune ce que dit le
rapport sur un exemple (données inventées). Cette page est produite par `python -m docs.make_rules` à partir de la démonstration ;
une règle s'écrit dans `schemas/rules/`.

Une ligne **rejetée** ne part pas. Un **avertissement** la laisse partir. L'opérateur peut changer la sévérité d'une règle
(réglage `[severites]`), sauf pour celles marquées 🔒, qui protègent ce qui ne peut être défait.
"""


def examples(workspace: Workspace) -> dict[str, Mapping[str, Any]]:
    """By code, the finding that shows most (cell, value, what is expected) among the reports of a workspace.

    The same reports give the same findings.
    """
    found: dict[str, tuple[tuple[int, str], Mapping[str, Any]]] = {}
    for path in sorted(workspace.outbox.glob("*/retours/*/rapport.json")):
        for finding in json.loads(path.read_text("utf-8"))["constats"]:
            rank = (-sum(bool(finding[name]) for name in ("cellule", "valeur", "attendu")), str(path))
            if finding["code"] not in found or rank < found[finding["code"]][0]:
                found[finding["code"]] = (rank, finding)
    return {code: finding for code, (_, finding) in found.items()}


def render(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The page, from the finding of each code. Raises ``KeyError`` for a rule without any."""
    lines = [INTRODUCTION, f"Version des règles : {RULES_VERSION}.", ""]
    for family, title in FAMILIES.items():
        lines += [f"## {family} : {title}", ""]
        for rule in CATALOGUE.values():
            if rule.code.startswith(family):
                lines += _section(rule, found[rule.code])
    return "\n".join(lines).rstrip() + "\n"


def _section(rule: Rule, finding: Mapping[str, Any]) -> Iterator[str]:
    severity = "rejet" if rule.severity == REJECTS else "avertissement"
    yield f"### {rule.code}" + (" 🔒" if rule.code in PROTECTED else "")
    yield ""
    yield f"> **{_plain(finding['message'])}** {_plain(finding['geste'])}"
    yield ""
    where = finding["cellule"] or (f"ligne {finding['ligne']}" if finding["ligne"] else "le fichier")
    if finding["feuille"]:
        where = (
            f"{finding['feuille']}!{finding['cellule']}"
            if finding["cellule"]
            else f"feuille {finding['feuille']}, {where}"
        )
    facts = [("Où", where), ("Saisi", finding["valeur"]), ("Attendu", finding["attendu"]), ("Sévérité", severity)]
    said = [
        f"{name} : " + (f"`{_code(value)}`" if name == "Saisi" else _plain(value)) for name, value in facts if value
    ]
    yield " · ".join(said)
    yield ""


def _plain(text: str) -> str:
    """Text of a sender as plain text in Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_<>[]#|" else c for c in " ".join(text.split()))


def _code(text: str) -> str:
    return " ".join(text.replace("`", "ˋ").split())[:80]


def main() -> int:
    """Make the demo and write the page from it."""
    from pipeline.commands.demo import demo  # noqa: PLC0415 - only to write the page
    from pipeline.wave import silent  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        list(demo(Path(folder), 1, lambda: nullcontext(silent)))
        PAGE.write_text(render(examples(Workspace(Path(folder)))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
