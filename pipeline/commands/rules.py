"""`dsf rules`: the catalogue, as text and as data."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from pipeline.bilingual import Text, said
from pipeline.commands.language import here
from pipeline.commands.rule_examples import EXAMPLES, OF_RULE
from schemas.rule import REJECTS, Rule
from schemas.rules import CATALOGUE

_SEVERITY = {True: Text("rejet", "rejects"), False: Text("avertissement", "warns")}
_UNKNOWN = Text(
    "règle inconnue : {code}. « dsf rules » les liste toutes.", "unknown rule: {code}. “dsf rules” lists them all."
)
_EXPECTED = Text("Attendu : {what}", "Expected: {what}")


def chosen(code: str | None) -> list[Rule]:
    """The rule ``code``, or all of them. A usage error for one that is not there."""
    if code is None:
        return list(CATALOGUE.values())
    if code.upper() not in CATALOGUE:
        raise click.UsageError(here(_UNKNOWN.fill(code=code)))
    return [CATALOGUE[code.upper()]]


def data(item: Rule, langue: str) -> dict[str, Any]:
    """One rule, with its texts in ``langue``, their ``{places}`` not filled."""
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
    """One rule on one line: what breaks it; ``whole``: all it may say, on made-up examples."""
    yield f"{item.code}  {said(_SEVERITY[item.severity == REJECTS], langue):<13}  {item.brief[langue]}"
    if not whole:
        return
    for variant, forms in item.words(langue).items():
        words, known = forms.form(1, langue), _example(item.code, variant, langue)
        yield ""
        yield f"  {words.constat.format_map(known)}"
        yield f"  {words.geste.format_map(known)}"
        if words.attendu:
            yield f"  {said(_EXPECTED, langue)}".format(what=words.attendu.format_map(known))


def _example(code: str, variant: str, langue: str) -> Mapping[str, str]:
    values = {**EXAMPLES, **OF_RULE.get(code, {}), **OF_RULE.get(f"{code}/{variant}", {})}
    return {name: said(value, langue) for name, value in values.items()}
