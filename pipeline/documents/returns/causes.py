"""Findings as a person takes them: each cause once, with the rows it stands on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.documents.returns.entries import FindingData, LineData
from pipeline.documents.wording import Wording

MANY = 3
"""From this many lines on, a cause is said once for all of them."""

_CAUSE = ("severite", "portee", "code", "champ", "message", "geste", "attendu")

LinePlace = tuple[str, int]
"""Sheet and row of a line; a csv has no sheet (``""``)."""


@dataclass(frozen=True)
class Cause:
    """Findings that say the same thing, in sheet order."""

    findings: tuple[FindingData, ...]

    @property
    def first(self) -> FindingData:
        """The finding that says what is wrong for all of them."""
        return self.findings[0]

    @property
    def lines(self) -> list[LinePlace]:
        """The place of each line, once, in sheet order."""
        return list(dict.fromkeys((f["feuille"], f["ligne"]) for f in self.findings))

    @property
    def one_column(self) -> bool:
        """All findings stand in one column under one heading, so that it can be named."""
        return len({(f["colonne"], f["titre"]) for f in self.findings}) == 1

    def values(self, most: int = 3) -> list[str]:
        """The distinct values typed; empty where there are more than ``most``, for then they do not explain the cause."""
        distinct = list(dict.fromkeys(f["valeur"] for f in self.findings if f["valeur"]))
        return distinct if len(distinct) <= most else []


def causes(findings: Iterable[FindingData]) -> list[Cause]:
    """Findings by cause, in the order of the first finding of each."""
    groups: dict[tuple[Any, ...], list[FindingData]] = {}
    for finding in findings:
        groups.setdefault(tuple(finding[name] for name in _CAUSE), []).append(finding)
    return [Cause(tuple(group)) for group in groups.values()]


def place(words: Wording, sheet: str, rows: Iterable[int]) -> str:
    """« Absences justifiées, lignes 12 à 48 »; a csv has no sheet, a finding on the whole sheet no row (0)."""
    numbers = [row for row in rows if row]
    if not numbers:
        return words("mots.feuille", feuille=sheet) if sheet else ""
    return f"{sheet}, {words.rows(numbers)}" if sheet else words.rows(numbers)


def places(words: Wording, lines: Sequence[LinePlace]) -> list[str]:
    """The ``place`` of ``lines`` on each sheet."""
    return [place(words, sheet, rows) for sheet, rows in _by_sheet(lines).items()]


def awaited(words: Wording, held: LineData, home: str, key: str = "mots.la_ligne") -> list[str]:
    """What a held line of the sheet ``home`` waits for, in the text ``key``: « la ligne 12 », « les lignes 3 et 4 de… »."""
    lines = [(line["feuille"], line["ligne"]) for line in held.get("attend", ())]
    texts = []
    for sheet, rows in _by_sheet(lines).items():
        text = words.rows(rows, key=key)
        texts.append(text if sheet == home else words("mots.la_ligne_de", lignes=text, feuille=sheet))
    if more := held.get("attend_autres", 0):
        texts.append(words("mots.n_autres", n=more))
    return texts


def _by_sheet(lines: Sequence[LinePlace]) -> dict[str, list[int]]:
    sheets: dict[str, list[int]] = {}
    for sheet, row in lines:
        sheets.setdefault(sheet, []).append(row)
    return sheets
