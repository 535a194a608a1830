"""`dsf rules`: the catalogue, as text and as data."""

from collections.abc import Iterator
from typing import Any

from schemas.rule import Rule


def data(item: Rule, langue: str) -> dict[str, Any]:
    """One rule, with its texts in ``langue``."""
    return {
        "code": item.code,
        "severite": item.severity,
        "nom": item.name,
        "nature": item.nature or "",
        "cellules": list(item.cells),
        "textes": [
            {"variante": variant, "message": words.constat, "geste": words.geste, "attendu": words.attendu}
            for variant, words in item.words(langue).items()
        ],
        "raison": item.reason,
    }


def lines(item: Rule, langue: str, *, whole: bool) -> Iterator[str]:
    """One rule on one line, or ``whole`` with every variant and its reason."""
    words = next(iter(item.words(langue).values()))
    yield f"{item.code}  {item.severity:<13}  {words.constat}"
    if whole:
        for variant, said in item.words(langue).items():
            yield f"  {variant or 'texte'} : {said.constat} {said.geste}"
        yield f"  {item.reason}"
