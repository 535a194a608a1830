"""The tests themselves: they stand where one looks for them, from one maker, and none watches a clock."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PIPELINE = TESTS.parent / "pipeline"
MODULES = sorted(TESTS.rglob("test_*.py"))


def rooms(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if (path / "__init__.py").exists()}


def test_each_room_of_the_product_has_its_room_of_tests() -> None:
    assert rooms(PIPELINE) <= rooms(TESTS)
    assert rooms(PIPELINE / "documents") == rooms(TESTS / "documents")


def test_the_readme_names_every_room_of_tests() -> None:
    named = set(re.findall(r"`(\w+)/", (TESTS / "README.md").read_text(encoding="utf-8")))
    assert rooms(TESTS) - named == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_watches_a_clock(path: Path) -> None:
    """Whoever shares the machine would decide whether it passes."""
    called = {
        ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)
    }
    assert not {name for name in called if name.rpartition(".")[2] in ("perf_counter", "monotonic", "process_time")}
