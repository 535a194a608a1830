"""Findings as a person takes them: the same cause once, with the rows it stands on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.documents.wording import Words

Finding = Mapping[str, Any]
"""One entry of ``constats`` in the model."""

MANY = 3
"""From this many lines on a cause is said once for all of them."""

_CAUSE = ("severite", "portee", "code", "champ", "message", "geste", "attendu")


@dataclass(frozen=True)
class Cause:
    """What is wrong, as its first finding says it, and all the findings that say the same."""

    constat: Finding
    constats: tuple[Finding, ...]

    @property
    def lines(self) -> list[tuple[str, int]]:
        """(sheet, row) of each line, once, in sheet order."""
        return list(dict.fromkeys((c["feuille"], c["ligne"]) for c in self.constats))

    @property
    def one_column(self) -> bool:
        """All of it stands under the same heading in the same column, so that it can be named."""
        return len({(c["colonne"], c["titre"]) for c in self.constats}) == 1

    def values(self, most: int = 3) -> list[str]:
        """The distinct values typed; empty when there are more than ``most``, for then they say nothing of the cause."""
        distinct = list(dict.fromkeys(c["valeur"] for c in self.constats if c["valeur"]))
        return distinct if len(distinct) <= most else []


def causes(constats: Iterable[Finding]) -> list[Cause]:
    """Findings by cause, each cause where its first finding stands."""
    groups: dict[tuple[Any, ...], list[Finding]] = {}
    for constat in constats:
        groups.setdefault(tuple(constat[name] for name in _CAUSE), []).append(constat)
    return [Cause(group[0], tuple(group)) for group in groups.values()]


def place(words: Words, feuille: str, rows: Iterable[int]) -> str:
    """« Absences justifiées, lignes 12 à 48 »; a csv has no sheet, a finding on the whole sheet no row."""
    numbers = [row for row in rows if row]
    if not numbers:
        return words("mots.feuille", feuille=feuille) if feuille else ""
    return f"{feuille}, {words.rows(numbers)}" if feuille else words.rows(numbers)


def places(words: Words, lines: Sequence[tuple[str, int]]) -> list[str]:
    """``place`` of all of ``lines``, sheet by sheet."""
    return [place(words, feuille, rows) for feuille, rows in _by_sheet(lines).items()]


def awaited(words: Words, held: Mapping[str, Any], home: str) -> list[str]:
    """What a ``held`` line of the sheet ``home`` waits for: « la ligne 12 », « les lignes 3 et 4 de « mars » »."""
    lines = [(at["feuille"], at["ligne"]) for at in held.get("attend", ())]
    texts = []
    for feuille, rows in _by_sheet(lines).items():
        text = words.rows(rows, key="mots.la_ligne")
        texts.append(text if feuille == home else words("mots.la_ligne_de", lignes=text, feuille=feuille))
    if more := held.get("attend_autres", 0):
        texts.append(words("mots.n_autres", n=more))
    return texts


def _by_sheet(lines: Sequence[tuple[str, int]]) -> dict[str, list[int]]:
    sheets: dict[str, list[int]] = {}
    for feuille, ligne in lines:
        sheets.setdefault(feuille, []).append(ligne)
    return sheets
