"""`dsf history`: who, when, from which file, sheet and row, by which rules and extract."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline import ledger
from pipeline.cells.text import hours
from pipeline.commands.console import plain
from pipeline.settings import Settings
from pipeline.workspace import Workspace
from schemas.folding import key


def history(
    workspace: Workspace, settings: Settings, *, dsf: str = "", depot: str = "", absence: str = ""
) -> list[dict[str, Any]]:
    """Who, when, from which file, sheet and row, by which rules and extract: by deposit, by DSF, or by absence of a DSF."""
    with ledger.open(workspace, settings) as book:
        return book.trail(depot=depot, cle_dsf=key(dsf) if dsf else "", cle_absence=key(absence) if absence else "")


def lines(trail: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The audit trail, a block a deposit."""
    if not trail:
        yield "Rien n'est connu."
    for depot in trail:
        yield from _block(depot, 0)


def _block(value: Mapping[str, Any], depth: int, within: str = "") -> Iterator[str]:
    pad = "  " * depth
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield f"{pad}{name}"
            yield from _block(inner, depth + 1, name)
        elif isinstance(inner, list | tuple):
            yield f"{pad}{name} ({len(inner)})"
            for item in inner:
                if isinstance(item, Mapping):
                    yield f"{pad}  - " + ", ".join(
                        f"{k} {_said(k, v)}" for k, v in item.items() if not isinstance(v, list)
                    )
                    for key, nested in item.items():
                        if isinstance(nested, list):
                            yield from _block({key: nested}, depth + 2)
                else:
                    yield f"{pad}  - {plain(str(item))}"
        else:
            yield f"{pad}{name} : {_said(within or name, inner)}"


def _said(name: str, value: object) -> str:
    if value is True:
        return "oui"
    return hours(value) if name.startswith("heures") and isinstance(value, int) else plain(str(value))
