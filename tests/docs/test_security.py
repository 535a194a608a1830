"""docs/security.md names a test behind each promise: they are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TABLES = re.findall(r"\| what may happen \| promise \| test \|\n\| --- \| --- \| --- \|\n((?:\|.*\n)+)", PAGE)
NAMED = re.findall(r"\| `([a-z_/]+\.py)`(?: `(test_\w+)`)? \|$", PAGE, re.MULTILINE)


def test_each_promise_has_one() -> None:
    assert len(TABLES) == 3
    assert len(NAMED) == sum(table.count("\n") for table in TABLES)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_it_is_there(file: str, name: str) -> None:
    assert f"def {name}" in (ROOT / "tests" / file).read_text(encoding="utf-8")
