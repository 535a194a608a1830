"""What a newcomer needs: short functions and files, one type a name, and pages that name what is there."""

import ast
import importlib
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for room in ("pipeline", "schemas") for path in (ROOT / room).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function below its docstring."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def functions() -> Iterator[tuple[str, int]]:
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.name}", body_lines(node)


def test_functions_are_short() -> None:
    lines = sorted(length for _, length in functions())
    assert [name for name, length in functions() if length > 40] == []
    assert statistics.median(lines) <= 5
    assert lines[int(0.9 * len(lines))] <= 17


def test_files_are_short() -> None:
    assert [str(p.relative_to(ROOT)) for p in SOURCES if len(p.read_text(encoding="utf-8").splitlines()) > 450] == []


def test_every_public_name_says_what_it_does() -> None:
    silent = []
    for path in SOURCES:
        module = tree(path)
        if not ast.get_docstring(module):
            silent.append(str(path.relative_to(ROOT)))
        for node in module.body:
            inner = node.body if isinstance(node, ast.ClassDef) else []
            for one in (node, *inner):
                if (
                    isinstance(one, ast.FunctionDef | ast.ClassDef)
                    and not one.name.startswith("_")
                    and not ast.get_docstring(one)
                ):
                    silent.append(f"{path.relative_to(ROOT)}:{one.name}")
    assert silent == []


def test_no_two_types_have_one_name() -> None:
    """A reader who meets a type in a signature finds the one place where it stands."""
    places = defaultdict(set)
    for path in SOURCES:
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(str(path.relative_to(ROOT)))
    assert {name: sorted(where) for name, where in places.items() if len(where) > 1} == {}


def found(name: str) -> object:
    """The module, class or function of that dotted name."""
    parts = name.split(".")
    for last in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:last]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[last:]:
            thing = getattr(thing, attribute, None)
        return thing
    return None


NAMED = re.compile(r"`((?:pipeline|schemas)(?:\.\w+)+)`")


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/library.md", "CONTRIBUTING.md"])
def test_names_that_a_page_gives_are_there(page: str) -> None:
    names = NAMED.findall((ROOT / page).read_text(encoding="utf-8"))
    assert names or page != "docs/architecture.md"
    for name in names:
        assert found(name) is not None, name
