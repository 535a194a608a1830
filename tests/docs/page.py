"""docs/contract.md as its tests read it: sections by number, tables by the words of their heading row."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table: the title it stands under, its headings, its rows as written."""

    title: str
    headings: Row
    rows: tuple[Row, ...]

    def column(self, heading: str) -> list[str]:
        """The cells under ``heading``, without the quotes of a code that fills one."""
        place = self.headings.index(heading)
        return [plain(row[place]) for row in self.rows]

    def codes(self, heading: str) -> dict[str, list[str]]:
        """First cell of each row → the codes quoted under ``heading``."""
        place = self.headings.index(heading)
        return {plain(row[0]): re.findall(r"`([^`]+)`", row[place]) for row in self.rows}


def plain(cell: str) -> str:
    """``cell`` without the quotes of a code that fills it."""
    return re.sub(r"^`([^`]*)`$", r"\1", cell)


def _cells(line: str) -> Row:
    return tuple(cell.strip() for cell in line.strip()[1:-1].split("|"))


def _tables(lines: list[str]) -> Iterator[Table]:
    title, block = "", []
    for line in [*lines, ""]:
        if line.startswith("|"):
            block.append(_cells(line))
            continue
        if block:
            heading, _, *rows = block
            assert {len(row) for row in rows} == {len(heading)}, f"a row of another width under {heading}"
            yield Table(title, heading, tuple(rows))
            block = []
        title = line.lstrip("#").strip() if line.startswith("#") else title


def titles() -> list[str]:
    """The titles of the sections, with their numbers."""
    return re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def section(number: int) -> str:
    """The text of one section."""
    text = PAGE.read_text(encoding="utf-8")
    return text.split(f"\n## {number} ", 1)[1].split("\n## ", 1)[0]


def tables(number: int) -> list[Table]:
    """Every table of one section, in order."""
    return list(_tables(section(number).splitlines()))


def table(number: int, first: str, under: str = "") -> Table:
    """The one table of a section whose first heading is ``first``, under a title that starts with ``under``."""
    found = [one for one in tables(number) if plain(one.headings[0]) == first and one.title.startswith(under)]
    assert len(found) == 1, f"§{number}: {len(found)} tables headed « {first} » under « {under} »"
    return found[0]
